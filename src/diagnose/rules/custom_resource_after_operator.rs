//! Trap 13: a custom resource that a controller must let go of stands in one manifest with workloads: helm deletes kinds that it
//! does not know last, after the Deployment of their operator.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, stamp};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let documents = &record.manifest.documents;
        let Some(operator) = documents.iter().find(|document| document.address.kind == "Deployment") else {
            continue;
        };
        for document in documents
            .iter()
            .filter(|document| custom(document.address.group()) && !document.kept())
        {
            let address = &document.address;
            let Some(stamp) = stamp(look, address).filter(|stamp| !stamp.finalizers.is_empty()) else {
                continue;
            };
            found.push(finding(
                "custom_resource_after_operator",
                Severity::Warned,
                object.key(),
                format!(
                    "{address} waits for a controller when it is deleted, and an uninstall of {} deletes {} before it: it may hang",
                    record.name, operator.address
                ),
                Reason::new("kinds that helm does not know are deleted last, and nobody waits between kinds")
                    .seen(&object.key(), &format!("{address} metadata.finalizers"), stamp.finalizers.join(", "))
                    .seen(&object.key(), "payload manifest", operator.address.to_string()),
                Gist::new("custom resource", "deleted after their operator"),
            ));
        }
    }
    found
}

/// Kubernetes' own groups with a dot in their name: what stands in them waits for no operator.
const OWN: [&str; 14] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

fn custom(group: &str) -> bool {
    group.contains('.') && !OWN.contains(&group)
}
