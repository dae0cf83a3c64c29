//! The words laws speak in: changes, and the reasons and evidence for them. `sandbox` carries the same changes out on JSON.

use crate::model::{Key, Propagation, Text, Uid};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The garbage collector's finalizer on an owner whose dependents must go first.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The garbage collector's finalizer on an owner whose dependents are to lose their reference to it.
pub const ORPHAN: &str = "orphan";
/// The namespace controller's finalizer, which stands in `spec.finalizers` (`reference/semantics.md` §3.10).
pub const NAMESPACE_FINALIZER: &str = "kubernetes";

/// What the laws take as given besides the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The API server's minor version (`1.33` → 33); `None` when it could not be read.
    pub server_minor: Option<u32>,
    /// Provisioners known to be absent or dead; any other is assumed to run. The laws take the word as it is;
    /// [`provisioner`](super::provisioner) says which of them a pod in sight contradicts.
    pub dead_provisioners: BTreeSet<Text>,
    /// Drivers without attach (`attachRequired: false`): nothing guards their disks while a pod still mounts them.
    pub attachless_drivers: BTreeSet<Text>,
    /// The wall clock, for the `deletionTimestamp` of what the laws delete; the epoch when nobody says.
    pub now: Option<jiff::Timestamp>,
    /// What was read on demand of Helm releases; only acts of Helm's ask for it.
    pub helm: Arc<crate::model::helm::Ledger>,
    /// What was asked once, beside the watches. Of the laws only that of namespaces asks for it, for API services.
    pub survey: Arc<crate::model::Survey>,
    /// What raft peers said when they were last asked.
    pub raft: Arc<crate::model::raft::Soundings>,
}

/// One value that a reason rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Evidence {
    pub object: Key,
    /// The field's path as in the object's YAML: `spec.claimRef.uid`.
    pub field: Text,
    pub value: String,
}

/// Why: one sentence and the values it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reason {
    pub text: String,
    pub evidence: Vec<Evidence>,
}

impl Reason {
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            evidence: Vec::new(),
        }
    }

    #[must_use]
    pub fn seen(mut self, object: &Key, field: &str, value: impl Into<String>) -> Self {
        self.evidence.push(Evidence {
            object: object.clone(),
            field: field.into(),
            value: value.into(),
        });
        self
    }
}

/// What a law does to the world: the change, the law's name (its file), and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    pub law: &'static str,
    pub change: Change,
    /// Shared by all that remember it.
    pub reason: Arc<Reason>,
}

impl Reaction {
    pub fn new(law: &'static str, change: Change, reason: impl Into<Arc<Reason>>) -> Self {
        let reason = reason.into();
        Self { law, change, reason }
    }
}

/// One change a controller makes. Closed; each is carried out on facts by [`apply`](super::apply()) and on JSON by `sandbox`.
/// A change names the uid of the object it was decided on; on another object of that name it does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A DELETE as the API server handles it: removed at once, or `deletionTimestamp` set while finalizers remain
    /// or, for a scheduled pod, until its kubelet confirms.
    Delete {
        object: Key,
        uid: Uid,
        propagation: Propagation,
    },
    /// The kubelet confirms that a deleting pod's containers are gone: the grace period becomes 0.
    ConfirmPodGone {
        pod: Key,
        uid: Uid,
    },
    AddFinalizer {
        object: Key,
        uid: Uid,
        finalizer: Text,
    },
    /// The last finalizer of a deleting object removes the object. A namespace's `kubernetes` is the one in
    /// `spec.finalizers`, which `/finalize` removes.
    RemoveFinalizer {
        object: Key,
        uid: Uid,
        finalizer: Text,
    },
    /// The attacher takes its finalizer off an attachment that is being deleted; where nothing else holds it, it goes, and
    /// the attach/detach controller makes it anew.
    Reattach {
        attachment: Key,
        uid: Uid,
        finalizer: Text,
    },
    RemoveOwner {
        object: Key,
        uid: Uid,
        owner: Uid,
    },
    /// Claim and volume name each other, and both phases become Bound.
    Bind {
        claim: Key,
        claim_uid: Uid,
        volume: Key,
        volume_uid: Uid,
    },
    /// `status.phase` of a claim becomes Lost.
    LoseClaim {
        claim: Key,
        uid: Uid,
    },
    SetVolumePhase {
        volume: Key,
        uid: Uid,
        phase: crate::model::storage::VolumePhase,
    },
    /// The volume controller takes a volume back from a claim that is bound elsewhere: a `claimRef` it wrote itself goes,
    /// of one that an administrator wrote only the uid and resource version; the phase becomes Available.
    Unbind {
        volume: Key,
        uid: Uid,
    },
    /// The provisioner makes a disk and a volume for a claim. The volume's `claimRef` names the claim in full; the two
    /// are then bound by [`Change::Bind`].
    Provision {
        claim: Key,
        uid: Uid,
    },
    /// The provisioner destroys the disk behind a volume and deletes the volume object. There is no way back.
    DestroyDisk {
        volume: Key,
        uid: Uid,
    },
    /// A StatefulSet makes the pod of an ordinal.
    CreatePod {
        set: Key,
        set_uid: Uid,
        ordinal: u32,
    },
    /// A StatefulSet makes the claim of one of its templates for an ordinal.
    CreateClaim {
        set: Key,
        set_uid: Uid,
        template: Text,
        ordinal: u32,
    },
    /// A StatefulSet has come upon a stale claim and gives up, without an error that would make it try again: it looks again
    /// when it or one of its pods changes, of which this is the print.
    GiveUp {
        set: Key,
        set_uid: Uid,
        print: u64,
    },
    /// A Job, ReplicaSet or DaemonSet makes one more pod, a DaemonSet for a certain node.
    SpawnPod {
        owner: Key,
        owner_uid: Uid,
        node: Option<Text>,
    },
    /// A Deployment makes the ReplicaSet of its present template, at this scale.
    SpawnReplicaSet {
        deployment: Key,
        deployment_uid: Uid,
        replicas: u32,
    },
    /// A Job adds a pod to those that have succeeded or failed, and takes its tracking finalizer off.
    CountPod {
        job: Key,
        job_uid: Uid,
        pod: Key,
        uid: Uid,
        succeeded: bool,
    },
    /// A Job gets its condition Complete or Failed.
    FinishJob {
        job: Key,
        uid: Uid,
        failed: bool,
    },
    /// A claim that names no class gets the default one.
    AssignClass {
        claim: Key,
        uid: Uid,
        class: Text,
    },
    /// The status of a `PodDisruptionBudget`.
    CountBudget {
        budget: Key,
        uid: Uid,
        count: BudgetCount,
    },
    /// `spec.replicas` is set: a Deployment passes its scale on to its ReplicaSet.
    Scale {
        object: Key,
        uid: Uid,
        replicas: u32,
    },
    /// An annotation is set: a Deployment passes its own on to its ReplicaSet.
    Annotate {
        object: Key,
        uid: Uid,
        annotation: Text,
        value: Text,
    },
    /// The scheduler binds a pod to a node and its kubelet starts it.
    StartPod {
        pod: Key,
        uid: Uid,
    },
    /// The owner becomes the controlling owner (`controller` and `blockOwnerDeletion` true) of an object that has none:
    /// a pod whose controller is gone, or a claim that a retention policy ties to its StatefulSet or pod.
    Adopt {
        owner: Key,
        owner_uid: Uid,
        object: Key,
        uid: Uid,
    },
}

/// What the disruption controller writes into a budget's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetCount {
    pub disruptions_allowed: u32,
    pub current_healthy: u32,
    pub desired_healthy: u32,
    pub expected_pods: u32,
}
