//! Trap 11: a hook that deletes or changes claims, volumes or their finalizers, by its script or by the role it is given (seed 001).

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;
use crate::model::Text;
use crate::model::helm::{Document, Hook, Record};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        for hook in &record.hooks {
            let address = &hook.document.address;
            for (path, what) in hook.document.hints.surgery.iter().cloned().chain(granted(record, hook)) {
                found.push(finding(
                    "hook_surgery",
                    Severity::Warned,
                    place(object, &hook.document),
                    format!("hook {address} of {} takes hold of disks: {what}", record.name),
                    Reason::new("what a hook does to claims and volumes no forecast sees").seen(
                        &object.key(),
                        &format!("payload: {address} {path}"),
                        what.as_str(),
                    ),
                    Gist::new("hook", "that take hold of claims or volumes"),
                ));
            }
        }
    }
    found
}

/// What the service account of a hook's pods may do to disks by the roles of the same release.
fn granted(record: &Record, hook: &Hook) -> Vec<(Text, Text)> {
    let account = &hook.document.hints.account;
    if account.is_empty() {
        return Vec::new();
    }
    let documents = || {
        let hooks = record.hooks.iter().map(|hook| &hook.document);
        record.manifest.documents.iter().chain(hooks)
    };
    let roles: Vec<&Text> = documents()
        .filter_map(|document| document.hints.binds.as_ref())
        .filter(|(_, accounts)| accounts.contains(account))
        .map(|(role, _)| role)
        .collect();
    let is_role = |document: &&Document| {
        matches!(document.address.kind.as_str(), "Role" | "ClusterRole") && roles.contains(&&document.address.name)
    };
    documents()
        .filter(is_role)
        .flat_map(|document| {
            let granted = document.hints.surgery.iter();
            granted.map(|(path, what)| (format!("{} {path}", document.address).into(), what.clone()))
        })
        .collect()
}
