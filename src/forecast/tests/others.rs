//! Namespaces, classes, nodes, releases, and targets that are not what they were.

use super::{CSI, NODE, QUIET, about, delete, deletion, forecast, job, now, pair, pin, pod, tier, told};
use crate::forecast::{Outcome, Tier};
use crate::laws::Conditions;
use crate::laws::fixture::world;
use crate::model::survey::{ApiService, Asked};
use crate::model::{Act, Propagation, Survey, Uid};
use std::sync::Arc;

const NAMESPACE: &str = "
---
apiVersion: v1
kind: Namespace
metadata: {name: a}
spec: {finalizers: [kubernetes]}
";

#[test]
fn a_namespace_goes_with_its_pods_first() {
    let yaml = pair("data", "Delete", CSI) + &job("train", "data", "", "Running") + NAMESPACE + NODE;
    let forecast = delete(&world(&yaml), "namespace a");
    assert_eq!(
        told(&forecast),
        [
            "DESTROYED pv/pv-data",
            "DELETED namespace/a",
            "DELETED pvc/data",
            "DELETED pod/train-x1",
            "DELETED job/train"
        ]
    );
    assert_eq!(forecast.tier, Tier::T3);
    let unknown = &forecast.unknowns;
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    assert_eq!(unknown[1], "whether all API services answer: not looked at yet");
    let stuck = yaml.replace(
        "{type: Ready, status: \"True\"}]}\n",
        "{type: Ready, status: Unknown}]}\n",
    );
    let forecast = delete(&world(&stuck), "namespace a");
    assert_eq!(
        told(&forecast),
        ["HANGS namespace/a", "HANGS pod/train-x1"],
        "one pod, and nothing else is touched"
    );
}

/// §3.10: discovery fails while an API service is down, whatever is in the namespace.
#[test]
fn a_namespace_stays_where_an_api_service_does_not_answer() {
    let world = world(&(pair("data", "Retain", CSI) + NAMESPACE + NODE));
    let act = deletion(&world, "namespace a", Propagation::Background);
    let asked = |available: &str| {
        let survey = Survey {
            at: Some(now()),
            services: Asked::Seen(vec![ApiService {
                name: "v1.down.example".into(),
                available: available.into(),
                reason: "ServiceNotFound".into(),
            }]),
            ..Survey::default()
        };
        let conditions = Conditions {
            survey: Arc::new(survey),
            ..Conditions::default()
        };
        forecast(&world, &act, &conditions, now(), QUIET)
    };
    let down = asked("False");
    assert_eq!(
        told(&down),
        ["HANGS namespace/a", "DELETED pvc/data", "RELEASED pv/pv-data"]
    );
    let said = about(&down, "namespace a");
    for words in [
        "held by the APIService v1.down.example, which did not answer (ServiceNotFound), asked at 2026-04-25T17:00:00Z",
        "until that APIService answers or is deleted",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let seen = &down.entries[0].reason.evidence;
    let field = "apiservice v1.down.example status.conditions[Available]";
    assert!(
        seen.iter().any(|seen| seen.field == field && seen.value == "False"),
        "{seen:?}"
    );
    let later = "which API services answer, later than 2026-04-25T17:00:00Z";
    assert!(
        down.unknowns.iter().any(|unknown| unknown == later),
        "{:?}",
        down.unknowns
    );
    assert_eq!(down.tier, Tier::T3);
    assert!(told(&asked("True")).contains(&"DELETED namespace/a".to_owned()));
}

#[test]
fn what_a_class_owns_goes_with_it_in_any_namespace() {
    let yaml = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: slow}
provisioner: csi.x
---
apiVersion: v1
kind: Pod
metadata: {name: user, namespace: a, ownerReferences: [{apiVersion: storage.k8s.io/v1, kind: StorageClass, name: slow, uid: StorageClass/slow}]}
";
    let forecast = delete(&world(yaml), "storageclass slow");
    assert_eq!(told(&forecast), ["DELETED storageclass/slow", "DELETED pod/user"]);
}

#[test]
fn a_class_can_go_without_its_volumes() {
    let class = "
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: slow}
provisioner: csi.x
volumeBindingMode: WaitForFirstConsumer
";
    let waiting = pair("waiting", "Retain", CSI)
        .replace("phase: Bound", "phase: Pending")
        .replace("volumeName: pv-waiting, ", "");
    let waiting = waiting
        .split("---")
        .nth(1)
        .expect("a claim")
        .replace("annotations: {pv.kubernetes.io/bind-completed: \"yes\"}, ", "");
    let world = world(&(pair("data", "Delete", CSI) + "---" + &waiting + class + NODE));
    let forecast = delete(&world, "storageclass slow");
    assert_eq!(told(&forecast), ["DELETED storageclass/slow", "KEPT pvc/waiting"]);
    assert_eq!(forecast.tier, Tier::T2);
}

/// Credentials that only the class names are missing when a disk is destroyed after it.
#[test]
fn a_class_takes_the_credentials_of_its_disks_along() {
    let class = |parameters: &str| {
        format!(
            "\n---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: slow}}\nprovisioner: csi.x\nparameters: {{{parameters}}}\n"
        )
    };
    let secret =
        "csi.storage.k8s.io/provisioner-secret-name: creds, csi.storage.k8s.io/provisioner-secret-namespace: b";
    let of = |policy: &str| pair("data", policy, CSI);
    let another = || pair("logs", "Delete", CSI);
    for (name, yaml, expected) in [
        (
            "named by the class alone",
            of("Delete") + &class(secret),
            Some("the disk of pv/pv-data can be destroyed"),
        ),
        (
            "of two",
            of("Delete") + &another() + &class(secret),
            Some("the disks of pv/pv-data and 1 more can be destroyed"),
        ),
        ("named by nobody", of("Delete") + &class(""), None),
        ("kept disks", of("Retain") + &class(secret), None),
    ] {
        let world = world(&(yaml + NODE));
        let forecast = delete(&world, "storageclass slow");
        let told = forecast
            .unknowns
            .iter()
            .find(|unknown| unknown.contains("the credentials of Secret b/creds"));
        let expected = expected
            .map(|what| format!("whether {what} without the credentials of Secret b/creds: only the class names it"));
        assert_eq!(told, expected.as_ref(), "{name}: {:#?}", forecast.unknowns);
    }
    let destroyed = delete(&world(&(of("Delete") + &class(secret) + NODE)), "pvc a/data");
    let volume = destroyed
        .entries
        .iter()
        .find(|entry| matches!(entry.outcome, Outcome::VolumeDestroyed { .. }));
    let text = &volume.expect("a disk").reason.text;
    assert!(
        text.contains("the credentials of Secret b/creds, which was not looked at"),
        "{text}"
    );
}

#[test]
fn pods_go_with_their_node_unless_its_kubelet_registers_again() {
    let world = world(&(pair("data", "Retain", CSI) + &pod("p", "data", "", "Running") + NODE));
    let forecast = delete(&world, "node n1");
    assert_eq!(told(&forecast), ["DELETED node/n1", "DELETED pod/p", "KEPT pvc/data"]);
    assert!(
        forecast
            .unknowns
            .iter()
            .any(|unknown| unknown.contains("registers the node anew"))
    );
}

#[test]
fn a_release_needs_helms_own_laws() {
    let record = "{apiVersion: v1, kind: Secret, metadata: {name: sh.helm.release.v1.x.v1, namespace: a, labels: {name: x, version: \"1\", status: deployed}}}";
    let forecast = delete(&world(record), "release a/sh.helm.release.v1.x.v1");
    assert_eq!(told(&forecast), ["UNKNOWN release/sh.helm.release.v1.x.v1"]);
    assert_eq!(forecast.tier, Tier::T2);
}

#[test]
fn a_target_that_is_another_one_now_is_refused() {
    let mut facts = world(&pair("data", "Retain", CSI));
    let mut target = pin(&facts, "pvc a/data");
    let ask = |world: &crate::model::World, target: &crate::model::Pin| {
        let act = Act::Delete {
            target: target.clone(),
            propagation: Propagation::Background,
        };
        forecast(world, &act, &Conditions::default(), now(), QUIET)
    };
    target.uid = Uid::new("earlier");
    let other = ask(&facts, &target);
    assert!(matches!(&other.entries[0].outcome, Outcome::Rejected { error } if error.starts_with("409")));
    assert_eq!(tier(&other), (Tier::T0, "nothing changes"));
    facts.take(&target.key);
    let gone = ask(&facts, &target);
    assert!(matches!(&gone.entries[0].outcome, Outcome::Rejected { error } if error.starts_with("404")));
    assert_eq!(gone.headline(), "refused by the server");
}

#[test]
fn a_set_that_ties_its_claims_takes_them_along() {
    let set = "
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: a, uid: su}
spec:
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}
  template: {metadata: {labels: {app: db}}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]
";
    let owner = "ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: su, controller: true, blockOwnerDeletion: true}]";
    let claim =
        pair("data-db-0", "Delete", CSI).replacen("uid: u-data-db-0,", &format!("uid: u-data-db-0, {owner},"), 1);
    let pod = pod(
        "db-0",
        "data-db-0",
        &format!(", labels: {{app: db}}, {owner}"),
        "Running",
    );
    let forecast = delete(&world(&(set.to_owned() + &claim + &pod + NODE)), "statefulset a/db");
    assert_eq!(
        told(&forecast),
        [
            "DESTROYED pv/pv-data-db-0",
            "DELETED statefulset/db",
            "DELETED pvc/data-db-0",
            "DELETED pod/db-0"
        ]
    );
    assert!(
        about(&forecast, "pvc a/data-db-0").contains("its owner StatefulSet db is gone"),
        "{}",
        about(&forecast, "pvc a/data-db-0")
    );
    assert_eq!(forecast.tier, Tier::T3);
}

/// Trap 49: with the namespace go the records, and with them what an uninstall would have gone by.
#[test]
fn a_namespace_takes_the_records_of_its_releases_along() {
    let record = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: sh.helm.release.v1.eks.v7, namespace: a, uid: ru, labels: {owner: helm, name: eks, version: '7', status: deployed}}\ntype: helm.sh/release.v1\n";
    let forecast = delete(&world(&(record.to_owned() + NAMESPACE)), "namespace a");
    let told = told(&forecast);
    assert!(
        told.contains(&"DELETED release/sh.helm.release.v1.eks.v7".to_owned()),
        "{told:?}"
    );
    let without = delete(&world(NAMESPACE), "namespace a");
    assert!(!super::told(&without).iter().any(|line| line.contains("release/")));
}
