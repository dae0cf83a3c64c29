//! Trap 16: a `StorageClass`, a `PriorityClass` or a `ClusterRole` stands in one tenant's manifest and serves others: an uninstall takes
//! it from them (seed 000).

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;
use crate::model::helm::{Document, Record};
use crate::model::{Key, Kind, Text};
use std::collections::BTreeSet;

/// Who uses it besides the tenant, as it is said, and where that was read.
struct Users {
    named: BTreeSet<String>,
    at: Key,
    field: &'static str,
}

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let shared = record
            .manifest
            .documents
            .iter()
            .filter(|document| document.policy.is_none());
        for document in shared {
            let (kind, name) = (&document.address.kind, &document.address.name);
            let Some(users) = users(look, ward, record, document).filter(|users| !users.named.is_empty()) else {
                continue;
            };
            let named: Vec<&String> = users.named.iter().collect();
            found.push(finding(
                "shared_class",
                Severity::Warned,
                place(object, document),
                format!(
                    "{kind} {name} stands in the manifest of {} and serves {}: an uninstall takes it from them",
                    record.name,
                    phrase::names(&named, 3)
                ),
                Reason::new("it lives in no namespace and belongs to one release alone")
                    .seen(&object.key(), "payload manifest", document.address.to_string())
                    .seen(&users.at, users.field, name.as_str()),
                Gist::new(
                    match kind.as_str() {
                        "PriorityClass" => "PriorityClass",
                        "ClusterRole" => "ClusterRole",
                        _ => "StorageClass",
                    },
                    "that others use as well",
                ),
            ));
        }
    }
    found
}

fn users(look: Look<'_>, ward: &Ward<'_>, record: &Record, document: &Document) -> Option<Users> {
    let (group, kind) = (document.address.group(), document.address.kind.as_str());
    match (group, kind) {
        ("storage.k8s.io", "StorageClass") => Some(by_claims(look, ward, &document.address.name)),
        ("scheduling.k8s.io", "PriorityClass") => Some(by_pods(look, ward, &document.address.name)),
        ("rbac.authorization.k8s.io", "ClusterRole") => Some(by_bindings(look, ward, record, &document.address.name)),
        _ => None,
    }
}

fn by_claims(look: Look<'_>, ward: &Ward<'_>, name: &Text) -> Users {
    let claims = look.world.of_kind(Kind::PersistentVolumeClaim);
    let theirs = claims.filter(|claim| !ward.namespaces().contains(&claim.meta.namespace));
    let named = theirs.filter(|claim| {
        let facts = claim.body.claim();
        facts.and_then(|facts| facts.spec.storage_class_name.as_ref()) == Some(name)
    });
    Users::in_namespaces(named.map(|claim| &claim.meta.namespace), "claims spec.storageClassName")
}

fn by_pods(look: Look<'_>, ward: &Ward<'_>, name: &Text) -> Users {
    let pods = look.world.of_kind(Kind::Pod);
    let theirs = pods.filter(|pod| !ward.namespaces().contains(&pod.meta.namespace));
    let named = theirs.filter(|pod| {
        let class = pod
            .body
            .pod()
            .and_then(|facts| facts.spec.priority_class_name.as_deref());
        class == Some(name.as_str())
    });
    Users::in_namespaces(named.map(|pod| &pod.meta.namespace), "pods spec.priorityClassName")
}

/// A binding over the whole cluster is the tenant's own where its manifest lists it too.
fn by_bindings(look: Look<'_>, ward: &Ward<'_>, record: &Record, name: &Text) -> Users {
    let own = |binding: &Text| {
        let mut documents = record.manifest.documents.iter();
        documents.any(|document| document.address.kind == "ClusterRoleBinding" && document.address.name == *binding)
    };
    let bound = look.conditions.survey.bindings.seen().iter();
    let theirs = bound.filter(|binding| binding.role == *name).filter(|binding| {
        if binding.namespace.is_empty() {
            !own(&binding.name)
        } else {
            !ward.namespaces().contains(&binding.namespace)
        }
    });
    let mut users = Users::in_namespaces(std::iter::empty(), "bindings roleRef");
    for binding in theirs {
        users.named.insert(if binding.namespace.is_empty() {
            format!("{} {}", binding.kind, binding.name)
        } else {
            binding.namespace.to_string()
        });
    }
    users
}

impl Users {
    fn in_namespaces<'t>(namespaces: impl Iterator<Item = &'t Text>, field: &'static str) -> Self {
        let named: BTreeSet<String> = namespaces.map(ToString::to_string).collect();
        let first = named.first().map_or("", String::as_str);
        Self {
            at: Key::cluster(Kind::Namespace, first),
            named,
            field,
        }
    }
}
