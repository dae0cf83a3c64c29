//! Trap 42: a StatefulSet's claim template names another class than the claims that exist. Existing claims are used as they
//! are; only a claim that is made anew follows the template.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::workload::StatefulSet;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for object in ward.objects(look, Kind::StatefulSet) {
        let Some(set) = object.body.stateful_set() else {
            continue;
        };
        for template in &set.spec.volume_claim_templates {
            let Some(wanted) = &template.spec.storage_class_name else {
                continue;
            };
            for ordinal in set.ordinals().take(1_000) {
                let name = StatefulSet::claim_name(template, &object.meta.name, ordinal);
                let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, &name);
                let class = look
                    .world
                    .get(&key)
                    .and_then(|claim| claim.body.claim())
                    .and_then(|claim| claim.spec.storage_class_name.as_ref());
                if let Some(class) = class
                    && class != wanted
                {
                    found.push(finding(
                        "template_class_differs",
                        Severity::Warned,
                        key.clone(),
                        format!(
                            "PVC {name} is of class {class}, its StatefulSet's template says {wanted}: the set uses the claim as it is"
                        ),
                        Reason::new("a StatefulSet reuses a claim by name, without comparing its class")
                            .seen(&key, "spec.storageClassName", class.as_str())
                            .seen(&object.key(), "spec.volumeClaimTemplates[].spec.storageClassName", wanted.as_str()),
                        Gist::new("PVC", "are of another class than their StatefulSet's template"),
                    ));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const SET: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: lvm}}]}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop}, spec: {storageClassName: nfs}, status: {phase: Bound}}";

    #[test]
    fn a_template_that_does_not_reach_its_claims() {
        assert_eq!(
            said(&world(SET), "template_class_differs"),
            [
                "Warned pvc/data-vault-0: PVC data-vault-0 is of class nfs, its StatefulSet's template says lvm: the set uses the claim as it is"
            ]
        );
        assert!(said(&world(&SET.replace("nfs", "lvm")), "template_class_differs").is_empty());
        assert!(
            said(
                &world(&SET.replace("data-vault-0", "data-vault-1")),
                "template_class_differs"
            )
            .is_empty()
        );
    }
}
