//! The order in which a namespace empties.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{at_rest, key, says, world};
use crate::model::Survey;
use crate::model::survey::{ApiService, Asked};
use std::sync::Arc;

const NAMESPACE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: a, deletionTimestamp: 2026-04-25T10:00:00Z}
spec: {finalizers: [kubernetes]}
status: {phase: Terminating}
";
const POD: &str = "
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
spec: {nodeName: n1}
status: {phase: Running}
";
const CLAIM: &str = "
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: a, finalizers: [kubernetes.io/pvc-protection]}
";

#[test]
fn pods_first_since_1_33() {
    let old = Conditions {
        server_minor: Some(32),
        ..Conditions::default()
    };
    let all = NAMESPACE.to_owned() + POD + CLAIM;
    let (pod, claim) = ("Delete pod/p Background", "Delete pvc/data Background");
    assert_eq!(says(&LAW, &world(&all), &Conditions::default()), [pod]);
    assert_eq!(says(&LAW, &world(&all), &old), [pod, claim]);
    let rest = NAMESPACE.to_owned() + CLAIM;
    assert_eq!(says(&LAW, &world(&rest), &Conditions::default()), [claim]);
    assert_eq!(
        says(&LAW, &world(NAMESPACE), &Conditions::default()),
        ["RemoveFinalizer namespace/a kubernetes"]
    );
}

#[test]
fn one_pod_on_a_dead_node_holds_everything() {
    let node = "\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {conditions: [{type: Ready, status: Unknown}]}\n";
    let (stuck, _) = at_rest(
        &world(&(NAMESPACE.to_owned() + POD + CLAIM + node)),
        &Conditions::default(),
    );
    assert!(stuck.get(&key("namespace a")).is_some());
    assert!(
        !stuck.get(&key("pvc a/data")).unwrap().meta.deleting(),
        "not even marked"
    );
    let (empty, _) = at_rest(&world(&(NAMESPACE.to_owned() + POD + CLAIM)), &Conditions::default());
    assert!(empty.objects().all(|object| object.kind() == crate::model::Kind::Node));
}

#[test]
fn nothing_is_made_in_a_dying_namespace() {
    let set = "\n---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: w, namespace: a, finalizers: [x/y]}\n";
    let (world, _) = at_rest(&world(&(NAMESPACE.to_owned() + set)), &Conditions::default());
    assert_eq!(world.of_kind(crate::model::Kind::Pod).count(), 0);
}

#[test]
fn a_namespace_stays_while_its_server_cannot_tell_what_is_in_it() {
    for (condition, status, stays) in [
        ("NamespaceDeletionDiscoveryFailure", "True", true),
        ("NamespaceDeletionGroupVersionParsingFailure", "True", true),
        ("NamespaceDeletionDiscoveryFailure", "False", false),
        ("NamespaceContentRemaining", "True", false),
    ] {
        let told = format!("phase: Terminating, conditions: [{{type: {condition}, status: \"{status}\"}}]");
        let yaml = NAMESPACE.replace("phase: Terminating", &told);
        let said = says(&LAW, &world(&yaml), &Conditions::default());
        assert_eq!(said.is_empty(), stays, "{condition} {status}: {said:?}");
    }
}

#[test]
fn a_namespace_stays_while_an_api_service_does_not_answer() {
    let told = |status: &str| {
        format!("phase: Terminating, conditions: [{{type: NamespaceDeletionDiscoveryFailure, status: \"{status}\"}}]")
    };
    let going = NAMESPACE.to_owned();
    let discovered = NAMESPACE.replace("phase: Terminating", &told("False"));
    for (name, namespace, services, stays) in [
        ("one is down", &going, seen("False"), true),
        ("nobody knows of one", &going, seen("Unknown"), true),
        ("all answer", &going, seen("True"), false),
        ("nobody has asked", &going, Asked::NotYet, false),
        ("denied", &going, Asked::Unknown { why: "denied".into() }, false),
        // its controller has tried since, and could list everything
        ("the controller knows better", &discovered, seen("False"), false),
    ] {
        let conditions = surveyed(services);
        assert_eq!(says(&LAW, &world(namespace), &conditions).is_empty(), stays, "{name}");
        let (end, _) = at_rest(&world(&(namespace.clone() + POD + CLAIM)), &conditions);
        assert_eq!(end.get(&key("namespace a")).is_some(), stays, "{name}");
        assert!(end.get(&key("pvc a/data")).is_none(), "{name}: what is seen goes");
    }
}

fn seen(available: &str) -> Asked<ApiService> {
    Asked::Seen(vec![ApiService {
        name: "v1.down.example".into(),
        available: available.into(),
        reason: "ServiceNotFound".into(),
    }])
}

fn surveyed(services: Asked<ApiService>) -> Conditions {
    let survey = Survey {
        services,
        ..Survey::default()
    };
    Conditions {
        survey: Arc::new(survey),
        ..Conditions::default()
    }
}

#[test]
fn the_order_and_what_it_is_judged_by_are_said() {
    for (server_minor, words) in [
        (Some(36), "server 1.36 deletes pods first"),
        (Some(32), "server 1.32 deletes everything at once"),
        (None, "taken for granted"),
    ] {
        let conditions = Conditions {
            server_minor,
            ..Conditions::default()
        };
        let said = (LAW.react)(&world(&(NAMESPACE.to_owned() + POD)), &conditions);
        assert!(said[0].reason.text.contains(words), "{}", said[0].reason.text);
    }
}
