//! The runbooks that come with the program, embedded in it.

use super::fault::Source;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("shipped/", $name, ".yaml")))),+]
    };
}

/// Name and text of each, by name.
pub static SHIPPED: &[(&str, &str)] = embedded![
    "drain-foreign-jobs",
    "helm-handover",
    "raft-roll",
    "released-pv-cleanup",
    "retain-volumes",
    "tenant-delete",
    "unstick",
];

/// The text of a shipped runbook.
pub fn shipped(name: &str) -> Option<Source> {
    let found = SHIPPED.iter().find(|(known, _)| *known == name);
    found.map(|(name, text)| Source::new(format!("shipped:{name}"), *text))
}
