//! All objects of one kind, of a tenant or of the whole cluster, each with its state as a sentence.

use super::fleet::reading;
use super::{Look, belongs, freshness};
use crate::app::screen::{Sort, Visit};
use crate::app::words::{Column, Fit, Row, RowId, Span, Table, Tone};
use crate::model::time::short_span;
use crate::model::{Key, Kind, Object, Tenant};
use std::collections::HashMap;
use std::sync::Arc;

static COLUMNS: &[Column] = &[
    Column {
        title: "NAMESPACE",
        fit: Fit::Name,
        least: 9,
        rank: 2,
    },
    Column {
        title: "NAME",
        fit: Fit::Name,
        least: 16,
        rank: 0,
    },
    Column {
        title: "STATE",
        fit: Fit::Sentence,
        least: 16,
        rank: 0,
    },
    Column {
        title: "AGE",
        fit: Fit::Number,
        least: 5,
        rank: 1,
    },
];

/// How objects read to a filter, kept while a list of a kind is filtered: wording every object anew with each key stroke
/// would take longer than a frame.
#[derive(Debug, Default)]
pub struct Readings(HashMap<Key, (Arc<Object>, String)>);

impl Readings {
    pub fn forget(&mut self) {
        self.0 = HashMap::new();
    }

    /// How an object reads. What is being deleted is worded anew each time: it says for how long, and who holds it.
    fn of(&mut self, look: Look<'_>, object: &Arc<Object>) -> &str {
        let fresh = |(held, _): &(Arc<Object>, String)| Arc::ptr_eq(held, object) && !object.meta.deleting();
        let key = object.key();
        if !self.0.get(&key).is_some_and(fresh) {
            let worded = (Arc::clone(object), reading(&row(look, object)).to_lowercase());
            self.0.insert(key.clone(), worded);
        }
        self.0.get(&key).map_or("", |(_, reading)| reading)
    }
}

/// The list and how fresh it is.
pub fn view(
    look: Look<'_>,
    kind: Kind,
    tenant: Option<&Tenant>,
    visit: &Visit,
    readings: &mut Readings,
) -> super::tenant::View {
    let mut objects: Vec<_> = look
        .world
        .of_kind(kind)
        .filter(|object| tenant.is_none_or(|tenant| !kind.namespaced() || belongs(tenant, object)))
        .filter(|object| visit.filter.is_empty() || visit.admits_lower(readings.of(look, object)))
        .collect();
    match visit.sort {
        Sort::Risk => objects.sort_by_key(|object| !object.meta.deleting()),
        Sort::Name => objects.sort_by(|left, right| left.meta.name.cmp(&right.meta.name)),
        Sort::Age => objects.sort_by_key(|object| std::cmp::Reverse(object.meta.creation_timestamp)),
    }
    let ids = objects
        .into_iter()
        .map(|object| RowId::Object(object.key(), object.meta.uid.clone()))
        .collect();
    let of = freshness::worst(look, tenant, &[kind]);
    super::tenant::View {
        freshness: freshness::words(&of, look),
        table: Table::listed(COLUMNS, ids, freshness::emptiness(&of, look, "none")),
    }
}

/// One object's row.
pub fn row(look: Look<'_>, object: &Object) -> Row {
    let age = object
        .meta
        .creation_timestamp
        .map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
    let tone = if object.meta.deleting() {
        Tone::Warn
    } else {
        Tone::Plain
    };
    Row {
        id: RowId::Object(object.key(), object.meta.uid.clone()),
        cells: vec![
            Span::dim(object.meta.namespace.as_str()),
            Span::plain(object.meta.name.as_str()),
            Span::new(crate::diagnose::state(look.world, object, look.now), tone),
            Span::dim(age),
        ]
        .into(),
        under: None,
    }
}
