//! Trap 19: an uninstall failed half way and left the release `uninstalling`: no upgrade starts, and what it deletes next time
//! is not what it showed this time. Trap 23: helm 3 hides it from its list.

use super::super::explain::release::PATIENCE;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.newest(look)
        .filter_map(|object| {
            let release = object.body.release()?;
            if release.status != "uninstalling" {
                return None;
            }
            let age = object.meta.creation_timestamp.map(|at| look.now.since(at));
            let stuck = age.is_none_or(|age| age > PATIENCE);
            Some(finding(
                "failed_uninstall",
                if stuck { Severity::Blocked } else { Severity::Warned },
                object.key(),
                format!(
                    "release {} r{} is uninstalling by its label{}: no upgrade can start, and helm 3 hides it from its list",
                    release.name,
                    release.revision,
                    phrase::aged(look.now, object.meta.creation_timestamp)
                ),
                Reason::new("a delete or a hook failed, or helm was killed; the records stay, and the next uninstall begins anew")
                    .seen(&object.key(), "metadata.labels.status", release.status.as_str()),
                Gist::new("release", "left uninstalling").aged(age),
            ))
        })
        .collect()
}
