//! Random small worlds: the laws come to rest, forecasts answer, and twice the same question gets the same answer.

use super::{QUIET, forecast, now};
use crate::laws::fixture::world;
use crate::laws::{Conditions, Settled, settle};
use crate::model::{Act, Propagation};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["x", "w", "z"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn dying() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        "",
        ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30",
    ])
}

fn finalizers(kinds: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::subsequence(kinds, 0..=kinds.len()).prop_map(|held| held.join(", "))
}

fn owner() -> impl Strategy<Value = String> {
    let kinds = prop::sample::select(vec![
        "batch/v1 Job",
        "apps/v1 StatefulSet",
        "apps/v1 ReplicaSet",
        "apps/v1 DaemonSet",
        "apps/v1 Deployment",
        "v1 Pod",
        "example.com/v1 Cluster",
    ]);
    let one = (kinds, name(), any::<bool>(), any::<bool>()).prop_map(|(kind, name, controller, block)| {
        let (api, kind) = kind.split_once(' ').expect("api and kind");
        format!("{{apiVersion: {api}, kind: {kind}, name: {name}, uid: {kind}/{name}, controller: {controller}, blockOwnerDeletion: {block}}}")
    });
    prop::option::of(one).prop_map(Option::unwrap_or_default)
}

fn volumes() -> impl Strategy<Value = String> {
    prop::option::of(name()).prop_map(|claim| {
        claim.map_or_else(String::new, |claim| {
            format!("volumes: [{{name: d, persistentVolumeClaim: {{claimName: {claim}}}}}]")
        })
    })
}

fn pod() -> impl Strategy<Value = String> {
    let phase = prop::sample::select(vec!["Pending", "Running", "Succeeded", "Failed"]);
    let node = prop::sample::select(vec!["\"\"", "n1", "n2"]);
    let marks = finalizers(&["batch.kubernetes.io/job-tracking", "x/y", "orphan"]);
    let name = prop::sample::select(vec!["x", "w", "x-0", "x-1", "w-0"]);
    (name, dying(), marks, owner(), node, volumes(), phase).prop_map(|(name, dying, marks, owner, node, volumes, phase)| {
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: a, labels: {{app: x}}, finalizers: [{marks}], ownerReferences: [{owner}]{dying}}}, spec: {{nodeName: {node}, {volumes}}}, status: {{phase: {phase}}}}}")
    })
}

fn claim() -> impl Strategy<Value = String> {
    let phase = prop::sample::select(vec!["Pending", "Bound", "Lost"]);
    let volume = prop::sample::select(vec!["\"\"", "x", "w"]);
    let class = prop::sample::select(vec!["", "storageClassName: s,", "storageClassName: \"\","]);
    let marks = finalizers(&["kubernetes.io/pvc-protection", "x/y"]);
    let complete = prop::sample::select(vec!["", "pv.kubernetes.io/bind-completed: \"yes\""]);
    let name = prop::sample::select(vec!["x", "w", "data-x-0"]);
    (name, dying(), marks, owner(), (volume, class), complete, phase).prop_map(
        |(name, dying, marks, owner, (volume, class), complete, phase)| {
            format!("{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}, namespace: a, annotations: {{{complete}}}, finalizers: [{marks}], ownerReferences: [{owner}]{dying}}}, spec: {{{class} volumeName: {volume}, resources: {{requests: {{storage: 1Gi}}}}}}, status: {{phase: {phase}}}}}")
        },
    )
}

fn volume() -> impl Strategy<Value = String> {
    let phase = prop::sample::select(vec!["Available", "Bound", "Released", "Failed", "Pending"]);
    let policy = prop::sample::select(vec!["Retain", "Delete", "Recycle"]);
    let source = prop::sample::select(vec![
        "csi: {driver: d, volumeHandle: h}",
        "nfs: {server: s, path: /p}",
        "hostPath: {path: /tmp/x}",
    ]);
    let reference = prop::sample::select(vec![
        "",
        "claimRef: {namespace: a, name: x}",
        "claimRef: {namespace: a, name: x, uid: PersistentVolumeClaim/x}",
        "claimRef: {namespace: a, name: w, uid: old}",
    ]);
    let marks = finalizers(&[
        "kubernetes.io/pv-protection",
        "external-provisioner.volume.kubernetes.io/finalizer",
    ]);
    (name(), dying(), marks, policy, source, reference, phase).prop_map(|(name, dying, marks, policy, source, reference, phase)| {
        format!("{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {name}, finalizers: [{marks}]{dying}}}, spec: {{storageClassName: s, capacity: {{storage: 1Gi}}, persistentVolumeReclaimPolicy: {policy}, {source}, {reference}}}, status: {{phase: {phase}}}}}")
    })
}

fn workload() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec!["StatefulSet", "ReplicaSet", "Deployment", "DaemonSet"]);
    let policy = prop::sample::select(vec!["OrderedReady", "Parallel"]);
    let retention = prop::sample::select(vec!["Retain", "Delete"]);
    let marks = finalizers(&["foregroundDeletion", "orphan", "x/y"]);
    (kind, name(), dying(), marks, 0..4_u32, volumes(), (policy, retention.clone(), retention)).prop_map(
        |(kind, name, dying, marks, replicas, volumes, (policy, deleted, scaled))| {
            format!("{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}, namespace: a, labels: {{app: x}}, finalizers: [{marks}]{dying}}}, spec: {{replicas: {replicas}, podManagementPolicy: {policy}, persistentVolumeClaimRetentionPolicy: {{whenDeleted: {deleted}, whenScaled: {scaled}}}, selector: {{matchLabels: {{app: x}}}}, template: {{metadata: {{labels: {{app: x}}}}, spec: {{{volumes}}}}}, volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{storageClassName: s}}}}]}}}}")
        },
    )
}

fn job() -> impl Strategy<Value = String> {
    let state = prop::sample::select(vec![
        "",
        "{type: Complete, status: \"True\"}",
        "{type: Failed, status: \"True\"}",
    ]);
    let marks = finalizers(&["foregroundDeletion", "orphan"]);
    (name(), dying(), marks, any::<bool>(), 0..3_u32, volumes(), state).prop_map(|(name, dying, marks, suspend, parallelism, volumes, state)| {
        format!("{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, namespace: a, finalizers: [{marks}]{dying}}}, spec: {{suspend: {suspend}, parallelism: {parallelism}, template: {{spec: {{{volumes}}}}}}}, status: {{conditions: [{state}]}}}}")
    })
}

const FIXED: &str = "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: \"True\"}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {conditions: [{type: Ready, status: \"False\"}]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: a}, spec: {finalizers: [kubernetes]}}
---
{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: va}, spec: {attacher: d, nodeName: n1, source: {persistentVolumeName: x}}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: s, annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}}, provisioner: d, volumeBindingMode: MODE}";

fn random_world() -> impl Strategy<Value = String> {
    let object = prop_oneof![3 => pod(), 3 => claim(), 3 => volume(), 2 => workload(), 2 => job()];
    let mode = prop::sample::select(vec!["Immediate", "WaitForFirstConsumer"]);
    (prop::collection::vec(object, 1..14), mode)
        .prop_map(|(objects, mode)| format!("{}\n---\n{}", FIXED.replace("MODE", mode), objects.join("\n---\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_come_to_rest(yaml in random_world()) {
        let world = world(&yaml);
        let run = |conditions: &Conditions| {
            let mut end = world.clone();
            let mut heard = Vec::new();
            let settled = settle(&mut end, conditions, &mut |_, reaction| heard.push(reaction.clone()));
            (settled, heard, end)
        };
        let (settled, heard, mut end) = run(&Conditions::default());
        prop_assert_eq!(settled, Settled::AtRest, "{:#?}", heard.iter().rev().take(12).collect::<Vec<_>>());
        let (_, again, _) = run(&Conditions::default());
        prop_assert_eq!(heard, again);
        let mut more = Vec::new();
        settle(&mut end, &Conditions::default(), &mut |_, reaction| more.push(reaction.clone()));
        prop_assert!(more.is_empty(), "a world at rest stays at rest: {more:#?}");
    }

    #[test]
    fn every_question_gets_the_same_answer_twice(yaml in random_world(), which in any::<prop::sample::Index>(), way in 0..3_usize) {
        let world = world(&yaml);
        let objects: Vec<_> = world.objects().cloned().collect();
        let target = which.get(&objects).pin();
        let propagation = [Propagation::Background, Propagation::Foreground, Propagation::Orphan][way];
        let acts = [
            Act::Delete { target: target.clone(), propagation },
            Act::ClearClaimRef { volume: target.clone() },
        ];
        for act in acts {
            let first = forecast(&world, &act, &Conditions::default(), now(), QUIET);
            let second = forecast(&world, &act, &Conditions::default(), now(), QUIET);
            prop_assert_eq!(&first, &second);
            prop_assert!(first.entries.iter().any(|entry| entry.object == target.key), "the target is told");
            for entry in &first.entries {
                prop_assert!(!entry.sentence().is_empty());
            }
        }
    }
}
