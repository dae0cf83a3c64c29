//! What the cluster was asked once, beside the watches: API services, admission webhooks, and what `GitOps` engines keep.
//!
//! Facts with the moment they were asked at; nobody is told when they change. What is denied is not known, never none.

use super::helm::{Address, Live};
use super::{Key, Now, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// When; `None` before it was asked for the first time.
    pub at: Option<Now>,
    pub services: Asked<ApiService>,
    pub webhooks: Asked<Webhook>,
    pub engines: Asked<Engine>,
    /// Who is bound to a `ClusterRole`; asked where a record names one.
    pub bindings: Asked<Binding>,
    /// What the user may do, of what a migration does.
    pub rights: Asked<Right>,
    /// The objects of kinds the world does not hold that the records read then name.
    pub live: BTreeMap<Address, Live>,
    /// The namespaces that it was made for.
    pub homes: BTreeSet<Text>,
    /// Records that could not be read, each with the reason.
    pub left: BTreeMap<Key, Text>,
}

impl Survey {
    /// Takes a later survey in. What it did not ask of other namespaces and objects stays as it was.
    pub fn take_in(&mut self, later: Self) {
        let rights = match (&self.rights, later.rights) {
            (Asked::Seen(before), Asked::Seen(now)) => {
                let kept = before
                    .iter()
                    .filter(|right| !now.iter().any(|new| new.home == right.home));
                Asked::Seen(kept.cloned().chain(now.iter().cloned()).collect())
            }
            (_, now) => now,
        };
        self.at = later.at;
        self.services = later.services;
        self.webhooks = later.webhooks;
        self.engines = later.engines;
        self.bindings = later.bindings;
        self.rights = rights;
        self.live.extend(later.live);
        self.left.retain(|key, _| !later.homes.contains(&key.namespace));
        self.left.extend(later.left);
        self.homes.extend(later.homes);
    }
}

/// The answer to one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asked<T> {
    #[default]
    NotYet,
    /// All there are; none, where the server does not serve the kind.
    Seen(Vec<T>),
    Unknown {
        why: Text,
    },
}

impl<T> Asked<T> {
    pub fn seen(&self) -> &[T] {
        match self {
            Self::Seen(all) => all,
            Self::NotYet | Self::Unknown { .. } => &[],
        }
    }

    /// Why it is not known; `None` when it is.
    pub fn gap(&self) -> Option<&str> {
        match self {
            Self::Seen(_) => None,
            Self::NotYet => Some("not looked at yet"),
            Self::Unknown { why } => Some(why.as_str()),
        }
    }
}

/// An `APIService`: a group and version of the API, and whether it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiService {
    /// `v1beta1.metrics.k8s.io`.
    pub name: Text,
    /// `status` of the condition `Available`: `True`, `False`, `Unknown`; empty where there is none.
    pub available: Text,
    pub reason: Text,
}

impl ApiService {
    /// Whether it is known to answer: what is not known to is taken for one that does not.
    pub fn answers(&self) -> bool {
        self.available == "True"
    }
}

/// One webhook of an admission configuration that calls a service and refuses when it does not answer
/// (`failurePolicy: Fail`, which absent means).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhook {
    /// `ValidatingWebhookConfiguration/policy`.
    pub configuration: Text,
    /// The webhook in it.
    pub name: Text,
    /// `namespace/name` of the service.
    pub service: Text,
    pub backing: Backing,
}

/// What stands behind a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backing {
    Ready,
    NoService,
    NoEndpoints,
    Unknown {
        why: Text,
    },
    #[default]
    NotAsked,
}

/// An object by which a `GitOps` engine keeps others as they are written elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// `HelmRelease`, `Kustomization`, `Application`.
    pub kind: Text,
    pub namespace: Text,
    pub name: Text,
    /// It changes nothing by itself: `spec.suspend`, or an `Application` without `spec.syncPolicy.automated`.
    pub suspended: bool,
    /// The namespaces in which it keeps objects.
    pub keeps: BTreeSet<Text>,
    /// Of a `HelmRelease`: the release, and whether it takes what another owns.
    pub release: Option<Taken>,
}

/// The Helm release of a `HelmRelease`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub name: Text,
    /// Where its records live: `storageNamespace`.
    pub namespace: Text,
    /// Not `disableTakeOwnership`, of install or upgrade.
    pub takes_ownership: bool,
}

/// A binding to a `ClusterRole`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// `RoleBinding`, `ClusterRoleBinding`.
    pub kind: Text,
    /// Empty for a binding over the whole cluster.
    pub namespace: Text,
    pub name: Text,
    /// The `ClusterRole`.
    pub role: Text,
}

/// One thing that the user may do or not, asked by a `SelfSubjectAccessReview` of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The namespace for which it was asked; that of the tenant also where the resource has none.
    pub home: Text,
    pub verb: &'static str,
    /// `pods`, `pods/eviction`, `jobs.batch`.
    pub resource: &'static str,
    pub allowed: bool,
}

/// `delete pods`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}
