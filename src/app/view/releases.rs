//! Helm releases as the labels of their records tell: name, newest revision, status, age; whatever Helm keeps them in.

use super::{Look, belongs, freshness};
use crate::app::words::{Column, Fit, Row, RowId, Span, Table, Tone};
use crate::model::feed::Freshness;
use crate::model::helm::{Driver, Home};
use crate::model::time::short_span;
use crate::model::{Kind, Object, Tenant, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

pub static COLUMNS: &[Column] = &[
    Column {
        title: "RELEASE",
        fit: Fit::Name,
        least: 10,
        rank: 0,
    },
    Column {
        title: "REV",
        fit: Fit::Number,
        least: 4,
        rank: 0,
    },
    Column {
        title: "STATUS",
        fit: Fit::Name,
        least: 10,
        rank: 0,
    },
    Column {
        title: "AGE",
        fit: Fit::Number,
        least: 5,
        rank: 1,
    },
    Column {
        title: "REVISIONS",
        fit: Fit::Sentence,
        least: 9,
        rank: 2,
    },
];

/// A release: its newest record and how many there are.
#[derive(Clone, Debug)]
pub struct Release {
    pub name: Text,
    pub newest: Arc<Object>,
    pub revisions: usize,
}

/// The releases of a tenant, by name.
pub fn of(look: Look<'_>, tenant: &Tenant) -> Vec<Release> {
    let records = tenant
        .namespaces
        .iter()
        .flat_map(|namespace| look.world.records_in(namespace));
    let mut found: BTreeMap<Home, Release> = BTreeMap::new();
    for object in records {
        let (Some(record), Some(home)) = (object.body.release(), Home::of(object)) else {
            continue;
        };
        if !belongs(tenant, object) {
            continue;
        }
        let held = found.entry(home).or_insert_with(|| Release {
            name: record.name.clone(),
            newest: Arc::clone(object),
            revisions: 0,
        });
        held.revisions += 1;
        if record.revision > held.revision() {
            held.newest = Arc::clone(object);
        }
    }
    found.into_values().collect()
}

impl Release {
    pub fn revision(&self) -> u32 {
        self.newest.body.release().map_or(0, |record| record.revision)
    }

    pub fn status(&self) -> &str {
        self.newest.body.release().map_or("", |record| record.status.as_str())
    }

    /// Deployed is quiet; a pending or failed newest revision is not.
    pub fn tone(&self) -> Tone {
        match self.status() {
            "deployed" | "superseded" | "uninstalled" => Tone::Plain,
            _ => Tone::Warn,
        }
    }
}

/// `eks r7`, `eks r7 failed`, `eks r7 +1`: the fleet's cell.
pub fn cell(releases: &[Release]) -> (String, Tone) {
    let Some(first) = releases.first() else {
        return (String::new(), Tone::Plain);
    };
    let shown = releases
        .iter()
        .find(|release| release.tone() != Tone::Plain)
        .unwrap_or(first);
    let mut text = format!("{} r{}", shown.name, shown.revision());
    if shown.status() != "deployed" {
        text = format!("{text} {}", shown.status());
    }
    if releases.len() > 1 {
        text = format!("{text} +{}", releases.len() - 1);
    }
    (text, shown.tone())
}

/// What the fleet's cell and the tenant's panel rest on: where records in one of them may not be seen, those in the other
/// are shown all the same.
pub fn kinds(look: Look<'_>, tenant: &Tenant) -> &'static [Kind] {
    let denied = |kind| freshness::worst(look, Some(tenant), &[kind]).freshness;
    match (denied(Kind::Release), denied(Kind::ReleaseMap)) {
        (Freshness::Denied { .. }, Freshness::Live { .. }) if !of(look, tenant).is_empty() => &[Kind::ReleaseMap],
        (_, _) => &[Kind::Release],
    }
}

pub fn table(look: Look<'_>, tenant: &Tenant) -> Table {
    let releases = of(look, tenant);
    let mut rows: Vec<Row> = releases.iter().map(|release| row(look, release)).collect();
    let of = freshness::worst(look, Some(tenant), &[Kind::Release]);
    let gap = gap(look, tenant);
    let mut empty = freshness::emptiness(&of, look, "no Helm release in this tenant");
    match (rows.last_mut(), gap) {
        (Some(last), gap) => last.under = gap.map(|gap| Span::new(gap, Tone::Unknown)),
        (None, Some(gap)) => empty = Span::new(format!("{}; {gap}", empty.text), Tone::Unknown),
        (None, None) => {}
    }
    Table::of(COLUMNS, rows, empty)
}

fn row(look: Look<'_>, release: &Release) -> Row {
    let newest = &release.newest;
    let age = newest
        .meta
        .creation_timestamp
        .map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
    let kept = match Driver::of(newest.kind()) {
        Driver::Secret => format!("{} kept", release.revisions),
        Driver::ConfigMap => format!("{} in ConfigMaps", release.revisions),
    };
    Row {
        id: RowId::Object(newest.key(), newest.meta.uid.clone()),
        cells: vec![
            Span::plain(release.name.as_str()),
            Span::plain(format!("r{}", release.revision())),
            Span::new(release.status(), release.tone()),
            Span::dim(age),
            Span::dim(kept),
        ]
        .into(),
        under: None,
    }
}

/// Why some releases may be missing: records of a kind may not be seen in a namespace.
fn gap(look: Look<'_>, tenant: &Tenant) -> Option<String> {
    let shown = kinds(look, tenant);
    let hidden = [(Kind::Release, "Secrets"), (Kind::ReleaseMap, "ConfigMaps")];
    let mut hidden = hidden
        .into_iter()
        .filter(|(kind, _)| (*kind == Kind::ReleaseMap) != (shown == [Kind::ReleaseMap]));
    hidden.find_map(|(kind, whose)| {
        let why = tenant
            .namespaces
            .iter()
            .find_map(|namespace| look.gap(kind, namespace))?;
        Some(format!("? those in {whose}: {why}"))
    })
}
