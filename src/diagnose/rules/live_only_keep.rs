//! Trap 1: `keep` stands on the live object and not in the stored manifest, so an uninstall deletes it. Found of releases
//! whose newest record was read; of others it is not known.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use super::pending_release::newest;
use crate::laws::Reason;
use crate::model::helm::RESOURCE_POLICY;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for object in newest(look, ward) {
        let Some(reading) = look.conditions.helm.record(&object.pin()) else {
            continue;
        };
        let Some(record) = reading.record() else { continue };
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
    use super::super::super::fixture::{conditions, world};
    use super::super::{said, said_given};
    use crate::model::Kind;
    use crate::model::helm::Reading;
    use serde_json::json;
    use std::sync::Arc;

    const RULE: &str = "live_only_keep";
    const SAID: &str = "Warned pvc/data: keep stands on the live pvc/data only: an uninstall of eks reads its stored manifest and DELETES it";
    const WORLD: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, labels: {owner: helm, name: eks, version: "7", status: failed}}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, annotations: {helm.sh/resource-policy: keep}}}
- {kind: PersistentVolumeClaim, metadata: {name: kept, namespace: shop, annotations: {helm.sh/resource-policy: keep}}}"#;

    #[test]
    fn only_a_record_that_was_read_tells() {
        let world = world(WORLD);
        assert!(said(&world, RULE).is_empty(), "the payload was not read");
        let claim = |name: &str, policy: &str| {
            format!(
                "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, annotations: {{{policy}}}}}\n"
            )
        };
        let manifest = claim("data", "") + &claim("kept", "helm.sh/resource-policy: keep") + &claim("gone", "");
        let stored = json!({"name": "eks", "namespace": "shop", "version": 7, "info": {"status": "deployed"}, "manifest": manifest});
        let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, stored.to_string());
        let reading = Reading::of_config_map(json!({"data": {"release": payload}}).to_string().as_bytes());
        let mut conditions = conditions();
        let pin = world.of_kind(Kind::Release).next().unwrap().pin();
        Arc::make_mut(&mut conditions.helm).enter(pin, reading);
        assert_eq!(said_given(&world, RULE, &conditions), [SAID]);
    }
}
