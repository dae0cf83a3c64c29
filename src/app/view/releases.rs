//! Helm releases as the labels of their records tell: name, newest revision, status, age. Those whose records are Secrets
//! are watched; those whose records are `ConfigMap`s were asked for when the tenant was opened.

use super::{Look, belongs, freshness};
use crate::app::state::Fetch;
use crate::app::words::{Column, Fit, Row, RowId, Span, Table, Tone};
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

/// What was asked of `ConfigMap`s, by namespace.
pub type ConfigMaps = BTreeMap<Text, Fetch<Vec<Arc<Object>>>>;

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
        .flat_map(|namespace| look.world.in_namespace(Kind::Release, namespace));
    gathered(tenant, records)
}

/// Those whose records are `ConfigMap`s, as far as they were answered.
pub fn in_config_maps(tenant: &Tenant, asked: &ConfigMaps) -> Vec<Release> {
    let answers = tenant
        .namespaces
        .iter()
        .filter_map(|namespace| asked.get(namespace)?.answer.as_ref());
    gathered(tenant, answers.filter_map(|(_, answer)| answer.as_ref().ok()).flatten())
}

fn gathered<'a>(tenant: &Tenant, records: impl Iterator<Item = &'a Arc<Object>>) -> Vec<Release> {
    let mut found: BTreeMap<(Text, Text), Release> = BTreeMap::new();
    for object in records {
        let Some(record) = object.body.release().filter(|_| belongs(tenant, object)) else {
            continue;
        };
        let held = found
            .entry((object.meta.namespace.clone(), record.name.clone()))
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

pub fn table(look: Look<'_>, tenant: &Tenant, asked: &ConfigMaps) -> Table {
    let mut rows: Vec<Row> = of(look, tenant)
        .into_iter()
        .map(|release| row(look, &release, Driver::Secret))
        .collect();
    rows.extend(
        in_config_maps(tenant, asked)
            .iter()
            .map(|release| row(look, release, Driver::ConfigMap)),
    );
    let of = freshness::worst(look, Some(tenant), &[Kind::Release]);
    let gap = gap(tenant, asked);
    let mut empty = freshness::emptiness(&of, look, "no Helm release in this tenant");
    match (rows.last_mut(), gap) {
        (Some(last), gap) => last.under = gap.map(|gap| Span::new(gap, Tone::Unknown)),
        (None, Some(gap)) => empty = Span::new(format!("{}; {gap}", empty.text), Tone::Unknown),
        (None, None) => {}
    }
    Table::of(COLUMNS, rows, empty)
}

fn row(look: Look<'_>, release: &Release, driver: Driver) -> Row {
    let newest = &release.newest;
    let age = newest
        .meta
        .creation_timestamp
        .map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
    let (id, kept) = match driver {
        Driver::Secret => (
            RowId::Object(newest.key(), newest.meta.uid.clone()),
            format!("{} kept", release.revisions),
        ),
        Driver::ConfigMap => (
            RowId::Release(Home::new(&newest.meta.namespace, &release.name, driver)),
            format!("{} in ConfigMaps", release.revisions),
        ),
    };
    Row {
        id,
        cells: vec![
            Span::plain(release.name.as_str()),
            Span::plain(format!("r{}", release.revision())),
            Span::new(release.status(), release.tone()),
            Span::dim(age),
            Span::dim(kept),
        ],
        under: None,
    }
}

/// Why some releases may be missing: the `ConfigMap`s of a namespace could not be listed.
fn gap(tenant: &Tenant, asked: &ConfigMaps) -> Option<String> {
    tenant.namespaces.iter().find_map(|namespace| {
        let (_, answer) = asked.get(namespace)?.answer.as_ref()?;
        let why = answer.as_ref().err()?;
        Some(format!("? those in ConfigMaps: {why}"))
    })
}
