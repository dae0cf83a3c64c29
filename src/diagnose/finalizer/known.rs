//! Finalizers whose owner is known by name alone (`reference/semantics.md` §3.11).

use crate::laws::change::{NAMESPACE_FINALIZER, ORPHAN};
use crate::model::workload::JOB_TRACKING;

/// Finalizers of controllers of the control plane: finalizer, controller, what it waits for, what a strip loses.
pub(super) const INSIDE: [[&str; 4]; 4] = [
    [
        JOB_TRACKING,
        "Job controller",
        "the Job controller to count the pod's result",
        "the Job miscounts: it may run one pod more",
    ],
    [
        ORPHAN,
        "garbage collector",
        "the garbage collector to take this owner off every dependent",
        "dependents not yet freed lose their owner and are DELETED",
    ],
    [
        NAMESPACE_FINALIZER,
        "namespace controller",
        "everything in the namespace to go, pods first",
        "what is left stays in etcd and reappears if the namespace is made again",
    ],
    [
        "customresourcecleanup.apiextensions.k8s.io",
        "apiextensions-apiserver",
        "every custom resource of the definition to go",
        "custom resources stay behind in etcd",
    ],
];

/// Finalizers of controllers that are installed on their own; nothing Pilothouse reads tells whether they run.
pub(super) const OUTSIDE: [[&str; 4]; 6] = [
    [
        "snapshot.storage.kubernetes.io/pvc-as-source-protection",
        "snapshot-controller",
        "snapshots being taken of this claim to end",
        "a snapshot under way loses its source",
    ],
    [
        "provisioner.storage.kubernetes.io/cloning-protection",
        "external-provisioner",
        "clones being made of this claim to end",
        "a clone under way loses its source",
    ],
    [
        "resources-finalizer.argocd.argoproj.io",
        "Argo CD application controller",
        "Argo CD to delete what the Application made",
        "the Application goes, its workload stays",
    ],
    [
        "argocd.argoproj.io/hook-finalizer",
        "Argo CD application controller",
        "Argo CD to end the hook",
        "Argo CD loses the hook's result",
    ],
    [
        "karpenter.sh/termination",
        "Karpenter",
        "the node to be drained and its machine to be ended",
        "the node goes undrained, and its machine may run on with its pods",
    ],
    [
        "finalizers.fluxcd.io",
        "Flux",
        "Flux to uninstall or prune what the object made",
        "the Flux object goes, its workload stays",
    ],
];
