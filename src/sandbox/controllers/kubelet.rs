//! The kubelet's side of a pod: accepted, running, ready, completed, stopped. Knows no controller and no law; a pod whose
//! claims are not bound waits, as on a real node.

use super::carry_out::{Hand, Said};
use super::{chance, document as doc};
use crate::model::{Key, Kind};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// From being scheduled to running containers: images are there already.
const STARTING: Duration = Duration::from_secs(1);
/// From running to ready.
const WARMING: Duration = Duration::from_secs(2);

/// Brings every pod on a node one step further when its time has come. Returns when the next step is due.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)]) -> Option<Timestamp> {
    let now = hand.objects.now();
    all.iter()
        .filter(|(key, pod)| key.kind == Kind::Pod && !doc::text(pod, "/spec/nodeName").is_empty())
        .filter_map(|(key, pod)| {
            if doc::deleting(pod) {
                tell_of_killing(hand, key, pod);
                return None;
            }
            let (due, step) = next_step(hand, pod)?;
            if due > now {
                return Some(due);
            }
            take(hand, key, step, now);
            None
        })
        .min()
}

/// What comes next in a pod's life.
#[derive(Clone, Copy)]
enum Step {
    Run,
    Warm,
    Complete,
}

fn next_step(hand: &Hand<'_>, pod: &Value) -> Option<(Timestamp, Step)> {
    let started = doc::time(pod, "/status/startTime")?;
    match doc::text(pod, "/status/phase") {
        "Pending" => claims_bound(hand, pod).then(|| (doc::later(started, STARTING), Step::Run)),
        "Running" => {
            let running = doc::time(pod, "/status/containerStatuses/0/state/running/startedAt")?;
            let ready = pod.pointer("/status/containerStatuses/0/ready") == Some(&Value::Bool(true));
            if let Some(span) = doc::wished_span(pod, "completes-after") {
                let done = doc::later(running, span);
                let warm = doc::later(running, WARMING);
                return Some(if ready || done <= warm {
                    (done, Step::Complete)
                } else {
                    (warm, Step::Warm)
                });
            }
            (!ready && doc::wish(pod, "never-ready").is_none()).then(|| (doc::later(running, WARMING), Step::Warm))
        }
        _ => None,
    }
}

/// Every claim the pod mounts is bound and not being deleted.
fn claims_bound(hand: &Hand<'_>, pod: &Value) -> bool {
    doc::list(pod, "/spec/volumes").iter().all(|volume| {
        let claim = doc::text(volume, "/persistentVolumeClaim/claimName");
        let generic = volume.get("ephemeral").is_some();
        let name = match (claim, generic) {
            ("", false) => return true,
            ("", true) => format!("{}-{}", doc::name(pod), doc::text(volume, "/name")),
            (claim, _) => claim.to_owned(),
        };
        let key = Key::new(Kind::PersistentVolumeClaim, doc::namespace(pod), &name);
        hand.objects
            .get(&key)
            .is_some_and(|claim| doc::text(&claim, "/status/phase") == "Bound" && !doc::deleting(&claim))
    })
}

fn take(hand: &mut Hand<'_>, key: &Key, step: Step, now: Timestamp) {
    let Some(mut pod) = hand.objects.get(key) else { return };
    match step {
        Step::Run => running(&mut pod, now),
        Step::Warm => ready(&mut pod),
        Step::Complete => completed(&mut pod, now),
    }
    let uid = doc::uid(&pod);
    let containers: Vec<String> = doc::list(&pod, "/spec/containers").iter().map(container_name).collect();
    hand.write(pod);
    if matches!(step, Step::Run) {
        for container in containers {
            for (reason, verb) in [("Created", "Created"), ("Started", "Started")] {
                let message = format!("{verb} container {container}");
                hand.say(key, &uid, &Said::normal("kubelet", reason, &message));
            }
        }
    }
}

fn container_name(container: &Value) -> String {
    doc::text(container, "/name").to_owned()
}

fn tell_of_killing(hand: &mut Hand<'_>, key: &Key, pod: &Value) {
    if doc::text(pod, "/status/phase") != "Running" {
        return;
    }
    let uid = doc::uid(pod);
    for container in doc::list(pod, "/spec/containers") {
        let message = format!("Stopping container {}", doc::text(container, "/name"));
        let said = Said::normal("kubelet", "Killing", &message);
        hand.voice.say_once(hand.objects, key, &uid, &said);
    }
}

/// The pod is bound to a node: its status says so, and its containers are being created.
pub(in crate::sandbox) fn accepted(pod: &mut Value, now: Timestamp) {
    doc::put(pod, &["status", "startTime"], doc::stamp(now));
    condition(pod, "PodScheduled", true, now);
    condition(pod, "Initialized", true, now);
    condition(pod, "Ready", false, now);
    condition(pod, "ContainersReady", false, now);
    containers(pod, false, &json!({ "waiting": { "reason": "ContainerCreating" } }));
}

/// The containers run; they are not ready yet.
pub(in crate::sandbox) fn running(pod: &mut Value, now: Timestamp) {
    doc::put(pod, &["status", "phase"], "Running");
    let address = |bound: u64, part: &str, pod: &Value| chance::below(0, &format!("{part}{}", doc::uid(pod)), bound);
    let own = format!("10.0.{}.{}", 16 + address(48, "a", pod), 2 + address(250, "b", pod));
    doc::put(pod, &["status", "podIP"], own.as_str());
    doc::put(pod, &["status", "podIPs"], json!([{ "ip": own }]));
    condition(pod, "PodReadyToStartContainers", true, now);
    containers(pod, false, &json!({ "running": { "startedAt": doc::stamp(now) } }));
}

/// The readiness probes answer.
pub(in crate::sandbox) fn ready(pod: &mut Value) {
    let since = doc::time(pod, "/status/containerStatuses/0/state/running/startedAt").unwrap_or_default();
    let state = json!({ "running": { "startedAt": doc::stamp(since) } });
    containers(pod, true, &state);
    let at = doc::later(since, WARMING);
    condition(pod, "Ready", true, at);
    condition(pod, "ContainersReady", true, at);
}

/// The containers ended by themselves, with exit code 0.
pub(in crate::sandbox) fn completed(pod: &mut Value, now: Timestamp) {
    end(pod, now, "Succeeded", 0, "Completed");
}

/// The kubelet stopped the containers of a pod being deleted.
pub(in crate::sandbox) fn stopped(pod: &mut Value, now: Timestamp) {
    if doc::text(pod, "/status/phase") == "Running" {
        end(pod, now, "Failed", 143, "Error");
    }
}

fn end(pod: &mut Value, now: Timestamp, phase: &str, code: u32, reason: &str) {
    let started = doc::text(pod, "/status/containerStatuses/0/state/running/startedAt").to_owned();
    let state = json!({ "terminated": {
        "exitCode": code,
        "reason": reason,
        "startedAt": started,
        "finishedAt": doc::stamp(now),
    }});
    doc::put(pod, &["status", "phase"], phase);
    containers(pod, false, &state);
    for kind in ["Ready", "ContainersReady"] {
        condition(pod, kind, false, now);
    }
}

/// Writes the status of every container of the pod's spec.
fn containers(pod: &mut Value, ready: bool, state: &Value) {
    let statuses: Vec<Value> = doc::list(pod, "/spec/containers")
        .iter()
        .map(|container| {
            json!({
                "name": doc::text(container, "/name"),
                "image": doc::text(container, "/image"),
                "imageID": "",
                "ready": ready,
                "started": state.get("running").is_some(),
                "restartCount": 0,
                "state": state,
                "lastState": {},
            })
        })
        .collect();
    doc::put(pod, &["status", "containerStatuses"], statuses);
}

/// Sets a condition; its transition time moves only when its status does.
fn condition(pod: &mut Value, kind: &str, holds: bool, now: Timestamp) {
    let conditions = doc::list(pod, "/status/conditions").to_vec();
    let conditions = super::status::with_condition(conditions, kind, holds, ("", ""), now);
    doc::put(pod, &["status", "conditions"], conditions);
}
