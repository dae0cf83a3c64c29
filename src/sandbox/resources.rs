//! The resources the sandbox serves: their names, verbs and subresources, as a 1.36 API server lists them in discovery.
//!
//! Knows no object. A resource that no law speaks of is inert here: it is kept and served, and nothing happens to it.

use crate::model::Kind;

/// One resource of the API.
#[derive(Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of a table: each is an independent yes or no of the API"
)]
pub struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub kind: &'static str,
    pub short_names: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub namespaced: bool,
    /// Serves `/status`, which alone changes `status`.
    pub status: bool,
    /// Serves `/scale`.
    pub scale: bool,
    /// `metadata.generation` counts the changes of its spec.
    pub generation: bool,
    /// A DELETE answers with the object and not with a `Status`.
    pub answers_deleted: bool,
}

/// The verbs of every stored resource, in discovery's order.
pub(super) const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

const fn of(group: &'static str, version: &'static str, names: [&'static str; 3]) -> Resource {
    let [plural, singular, kind] = names;
    Resource {
        group,
        version,
        plural,
        singular,
        kind,
        short_names: &[],
        categories: &[],
        namespaced: true,
        status: false,
        scale: false,
        generation: false,
        answers_deleted: false,
    }
}

const fn core(plural: &'static str, singular: &'static str, kind: &'static str) -> Resource {
    of("", "v1", [plural, singular, kind])
}

impl Resource {
    const fn short(mut self, names: &'static [&'static str]) -> Self {
        self.short_names = names;
        self
    }

    const fn in_all(mut self) -> Self {
        self.categories = &["all"];
        self
    }

    const fn cluster(mut self) -> Self {
        self.namespaced = false;
        self
    }

    const fn with_status(mut self) -> Self {
        self.status = true;
        self
    }

    const fn with_scale(mut self) -> Self {
        self.scale = true;
        self
    }

    const fn counted(mut self) -> Self {
        self.generation = true;
        self
    }

    const fn answering(mut self) -> Self {
        self.answers_deleted = true;
        self
    }

    /// `jobs.batch`, `pods`: the resource as messages name it.
    pub(super) fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// `v1`, `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Group and plural under which the objects are kept: both kinds of Event share one shelf.
    pub(super) fn shelf(&self) -> (&'static str, &'static str) {
        match self.plural {
            "events" => ("", "events"),
            plural => (self.group, plural),
        }
    }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const APPS: &str = "apps";
const STORAGE: &str = "storage.k8s.io";
const SNAPSHOT: &str = "snapshot.storage.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const API_EXTENSIONS: &[&str] = &["api-extensions"];

/// Every resource, grouped as discovery lists them.
pub(super) static RESOURCES: &[Resource] = &[
    core("configmaps", "configmap", "ConfigMap").short(&["cm"]),
    core("endpoints", "endpoints", "Endpoints").short(&["ep"]),
    core("events", "event", "Event").short(&["ev"]),
    core("limitranges", "limitrange", "LimitRange").short(&["limits"]),
    core("namespaces", "namespace", "Namespace")
        .short(&["ns"])
        .cluster()
        .with_status(),
    core("nodes", "node", "Node").short(&["no"]).cluster().with_status(),
    core(
        "persistentvolumeclaims",
        "persistentvolumeclaim",
        "PersistentVolumeClaim",
    )
    .short(&["pvc"])
    .with_status()
    .answering(),
    core("persistentvolumes", "persistentvolume", "PersistentVolume")
        .short(&["pv"])
        .cluster()
        .with_status()
        .answering(),
    core("pods", "pod", "Pod")
        .short(&["po"])
        .in_all()
        .with_status()
        .counted()
        .answering(),
    core(
        "replicationcontrollers",
        "replicationcontroller",
        "ReplicationController",
    )
    .short(&["rc"])
    .in_all()
    .with_status()
    .with_scale()
    .counted(),
    core("resourcequotas", "resourcequota", "ResourceQuota")
        .short(&["quota"])
        .with_status()
        .answering(),
    core("secrets", "secret", "Secret"),
    core("serviceaccounts", "serviceaccount", "ServiceAccount")
        .short(&["sa"])
        .answering(),
    core("services", "service", "Service")
        .short(&["svc"])
        .in_all()
        .with_status()
        .answering(),
    of(
        ADMISSION,
        "v1",
        [
            "mutatingwebhookconfigurations",
            "mutatingwebhookconfiguration",
            "MutatingWebhookConfiguration",
        ],
    )
    .cluster()
    .counted()
    .in_api_extensions(),
    of(
        ADMISSION,
        "v1",
        [
            "validatingwebhookconfigurations",
            "validatingwebhookconfiguration",
            "ValidatingWebhookConfiguration",
        ],
    )
    .cluster()
    .counted()
    .in_api_extensions(),
    of(
        "apiregistration.k8s.io",
        "v1",
        ["apiservices", "apiservice", "APIService"],
    )
    .cluster()
    .with_status()
    .in_api_extensions(),
    of(
        "apiextensions.k8s.io",
        "v1",
        [
            "customresourcedefinitions",
            "customresourcedefinition",
            "CustomResourceDefinition",
        ],
    )
    .short(&["crd", "crds"])
    .cluster()
    .with_status()
    .counted()
    .in_api_extensions(),
    of(
        APPS,
        "v1",
        ["controllerrevisions", "controllerrevision", "ControllerRevision"],
    ),
    of(APPS, "v1", ["daemonsets", "daemonset", "DaemonSet"])
        .short(&["ds"])
        .in_all()
        .with_status()
        .counted(),
    of(APPS, "v1", ["deployments", "deployment", "Deployment"])
        .short(&["deploy"])
        .in_all()
        .with_status()
        .with_scale()
        .counted(),
    of(APPS, "v1", ["replicasets", "replicaset", "ReplicaSet"])
        .short(&["rs"])
        .in_all()
        .with_status()
        .with_scale()
        .counted(),
    of(APPS, "v1", ["statefulsets", "statefulset", "StatefulSet"])
        .short(&["sts"])
        .in_all()
        .with_status()
        .with_scale()
        .counted(),
    of(
        "autoscaling",
        "v2",
        [
            "horizontalpodautoscalers",
            "horizontalpodautoscaler",
            "HorizontalPodAutoscaler",
        ],
    )
    .short(&["hpa"])
    .in_all()
    .with_status(),
    of("batch", "v1", ["cronjobs", "cronjob", "CronJob"])
        .short(&["cj"])
        .in_all()
        .with_status()
        .counted(),
    of("batch", "v1", ["jobs", "job", "Job"])
        .in_all()
        .with_status()
        .counted(),
    of("coordination.k8s.io", "v1", ["leases", "lease", "Lease"]),
    of(
        "discovery.k8s.io",
        "v1",
        ["endpointslices", "endpointslice", "EndpointSlice"],
    )
    .counted(),
    of("events.k8s.io", "v1", ["events", "event", "Event"]).short(&["ev"]),
    of(NETWORKING, "v1", ["ingressclasses", "ingressclass", "IngressClass"])
        .cluster()
        .counted(),
    of(NETWORKING, "v1", ["ingresses", "ingress", "Ingress"])
        .short(&["ing"])
        .with_status()
        .counted(),
    of(NETWORKING, "v1", ["networkpolicies", "networkpolicy", "NetworkPolicy"])
        .short(&["netpol"])
        .counted(),
    of(
        "policy",
        "v1",
        ["poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget"],
    )
    .short(&["pdb"])
    .with_status()
    .counted(),
    of(
        RBAC,
        "v1",
        ["clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding"],
    )
    .cluster(),
    of(RBAC, "v1", ["clusterroles", "clusterrole", "ClusterRole"]).cluster(),
    of(RBAC, "v1", ["rolebindings", "rolebinding", "RoleBinding"]),
    of(RBAC, "v1", ["roles", "role", "Role"]),
    of(
        "scheduling.k8s.io",
        "v1",
        ["priorityclasses", "priorityclass", "PriorityClass"],
    )
    .short(&["pc"])
    .cluster()
    .counted(),
    of(
        SNAPSHOT,
        "v1",
        [
            "volumesnapshotcontents",
            "volumesnapshotcontent",
            "VolumeSnapshotContent",
        ],
    )
    .short(&["vsc", "vscs"])
    .cluster()
    .with_status()
    .counted(),
    of(SNAPSHOT, "v1", ["volumesnapshots", "volumesnapshot", "VolumeSnapshot"])
        .short(&["vs"])
        .with_status()
        .counted(),
    of(STORAGE, "v1", ["csidrivers", "csidriver", "CSIDriver"])
        .cluster()
        .answering(),
    of(STORAGE, "v1", ["csinodes", "csinode", "CSINode"])
        .cluster()
        .answering(),
    of(STORAGE, "v1", ["storageclasses", "storageclass", "StorageClass"])
        .short(&["sc"])
        .cluster()
        .answering(),
    of(
        STORAGE,
        "v1",
        ["volumeattachments", "volumeattachment", "VolumeAttachment"],
    )
    .cluster()
    .with_status()
    .answering(),
];

impl Resource {
    const fn in_api_extensions(mut self) -> Self {
        self.categories = API_EXTENSIONS;
        self
    }
}

/// The resource at `/apis/GROUP/VERSION/PLURAL`.
pub(super) fn by_path(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| resource.group == group && resource.version == version && resource.plural == plural)
}

/// The resource an object's `apiVersion` and `kind` name.
pub(super) fn by_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    RESOURCES
        .iter()
        .find(|resource| resource.group == group && resource.version == version && resource.kind == kind)
}

/// The resource that serves a kind of facts.
pub(super) fn of_kind(kind: Kind) -> Option<&'static Resource> {
    by_path(kind.group(), "v1", kind.plural())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_facts_is_served() {
        for kind in Kind::ALL {
            let resource = of_kind(kind).unwrap();
            assert_eq!(resource.kind, kind.name());
            assert_eq!(resource.namespaced, kind.namespaced());
            assert_eq!(resource.api_version(), kind.api_version());
        }
    }

    #[test]
    fn no_two_resources_answer_to_the_same_path_or_kind() {
        for (at, one) in RESOURCES.iter().enumerate() {
            for other in RESOURCES.iter().skip(at + 1) {
                assert!(
                    (one.group, one.plural) != (other.group, other.plural),
                    "{} twice",
                    one.qualified()
                );
            }
        }
    }
}
