//! Small worlds for tests: hasan-prod as seed 000 tells it (a dying shared claim, foreign Jobs, a volume left behind),
//! and a calm tenant beside it.

use crate::app::{Event, Key, Mode, Start, State, update};
use crate::laws::Conditions;
use crate::model::tenant::Globs;
use crate::model::{ClusterIdentity, FeedId, Kind, Moment, Now, Object, Observation, Operator, TenantRule, Uid};
use serde_json::{Value, json};
use std::time::Duration;

/// The wall clock when a test begins.
const BEGIN: &str = "2026-04-27T14:02:00Z";

/// The time, so many milliseconds after the beginning.
pub(crate) fn at(millis: u64) -> Now {
    let begin: jiff::Timestamp = BEGIN.parse().unwrap();
    Now {
        mono: Moment::from_millis(millis),
        wall: begin + Duration::from_millis(millis),
    }
}

/// A uid that reads like one: the number in its last digits.
pub(crate) fn uid(number: u32) -> String {
    format!("0f0a5b1e-9c1f-4b6a-8c11-{number:012x}")
}

fn object(kind: Kind, mut value: Value, number: u32) -> Object {
    let meta = value["metadata"].as_object_mut().unwrap();
    meta.entry("uid").or_insert(json!(uid(number)));
    meta.entry("resourceVersion")
        .or_insert(json!(format!("{}", 1000 + number)));
    meta.entry("creationTimestamp").or_insert(json!("2026-03-17T12:00:00Z"));
    Object::from_value(kind, &value).unwrap()
}

pub(crate) fn namespace(name: &str, number: u32) -> Object {
    object(
        Kind::Namespace,
        json!({"metadata": {"name": name}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}),
        number,
    )
}

pub(crate) fn claim(namespace: &str, name: &str, volume: &str, number: u32) -> Object {
    object(
        Kind::PersistentVolumeClaim,
        json!({
            "metadata": {"name": name, "namespace": namespace, "finalizers": ["kubernetes.io/pvc-protection"],
                "annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
            "spec": {"volumeName": volume, "storageClassName": "ebs", "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "10Gi"}}},
            "status": {"phase": "Bound", "capacity": {"storage": "10Gi"}},
        }),
        number,
    )
}

/// The same claim, dying since 10:50.
pub(crate) fn dying(mut claim: Object) -> Object {
    claim.meta.deletion_timestamp = Some("2026-04-27T10:50:00Z".parse().unwrap());
    claim.meta.resource_version = crate::model::ResourceVersion::new("4711");
    claim
}

pub(crate) fn volume(
    name: &str,
    namespace: &str,
    claim: &str,
    claim_uid: u32,
    phase: &str,
    policy: &str,
    number: u32,
) -> Object {
    object(
        Kind::PersistentVolume,
        json!({
            "metadata": {"name": name, "finalizers": ["kubernetes.io/pv-protection"],
                "annotations": {"pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"}},
            "spec": {"claimRef": {"namespace": namespace, "name": claim, "uid": uid(claim_uid)},
                "capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": policy, "storageClassName": "ebs",
                "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": format!("vol-{number:04x}")}},
            "status": {"phase": phase},
        }),
        number,
    )
}

pub(crate) fn pod(namespace: &str, name: &str, owner: (&str, &str, u32), claim: &str, number: u32) -> Object {
    let api = if owner.0 == "Job" { "batch/v1" } else { "apps/v1" };
    object(
        Kind::Pod,
        json!({
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2026-04-27T12:00:00Z",
                "ownerReferences": [{"apiVersion": api, "kind": owner.0, "name": owner.1, "uid": uid(owner.2), "controller": true}]},
            "spec": {"nodeName": "node-1", "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }),
        number,
    )
}

pub(crate) fn job(namespace: &str, name: &str, number: u32) -> Object {
    object(
        Kind::Job,
        json!({
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2026-04-27T12:00:00Z"},
            "spec": {"parallelism": 1, "completions": 1},
            "status": {"active": 1, "startTime": "2026-04-27T12:00:00Z"},
        }),
        number,
    )
}

fn set(namespace: &str, name: &str, number: u32) -> Object {
    object(
        Kind::StatefulSet,
        json!({
            "metadata": {"name": name, "namespace": namespace,
                "annotations": {"meta.helm.sh/release-name": "eks", "meta.helm.sh/release-namespace": namespace}},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}},
            "status": {"replicas": 1, "readyReplicas": 1},
        }),
        number,
    )
}

fn release(namespace: &str, name: &str, revision: u32, status: &str, number: u32) -> Object {
    object(
        Kind::Release,
        json!({
            "metadata": {"name": format!("sh.helm.release.v1.{name}.v{revision}"), "namespace": namespace,
                "labels": {"owner": "helm", "name": name, "version": revision.to_string(), "status": status}},
        }),
        number,
    )
}

fn class() -> Object {
    object(
        Kind::StorageClass,
        json!({"metadata": {"name": "ebs"}, "provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Delete"}),
        90,
    )
}

/// The node every pod stands on.
fn node() -> Object {
    object(
        Kind::Node,
        json!({"metadata": {"name": "node-1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
        91,
    )
}

/// The two tenants.
pub(crate) fn objects() -> Vec<Object> {
    vec![
        namespace("hasan-prod", 1),
        namespace("acme", 2),
        class(),
        node(),
        claim("hasan-prod", "mysql-pvc", "pvc-9f1c", 10),
        volume("pvc-9f1c", "hasan-prod", "mysql-pvc", 10, "Bound", "Retain", 11),
        dying(claim("hasan-prod", "shared-data", "efs-data", 12)),
        volume("efs-data", "hasan-prod", "shared-data", 12, "Bound", "Retain", 13),
        claim("hasan-prod", "logs-pvc", "efs-logs", 14),
        volume("efs-logs", "hasan-prod", "logs-pvc", 99, "Bound", "Delete", 15),
        volume("pvc-old", "hasan-prod", "old-data", 98, "Released", "Retain", 16),
        set("hasan-prod", "mysql", 20),
        pod("hasan-prod", "mysql-0", ("StatefulSet", "mysql", 20), "mysql-pvc", 21),
        job("hasan-prod", "train-7f", 30),
        pod("hasan-prod", "train-7f-x1", ("Job", "train-7f", 30), "shared-data", 31),
        job("hasan-prod", "train-80", 32),
        pod("hasan-prod", "train-80-q2", ("Job", "train-80", 32), "shared-data", 33),
        release("hasan-prod", "eks", 6, "superseded", 40),
        release("hasan-prod", "eks", 7, "deployed", 41),
        claim("acme", "data", "pvc-acme", 50),
        volume("pvc-acme", "acme", "data", 50, "Bound", "Retain", 51),
    ]
}

/// The reports of one complete list of every kind that holds these objects.
pub(crate) fn listed(objects: &[Object], at: Moment) -> Vec<Observation> {
    let mut reports = Vec::new();
    for kind in Kind::ALL {
        let feed = FeedId::cluster(kind);
        reports.push(Observation::ListBegan { feed: feed.clone(), at });
        for object in objects.iter().filter(|object| object.kind() == kind) {
            reports.push(applied(object.clone(), at));
        }
        reports.push(Observation::ListEnded { feed, at });
    }
    reports
}

pub(crate) fn applied(object: Object, at: Moment) -> Observation {
    Observation::Applied {
        feed: FeedId::cluster(object.kind()),
        object: Box::new(object),
        at,
    }
}

pub(crate) fn deleted(object: &Object, at: Moment) -> Observation {
    Observation::Deleted {
        feed: FeedId::cluster(object.kind()),
        key: object.key(),
        uid: object.meta.uid.clone(),
        at,
    }
}

pub(crate) fn identity() -> ClusterIdentity {
    ClusterIdentity {
        context: "prod-eks".into(),
        server: "https://eu-central-1".into(),
        ca: "".into(),
        kube_system: Uid::new(&uid(0xff)),
        user: "anna@corp".into(),
    }
}

/// A cockpit that has just been started.
pub(crate) fn started(mode: Mode, size: (u16, u16)) -> State {
    let mut state = State::new(Start {
        rule: TenantRule::Pattern(Globs::parse("*,!kube-*").unwrap()),
        mode,
        context: "prod-eks".to_owned(),
        quiet: Duration::from_secs(15),
        now: at(0),
        size,
    });
    for kind in Kind::ALL {
        state.expect(FeedId::cluster(kind));
    }
    state
}

/// A cockpit connected to these objects, one second after they were listed.
pub(crate) fn connected(mode: Mode, size: (u16, u16), objects: &[Object]) -> State {
    let mut state = started(mode, size);
    let operator = Operator {
        user: "anna@corp".into(),
        host: "bridge".into(),
    };
    update(
        &mut state,
        Event::Connected {
            identity: identity(),
            operator,
            conditions: Conditions {
                server_minor: Some(33),
                ..Conditions::default()
            },
        },
    );
    if mode == Mode::Operating {
        update(&mut state, Event::Journal(crate::app::JournalState::Ready));
    }
    update(&mut state, Event::Observed(listed(objects, Moment::default())));
    update(&mut state, Event::Tick(at(1_000)));
    state
}

/// Time goes by, a second at a time, with a sign of life on every feed.
pub(crate) fn wait(state: &mut State, seconds: u64) -> Vec<crate::app::Effect> {
    let mut effects = Vec::new();
    for _ in 0..seconds {
        let now = state.now();
        let mono = now.mono + Duration::from_secs(1);
        let heard = Kind::ALL
            .into_iter()
            .map(|kind| Observation::Heard {
                feed: FeedId::cluster(kind),
                at: mono,
            })
            .collect();
        let came = update(state, Event::Observed(heard));
        effects.extend(granted(state, came));
        let wall = now.wall + Duration::from_secs(1);
        let came = update(state, Event::Tick(Now { mono, wall }));
        effects.extend(granted(state, came));
    }
    effects
}

/// The usual cockpit: hasan-prod and acme.
pub(crate) fn cockpit(mode: Mode, size: (u16, u16)) -> State {
    connected(mode, size, &objects())
}

/// Presses keys, each 20 ms after the last, as `"jj<enter>x"` is written.
pub(crate) fn press(state: &mut State, keys: &str) -> Vec<crate::app::Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (key, after) = match named {
            Some((name, after)) => (key(name), after),
            None => (Key::Char(first), rest.strip_prefix(first).unwrap()),
        };
        rest = after;
        let now = state.now();
        let at = Now {
            mono: now.mono + Duration::from_millis(20),
            wall: now.wall + Duration::from_millis(20),
        };
        let came = update(state, Event::Key { key, at });
        effects.extend(granted(state, came));
    }
    effects
}

/// A server that says yes to every act of a run it is asked about.
pub(crate) fn granted(state: &mut State, effects: Vec<crate::app::Effect>) -> Vec<crate::app::Effect> {
    let mut all = Vec::new();
    for effect in effects {
        if let crate::app::Effect::AskRights { run, acts } = &effect {
            let may = acts.iter().map(|act| (act.to_string(), Ok(true)));
            let answer = crate::app::event::Fetched::Rights {
                run: run.clone(),
                may: may.collect(),
            };
            let more = update(state, Event::Fetched(answer));
            all.push(effect);
            all.extend(granted(state, more));
        } else {
            all.push(effect);
        }
    }
    all
}

fn key(name: &str) -> Key {
    match name {
        "enter" => Key::Enter,
        "esc" => Key::Esc,
        "tab" => Key::Tab,
        "backtab" => Key::BackTab,
        "up" => Key::Up,
        "down" => Key::Down,
        "pgdn" => Key::PageDown,
        "pgup" => Key::PageUp,
        "backspace" => Key::Backspace,
        "space" => Key::Char(' '),
        other => Key::Ctrl(other.strip_prefix("ctrl-").unwrap().chars().next().unwrap()),
    }
}
