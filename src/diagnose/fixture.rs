//! Worlds from small YAML texts, read by the real decoder. Tests only.

use crate::laws::Conditions;
use crate::model::feed::FeedState;
use crate::model::helm::Reading;
use crate::model::{FeedId, Key, Kind, Moment, Now, Object, Observation, World};
use serde::Deserialize as _;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The instant every fixture is told at.
pub(crate) const WALL: &str = "2026-04-27T14:00:00Z";
/// Feeds of a fixture were heard at `Moment::default()`, which is this instant.
pub(crate) const QUIET: Duration = Duration::from_secs(15);

pub(crate) fn now() -> Now {
    Now {
        mono: Moment::default(),
        wall: WALL.parse().unwrap(),
    }
}

/// One object of a Kubernetes YAML document, decoded as the cluster's JSON would be.
fn object(value: &serde_json::Value) -> Object {
    let (api, kind) = (
        value["apiVersion"].as_str().unwrap_or("v1"),
        value["kind"].as_str().unwrap(),
    );
    let kind = match kind {
        "Secret" => Kind::Release,
        "ConfigMap" => Kind::ReleaseMap,
        _ => Kind::from_api(api, kind)
            .or_else(|| Kind::from_word(kind))
            .unwrap_or_else(|| panic!("{api} {kind} is no kind of ours")),
    };
    Object::from_value(kind, value).unwrap()
}

/// A world of the objects in a YAML list (`- {…}`). Uids default to `uid-<name>`.
pub(crate) fn world(yaml: &str) -> World {
    World::of(objects(yaml))
}

pub(crate) fn objects(yaml: &str) -> Vec<Object> {
    let values: Vec<serde_json::Value> = serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    values
        .into_iter()
        .map(|mut value| {
            let name = value["metadata"]["name"].as_str().unwrap().to_owned();
            let meta = value["metadata"].as_object_mut().unwrap();
            meta.entry("uid").or_insert_with(|| format!("uid-{name}").into());
            object(&value)
        })
        .collect()
}

/// Puts more objects into a world.
pub(crate) fn with(mut world: World, yaml: &str) -> World {
    for object in objects(yaml) {
        world.put(object);
    }
    world
}

/// The world with one feed refused and its objects gone, as a user without the right sees it.
pub(crate) fn denied(world: &World, kind: Kind) -> World {
    let mut world = world.excerpt(world.objects().filter(|object| object.kind() != kind));
    let feed = FeedId::cluster(kind);
    let state = FeedState::Denied {
        since: Moment::default(),
        why: "forbidden".into(),
    };
    world.apply(Observation::Lost {
        feed: feed.clone(),
        state: state.clone(),
    });
    world
}

/// The world with one feed lost and its last facts kept.
pub(crate) fn stale(mut world: World, kind: Kind) -> World {
    world.apply(Observation::Lost {
        feed: FeedId::cluster(kind),
        state: FeedState::Stale {
            since: Moment::default(),
            why: "connection reset".into(),
        },
    });
    world
}

pub(crate) fn key(text: &str) -> Key {
    let (kind, name) = text.split_once('/').unwrap();
    Key::new(Kind::from_word(kind).unwrap(), "shop", name)
}

pub(crate) fn conditions() -> Conditions {
    Conditions::default()
}

/// A release whose newest record is labelled `failed` and stored as `deployed`, with a claim that is kept where it is stored and
/// one that is kept on the live object only; and the conditions of one who has read that record.
pub(crate) fn release_read() -> (World, Conditions) {
    let world = world(
        r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, labels: {owner: helm, name: eks, version: "7", status: failed}}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, annotations: {helm.sh/resource-policy: keep}}}
- {kind: PersistentVolumeClaim, metadata: {name: kept, namespace: shop, annotations: {helm.sh/resource-policy: keep}}}"#,
    );
    let claim = |name: &str, policy: &str| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, annotations: {{{policy}}}}}\n"
        )
    };
    let manifest = claim("data", "") + &claim("kept", "helm.sh/resource-policy: keep") + &claim("gone", "");
    let stored =
        json!({"name": "eks", "namespace": "shop", "version": 7, "info": {"status": "deployed"}, "manifest": manifest});
    let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, stored.to_string());
    let reading = Reading::of_config_map(json!({"data": {"release": payload}}).to_string().as_bytes());
    let mut conditions = conditions();
    let pin = world.of_kind(Kind::Release).next().unwrap().pin();
    Arc::make_mut(&mut conditions.helm).enter(pin, reading);
    (world, conditions)
}

/// Reads the scenario of seed 000: `shared-data` and `logs-pvc` Terminating, nine foreign training Jobs of one pod each.
pub(crate) fn hasan_prod() -> World {
    let mut yaml = String::from(HASAN_PROD);
    for index in 0..9 {
        let name = format!("train-{index}");
        let objects = format!(
            r#"
- {{kind: Job, apiVersion: batch/v1, metadata: {{name: {name}, namespace: shop, creationTimestamp: "2026-04-27T10:20:00Z"}}, spec: {{parallelism: 1}}, status: {{active: 1, startTime: "2026-04-27T10:20:00Z"}}}}
- {{kind: Pod, metadata: {{name: {name}-x, namespace: shop, creationTimestamp: "2026-04-27T10:20:00Z", finalizers: [batch.kubernetes.io/job-tracking], ownerReferences: [{{apiVersion: batch/v1, kind: Job, name: {name}, uid: uid-{name}, controller: true, blockOwnerDeletion: true}}]}}, spec: {{nodeName: n1, volumes: [{{name: data, persistentVolumeClaim: {{claimName: shared-data}}}}]}}, status: {{phase: Running, conditions: [{{type: Ready, status: "True"}}]}}}}"#
        );
        yaml.push_str(&objects);
    }
    world(&yaml)
}

const HASAN_PROD: &str = r#"
- {kind: Namespace, metadata: {name: shop}, status: {phase: Active}}
- {kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: "True"}]}}
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: efs}, provisioner: efs.csi.aws.com, reclaimPolicy: Retain}
- {kind: PersistentVolume, metadata: {name: efs-data, finalizers: [kubernetes.io/pv-protection]}, spec: {storageClassName: efs, persistentVolumeReclaimPolicy: Retain, capacity: {storage: 50Gi}, accessModes: [ReadWriteMany], csi: {driver: efs.csi.aws.com, volumeHandle: fs-06b3}, claimRef: {namespace: shop, name: shared-data, uid: uid-shared-data}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: shared-data, namespace: shop, creationTimestamp: "2026-03-01T00:00:00Z", deletionTimestamp: "2026-04-27T10:48:00Z", finalizers: [kubernetes.io/pvc-protection], labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, helm.sh/resource-policy: keep}}, spec: {volumeName: efs-data, storageClassName: efs}, status: {phase: Bound}}
- {kind: PersistentVolume, metadata: {name: mysql, finalizers: [kubernetes.io/pv-protection]}, spec: {storageClassName: efs, persistentVolumeReclaimPolicy: Retain, capacity: {storage: 10Gi}, csi: {driver: efs.csi.aws.com, volumeHandle: fs-07}, claimRef: {namespace: shop, name: mysql-pvc, uid: uid-mysql-pvc}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: mysql-pvc, namespace: shop, creationTimestamp: "2026-03-01T00:00:00Z", finalizers: [kubernetes.io/pvc-protection], labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks}}, spec: {volumeName: mysql, storageClassName: efs}, status: {phase: Bound}}
- {kind: Pod, metadata: {name: mysql-0, namespace: shop, creationTimestamp: "2026-04-27T10:00:00Z"}, spec: {nodeName: n1, volumes: [{name: data, persistentVolumeClaim: {claimName: mysql-pvc}}]}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, creationTimestamp: "2026-03-17T14:00:00Z", labels: {owner: helm, name: eks, version: "7", status: deployed}}}
"#;

/// Guards the reader itself: an unreadable fixture must fail its test.
#[test]
fn fixtures_are_read() {
    assert_eq!(hasan_prod().of_kind(Kind::Job).count(), 9);
    let value: Result<serde_json::Value, _> = serde_saphyr::from_str("a: [1");
    assert!(value.is_err());
    assert!(serde_json::Value::deserialize(serde_json::json!({})).is_ok());
}
