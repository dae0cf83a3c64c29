//! What the server says of itself: its version, its groups and its resources, in the old form and the aggregated one.

use super::answer::{self, Sending};
use hyper::Response;
use pilothouse::model::Kind;
use serde_json::{Map, Value, json};

/// A resource: what it is called, and the kind that is served under it, if any are there.
pub(super) struct Resource {
    pub(super) group: &'static str,
    pub(super) plural: &'static str,
    pub(super) name: &'static str,
    short: &'static str,
    pub(super) namespaced: bool,
    pub(super) kind: Option<Kind>,
}

const fn of(kind: Kind, short: &'static str) -> Resource {
    Resource {
        group: kind.group(),
        plural: kind.plural(),
        name: kind.name(),
        short,
        namespaced: kind.namespaced(),
        kind: Some(kind),
    }
}

const fn empty(plural: &'static str, name: &'static str, short: &'static str) -> Resource {
    Resource {
        group: "",
        plural,
        name,
        short,
        namespaced: true,
        kind: None,
    }
}

/// Everything that is served; the last few are always empty, but for the Events of one object.
pub(super) const RESOURCES: [Resource; 19] = [
    of(Kind::Namespace, "ns"),
    of(Kind::Node, "no"),
    of(Kind::PersistentVolume, "pv"),
    of(Kind::PersistentVolumeClaim, "pvc"),
    of(Kind::Pod, "po"),
    of(Kind::Release, ""),
    of(Kind::StorageClass, "sc"),
    of(Kind::VolumeAttachment, ""),
    of(Kind::Job, ""),
    of(Kind::CronJob, "cj"),
    of(Kind::StatefulSet, "sts"),
    of(Kind::Deployment, "deploy"),
    of(Kind::ReplicaSet, "rs"),
    of(Kind::DaemonSet, "ds"),
    of(Kind::PodDisruptionBudget, "pdb"),
    of(Kind::ReleaseMap, "cm"),
    empty("events", "Event", "ev"),
    empty("serviceaccounts", "ServiceAccount", "sa"),
    empty("services", "Service", "svc"),
];

/// The groups with a name.
const GROUPS: [&str; 6] = [
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "batch",
    "policy",
    "storage.k8s.io",
];

/// Answers at the paths of discovery; `None` at all others.
pub(super) fn answer(path: &str, accept: &str) -> Option<Response<Sending>> {
    let aggregated = accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2");
    let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
    let told = match steps.as_slice() {
        ["version"] => version(),
        ["readyz" | "livez" | "healthz"] => return Some(answer::text("ok")),
        ["api"] if aggregated => return Some(aggregate(&[""])),
        ["apis"] if aggregated => return Some(aggregate(&GROUPS)),
        ["api"] => json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
        ["apis"] => {
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": GROUPS.map(group).to_vec() })
        }
        ["api", "v1"] => resources(""),
        ["apis", name] if GROUPS.contains(name) => group(name),
        ["apis", name, "v1"] if GROUPS.contains(name) => resources(name),
        _ => return None,
    };
    Some(answer::json(200, &told))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "linux/amd64",
    })
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version })
}

fn of_group(group: &str) -> impl Iterator<Item = &'static Resource> {
    RESOURCES.iter().filter(move |resource| resource.group == group)
}

fn resources(group: &str) -> Value {
    let told = of_group(group).map(|resource| {
        let mut told = json!({
            "name": resource.plural, "singularName": resource.name.to_lowercase(), "namespaced": resource.namespaced,
            "kind": resource.name, "verbs": ["get", "list", "watch"],
        });
        with_short(&mut told, resource);
        told
    });
    let version = if group.is_empty() {
        "v1".to_owned()
    } else {
        format!("{group}/v1")
    };
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": told.collect::<Vec<_>>() })
}

fn with_short(told: &mut Value, resource: &Resource) {
    if let (false, Some(fields)) = (resource.short.is_empty(), told.as_object_mut()) {
        fields.insert("shortNames".to_owned(), json!([resource.short]));
    }
}

fn aggregate(groups: &[&str]) -> Response<Sending> {
    let items: Vec<Value> = groups
        .iter()
        .map(|name| {
            let resources = of_group(name).map(|resource| {
                let mut told = json!({
                    "resource": resource.plural,
                    "responseKind": { "group": "", "version": "", "kind": resource.name },
                    "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
                    "singularResource": resource.name.to_lowercase(), "verbs": ["get", "list", "watch"],
                });
                with_short(&mut told, resource);
                told
            });
            let mut metadata = Map::new();
            if !name.is_empty() {
                metadata.insert("name".to_owned(), json!(name));
            }
            let version =
                json!({ "version": "v1", "resources": resources.collect::<Vec<_>>(), "freshness": "Current" });
            json!({ "metadata": metadata, "versions": [version] })
        })
        .collect();
    let told = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    answer::bytes(200, content_type, told.to_string().into_bytes())
}
