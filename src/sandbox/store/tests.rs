//! The store's rules, one by one.

use super::*;
use crate::model::Kind;
use crate::sandbox::clock::TestClock;
use crate::sandbox::fields::{at, list};
use serde_json::json;
use std::time::Duration;

fn store() -> (Store, TestClock) {
    let clock = TestClock::at("2026-11-20T10:00:00Z".parse().unwrap());
    (Store::new(Clock::Test(clock.clone()), 1), clock)
}

fn resource(api_version: &str, kind: &str) -> &'static Resource {
    resources::by_kind(api_version, kind).unwrap()
}

fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": "default" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    })
}

fn pod(name: &str, node: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default" },
        "spec": { "nodeName": node, "containers": [{ "name": "c", "image": "i:1" }] },
        "status": { "phase": "Running" },
    })
}

fn edit(store: &mut Store, object: &Value, part: Part, patch: &Value) -> Result<Arc<Value>, StoreError> {
    let (namespace, name) = (
        text(object, &["metadata", "namespace"]),
        text(object, &["metadata", "name"]),
    );
    let resource = resource_of(object).unwrap();
    let write = Write {
        resource,
        namespace,
        name,
        part,
        put: false,
        dry: false,
    };
    store.update(&write, |old| {
        let mut new = old.clone();
        json_patch::merge(&mut new, patch);
        Ok(new)
    })
}

#[test]
fn a_claim_is_born_pending_protected_and_of_the_default_class() {
    let (mut store, _) = store();
    store
        .load(json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "x/y",
            "metadata": { "name": "fast", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
        }))
        .unwrap();
    let made = store
        .insert(resource("v1", "PersistentVolumeClaim"), claim("a"), Origin::User, false)
        .unwrap();
    assert_eq!(
        list(&made, &["metadata", "finalizers"]),
        [json!("kubernetes.io/pvc-protection")]
    );
    assert_eq!(text(&made, &["status", "phase"]), "Pending");
    assert_eq!(text(&made, &["spec", "storageClassName"]), "fast");
    assert_eq!(text(&made, &["metadata", "creationTimestamp"]), "2026-11-20T10:00:00Z");
    assert_eq!(
        text(&made, &["metadata", "resourceVersion"]),
        store.latest().to_string()
    );
}

#[test]
fn a_user_cannot_bring_a_status_or_a_uid_along_and_a_scenario_can() {
    let (mut store, _) = store();
    let mut object = claim("a");
    put(&mut object, &["status"], json!({ "phase": "Bound" }));
    put(&mut object, &["metadata", "uid"], "mine");
    put(&mut object, &["metadata", "finalizers"], json!([]));
    let claims = resource("v1", "PersistentVolumeClaim");
    let by_user = store.insert(claims, object.clone(), Origin::User, false).unwrap();
    assert_eq!(text(&by_user, &["status", "phase"]), "Pending");
    assert_ne!(text(&by_user, &["metadata", "uid"]), "mine");
    put(&mut object, &["metadata", "name"], "b");
    let by_scenario = store.load(object).unwrap();
    assert_eq!(text(&by_scenario, &["status", "phase"]), "Bound");
    assert_eq!(text(&by_scenario, &["metadata", "uid"]), "mine");
    assert!(list(&by_scenario, &["metadata", "finalizers"]).is_empty());
}

#[test]
fn a_dry_run_keeps_nothing_and_takes_no_uid() {
    let (mut store, _) = store();
    let claims = resource("v1", "PersistentVolumeClaim");
    let before = store.latest();
    let dry = store.insert(claims, claim("a"), Origin::User, true).unwrap();
    assert_eq!(store.latest(), before);
    let real = store.insert(claims, claim("a"), Origin::User, false).unwrap();
    assert_eq!(text(&dry, &["metadata", "uid"]), text(&real, &["metadata", "uid"]));
}

#[test]
fn the_last_finalizer_takes_a_deleting_object_along() {
    let (mut store, _) = store();
    let made = store.create(claim("a")).unwrap();
    let key = Key::new(Kind::PersistentVolumeClaim, "default", "a");
    let uid = Uid::new(text(&made, &["metadata", "uid"]));
    assert_eq!(
        store
            .delete(&key, &Uid::new("other"), Propagation::Background)
            .unwrap_err()
            .code,
        409
    );
    store.delete(&key, &uid, Propagation::Background).unwrap();
    let marked = store.get(&key).unwrap();
    assert_eq!(
        text(&marked, &["metadata", "deletionTimestamp"]),
        "2026-11-20T10:00:00Z"
    );
    let unset = json!({ "metadata": { "deletionTimestamp": null } });
    let kept = edit(&mut store, &marked, Part::Main, &unset).unwrap();
    assert_eq!(
        *kept, marked,
        "a deletion cannot be taken back, and the attempt changes nothing"
    );
    let late = json!({ "metadata": { "finalizers": ["a/b"] } });
    let refused = edit(&mut store, &marked, Part::Main, &late).unwrap_err();
    assert_eq!(refused.code, 422);
    assert!(refused.message.contains("no new finalizers can be added"), "{refused}");
    edit(
        &mut store,
        &marked,
        Part::Main,
        &json!({ "metadata": { "finalizers": null } }),
    )
    .unwrap();
    assert_eq!(store.get(&key), None);
}

#[test]
fn a_scheduled_pod_waits_for_its_kubelet_and_an_unscheduled_one_does_not() {
    let (mut store, clock) = store();
    for (name, node) in [("here", "node-1"), ("nowhere", "")] {
        let made = store.create(pod(name, node)).unwrap();
        let key = Key::new(Kind::Pod, "default", name);
        let uid = Uid::new(text(&made, &["metadata", "uid"]));
        store.delete(&key, &uid, Propagation::Background).unwrap();
        let left = store.get(&key);
        assert_eq!(left.is_some(), name == "here");
        if let Some(left) = left {
            assert_eq!(text(&left, &["metadata", "deletionTimestamp"]), "2026-11-20T10:00:30Z");
            assert_eq!(at(&left, &["metadata", "deletionGracePeriodSeconds"]), Some(&json!(30)));
            clock.advance(Duration::from_secs(5));
            let pods = resource("v1", "Pod");
            let longer = DeleteOptions {
                grace: Some(60),
                ..DeleteOptions::default()
            };
            store.erase(pods, "default", name, &longer).unwrap();
            assert_eq!(store.get(&key).as_ref(), Some(&left), "a second delete never lengthens");
            store.remove(&key, &Uid::new("other"));
            assert!(store.get(&key).is_some());
            store.remove(&key, &uid);
            assert_eq!(store.get(&key), None);
        }
    }
}

#[test]
fn a_delete_with_a_version_that_takes_off_the_last_finalizer_is_refused() {
    let class = |name: &str| {
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "csi.x",
            "metadata": { "name": name, "finalizers": ["orphan"] },
        })
    };
    let (mut store, _) = store();
    let classes = resource("storage.k8s.io/v1", "StorageClass");
    for (name, versioned, propagation, refused) in [
        ("a", true, Propagation::Background, true),
        ("b", false, Propagation::Background, false),
        ("c", true, Propagation::Foreground, false),
    ] {
        let made = store.insert(classes, class(name), Origin::User, false).unwrap();
        let version = text(&made, &["metadata", "resourceVersion"]).to_owned();
        let options = DeleteOptions {
            resource_version: versioned.then_some(version),
            propagation: Some(propagation),
            ..DeleteOptions::default()
        };
        let answer = store.erase(classes, "", name, &options);
        assert_eq!(answer.err().map(|no| no.code), refused.then_some(409), "{name}");
    }
}

#[test]
fn a_job_orphans_unless_told_otherwise() {
    let (mut store, _) = store();
    let jobs = resource("batch/v1", "Job");
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "j" },
        "spec": { "template": { "spec": { "containers": [{ "name": "c", "image": "i" }] } } },
    });
    for (propagation, held) in [
        (None, Some("orphan")),
        (Some(Propagation::Foreground), Some("foregroundDeletion")),
        (Some(Propagation::Background), None),
    ] {
        let mut store = std::mem::replace(&mut store, self::store().0);
        store.insert(jobs, job.clone(), Origin::User, false).unwrap();
        let options = DeleteOptions {
            propagation,
            ..DeleteOptions::default()
        };
        let deleted = store.erase(jobs, "default", "j", &options).unwrap();
        match (deleted, held) {
            (Deleted::Marked(object), Some(held)) => {
                assert_eq!(list(&object, &["metadata", "finalizers"]), [json!(held)]);
            }
            (Deleted::Removed(_), None) => {}
            (other, _) => panic!("{propagation:?} ended as {other:?}"),
        }
    }
}

#[test]
fn what_cannot_change_is_refused_in_the_servers_words() {
    let (mut store, _) = store();
    let claim = store.create(claim("a")).unwrap();
    let refused = edit(
        &mut store,
        &claim,
        Part::Main,
        &json!({ "spec": { "accessModes": ["ReadWriteMany"] } }),
    )
    .unwrap_err();
    assert!(
        refused.message.starts_with(
            "PersistentVolumeClaim \"a\" is invalid: spec: Forbidden: spec is immutable after creation except \
             resources.requests and volumeAttributesClassName for bound claims"
        ),
        "{refused}"
    );
    edit(
        &mut store,
        &claim,
        Part::Main,
        &json!({ "spec": { "volumeName": "v" } }),
    )
    .unwrap();
    let refused = edit(
        &mut store,
        &claim,
        Part::Main,
        &json!({ "spec": { "volumeName": "w" } }),
    )
    .unwrap_err();
    assert_eq!(refused.code, 422);
    let refused = edit(&mut store, &claim, Part::Main, &json!({ "metadata": { "uid": "x" } })).unwrap_err();
    assert_eq!(
        refused.message,
        "PersistentVolumeClaim \"a\" is invalid: metadata.uid: Invalid value: \"x\": field is immutable"
    );
    let stale = json!({ "metadata": { "resourceVersion": "1" } });
    assert_eq!(
        edit(&mut store, &claim, Part::Main, &stale).unwrap_err().reason,
        "Conflict"
    );
}

#[test]
fn a_budget_takes_no_update_without_a_resource_version() {
    let (mut store, _) = store();
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "b", "namespace": "default" },
        "spec": { "minAvailable": 1 },
    });
    let bare = json!({ "metadata": { "resourceVersion": null } });
    let made = store.create(budget).unwrap();
    let refused = edit(&mut store, &made, Part::Main, &bare).unwrap_err();
    assert_eq!(
        refused.message,
        "PodDisruptionBudget.policy \"b\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    );
    let claim = store.create(claim("a")).unwrap();
    edit(&mut store, &claim, Part::Main, &bare).unwrap();
}

#[test]
fn spec_and_status_are_written_apart_and_nothing_is_no_change() {
    let (mut store, _) = store();
    let pod = store.create(pod("p", "n")).unwrap();
    let both = json!({ "metadata": { "labels": { "a": "b" } }, "status": { "phase": "Failed" } });
    let main = edit(&mut store, &pod, Part::Main, &both).unwrap();
    assert_eq!(text(&main, &["status", "phase"]), "Running");
    assert_eq!(at(&main, &["metadata", "generation"]), Some(&json!(1)));
    let status = edit(&mut store, &pod, Part::Status, &both).unwrap();
    assert_eq!(text(&status, &["status", "phase"]), "Failed");
    let revision = store.latest();
    edit(&mut store, &pod, Part::Status, &both).unwrap();
    assert_eq!(store.latest(), revision);
    let image = json!({ "spec": { "containers": [{ "name": "c", "image": "other:2", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent" }] } });
    let changed = edit(&mut store, &pod, Part::Main, &image).unwrap();
    assert_eq!(at(&changed, &["metadata", "generation"]), Some(&json!(2)));
}

#[test]
fn a_terminating_namespace_takes_nothing_new_and_goes_when_finalized() {
    let (mut store, _) = store();
    let namespaces = resource("v1", "Namespace");
    store
        .load(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "t" } }))
        .unwrap();
    let Deleted::Marked(marked) = store.erase(namespaces, "", "t", &DeleteOptions::default()).unwrap() else {
        panic!("a namespace waits for its finalizer");
    };
    assert_eq!(text(&marked, &["status", "phase"]), "Terminating");
    let mut late = claim("a");
    put(&mut late, &["metadata", "namespace"], "t");
    let refused = store.create(late).unwrap_err();
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.message,
        "persistentvolumeclaims \"a\" is forbidden: unable to create new content in namespace t because it is being terminated"
    );
    edit(
        &mut store,
        &marked,
        Part::Finalize,
        &json!({ "spec": { "finalizers": [] } }),
    )
    .unwrap();
    assert!(store.fetch(namespaces, "", "t").is_none());
}

#[test]
fn the_past_can_be_listed_until_it_is_forgotten() {
    let (mut store, _) = store();
    let claims = resource("v1", "PersistentVolumeClaim");
    store.create(claim("a")).unwrap();
    let then = store.latest();
    store.create(claim("b")).unwrap();
    let a = store.fetch(claims, "default", "a").unwrap().clone();
    edit(
        &mut store,
        &a,
        Part::Main,
        &json!({ "metadata": { "finalizers": null, "labels": { "x": "y" } } }),
    )
    .unwrap();
    store.erase(claims, "default", "a", &DeleteOptions::default()).unwrap();
    let names = |store: &Store, at| {
        let list = store.list(claims, Some("default"), at)?;
        Some(list.into_iter().map(|(place, _)| place.name).collect::<Vec<_>>())
    };
    assert_eq!(names(&store, then), Some(vec!["a".to_owned()]));
    assert_eq!(*store.list(claims, None, then).unwrap()[0].1, *a);
    assert_eq!(names(&store, store.latest()), Some(vec!["b".to_owned()]));
    store.compact(then + 1);
    assert_eq!(names(&store, then), None);
    assert!(store.happenings(claims, then).is_none());
    assert_eq!(store.happenings(claims, then + 1).unwrap().count(), 2);
}

#[test]
fn events_of_one_kind_are_counted_and_forgotten_after_an_hour() {
    let (mut store, clock) = store();
    let events = resource("v1", "Event");
    store.create(claim("a")).unwrap();
    let key = Key::new(Kind::PersistentVolumeClaim, "default", "a");
    for _ in 0..3 {
        store.emit_event(
            &key,
            "Normal",
            "WaitForFirstConsumer",
            "waiting",
            "persistentvolume-controller",
        );
    }
    let all = store.list(events, None, store.latest()).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(at(&all[0].1, &["count"]), Some(&json!(3)));
    clock.advance(Duration::from_secs(3_700));
    store.emit_event(&key, "Normal", "Other", "other", "x");
    let all = store.list(events, None, store.latest()).unwrap();
    assert_eq!(
        all.iter()
            .map(|(_, event)| text(event, &["reason"]))
            .collect::<Vec<_>>(),
        ["Other"]
    );
}
