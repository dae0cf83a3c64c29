//! Pods and claims of a StatefulSet, and the orders of seed 003.

use super::LAW;
use crate::laws::fixture::{at_rest, key, says, world};
use crate::laws::{Change, Conditions, apply};
use crate::model::{Key, Propagation, World};

const DYING: &str = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30";
const OWNED: &str =
    ", ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: su, controller: true}]";

fn set(meta: &str, spec: &str) -> String {
    format!(
        "
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: vault, namespace: a, uid: su{meta}}}
spec:
  selector: {{matchLabels: {{app: vault}}}}
  template: {{metadata: {{labels: {{app: vault}}}}}}
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], storageClassName: fast, resources: {{requests: {{storage: 1Gi}}}}}}
{spec}
"
    )
}

fn pod(ordinal: u32, meta: &str, phase: &str) -> String {
    let ready = if phase == "Running" { "True" } else { "False" };
    format!(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: vault-{ordinal}, namespace: a, uid: p{ordinal}, labels: {{app: vault}}{meta}}}\nspec: {{nodeName: n1, volumes: [{{name: data, persistentVolumeClaim: {{claimName: data-vault-{ordinal}}}}}]}}\nstatus: {{phase: {phase}, conditions: [{{type: Ready, status: \"{ready}\"}}]}}\n"
    )
}

fn claim(ordinal: u32, meta: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data-vault-{ordinal}, namespace: a, uid: c{ordinal}, annotations: {{pv.kubernetes.io/bind-completed: \"yes\"}}, finalizers: [kubernetes.io/pvc-protection]{meta}}}\nspec: {{volumeName: old-{ordinal}}}\nstatus: {{phase: Bound}}\n"
    )
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(yaml), &Conditions::default()), *expected, "{name}");
    }
}

#[test]
fn a_missing_pod_is_made_on_what_claims_there_are() {
    let two = "  replicas: 2";
    let parallel = "  replicas: 2\n  podManagementPolicy: Parallel";
    check(&[
        (
            "claim there",
            set("", "") + &claim(0, ""),
            &["CreatePod statefulset/vault 0"],
        ),
        (
            "claim missing",
            set("", ""),
            &["CreateClaim statefulset/vault data 0", "CreatePod statefulset/vault 0"],
        ),
        ("claim being deleted: no pod", set("", "") + &claim(0, DYING), &[]),
        (
            "pod still ending",
            set("", "") + &claim(0, "") + &pod(0, &format!("{OWNED}{DYING}"), "Running"),
            &[],
        ),
        (
            "pod has ended",
            set("", "") + &claim(0, "") + &pod(0, OWNED, "Failed"),
            &["Delete pod/vault-0 Background"],
        ),
        (
            "in order",
            set("", two) + &claim(0, "") + &claim(1, ""),
            &["CreatePod statefulset/vault 0"],
        ),
        (
            "in order, the first not ready",
            set("", two) + &claim(0, "") + &claim(1, "") + &pod(0, OWNED, "Pending"),
            &[],
        ),
        (
            "in order, the first ready",
            set("", two) + &claim(0, "") + &claim(1, "") + &pod(0, OWNED, "Running"),
            &["CreatePod statefulset/vault 1"],
        ),
        (
            "all at once",
            set("", parallel) + &claim(0, "") + &claim(1, ""),
            &["CreatePod statefulset/vault 0", "CreatePod statefulset/vault 1"],
        ),
        (
            "ordinals start at 5",
            set("", "  ordinals: {start: 5}") + &claim(5, ""),
            &["CreatePod statefulset/vault 5"],
        ),
        (
            "another's pod of the name is in the way",
            set("", "") + &claim(0, "") + &pod(0, &OWNED.replace("uid: su", "uid: other"), "Running"),
            &[],
        ),
        (
            "a set being deleted",
            set(&format!("{DYING}, finalizers: [orphan]"), ""),
            &[],
        ),
        ("replicas 0", set("", "  replicas: 0"), &[]),
    ]);
}

#[test]
fn it_adopts_scales_down_and_ties_claims() {
    let none = "  replicas: 0";
    let one = "  replicas: 1";
    let gone = "  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}";
    let scaled = "  replicas: 1\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}";
    let tied = ", ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: su, controller: true}]";
    let both = claim(0, "") + &claim(1, "") + &pod(0, OWNED, "Running") + &pod(1, OWNED, "Running");
    check(&[
        (
            "an orphan of its name and labels",
            set("", "") + &claim(0, "") + &pod(0, "", "Running"),
            &["Adopt statefulset/vault pod/vault-0"],
        ),
        (
            "one with other labels",
            set("", "") + &claim(0, "") + &pod(0, "", "Running").replace("labels: {app: vault}", "labels: {app: x}"),
            &[],
        ),
        (
            "scaled down, the highest first",
            set("", none) + &both,
            &["Delete pod/vault-1 Background"],
        ),
        (
            "scaled down, one still ending",
            set("", none) + &claim(0, "") + &pod(0, OWNED, "Running") + &pod(1, &format!("{OWNED}{DYING}"), "Running"),
            &[],
        ),
        (
            "scaled down at once",
            set("", "  replicas: 0\n  podManagementPolicy: Parallel") + &both,
            &["Delete pod/vault-1 Background", "Delete pod/vault-0 Background"],
        ),
        (
            "scaled down only behind a ready one",
            set("", one) + &claim(0, "") + &pod(0, OWNED, "Pending") + &pod(1, OWNED, "Running"),
            &[],
        ),
        (
            "whenDeleted: Delete",
            set("", gone) + &claim(0, "") + &pod(0, OWNED, "Running"),
            &["Adopt statefulset/vault pvc/data-vault-0"],
        ),
        (
            "tied already",
            set("", gone) + &claim(0, tied) + &pod(0, OWNED, "Running"),
            &[],
        ),
        (
            "back to Retain",
            set("", "") + &claim(0, tied) + &pod(0, OWNED, "Running"),
            &["RemoveOwner pvc/data-vault-0 su"],
        ),
        (
            "whenScaled: Delete",
            set("", scaled) + &both,
            &["Adopt pod/vault-1 pvc/data-vault-1", "Delete pod/vault-1 Background"],
        ),
        (
            "a claim of an earlier pod blocks",
            set("", scaled)
                + &claim(
                    0,
                    ", ownerReferences: [{apiVersion: v1, kind: Pod, name: vault-0, uid: p-old}]",
                ),
            &[],
        ),
    ]);
}

/// One set, one pod, its claim on an old Retain volume, and a class that makes new ones.
fn seed_003() -> World {
    world(
        &(set("", "") + &pod(0, OWNED, "Running") + &claim(0, "") + "
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: old-0, finalizers: [kubernetes.io/pv-protection]}
spec: {capacity: {storage: 1Gi}, storageClassName: nfs, persistentVolumeReclaimPolicy: Retain, nfs: {server: s, path: /p}, claimRef: {namespace: a, name: data-vault-0, uid: c0}}
status: {phase: Bound}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: csi.x
reclaimPolicy: Delete
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {conditions: [{type: Ready, status: \"True\"}]}
"),
    )
}

fn delete(world: &mut World, key: &Key) {
    let uid = world.get(key).unwrap().meta.uid.clone();
    let propagation = Propagation::Background;
    let object = key.clone();
    apply(
        world,
        &Change::Delete {
            object,
            uid,
            propagation,
        },
    );
}

#[test]
fn seed_003_pod_first_leaves_the_new_pod_on_the_old_claim() {
    let (pod, claim) = (key("pod a/vault-0"), key("pvc a/data-vault-0"));
    let mut world = seed_003();
    delete(&mut world, &pod);
    let (mut world, _) = at_rest(&world, &Conditions::default());
    assert_ne!(
        world.get(&pod).unwrap().meta.uid.to_string(),
        "p0",
        "the pod is a new one"
    );
    delete(&mut world, &claim);
    let (world, _) = at_rest(&world, &Conditions::default());
    let held = world.get(&claim).unwrap();
    assert_eq!(held.meta.uid.to_string(), "c0");
    assert!(held.meta.deleting(), "Terminating, held by the new pod");
    let volume = world.get(&key("pv old-0")).unwrap();
    assert_eq!(format!("{:?}", volume.body.volume().unwrap().status.phase), "Bound");
}

#[test]
fn seed_003_claim_first_gives_a_new_pod_on_a_new_claim() {
    let (pod, claim) = (key("pod a/vault-0"), key("pvc a/data-vault-0"));
    let mut world = seed_003();
    delete(&mut world, &claim);
    let (mut world, heard) = at_rest(&world, &Conditions::default());
    assert!(world.get(&claim).unwrap().meta.deleting());
    assert!(!heard.iter().any(|line| line.contains("Create")), "{heard:#?}");
    delete(&mut world, &pod);
    let (world, _) = at_rest(&world, &Conditions::default());
    let new = world.get(&claim).unwrap();
    assert_ne!(new.meta.uid.to_string(), "c0");
    let volume = new.body.claim().unwrap().spec.volume_name.clone();
    assert!(volume.starts_with("pvc-"), "a new volume: {volume}");
    let pod = world.get(&pod).unwrap().body.pod().unwrap().clone();
    assert!(pod.ready(), "the new pod runs");
    let old = world.get(&key("pv old-0")).unwrap();
    assert_eq!(format!("{:?}", old.body.volume().unwrap().status.phase), "Released");
}
