//! Trap 4: a stored policy that is not `keep`: an uninstall leaves the object and does not say so.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        for document in record.manifest.documents.iter().filter(|document| !document.kept()) {
            let Some(policy) = &document.policy else { continue };
            let key = place(object, document);
            found.push(finding(
                "odd_policy",
                Severity::Warned,
                key,
                format!(
                    "{} has the stored policy {policy:?}: an uninstall of {} leaves it, and helm does not say so",
                    document.address, record.name
                ),
                Reason::new("helm puts a document with any policy but keep on neither of its lists").seen(
                    &object.key(),
                    &format!(
                        "payload manifest: {} metadata.annotations[helm.sh/resource-policy]",
                        document.address
                    ),
                    policy.as_str(),
                ),
                Gist::new("object", "with a policy that helm does not know"),
            ));
        }
    }
    found
}
