//! All objects of one kind, of a tenant or of the whole cluster, each with its state as a sentence.

use super::fleet::reading;
use super::{Look, belongs, freshness};
use crate::app::screen::{Sort, Visit};
use crate::app::words::{Column, Fit, Row, RowId, Span, Table, Tone};
use crate::model::time::short_span;
use crate::model::{Kind, Tenant};

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

/// The list and how fresh it is.
pub fn view(look: Look<'_>, kind: Kind, tenant: Option<&Tenant>, visit: &Visit) -> super::tenant::View {
    let mut objects: Vec<_> = look
        .world
        .of_kind(kind)
        .filter(|object| tenant.is_none_or(|tenant| !kind.namespaced() || belongs(tenant, object)))
        .collect();
    match visit.sort {
        Sort::Risk => objects.sort_by_key(|object| !object.meta.deleting()),
        Sort::Name => objects.sort_by_key(|object| object.meta.name.clone()),
        Sort::Age => objects.sort_by_key(|object| std::cmp::Reverse(object.meta.creation_timestamp)),
    }
    let mut rows: Vec<Row> = Vec::new();
    for object in objects {
        let age = object
            .meta
            .creation_timestamp
            .map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
        let tone = if object.meta.deleting() {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let row = Row {
            id: RowId::Object(object.key(), object.meta.uid.clone()),
            cells: vec![
                Span::dim(object.meta.namespace.as_str()),
                Span::plain(object.meta.name.as_str()),
                Span::new(crate::diagnose::state(look.world, object, look.now), tone),
                Span::dim(age),
            ],
            under: None,
        };
        if visit.admits(&reading(&row)) {
            rows.push(row);
        }
    }
    let of = freshness::worst(look, tenant, &[kind]);
    super::tenant::View {
        freshness: freshness::words(&of, look),
        table: Table {
            columns: COLUMNS,
            rows,
            empty: freshness::emptiness(&of, look, "none"),
        },
    }
}
