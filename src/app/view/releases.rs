//! Helm releases as the labels of their records tell: name, newest revision, status, age.

use super::{Look, belongs, freshness};
use crate::app::words::{Column, Fit, Row, RowId, Span, Table, Tone};
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
    let mut found: BTreeMap<(Text, Text), Release> = BTreeMap::new();
    for namespace in &tenant.namespaces {
        for object in look.world.in_namespace(Kind::Release, namespace) {
            let Some(record) = object.body.release().filter(|_| belongs(tenant, object)) else {
                continue;
            };
            let held = found
                .entry((namespace.clone(), record.name.clone()))
                .or_insert_with(|| Release {
                    name: record.name.clone(),
                    newest: Arc::clone(object),
                    revisions: 0,
                });
            held.revisions += 1;
            if record.revision > held.revision() {
                held.newest = Arc::clone(object);
            }
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

pub fn table(look: Look<'_>, tenant: &Tenant) -> Table {
    let rows = of(look, tenant)
        .into_iter()
        .map(|release| {
            let age = release
                .newest
                .meta
                .creation_timestamp
                .map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
            Row {
                id: RowId::Object(release.newest.key(), release.newest.meta.uid.clone()),
                cells: vec![
                    Span::plain(release.name.as_str()),
                    Span::plain(format!("r{}", release.revision())),
                    Span::new(release.status(), release.tone()),
                    Span::dim(age),
                    Span::dim(format!("{} kept", release.revisions)),
                ],
                under: None,
            }
        })
        .collect();
    let of = freshness::worst(look, Some(tenant), &[Kind::Release]);
    Table::of(
        COLUMNS,
        rows,
        freshness::emptiness(&of, look, "no Helm release in this tenant"),
    )
}
