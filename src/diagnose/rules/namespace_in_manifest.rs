//! Trap 15: a namespace stands in the manifest: an uninstall takes it with everything in it.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let spaces = record
            .manifest
            .documents
            .iter()
            .filter(|document| document.address.kind == "Namespace" && document.policy.is_none());
        for document in spaces {
            let address = &document.address;
            found.push(finding(
                "namespace_in_manifest",
                Severity::Blocked,
                place(object, document),
                format!(
                    "{address} stands in the manifest of {}: an uninstall deletes it with everything in it",
                    record.name
                ),
                Reason::new("with a namespace goes all that lives in it, the release's own records too").seen(
                    &object.key(),
                    &format!("payload manifest: {address} metadata.annotations[helm.sh/resource-policy]"),
                    "absent",
                ),
                Gist::new("namespace", "that an uninstall deletes"),
            ));
        }
    }
    found
}
