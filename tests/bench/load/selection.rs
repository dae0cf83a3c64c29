//! Label and field selectors, as far as clients use them.

use pilothouse::model::meta::Requirement;
use pilothouse::model::{Kind, Labels, Selector};
use serde_json::Value;

/// What a request selects; everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    labels: Option<Selector>,
    /// Path, value, and whether it must or must not be so.
    fields: Vec<(String, String, bool)>,
}

impl Selection {
    /// `labelSelector` and `fieldSelector` of a request. The `type` of a Secret is not among an item's fields: every one
    /// here is a Helm release, so another type selects nothing.
    pub(super) fn read(labels: &str, fields: &str) -> Self {
        let fields = split(fields).into_iter().filter_map(|term| {
            let (path, value) = term.split_once('=')?;
            let (path, must) = path.strip_suffix('!').map_or((path, true), |path| (path, false));
            Some((path.to_owned(), value.trim_start_matches('=').to_owned(), must))
        });
        let fields = fields.filter(|(path, value, must)| !(path == "type" && *must && value == "helm.sh/release.v1"));
        Self {
            labels: (!labels.is_empty()).then(|| Selector {
                match_expressions: split(labels).into_iter().map(requirement).collect(),
                ..Selector::default()
            }),
            fields: fields.collect(),
        }
    }

    pub(super) fn is_everything(&self) -> bool {
        self.labels.is_none() && self.fields.is_empty()
    }

    /// The value that a field must have.
    pub(super) fn field(&self, path: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(held, _, must)| held == path && *must);
        found.map(|(_, value, _)| value.as_str())
    }

    pub(super) fn admits(&self, kind: Kind, item: &[u8]) -> bool {
        if self.is_everything() {
            return true;
        }
        let value: Value = serde_json::from_slice(item).unwrap_or_default();
        let labels: Labels = value
            .pointer("/metadata/labels")
            .and_then(|labels| serde_json::from_value(labels.clone()).ok())
            .unwrap_or_default();
        self.labels.as_ref().is_none_or(|wanted| wanted.matches(&labels))
            && self.fields.iter().all(|(path, wanted, must)| {
                let held = value.pointer(&format!("/{}", path.replace('.', "/")));
                let held = held.and_then(Value::as_str).unwrap_or_default();
                kind_has(kind, path) && (held == wanted) == *must
            })
    }
}

/// Whether an item tells the field at all.
fn kind_has(kind: Kind, path: &str) -> bool {
    kind != Kind::Release || path.starts_with("metadata.")
}

/// At the commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|term| !term.is_empty())
    .collect()
}

/// `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`.
fn requirement(term: &str) -> Requirement {
    let made = |key: &str, operator: &str, values: &str| Requirement {
        key: key.trim().into(),
        operator: operator.into(),
        values: values
            .trim()
            .trim_matches(['(', ')'])
            .split(',')
            .map(|value| value.trim().into())
            .collect(),
    };
    if let Some((key, values)) = term.split_once(" notin ") {
        return made(key, "NotIn", values);
    }
    if let Some((key, values)) = term.split_once(" in ") {
        return made(key, "In", values);
    }
    if let Some((key, value)) = term.split_once("!=") {
        return made(key, "NotIn", value);
    }
    if let Some((key, value)) = term.split_once('=') {
        return made(key, "In", value.trim_start_matches('='));
    }
    match term.strip_prefix('!') {
        Some(key) => made(key, "DoesNotExist", ""),
        None => made(term, "Exists", ""),
    }
}
