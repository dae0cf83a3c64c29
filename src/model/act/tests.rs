//! Acts: which fit which kinds, and when an object is as one asked.

use super::*;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::quantity::Quantity;
use crate::model::{Body, Object, World};

fn pin(kind: Kind) -> Pin {
    Pin {
        key: Key::new(kind, "shop", "x"),
        uid: Uid::new("u"),
        resource_version: ResourceVersion::new("1"),
    }
}

fn draft() -> Draft {
    Draft {
        access_modes: vec!["ReadWriteOnce".into()],
        storage: Quantity("1Gi".into()),
        ..Draft::default()
    }
}

/// One act of each sort, on a kind it fits.
fn every() -> Vec<Act> {
    let volume = pin(Kind::PersistentVolume);
    vec![
        Act::Delete {
            target: pin(Kind::Job),
            propagation: Propagation::Background,
        },
        Act::Evict { pod: pin(Kind::Pod) },
        Act::Scale {
            target: pin(Kind::StatefulSet),
            replicas: 2,
        },
        Act::RemoveFinalizer {
            target: pin(Kind::PersistentVolumeClaim),
            finalizer: "kubernetes.io/pvc-protection".into(),
        },
        Act::SetReclaimPolicy {
            volume: volume.clone(),
            policy: ReclaimPolicy::Retain,
        },
        Act::ClearClaimRef { volume: volume.clone() },
        Act::RetargetClaimRef {
            volume,
            namespace: "shop".into(),
            name: "data".into(),
        },
        Act::Annotate {
            target: pin(Kind::PersistentVolumeClaim),
            annotation: "helm.sh/resource-policy".into(),
            value: Some("keep".into()),
        },
        Act::Stamp {
            target: pin(Kind::PersistentVolumeClaim),
            release: "eks".into(),
            namespace: "shop".into(),
        },
        Act::create_claim(pin(Kind::PersistentVolumeClaim).key, draft(), "7"),
    ]
}

#[test]
fn every_act_fits_its_kind_is_performed_and_comes_back_from_the_journal() {
    for act in every() {
        assert_eq!(act.misfit(), None, "{act}");
        assert!(act.performed(), "{act}");
        let text = serde_json::to_string(&act).unwrap();
        assert_eq!(serde_json::from_str::<Act>(&text).unwrap(), act, "{text}");
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    let mut policy = every().remove(4);
    if let Act::SetReclaimPolicy { policy, .. } = &mut policy {
        *policy = ReclaimPolicy::Recycle;
    }
    for (act, why) in [
        (Act::Evict { pod: pin(Kind::Job) }, "only a Pod has"),
        (
            Act::Scale {
                target: pin(Kind::DaemonSet),
                replicas: 0,
            },
            "has no scale",
        ),
        (policy, "deprecated"),
        (
            Act::RemoveFinalizer {
                target: pin(Kind::Namespace),
                finalizer: "kubernetes".into(),
            },
            "spec.finalizers",
        ),
        (
            Act::Annotate {
                target: pin(Kind::Pod),
                annotation: "example.com/x".into(),
                value: None,
            },
            "does not read",
        ),
        (
            Act::Stamp {
                target: pin(Kind::Release),
                release: "eks".into(),
                namespace: "shop".into(),
            },
            "helm's alone",
        ),
        (
            Act::create_claim(pin(Kind::PersistentVolumeClaim).key, Draft::default(), "7"),
            "access mode",
        ),
    ] {
        assert!(
            act.misfit().is_some_and(|told| told.contains(why)),
            "{act}: {:?}",
            act.misfit()
        );
        assert!(!act.performed(), "{act}");
    }
    let record = Act::Delete {
        target: pin(Kind::Release),
        propagation: Propagation::Background,
    };
    assert!(!record.performed(), "deleting a release record is helm's business");
}

#[test]
fn an_object_is_as_asked_only_when_the_field_is() {
    let set = |json: serde_json::Value| Object::from_value(Kind::StatefulSet, &json).unwrap();
    let two = set(serde_json::json!({"metadata": {"name": "x"}, "spec": {"replicas": 2}}));
    let one = set(serde_json::json!({"metadata": {"name": "x"}, "spec": {}}));
    let act = every().remove(2);
    assert!(act.leaves(&two) && !act.leaves(&one));
    let claim = |annotations: serde_json::Value, labels: serde_json::Value| {
        let json = serde_json::json!({"metadata": {"name": "x", "annotations": annotations, "labels": labels}});
        let object = Object::from_value(Kind::PersistentVolumeClaim, &json).unwrap();
        assert!(matches!(object.body, Body::PersistentVolumeClaim(_)));
        object
    };
    let marks = serde_json::json!({RELEASE_NAME: "eks", RELEASE_NAMESPACE: "shop"});
    let stamp = every().remove(8);
    assert!(stamp.leaves(&claim(marks.clone(), serde_json::json!({MANAGED_BY: "Helm"}))));
    assert!(!stamp.leaves(&claim(marks, serde_json::json!({}))));
    let volume = |claim: serde_json::Value, phase: &str| {
        let json = serde_json::json!({
            "metadata": {"name": "x"}, "spec": {"claimRef": claim}, "status": {"phase": phase},
        });
        Object::from_value(Kind::PersistentVolume, &json).unwrap()
    };
    let reserved = every().remove(6);
    let old = serde_json::json!({"namespace": "shop", "name": "data", "uid": "u-1"});
    let bare = serde_json::json!({"namespace": "shop", "name": "data"});
    let another = serde_json::json!({"namespace": "shop", "name": "logs"});
    assert!(
        !reserved.leaves(&volume(old.clone(), "Released")),
        "the uid is that of a claim that is gone"
    );
    assert!(
        reserved.leaves(&volume(bare, "Released")),
        "before its controller has looked"
    );
    assert!(
        reserved.leaves(&volume(old.clone(), "Bound")),
        "bound since, to the new claim"
    );
    let mut untouched = volume(old.clone(), "Bound");
    untouched.meta.resource_version = reserved.target().resource_version.clone();
    assert!(
        !reserved.leaves(&untouched),
        "nothing was sent yet: the uid that is set is still the old claim's"
    );
    let claim_of = |uid: &str| {
        let json = serde_json::json!({"metadata": {"name": "data", "namespace": "shop", "uid": uid}});
        World::of([Object::from_value(Kind::PersistentVolumeClaim, &json).unwrap()])
    };
    assert!(
        reserved.stands(&untouched, &claim_of("u-1")),
        "that claim is there, and bound"
    );
    assert!(
        !reserved.stands(&untouched, &claim_of("u-2")),
        "another claim has its name"
    );
    assert!(!reserved.leaves(&volume(another, "Available")));
    let created = every().remove(9);
    assert!(created.leaves(&claim(serde_json::json!({STEP: "7"}), serde_json::json!({}))));
    assert!(!created.leaves(&claim(serde_json::json!({STEP: "8"}), serde_json::json!({}))));
}
