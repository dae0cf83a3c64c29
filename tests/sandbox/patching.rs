//! Patches of every sort, replaces, scale, and the lock that resource versions are.

use crate::{client, config_map, maps, raw, refusal, still};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::PersistentVolume;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

fn volume() -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "v" },
        "spec": {
            "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce"],
            "csi": { "driver": "d", "volumeHandle": "h" }, "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": { "namespace": "default", "name": "c", "uid": "u-1", "resourceVersion": "7" },
        },
        "status": { "phase": "Released" },
    })
}

#[tokio::test]
async fn a_json_patch_whose_test_fails_is_refused_whole() {
    let sandbox = still(vec![volume()]);
    let volumes: Api<PersistentVolume> = Api::all(client(&sandbox).await);
    let clear = |uid: &str| {
        let operations = json!([
            { "op": "test", "path": "/spec/claimRef/uid", "value": uid },
            { "op": "remove", "path": "/spec/claimRef/uid" },
            { "op": "remove", "path": "/spec/claimRef/resourceVersion" },
        ]);
        Patch::<Value>::Json(serde_json::from_value(operations).unwrap())
    };
    let refused = refusal(volumes.patch("v", &PatchParams::default(), &clear("u-2")).await);
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    let before = volumes.get("v").await.unwrap();
    assert_eq!(before.spec.unwrap().claim_ref.unwrap().uid.as_deref(), Some("u-1"));
    let cleared = volumes
        .patch("v", &PatchParams::default(), &clear("u-1"))
        .await
        .unwrap();
    let reference = cleared.spec.unwrap().claim_ref.unwrap();
    assert_eq!((reference.uid, reference.resource_version), (None, None));
    assert_eq!(reference.name.as_deref(), Some("c"));
    let source = json!({ "spec": { "csi": { "volumeHandle": "other" } } });
    let refused = refusal(volumes.patch("v", &PatchParams::default(), &Patch::Merge(source)).await);
    assert!(
        refused
            .message
            .contains("spec.persistentvolumesource is immutable after creation"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_stale_resource_version_is_a_conflict_in_patch_and_replace() {
    let sandbox = still(vec![config_map("a", &json!({}))]);
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let held = maps.get("a").await.unwrap();
    let label = json!({ "metadata": { "labels": { "x": "y" } } });
    maps.patch("a", &PatchParams::default(), &Patch::Merge(&label))
        .await
        .unwrap();
    let locked = json!({ "metadata": { "resourceVersion": held.resource_version(), "labels": { "x": "z" } } });
    let refused = refusal(maps.patch("a", &PatchParams::default(), &Patch::Merge(&locked)).await);
    assert_eq!(refused.reason, "Conflict");
    let refused = refusal(maps.replace("a", &PostParams::default(), &held).await);
    assert!(refused.message.contains("the object has been modified"), "{refused:?}");
    let mut fresh = maps.get("a").await.unwrap();
    fresh.labels_mut().insert("x".into(), "w".into());
    let replaced = maps.replace("a", &PostParams::default(), &fresh).await.unwrap();
    assert_eq!(replaced.labels()["x"], "w");
    let mut same = replaced.clone();
    same.metadata.managed_fields = None;
    let again = maps.replace("a", &PostParams::default(), &same).await.unwrap();
    assert_eq!(again.resource_version(), replaced.resource_version(), "nothing changed");
}

#[tokio::test]
async fn apply_owns_fields_and_conflicts_until_forced() {
    let sandbox = still(Vec::new());
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let config = |value: &str| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": { "k": value } });
    let made = maps
        .patch("a", &PatchParams::apply("one"), &Patch::Apply(config("1")))
        .await
        .unwrap();
    assert_eq!(made.managed_fields()[0].manager.as_deref(), Some("one"));
    let refused = refusal(
        maps.patch("a", &PatchParams::apply("two"), &Patch::Apply(config("2")))
            .await,
    );
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"one\": .data.k"
    );
    let forced = maps
        .patch("a", &PatchParams::apply("two").force(), &Patch::Apply(config("2")))
        .await
        .unwrap();
    assert_eq!(forced.data.unwrap()["k"], "2");
    let (code, _, status) = raw(
        &client,
        "PATCH",
        "/api/v1/namespaces/default/configmaps/a",
        &[("content-type", "application/apply-patch+yaml")],
        &config("3"),
    )
    .await;
    assert_eq!(code, 422);
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .contains("fieldManager: Required value")
    );
}

#[tokio::test]
async fn strategic_merge_status_and_scale_reach_their_parts() {
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "s", "namespace": "default" },
        "spec": {
            "serviceName": "s", "selector": { "matchLabels": { "a": "b" } },
            "template": {
                "metadata": { "labels": { "a": "b" } },
                "spec": { "containers": [{ "name": "one", "image": "i:1" }, { "name": "two", "image": "i:1" }] },
            },
        },
    });
    let sandbox = still(vec![set]);
    let sets: Api<StatefulSet> = Api::namespaced(client(&sandbox).await, "default");
    let image = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "two", "image": "i:2" }] } } } });
    let patched = sets
        .patch("s", &PatchParams::default(), &Patch::Strategic(image))
        .await
        .unwrap();
    let containers = patched.spec.clone().unwrap().template.spec.unwrap().containers;
    let images: Vec<_> = containers
        .iter()
        .map(|container| container.image.as_deref().unwrap())
        .collect();
    assert_eq!(images, ["i:1", "i:2"]);
    assert_eq!(patched.metadata.generation, Some(2));
    let status = json!({ "status": { "replicas": 1, "readyReplicas": 1 }, "spec": { "replicas": 9 } });
    let patched = sets
        .patch_status("s", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    assert_eq!(patched.status.unwrap().ready_replicas, Some(1));
    assert_eq!(patched.spec.unwrap().replicas, Some(1));
    let scaled = sets
        .patch_scale(
            "s",
            &PatchParams::default(),
            &Patch::Merge(json!({ "spec": { "replicas": 3 } })),
        )
        .await
        .unwrap();
    assert_eq!(scaled.spec.unwrap().replicas, Some(3));
    assert_eq!(sets.get("s").await.unwrap().spec.unwrap().replicas, Some(3));
    let service = json!({ "spec": { "serviceName": "other" } });
    let refused = refusal(sets.patch("s", &PatchParams::default(), &Patch::Merge(service)).await);
    assert!(
        refused
            .message
            .contains("updates to statefulset spec for fields other than"),
        "{refused:?}"
    );
}
