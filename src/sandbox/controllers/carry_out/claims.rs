//! Claims of StatefulSets, made from their `volumeClaimTemplates` (`reference/semantics.md` §3.8).

use super::{Hand, Said, pods};
use crate::model::storage::PVC_PROTECTION;
use crate::model::{Key, Uid};
use crate::sandbox::controllers::document as doc;
use serde_json::{Value, json};

/// Makes the claim of one template for an ordinal.
pub(super) fn create_of_set(hand: &mut Hand<'_>, set: (&Key, &Uid), template: &str, ordinal: u32) {
    let (set_key, set_uid) = set;
    let Some(set) = hand.pinned(set_key, set_uid) else {
        return;
    };
    let Some(claim) = from_template(&set, template, ordinal) else {
        return;
    };
    let (claim_name, set_name) = (doc::name(&claim).to_owned(), doc::name(&set));
    let pod = format!("{set_name}-{ordinal}");
    match hand.make(claim) {
        Ok(_) => {
            let message = format!("create Claim {claim_name} Pod {pod} in StatefulSet {set_name} success");
            hand.say(
                set_key,
                set_uid,
                &Said::normal(pods::SETS, "SuccessfulCreate", &message),
            );
        }
        Err(error) => {
            let message =
                format!("create Claim {claim_name} for Pod {pod} in StatefulSet {set_name} failed error: {error}");
            hand.say(set_key, set_uid, &Said::warning(pods::SETS, "FailedCreate", &message));
        }
    }
}

/// The claim as the StatefulSet controller makes it; `None` when the set has no such template.
pub(in crate::sandbox) fn from_template(set: &Value, template: &str, ordinal: u32) -> Option<Value> {
    let template = doc::list(set, "/spec/volumeClaimTemplates")
        .iter()
        .find(|candidate| doc::name(candidate) == template)?;
    let mut labels = template
        .pointer("/metadata/labels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(selected) = set.pointer("/spec/selector/matchLabels") {
        doc::merge(&mut labels, selected);
    }
    let mut claim = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": format!("{}-{}-{ordinal}", doc::name(template), doc::name(set)),
            "namespace": doc::namespace(set),
            "labels": labels,
            "finalizers": [PVC_PROTECTION],
        },
        "spec": template.get("spec").cloned().unwrap_or_else(|| json!({})),
        "status": { "phase": "Pending" },
    });
    if let Some(annotations) = template.pointer("/metadata/annotations") {
        doc::put(&mut claim, &["metadata", "annotations"], annotations.clone());
    }
    if doc::text(set, "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted") == "Delete" {
        doc::put(
            &mut claim,
            &["metadata", "ownerReferences"],
            json!([pods::owned_by(set)]),
        );
    }
    Some(claim)
}

/// The volume controller gives a claim without a class the default one.
pub(super) fn assign_class(hand: &mut Hand<'_>, key: &Key, uid: &Uid, class: &str) {
    if let Some(mut claim) = hand.pinned(key, uid)
        && claim.pointer("/spec/storageClassName").is_none_or(Value::is_null)
    {
        doc::put(&mut claim, &["spec", "storageClassName"], class);
        hand.write(claim);
    }
}
