//! The exact bytes that would be sent.

use super::super::{Request, Unsendable};
use super::{
    CLAIM, VOLUME, claim_world, clear_ref, delete, delete_claim, job, object, released, set, set_pod, volume, world,
};
use crate::model::{Act, Kind, Object, Propagation, ResourceVersion, World};
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
            assert_eq!((request.method(), request.path()), ("DELETE", path));
            assert_eq!(request.content_type(), "application/json");
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            assert_eq!(
                body,
                json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation.word(),
                       "preconditions": {"uid": pin.uid, "resourceVersion": "41"}})
            );
            assert!(request.text().starts_with(&format!("DELETE {path}\n")));
            assert!(request.text().ends_with(std::str::from_utf8(request.body()).unwrap()));
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
            (request.method(), request.path()),
            ("PATCH", "/api/v1/persistentvolumes/pv-1")
        );
        assert_eq!(request.content_type(), "application/json-patch+json");
        let patch: json_patch::Patch = serde_json::from_slice(request.body()).unwrap();
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
