//! Rollouts: a changed template reaches the pods, one after another (`reference/semantics.md` §3.8, trap 45). The laws
//! keep what is there alive; which template it is made from is decided here. A Deployment's surge and unavailability are
//! not counted out: its new ReplicaSet grows whole, and the old ones go when it is ready.

use super::carry_out::{Hand, Said, component, pods, replica_sets};
use super::status::Dependents;
use super::{document as doc, status};
use crate::model::{Key, Kind, Propagation};
use serde_json::Value;

/// Brings every workload one step nearer to its present template.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)]) {
    let owned = status::dependents(all);
    for (key, object) in all.iter().filter(|(_, object)| !doc::deleting(object)) {
        match key.kind {
            Kind::Deployment => of_deployment(hand, key, object, &owned),
            Kind::StatefulSet => of_stateful_set(hand, key, object, &owned),
            Kind::DaemonSet => of_daemon_set(hand, key, object, &owned),
            _ => {}
        }
    }
}

fn own<'a>(owned: &Dependents<'a>, object: &Value, kind: &str) -> Vec<&'a Value> {
    let all = owned.get(doc::text(object, "/metadata/uid")).map(Vec::as_slice);
    all.unwrap_or_default()
        .iter()
        .copied()
        .filter(|dependent| doc::text(dependent, "/kind") == kind)
        .collect()
}

fn replicas(object: &Value) -> u64 {
    doc::number(object, "/spec/replicas").unwrap_or(1)
}

/// Without any ReplicaSet it is a law that makes the first one.
fn of_deployment(hand: &mut Hand<'_>, key: &Key, deployment: &Value, owned: &Dependents<'_>) {
    let sets = own(owned, deployment, "ReplicaSet");
    let same = |set: &&&Value| replica_sets::same_template(deployment, set);
    let Some(current) = sets.iter().find(same) else {
        if !sets.is_empty() && deployment.pointer("/spec/paused") != Some(&Value::Bool(true)) {
            replica_sets::spawn(hand, key, &doc::uid(deployment));
        }
        return;
    };
    let wanted = replicas(deployment);
    let others = || {
        sets.iter()
            .filter(|set| doc::name(set) != doc::name(current) && replicas(set) > 0)
    };
    if others().next().is_none() {
        return; // its scale is kept by a law
    }
    scale(hand, current, wanted);
    if doc::number(current, "/status/readyReplicas").unwrap_or(0) >= wanted {
        for old in others() {
            scale(hand, old, 0);
        }
    }
}

fn scale(hand: &mut Hand<'_>, set: &Value, wanted: u64) {
    if let Some(key) = doc::key(set)
        && replicas(set) != wanted
    {
        replica_sets::scale(hand, &key, &doc::uid(set), u32::try_from(wanted).unwrap_or(u32::MAX));
    }
}

/// From the highest ordinal down to the partition, and only while every pod is ready.
fn of_stateful_set(hand: &mut Hand<'_>, key: &Key, set: &Value, owned: &Dependents<'_>) {
    if doc::text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let own = own(owned, set, "Pod");
    let complete = u64::try_from(own.len()).is_ok_and(|count| count == replicas(set));
    if !complete || !own.iter().all(|pod| settled(pod)) {
        return;
    }
    let partition = doc::number(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let ordinal = |pod: &Value| {
        doc::name(pod)
            .rsplit_once('-')
            .and_then(|(_, number)| number.parse::<u64>().ok())
    };
    let stale = outdated(set, &own)
        .into_iter()
        .filter(|pod| ordinal(pod) >= Some(partition));
    if let Some(pod) = stale.max_by_key(|pod| ordinal(pod)) {
        replace(hand, key, set, pod);
    }
}

fn of_daemon_set(hand: &mut Hand<'_>, key: &Key, set: &Value, owned: &Dependents<'_>) {
    let own = own(owned, set, "Pod");
    if doc::text(set, "/spec/updateStrategy/type") != "OnDelete"
        && own.iter().all(|pod| settled(pod))
        && let Some(pod) = outdated(set, &own).first()
    {
        replace(hand, key, set, pod);
    }
}

/// Ready and not on its way out.
fn settled(pod: &Value) -> bool {
    !doc::deleting(pod) && status::holds(pod, "Ready")
}

/// The pods that say they were made from another template. One that says nothing is left alone.
fn outdated<'a>(owner: &Value, own: &[&'a Value]) -> Vec<&'a Value> {
    let current = pods::revision_of(owner);
    let label = |pod: &Value| {
        let labels = pod.pointer("/metadata/labels")?;
        labels.get("controller-revision-hash")?.as_str().map(str::to_owned)
    };
    let other = |pod: &&&Value| label(pod).is_some_and(|revision| revision != current);
    own.iter().filter(other).copied().collect()
}

fn replace(hand: &mut Hand<'_>, key: &Key, owner: &Value, pod: &Value) {
    let pod_key = Key::new(Kind::Pod, &key.namespace, doc::name(pod));
    hand.delete(&pod_key, &doc::uid(pod), Propagation::Background);
    let Some(by) = component(key.kind) else { return };
    let message = match key.kind {
        Kind::StatefulSet => format!("delete Pod {} in StatefulSet {} successful", pod_key.name, key.name),
        _ => format!("Deleted pod: {}", pod_key.name),
    };
    hand.say(key, &doc::uid(owner), &Said::normal(by, "SuccessfulDelete", &message));
}
