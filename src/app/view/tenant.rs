//! One tenant: everything of it that can lose data, in panels that each say how fresh they are.

use super::fleet::{Judged, reading};
use super::{Look, freshness, jobs, raft, releases, volumes};
use crate::app::screen::{Part, Sort, Visit};
use crate::app::words::{Column, Fit, Line, Row, RowId, Span, Table, Tone, glyph, tone};
use crate::diagnose::{Finding, Severity, unjudged};
use crate::model::{Kind, Tenant};

static FINDINGS: &[Column] = &[
    Column {
        title: "",
        fit: Fit::Name,
        least: 1,
        rank: 0,
    },
    Column {
        title: "OBJECT",
        fit: Fit::Name,
        least: 14,
        rank: 0,
    },
    Column {
        title: "WHAT IS WRONG",
        fit: Fit::Sentence,
        least: 20,
        rank: 0,
    },
];

/// A panel: its rows and how fresh they are.
#[derive(Clone, Debug)]
pub struct View {
    pub table: Table,
    pub freshness: Span,
}

/// One of a tenant's panels, filtered and sorted as the visit says.
pub fn panel(look: Look<'_>, tenant: &Tenant, judged: Option<&Judged>, part: Part, visit: &Visit) -> View {
    let (table, kinds): (Table, &[Kind]) = match part {
        Part::Whole | Part::Volumes => (volumes::table(look, tenant), volumes::KINDS),
        Part::Jobs => (jobs::table(look, tenant), &[Kind::Job, Kind::Pod]),
        Part::Finalizers => (volumes::finalizers::table(look, tenant), volumes::KINDS),
        Part::Raft => {
            let (table, freshness) = raft::panel(look, tenant);
            return filtered(table, freshness, visit);
        }
        Part::Releases => (releases::table(look, tenant), releases::kinds(look, tenant)),
        Part::Findings => (findings(judged), volumes::KINDS),
    };
    let mut rows = table.rows;
    if !visit.filter.is_empty() {
        rows.retain(|row| visit.admits(&reading(row)));
    }
    if part == visit.part {
        sort(&mut rows, visit.sort, look);
    }
    let of = freshness::worst(look, Some(tenant), kinds);
    let mut freshness = freshness::words(&of, look);
    if part == Part::Findings && !unjudged(look, tenant).is_empty() {
        freshness = Span::new(format!("{} · not all judged: t", freshness.text), Tone::Unknown);
    }
    View {
        freshness,
        table: Table::of(table.columns, rows, table.empty),
    }
}

fn filtered(mut table: Table, freshness: Span, visit: &Visit) -> View {
    if !visit.filter.is_empty() {
        table.rows.retain(|row| visit.admits(&reading(row)));
        table.ids = table.rows.iter().map(|row| row.id.clone()).collect();
    }
    View { table, freshness }
}

/// Orders rows by name or age; by risk they come ordered.
fn sort(rows: &mut [Row], sort: Sort, look: Look<'_>) {
    match sort {
        Sort::Risk => {}
        Sort::Name => rows.sort_by_key(|row| row.id.name()),
        Sort::Age => rows.sort_by_key(|row| {
            let made = row
                .id
                .object()
                .and_then(|key| look.world.get(key))
                .and_then(|object| object.meta.creation_timestamp);
            std::cmp::Reverse(made)
        }),
    }
}

fn findings(judged: Option<&Judged>) -> Table {
    let rows = judged
        .into_iter()
        .flat_map(|judged| judged.diagnosis.findings().into_iter().enumerate())
        .map(|(at, finding)| finding_row(at, finding))
        .collect();
    let empty = match judged {
        Some(judged) if judged.known => Span::dim("nothing wrong was found; t tells what was looked at"),
        Some(_) => Span::new(
            "nothing wrong was found, in facts that are not all current",
            Tone::Unknown,
        ),
        None => Span::new("not judged yet", Tone::Unknown),
    };
    Table::of(FINDINGS, rows, empty)
}

fn finding_row(at: usize, finding: &Finding) -> Row {
    Row {
        id: RowId::Mention(finding.object.clone(), at),
        cells: vec![
            Span::new(glyph(finding.severity), tone(finding.severity)),
            Span::plain(finding.object.to_string()),
            Span::new(
                finding.sentence.as_str(),
                if finding.severity == Severity::Blocked {
                    Tone::Bad
                } else {
                    Tone::Plain
                },
            ),
        ]
        .into(),
        under: None,
    }
}

/// ` hasan-prod   ns hasan-prod (Active)   release eks r7 deployed      ● AT RISK: …`
pub fn title(look: Look<'_>, tenant: &Tenant, judged: Option<&Judged>) -> Line {
    let mut spans = vec![Span::new(format!(" {}   ", tenant.name), Tone::Strong)];
    let namespaces: Vec<String> = tenant
        .namespaces
        .iter()
        .map(|name| match look.world.find(Kind::Namespace, "", name) {
            Some(object) if object.meta.deleting() => format!("{name} (Terminating)"),
            Some(object) => {
                let phase = object.body.namespace().map_or("", |facts| facts.status.phase.as_str());
                format!("{name} ({})", if phase.is_empty() { "?" } else { phase })
            }
            None => format!("{name} (?)"),
        })
        .collect();
    spans.push(Span::plain(format!("ns {}   ", namespaces.join(", "))));
    let (release, release_tone) = releases::cell(&releases::of(look, tenant));
    if !release.is_empty() {
        spans.push(Span::new(format!("release {release}   "), release_tone));
    }
    if let Some(judged) = judged {
        let (mark, mark_tone) = super::fleet::mark(judged.verdict.severity, judged.known);
        let word = match (judged.verdict.severity, judged.known) {
            (Severity::Blocked, _) => "AT RISK",
            (Severity::Warned, _) => "WARNED",
            (Severity::Clean, true) => "CLEAN",
            (Severity::Clean, false) => "NOT KNOWN",
        };
        spans.push(Span::new(format!("{mark} {word} "), mark_tone));
        if judged.verdict.severity != Severity::Clean {
            spans.push(Span::plain(judged.verdict.sentence.as_str()));
        }
    }
    Line::of(spans)
}
