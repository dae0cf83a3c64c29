//! What each request leaves of the object it is pinned to, before any controller has seen it.

use super::carry_out;
use crate::laws::fixture::{key, world};
use crate::model::act::{ClassDraft, SetDraft};
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Body, Draft, Key, Object, Pin, Propagation, Uid, World};
use serde_json::json;

const GROUND: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec: {persistentVolumeReclaimPolicy: Retain, claimRef: {namespace: a, name: data, uid: c, resourceVersion: '7'}}
status: {phase: Released}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: a, finalizers: [kubernetes.io/pvc-protection]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: going, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [kubernetes.io/pvc-protection, a.example/held]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: last, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [a.example/held]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: a}
spec: {replicas: 3}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}}
provisioner: csi.x
---
apiVersion: v1
kind: Pod
metadata: {name: runs, namespace: a}
spec: {nodeName: n1}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: waits, namespace: a}
status: {phase: Pending}
---
apiVersion: v1
kind: Pod
metadata: {name: blocks, namespace: a, finalizers: [foregroundDeletion], deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0}
";

/// An object in a line: what requests change of it.
fn line(object: &Object) -> String {
    let meta = &object.meta;
    let grace = meta.deletion_grace_period_seconds.unwrap_or_default();
    let going = if meta.deleting() {
        format!(" going in {grace}")
    } else {
        String::new()
    };
    let finalizers: String = meta.finalizers.iter().flat_map(|finalizer| [" ", finalizer]).collect();
    let marks = meta.labels.iter().chain(meta.annotations.iter());
    let marks: String = marks.flat_map(|(name, value)| [" ", name, "=", value]).collect();
    format!("{}{going}{finalizers}{marks}", object.key())
        + &match &object.body {
            Body::PersistentVolume(volume) => {
                let claim = volume.spec.claim_ref.clone().unwrap_or_default();
                format!(
                    " {} for {}/{} uid '{}' version '{}'",
                    volume.spec.persistent_volume_reclaim_policy.word(),
                    claim.namespace,
                    claim.name,
                    claim.uid,
                    claim.resource_version,
                )
            }
            Body::PersistentVolumeClaim(claim) => format!(" on '{}' {:?}", claim.spec.volume_name, claim.status.phase),
            Body::StatefulSet(set) => format!(" of {}", set.replicas()),
            Body::StorageClass(class) => format!(" by {}", class.provisioner),
            _ => String::new(),
        }
}

/// What an act changes: the lines that go, and those that come.
fn changes(act: &dyn Fn(&World) -> Act) -> Vec<String> {
    let before = world(GROUND);
    let mut after = before.clone();
    carry_out(&mut after, &act(&before), None);
    let lines = |world: &World| world.objects().map(|object| line(object)).collect::<Vec<_>>();
    let (was, is) = (lines(&before), lines(&after));
    let gone = was
        .iter()
        .filter(|line| !is.contains(line))
        .map(|line| format!("- {line}"));
    let come = is
        .iter()
        .filter(|line| !was.contains(line))
        .map(|line| format!("+ {line}"));
    gone.chain(come).collect()
}

fn pin(world: &World, object: &str) -> Pin {
    world.get(&key(object)).unwrap().pin()
}

/// Pinned to an object that bore the name before.
fn earlier(world: &World, object: &str) -> Pin {
    Pin {
        uid: Uid::new("earlier"),
        ..pin(world, object)
    }
}

/// The same act on the object that is there, and on an earlier one of its name, which changes nothing.
fn check(name: &str, act: &dyn Fn(Pin) -> Act, object: &str, expected: &[&str]) {
    assert_eq!(changes(&|world| act(pin(world, object))), expected, "{name}");
    let nothing: [&str; 0] = [];
    assert_eq!(
        changes(&|world| act(earlier(world, object))),
        nothing,
        "{name}, of an earlier one"
    );
}

#[test]
fn a_deletion_goes_as_far_as_finalizers_and_kubelets_let_it() {
    let delete = |propagation| move |target| Act::Delete { target, propagation };
    let evict = |pod| Act::Evict { pod };
    let background = delete(Propagation::Background);
    let held = "- pvc/data kubernetes.io/pvc-protection on '' Pending";
    check(
        "held by a finalizer",
        &background,
        "pvc a/data",
        &[held, "+ pvc/data going in 0 kubernetes.io/pvc-protection on '' Pending"],
    );
    check(
        "held by nothing",
        &background,
        "storageclass fast",
        &["- storageclass/fast storageclass.kubernetes.io/is-default-class=true by csi.x"],
    );
    check(
        "in the foreground",
        &delete(Propagation::Foreground),
        "statefulset a/db",
        &[
            "- statefulset/db of 3",
            "+ statefulset/db going in 0 foregroundDeletion of 3",
        ],
    );
    check(
        "its dependents orphaned",
        &delete(Propagation::Orphan),
        "statefulset a/db",
        &["- statefulset/db of 3", "+ statefulset/db going in 0 orphan of 3"],
    );
    check(
        "a pod that runs",
        &background,
        "pod a/runs",
        &["- pod/runs", "+ pod/runs going in 30"],
    );
    check("a pod without a node", &background, "pod a/waits", &["- pod/waits"]);
    check(
        "evicted",
        &evict,
        "pod a/runs",
        &["- pod/runs", "+ pod/runs going in 30"],
    );
    check(
        "deleted again, in the background",
        &background,
        "pod a/blocks",
        &["- pod/blocks going in 0 foregroundDeletion"],
    );
    check(
        "evicted, what an earlier deletion asked for stays",
        &evict,
        "pod a/blocks",
        &[],
    );
}

#[test]
fn a_volume_gets_another_policy_or_another_reservation() {
    let was = "- pv/v Retain for a/data uid 'c' version '7'";
    check(
        "another policy",
        &|volume| Act::SetReclaimPolicy {
            volume,
            policy: ReclaimPolicy::Delete,
        },
        "pv v",
        &[was, "+ pv/v Delete for a/data uid 'c' version '7'"],
    );
    check(
        "claimRef cleared: the names stay",
        &|volume| Act::ClearClaimRef { volume },
        "pv v",
        &[was, "+ pv/v Retain for a/data uid '' version ''"],
    );
    check(
        "claimRef rewritten: without a uid",
        &|volume| Act::RetargetClaimRef {
            volume,
            namespace: "b".into(),
            name: "heir".into(),
        },
        "pv v",
        &[was, "+ pv/v Retain for b/heir uid '' version ''"],
    );
}

#[test]
fn a_patch_changes_its_field_and_nothing_else() {
    check(
        "scaled",
        &|target| Act::Scale { target, replicas: 0 },
        "statefulset a/db",
        &["- statefulset/db of 3", "+ statefulset/db of 0"],
    );
    check(
        "one finalizer of two",
        &|target| Act::RemoveFinalizer {
            target,
            finalizer: "a.example/held".into(),
        },
        "pvc a/going",
        &[
            "- pvc/going going in 0 kubernetes.io/pvc-protection a.example/held on '' Pending",
            "+ pvc/going going in 0 kubernetes.io/pvc-protection on '' Pending",
        ],
    );
    check(
        "the last finalizer of what is going",
        &|target| Act::RemoveFinalizer {
            target,
            finalizer: "a.example/held".into(),
        },
        "pvc a/last",
        &["- pvc/last going in 0 a.example/held on '' Pending"],
    );
    check(
        "the last finalizer of what is not",
        &|target| Act::RemoveFinalizer {
            target,
            finalizer: "kubernetes.io/pvc-protection".into(),
        },
        "pvc a/data",
        &[
            "- pvc/data kubernetes.io/pvc-protection on '' Pending",
            "+ pvc/data on '' Pending",
        ],
    );
    check(
        "an annotation set",
        &|target| Act::Annotate {
            target,
            annotation: "helm.sh/resource-policy".into(),
            value: Some("keep".into()),
        },
        "statefulset a/db",
        &[
            "- statefulset/db of 3",
            "+ statefulset/db helm.sh/resource-policy=keep of 3",
        ],
    );
    check(
        "an annotation taken off",
        &|target| Act::Annotate {
            target,
            annotation: "storageclass.kubernetes.io/is-default-class".into(),
            value: None,
        },
        "storageclass fast",
        &[
            "- storageclass/fast storageclass.kubernetes.io/is-default-class=true by csi.x",
            "+ storageclass/fast by csi.x",
        ],
    );
    check(
        "stamped for a release",
        &|target| Act::Stamp {
            target,
            release: "app".into(),
            namespace: "shop".into(),
        },
        "statefulset a/db",
        &[
            "- statefulset/db of 3",
            "+ statefulset/db app.kubernetes.io/managed-by=Helm meta.helm.sh/release-name=app \
             meta.helm.sh/release-namespace=shop of 3",
        ],
    );
}

#[test]
fn what_is_made_comes_only_where_nothing_bears_its_name() {
    let claim = |name: &str| {
        let draft = Draft {
            volume_name: "v".into(),
            ..Draft::default()
        };
        Act::create_claim(
            Key::new(crate::model::Kind::PersistentVolumeClaim, "a", name),
            draft,
            "s1",
        )
    };
    let class = |name: &str| {
        let draft = ClassDraft {
            provisioner: "csi.y".into(),
            ..ClassDraft::default()
        };
        Act::create_class(name, draft, "s1")
    };
    let set = |name: &str| {
        let live = json!({"spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "main"}]}},
        }});
        let draft = SetDraft::of_live(&live).unwrap();
        Act::create_set(Key::new(crate::model::Kind::StatefulSet, "a", name), draft, "s1")
    };
    let cases: [(&str, Act, &[&str]); 6] = [
        (
            "a claim, Pending and protected",
            claim("new"),
            &["+ pvc/new kubernetes.io/pvc-protection pilothouse.dev/step=s1 on 'v' Pending"],
        ),
        ("a claim whose name is taken", claim("data"), &[]),
        (
            "a class",
            class("slow"),
            &["+ storageclass/slow pilothouse.dev/step=s1 by csi.y"],
        ),
        ("a class whose name is taken", class("fast"), &[]),
        ("a set", set("web"), &["+ statefulset/web pilothouse.dev/step=s1 of 2"]),
        ("a set whose name is taken", set("db"), &[]),
    ];
    for (name, act, expected) in cases {
        assert_eq!(changes(&|_| act.clone()), expected, "{name}");
    }
}
