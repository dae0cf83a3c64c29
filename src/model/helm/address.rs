//! What a manifest document names: an object of any kind, held by the world or not.

use crate::model::{Key, Kind, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Kinds without a namespace that charts carry and the world does not hold. A custom resource is taken for namespaced.
const CLUSTER_SCOPED: [&str; 14] = [
    "APIService",
    "CSIDriver",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "PodSecurityPolicy",
    "PriorityClass",
    "RuntimeClass",
    "SecurityContextConstraints",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// `apiVersion`, kind, namespace and name. Two addresses that differ in the version alone name the same object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub api_version: Text,
    pub kind: Text,
    /// Empty for kinds without a namespace.
    pub namespace: Text,
    pub name: Text,
}

impl Address {
    /// The address of a document; one that names no namespace lives in the release's.
    pub fn new(api_version: &str, kind: &str, namespace: &str, name: &str, release_namespace: &str) -> Self {
        let cluster = match Kind::from_api(api_version, kind) {
            Some(known) => !known.namespaced(),
            None => CLUSTER_SCOPED.contains(&kind),
        };
        let namespace = match namespace {
            _ if cluster => "",
            "" => release_namespace,
            named => named,
        };
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Where the world would hold it; `None` for a kind it does not hold.
    pub fn key(&self) -> Option<Key> {
        Kind::from_api(&self.api_version, &self.kind).map(|kind| Key::new(kind, &self.namespace, &self.name))
    }

    /// What a `CustomResourceDefinition` defines, as its name says it: `wishes.example.com`. With it go all of them.
    pub fn defines(&self) -> Option<&str> {
        let definition = self.kind == "CustomResourceDefinition" && self.group() == "apiextensions.k8s.io";
        definition.then_some(self.name.as_str())
    }

    /// Whether both name one object: group, kind, namespace and name, as Helm compares them (`kube/resource.go`
    /// `isMatchingInfo`); the version does not count.
    pub fn same(&self, other: &Self) -> bool {
        self.group() == other.group()
            && (&self.kind, &self.namespace, &self.name) == (&other.kind, &other.namespace, &other.name)
    }
}

/// `pvc/data` for kinds the world holds, `ConfigMap/app` for others.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key() {
            Some(key) => key.fmt(f),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}
