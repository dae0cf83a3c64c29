//! The kubelet's side of a pod: accepted, running, ready, completed, stopped. Starting and ending a pod are laws; what
//! comes in between takes time and is kept here. Knows no controller.

use super::carry_out::{Hand, Said};
use super::{chance, document as doc};
use crate::model::{Key, Kind};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

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
            let (due, step) = next_step(pod)?;
            if due > now {
                return Some(due);
            }
            take(hand, key, step, now);
            None
        })
        .min()
}

/// What comes next in a running pod's life.
#[derive(Clone, Copy)]
enum Step {
    Warm,
    Complete,
    Fail,
}

fn next_step(pod: &Value) -> Option<(Timestamp, Step)> {
    if doc::text(pod, "/status/phase") != "Running" {
        return None;
    }
    let running = doc::time(pod, "/status/containerStatuses/0/state/running/startedAt")?;
    let ready = pod.pointer("/status/containerStatuses/0/ready") == Some(&Value::Bool(true));
    let warm = (!ready && doc::wish(pod, "never-ready").is_none()).then(|| (doc::later(running, WARMING), Step::Warm));
    let after = |wish: &str, step| doc::wished_span(pod, wish).map(|span| (doc::later(running, span), step));
    let (complete, fail) = (
        after("completes-after", Step::Complete),
        after("fails-after", Step::Fail),
    );
    [warm, complete, fail].into_iter().flatten().min_by_key(|(due, _)| *due)
}

fn take(hand: &mut Hand<'_>, key: &Key, step: Step, now: Timestamp) {
    let Some(mut pod) = hand.objects.get(key) else { return };
    match step {
        Step::Warm => ready(&mut pod),
        Step::Complete => completed(&mut pod, now),
        Step::Fail => failed(&mut pod, now),
    }
    hand.write(pod);
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

/// The containers ended by themselves, with exit code 1.
pub(in crate::sandbox) fn failed(pod: &mut Value, now: Timestamp) {
    end(pod, now, "Failed", 1, "Error");
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
