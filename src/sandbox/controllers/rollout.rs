//! A changed template of a DaemonSet reaches its pods, one after another. Those of Deployments and StatefulSets are laws;
//! which template a DaemonSet's pod was made from cannot be told from facts, only from the whole objects here.

use super::carry_out::{Hand, Said, pods};
use super::status::Dependents;
use super::{document as doc, status};
use crate::model::{Key, Kind, Propagation};
use serde_json::Value;

/// Brings every DaemonSet one step nearer to its present template.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)]) {
    let owned = status::dependents(all);
    for (key, object) in all.iter().filter(|(_, object)| !doc::deleting(object)) {
        if key.kind == Kind::DaemonSet {
            of_daemon_set(hand, key, object, &owned);
        }
    }
}

fn of_daemon_set(hand: &mut Hand<'_>, key: &Key, set: &Value, owned: &Dependents<'_>) {
    let own = owned.get(doc::text(set, "/metadata/uid")).map(Vec::as_slice);
    let own: Vec<&Value> = own
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|pod| doc::text(pod, "/kind") == "Pod")
        .collect();
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
    let message = format!("Deleted pod: {}", pod_key.name);
    let said = Said::normal("daemonset-controller", "SuccessfulDelete", &message);
    hand.say(key, &doc::uid(owner), &said);
}
