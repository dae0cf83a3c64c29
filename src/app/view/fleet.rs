//! The fleet: one line a tenant, worst first, so that a glance says who is ready for tonight.

use super::{Look, belongs, freshness, jobs, raft, releases, volumes};
use crate::app::screen::{Sort, Visit};
use crate::app::words::{Column, Fit, Line, Row, RowId, Span, Table, Tone, glyph, tone};
use crate::diagnose::{Diagnosis, Severity, Verdict};
use crate::model::{Changes, Kind, Kinds, Tenant};

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

/// What a tenant's row tells besides its verdict: its objects and whose they are, and how its claims, Jobs and releases
/// stand. Of a pod only that it is there.
const COUNTED: Kinds = Kinds::ALL.heads().and(
    Kinds::of(&[
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::Job,
        Kind::Release,
        Kind::ReleaseMap,
    ])
    .bodies(),
);

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

/// Judges a tenant again in which that has changed, and nothing else.
pub fn judge_again(look: Look<'_>, tenant: &Tenant, before: Judged, changes: &Changes) -> Judged {
    let mut diagnosis = before.diagnosis;
    let moved = diagnosis.renew(look, tenant, changes);
    if moved || changes.kinds().overlaps(COUNTED) {
        judged(look, tenant, diagnosis)
    } else {
        Judged { diagnosis, ..before }
    }
}

fn judged(look: Look<'_>, tenant: &Tenant, diagnosis: Diagnosis) -> Judged {
    let verdict = crate::diagnose::verdict(diagnosis.findings());
    let known = freshness::worst(look, Some(tenant), KINDS).freshness.is_live();
    let row = row(look, tenant, &verdict, known);
    let made = tenant
        .namespaces
        .first()
        .and_then(|name| look.world.find(Kind::Namespace, "", name))
        .and_then(|object| object.meta.creation_timestamp);
    Judged {
        diagnosis,
        verdict,
        known,
        row,
        made,
    }
}

fn row(look: Look<'_>, tenant: &Tenant, verdict: &Verdict, known: bool) -> Row {
    let fresh = |kind| freshness::worst(look, Some(tenant), &[kind]);
    let pods = tenant
        .namespaces
        .iter()
        .flat_map(|namespace| look.world.in_namespace(Kind::Pod, namespace))
        .filter(|pod| belongs(tenant, pod))
        .count();
    let (claims, claims_text, claims_tone) = volumes::cell(look, tenant);
    let (running, jobs_text, jobs_tone) = jobs::cell(look, tenant);
    let held = releases::of(look, tenant);
    let (release, release_tone) = releases::cell(&held);
    let (mark, mark_tone) = mark(verdict.severity, known);
    let sentence = match (verdict.severity, known) {
        (Severity::Clean, true) => Span::dim(verdict.sentence.as_str()),
        (Severity::Clean, false) => freshness::words(&freshness::worst(look, Some(tenant), KINDS), look),
        (Severity::Warned | Severity::Blocked, _) => Span::new(
            verdict.sentence.as_str(),
            if verdict.severity == Severity::Blocked {
                Tone::Bad
            } else {
                Tone::Plain
            },
        ),
    };
    Row {
        id: RowId::Tenant(tenant.name.clone()),
        cells: vec![
            Span::new(format!("{mark} {}", tenant.name), mark_tone),
            freshness::count(&fresh(Kind::Pod), pods, pods.to_string(), Tone::Plain),
            freshness::count(&fresh(Kind::PersistentVolumeClaim), claims, claims_text, claims_tone),
            freshness::count(&fresh(Kind::Job), running, jobs_text, jobs_tone),
            raft::of_tenant(look, tenant),
            freshness::count(
                &freshness::worst(look, Some(tenant), releases::kinds(look, tenant)),
                held.len(),
                release,
                release_tone,
            ),
            sentence,
        ],
        under: None,
    }
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
