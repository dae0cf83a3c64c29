//! How counts, names and ages read in a sentence.
//!
//! Knows words only; what is worth saying is decided by its callers.

use crate::model::time::short_span;
use crate::model::{Kind, Now};
use jiff::Timestamp;
use std::fmt::Display;

/// `1 pod`, `9 pods`, `2 StorageClasses`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {}", plural(noun)),
    }
}

/// `pod` → `pods`, `StorageClass` → `StorageClasses`, `policy` → `policies`.
pub(crate) fn plural(noun: &str) -> String {
    if noun.ends_with('s') {
        format!("{noun}es")
    } else if let Some(stem) = noun.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{noun}s")
    }
}

/// The word for a kind within a sentence: the operator's own, as on the screens.
pub(crate) const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::PersistentVolumeClaim => "PVC",
        Kind::PersistentVolume => "PV",
        Kind::Pod => "pod",
        Kind::Node => "node",
        Kind::Namespace => "namespace",
        Kind::Release | Kind::ReleaseMap => "release",
        other => other.name(),
    }
}

/// Up to `shown` names, and how many more: `a, b (+7)`.
pub(crate) fn names<T: Display>(all: impl IntoIterator<Item = T>, shown: usize) -> String {
    let all: Vec<String> = all.into_iter().map(|name| name.to_string()).collect();
    let head = all.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(shown) {
        0 => head,
        more => format!("{head} (+{more})"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// How long ago the API server dated something: ` 3h12m` with its leading blank, or nothing when it gave no date.
pub(crate) fn aged(now: Now, past: Option<Timestamp>) -> String {
    past.map_or_else(String::new, |past| format!(" {}", short_span(now.since(past))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_as_people_write_them() {
        assert_eq!(count(1, "pod"), "1 pod");
        assert_eq!(count(0, "PVC"), "0 PVCs");
        assert_eq!(count(2, "StorageClass"), "2 StorageClasses");
        assert_eq!(count(2, "policy"), "2 policies");
        assert_eq!(names(["a", "b", "c"], 2), "a, b (+1)");
        assert_eq!(names(["a", "b"], 2), "a, b");
        assert_eq!(and(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(and(&["a".into()]), "a");
    }
}
