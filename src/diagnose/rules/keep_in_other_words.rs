//! Trap 5: the live policy reads like `keep` and is not that word: an uninstall trims and lowers it, an upgrade that drops the
//! object compares it as it is, and deletes.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::Object;
use crate::model::helm::RESOURCE_POLICY;

pub(super) fn find(_: Look<'_>, object: &Object) -> Option<Finding> {
    let policy = object.meta.annotations.get(RESOURCE_POLICY)?;
    let reads_like = policy.trim().to_lowercase() == "keep";
    (reads_like && policy != "keep").then(|| {
        finding(
            "keep_in_other_words",
            Severity::Warned,
            object.key(),
            format!(
                "{} says {policy:?}: an uninstall keeps it, an upgrade that drops it DELETES it",
                object.key()
            ),
            Reason::new("an upgrade reads the live policy and wants the word keep as it stands").seen(
                &object.key(),
                "metadata.annotations[helm.sh/resource-policy]",
                policy,
            ),
            Gist::new("object", "kept by a word that an upgrade does not know"),
        )
    })
}
