//! Traps that the watches alone show.

use super::{Case, Scene, seen};

const STAMP: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, annotations: {helm.sh/resource-policy: " Keep"}}, status: {phase: Bound}}"#;
const UNINSTALLING: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, creationTimestamp: "2026-04-27T10:00:00Z", labels: {owner: helm, name: eks, version: "7", status: uninstalling}}}"#;
const PENDING: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, creationTimestamp: "2026-04-27T10:00:00Z", labels: {owner: helm, name: eks, version: "7", status: pending-upgrade}}}"#;
const PURGED: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.other.v7, namespace: shop, labels: {owner: helm, name: other, version: "7", status: deployed}}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection], labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks}}, status: {phase: Bound}}"#;
const SURVIVED: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: web, namespace: shop}, spec: {replicas: 0}}
- {kind: PersistentVolumeClaim, metadata: {name: data-db-0, namespace: shop, labels: {app.kubernetes.io/instance: eks}}, status: {phase: Bound}}";
const EMPTY: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-old}, spec: {claimRef: {namespace: shop, name: data, uid: former}}, status: {phase: Released}}
- {kind: PersistentVolume, metadata: {name: pv-new}, spec: {claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-new}, status: {phase: Bound}}";
const ENDED: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: seed, namespace: shop}, status: {conditions: [{type: Complete, status: "True"}]}}
- {kind: Pod, metadata: {name: seed-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: seed, uid: uid-seed, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Succeeded}}"#;
const FOREIGN: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, labels: {owner: helm, name: eks, version: "7", status: deployed}}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}}, status: {phase: Bound}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: train, namespace: shop}, status: {active: 1}}
- {kind: Pod, metadata: {name: train-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: train, uid: uid-train, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;
const CRON: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: CronJob, apiVersion: batch/v1, metadata: {name: nightly, namespace: shop}, spec: {schedule: "0 2 * * *", suspend: false}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: nightly-1, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: uid-nightly, controller: true}]}}
- {kind: Pod, metadata: {name: nightly-1-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: nightly-1, uid: uid-nightly-1, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;
const SET: &str = r#"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, deletionTimestamp: "2026-04-27T13:50:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: Pod, metadata: {name: vault-0, namespace: shop, creationTimestamp: "2026-04-27T13:51:00Z"}, spec: {nodeName: n1, volumes: [{name: data, persistentVolumeClaim: {claimName: data-vault-0}}]}, status: {phase: Running}}"#;
const LEAK: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pv-protection]}, spec: {persistentVolumeReclaimPolicy: Delete, csi: {driver: efs.csi.aws.com, volumeHandle: fs-1}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}"#;
const RELEASED: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: Retain, csi: {driver: efs.csi.aws.com, volumeHandle: fs-1}, claimRef: {namespace: shop, name: data, uid: uid-old}}, status: {phase: Released}}";
const DOOMED: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: Delete, csi: {driver: efs.csi.aws.com, volumeHandle: fs-1}, claimRef: {namespace: shop, name: data, uid: uid-old}}, status: {phase: Released}}";
const FUSE: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1, deletionTimestamp: "2026-04-25T14:00:00Z", finalizers: [kubernetes.io/pv-protection]}, spec: {persistentVolumeReclaimPolicy: Retain, hostPath: {path: /srv}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}"#;
const AVAILABLE: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [external-provisioner.volume.kubernetes.io/finalizer]}, spec: {persistentVolumeReclaimPolicy: Delete, claimRef: {namespace: shop, name: data}}, status: {phase: Available}}"#;
const OPEN: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1, annotations: {pv.kubernetes.io/provisioned-by: x}}, spec: {storageClassName: fast, capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce]}, status: {phase: Available}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}, status: {phase: Pending}}";
const PAIR: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {claimRef: {namespace: shop, name: data, uid: another}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: Bound}}";
const POLICY: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {storageClassName: fast, persistentVolumeReclaimPolicy: Delete, claimRef: {namespace: shop, name: data, uid: u}}, status: {phase: Bound}}
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: fast}, provisioner: x, reclaimPolicy: Retain}";
const TEMPLATE: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: lvm}}]}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop}, spec: {storageClassName: nfs}, status: {phase: Bound}}";
const OWNED: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 0}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: uid-vault}]}, status: {phase: Bound}}";
const STALE: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 0}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: another}]}, status: {phase: Bound}}";
const UNDISCOVERED: &str = r#"
- {kind: Namespace, metadata: {name: shop, deletionTimestamp: "2026-04-27T13:50:00Z"}, spec: {finalizers: [kubernetes]}, status: {phase: Terminating, conditions: [{type: NamespaceDeletionDiscoveryFailure, status: "True"}]}}"#;
const PODS: &str = r#"
- {kind: Namespace, metadata: {name: shop, deletionTimestamp: "2026-04-27T13:50:00Z"}, spec: {finalizers: [kubernetes]}, status: {phase: Terminating}}
- {kind: Pod, metadata: {name: p, namespace: shop}, spec: {nodeName: n1}}"#;

const ORPHAN: &str = r"
- {kind: Job, apiVersion: batch/v1, metadata: {name: seed, namespace: shop}}
- {kind: Pod, metadata: {name: seed-x, namespace: shop, labels: {job-name: seed, controller-uid: uid-former}}, status: {phase: Succeeded}}";
const ORPHANS: &str = r"
- {kind: Pod, metadata: {name: seed-x, namespace: shop, labels: {batch.kubernetes.io/job-name: seed, batch.kubernetes.io/controller-uid: uid-seed}}, status: {phase: Running}}";
const MOUNTED: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: Delete, csi: {driver: efs.csi.aws.com, volumeHandle: fs-1}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}
- {kind: VolumeAttachment, apiVersion: storage.k8s.io/v1, metadata: {name: va}, spec: {attacher: x, nodeName: n1, source: {persistentVolumeName: pv-2}}, status: {attached: true}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, spec: {volumeName: pv-1}, status: {phase: Bound}}
- {kind: Pod, metadata: {name: web, namespace: shop}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;
const DRIFT: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: shop, generation: 2}, spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, currentRevision: db-1, updateRevision: db-2}}
- {kind: Pod, metadata: {name: db-0, namespace: shop, labels: {controller-revision-hash: db-1}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: uid-db, controller: true}]}, status: {phase: Running}}
- {kind: Pod, metadata: {name: db-1, namespace: shop, labels: {controller-revision-hash: db-2}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: uid-db, controller: true}]}, status: {phase: Running}}";
const VOTERS: &str = r#"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: v, namespace: shop}, spec: {replicas: 3, template: {spec: {containers: [{image: "vault:1.21.0"}]}}}}
- {kind: Pod, metadata: {name: v-0, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: uid-v, controller: true}]}, status: {phase: Running}}
- {kind: Pod, metadata: {name: v-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: uid-v, controller: true}]}, status: {phase: Running}}
- {kind: Pod, metadata: {name: v-2, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: uid-v, controller: true}]}, status: {phase: Running}}"#;
const LEAVING: &str = r#"
- {kind: Namespace, metadata: {name: shop, deletionTimestamp: "2026-04-27T13:59:00Z"}, spec: {finalizers: [kubernetes]}, status: {phase: Terminating}}
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, labels: {owner: helm, name: eks, version: "7", status: deployed}}}"#;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_releases();
    cases.extend(of_disks());
    cases.extend(of_pods());
    cases
}

fn of_pods() -> Vec<Case> {
    let voters = Scene {
        peers: "v-0 well, v-1 sealed, v-2 leads",
        ..seen(VOTERS)
    };
    vec![
        Case::of(30, "jobless_pods", seen(ORPHAN), "uid-former", "uid-seed"),
        Case::of(30, "jobless_pods", seen(ORPHANS), "labels: {", "annotations: {"),
        Case::of(
            33,
            "strip_under_mount",
            seen(MOUNTED),
            "Policy: Delete",
            "Policy: Retain",
        ),
        Case::of(33, "strip_under_mount", seen(MOUNTED), "Name: pv-2", "Name: pv-1"),
        Case::of(33, "strip_under_mount", seen(MOUNTED), "Running", "Succeeded"),
        Case::of(45, "template_drift", seen(DRIFT), "hash: db-1", "hash: db-2"),
        Case::of(46, "raft_quorum", voters, "v-1 sealed", "v-1 well"),
    ]
}

fn of_releases() -> Vec<Case> {
    vec![
        Case::of(5, "keep_in_other_words", seen(STAMP), "\" Keep\"", "keep"),
        Case::of(
            19,
            "failed_uninstall",
            seen(UNINSTALLING),
            "status: uninstalling",
            "status: uninstalled",
        ),
        Case::of(
            20,
            "purged_record",
            seen(PURGED),
            "name: other, version",
            "name: eks, version",
        ),
        Case::of(
            21,
            "pending_release",
            seen(PENDING),
            "status: pending-upgrade",
            "status: deployed",
        ),
        Case::of(
            23,
            "pending_release",
            seen(PENDING),
            "status: pending-upgrade",
            "status: superseded",
        ),
        Case::of(
            23,
            "failed_uninstall",
            seen(UNINSTALLING),
            "status: uninstalling",
            "status: failed",
        ),
        Case::of(25, "surviving_claims", seen(SURVIVED), "name: web,", "name: db,"),
        Case::of(
            28,
            "foreign_jobs",
            seen(FOREIGN),
            "{name: train, namespace: shop}",
            "{name: train, namespace: shop, annotations: {meta.helm.sh/release-name: eks}}",
        ),
        Case::of(
            47,
            "namespace_stuck",
            seen(UNDISCOVERED),
            "status: \"True\"",
            "status: \"False\"",
        ),
        Case::of(
            48,
            "namespace_stuck",
            seen(PODS),
            "deletionTimestamp",
            "creationTimestamp",
        ),
        Case::of(
            49,
            "namespace_before_release",
            seen(LEAVING),
            "deletionTimestamp",
            "creationTimestamp",
        ),
        Case::of(
            49,
            "namespace_before_release",
            seen(LEAVING),
            "status: deployed",
            "status: uninstalled",
        ),
    ]
}

fn of_disks() -> Vec<Case> {
    vec![
        Case::of(26, "empty_instead", seen(EMPTY), "uid: former", "uid: uid-data"),
        Case::of(
            27,
            "completed_pods_hold",
            seen(ENDED),
            "phase: Succeeded",
            "phase: Running",
        ),
        Case::of(29, "respawning_holder", seen(CRON), "suspend: false", "suspend: true"),
        Case::of(
            31,
            "stateful_set_waits_for_claim",
            seen(SET),
            "T13:51:00Z",
            "T13:10:00Z",
        ),
        Case::of(
            34,
            "leaking_volume",
            seen(LEAK),
            "[kubernetes.io/pv-protection]",
            "[external-provisioner.volume.kubernetes.io/finalizer]",
        ),
        Case::of(
            36,
            "released_volumes",
            seen(RELEASED),
            "phase: Released",
            "phase: Bound",
        ),
        Case::of(
            37,
            "terminating_volume_bound",
            seen(FUSE),
            "phase: Bound",
            "phase: Released",
        ),
        Case::of(
            38,
            "available_delete_stuck",
            seen(AVAILABLE),
            "Policy: Delete",
            "Policy: Retain",
        ),
        Case::of(39, "reserved_theft", seen(OPEN), "storage: 5Gi", "storage: 50Gi"),
        Case::of(40, "claim_identity", seen(PAIR), "uid: another", "uid: uid-data"),
        Case::of(
            41,
            "delete_policy",
            seen(POLICY),
            "reclaimPolicy: Retain",
            "reclaimPolicy: Delete",
        ),
        Case::of(42, "template_class_differs", seen(TEMPLATE), "lvm", "nfs"),
        Case::of(
            43,
            "when_deleted",
            seen(OWNED),
            "ownerReferences: [{",
            "managedFields: [{",
        ),
        Case::of(
            58,
            "stale_owner_reference",
            seen(STALE),
            "uid: another",
            "uid: uid-vault",
        ),
        Case::of(59, "released_volumes", seen(DOOMED), "Policy: Delete", "Policy: Retain"),
    ]
}
