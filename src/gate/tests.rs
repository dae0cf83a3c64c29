//! The gate's tables: requests, items turning, answers, digests, and the second judgement.

mod answers;
mod clearing;
mod demands;
mod items;
mod requests;
mod strips;
mod workloads;

use super::{ItemState, Panel};
use crate::diagnose::Look;
use crate::forecast::forecast;
use crate::laws::Conditions;
use crate::model::{
    Act, ClusterIdentity, FeedId, FeedState, Key, Kind, Moment, Now, Object, Observation, Operator, Propagation, Uid,
    World,
};
use serde_json::{Value, json};
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(5);
const CLAIM: &str = "11111111-0000-4000-8000-00000000c1a1";
const VOLUME: &str = "22222222-0000-4000-8000-0000000f01de";
const JOB: &str = "33333333-0000-4000-8000-000000000b0b";
const POD: &str = "44444444-0000-4000-8000-000000000b0d";
const SET: &str = "55555555-0000-4000-8000-000000000555";

/// The instant so many milliseconds after the tests' beginning of time.
fn at(millis: u64) -> Now {
    let wall: jiff::Timestamp = "2026-01-01T14:02:11Z".parse().unwrap();
    Now {
        mono: Moment::from_millis(millis),
        wall: wall + Duration::from_millis(millis),
    }
}

fn cluster() -> ClusterIdentity {
    ClusterIdentity {
        context: "prod-eks".into(),
        server: "https://10.0.0.1".into(),
        ca: "ab".into(),
        kube_system: Uid::new("ks-1"),
        user: "anna@corp".into(),
    }
}

fn anna() -> Operator {
    Operator {
        user: "anna@corp".into(),
        host: "laptop".into(),
    }
}

fn object(kind: Kind, mut value: Value) -> Object {
    let metadata = value["metadata"].as_object_mut().unwrap();
    if kind.namespaced() {
        metadata.entry("namespace").or_insert(json!("hasan-prod"));
    }
    metadata.entry("resourceVersion").or_insert(json!("41"));
    Object::from_value(kind, &value).unwrap()
}

fn claim() -> Value {
    json!({
        "metadata": { "name": "data-vault-0", "uid": CLAIM, "finalizers": ["kubernetes.io/pvc-protection"] },
        "spec": { "volumeName": "pv-1", "storageClassName": "efs", "accessModes": ["ReadWriteMany"],
                  "resources": { "requests": { "storage": "1Gi" } } },
        "status": { "phase": "Bound" },
    })
}

fn volume(policy: &str) -> Value {
    json!({
        "metadata": { "name": "pv-1", "uid": VOLUME, "finalizers": ["kubernetes.io/pv-protection"] },
        "spec": { "persistentVolumeReclaimPolicy": policy, "storageClassName": "efs", "capacity": { "storage": "1Gi" },
                  "accessModes": ["ReadWriteMany"],
                  "csi": { "driver": "efs.csi.aws.com", "volumeHandle": "fs-06b3::fsap-9c1f4b" },
                  "claimRef": { "namespace": "hasan-prod", "name": "data-vault-0", "uid": CLAIM, "resourceVersion": "7" } },
        "status": { "phase": "Bound" },
    })
}

fn released() -> Value {
    changed(volume("Retain"), |volume| volume["status"]["phase"] = json!("Released"))
}

/// The claim, Terminating.
fn dying() -> Value {
    changed(claim(), |claim| {
        claim["metadata"]["deletionTimestamp"] = json!("2026-01-01T11:00:00Z");
    })
}

fn changed(mut value: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut value);
    value
}

/// A running pod on a node that mounts the claim, owned as told.
fn pod(name: &str, uid: &str, owner: (&str, &str, &str, &str)) -> Value {
    let (api, kind, owner_name, owner_uid) = owner;
    json!({
        "metadata": { "name": name, "uid": uid, "labels": { "app": "vault" }, "ownerReferences": [
            { "apiVersion": api, "kind": kind, "name": owner_name, "uid": owner_uid, "controller": true }] },
        "spec": { "nodeName": "ip-10-0-3-7", "volumes": [
            { "name": "data", "persistentVolumeClaim": { "claimName": "data-vault-0" } }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

fn job_pod(name: &str, uid: &str) -> Value {
    pod(name, uid, ("batch/v1", "Job", "train-7f", JOB))
}

fn set_pod() -> Value {
    pod("vault-0", POD, ("apps/v1", "StatefulSet", "vault", SET))
}

fn job() -> Value {
    json!({
        "metadata": { "name": "train-7f", "uid": JOB },
        "spec": { "template": { "spec": {} } },
        "status": { "active": 1 },
    })
}

fn set(class: &str) -> Value {
    json!({
        "metadata": { "name": "vault", "uid": SET },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "vault" } },
                  "template": { "metadata": { "labels": { "app": "vault" } }, "spec": { "volumes": [] } },
                  "volumeClaimTemplates": [{ "metadata": { "name": "data" },
                      "spec": { "storageClassName": class, "accessModes": ["ReadWriteOnce"],
                                "resources": { "requests": { "storage": "1Gi" } } } }] },
        "status": { "replicas": 1, "readyReplicas": 1 },
    })
}

fn class(name: &str) -> Value {
    json!({ "metadata": { "name": name, "uid": format!("class-{name}") }, "provisioner": "efs.csi.aws.com" })
}

fn namespace() -> Value {
    json!({ "metadata": { "name": "hasan-prod", "uid": "ns-1" }, "status": { "phase": "Active" } })
}

fn node() -> Value {
    json!({ "metadata": { "name": "ip-10-0-3-7", "uid": "node-1" },
            "status": { "conditions": [{ "type": "Ready", "status": "True" }] } })
}

/// A world of these objects and the namespace, node and class they live with; every feed heard at time 0.
fn world(objects: &[(Kind, Value)]) -> World {
    let always = [
        (Kind::Namespace, namespace()),
        (Kind::Node, node()),
        (Kind::StorageClass, class("efs")),
    ];
    let all = always.iter().chain(objects);
    World::of(all.map(|(kind, value)| object(*kind, value.clone())))
}

/// The world of a bound claim on a kept disk, and what else is told.
fn claim_world(policy: &str, more: &[(Kind, Value)]) -> World {
    let mut objects = vec![
        (Kind::PersistentVolumeClaim, claim()),
        (Kind::PersistentVolume, volume(policy)),
    ];
    objects.extend(more.iter().cloned());
    world(&objects)
}

fn delete(world: &World, kind: Kind, name: &str) -> Act {
    Act::Delete {
        target: world.get(&Key::new(kind, "hasan-prod", name)).unwrap().pin(),
        propagation: Propagation::Background,
    }
}

fn delete_claim(world: &World) -> Act {
    delete(world, Kind::PersistentVolumeClaim, "data-vault-0")
}

fn clear_ref(world: &World) -> Act {
    Act::ClearClaimRef {
        volume: world.get(&Key::cluster(Kind::PersistentVolume, "pv-1")).unwrap().pin(),
    }
}

/// What is seen at time 0.
fn look(world: &World) -> Look<'_> {
    static CONDITIONS: std::sync::LazyLock<Conditions> = std::sync::LazyLock::new(Conditions::default);
    Look {
        world,
        conditions: &CONDITIONS,
        now: at(0),
        quiet: QUIET,
    }
}

fn open(world: &World, act: &Act) -> Panel {
    let forecast = forecast(world, act, &Conditions::default(), at(0), QUIET);
    Panel::open(forecast, look(world), &cluster(), &anna(), 1)
}

/// Senses the panel again on this world; every feed of it was heard at time 0 unless the test says more.
fn resense(panel: &mut Panel, world: &World, now: Now) -> bool {
    panel.resense(world, &Conditions::default(), now, QUIET)
}

/// Every feed of the world is heard now.
fn hear(world: &mut World, now: Now) {
    for kind in Kind::ALL {
        world.apply(Observation::Heard {
            feed: FeedId::cluster(kind),
            at: now.mono,
        });
    }
}

fn lose(world: &mut World, kind: Kind, state: FeedState) {
    world.apply(Observation::Lost {
        feed: FeedId::cluster(kind),
        state,
    });
}

fn state(panel: &Panel, id: &str) -> ItemState {
    item(panel, id).state
}

fn item<'a>(panel: &'a Panel, id: &str) -> &'a super::Item {
    let found = panel.items().iter().find(|item| item.id == id);
    found.unwrap_or_else(|| panic!("no item {id} among {:?}", panel.items()))
}

/// Signs everything that waits to be signed and types the fact, slowly, beginning at `start` milliseconds.
fn answer(panel: &mut Panel, world: &World, start: u64) {
    for index in 0..panel.items().len() {
        if panel.items()[index].state == ItemState::Unattested {
            assert!(panel.attest(index, at(start)));
        }
    }
    let Some(question) = panel.challenge().map(|challenge| challenge.question().to_owned()) else {
        return;
    };
    let fact = fact(world, &question);
    for (beat, letter) in (0_u64..).zip(fact.chars()) {
        panel.input(letter, at(start + beat * 50));
    }
}

/// Reads the fact off the world as an operator reads it off the screen.
fn fact(world: &World, question: &str) -> String {
    let named = world
        .objects()
        .find(|object| question.ends_with(&object.key().to_string()))
        .unwrap_or_else(|| {
            world
                .objects()
                .find(|object| question.contains(&object.key().to_string()))
                .unwrap()
        });
    if question.contains("uid") {
        return named.meta.uid.tail(6);
    }
    if question.contains("handle") {
        return "9c1f4b".to_owned();
    }
    if question.contains("node") {
        return "ip-10-0-3-7".to_owned();
    }
    world.dependents_of(&named.meta.uid).count().to_string()
}

/// Opens the panel and compares one item: its state, and a part of its value.
fn check(world: &World, act: &Act, id: &str, expected: ItemState, value: &str) {
    let panel = open(world, act);
    let found = item(&panel, id);
    assert_eq!(found.state, expected, "{id}: {}", found.value);
    assert!(found.value.contains(value), "{id}: {:?} lacks {value:?}", found.value);
}
