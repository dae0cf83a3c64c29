//! Trap 57: a `HelmRelease` takes ownership without being asked, and an object of its release is another's.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place, stamp};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let taking = look.conditions.survey.engines.seen().iter().find(|engine| {
            let release = engine.release.as_ref();
            !engine.suspended
                && release.is_some_and(|taken| {
                    taken.takes_ownership && (&taken.name, &taken.namespace) == (&record.name, &record.namespace)
                })
        });
        let Some(engine) = taking else { continue };
        for document in &record.manifest.documents {
            let Some(stamp) = stamp(look, &document.address) else {
                continue;
            };
            let Some(owner) = stamp.release_name.as_ref().filter(|name| **name != record.name) else {
                continue;
            };
            let key = place(object, document);
            found.push(finding(
                "silent_adoption",
                Severity::Warned,
                key.clone(),
                format!(
                    "HelmRelease {}/{} takes {} from release {owner} at its next reconciliation, without being asked",
                    engine.namespace, engine.name, document.address
                ),
                Reason::new("flux takes ownership unless disableTakeOwnership says no")
                    .seen(
                        &object.key(),
                        &format!("HelmRelease {}/{} disableTakeOwnership", engine.namespace, engine.name),
                        "not true",
                    )
                    .seen(
                        &key,
                        &format!("{} metadata.annotations[meta.helm.sh/release-name]", document.address),
                        owner.as_str(),
                    ),
                Gist::new("object", "about to be taken over by flux"),
            ));
        }
    }
    found
}
