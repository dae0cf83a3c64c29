//! Worlds for tests, read from YAML by the real decoder. Known only to tests.

pub(crate) mod random;

use crate::laws::{Change, Conditions, Law, Settled, settle};
use crate::model::{Key, Kind, Object, World};
use serde::Deserialize as _;
use std::collections::BTreeSet;

/// The objects of a YAML text: a list of objects, or documents parted by `---`.
pub(crate) fn objects(yaml: &str) -> Vec<Object> {
    yaml.split("\n---")
        .filter(|document| !document.trim().is_empty())
        .flat_map(|document| {
            let value: serde_json::Value = serde_saphyr::from_str(document).expect("YAML");
            match value {
                serde_json::Value::Array(list) => list,
                single => vec![single],
            }
        })
        .map(|value| {
            let text = |field: &str| String::deserialize(&value[field]).expect(field);
            let (version, name) = (text("apiVersion"), text("kind"));
            let kind = Kind::from_api(&version, &name).unwrap_or_else(|| match name.as_str() {
                "Secret" => Kind::Release,
                "ConfigMap" => Kind::ReleaseMap,
                _ => panic!("no kind the world holds: {version} {name}"),
            });
            let mut object = Object::from_value(kind, &value).expect("an object");
            if object.meta.uid.is_empty() {
                object.meta.uid = uid(&name, &object.meta.name);
            }
            object
        })
        .collect()
}

/// The uid an object gets that states none: `Pod/mysql-0`.
pub(crate) fn uid(kind: &str, name: &str) -> crate::model::Uid {
    crate::model::Uid::new(&format!("{kind}/{name}"))
}

/// The world of a YAML text. Where it states no node, those that pods stand on are there, and ready.
pub(crate) fn world(yaml: &str) -> World {
    let mut objects = objects(yaml);
    if !objects.iter().any(|object| object.kind() == Kind::Node) {
        let names: BTreeSet<String> = objects
            .iter()
            .filter_map(|object| object.body.pod())
            .filter(|pod| pod.scheduled())
            .map(|pod| pod.spec.node_name.to_string())
            .collect();
        let nodes: String = names.iter().map(|name| node(name)).collect();
        objects.extend(self::objects(&nodes));
    }
    World::of(objects)
}

/// The rest of a pod's `metadata`: it is being deleted, and its kubelet has not confirmed yet.
pub(crate) const DYING: &str = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30";

/// The rest of an object's `metadata`: a workload `w` controls it.
pub(crate) fn owned(kind: &str, uid: &str) -> String {
    format!(", ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: w, uid: {uid}, controller: true}}]")
}

/// A workload of the selector `app: w` in namespace `a`, whose pods use the claim `data`.
pub(crate) fn workload(kind: &str, name: &str, meta: &str, spec: &str) -> String {
    format!(
        "\n---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: a, labels: {{app: w}}{meta}}}\nspec: {{selector: {{matchLabels: {{app: w}}}}, template: {{metadata: {{labels: {{app: w}}}}, spec: {{volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}}}{spec}}}\n"
    )
}

/// A pod labelled `app: w` in namespace `a`.
pub(crate) fn pod(name: &str, meta: &str, node: &str, phase: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {{app: w}}{meta}}}\nspec: {{nodeName: {node}}}\nstatus: {{phase: {phase}}}\n"
    )
}

/// A ready node.
pub(crate) fn node(name: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{conditions: [{{type: Ready, status: \"True\"}}]}}\n"
    )
}

/// `pvc a/data` → its key; cluster-scoped kinds go without a namespace: `pv v1`.
pub(crate) fn key(text: &str) -> Key {
    let (kind, place) = text.split_once(' ').expect("kind and place");
    let kind = Kind::from_word(kind).expect("a kind");
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    Key::new(kind, namespace, name)
}

/// What one law says to a world, a line each.
pub(crate) fn says(law: &Law, world: &World, conditions: &Conditions) -> Vec<String> {
    (law.react)(world, conditions)
        .iter()
        .map(|reaction| said(&reaction.change))
        .collect()
}

/// Runs a table of cases against one law: a name, a world, what the law says.
pub(crate) fn table(law: &Law, conditions: &Conditions, cases: &[(&str, &str, &[&str])]) {
    for (name, yaml, expected) in cases {
        assert_eq!(says(law, &world(yaml), conditions), *expected, "{name}");
    }
}

/// The world at rest, and every reaction on the way, as `law: change`.
pub(crate) fn at_rest(world: &World, conditions: &Conditions) -> (World, Vec<String>) {
    let mut world = world.clone();
    let mut heard = Vec::new();
    let settled = settle(&mut world, conditions, &mut |_, reaction| {
        heard.push(format!("{}: {}", reaction.law, said(&reaction.change)));
    });
    assert_eq!(settled, Settled::AtRest, "{heard:#?}");
    (world, heard)
}

/// A change in a line: `RemoveFinalizer pvc/data kubernetes.io/pvc-protection`.
pub(crate) fn said(change: &Change) -> String {
    match change {
        Change::Delete {
            object, propagation, ..
        } => format!("Delete {object} {}", propagation.word()),
        Change::ConfirmPodGone { pod, .. } => format!("ConfirmPodGone {pod}"),
        Change::AddFinalizer { object, finalizer, .. } => format!("AddFinalizer {object} {finalizer}"),
        Change::RemoveFinalizer { object, finalizer, .. } => format!("RemoveFinalizer {object} {finalizer}"),
        Change::Reattach {
            attachment, finalizer, ..
        } => format!("Reattach {attachment} {finalizer}"),
        Change::RemoveOwner { object, owner, .. } => format!("RemoveOwner {object} {owner}"),
        Change::Bind { claim, volume, .. } => format!("Bind {claim} {volume}"),
        Change::LoseClaim { claim, .. } => format!("LoseClaim {claim}"),
        Change::SetVolumePhase { volume, phase, .. } => format!("{phase:?} {volume}"),
        Change::Unbind { volume, .. } => format!("Unbind {volume}"),
        Change::Provision { claim, .. } => format!("Provision {claim}"),
        Change::DestroyDisk { volume, .. } => format!("DestroyDisk {volume}"),
        Change::CreatePod { set, ordinal, .. } => format!("CreatePod {set} {ordinal}"),
        Change::CreateClaim {
            set, template, ordinal, ..
        } => format!("CreateClaim {set} {template} {ordinal}"),
        Change::GiveUp { set, .. } => format!("GiveUp {set}"),
        Change::SpawnPod { owner, node: None, .. } => format!("SpawnPod {owner}"),
        Change::SpawnPod {
            owner,
            node: Some(node),
            ..
        } => format!("SpawnPod {owner} {node}"),
        Change::SpawnReplicaSet {
            deployment, replicas, ..
        } => format!("SpawnReplicaSet {deployment} {replicas}"),
        Change::CountPod {
            job, pod, succeeded, ..
        } => format!(
            "CountPod {job} {pod} {}",
            if *succeeded { "succeeded" } else { "failed" }
        ),
        Change::FinishJob { job, failed, .. } => format!("{} {job}", if *failed { "Failed" } else { "Complete" }),
        Change::AssignClass { claim, class, .. } => format!("AssignClass {claim} {class}"),
        Change::CountBudget { budget, count, .. } => format!(
            "CountBudget {budget} allowed {} healthy {}/{} of {}",
            count.disruptions_allowed, count.current_healthy, count.desired_healthy, count.expected_pods
        ),
        Change::Scale { object, replicas, .. } => format!("Scale {object} {replicas}"),
        Change::Annotate {
            object,
            annotation,
            value,
            ..
        } => format!("Annotate {object} {annotation}={value}"),
        Change::StartPod { pod, .. } => format!("StartPod {pod}"),
        Change::Adopt { owner, object, .. } => format!("Adopt {owner} {object}"),
    }
}
