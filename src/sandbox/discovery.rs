//! What the server says of itself: version, groups, resources in the old and the aggregated form, and small `OpenAPI`
//! documents. Knows the table of resources and no object.

mod openapi;

use super::http::Answer;
use super::resources::{RESOURCES, Resource, VERBS};
use hyper::header;
use serde_json::{Map, Value, json};

/// The minor version of Kubernetes the sandbox plays unless told otherwise: that of the kit's real control plane.
pub(super) const MINOR: u32 = 36;

/// The old `OpenAPI` document has one form that clients read: protobuf.
const OPENAPI_V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// Resources that hold no objects: the reviews. Group, plural, kind.
const REVIEWS: [(&str, &str, &str); 3] = [
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    (
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
    ),
    (
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
    ),
];

/// Answers at the paths of discovery; `None` at all others.
pub(super) fn answer(path: &str, accept: &str, minor: u32) -> Option<Answer> {
    let aggregated = accept.split(',').any(|range| {
        range.contains("as=APIGroupDiscoveryList")
            && range.contains("g=apidiscovery.k8s.io")
            && range.contains("v=v2")
            && !range.contains("v=v2beta1")
    });
    let told = match path {
        "/version" => version(minor),
        "/api" if aggregated => return Some(aggregate(&[""])),
        "/api" => json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
        "/apis" if aggregated => {
            let groups: Vec<&str> = groups().into_iter().filter(|group| !group.is_empty()).collect();
            return Some(aggregate(&groups));
        }
        "/apis" => {
            let groups: Vec<Value> = groups()
                .into_iter()
                .filter(|group| !group.is_empty())
                .map(group)
                .collect();
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
        }
        "/openapi/v3" => openapi::index(&group_versions()),
        // asked for by kubectl when it is given a `kind: List`; the empty document is a valid one that knows no kind, and
        // what it does not know kubectl does not validate
        "/openapi/v2" => return Some(Answer::bytes(200, OPENAPI_V2, Vec::new())),
        _ => return deeper(path).map(|told| Answer::json(200, &told)),
    };
    Some(Answer::json(200, &told))
}

fn deeper(path: &str) -> Option<Value> {
    if let Some(document) = path.strip_prefix("/openapi/v3/") {
        let (name, version) = group_versions().into_iter().find(|(group, version)| match *group {
            "" => document == format!("api/{version}"),
            group => document == format!("apis/{group}/{version}"),
        })?;
        return Some(openapi::document(name, version));
    }
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match steps.as_slice() {
        ["api", version] => resource_list("", version),
        ["apis", name] => groups().contains(name).then(|| group(name)),
        ["apis", name, version] => resource_list(name, version),
        _ => None,
    }
}

fn version(minor: u32) -> Value {
    json!({
        "major": "1",
        "minor": minor.to_string(),
        "gitVersion": format!("v1.{minor}.0+pilothouse.sandbox"),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "rustc",
        "platform": "linux/amd64",
    })
}

/// Every group and version, each once, in order.
fn group_versions() -> Vec<(&'static str, &'static str)> {
    let of_resources = RESOURCES.iter().map(|resource| (resource.group, resource.version));
    let mut all: Vec<_> = of_resources.chain(REVIEWS.map(|(group, _, _)| (group, "v1"))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn groups() -> Vec<&'static str> {
    group_versions().into_iter().map(|(group, _)| group).collect()
}

/// Whether a path lies below a group and version that is served.
pub(super) fn is_group_path(path: &str) -> bool {
    let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
    match steps.as_slice() {
        ["api", version, ..] => group_versions().contains(&("", version)),
        ["apis", group, version, ..] => group_versions().contains(&(group, version)),
        _ => false,
    }
}

fn group(name: &str) -> Value {
    let versions: Vec<Value> = group_versions()
        .into_iter()
        .filter(|(group, _)| *group == name)
        .map(|(group, version)| json!({ "groupVersion": format!("{group}/{version}"), "version": version }))
        .collect();
    json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": versions,
        "preferredVersion": versions.first(),
    })
}

/// The subresources of a resource: name, kind, its group and version, verbs.
fn parts(resource: &Resource) -> Vec<(&'static str, [&'static str; 3], &'static [&'static str])> {
    let own = [resource.kind, "", ""];
    let mut parts: Vec<(&'static str, [&'static str; 3], &'static [&'static str])> = Vec::new();
    if resource.kind == "Pod" {
        parts.push(("eviction", ["Eviction", "policy", "v1"], &["create"]));
        parts.push(("log", own, &["get"]));
    }
    if resource.kind == "Namespace" {
        parts.push(("finalize", own, &["update"]));
    }
    if resource.scale {
        parts.push(("scale", ["Scale", "autoscaling", "v1"], &["get", "patch", "update"]));
    }
    if resource.status {
        parts.push(("status", own, &["get", "patch", "update"]));
    }
    parts
}

fn verbs(resource: &Resource) -> Vec<&'static str> {
    let serves = |verb: &&str| resource.kind != "Namespace" || *verb != "deletecollection";
    VERBS.into_iter().filter(serves).collect()
}

fn with_names(mut told: Value, resource: &Resource) -> Value {
    if let Some(fields) = told.as_object_mut() {
        if !resource.short_names.is_empty() {
            fields.insert("shortNames".to_owned(), json!(resource.short_names));
        }
        if !resource.categories.is_empty() {
            fields.insert("categories".to_owned(), json!(resource.categories));
        }
    }
    told
}

/// The resources of a group and version in the old form.
fn resource_list(group: &str, version: &str) -> Option<Value> {
    if !group_versions().contains(&(group, version)) {
        return None;
    }
    let mut all = Vec::new();
    for resource in RESOURCES
        .iter()
        .filter(|resource| resource.group == group && resource.version == version)
    {
        all.push(with_names(
            json!({
                "name": resource.plural,
                "singularName": resource.singular,
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": verbs(resource),
            }),
            resource,
        ));
        for (part, [kind, group, version], verbs) in parts(resource) {
            let mut told = json!({
                "name": format!("{}/{part}", resource.plural),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": kind,
                "verbs": verbs,
            });
            if let (false, Some(fields)) = (group.is_empty(), told.as_object_mut()) {
                fields.insert("group".to_owned(), json!(group));
                fields.insert("version".to_owned(), json!(version));
            }
            all.push(told);
        }
    }
    for (_, plural, kind) in REVIEWS.into_iter().filter(|(of, _, _)| *of == group) {
        all.push(json!({
            "name": plural, "singularName": kind.to_lowercase(), "namespaced": false, "kind": kind, "verbs": ["create"]
        }));
    }
    let group_version = match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    Some(json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": all }))
}

/// The aggregated form of some groups (`apidiscovery.k8s.io/v2`).
fn aggregate(names: &[&str]) -> Answer {
    let items: Vec<Value> = names.iter().map(|name| aggregated_group(name)).collect();
    let told = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    });
    let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let mut answer = Answer::bytes(200, content_type, told.to_string().into_bytes());
    answer.headers.push((header::VARY, "Accept".to_owned()));
    answer
}

fn aggregated_group(name: &str) -> Value {
    let versions =
        group_versions()
            .into_iter()
            .filter(|(group, _)| *group == name)
            .map(|(_, version)| {
                let known = RESOURCES
                    .iter()
                    .filter(|resource| resource.group == name && resource.version == version);
                let mut resources: Vec<Value> = known.map(aggregated).collect();
                resources.extend(REVIEWS.into_iter().filter(|(group, _, _)| *group == name).map(
                    |(_, plural, kind)| {
                        json!({
                            "resource": plural,
                            "responseKind": { "group": "", "version": "", "kind": kind },
                            "scope": "Cluster",
                            "singularResource": kind.to_lowercase(),
                            "verbs": ["create"],
                        })
                    },
                ));
                json!({ "version": version, "resources": resources, "freshness": "Current" })
            });
    let mut meta = Map::new();
    if !name.is_empty() {
        meta.insert("name".to_owned(), json!(name));
    }
    json!({ "metadata": meta, "versions": versions.collect::<Vec<_>>() })
}

fn aggregated(resource: &Resource) -> Value {
    let parts: Vec<Value> = parts(resource)
        .into_iter()
        .map(|(part, [kind, group, version], verbs)| {
            json!({
                "subresource": part,
                "responseKind": { "group": group, "version": version, "kind": kind },
                "verbs": verbs,
            })
        })
        .collect();
    let mut told = json!({
        "resource": resource.plural,
        "responseKind": { "group": "", "version": "", "kind": resource.kind },
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": verbs(resource),
    });
    if let (false, Some(fields)) = (parts.is_empty(), told.as_object_mut()) {
        fields.insert("subresources".to_owned(), json!(parts));
    }
    with_names(told, resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_resources() {
        for (group, version) in group_versions() {
            let old = resource_list(group, version).unwrap();
            let old: Vec<&str> = old["resources"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|told| told["name"].as_str())
                .filter(|name| !name.contains('/'))
                .collect();
            let new = aggregated_group(group);
            let new: Vec<&str> = new["versions"][0]["resources"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|told| told["resource"].as_str())
                .collect();
            assert_eq!(old, new, "{group}");
            assert!(!old.is_empty());
        }
        assert!(is_group_path("/apis/batch/v1/nothing"));
        assert!(!is_group_path("/apis/example.com/v1/nothing"));
        assert_eq!(resource_list("batch", "v2"), None);
    }

    #[test]
    fn the_old_document_is_there_and_knows_no_kind() {
        let told = answer("/openapi/v2", "*/*", MINOR).unwrap();
        assert_eq!(told.code, 200);
        assert_eq!(told.headers, [(header::CONTENT_TYPE, OPENAPI_V2.to_owned())]);
    }
}
