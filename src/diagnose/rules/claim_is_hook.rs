//! Trap 6: a claim is a hook with `before-hook-creation`, which no policy means: helm deletes it with its data at each event.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;
use crate::model::helm::DeletePolicy;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.opened(look) {
        for hook in &record.hooks {
            let address = &hook.document.address;
            if address.kind != "PersistentVolumeClaim" || !hook.deletes(DeletePolicy::BeforeHookCreation) {
                continue;
            }
            let events: Vec<&str> = hook.events.iter().map(|event| event.word()).collect();
            found.push(finding(
                "claim_is_hook",
                Severity::Blocked,
                place(object, &hook.document),
                format!(
                    "{address} is a hook of {}: helm deletes it, data and all, at every {}",
                    record.name,
                    events.join(" and ")
                ),
                Reason::new("before a hook is made its former object is deleted, whosever it is").seen(
                    &object.key(),
                    &format!("payload hooks: {address} delete_policies"),
                    hook.policy_words(),
                ),
                Gist::new("PVC", "deleted by helm as hooks"),
            ));
        }
    }
    found
}
