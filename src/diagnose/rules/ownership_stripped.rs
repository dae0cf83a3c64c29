//! Trap 2 (and its opposite, 3): an object of the stored manifest does not bear the release's stamp. Helm up to 4.2 deletes it
//! with an uninstall all the same; 4.3 leaves it.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place, stamp};
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        for document in record.manifest.documents.iter().filter(|document| !document.kept()) {
            let Some(stamp) = stamp(look, &document.address) else {
                continue;
            };
            // of another release's stamp trap 18 speaks
            let nobodys = stamp.release_name.is_none() || stamp.release_namespace.is_none();
            let Some(why) = stamp.disowned(&record.name, &record.namespace).filter(|_| nobodys) else {
                continue;
            };
            let key = place(object, document);
            found.push(finding(
                "ownership_stripped",
                Severity::Warned,
                key.clone(),
                format!(
                    "{} stands in the stored manifest of {} without its stamp: helm up to 4.2 deletes it with an uninstall, helm 4.3 leaves it",
                    document.address, record.name
                ),
                Reason::new("the stored manifest decides; only helm 4.3 looks at whose an object is")
                    .seen(&key, &format!("metadata of {}", document.address), why)
                    .seen(&object.key(), "payload manifest", document.address.to_string()),
                Gist::new("object", "without the stamp of the release that lists them"),
            ));
        }
    }
    found
}
