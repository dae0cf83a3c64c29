//! Pods and what makes them, in columns.

use super::Type::{Name, Number, Text};
use super::{Printer, age, containers, joined, name, or_none, selector, since};
use crate::sandbox::fields::{at, list, number, text};
use jiff::Timestamp;
use serde_json::{Value, json};

const TEMPLATE: [&str; 4] = ["spec", "template", "spec", "containers"];
const LABELS: [&str; 3] = ["spec", "selector", "matchLabels"];

pub(super) const POD: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Ready", Text, 0),
        ("Status", Text, 0),
        ("Restarts", Text, 0),
        ("Age", Text, 0),
        ("IP", Text, 1),
        ("Node", Text, 1),
        ("Nominated Node", Text, 1),
        ("Readiness Gates", Text, 1),
    ],
    cells: |pod, now| {
        let statuses = list(pod, &["status", "containerStatuses"]);
        let ready = statuses
            .iter()
            .filter(|status| at(status, &["ready"]) == Some(&json!(true)))
            .count();
        let total = list(pod, &["spec", "containers"]).len();
        let gates = list(pod, &["spec", "readinessGates"]);
        vec![
            name(pod),
            json!(format!("{ready}/{total}")),
            json!(pod_status(pod)),
            json!(restarts(statuses, now)),
            age(pod, now),
            or_none(text(pod, &["status", "podIP"])),
            or_none(text(pod, &["spec", "nodeName"])),
            or_none(text(pod, &["status", "nominatedNodeName"])),
            json!(joined(gates.iter().map(|gate| text(gate, &["conditionType"])))),
        ]
    },
};

pub(super) const STATEFUL_SET: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Ready", Text, 0),
        ("Age", Text, 0),
        ("Containers", Text, 1),
        ("Images", Text, 1),
    ],
    cells: |set, now| {
        let [names, images] = containers(set, &TEMPLATE);
        vec![name(set), json!(ready(set)), age(set, now), names, images]
    },
};

pub(super) const DEPLOYMENT: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Ready", Text, 0),
        ("Up-to-date", Text, 0),
        ("Available", Text, 0),
        ("Age", Text, 0),
        ("Containers", Text, 1),
        ("Images", Text, 1),
        ("Selector", Text, 1),
    ],
    cells: |deployment, now| {
        let [names, images] = containers(deployment, &TEMPLATE);
        vec![
            name(deployment),
            json!(ready(deployment)),
            count(deployment, &["status", "updatedReplicas"]),
            count(deployment, &["status", "availableReplicas"]),
            age(deployment, now),
            names,
            images,
            selector(deployment, &LABELS),
        ]
    },
};

pub(super) const REPLICA_SET: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Desired", Number, 0),
        ("Current", Number, 0),
        ("Ready", Number, 0),
        ("Age", Text, 0),
        ("Containers", Text, 1),
        ("Images", Text, 1),
        ("Selector", Text, 1),
    ],
    cells: |set, now| {
        let [names, images] = containers(set, &TEMPLATE);
        vec![
            name(set),
            count(set, &["spec", "replicas"]),
            count(set, &["status", "replicas"]),
            count(set, &["status", "readyReplicas"]),
            age(set, now),
            names,
            images,
            selector(set, &LABELS),
        ]
    },
};

pub(super) const DAEMON_SET: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Desired", Number, 0),
        ("Current", Number, 0),
        ("Ready", Number, 0),
        ("Up-to-date", Number, 0),
        ("Available", Number, 0),
        ("Node Selector", Text, 0),
        ("Age", Text, 0),
        ("Containers", Text, 1),
        ("Images", Text, 1),
        ("Selector", Text, 1),
    ],
    cells: |set, now| {
        let [names, images] = containers(set, &TEMPLATE);
        vec![
            name(set),
            count(set, &["status", "desiredNumberScheduled"]),
            count(set, &["status", "currentNumberScheduled"]),
            count(set, &["status", "numberReady"]),
            count(set, &["status", "updatedNumberScheduled"]),
            count(set, &["status", "numberAvailable"]),
            selector(set, &["spec", "template", "spec", "nodeSelector"]),
            age(set, now),
            names,
            images,
            selector(set, &LABELS),
        ]
    },
};

fn count(object: &Value, path: &[&str]) -> Value {
    json!(number(object, path).unwrap_or(0))
}

/// `2/3`: ready of wanted.
fn ready(object: &Value) -> String {
    let ready = number(object, &["status", "readyReplicas"]).unwrap_or(0);
    format!("{ready}/{}", number(object, &["spec", "replicas"]).unwrap_or(0))
}

/// The restarts of all containers, and how long ago the last was.
fn restarts(statuses: &[Value], now: Timestamp) -> String {
    let sum: i64 = statuses
        .iter()
        .filter_map(|status| number(status, &["restartCount"]))
        .sum();
    let ended = ["lastState", "terminated", "finishedAt"];
    let last = statuses
        .iter()
        .map(|status| text(status, &ended))
        .max()
        .unwrap_or_default();
    if sum > 0 && !last.is_empty() {
        return format!("{sum} ({} ago)", since(last, now));
    }
    sum.to_string()
}

/// What a container waits for or ended with.
fn container_reason(status: &Value) -> Option<String> {
    let waiting = text(status, &["state", "waiting", "reason"]);
    if !waiting.is_empty() {
        return Some(waiting.to_owned());
    }
    let ended = at(status, &["state", "terminated"])?;
    Some(match (text(ended, &["reason"]), number(ended, &["signal"])) {
        ("", Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        ("", _) => format!("ExitCode:{}", number(ended, &["exitCode"]).unwrap_or(0)),
        (reason, _) => reason.to_owned(),
    })
}

/// The `STATUS` of a pod: what is most worth saying of its phase, its containers and its deletion.
fn pod_status(pod: &Value) -> String {
    let phase = text(pod, &["status", "phase"]);
    if at(pod, &["metadata", "deletionTimestamp"]).is_some() {
        return match text(pod, &["status", "reason"]) {
            "NodeLost" => "Unknown".to_owned(),
            _ if phase == "Succeeded" || phase == "Failed" => finished(pod, phase),
            _ => "Terminating".to_owned(),
        };
    }
    finished(pod, phase)
}

fn finished(pod: &Value, phase: &str) -> String {
    let inits = list(pod, &["status", "initContainerStatuses"]);
    let done = |status: &&Value| number(status, &["state", "terminated", "exitCode"]) == Some(0);
    let passed = inits.iter().filter(done).count();
    if let Some(stuck) = inits.iter().find(|status| !done(status)) {
        let total = list(pod, &["spec", "initContainers"]).len();
        return match container_reason(stuck) {
            Some(reason) if reason != "PodInitializing" => format!("Init:{reason}"),
            _ => format!("Init:{passed}/{total}"),
        };
    }
    let statuses = list(pod, &["status", "containerStatuses"]);
    let reasons = statuses.iter().filter_map(container_reason).collect::<Vec<_>>();
    let runs = statuses
        .iter()
        .any(|status| at(status, &["state", "running"]).is_some());
    match reasons.first() {
        Some(reason) if reason == "Completed" && runs => "Running".to_owned(),
        Some(reason) => reason.clone(),
        None => match text(pod, &["status", "reason"]) {
            "" => phase.to_owned(),
            reason => reason.to_owned(),
        },
    }
}
