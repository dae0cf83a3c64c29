//! Trap 17: two releases name one object in what they have deployed: whichever is uninstalled first takes it from the other.
//! Found among the releases whose records were read.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;
use crate::model::helm::Record;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let own = (&record.namespace, &record.name);
        let others: Vec<&Record> = look
            .conditions
            .helm
            .records()
            .filter(|(pin, _)| look.world.pinned(pin).is_some())
            .filter_map(|(_, reading)| reading.record())
            .filter(|other| (&other.namespace, &other.name) != own && other.status == "deployed")
            .collect();
        for document in &record.manifest.documents {
            let address = &document.address;
            let Some(other) = others.iter().find(|other| other.manifest.find(address).is_some()) else {
                continue;
            };
            found.push(finding(
                "shared_name",
                Severity::Blocked,
                place(object, document),
                format!(
                    "{address} stands in the manifests of {}/{} and {}/{}: an uninstall of one takes it from the other",
                    record.namespace, record.name, other.namespace, other.name
                ),
                Reason::new("an uninstall goes by its own stored manifest")
                    .seen(&object.key(), "payload manifest", address.to_string())
                    .seen(
                        &object.key(),
                        &format!(
                            "payload manifest of {}/{} r{}",
                            other.namespace, other.name, other.revision
                        ),
                        address.to_string(),
                    ),
                Gist::new("object", "named by two releases"),
            ));
        }
    }
    found
}
