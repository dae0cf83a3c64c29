//! Trap 51: a revision failed that changes what cannot change of an object that is there: every upgrade to it fails again.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{earlier, finding, place};
use crate::laws::Reason;
use crate::laws::helm::refusal;
use crate::model::Object;
use crate::model::helm::Document;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (newest, record) in ward.installed(look).filter(|(_, record)| record.status == "failed") {
        let base = earlier(look, newest).find(|(_, before)| before.status == "deployed");
        let Some((former, base)) = base else { continue };
        for after in &record.manifest.documents {
            let before = base
                .manifest
                .find(&after.address)
                .filter(|_| stood(look, newest, after));
            let Some(before) = before else { continue };
            let Some(error) = refusal(look.world, before, after) else {
                continue;
            };
            let changed = before.differences(after);
            let fields: Vec<&str> = changed.iter().map(|field| field.as_str()).collect();
            found.push(finding(
                "frozen_field",
                Severity::Warned,
                place(newest, after),
                format!(
                    "{} r{} failed and changes of {} what cannot change: every upgrade like it fails again",
                    record.name, record.revision, after.address
                ),
                Reason::new(format!("the API server refuses it: {error}"))
                    .seen(&newest.key(), "payload info.status", record.status.as_str())
                    .seen(
                        &newest.key(),
                        &format!("payload manifest: {}", after.address),
                        fields.join(", "),
                    )
                    .seen(
                        &former.key(),
                        "payload manifest",
                        format!("r{} has it otherwise", base.revision),
                    ),
                Gist::new("object", "asked to change what cannot change"),
            ));
        }
    }
    found
}

/// Whether the object was there when the revision failed: one that was made anew since may be as it asks.
fn stood(look: Look<'_>, newest: &Object, document: &Document) -> bool {
    let live = document.address.key().and_then(|key| look.world.get(&key));
    live.is_some_and(|live| live.meta.creation_timestamp <= newest.meta.creation_timestamp)
}
