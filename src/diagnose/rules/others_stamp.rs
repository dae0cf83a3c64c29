//! Trap 18: an object of the stored manifest bears another release's stamp: it was adopted, and the uninstall of the former owner
//! still deletes it.

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
            let (Some(namespace), Some(name)) = (&stamp.release_namespace, &stamp.release_name) else {
                continue;
            };
            if (namespace, name) == (&record.namespace, &record.name) {
                continue;
            }
            let key = place(object, document);
            found.push(finding(
                "others_stamp",
                Severity::Blocked,
                key.clone(),
                format!(
                    "{} is {namespace}/{name}'s by its stamp and stands in the manifest of {}: helm up to 4.2 deletes it with an uninstall of {}",
                    document.address, record.name, record.name
                ),
                Reason::new("an adopted object stays in the stored manifest of its former release")
                    .seen(&key, &format!("{} metadata.annotations[meta.helm.sh/release-name]", document.address), name.as_str())
                    .seen(&object.key(), "payload manifest", document.address.to_string()),
                Gist::new("object", "adopted by another release"),
            ));
        }
    }
    found
}
