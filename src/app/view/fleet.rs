//! The fleet: one line a tenant, worst first, so that a glance says who is ready for tonight.

use super::{Look, belongs, freshness, jobs, raft, releases, volumes};
use crate::app::screen::{Sort, Visit};
use crate::app::words::{Column, Fit, Line, Row, RowId, Span, Table, Tone, glyph, tone};
use crate::diagnose::{Diagnosis, Severity, Verdict};
use crate::model::{Changes, Kind, Kinds, List, Tenant};

pub static COLUMNS: &[Column] = &[
    Column {
        title: "TENANT",
        fit: Fit::Name,
        least: 14,
        rank: 0,
    },
    Column {
        title: "PODS",
        fit: Fit::Number,
        least: 5,
        rank: 3,
    },
    Column {
        title: "VOLUMES",
        fit: Fit::Name,
        least: 9,
        rank: 1,
    },
    Column {
        title: "JOBS",
        fit: Fit::Name,
        least: 9,
        rank: 1,
    },
    Column {
        title: "RAFT",
        fit: Fit::Name,
        least: 4,
        rank: 5,
    },
    Column {
        title: "RELEASE",
        fit: Fit::Name,
        least: 12,
        rank: 2,
    },
    Column {
        title: "VERDICT",
        fit: Fit::Sentence,
        least: 20,
        rank: 0,
    },
];

/// The kinds a verdict rests on.
pub const KINDS: &[Kind] = &[
    Kind::Namespace,
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::Pod,
    Kind::Job,
    Kind::Release,
];

/// A cell of a tenant's row that counts: its place in the row, what it reads, and what it says. The others tell the verdict.
struct Counted {
    place: usize,
    reads: Kinds,
    cell: fn(Look<'_>, &Tenant) -> Span,
}

static COUNTED: [Counted; 5] = [
    Counted {
        place: 1,
        reads: Kinds::of(&[Kind::Pod]).heads(),
        cell: pods,
    },
    Counted {
        place: 2,
        reads: Kinds::of(&[Kind::PersistentVolumeClaim]),
        cell: claims,
    },
    Counted {
        place: 3,
        // whose a Job is its owners tell, of whatever kind
        reads: Kinds::of(&[Kind::Job]).and(Kinds::ALL.heads()),
        cell: running,
    },
    Counted {
        place: 4,
        reads: Kinds::of(&[Kind::StatefulSet, Kind::Pod]).but(Kinds::HEALTH),
        cell: raft::of_tenant,
    },
    Counted {
        place: 5,
        reads: Kinds::of(&Kind::RECORDS),
        cell: release,
    },
];

/// A tenant judged: its findings, its verdict, its row.
#[derive(Clone, Debug)]
pub struct Judged {
    pub diagnosis: Diagnosis,
    pub verdict: Verdict,
    /// Every fact the verdict rests on is current; a clean verdict on anything less is no verdict.
    pub known: bool,
    pub row: Row,
    /// When its namespace was made, for sorting by age.
    pub made: Option<jiff::Timestamp>,
}

/// How many tenants stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub blocked: usize,
    pub warned: usize,
    pub clean: usize,
    /// Nothing wrong was found, in facts that are not current.
    pub unknown: usize,
}

/// Judges one tenant.
pub fn judge(look: Look<'_>, tenant: &Tenant) -> Judged {
    judged(look, tenant, Diagnosis::of(look, tenant))
}

/// Judges a tenant again in which that has changed, and nothing else: where nothing else is found, only the cells that count
/// what has changed are made anew.
pub fn judge_again(look: Look<'_>, tenant: &Tenant, before: Judged, changes: &Changes) -> Judged {
    let mut again = before;
    let kinds = changes.kinds();
    let counted = || COUNTED.iter().filter(|counted| counted.reads.overlaps(kinds));
    let moved = again.diagnosis.renew(look, tenant, changes);
    // each cell says how current it is
    let renewed = moved || kinds.overlaps(Kinds::FRESHNESS);
    if renewed || counted().next().is_some() && known(look, tenant) != again.known {
        return judged(look, tenant, again.diagnosis);
    }
    if counted().next().is_some() {
        let mut cells = again.row.cells.to_vec();
        for counted in counted() {
            if let Some(cell) = cells.get_mut(counted.place) {
                *cell = (counted.cell)(look, tenant);
            }
        }
        again.row.cells = cells.into();
    }
    if kinds.overlaps(Kind::Namespace.into()) {
        again.made = made(look, tenant);
    }
    again
}

fn judged(look: Look<'_>, tenant: &Tenant, diagnosis: Diagnosis) -> Judged {
    let verdict = crate::diagnose::verdict(diagnosis.findings());
    let known = known(look, tenant);
    let row = Row {
        id: RowId::Tenant(tenant.name.clone()),
        cells: cells(look, tenant, &verdict, known),
        under: None,
    };
    Judged {
        diagnosis,
        verdict,
        known,
        row,
        made: made(look, tenant),
    }
}

fn known(look: Look<'_>, tenant: &Tenant) -> bool {
    freshness::worst(look, Some(tenant), KINDS).freshness.is_live()
}

fn made(look: Look<'_>, tenant: &Tenant) -> Option<jiff::Timestamp> {
    let home = tenant.namespaces.first()?;
    look.world.find(Kind::Namespace, "", home)?.meta.creation_timestamp
}

fn cells(look: Look<'_>, tenant: &Tenant, verdict: &Verdict, known: bool) -> List<Span> {
    let (mark, tone) = mark(verdict.severity, known);
    let name = Span::new(format!("{mark} {}", tenant.name), tone);
    let counted = COUNTED.iter().map(|counted| (counted.cell)(look, tenant));
    std::iter::once(name)
        .chain(counted)
        .chain([sentence(look, tenant, verdict, known)])
        .collect()
}

fn sentence(look: Look<'_>, tenant: &Tenant, verdict: &Verdict, known: bool) -> Span {
    match (verdict.severity, known) {
        (Severity::Clean, true) => Span::dim(verdict.sentence.as_str()),
        (Severity::Clean, false) => freshness::words(&freshness::worst(look, Some(tenant), KINDS), look),
        (Severity::Warned, _) => Span::new(verdict.sentence.as_str(), Tone::Plain),
        (Severity::Blocked, _) => Span::new(verdict.sentence.as_str(), Tone::Bad),
    }
}

fn pods(look: Look<'_>, tenant: &Tenant) -> Span {
    let pods = tenant
        .namespaces
        .iter()
        .flat_map(|namespace| look.world.in_namespace(Kind::Pod, namespace))
        .filter(|pod| belongs(tenant, pod))
        .count();
    let of = freshness::worst(look, Some(tenant), &[Kind::Pod]);
    freshness::count(&of, pods, pods.to_string(), Tone::Plain)
}

fn claims(look: Look<'_>, tenant: &Tenant) -> Span {
    let (claims, text, tone) = volumes::cell(look, tenant);
    let of = freshness::worst(look, Some(tenant), &[Kind::PersistentVolumeClaim]);
    freshness::count(&of, claims, text, tone)
}

fn running(look: Look<'_>, tenant: &Tenant) -> Span {
    let (running, text, tone) = jobs::cell(look, tenant);
    let of = freshness::worst(look, Some(tenant), &[Kind::Job]);
    freshness::count(&of, running, text, tone)
}

fn release(look: Look<'_>, tenant: &Tenant) -> Span {
    let held = releases::of(look, tenant);
    let (text, tone) = releases::cell(&held);
    let of = freshness::worst(look, Some(tenant), releases::kinds(look, tenant));
    freshness::count(&of, held.len(), text, tone)
}

/// The glyph before a tenant's name. A tick stands only where every fact behind it is current.
pub const fn mark(severity: Severity, known: bool) -> (&'static str, Tone) {
    match (severity, known) {
        (Severity::Clean, false) => (crate::app::words::UNKNOWN, Tone::Unknown),
        (Severity::Clean, true) => (glyph(severity), Tone::Plain),
        (Severity::Warned | Severity::Blocked, _) => (glyph(severity), tone(severity)),
    }
}

impl Judged {
    /// What its place in the list goes by, besides its name and what a filter reads.
    pub const fn place(&self) -> (u8, Option<jiff::Timestamp>) {
        (self.rank(), self.made)
    }

    /// Lower sorts first: blocked, warned, unknown, clean.
    const fn rank(&self) -> u8 {
        match (self.verdict.severity, self.known) {
            (Severity::Blocked, _) => 0,
            (Severity::Warned, _) => 1,
            (Severity::Clean, false) => 2,
            (Severity::Clean, true) => 3,
        }
    }
}

impl Tally {
    pub fn of<'a>(judged: impl Iterator<Item = &'a Judged>) -> Self {
        let mut tally = Self::default();
        for tenant in judged {
            match tenant.rank() {
                0 => tally.blocked += 1,
                1 => tally.warned += 1,
                2 => tally.unknown += 1,
                _ => tally.clean += 1,
            }
        }
        tally
    }
}

/// The fleet's list, filtered and sorted as the visit says.
pub fn table<'a>(judged: impl Iterator<Item = &'a Judged>, visit: &Visit, empty: Span) -> Table {
    let mut shown: Vec<&Judged> = judged
        .filter(|tenant| visit.filter.is_empty() || visit.admits(&reading(&tenant.row)))
        .collect();
    match visit.sort {
        Sort::Risk => shown.sort_by_key(|tenant| tenant.rank()),
        Sort::Name => {}
        Sort::Age => shown.sort_by_key(|tenant| std::cmp::Reverse(tenant.made)),
    }
    Table::listed(
        COLUMNS,
        shown.into_iter().map(|tenant| tenant.row.id.clone()).collect(),
        empty,
    )
}

/// A row as one text, for the filter.
pub fn reading(row: &Row) -> String {
    row.cells
        .iter()
        .chain(&row.under)
        .map(|cell| cell.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// ` tenants 47   ● 3 blocked  ▲ 6 warned  ✓ 38 clean      filter: –      sort: risk`
pub fn summary(tally: Tally, all: usize, visit: &Visit) -> Line {
    let part = |count: usize, mark: &str, word: &str, tone: Tone| {
        Span::new(
            format!("{mark} {count} {word}  "),
            if count > 0 { tone } else { Tone::Dim },
        )
    };
    let mut spans = vec![
        Span::plain(format!(" tenants {all}   ")),
        part(tally.blocked, glyph(Severity::Blocked), "blocked", Tone::Bad),
        part(tally.warned, glyph(Severity::Warned), "warned", Tone::Warn),
        part(tally.clean, glyph(Severity::Clean), "clean", Tone::Ok),
    ];
    if tally.unknown > 0 {
        spans.push(part(tally.unknown, "?", "not known", Tone::Unknown));
    }
    let filter = if visit.filter.is_empty() {
        "–"
    } else {
        visit.filter.as_str()
    };
    spans.push(Span::dim(format!("   filter: {filter}   sort: {}", visit.sort.word())));
    Line::of(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::Conditions;
    use crate::laws::fixture::{self, random::random_world};
    use crate::model::{Changed, Key, Moment, Now, Object, World, feed};
    use proptest::prelude::*;

    fn look<'a>(world: &'a World, conditions: &'a Conditions) -> Look<'a> {
        Look {
            world,
            conditions,
            now: Now {
                mono: Moment::default(),
                wall: "2026-04-27T14:02:00Z".parse().unwrap(),
            },
            quiet: feed::PROMISE,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        /// After each change the row and the verdict are those of a tenant that is judged from nothing.
        #[test]
        fn a_tenant_judged_again_is_judged_as_from_nothing(before in random_world(), after in random_world()) {
            let (mut world, after) = (fixture::world(&before), fixture::world(&after));
            let tenant = Tenant { name: "a".into(), namespaces: vec!["a".into()], release: None };
            let conditions = Conditions::default();
            let mut judged = judge(look(&world, &conditions), &tenant);
            let gone: Vec<Key> = world.objects().map(|object| object.key()).step_by(3).collect();
            let changes: Vec<Result<Object, Key>> = after
                .objects()
                .map(|object| Ok(Object::clone(object)))
                .chain(gone.into_iter().map(Err))
                .collect();
            for change in changes {
                let key = change.as_ref().map_or_else(Clone::clone, Object::key);
                let held = world.get(&key).cloned();
                match change {
                    Ok(object) => world.put(object),
                    Err(key) => drop(world.take(&key)),
                }
                let Some(changed) = Changed::between(held, world.get(&key).cloned()) else { continue };
                let changed = Changes::from(changed);
                judged = judge_again(look(&world, &conditions), &tenant, judged, &changed);
                let whole = judge(look(&world, &conditions), &tenant);
                prop_assert_eq!(&judged.row, &whole.row, "{:?}", changed);
                prop_assert_eq!((&judged.verdict, judged.known), (&whole.verdict, whole.known), "{:?}", changed);
            }
        }
    }
}
