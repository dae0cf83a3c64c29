//! The exact bytes that would be sent.

use super::super::{Request, Unsendable};
use super::{
    CLAIM, VOLUME, claim_world, clear_ref, delete, delete_claim, job, object, released, set, set_pod, volume, world,
};
use crate::model::quantity::Quantity;
use crate::model::{Act, Draft, Key, Kind, Object, Propagation, ResourceVersion, World};
use serde_json::json;

fn target<'a>(world: &'a World, act: &Act) -> Option<&'a Object> {
    world.get(&act.target().key).map(AsRef::as_ref)
}

#[test]
fn a_delete_is_bound_to_uid_and_resource_version_and_names_its_propagation() {
    let world = claim_world("Retain", &[(Kind::Job, job()), (Kind::Pod, set_pod())]);
    for (kind, name, path) in [
        (
            Kind::PersistentVolumeClaim,
            "data-vault-0",
            "/api/v1/namespaces/hasan-prod/persistentvolumeclaims/data-vault-0",
        ),
        (Kind::Pod, "vault-0", "/api/v1/namespaces/hasan-prod/pods/vault-0"),
        (
            Kind::Job,
            "train-7f",
            "/apis/batch/v1/namespaces/hasan-prod/jobs/train-7f",
        ),
    ] {
        for propagation in [Propagation::Background, Propagation::Foreground, Propagation::Orphan] {
            let pin = delete(&world, kind, name).target().clone();
            let act = Act::Delete {
                target: pin.clone(),
                propagation,
            };
            let request = Request::of(&act, target(&world, &act)).unwrap();
            assert_eq!(
                (request.http().unwrap().method(), request.http().unwrap().path()),
                ("DELETE", path)
            );
            assert_eq!(request.http().unwrap().content_type(), "application/json");
            let body: serde_json::Value = serde_json::from_slice(request.http().unwrap().body()).unwrap();
            assert_eq!(
                body,
                json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation.word(),
                       "preconditions": {"uid": pin.uid, "resourceVersion": "41"}})
            );
            assert!(request.text().starts_with(&format!("DELETE {path}\n")));
            assert!(
                request
                    .text()
                    .ends_with(std::str::from_utf8(request.http().unwrap().body()).unwrap())
            );
        }
    }
}

#[test]
fn the_patch_tests_before_it_removes_and_never_removes_the_whole_reference() {
    let mut without = released();
    without["spec"]["claimRef"]
        .as_object_mut()
        .unwrap()
        .remove("resourceVersion");
    for (volume, removes) in [
        (released(), vec!["/spec/claimRef/uid", "/spec/claimRef/resourceVersion"]),
        (without, vec!["/spec/claimRef/uid"]),
    ] {
        let world = world(&[(Kind::PersistentVolume, volume)]);
        let act = clear_ref(&world);
        let request = Request::of(&act, target(&world, &act)).unwrap();
        assert_eq!(
            (request.http().unwrap().method(), request.http().unwrap().path()),
            ("PATCH", "/api/v1/persistentvolumes/pv-1")
        );
        assert_eq!(request.http().unwrap().content_type(), "application/json-patch+json");
        let patch: json_patch::Patch = serde_json::from_slice(request.http().unwrap().body()).unwrap();
        let operations = serde_json::to_value(&patch).unwrap();
        let of = |op: &str| -> Vec<String> {
            let all = operations.as_array().unwrap().iter();
            all.filter(|operation| operation["op"] == op)
                .map(|operation| operation["path"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            of("test"),
            ["/metadata/uid", "/metadata/resourceVersion", "/spec/claimRef/uid"]
        );
        assert_eq!(of("remove"), removes);
        assert_eq!(operations[0]["value"], VOLUME);
        assert_eq!(operations[2]["value"], CLAIM);
        assert_eq!(operations[2]["op"], "test", "tests come first");
    }
}

#[test]
fn what_cannot_be_bound_is_not_sent() {
    let held = claim_world("Retain", &[(Kind::StatefulSet, set("efs"))]);
    let misfit = Act::Evict {
        pod: delete(&held, Kind::StatefulSet, "vault").target().clone(),
    };
    assert_eq!(
        Request::of(&misfit, target(&held, &misfit)),
        Err(Unsendable::ForecastOnly)
    );
    let act = delete_claim(&held);
    assert_eq!(Request::of(&act, None), Err(Unsendable::TargetGone));

    let mut other = super::claim();
    other["metadata"]["uid"] = json!("another");
    let other = object(Kind::PersistentVolumeClaim, other);
    assert_eq!(Request::of(&act, Some(&other)), Err(Unsendable::TargetGone));

    let mut unpinned = act.clone();
    if let Act::Delete { target, .. } = &mut unpinned {
        target.resource_version = ResourceVersion::default();
    }
    assert_eq!(Request::of(&unpinned, target(&held, &act)), Err(Unsendable::Unpinned));

    let mut cleared = volume("Retain");
    cleared["spec"]["claimRef"].as_object_mut().unwrap().remove("uid");
    let cleared = world(&[(Kind::PersistentVolume, cleared)]);
    let act = clear_ref(&cleared);
    assert_eq!(
        Request::of(&act, target(&cleared, &act)),
        Err(Unsendable::NothingToClear)
    );
}

#[test]
fn a_name_cannot_leave_its_place_in_the_path() {
    for name in ["../../nodes/x", "a/b", "a?b", "a%2fb", "..", "a b", ""] {
        let mut strange = object(Kind::PersistentVolumeClaim, super::claim());
        strange.meta.name = name.into();
        let act = Act::Delete {
            target: strange.pin(),
            propagation: Propagation::Background,
        };
        assert_eq!(
            Request::of(&act, Some(&strange)),
            Err(Unsendable::StrangeName),
            "{name}"
        );
    }
}

/// What each act but deletions sends, byte for byte in meaning: its precondition and its change.
#[test]
fn every_request_carries_what_binds_it() {
    let held = claim_world("Retain", &[(Kind::Pod, set_pod()), (Kind::StatefulSet, set("efs"))]);
    let pin = |kind: Kind, name: &str| delete(&held, kind, name).target().clone();
    let claim = pin(Kind::PersistentVolumeClaim, "data-vault-0");
    let tested = |request: &Request| {
        let body: serde_json::Value = serde_json::from_slice(request.http().unwrap().body()).unwrap();
        let operations = body.as_array().unwrap();
        let tests: Vec<&str> = operations
            .iter()
            .take_while(|operation| operation["op"] == "test")
            .map(|operation| operation["path"].as_str().unwrap())
            .collect();
        let rest: Vec<serde_json::Value> = operations[tests.len()..].to_vec();
        assert!(
            tests.starts_with(&["/metadata/uid", "/metadata/resourceVersion"]),
            "{body}"
        );
        assert_eq!(request.http().unwrap().content_type(), "application/json-patch+json");
        (tests[2..].join(" "), rest)
    };
    let request = |act: &Act| Request::of(act, target(&held, act)).unwrap();

    let scale = request(&Act::Scale {
        target: pin(Kind::StatefulSet, "vault"),
        replicas: 0,
    });
    assert_eq!(
        tested(&scale),
        (
            "/spec/replicas".to_owned(),
            vec![json!({"op": "replace", "path": "/spec/replicas", "value": 0})]
        )
    );
    let finalizer = request(&Act::RemoveFinalizer {
        target: claim.clone(),
        finalizer: "kubernetes.io/pvc-protection".into(),
    });
    assert_eq!(
        tested(&finalizer),
        (
            "/metadata/finalizers/0".to_owned(),
            vec![json!({"op": "remove", "path": "/metadata/finalizers/0"})]
        )
    );
    let absent = Act::RemoveFinalizer {
        target: claim.clone(),
        finalizer: "x".into(),
    };
    assert_eq!(
        Request::of(&absent, target(&held, &absent)),
        Err(Unsendable::NoSuchFinalizer)
    );

    let evict = request(&Act::Evict {
        pod: pin(Kind::Pod, "vault-0"),
    });
    assert_eq!(
        (evict.http().unwrap().method(), evict.http().unwrap().path()),
        ("POST", "/api/v1/namespaces/hasan-prod/pods/vault-0/eviction")
    );
    let body: serde_json::Value = serde_json::from_slice(evict.http().unwrap().body()).unwrap();
    assert_eq!(body["deleteOptions"]["preconditions"]["resourceVersion"], "41");

    let annotate = request(&Act::Annotate {
        target: claim.clone(),
        annotation: "helm.sh/hook".into(),
        value: None,
    });
    assert_eq!(annotate.http().unwrap().content_type(), "application/merge-patch+json");
    let body: serde_json::Value = serde_json::from_slice(annotate.http().unwrap().body()).unwrap();
    assert_eq!(
        body,
        json!({"metadata": {"uid": claim.uid, "resourceVersion": "41", "annotations": {"helm.sh/hook": null}}})
    );
}

#[test]
fn a_create_is_sent_only_where_nothing_is() {
    let held = claim_world("Retain", &[]);
    let draft = Draft {
        volume_name: "efs-data".into(),
        access_modes: vec!["ReadWriteOnce".into()],
        storage: Quantity("1Gi".into()),
        ..Draft::default()
    };
    let act = Act::create_claim(
        Key::new(Kind::PersistentVolumeClaim, "hasan-prod", "new"),
        draft.clone(),
        "7",
    );
    let request = Request::of(&act, None).unwrap();
    assert_eq!(
        (request.http().unwrap().method(), request.http().unwrap().path()),
        ("POST", "/api/v1/namespaces/hasan-prod/persistentvolumeclaims")
    );
    let body: serde_json::Value = serde_json::from_slice(request.http().unwrap().body()).unwrap();
    assert_eq!(body["metadata"]["annotations"]["pilothouse.dev/step"], "7");
    assert_eq!(
        body["spec"],
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "efs-data"})
    );
    let taken = Act::create_claim(delete_claim(&held).target().key.clone(), draft, "7");
    assert_eq!(
        Request::of(&taken, target(&held, &taken)),
        Err(Unsendable::AlreadyThere)
    );
}
