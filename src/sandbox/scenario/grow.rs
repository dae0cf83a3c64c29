//! From sheets to a cluster that has been running for a while: uids, owners' stamps, protection finalizers, bound pairs,
//! grown pods, attachments and statuses. Makes what the controllers would have made, with their own code.

use super::ScenarioError;
use super::expand::{Sheet, uid_of};
use super::release;
use crate::laws::Conditions;
use crate::model::storage::{BIND_COMPLETED, EXTERNAL_PROVISIONER, PV_PROTECTION, PVC_PROTECTION};
use crate::model::{Key, Kind};
use crate::sandbox::controllers::carry_out::{pods, replica_sets};
use crate::sandbox::controllers::{attach, chance, document as doc, kubelet, status};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// The age of an object that does not tell it.
const USUAL_AGE: Duration = Duration::from_hours(90 * 24);

/// All objects, complete, namespaces first.
pub(super) fn grow(
    file: &str,
    sheets: Vec<Sheet>,
    conditions: &Conditions,
    now: Timestamp,
) -> Result<Vec<Value>, ScenarioError> {
    let (records, manifests): (Vec<Sheet>, Vec<Sheet>) = sheets
        .into_iter()
        .partition(|sheet| doc::text(&sheet.object, "/kind") == "HelmRelease");
    let nodes: Vec<String> = manifests
        .iter()
        .filter(|sheet| doc::text(&sheet.object, "/kind") == "Node")
        .map(|sheet| doc::name(&sheet.object).to_owned())
        .collect();
    let mut objects = Vec::new();
    for mut sheet in manifests {
        complete(&mut sheet, now);
        stamp_release(file, &mut sheet)?;
        let wish = sheet
            .object
            .as_object_mut()
            .and_then(|fields| fields.shift_remove("grow"));
        let grown = match wish {
            Some(wish) => of_workload(file, &sheet, &wish, &nodes)?,
            None => Vec::new(),
        };
        objects.push((sheet.line, sheet.column, sheet.object));
        objects.extend(grown.into_iter().map(|object| (sheet.line, sheet.column, object)));
    }
    for record in &records {
        let stamped: Vec<&Value> = objects.iter().map(|(_, _, object)| object).collect();
        let secrets = release::records(file, record, &stamped)?;
        objects.extend(secrets.into_iter().map(|secret| (record.line, record.column, secret)));
    }
    unique(file, &objects)?;
    let mut objects: Vec<Value> = objects.into_iter().map(|(_, _, object)| object).collect();
    settle(&mut objects, conditions, now);
    objects.sort_by_key(|object| match doc::text(object, "/kind") {
        "Namespace" => 0,
        "Node" | "StorageClass" => 1,
        _ => 2,
    });
    Ok(objects)
}

fn unique(file: &str, objects: &[(u64, u64, Value)]) -> Result<(), ScenarioError> {
    let mut seen = HashSet::new();
    for (line, column, object) in objects {
        let place = (
            doc::text(object, "/apiVersion"),
            doc::text(object, "/kind"),
            doc::namespace(object),
            doc::name(object),
        );
        if !seen.insert(place) {
            return Err(ScenarioError {
                file: file.to_owned(),
                line: *line,
                column: *column,
                problem: format!("there is a second {} {} in {}", place.1, place.3, or_cluster(place.2)),
                fix: "give it another name or remove one of them".to_owned(),
            });
        }
    }
    Ok(())
}

fn or_cluster(namespace: &str) -> &str {
    if namespace.is_empty() { "the cluster" } else { namespace }
}

/// Fills in what admission would have: uid, creation time, protection finalizers, the phases of a namespace.
fn complete(sheet: &mut Sheet, now: Timestamp) {
    let object = &mut sheet.object;
    identify(object, now);
    let kind = doc::text(object, "/kind").to_owned();
    match kind.as_str() {
        "Namespace" => {
            let name = doc::name(object).to_owned();
            doc::put(object, &["metadata", "labels", "kubernetes.io/metadata.name"], name);
            doc::put(object, &["spec", "finalizers"], json!(["kubernetes"]));
        }
        "PersistentVolumeClaim" => complete_claim(object),
        "PersistentVolume" => complete_volume(object),
        _ => {}
    }
}

fn identify(object: &mut Value, now: Timestamp) {
    if doc::text(object, "/metadata/uid").is_empty() {
        let uid = uid_of(doc::text(object, "/kind"), doc::namespace(object), doc::name(object));
        doc::put(object, &["metadata", "uid"], uid);
    }
    if doc::text(object, "/metadata/creationTimestamp").is_empty() {
        let at = now.checked_sub(USUAL_AGE).unwrap_or(Timestamp::UNIX_EPOCH);
        doc::put(object, &["metadata", "creationTimestamp"], doc::stamp(at));
    }
    if doc::deleting(object) && object.pointer("/metadata/deletionGracePeriodSeconds").is_none() {
        doc::put(object, &["metadata", "deletionGracePeriodSeconds"], 0);
    }
}

fn complete_claim(claim: &mut Value) {
    if claim.pointer("/metadata/finalizers").is_none() {
        doc::put(claim, &["metadata", "finalizers"], json!([PVC_PROTECTION]));
    }
    if claim.get("status").is_some() {
        return;
    }
    if doc::text(claim, "/spec/volumeName").is_empty() {
        doc::put(claim, &["status", "phase"], "Pending");
        return;
    }
    doc::put(claim, &["metadata", "annotations", BIND_COMPLETED], "yes");
    doc::put(claim, &["status", "phase"], "Bound");
    for (from, to) in [
        ("/spec/accessModes", "accessModes"),
        ("/spec/resources/requests", "capacity"),
    ] {
        if let Some(value) = claim.pointer(from).cloned() {
            doc::put(claim, &["status", to], value);
        }
    }
}

fn complete_volume(volume: &mut Value) {
    if volume.pointer("/metadata/finalizers").is_none() {
        let mut finalizers = vec![json!(PV_PROTECTION)];
        let policy = doc::text(volume, "/spec/persistentVolumeReclaimPolicy");
        if policy == "Delete" && !doc::text(volume, "/spec/csi/driver").is_empty() {
            finalizers.push(json!(EXTERNAL_PROVISIONER));
        }
        doc::put(volume, &["metadata", "finalizers"], finalizers);
    }
    if volume.get("status").is_none() {
        let bound = !doc::text(volume, "/spec/claimRef/uid").is_empty();
        doc::put(volume, &["status", "phase"], if bound { "Bound" } else { "Available" });
    }
    let since = doc::text(volume, "/metadata/creationTimestamp").to_owned();
    if volume.pointer("/status/lastPhaseTransitionTime").is_none() {
        doc::put(volume, &["status", "lastPhaseTransitionTime"], since);
    }
}

/// `release: namespace/name` becomes the label and annotations by which Helm knows its own.
fn stamp_release(file: &str, sheet: &mut Sheet) -> Result<(), ScenarioError> {
    let Some(release) = sheet
        .object
        .as_object_mut()
        .and_then(|fields| fields.shift_remove("release"))
    else {
        return Ok(());
    };
    let Some((namespace, name)) = release.as_str().and_then(|release| release.split_once('/')) else {
        let fix = "write release: NAMESPACE/NAME";
        return Err(sheet.wrong(file, "this object's release is not told by namespace and name", fix));
    };
    let object = &mut sheet.object;
    doc::put(object, &["metadata", "labels", release::MANAGED_BY], "Helm");
    doc::put(object, &["metadata", "annotations", release::NAME], name);
    doc::put(object, &["metadata", "annotations", release::NAMESPACE], namespace);
    Ok(())
}

/// The pods of a workload, and the ReplicaSet between a Deployment and its own.
fn of_workload(file: &str, sheet: &Sheet, wish: &Value, nodes: &[String]) -> Result<Vec<Value>, ScenarioError> {
    let workload = &sheet.object;
    let born = doc::text(workload, "/metadata/creationTimestamp").to_owned();
    let replicas = doc::number(workload, "/spec/replicas").unwrap_or(1);
    let told = doc::list(wish, "/pods");
    let mut grown = Vec::new();
    match doc::text(workload, "/kind") {
        "StatefulSet" => {
            let start = doc::number(workload, "/spec/ordinals/start").unwrap_or(0);
            for ordinal in start..start.saturating_add(replicas) {
                let pod = pods::of_set(workload, u32::try_from(ordinal).unwrap_or(u32::MAX));
                grown.push(start_pod(pod, told.get(grown.len()), &born, nodes, grown.len()));
            }
        }
        "Deployment" => {
            let mut set = replica_sets::of_deployment(workload);
            identify(&mut set, born.parse().unwrap_or_default());
            doc::put(&mut set, &["metadata", "creationTimestamp"], born.as_str());
            let own = generated(&set, replicas, told, &born, nodes);
            grown.push(set);
            grown.extend(own);
        }
        "DaemonSet" => {
            for node in nodes {
                let mut pod = pods::of_owner(workload, &generated_name(workload, node));
                doc::put(&mut pod, &["spec", "nodeName"], node.as_str());
                grown.push(start_pod(pod, None, &born, nodes, 0));
            }
        }
        "ReplicaSet" => grown = generated(workload, replicas, told, &born, nodes),
        "Job" => {
            let parallelism = doc::number(workload, "/spec/parallelism").unwrap_or(1);
            grown = generated(workload, parallelism, told, &born, nodes);
        }
        kind => {
            let fix = "use grow on a StatefulSet, Deployment, ReplicaSet, DaemonSet or Job";
            return Err(sheet.wrong(file, format!("a {kind} makes no pods"), fix));
        }
    }
    Ok(grown)
}

/// Pods with drawn names: as many as are told, else as many as the owner wants.
fn generated(owner: &Value, wanted: u64, told: &[Value], born: &str, nodes: &[String]) -> Vec<Value> {
    let count = if told.is_empty() {
        wanted
    } else {
        u64::try_from(told.len()).unwrap_or(wanted)
    };
    (0..count)
        .zip(0_usize..)
        .map(|(number, at)| {
            let told = told.get(at);
            let name = match told.map(|told| doc::text(told, "/suffix")) {
                Some(suffix) if !suffix.is_empty() => format!("{}-{suffix}", doc::name(owner)),
                _ => generated_name(owner, &number.to_string()),
            };
            start_pod(pods::of_owner(owner, &name), told, born, nodes, at)
        })
        .collect()
}

fn generated_name(owner: &Value, salt: &str) -> String {
    let drawn = format!("{}/{}/{salt}", doc::namespace(owner), doc::name(owner));
    format!("{}-{}", doc::name(owner), chance::suffix(0, &drawn, 5))
}

/// The pod as its kubelet would report it by now: running and ready, unless told otherwise.
fn start_pod(mut pod: Value, told: Option<&Value>, born: &str, nodes: &[String], at: usize) -> Value {
    let told = told.unwrap_or(&Value::Null);
    let text = |field: &str| doc::text(told, field).to_owned();
    let since = match text("/age") {
        age if age.is_empty() => born.to_owned(),
        age => age,
    };
    let since: Timestamp = since.parse().unwrap_or_default();
    identify(&mut pod, since);
    doc::put(&mut pod, &["metadata", "creationTimestamp"], doc::stamp(since));
    let phase = text("/phase");
    if phase == "Pending" {
        return pod;
    }
    if doc::text(&pod, "/spec/nodeName").is_empty() {
        // One owner's pods are spread over the nodes in turn, from a node of its own.
        let owner = format!("{}/{}", doc::namespace(&pod), doc::text(&pod, "/metadata/generateName"));
        let drawn = chance::below(0, &owner, u64::try_from(nodes.len()).unwrap_or(1));
        let turn = usize::try_from(drawn).unwrap_or(0) + at;
        let node = match text("/node") {
            node if node.is_empty() => nodes.get(turn % nodes.len().max(1)).cloned().unwrap_or_default(),
            node => node,
        };
        doc::put(&mut pod, &["spec", "nodeName"], node);
    }
    kubelet::accepted(&mut pod, since);
    kubelet::running(&mut pod, doc::later(since, Duration::from_secs(2)));
    kubelet::ready(&mut pod);
    if phase == "Succeeded" {
        let ended = doc::time(told, "/finishedAt").unwrap_or_else(|| doc::later(since, Duration::from_mins(10)));
        kubelet::completed(&mut pod, ended);
    }
    pod
}

/// Attachments, and the statuses that follow from what is there.
fn settle(objects: &mut Vec<Value>, conditions: &Conditions, now: Timestamp) {
    let known = |object: &Value| {
        doc::key(object).or_else(|| {
            (doc::text(object, "/type") == crate::model::fact::RELEASE_SECRET_TYPE)
                .then(|| Key::new(Kind::Release, doc::namespace(object), doc::name(object)))
        })
    };
    let (keyed, others): (Vec<Value>, Vec<Value>) = objects.drain(..).partition(|object| known(object).is_some());
    let mut all: Vec<(Key, Value)> = keyed
        .into_iter()
        .filter_map(|object| known(&object).map(|key| (key, object)))
        .collect();
    let before = all.len();
    attach::grow(&mut all, conditions);
    for (_, attachment) in all.iter_mut().skip(before) {
        identify(attachment, now);
    }
    // A Deployment counts what its ReplicaSets count; both are counted from the pods, so one pass is enough.
    for (key, pod) in &mut all {
        let counted = matches!(doc::text(pod, "/status/phase"), "Succeeded" | "Failed");
        if key.kind == Kind::Pod && counted {
            // the Job has counted it long ago
            let mut held = doc::list(pod, "/metadata/finalizers").to_vec();
            held.retain(|finalizer| finalizer != crate::model::workload::JOB_TRACKING);
            doc::put(pod, &["metadata", "finalizers"], held);
        }
    }
    let owned = status::dependents(&all);
    let statuses: Vec<Option<Value>> = all
        .iter()
        .map(|(key, object)| {
            let since = doc::time(object, "/metadata/creationTimestamp").unwrap_or(now);
            let mut status = status::derive(key.kind, object, &owned, &all, since);
            if let Some(status) = status.as_mut().filter(|_| key.kind == Kind::Job) {
                status::job::close_loaded(object, status, since);
            }
            status
        })
        .collect();
    for ((_, object), status) in all.iter_mut().zip(statuses) {
        if let Some(status) = status {
            doc::put(object, &["status"], status);
        }
    }
    objects.extend(all.into_iter().map(|(_, object)| object));
    objects.extend(others);
}
