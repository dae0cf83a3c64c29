//! Trap 8: a hook Job that is gone soon after it succeeded: helm 4 then waits for it until its timeout, and fails.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        for hook in &record.hooks {
            let job = hook.document.object.as_ref().and_then(|object| object.body.job());
            let Some(ttl) = job.and_then(|job| job.spec.ttl_seconds_after_finished) else {
                continue;
            };
            if ttl > SHORT {
                continue;
            }
            // helm 3 takes a hook that vanished for done
            let four = !record.apply_method.is_empty();
            let address = &hook.document.address;
            found.push(finding(
                "short_lived_hook",
                if four { Severity::Warned } else { Severity::Clean },
                place(object, &hook.document),
                format!(
                    "hook {address} of {} is deleted {ttl}s after it ends: helm 4 may miss that it succeeded, and waits until its timeout",
                    record.name
                ),
                Reason::new("helm 4 takes a hook that is not found for one that is not ready")
                    .seen(&object.key(), &format!("payload hooks: {address} spec.ttlSecondsAfterFinished"), ttl.to_string())
                    .seen(
                        &object.key(),
                        "payload apply_method",
                        if four { record.apply_method.as_str() } else { "absent: made by helm 3" },
                    ),
                Gist::new("hook", "gone before helm 4 sees that they succeeded"),
            ));
        }
    }
    found
}

/// Seconds. helm#32586 tells of hooks of up to a minute.
const SHORT: u64 = 60;
