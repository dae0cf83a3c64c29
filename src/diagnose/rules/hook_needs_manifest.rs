//! Trap 10: a `pre-install` hook whose pods cannot start without what the manifest brings later: the first install hangs.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;
use crate::model::helm::{Address, Event};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let firsts = record.hooks.iter().filter(|hook| hook.runs_at(Event::PreInstall));
        for hook in firsts {
            let address = &hook.document.address;
            for (kind, name) in &hook.document.hints.needs {
                let is =
                    |other: &Address| (&other.kind, &other.name, &other.namespace) == (kind, name, &address.namespace);
                let brought = record.manifest.documents.iter().any(|document| is(&document.address));
                let before = record.hooks.iter().any(|other| is(&other.document.address));
                if !brought || before {
                    continue;
                }
                found.push(finding(
                    "hook_needs_manifest",
                    Severity::Warned,
                    place(object, &hook.document),
                    format!(
                        "the pre-install hook {address} of {} needs {kind} {name}, which the same install brings only after it: a first install hangs",
                        record.name
                    ),
                    Reason::new("hooks of pre-install run before anything of the manifest is made")
                        .seen(&object.key(), &format!("payload hooks: {address} needs"), format!("{kind}/{name}"))
                        .seen(&object.key(), "payload manifest", format!("{kind}/{name}")),
                    Gist::new("hook", "that need what comes after them"),
                ));
            }
        }
    }
    found
}
