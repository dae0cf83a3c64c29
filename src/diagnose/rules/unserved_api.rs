//! Trap 12: the stored manifest names a kind that the server no longer serves: helm refuses to uninstall or upgrade anything of it.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::helm::Live;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        for document in &record.manifest.documents {
            let address = &document.address;
            if look.conditions.survey.live.get(address) != Some(&Live::Unserved) {
                continue;
            }
            found.push(finding(
                "unserved_api",
                Severity::Blocked,
                object.key(),
                format!(
                    "{address} of {} is {}, which the server does not serve: helm refuses to uninstall or upgrade the whole release",
                    record.name, address.api_version
                ),
                Reason::new("one kind that cannot be mapped fails the whole manifest")
                    .seen(&object.key(), "payload manifest", address.to_string())
                    .seen(&object.key(), "discovery", format!("{} {}: not served", address.api_version, address.kind)),
                Gist::new("document", "of an API that is not served any more"),
            ));
        }
    }
    found
}
