//! The `status` of workloads and namespaces, derived from the pods and objects that are there. Knows no law: a status
//! reports and decides nothing.

pub(in crate::sandbox) mod job;
mod namespace;

use super::carry_out::{Hand, pods, replica_sets};
use super::document as doc;
use crate::laws::daemon_set::{Fit, fit};
use crate::model::{Key, Kind, Object};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Pods by the uid of an owner.
pub(in crate::sandbox) type Dependents<'a> = HashMap<&'a str, Vec<&'a Value>>;

/// Writes every status that no longer tells what is.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)]) {
    let now = hand.objects.now();
    let owned = dependents(all);
    for (key, object) in all {
        if let Some(status) = derive(key.kind, object, &owned, all, now)
            && object.get("status") != Some(&status)
            && let Some(mut current) = hand.pinned(key, &doc::uid(object))
        {
            doc::put(&mut current, &["status"], status);
            hand.write(current);
        }
    }
}

/// Pods and ReplicaSets by the uid of whatever owns them.
pub(in crate::sandbox) fn dependents(all: &[(Key, Value)]) -> Dependents<'_> {
    let mut owned: Dependents<'_> = HashMap::new();
    for (key, object) in all {
        if matches!(key.kind, Kind::Pod | Kind::ReplicaSet) {
            for owner in doc::list(object, "/metadata/ownerReferences") {
                owned.entry(doc::text(owner, "/uid")).or_default().push(object);
            }
        }
    }
    owned
}

/// The status an object should have; `None` for kinds whose status somebody else writes.
pub(in crate::sandbox) fn derive(
    kind: Kind,
    object: &Value,
    owned: &Dependents<'_>,
    all: &[(Key, Value)],
    now: Timestamp,
) -> Option<Value> {
    let own: Vec<&Value> = owned
        .get(doc::text(object, "/metadata/uid"))
        .map(|pods| {
            pods.iter()
                .copied()
                .filter(|pod| doc::text(pod, "/kind") == "Pod")
                .collect()
        })
        .unwrap_or_default();
    match kind {
        Kind::StatefulSet => Some(of_stateful_set(object, &own)),
        Kind::ReplicaSet => Some(of_replica_set(object, &own)),
        Kind::DaemonSet => Some(of_daemon_set(object, &own, all)),
        Kind::Deployment => Some(of_deployment(object, owned, now)),
        Kind::Job => Some(job::derive(object, &own, now)),
        Kind::Namespace => Some(namespace::derive(object, all, now)),
        Kind::Node
        | Kind::StorageClass
        | Kind::PersistentVolume
        | Kind::VolumeAttachment
        | Kind::PersistentVolumeClaim
        | Kind::Pod
        | Kind::CronJob
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => None,
    }
}

/// How many pods there are, not counting those that have ended or are being deleted: so a ReplicaSet counts.
fn active(pods: &[&Value]) -> usize {
    pods.iter()
        .filter(|pod| !doc::deleting(pod) && !matches!(doc::text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .count()
}

/// How many pods there are, not counting those that have ended.
fn live(pods: &[&Value]) -> usize {
    pods.iter()
        .filter(|pod| !matches!(doc::text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .count()
}

fn ready(pods: &[&Value]) -> usize {
    pods.iter()
        .filter(|pod| !doc::deleting(pod) && holds(pod, "Ready"))
        .count()
}

pub(super) fn holds(object: &Value, condition: &str) -> bool {
    doc::list(object, "/status/conditions")
        .iter()
        .any(|entry| doc::text(entry, "/type") == condition && doc::text(entry, "/status") == "True")
}

/// The status as it stands, with these counters over it; a counter of zero is left out, as Kubernetes does.
fn counted(object: &Value, always: &[(&str, usize)], sometimes: &[(&str, usize)]) -> Value {
    let mut status = object.get("status").cloned().unwrap_or_else(|| json!({}));
    let generation = doc::number(object, "/metadata/generation").unwrap_or(1);
    doc::put(&mut status, &["observedGeneration"], generation);
    for (field, count) in always {
        doc::put(&mut status, &[field], *count);
    }
    for (field, count) in sometimes {
        if *count > 0 {
            doc::put(&mut status, &[field], *count);
        } else {
            doc::drop_field(&mut status, "", field);
        }
    }
    status
}

fn of_stateful_set(set: &Value, own: &[&Value]) -> Value {
    let (present, ready) = (live(own), ready(own));
    let revision = pods::revision_of(set);
    let updated = own
        .iter()
        .filter(|pod| {
            let labels = pod.pointer("/metadata/labels");
            labels.and_then(|labels| labels.get("controller-revision-hash")) == Some(&json!(revision))
        })
        .count();
    let mut status = counted(
        set,
        &[
            ("replicas", present),
            ("availableReplicas", ready),
            ("collisionCount", 0),
        ],
        &[("readyReplicas", ready), ("updatedReplicas", updated)],
    );
    let current = match doc::text(&status, "/currentRevision") {
        held if !held.is_empty() && updated < present => held.to_owned(),
        _ => revision.clone(),
    };
    let on_current = if current == revision {
        updated
    } else {
        present.saturating_sub(updated)
    };
    doc::put(&mut status, &["currentReplicas"], on_current);
    doc::put(&mut status, &["currentRevision"], current);
    doc::put(&mut status, &["updateRevision"], revision);
    status
}

fn of_replica_set(set: &Value, own: &[&Value]) -> Value {
    let (present, ready) = (active(own), ready(own));
    counted(
        set,
        &[("replicas", present)],
        &[
            ("fullyLabeledReplicas", present),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
        ],
    )
}

/// The nodes that a DaemonSet wants a pod on.
fn nodes_for(set: &Value, all: &[(Key, Value)]) -> usize {
    let Ok(set) = Object::from_value(Kind::DaemonSet, set) else {
        return 0;
    };
    let Some(facts) = set.body.replicated() else { return 0 };
    all.iter()
        .filter(|(key, _)| key.kind == Kind::Node)
        .filter_map(|(key, node)| Object::from_value(key.kind, node).ok())
        .filter(|node| {
            let wanted = node.body.node().map(|node_facts| fit(facts, &node.meta, node_facts));
            wanted == Some(Fit::Runs)
        })
        .count()
}

fn of_daemon_set(set: &Value, own: &[&Value], all: &[(Key, Value)]) -> Value {
    let nodes = nodes_for(set, all);
    let ready = ready(own);
    counted(
        set,
        &[
            ("currentNumberScheduled", live(own)),
            ("desiredNumberScheduled", nodes),
            ("numberMisscheduled", 0),
            ("numberReady", ready),
        ],
        &[
            ("numberAvailable", ready),
            ("numberUnavailable", nodes.saturating_sub(ready)),
            ("updatedNumberScheduled", live(own)),
        ],
    )
}

fn of_deployment(deployment: &Value, owned: &Dependents<'_>, now: Timestamp) -> Value {
    let sets = owned
        .get(doc::text(deployment, "/metadata/uid"))
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut counts = (0, 0, 0);
    for set in sets {
        let own = owned
            .get(doc::text(set, "/metadata/uid"))
            .map(Vec::as_slice)
            .unwrap_or_default();
        counts.0 += active(own);
        counts.1 += ready(own);
        if replica_sets::same_template(deployment, set) {
            counts.2 += active(own);
        }
    }
    let (present, ready, updated) = counts;
    let wanted = usize::try_from(doc::number(deployment, "/spec/replicas").unwrap_or(1)).unwrap_or(usize::MAX);
    let mut status = counted(
        deployment,
        &[],
        &[
            ("replicas", present),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
            ("unavailableReplicas", wanted.max(present).saturating_sub(ready)),
        ],
    );
    let conditions = doc::list(&status, "/conditions").to_vec();
    // A rolling update may take a quarter of the pods away, rounded down.
    let enough = ready >= wanted - wanted / 4;
    let available = if enough {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        (
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    let conditions = with_condition(conditions, "Available", enough, available, now);
    let progress = if updated >= wanted && ready >= wanted {
        ("NewReplicaSetAvailable", "ReplicaSet has successfully progressed.")
    } else {
        ("ReplicaSetUpdated", "ReplicaSet is progressing.")
    };
    let conditions = with_condition(conditions, "Progressing", true, progress, now);
    doc::put(&mut status, &["conditions"], conditions);
    status
}

/// The conditions with this one set; its transition time moves only when its status does. A reason and message of ""
/// are left out.
pub(in crate::sandbox) fn with_condition(
    mut conditions: Vec<Value>,
    kind: &str,
    holds: bool,
    (reason, message): (&str, &str),
    now: Timestamp,
) -> Vec<Value> {
    let status = if holds { "True" } else { "False" };
    let mut told = json!({ "type": kind, "status": status, "lastTransitionTime": doc::stamp(now) });
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            doc::put(&mut told, &[field], text);
        }
    }
    match conditions.iter_mut().find(|entry| doc::text(entry, "/type") == kind) {
        Some(held) if doc::text(held, "/status") == status => {
            if doc::text(held, "/reason") != reason || doc::text(held, "/message") != message {
                if let Some(since) = held.get("lastTransitionTime") {
                    doc::put(&mut told, &["lastTransitionTime"], since.clone());
                }
                *held = told;
            }
        }
        Some(held) => *held = told,
        None => conditions.push(told),
    }
    conditions
}
