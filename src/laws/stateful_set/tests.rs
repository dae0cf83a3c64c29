//! Pods and claims of a StatefulSet, and the orders of seed 003.

use super::{LAW, given_up, looked};
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
fn it_adopts_and_scales_down() {
    let none = "  replicas: 0";
    let one = "  replicas: 1";
    let scaled = "  replicas: 1\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}";
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
            "whenScaled: Delete, and the claim is not tied to its pod yet",
            set("", scaled) + &both,
            &["Adopt pod/vault-1 pvc/data-vault-1"],
        ),
        (
            "whenScaled: Delete, and the claim is tied to its pod",
            set("", scaled)
                + &claim(0, "")
                + &claim(
                    1,
                    ", ownerReferences: [{apiVersion: v1, kind: Pod, name: vault-1, uid: p1, controller: true}]",
                )
                + &pod(0, OWNED, "Running")
                + &pod(1, OWNED, "Running"),
            &["Delete pod/vault-1 Background"],
        ),
    ]);
}

/// The claim of an ordinal as an earlier pod of its name left it.
fn stale(ordinal: u32, meta: &str) -> String {
    let owner = format!(
        ", ownerReferences: [{{apiVersion: v1, kind: Pod, name: vault-{ordinal}, uid: old-{ordinal}, controller: true}}]"
    );
    claim(ordinal, &format!("{owner}{meta}"))
}

#[test]
fn over_a_stale_claim_it_gives_up() {
    let scaled = "  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}";
    let parallel = format!("  replicas: 2\n  podManagementPolicy: Parallel\n{scaled}");
    let logs = "  volumeClaimTemplates:\n  - metadata: {name: logs}";
    let gives_up: &[&str] = &["GiveUp statefulset/vault"];
    check(&[
        ("a claim of an earlier pod", set("", scaled) + &stale(0, ""), gives_up),
        ("the same, being deleted", set("", scaled) + &stale(0, DYING), gives_up),
        (
            "before the claims that are missing are made",
            set("", scaled).replace("  volumeClaimTemplates:", logs) + &stale(0, ""),
            gives_up,
        ),
        (
            "a claim that is kept is not stale",
            set("", "") + &stale(0, ""),
            &["CreatePod statefulset/vault 0"],
        ),
        (
            "its pod is still there, under another name",
            set("", scaled) + &stale(0, "").replace("uid: old-0", "uid: p5") + &pod(5, OWNED, "Running"),
            &["CreatePod statefulset/vault 0"],
        ),
        (
            "owned by somebody else who is gone",
            set("", scaled) + &stale(0, "").replace("kind: Pod", "kind: Backup"),
            &["CreatePod statefulset/vault 0"],
        ),
        (
            "in order, nothing follows",
            set("", &format!("  replicas: 2\n{scaled}")) + &stale(0, "") + &claim(1, ""),
            gives_up,
        ),
        (
            "at once, the others are made",
            set("", &parallel) + &stale(0, "") + &claim(1, ""),
            &["CreatePod statefulset/vault 1", "GiveUp statefulset/vault"],
        ),
        (
            "at once, another fails, and so it tries again",
            set("", &parallel) + &stale(0, "") + &claim(1, DYING),
            &[],
        ),
    ]);
}

#[test]
fn once_the_stale_claim_is_gone_its_pod_comes_with_the_next_change_of_the_set_or_a_pod() {
    let pod_of = |world: &World| world.get(&key("pod a/vault-0")).is_some();
    let gone = |world: &mut World| {
        let claim = key("pvc a/data-vault-0");
        let uid = world.get(&claim).unwrap().meta.uid.clone();
        let finalizer = "kit.example/held".into();
        apply(
            world,
            &Change::RemoveFinalizer {
                object: claim,
                uid,
                finalizer,
            },
        );
    };
    let held = ", finalizers: [kit.example/held]";
    let spec = "  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}";
    let claim = stale(0, "").replace(", finalizers: [kubernetes.io/pvc-protection]", held);
    let yaml = set("", spec) + &claim;

    let (mut world, heard) = at_rest(&world(&yaml), &Conditions::default());
    assert!(
        heard.contains(&"stateful_set: GiveUp statefulset/vault".to_owned()),
        "{heard:#?}"
    );
    gone(&mut world);
    let (world, heard) = at_rest(&world, &Conditions::default());
    assert!(!pod_of(&world), "{heard:#?}");
    assert!(world.get(&key("pvc a/data-vault-0")).is_none(), "the claim is gone");
    assert_eq!(
        given_up(&world, world.get(&key("statefulset a/vault")).unwrap()),
        [key("pod a/vault-0")]
    );

    let set_changed = {
        let mut world = world.clone();
        let object = key("statefulset a/vault");
        let uid = world.get(&object).unwrap().meta.uid.clone();
        apply(
            &mut world,
            &Change::Scale {
                object,
                uid,
                replicas: 2,
            },
        );
        world
    };
    let pod_changed = {
        let mut world = world;
        for object in crate::laws::fixture::objects(&pod(3, OWNED, "Running")) {
            world.put(object);
        }
        world
    };
    for changed in [set_changed, pod_changed] {
        let (end, heard) = at_rest(&changed, &Conditions::default());
        assert!(pod_of(&end), "{heard:#?}");
    }
}

/// A world that was read does not tell what its sets have given up over: they have looked at it before anything is asked.
#[test]
fn a_set_has_looked_before_an_act_takes_the_stale_claim_away() {
    let scaled = "  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}";
    for (name, yaml, comes) in [
        ("a stale claim", set("", scaled) + &stale(0, ""), false),
        ("no claim", set("", scaled), true),
        ("a claim that is kept", set("", "") + &stale(0, ""), true),
    ] {
        let mut world = world(&yaml);
        looked(&mut world);
        world.take(&key("pvc a/data-vault-0"));
        let (end, heard) = at_rest(&world, &Conditions::default());
        assert_eq!(end.get(&key("pod a/vault-0")).is_some(), comes, "{name}: {heard:#?}");
    }
}

#[test]
fn a_new_claim_bears_the_labels_of_its_template_and_over_them_the_selectors() {
    let labels = "metadata: {name: data, labels: {app: other, tier: disk}}";
    let yaml = set("", "").replace("metadata: {name: data}", labels);
    let (world, heard) = at_rest(&world(&yaml), &Conditions::default());
    let claim = world
        .get(&key("pvc a/data-vault-0"))
        .unwrap_or_else(|| panic!("{heard:#?}"));
    let labels: Vec<(&str, &str)> = claim.meta.labels.iter().collect();
    assert_eq!(labels, [("app", "vault"), ("tier", "disk")]);
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

#[test]
fn a_changed_template_restarts_from_the_highest_ordinal_down_to_the_partition() {
    let status = "\nstatus: {observedGeneration: 2, currentRevision: vault-1, updateRevision: vault-2}";
    let two = |spec: &str| set(", generation: 2", &format!("  replicas: 2\n{spec}{status}"));
    let of = |revision: u32| format!("{OWNED}, REVISION: vault-{revision}");
    let pod = |ordinal: u32, meta: &str, phase: &str| {
        let (meta, revision) = meta.split_once(", REVISION: ").expect("a revision");
        let labels = format!("labels: {{app: vault, controller-revision-hash: {revision}}}");
        pod(ordinal, meta, phase).replace("labels: {app: vault}", &labels)
    };
    let (old, new) = (of(1), of(2));
    let dying = new.replace(", REVISION", &format!("{DYING}, REVISION"));
    let claims = claim(0, "") + &claim(1, "");
    let restart = |ordinal: u32| format!("Delete pod/vault-{ordinal} Background");
    let behind = set(", generation: 3", &format!("  replicas: 2{status}"));
    let cases: [(&str, String, Option<u32>); 9] = [
        (
            "the highest first",
            two("") + &pod(0, &old, "Running") + &pod(1, &old, "Running"),
            Some(1),
        ),
        (
            "then the next",
            two("") + &pod(0, &old, "Running") + &pod(1, &new, "Running"),
            Some(0),
        ),
        (
            "all there",
            two("") + &pod(0, &new, "Running") + &pod(1, &new, "Running"),
            None,
        ),
        (
            "it waits for the one on its way",
            two("") + &pod(0, &old, "Running") + &pod(1, &dying, "Running"),
            None,
        ),
        (
            "it waits for the one that starts",
            two("") + &pod(0, &old, "Running") + &pod(1, &new, "Pending"),
            None,
        ),
        (
            "down to the partition",
            two("  updateStrategy: {rollingUpdate: {partition: 1}}")
                + &pod(0, &old, "Running")
                + &pod(1, &new, "Running"),
            None,
        ),
        (
            "OnDelete",
            two("  updateStrategy: {type: OnDelete}") + &pod(0, &old, "Running") + &pod(1, &old, "Running"),
            None,
        ),
        (
            "a set whose generation the controller has not seen",
            behind + &pod(0, &old, "Running") + &pod(1, &old, "Running"),
            None,
        ),
        (
            "an ordinal that does not start at nought",
            two("  ordinals: {start: 1}\n  updateStrategy: {rollingUpdate: {partition: 1}}")
                + &pod(1, &old, "Running")
                + &pod(2, &old, "Running")
                + &claim(2, ""),
            Some(2),
        ),
    ];
    for (name, yaml, expected) in cases {
        let said = says(&LAW, &world(&(yaml + &claims)), &Conditions::default());
        assert_eq!(said, expected.map(restart).into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_restart_stands_on_the_old_claims_and_below_the_partition_on_the_old_template() {
    let status = "\nstatus: {observedGeneration: 2, currentRevision: vault-1, updateRevision: vault-2}";
    let spec = "  replicas: 2\n  updateStrategy: {rollingUpdate: {partition: 1}}";
    let label = "labels: {app: vault, controller-revision-hash: vault-1}";
    let pods = [0, 1].map(|ordinal| pod(ordinal, OWNED, "Running").replace("labels: {app: vault}", label));
    let volumes = [0, 1].map(|ordinal| format!("\n---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: old-{ordinal}, uid: v{ordinal}, finalizers: [kubernetes.io/pv-protection]}}\nspec: {{claimRef: {{namespace: a, name: data-vault-{ordinal}, uid: c{ordinal}}}}}\nstatus: {{phase: Bound}}\n"));
    let yaml = set(", generation: 2", &format!("{spec}{status}"))
        + &pods.concat()
        + &volumes.concat()
        + &claim(0, "")
        + &claim(1, "");
    let mut before = world(&yaml);
    delete(&mut before, &key("pod a/vault-0"));
    let (after, heard) = at_rest(&before, &Conditions::default());
    for (ordinal, revision) in [(0, "vault-1"), (1, "vault-2")] {
        let pod = after.get(&key(&format!("pod a/vault-{ordinal}"))).unwrap();
        assert!(crate::laws::made::is_made(&pod.meta.uid), "{heard:#?}");
        assert_eq!(pod.meta.labels.get("controller-revision-hash").unwrap(), revision);
        let claim = after.get(&key(&format!("pvc a/data-vault-{ordinal}"))).unwrap();
        assert_eq!(claim.meta.uid.to_string(), format!("c{ordinal}"));
    }
}
