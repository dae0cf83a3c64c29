//! Acts that are no deletions: what each comes to, how bad that is, and the way back.

use super::{QUIET, now, pin, tier, told};
use crate::forecast::{Forecast, Outcome, Tier, Undo, forecast};
use crate::laws::Conditions;
use crate::laws::fixture::{key, world};
use crate::model::act::SetDraft;
use crate::model::quantity::Quantity;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Draft, Kind, Propagation, World};

const STORE: &str = "
- {kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: 'True'}]}}
- {kind: Namespace, metadata: {name: a}, spec: {finalizers: [kubernetes]}, status: {phase: Active}}
- {kind: Namespace, metadata: {name: b}, spec: {finalizers: [kubernetes]}, status: {phase: Active}}
";

/// A volume with a claimRef as written here.
fn volume(policy: &str, phase: &str, claim_ref: &str, more: &str) -> String {
    format!(
        "
- kind: PersistentVolume
  metadata: {{name: pv, uid: vu, resourceVersion: '5', finalizers: [kubernetes.io/pv-protection]{more}}}
  spec:
    capacity: {{storage: 1Gi}}
    accessModes: [ReadWriteOnce]
    persistentVolumeReclaimPolicy: {policy}
    storageClassName: gp
    csi: {{driver: d, volumeHandle: disk-1}}
    {claim_ref}
  status: {{phase: {phase}}}
"
    )
}

const GONE: &str = "claimRef: {namespace: a, name: data, uid: gone}";

fn seen(yaml: &str) -> World {
    let yaml = format!("{STORE}{yaml}");
    let core = yaml.replace("- {kind: ", "- {apiVersion: v1, kind: ");
    world(&core.replace("\n- kind: ", "\n- apiVersion: v1\n  kind: "))
}

fn says(world: &World, act: &Act) -> Forecast {
    forecast(world, act, &Conditions::default(), now(), QUIET)
}

fn policy(world: &World, policy: ReclaimPolicy) -> Forecast {
    let volume = pin(world, "pv pv");
    says(world, &Act::SetReclaimPolicy { volume, policy })
}

#[test]
fn a_policy_runs_at_once_only_where_nothing_claims_the_volume() {
    let released = seen(&volume("Retain", "Released", GONE, ""));
    let flipped = policy(&released, ReclaimPolicy::Delete);
    assert_eq!(told(&flipped), ["DESTROYED pv/pv"]);
    assert_eq!((tier(&flipped).0, &flipped.undo), (Tier::T3, &Undo::None));
    assert_eq!(flipped.summary().disks_destroyed[0].handle, "d disk-1");

    let kept = policy(&seen(&volume("Delete", "Available", "", "")), ReclaimPolicy::Retain);
    assert_eq!(told(&kept), ["CHANGED pv/pv"]);
    assert_eq!(tier(&kept).0, Tier::T0, "it only keeps a disk");

    let same = policy(&released, ReclaimPolicy::Retain);
    assert_eq!((told(&same), tier(&same).0), (vec!["KEPT pv/pv".to_owned()], Tier::T0));

    // nothing deletes a directory outside of /tmp/: it had lost its claim before, and fails
    let directory = volume("Retain", "Released", GONE, "").replace(
        "csi: {driver: d, volumeHandle: disk-1}",
        "hostPath: {path: /srv/disk-1}",
    );
    let fails = policy(&seen(&directory), ReclaimPolicy::Delete);
    assert_eq!(told(&fails), ["CHANGED pv/pv"]);
    let sentence = fails.entries[0].sentence();
    assert!(
        sentence.contains("Retain → Delete, status.phase: Failed): the new policy runs at once; nothing can delete"),
        "{sentence}"
    );

    let recycle = policy(&released, ReclaimPolicy::Recycle);
    assert_eq!(told(&recycle), ["REJECTED pv/pv"]);
}

#[test]
fn a_reservation_weighs_by_whose_disk_it_gives_away() {
    let released = seen(&volume("Retain", "Released", GONE, ""));
    for (namespace, weight) in [("a", Tier::T2), ("b", Tier::T3)] {
        let act = Act::RetargetClaimRef {
            volume: pin(&released, "pv pv"),
            namespace: namespace.into(),
            name: "heir".into(),
        };
        let forecast = says(&released, &act);
        assert_eq!(told(&forecast), ["CHANGED pv/pv"]);
        assert_eq!(tier(&forecast).0, weight, "into {namespace}");
        assert!(forecast.entries[0].reason.text.contains("reserved for"), "{forecast:?}");
    }
    let reserved = seen(&volume(
        "Retain",
        "Available",
        "claimRef: {namespace: a, name: heir}",
        "",
    ));
    let again = Act::RetargetClaimRef {
        volume: pin(&reserved, "pv pv"),
        namespace: "a".into(),
        name: "heir".into(),
    };
    let forecast = says(&reserved, &again);
    assert_eq!(
        (told(&forecast), tier(&forecast).0),
        (vec!["KEPT pv/pv".to_owned()], Tier::T0)
    );
}

#[test]
fn a_claim_gets_the_volume_that_waits_for_it_or_says_why_not() {
    let draft = || Draft {
        volume_name: "pv".into(),
        storage_class_name: Some("gp".into()),
        access_modes: vec!["ReadWriteOnce".into()],
        storage: Quantity("1Gi".into()),
        ..Draft::default()
    };
    for (claim_ref, phase, lines, why) in [
        (
            "claimRef: {namespace: a, name: data}",
            "Available",
            &["CHANGED pv/pv", "CREATED pvc/data"][..],
            "bound to pv/pv",
        ),
        (GONE, "Released", &["CREATED pvc/data"], "belongs to a/data"),
    ] {
        let world = seen(&volume("Retain", phase, claim_ref, ""));
        let forecast = says(&world, &Act::create_claim(key("pvc a/data"), draft(), "1"));
        assert_eq!(told(&forecast), lines);
        let made = forecast.entries.iter().find(|entry| entry.outcome == Outcome::Created);
        assert!(made.is_some_and(|made| made.reason.text.contains(why)), "{forecast:?}");
    }
    let there = seen("- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: a, uid: cu}}");
    let forecast = says(&there, &Act::create_claim(key("pvc a/data"), draft(), "1"));
    assert!(matches!(&forecast.entries[0].outcome, Outcome::Rejected { error } if error.contains("AlreadyExists")));
    let nowhere = says(&there, &Act::create_claim(key("pvc c/data"), draft(), "1"));
    assert!(matches!(&nowhere.entries[0].outcome, Outcome::Rejected { error } if error.contains("namespaces")));
}

/// §3.1: a namespace that goes takes nothing new, whatever its kind.
#[test]
fn nothing_is_made_in_a_namespace_that_goes() {
    let world = seen(
        "- {kind: Namespace, metadata: {name: g, uid: gu, deletionTimestamp: 2026-04-25T10:00:00Z}, status: {phase: Terminating}}",
    );
    let live = serde_json::json!({
        "metadata": {"name": "db", "namespace": "a"},
        "spec": {
            "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        },
    });
    let claim = Draft {
        access_modes: vec!["ReadWriteOnce".into()],
        storage: Quantity("1Gi".into()),
        ..Draft::default()
    };
    let refused = |act: &Act| {
        let forecast = says(&world, act);
        matches!(&forecast.entries[0].outcome, Outcome::Rejected { error } if error.contains("is being terminated"))
    };
    let set = |namespace: &str| {
        let draft = SetDraft::of_live(&live).unwrap();
        Act::create_set(key(&format!("sts {namespace}/db")), draft, "1")
    };
    assert!(refused(&set("g")));
    assert!(!refused(&set("a")));
    assert!(refused(&Act::create_claim(key("pvc g/data"), claim.clone(), "1")));
    assert!(!refused(&Act::create_claim(key("pvc a/data"), claim, "1")));
}

#[test]
fn a_strip_is_told_with_what_it_loses() {
    let going = "deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0";
    let claim = format!(
        "- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: a, uid: cu, {going}, finalizers: [kubernetes.io/pvc-protection, example.com/hold]}}, spec: {{volumeName: pv}}, status: {{phase: Bound}}}}"
    );
    let user = "- {kind: Pod, metadata: {name: user, namespace: a, uid: pu}, spec: {nodeName: n1, volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}";
    let world = seen(&format!(
        "{claim}\n{user}\n{}",
        volume("Retain", "Bound", "claimRef: {namespace: a, name: data, uid: cu}", "")
    ));
    let strip = |finalizer: &str| {
        let target = pin(&world, "pvc a/data");
        let finalizer = finalizer.into();
        says(&world, &Act::RemoveFinalizer { target, finalizer })
    };
    let protection = strip("kubernetes.io/pvc-protection");
    assert_eq!(told(&protection)[0], "HANGS pvc/data", "the other one holds it still");
    assert_eq!(tier(&protection).0, Tier::T3, "{}", tier(&protection).1);
    let unknown = strip("example.com/hold");
    assert_eq!(told(&unknown), ["HANGS pvc/data"], "the pod holds it still");
    assert_eq!(
        unknown.unknowns,
        ["what the controller of example.com/hold has still to do"]
    );
    assert_eq!(tier(&unknown).0, Tier::T3, "{}", tier(&unknown).1);
    let absent = strip("example.com/none");
    assert_eq!(told(&absent), ["REJECTED pvc/data"]);
}

/// Trap 33: where no attachment can guard a disk, taking the claim's protection off destroys it under the pod.
#[test]
fn a_strip_under_a_mount_destroys_what_no_attachment_guards() {
    let going = "deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0";
    let claim = format!(
        "- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: a, uid: cu, {going}, finalizers: [kubernetes.io/pvc-protection]}}, spec: {{volumeName: pv}}, status: {{phase: Bound}}}}"
    );
    let user = "- {kind: Pod, metadata: {name: user, namespace: a, uid: pu}, spec: {nodeName: n1, volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}";
    let stripped = |policy: &str| {
        let world = seen(&format!(
            "{claim}\n{user}\n{}",
            volume(policy, "Bound", "claimRef: {namespace: a, name: data, uid: cu}", "")
        ));
        let target = pin(&world, "pvc a/data");
        let finalizer = "kubernetes.io/pvc-protection".into();
        let conditions = Conditions {
            attachless_drivers: ["d".into()].into(),
            ..Conditions::default()
        };
        forecast(
            &world,
            &Act::RemoveFinalizer { target, finalizer },
            &conditions,
            now(),
            QUIET,
        )
    };
    let doomed = stripped("Delete");
    assert!(
        told(&doomed).contains(&"DESTROYED pv/pv".to_owned()),
        "{:?}",
        told(&doomed)
    );
    assert_eq!(tier(&doomed).0, Tier::T3);
    let kept = stripped("Retain");
    assert!(
        !told(&kept).iter().any(|line| line.starts_with("DESTROYED")),
        "{:?}",
        told(&kept)
    );
}

#[test]
fn a_foreign_finalizer_that_is_taken_off_lets_go_of_what_hung_on_it() {
    let going = "deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0";
    let owner = format!(
        "- {{kind: Pod, metadata: {{name: owner, namespace: a, uid: ou, {going}, finalizers: [foregroundDeletion]}}}}"
    );
    let dependent = format!(
        "- {{kind: Pod, metadata: {{name: user, namespace: a, uid: pu, {going}, finalizers: [example.com/hold], ownerReferences: [{{apiVersion: v1, kind: Pod, name: owner, uid: ou, blockOwnerDeletion: true}}]}}}}"
    );
    let claim = format!(
        "- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: a, uid: cu, {going}, finalizers: [example.com/hold]}}, spec: {{volumeName: pv}}, status: {{phase: Bound}}}}"
    );
    let world = seen(&format!(
        "{owner}\n{dependent}\n{claim}\n{}",
        volume("Retain", "Bound", "claimRef: {namespace: a, name: data, uid: cu}", "")
    ));
    for (target, lines, weight) in [
        ("pod a/user", ["DELETED pod/user", "DELETED pod/owner"], Tier::T2),
        ("pvc a/data", ["DELETED pvc/data", "RELEASED pv/pv"], Tier::T3),
    ] {
        let strip = says(
            &world,
            &Act::RemoveFinalizer {
                target: pin(&world, target),
                finalizer: "example.com/hold".into(),
            },
        );
        assert_eq!(told(&strip), lines);
        assert_eq!(tier(&strip).0, weight, "{target}");
        assert_eq!(
            strip.unknowns,
            ["what the controller of example.com/hold has still to do"]
        );
    }
}

#[test]
fn a_delete_that_takes_off_the_last_finalizer_is_refused() {
    let going = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0";
    let both = "[foregroundDeletion, example.com/hold]";
    for (kind, meta, finalizers, propagation, code) in [
        (
            "Pod",
            going,
            "[foregroundDeletion]",
            Propagation::Background,
            Some("409"),
        ),
        ("Pod", going, "[foregroundDeletion]", Propagation::Orphan, None),
        ("Pod", going, both, Propagation::Background, None),
        ("Pod", "", "[orphan]", Propagation::Background, None),
        (
            "PersistentVolumeClaim",
            "",
            "[orphan]",
            Propagation::Background,
            Some("409"),
        ),
        ("PersistentVolumeClaim", "", "[orphan]", Propagation::Foreground, None),
        ("PersistentVolumeClaim", "", "[]", Propagation::Background, None),
        (
            "PersistentVolumeClaim",
            going,
            "[orphan]",
            Propagation::Background,
            Some("409"),
        ),
    ] {
        let world = seen(&format!(
            "- {{kind: {kind}, metadata: {{name: x, namespace: a, uid: xu, resourceVersion: '7'{meta}, finalizers: {finalizers}}}}}"
        ));
        let target = world.of_kind(Kind::from_api("v1", kind).unwrap()).next().unwrap().pin();
        let forecast = says(&world, &Act::Delete { target, propagation });
        let refused = match &forecast.entries[0].outcome {
            Outcome::Rejected { error } => error.get(..3),
            _ => None,
        };
        assert_eq!(refused, code, "{kind}{meta} {finalizers} {propagation:?}");
    }
}

#[test]
fn a_scale_says_which_pods_and_which_claims() {
    let set = |when_scaled: &str| {
        let pods: Vec<String> = (0..2)
            .map(|at| {
                format!(
                    "
- {{kind: PersistentVolumeClaim, metadata: {{name: data-db-{at}, namespace: a, uid: c{at}, finalizers: [kubernetes.io/pvc-protection]}}, spec: {{storageClassName: ''}}, status: {{phase: Pending}}}}
- kind: Pod
  metadata: {{name: db-{at}, namespace: a, uid: p{at}, labels: {{app: db}}, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: su, controller: true, blockOwnerDeletion: true}}]}}
  spec: {{nodeName: n1, volumes: [{{name: data, persistentVolumeClaim: {{claimName: data-db-{at}}}}}]}}
  status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}
"
                )
            })
            .collect();
        seen(&format!(
            "
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {{name: db, namespace: a, uid: su}}
  spec:
    replicas: 2
    selector: {{matchLabels: {{app: db}}}}
    template: {{metadata: {{labels: {{app: db}}}}}}
    volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{storageClassName: ''}}}}]
    persistentVolumeClaimRetentionPolicy: {{whenDeleted: Retain, whenScaled: {when_scaled}}}
{}",
            pods.concat()
        ))
    };
    let scale = |world: &World, replicas: u32| {
        let target = pin(world, "statefulset a/db");
        says(world, &Act::Scale { target, replicas })
    };
    let kept = scale(&set("Retain"), 1);
    assert_eq!(
        told(&kept),
        ["DELETED pod/db-1", "CHANGED statefulset/db", "KEPT pvc/data-db-1"]
    );
    assert!(matches!(&kept.undo, Undo::Lossless { how } if how.contains("back to 2")));
    let taken = scale(&set("Delete"), 1);
    assert!(
        told(&taken).contains(&"DELETED pvc/data-db-1".to_owned()),
        "{:?}",
        told(&taken)
    );
    assert!(matches!(taken.undo, Undo::Lossy { .. }) && tier(&taken).0 >= Tier::T2);
    let same = scale(&set("Retain"), 2);
    assert_eq!(
        (told(&same), tier(&same).0),
        (vec!["KEPT statefulset/db".to_owned()], Tier::T0)
    );
}

#[test]
fn marks_are_light_and_say_who_reads_them() {
    let world = seen(
        "- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: a, uid: cu, annotations: {helm.sh/resource-policy: keep}}}",
    );
    let annotate = |annotation: &str, value: Option<&str>| {
        let act = Act::Annotate {
            target: pin(&world, "pvc a/data"),
            annotation: annotation.into(),
            value: value.map(Into::into),
        };
        says(&world, &act)
    };
    let removed = annotate("helm.sh/resource-policy", None);
    assert_eq!(
        (told(&removed), tier(&removed).0),
        (vec!["CHANGED pvc/data".to_owned()], Tier::T1)
    );
    assert!(removed.entries[0].reason.text.contains("stored"), "{removed:?}");
    assert_eq!(
        told(&annotate("helm.sh/resource-policy", Some("keep"))),
        ["KEPT pvc/data"]
    );
    // the server takes a patch that removes what is not there (conformance, seed 1050)
    assert_eq!(told(&annotate("helm.sh/hook", None)), ["KEPT pvc/data"]);
    assert_eq!(
        tier(&annotate("pv.kubernetes.io/bind-completed", Some("yes"))).0,
        Tier::T2
    );
    let stamp = Act::Stamp {
        target: pin(&world, "pvc a/data"),
        release: "eks".into(),
        namespace: "a".into(),
    };
    let stamped = says(&world, &stamp);
    assert!(
        matches!(&stamped.entries[0].outcome, Outcome::Patched { fields } if fields.len() == 3),
        "{stamped:?}"
    );
}

#[test]
fn a_mark_that_is_new_on_a_deployment_stays_on_its_replica_set() {
    let world = seen(
        "- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: a, uid: du, annotations: {helm.sh/resource-policy: keep}}
  spec: {replicas: 0}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: a, uid: cu}}",
    );
    let undo = |target: &str, annotation: &str, value: Option<&str>| {
        let act = Act::Annotate {
            target: pin(&world, target),
            annotation: annotation.into(),
            value: value.map(Into::into),
        };
        says(&world, &act).undo
    };
    for (target, annotation, value, whole) in [
        ("deployment a/web", "helm.sh/hook", Some("pre-install"), false),
        ("deployment a/web", "helm.sh/resource-policy", Some("delete"), true),
        ("deployment a/web", "helm.sh/resource-policy", None, true),
        ("pvc a/data", "helm.sh/resource-policy", Some("keep"), true),
    ] {
        let undo = undo(target, annotation, value);
        let (lossless, lossy) = (
            matches!(undo, Undo::Lossless { .. }),
            matches!(&undo, Undo::Lossy { how } if how.contains("ReplicaSet")),
        );
        assert_eq!((lossless, lossy), (whole, !whole), "{target} {annotation}: {undo:?}");
    }
}

#[test]
fn what_hangs_on_contested_pods_is_not_known_either() {
    let owned = |kind: &str, name: &str, uid: &str| {
        format!("ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {name}, uid: {uid}, controller: true}}]")
    };
    let template =
        "{metadata: {labels: {app: web}}, spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}}";
    let world = seen(&format!(
        r#"
- apiVersion: apps/v1
  kind: Deployment
  metadata: {{name: web, namespace: a, uid: du}}
  spec: {{replicas: 1, selector: {{matchLabels: {{app: web}}}}, template: {template}}}
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata: {{name: web-1, namespace: a, uid: ru, labels: {{app: web}}, {}}}
  spec: {{replicas: 1, selector: {{matchLabels: {{app: web}}}}, template: {template}}}
- kind: Pod
  metadata: {{name: web-1-x, namespace: a, uid: wu, labels: {{app: web}}, {}}}
  spec: {{nodeName: n1, volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}
  status: {{phase: Running}}
- kind: PersistentVolumeClaim
  metadata: {{name: data, namespace: a, uid: cu, deletionTimestamp: "2026-04-27T13:50:00Z", finalizers: [kubernetes.io/pvc-protection]}}
  spec: {{volumeName: pv-data}}
  status: {{phase: Bound}}
- kind: PersistentVolume
  metadata: {{name: pv-data, uid: vu, finalizers: [kubernetes.io/pv-protection]}}
  spec: {{persistentVolumeReclaimPolicy: Delete, csi: {{driver: d.x, volumeHandle: h}}, claimRef: {{namespace: a, name: data, uid: cu}}}}
  status: {{phase: Bound}}
- apiVersion: storage.k8s.io/v1
  kind: VolumeAttachment
  metadata: {{name: va, uid: au}}
  spec: {{attacher: d.x, nodeName: n1, source: {{persistentVolumeName: pv-data}}}}
  status: {{attached: true}}"#,
        owned("Deployment", "web", "du"),
        owned("ReplicaSet", "web-1", "ru"),
    ));
    let target = pin(&world, "replicaset a/web-1");
    let down = says(
        &world,
        &Act::Scale {
            target: target.clone(),
            replicas: 0,
        },
    );
    let unknown: Vec<String> = down
        .entries
        .iter()
        .filter(|entry| matches!(&entry.outcome, Outcome::Unknown { missing } if missing.contains("acts before")))
        .map(|entry| entry.object.to_string())
        .collect();
    assert_eq!(
        unknown,
        [
            "replicaset/web-1",
            "pv/pv-data",
            "volumeattachment/va",
            "pvc/data",
            "pod/web-1-x"
        ],
        "{:?}",
        told(&down)
    );
    let up = says(&world, &Act::Scale { target, replicas: 2 });
    assert!(
        up.entries
            .iter()
            .all(|entry| entry.object.kind != Kind::PersistentVolume),
        "{:?}",
        told(&up)
    );
}
