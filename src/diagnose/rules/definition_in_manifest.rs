//! Trap 14: a definition stands in the manifest: an uninstall takes every object of its kind, of every tenant.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let definitions = record
            .manifest
            .documents
            .iter()
            .filter(|document| document.address.kind == "CustomResourceDefinition" && document.policy.is_none());
        for document in definitions {
            let address = &document.address;
            found.push(finding(
                "definition_in_manifest",
                Severity::Warned,
                object.key(),
                format!("{address} stands in the manifest of {}: an uninstall deletes every object of its kind, in all namespaces", record.name),
                Reason::new("with a definition go all its objects; only a stored keep saves it").seen(
                    &object.key(),
                    &format!("payload manifest: {address} metadata.annotations[helm.sh/resource-policy]"),
                    "absent",
                ),
                Gist::new("definition", "that an uninstall deletes with all objects of their kind"),
            ));
        }
    }
    found
}
