//! Pods, made from their controllers' real templates, scheduled and started (`reference/semantics.md` §3.8, §3.9).

use super::{Hand, Said, revision};
use crate::model::workload::JOB_TRACKING;
use crate::model::{Key, Kind, Uid};
use crate::sandbox::controllers::{chance, document as doc, kubelet};
use serde_json::{Value, json};

pub(super) const SETS: &str = "statefulset-controller";

/// An ownerReference to the object, as a controller writes it on what it makes.
pub(in crate::sandbox) fn owned_by(owner: &Value) -> Value {
    json!({
        "apiVersion": doc::text(owner, "/apiVersion"),
        "kind": doc::text(owner, "/kind"),
        "name": doc::name(owner),
        "uid": doc::text(owner, "/metadata/uid"),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// A pod from its owner's template, not yet scheduled.
fn from_template(owner: &Value, name: &str) -> Value {
    let template = |pointer: &str| owner.pointer(&format!("/spec/template{pointer}")).cloned();
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": format!("{}-", doc::name(owner)),
            "namespace": doc::namespace(owner),
            "labels": template("/metadata/labels").unwrap_or_else(|| json!({})),
        },
        "spec": template("/spec").unwrap_or_else(|| json!({})),
        "status": { "phase": "Pending", "qosClass": "BestEffort" },
    });
    if let Some(annotations) = template("/metadata/annotations") {
        doc::put(&mut pod, &["metadata", "annotations"], annotations);
    }
    doc::put(&mut pod, &["metadata", "ownerReferences"], json!([owned_by(owner)]));
    pod
}

/// The revision a StatefulSet's or DaemonSet's template has: a hash of the template alone, so that a changed
/// `volumeClaimTemplates` restarts nothing.
pub(in crate::sandbox) fn revision_of(owner: &Value) -> String {
    let template = owner.pointer("/spec/template").unwrap_or(&Value::Null);
    format!("{}-{}", doc::name(owner), revision::hash(template))
}

/// The pod of a StatefulSet's ordinal: its name, its labels, and its own claim behind each template.
pub(in crate::sandbox) fn of_set(set: &Value, ordinal: u32) -> Value {
    let set_name = doc::name(set);
    let name = format!("{set_name}-{ordinal}");
    let mut pod = from_template(set, &name);
    for (label, value) in [
        ("statefulset.kubernetes.io/pod-name", name.clone()),
        ("apps.kubernetes.io/pod-index", ordinal.to_string()),
        ("controller-revision-hash", revision_of(set)),
    ] {
        doc::put(&mut pod, &["metadata", "labels", label], value);
    }
    let templates: Vec<&str> = doc::list(set, "/spec/volumeClaimTemplates")
        .iter()
        .map(doc::name)
        .collect();
    let mut volumes = doc::list(&pod, "/spec/volumes").to_vec();
    volumes.retain(|volume| !templates.contains(&doc::text(volume, "/name")));
    for template in templates {
        let claim = format!("{template}-{set_name}-{ordinal}");
        volumes.push(json!({ "name": template, "persistentVolumeClaim": { "claimName": claim } }));
    }
    doc::put(&mut pod, &["spec", "volumes"], volumes);
    doc::put(&mut pod, &["spec", "hostname"], name);
    doc::put(&mut pod, &["spec", "subdomain"], doc::text(set, "/spec/serviceName"));
    pod
}

/// A pod of a Job, ReplicaSet or DaemonSet.
pub(in crate::sandbox) fn of_owner(owner: &Value, name: &str) -> Value {
    let mut pod = from_template(owner, name);
    match doc::text(owner, "/kind") {
        "Job" => {
            let uid = doc::text(owner, "/metadata/uid");
            for (label, value) in [
                ("batch.kubernetes.io/controller-uid", uid),
                ("batch.kubernetes.io/job-name", doc::name(owner)),
                ("controller-uid", uid),
                ("job-name", doc::name(owner)),
            ] {
                doc::put(&mut pod, &["metadata", "labels", label], value);
            }
            doc::put(&mut pod, &["metadata", "finalizers"], json!([JOB_TRACKING]));
        }
        "DaemonSet" => {
            doc::put(
                &mut pod,
                &["metadata", "labels", "controller-revision-hash"],
                revision_of(owner),
            );
        }
        _ => {}
    }
    pod
}

/// A StatefulSet makes the pod of an ordinal.
pub(super) fn create_of_set(hand: &mut Hand<'_>, key: &Key, uid: &Uid, ordinal: u32) {
    let Some(set) = hand.pinned(key, uid) else { return };
    let pod = of_set(&set, ordinal);
    let told = format!("create Pod {} in StatefulSet {}", doc::name(&pod), key.name);
    match hand.make(pod) {
        Ok(_) => {
            let message = format!("{told} successful");
            hand.say(key, uid, &Said::normal(SETS, "SuccessfulCreate", &message));
        }
        Err(error) => {
            let message = format!("{told} failed error: {error}");
            hand.say(key, uid, &Said::warning(SETS, "FailedCreate", &message));
        }
    }
}

/// A Job, ReplicaSet or DaemonSet makes one more pod.
pub(super) fn spawn(hand: &mut Hand<'_>, key: &Key, uid: &Uid, node: Option<&str>) {
    let Some(owner) = hand.pinned(key, uid) else { return };
    let Some(by) = super::component(key.kind) else { return };
    // A suffix already taken is drawn again, as the API server does for a generateName.
    let name = (0_u32..200)
        .map(|draw| {
            let drawn = format!("{uid}/{}/{draw}", hand.objects.now());
            format!("{}-{}", key.name, chance::suffix(hand.seed, &drawn, 5))
        })
        .find(|name| hand.objects.get(&Key::new(Kind::Pod, &key.namespace, name)).is_none());
    let Some(name) = name else { return };
    let mut pod = of_owner(&owner, &name);
    if let Some(node) = node {
        let field = json!({ "key": "metadata.name", "operator": "In", "values": [node] });
        let path = [
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ];
        doc::put(
            &mut pod,
            &path,
            json!({ "nodeSelectorTerms": [{ "matchFields": [field] }] }),
        );
    }
    match hand.make(pod) {
        Ok(_) => {
            let message = format!("Created pod: {name}");
            hand.say(key, uid, &Said::normal(by, "SuccessfulCreate", &message));
        }
        Err(error) => {
            let message = format!("Error creating: {error}");
            hand.say(key, uid, &Said::warning(by, "FailedCreate", &message));
        }
    }
}

/// The node a pod runs on, or the one its affinity names.
fn destination(pod: &Value) -> &str {
    let placed = doc::text(pod, "/spec/nodeName");
    if placed.is_empty() {
        let path = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution\
                    /nodeSelectorTerms/0/matchFields/0/values/0";
        doc::text(pod, path)
    } else {
        placed
    }
}

/// One step towards running: the scheduler binds the pod to a node, its kubelet accepts it, its containers start.
pub(super) fn start(hand: &mut Hand<'_>, key: &Key, uid: &Uid) {
    let Some(mut pod) = hand.pinned(key, uid) else { return };
    if doc::text(&pod, "/spec/nodeName").is_empty() {
        return schedule(hand, key, uid, pod);
    }
    let now = hand.objects.now();
    if doc::time(&pod, "/status/startTime").is_none() {
        kubelet::accepted(&mut pod, now);
        return hand.write(pod);
    }
    kubelet::running(&mut pod, now);
    let containers: Vec<String> = doc::list(&pod, "/spec/containers")
        .iter()
        .map(|container| doc::text(container, "/name").to_owned())
        .collect();
    hand.write(pod);
    for container in containers {
        for verb in ["Created", "Started"] {
            let message = format!("{verb} container {container}");
            hand.say(key, uid, &Said::normal("kubelet", verb, &message));
        }
    }
}

fn schedule(hand: &mut Hand<'_>, key: &Key, uid: &Uid, mut pod: Value) {
    let Some(node) = choose_node(hand, &pod) else {
        let message = "0/0 nodes are available: no node is ready.";
        return hand.say(
            key,
            uid,
            &Said::warning("default-scheduler", "FailedScheduling", message),
        );
    };
    doc::put(&mut pod, &["spec", "nodeName"], node.as_str());
    kubelet::accepted(&mut pod, hand.objects.now());
    hand.write(pod);
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    hand.say(key, uid, &Said::normal("default-scheduler", "Scheduled", &message));
}

/// The node a pod's affinity names, else the ready node with the fewest pods, by name where they are equal. Which taints a
/// pod bears is not asked: a tainted node gets it only where there is no other.
fn choose_node(hand: &Hand<'_>, pod: &Value) -> Option<String> {
    let named = destination(pod);
    if !named.is_empty() {
        return Some(named.to_owned());
    }
    let all = hand.objects.all();
    let ready = |node: &Value| {
        doc::list(node, "/status/conditions")
            .iter()
            .any(|condition| doc::text(condition, "/type") == "Ready" && doc::text(condition, "/status") == "True")
    };
    let tainted = |node: &Value| {
        let mut taints = doc::list(node, "/spec/taints").iter();
        taints.any(|taint| matches!(doc::text(taint, "/effect"), "NoSchedule" | "NoExecute"))
    };
    let crowd = |name: &str| {
        all.iter()
            .filter(|(key, pod)| key.kind == Kind::Pod && doc::text(pod, "/spec/nodeName") == name)
            .count()
    };
    all.iter()
        .filter(|(key, node)| {
            let closed = node.pointer("/spec/unschedulable") == Some(&Value::Bool(true));
            key.kind == Kind::Node && ready(node) && !closed
        })
        .map(|(key, node)| (tainted(node), key.name.to_string()))
        .min_by_key(|(tainted, name)| (*tainted, crowd(name), name.clone()))
        .map(|(_, name)| name)
}
