//! A namespace's status: Active, or Terminating with what remains in it (`reference/semantics.md` §3.10).

use super::with_condition;
use crate::model::Key;
use crate::sandbox::controllers::document as doc;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The status of a namespace. Only kinds of the world are counted; the store empties the rest by itself.
pub(super) fn derive(namespace: &Value, all: &[(Key, Value)], now: Timestamp) -> Value {
    let mut status = namespace.get("status").cloned().unwrap_or_else(|| json!({}));
    if !doc::deleting(namespace) {
        doc::put(&mut status, &["phase"], "Active");
        return status;
    }
    let mut remaining: BTreeMap<String, usize> = BTreeMap::new();
    let mut finalizers: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, object) in all.iter().filter(|(key, _)| key.namespace == doc::name(namespace)) {
        let resource = match key.kind.group() {
            "" => key.kind.plural().to_owned() + ".",
            group => format!("{}.{group}", key.kind.plural()),
        };
        *remaining.entry(resource).or_default() += 1;
        for finalizer in doc::list(object, "/metadata/finalizers")
            .iter()
            .filter_map(Value::as_str)
        {
            *finalizers.entry(finalizer).or_default() += 1;
        }
    }
    doc::put(&mut status, &["phase"], "Terminating");
    let told: Vec<String> = remaining
        .iter()
        .map(|(resource, count)| format!("{resource} has {count} resource instances"))
        .collect();
    let held: Vec<String> = finalizers
        .iter()
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    let mut conditions = doc::list(&status, "/conditions").to_vec();
    for (kind, holds, reason, message) in [
        (
            "NamespaceDeletionDiscoveryFailure",
            false,
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            false,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_owned(),
        ),
        (
            "NamespaceDeletionContentFailure",
            false,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_owned(),
        ),
        if told.is_empty() {
            (
                "NamespaceContentRemaining",
                false,
                "ContentRemoved",
                "All content successfully removed".to_owned(),
            )
        } else {
            let message = format!("Some resources are remaining: {}", told.join(", "));
            ("NamespaceContentRemaining", true, "SomeResourcesRemain", message)
        },
        if held.is_empty() {
            let message = "All content-preserving finalizers finished".to_owned();
            ("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", message)
        } else {
            let message = format!(
                "Some content in the namespace has finalizers remaining: {}",
                held.join(", ")
            );
            ("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
        },
    ] {
        conditions = with_condition(conditions, kind, holds, (reason, &message), now);
    }
    doc::put(&mut status, &["conditions"], conditions);
    status
}
