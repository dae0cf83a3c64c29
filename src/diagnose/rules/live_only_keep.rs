//! Trap 1: `keep` stands on the live object and not in the stored manifest, so an uninstall deletes it. Found of releases
//! whose newest record was read; of others it is not known.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::helm::RESOURCE_POLICY;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        for document in record
            .manifest
            .documents
            .iter()
            .filter(|document| document.policy.is_none())
        {
            let live = document.address.key().and_then(|key| look.world.get(&key));
            let Some(policy) = live.and_then(|live| live.meta.annotations.get(RESOURCE_POLICY)) else {
                continue;
            };
            let key = document.address.key().unwrap_or_else(|| object.key());
            found.push(finding(
                "live_only_keep",
                Severity::Warned,
                key.clone(),
                format!(
                    "{policy} stands on the live {key} only: an uninstall of {} reads its stored manifest and DELETES it",
                    record.name
                ),
                Reason::new("the stored manifest of the newest revision does not say keep")
                    .seen(&key, "metadata.annotations[helm.sh/resource-policy]", policy)
                    .seen(&object.key(), "payload manifest", "no helm.sh/resource-policy"),
                Gist::new("object", "kept on the live object only"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::release_read;
    use super::super::{said, said_given};

    const RULE: &str = "live_only_keep";
    const SAID: &str = "Warned pvc/data: keep stands on the live pvc/data only: an uninstall of eks reads its stored manifest and DELETES it";

    #[test]
    fn only_a_record_that_was_read_tells() {
        let (world, conditions) = release_read();
        assert!(said(&world, RULE).is_empty(), "the payload was not read");
        assert_eq!(said_given(&world, RULE, &conditions), [SAID]);
    }
}
