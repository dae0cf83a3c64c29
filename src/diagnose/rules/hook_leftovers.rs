//! Trap 9: hooks are nobody's: what they made stays after the uninstall of their release.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place, stamp};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.opened(look).filter(|(_, record)| record.status == "uninstalled") {
        for hook in &record.hooks {
            let address = &hook.document.address;
            if stamp(look, address).is_none() {
                continue;
            }
            found.push(finding(
                "hook_leftovers",
                Severity::Warned,
                place(object, &hook.document),
                format!(
                    "{address} was a hook of {}, which is uninstalled: nobody deletes it any more",
                    record.name
                ),
                Reason::new("an uninstall leaves what hooks made, whatever their event")
                    .seen(&object.key(), "payload info.status", record.status.as_str())
                    .seen(&object.key(), "payload hooks", address.to_string()),
                Gist::new("hook object", "left by an uninstalled release"),
            ));
        }
    }
    found
}
