//! Acts aimed at Kubernetes whose pods are peers of raft: table of what becomes of the quorum.

use super::{QUIET, deletion, now, pin};
use crate::forecast::{Forecast, QuorumEnd, Tier, forecast};
use crate::laws::Conditions;
use crate::laws::fixture::world;
use crate::model::act::Task;
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::raft::{Answer, Configuration, Known, Reply, Said, Server, Soundings, Sweep};
use crate::model::{Act, Moment, Propagation, World};
use std::sync::Arc;
use std::time::Duration;

/// A Vault of three, each pod with a claim on a retained volume.
fn vault() -> World {
    let mut yaml = String::from(
        "
- {apiVersion: v1, kind: Namespace, metadata: {name: a}, spec: {finalizers: [kubernetes]}, status: {phase: Active}}
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: v, namespace: a, uid: set}, spec: {replicas: 3, selector: {matchLabels: {app: v}}, template: {metadata: {labels: {app: v}}, spec: {containers: [{image: \"vault:1.21.0\", ports: [{name: http, containerPort: 8200}]}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: c}}]}, status: {replicas: 3, readyReplicas: 3}}
- {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, provisioner: x, reclaimPolicy: Retain, volumeBindingMode: Immediate}",
    );
    for at in 0..3 {
        yaml.extend([format!(
            "
- {{apiVersion: v1, kind: Node, metadata: {{name: n{at}}}, status: {{conditions: [{{type: Ready, status: 'True'}}]}}}}
- {{apiVersion: v1, kind: Pod, metadata: {{name: v-{at}, namespace: a, uid: pod{at}, labels: {{app: v, statefulset.kubernetes.io/pod-name: v-{at}}}, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: set, controller: true}}]}}, spec: {{nodeName: n{at}, volumes: [{{name: data, persistentVolumeClaim: {{claimName: data-v-{at}}}}}]}}, status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}}}
- {{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: data-v-{at}, namespace: a, uid: claim{at}, finalizers: [kubernetes.io/pvc-protection]}}, spec: {{volumeName: pv{at}, storageClassName: c}}, status: {{phase: Bound}}}}
- {{apiVersion: v1, kind: PersistentVolume, metadata: {{name: pv{at}, finalizers: [kubernetes.io/pv-protection]}}, spec: {{claimRef: {{namespace: a, name: data-v-{at}, uid: claim{at}}}, persistentVolumeReclaimPolicy: Retain, storageClassName: c, csi: {{driver: x, volumeHandle: h{at}}}}}, status: {{phase: Bound}}}}"
        )]);
    }
    world(&yaml)
}

/// What the three said, asked at the beginning: `v-2` leads; who is in `ill` is sealed.
fn asked(world: &World, ill: &[&str], token: bool) -> Conditions {
    let mut soundings = Soundings::default();
    let roster = soundings.rosters(world, "a").remove(0);
    let servers = roster.members.iter().map(|member| Server {
        id: member.pod.clone(),
        address: format!("{}.v-internal:8201", member.pod).into(),
        voter: true,
        ..Server::default()
    });
    let configuration = Configuration {
        servers: servers.collect(),
    };
    let answers = roster.members.iter().map(|member| {
        let leads = member.pod == "v-2";
        let said = Said {
            initialised: Some(true),
            sealed: Some(ill.contains(&member.pod.as_str())),
            leads: Some(leads),
            configuration: if leads && token {
                Known::Told(configuration.clone())
            } else {
                Known::default()
            },
            ..Said::default()
        };
        Answer {
            pod: member.pod.clone(),
            uid: member.uid.clone(),
            reply: Reply::Said(Box::new(said)),
        }
    });
    let sweep = Sweep {
        at: Moment::default(),
        answers: answers.collect(),
    };
    soundings.enter(roster, sweep);
    Conditions {
        raft: Arc::new(soundings),
        ..Conditions::default()
    }
}

fn said(world: &World, act: &Act, conditions: &Conditions) -> Forecast {
    forecast(world, act, conditions, now(), QUIET)
}

fn delete(world: &World, target: &str) -> Act {
    deletion(world, target, Propagation::Background)
}

#[test]
fn each_act_says_what_happens_to_the_quorum() {
    let world = vault();
    let healthy = asked(&world, &[], true);
    let one_ill = asked(&world, &["v-1"], true);
    let scale = |replicas| Act::Scale {
        target: pin(&world, "sts a/v"),
        replicas,
    };
    let kept = |tolerance| QuorumEnd::Kept { tolerance };
    let cases = [
        ("a follower", delete(&world, "pod a/v-0"), &healthy, kept(0), Tier::T1),
        ("the leader", delete(&world, "pod a/v-2"), &healthy, kept(0), Tier::T1),
        (
            "evicted",
            Act::Evict {
                pod: pin(&world, "pod a/v-0"),
            },
            &healthy,
            kept(0),
            Tier::T1,
        ),
        (
            "a second one",
            delete(&world, "pod a/v-0"),
            &one_ill,
            QuorumEnd::Broken,
            Tier::T3,
        ),
        (
            "the sick one itself",
            delete(&world, "pod a/v-1"),
            &one_ill,
            kept(0),
            Tier::T1,
        ),
        ("a claim", delete(&world, "pvc a/data-v-0"), &healthy, kept(0), Tier::T2),
        (
            "the set",
            delete(&world, "sts a/v"),
            &healthy,
            QuorumEnd::Broken,
            Tier::T3,
        ),
        ("one less", scale(2), &healthy, kept(0), Tier::T1),
        ("two less", scale(1), &healthy, QuorumEnd::Broken, Tier::T3),
        (
            "the namespace",
            delete(&world, "namespace a"),
            &healthy,
            QuorumEnd::Broken,
            Tier::T3,
        ),
    ];
    for (name, act, conditions, end, tier) in cases {
        let told = said(&world, &act, conditions);
        let ends: Vec<&QuorumEnd> = told.quorum.iter().map(|told| &told.end).collect();
        assert_eq!(ends, [&end], "{name}: {:?} {:?}", told.quorum, told.entries);
        assert!(told.tier >= tier, "{name}: {:?} {}", told.tier, told.because);
        if end == QuorumEnd::Broken && name != "the namespace" {
            assert!(
                told.because.starts_with("breaks the quorum of a/v"),
                "{name}: {}",
                told.because
            );
        }
    }
}

#[test]
fn an_orphaned_set_leaves_the_peers_alone() {
    let world = vault();
    let act = deletion(&world, "sts a/v", Propagation::Orphan);
    let told = said(&world, &act, &asked(&world, &[], true));
    assert_eq!(told.quorum, []);
}

#[test]
fn the_leader_is_named() {
    let world = vault();
    let told = said(&world, &delete(&world, "pod a/v-2"), &asked(&world, &[], true));
    assert!(
        told.quorum[0]
            .sentence
            .ends_with("v-2 leads, and another one must be elected first"),
        "{:?}",
        told.quorum
    );
}

#[test]
fn nobody_asked_is_unknown_and_the_worst_is_assumed() {
    let world = vault();
    let nobody = Conditions::default();
    let one = said(&world, &delete(&world, "pod a/v-0"), &nobody);
    assert!(
        matches!(one.quorum[0].end, QuorumEnd::Unknown { .. }),
        "{:?}",
        one.quorum
    );
    assert_eq!(one.tier, Tier::T2, "{}", one.because);
    assert!(
        one.unknowns
            .iter()
            .any(|unknown| unknown.contains("have not been asked")),
        "{:?}",
        one.unknowns
    );
    let all = said(&world, &delete(&world, "sts a/v"), &nobody);
    assert!(
        all.tier == Tier::T3 && all.because.starts_with("may break the quorum of a/v"),
        "{}",
        all.because
    );

    let old = asked(&world, &[], true);
    let mut later = now();
    later.mono = Moment(Duration::from_mins(1));
    let told = forecast(
        &world,
        &delete(&world, "pod a/v-0"),
        &old,
        later,
        Duration::from_mins(2),
    );
    let QuorumEnd::Unknown { missing } = &told.quorum[0].end else {
        panic!("{:?}", told.quorum);
    };
    assert_eq!(missing, "the peers of a/v were last asked 1m00s ago");
}

#[test]
fn without_a_token_the_voters_are_assumed_and_somebody_must_accept_that() {
    let world = vault();
    let told = said(&world, &delete(&world, "pod a/v-0"), &asked(&world, &[], false));
    assert!(
        matches!(told.quorum[0].end, QuorumEnd::Assumed { tolerance: 0, .. }),
        "{:?}",
        told.quorum
    );
    assert!(
        told.unknowns
            .iter()
            .any(|unknown| unknown.starts_with("who votes in a/v")),
        "{:?}",
        told.unknowns
    );
}

#[test]
fn a_quorum_that_is_lost_already_is_said_to_be() {
    let world = vault();
    let told = said(
        &world,
        &delete(&world, "pod a/v-0"),
        &asked(&world, &["v-0", "v-1"], true),
    );
    assert_eq!((&told.quorum[0].end, told.tier), (&QuorumEnd::Lost, Tier::T3));
}

fn of_raft(world: &World, conditions: &Conditions, deed: RaftDeed) -> Act {
    let roster = conditions.raft.rosters(world, "a").remove(0);
    Act::Task {
        target: pin(world, "pod a/v-2"),
        task: Box::new(Task::Raft(RaftTask::of(&roster, deed).unwrap())),
    }
}

#[test]
fn what_is_asked_of_the_cluster_itself_says_what_becomes_of_the_quorum() {
    let world = vault();
    let healthy = asked(&world, &[], true);
    let one_ill = asked(&world, &["v-1"], true);
    let alone = asked(&world, &["v-0", "v-1"], true);
    let open = asked(&world, &[], false);
    let remove = |id: &str| RaftDeed::RemovePeer { id: id.into() };
    let snapshot = || RaftDeed::Snapshot { to: "v.snap".into() };
    let kept = |tolerance| QuorumEnd::Kept { tolerance };
    let cases = [
        (
            "a step-down",
            RaftDeed::StepDown,
            &healthy,
            kept(1),
            Tier::T1,
            "another leader, v-0 or v-1",
        ),
        (
            "with one ill",
            RaftDeed::StepDown,
            &one_ill,
            kept(0),
            Tier::T1,
            "another leader, v-0;",
        ),
        (
            "without quorum",
            RaftDeed::StepDown,
            &alone,
            QuorumEnd::Lost,
            Tier::T3,
            "has lost its quorum already",
        ),
        (
            "the ill one removed",
            remove("v-1"),
            &one_ill,
            kept(0),
            Tier::T2,
            "2 of 2 voters, 2 decide, 0 more may fail (now 0)",
        ),
        (
            "a well one removed",
            remove("v-0"),
            &one_ill,
            QuorumEnd::Broken,
            Tier::T3,
            "breaks the quorum of a/v, v-0 removed",
        ),
        (
            "one nobody knows",
            remove("v-9"),
            &healthy,
            kept(1),
            Tier::T2,
            "3 of 3 voters",
        ),
        (
            "a snapshot",
            snapshot(),
            &healthy,
            kept(1),
            Tier::T1,
            "nothing of it changes",
        ),
    ];
    for (case, deed, conditions, end, tier, told) in cases {
        let act = of_raft(&world, conditions, deed);
        let forecast = said(&world, &act, conditions);
        let [quorum] = forecast.quorum.as_slice() else {
            panic!("{case}: {:?}", forecast.quorum)
        };
        assert_eq!(
            (&quorum.end, forecast.tier),
            (&end, tier),
            "{case}: {}",
            quorum.sentence
        );
        assert!(quorum.sentence.contains(told), "{case}: {}", quorum.sentence);
        if tier == Tier::T3 {
            assert_eq!(forecast.because, quorum.sentence, "{case}: it speaks first");
        }
    }
    let act = of_raft(&world, &open, RaftDeed::StepDown);
    assert!(matches!(
        said(&world, &act, &open).quorum[0].end,
        QuorumEnd::Assumed { .. }
    ));
    let nobody = Conditions::default();
    let forecast = said(&world, &act, &nobody);
    assert!(
        matches!(forecast.quorum[0].end, QuorumEnd::Unknown { .. }),
        "{forecast:?}"
    );
}
