//! When a volume is detached.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, world};

const BASE: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec: {claimRef: {namespace: a, name: data, uid: u1}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: a, uid: u1}
spec: {volumeName: v}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: va, finalizers: [external-attacher/csi-x]}
spec: {attacher: csi.x, nodeName: n1, source: {persistentVolumeName: v}}
";

fn pod(meta: &str, node: &str, phase: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: a{meta}}}
spec: {{nodeName: {node}, volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}
status: {{phase: {phase}}}
"
    )
}

#[test]
fn a_volume_is_detached_when_no_pod_there_needs_it() {
    let gone = "Delete volumeattachment/va Background";
    let dying = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30";
    let bound = BASE.replace("spec: {volumeName: v}", "spec: {volumeName: v}\nstatus: {phase: Bound}");
    let by_hand = bound.replace("name: va,", "name: va, deletionTimestamp: 2026-04-25T10:00:00Z,");
    for (name, yaml, expected) in [
        ("no pod", BASE.to_owned(), vec![gone]),
        ("a pod there", BASE.to_owned() + &pod("", "n1", "Running"), vec![]),
        (
            "a pod there that is ending",
            BASE.to_owned() + &pod(dying, "n1", "Running"),
            vec![],
        ),
        (
            "a pod there that has ended",
            BASE.to_owned() + &pod("", "n1", "Succeeded"),
            vec![gone],
        ),
        (
            "a pod on another node",
            BASE.to_owned() + &pod("", "n2", "Running"),
            vec![gone],
        ),
        (
            "a pod yet to be placed",
            bound.clone() + &pod("", "\"\"", "Pending"),
            vec![],
        ),
        (
            "a pod that is not placed, because its claim is going",
            bound.replace(
                "uid: u1}\nspec",
                "uid: u1, deletionTimestamp: 2026-04-25T10:00:00Z}\nspec",
            ) + &pod("", "\"\"", "Pending"),
            vec![gone],
        ),
        (
            "a pod on the new claim of the name",
            BASE.replace("volumeName: v", "volumeName: w") + &pod("", "n1", "Running"),
            vec![gone],
        ),
        (
            "a pod whose claim the volume was taken from",
            BASE.replace("name: data, uid: u1}}", "name: heir}}") + &pod("", "n1", "Running"),
            vec![],
        ),
        (
            "a pod whose claim the volume was taken from, elsewhere",
            BASE.replace("name: data, uid: u1}}", "name: heir}}") + &pod("", "n2", "Running"),
            vec![gone],
        ),
        (
            "being detached",
            BASE.replace("name: va,", "name: va, deletionTimestamp: 2026-04-25T10:00:00Z,"),
            vec!["RemoveFinalizer volumeattachment/va external-attacher/csi-x"],
        ),
        (
            "detached by hand under a pod",
            by_hand.clone() + &pod("", "n1", "Running"),
            vec!["Reattach volumeattachment/va external-attacher/csi-x"],
        ),
        (
            "detached by hand under a pod that is ending",
            by_hand.clone() + &pod(dying, "n1", "Running"),
            vec!["Reattach volumeattachment/va external-attacher/csi-x"],
        ),
        (
            "detached by hand, the pod has ended",
            by_hand.clone() + &pod("", "n1", "Succeeded"),
            vec!["RemoveFinalizer volumeattachment/va external-attacher/csi-x"],
        ),
        (
            "detached by hand, the pod's claim is Lost",
            by_hand.replace("Bound", "Lost") + &pod("", "n1", "Running"),
            vec!["RemoveFinalizer volumeattachment/va external-attacher/csi-x"],
        ),
    ] {
        assert_eq!(says(&LAW, &world(&yaml), &Conditions::default()), expected, "{name}");
    }
}

#[test]
fn the_attacher_lets_a_deleting_volume_go_once_it_is_attached_nowhere() {
    let marked = BASE.replace(
        "metadata: {name: v}",
        "metadata: {name: v, finalizers: [kubernetes.io/pv-protection, external-attacher/csi-x]}",
    );
    let dying = marked.replace("name: v, f", "name: v, deletionTimestamp: 2026-04-25T10:00:00Z, f");
    let detached = |yaml: &str| yaml.replace("persistentVolumeName: v}", "persistentVolumeName: w}");
    let free = "RemoveFinalizer pv/v external-attacher/csi-x";
    for (name, yaml, freed) in [
        ("attached nowhere", detached(&dying), true),
        ("still attached", dying.clone(), false),
        ("not being deleted", detached(&marked), false),
    ] {
        let said = says(&LAW, &world(&yaml), &Conditions::default());
        assert_eq!(said.iter().any(|word| word == free), freed, "{name}: {said:?}");
    }
}
