//! What a living cluster does: pods come and go, Jobs end, CronJobs fire, controllers speak.

use super::{Bench, pod, pvc};
use crate::model::{Key, Kind, Propagation};
use crate::sandbox::controllers::document as doc;
use crate::sandbox::resources;
use crate::sandbox::store::Objects as _;
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

impl Bench {
    /// The Events about an object, oldest first: severity, reason and message.
    pub(super) fn said(&self, namespace: &str, name: &str) -> Vec<String> {
        let events = resources::by_path("", "v1", "events").unwrap();
        let mut told: Vec<_> = self
            .store
            .list(events, Some(namespace), u64::MAX)
            .unwrap()
            .into_iter()
            .map(|(_, event)| event)
            .filter(|event| doc::text(event, "/involvedObject/name") == name)
            .collect();
        told.sort_by_key(|event| doc::text(event, "/metadata/resourceVersion").parse::<u64>().unwrap());
        told.iter()
            .map(|event| {
                let field = |field: &str| doc::text(event, field).to_owned();
                format!("{} {}: {}", field("/type"), field("/reason"), field("/message"))
            })
            .collect()
    }
}

#[test]
fn a_deleted_pod_of_a_deployment_is_replaced_and_becomes_ready() {
    let mut bench = Bench::of("calm");
    let deployment = Key::new(Kind::Deployment, "acme", "web");
    let all = bench.store.all();
    let (victim, _) = all
        .iter()
        .find(|(key, _)| key.kind == Kind::Pod && key.namespace == "acme" && key.name.starts_with("web-"))
        .unwrap();
    bench.delete(victim, Propagation::Background);
    bench.run(Duration::from_secs(1));
    assert_eq!(bench.field(&deployment, "/status/readyReplicas"), "2");
    assert_eq!(bench.field(&deployment, "/status/unavailableReplicas"), "1");
    bench.run(MINUTE);
    assert_eq!(bench.get(victim), None);
    assert_eq!(bench.field(&deployment, "/status/readyReplicas"), "3");
    assert_eq!(bench.field(&deployment, "/status/conditions/0/status"), "True");
    let (created, replacement) = bench
        .store
        .all()
        .into_iter()
        .find(|(key, _)| key.kind == Kind::Pod && key.namespace == "acme" && all.iter().all(|(old, _)| old != key))
        .unwrap();
    assert_eq!(doc::text(&replacement, "/metadata/labels/app"), "web");
    let told = bench.said("acme", &created.name);
    assert!(
        told[0].starts_with("Normal Scheduled: Successfully assigned acme/web-"),
        "{told:?}"
    );
    assert_eq!(
        told[1..],
        [
            "Normal Created: Created container web",
            "Normal Started: Started container web"
        ]
    );
    let told = bench.said("acme", &victim.name);
    assert_eq!(told, ["Normal Killing: Stopping container web"]);
}

#[test]
fn a_scaled_deployment_follows_and_says_so() {
    let mut bench = Bench::of("calm");
    let key = Key::new(Kind::Deployment, "acme", "web");
    for (wanted, phrase) in [(5, "Scaled up replica set"), (1, "Scaled down replica set")] {
        let mut deployment = bench.get(&key).unwrap();
        doc::put(&mut deployment, &["spec", "replicas"], wanted);
        bench.store.replace(deployment).unwrap();
        bench.run(MINUTE);
        assert_eq!(bench.field(&key, "/status/readyReplicas"), wanted.to_string());
        assert_eq!(bench.count(Kind::Pod, "acme"), wanted + 1, "and the database");
        let told = bench.said("acme", "web");
        assert!(told.last().unwrap().contains(phrase), "{told:?}");
    }
}

#[test]
fn a_new_deployment_grows_from_its_template() {
    let mut bench = Bench::of("calm");
    bench
        .store
        .create(json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": "api", "namespace": "beta" },
            "spec": {
                "replicas": 40,
                "selector": { "matchLabels": { "app": "api" } },
                "template": {
                    "metadata": { "labels": { "app": "api" } },
                    "spec": { "containers": [{ "name": "api", "image": "acme/api:1" }] },
                },
            },
        }))
        .unwrap();
    bench.run(Duration::from_secs(8)); // in one burst, not one after another
    let key = Key::new(Kind::Deployment, "beta", "api");
    assert_eq!(bench.field(&key, "/status/readyReplicas"), "40");
    assert!(bench.said("beta", "api")[0].starts_with("Normal ScalingReplicaSet: Scaled up replica set api-"));
}

#[test]
fn a_set_refuses_a_pod_whose_claim_is_being_deleted_and_says_so() {
    let mut bench = Bench::of("vault-raft");
    let mut claim = bench.get(&pvc("vault", "data-vault-0")).unwrap();
    // A foreign finalizer keeps the claim when its last pod has gone.
    doc::put(
        &mut claim,
        &["metadata", "finalizers"],
        json!(["kubernetes.io/pvc-protection", "example.com/hold"]),
    );
    bench.store.replace(claim).unwrap();
    bench.delete(&pvc("vault", "data-vault-0"), Propagation::Background);
    bench.delete(&pod("vault", "vault-0"), Propagation::Background);
    bench.run(Duration::from_mins(5));
    assert_eq!(bench.get(&pod("vault", "vault-0")), None);
    let told = bench.said("vault", "vault");
    let wanted =
        "Warning FailedCreate: create Pod vault-0 in StatefulSet vault failed error: pvc data-vault-0 is being deleted";
    assert_eq!(told.iter().filter(|told| *told == wanted).count(), 1, "{told:?}");
}

#[test]
fn a_cron_job_fires_its_job_completes_and_the_last_one_is_kept() {
    let mut bench = Bench::of("hasan-prod");
    let cron = Key::new(Kind::CronJob, "bmw", "usage-report");
    bench.run(Duration::from_secs(100));
    assert_eq!(bench.count(Kind::Job, "bmw"), 1);
    assert!(bench.field(&cron, "/status/active").contains("usage-report-"));
    bench.run(MINUTE);
    assert_eq!(bench.field(&cron, "/status/active"), "[]");
    let all = bench.store.all();
    let (_, job) = all
        .iter()
        .find(|(key, _)| key.kind == Kind::Job && key.namespace == "bmw")
        .unwrap();
    assert_eq!(doc::number(job, "/status/succeeded"), Some(1));
    assert_eq!(doc::text(job, "/status/conditions/1/type"), "Complete");
    bench.run(Duration::from_mins(30));
    assert!(bench.count(Kind::Job, "bmw") <= 2, "{}", bench.count(Kind::Job, "bmw"));
    assert!(bench.count(Kind::Pod, "bmw") <= 7, "{}", bench.count(Kind::Pod, "bmw"));
}

#[test]
fn a_finished_job_goes_when_its_time_is_over() {
    let mut bench = Bench::of("calm");
    bench
        .store
        .create(json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": { "name": "once", "namespace": "beta" },
            "spec": {
                "ttlSecondsAfterFinished": 60,
                "template": {
                    "metadata": { "annotations": { "sandbox.pilothouse.dev/completes-after": "5s" } },
                    "spec": { "restartPolicy": "Never", "containers": [{ "name": "once", "image": "acme/once:1" }] },
                },
            },
        }))
        .unwrap();
    let key = Key::new(Kind::Job, "beta", "once");
    bench.run(Duration::from_secs(30));
    assert_eq!(bench.field(&key, "/status/succeeded"), "1");
    assert!(!bench.field(&key, "/status/completionTime").is_empty());
    bench.run(Duration::from_secs(90));
    assert_eq!(bench.get(&key), None);
    assert_eq!(bench.count(Kind::Pod, "beta"), 3, "its pod went with it");
}

#[test]
fn a_namespace_goes_with_all_it_holds_and_its_volumes_are_released() {
    let mut bench = Bench::of("calm");
    let key = Key::cluster(Kind::Namespace, "gamma");
    bench.delete(&key, Propagation::Background);
    bench.run(Duration::from_millis(100));
    assert_eq!(bench.field(&key, "/status/phase"), "Terminating");
    assert!(bench.field(&key, "/status/conditions").contains("SomeResourcesRemain"));
    bench.run(Duration::from_mins(2));
    assert_eq!(bench.get(&key), None);
    assert_eq!(bench.count(Kind::Release, "gamma"), 0);
    let volume = Key::cluster(Kind::PersistentVolume, "gamma-db");
    assert_eq!(bench.field(&volume, "/status/phase"), "Released");
    let services = resources::by_path("", "v1", "services").unwrap();
    let left = bench.store.list(services, Some("gamma"), u64::MAX).unwrap();
    assert!(left.is_empty(), "what no law knows went as well");
}

#[test]
fn a_reaction_that_no_longer_applies_is_dropped() {
    let mut bench = Bench::of("calm");
    let key = Key::new(Kind::Deployment, "acme", "web");
    let scale = |bench: &mut Bench, wanted: u32| {
        let mut deployment = bench.get(&key).unwrap();
        doc::put(&mut deployment, &["spec", "replicas"], wanted);
        bench.store.replace(deployment).unwrap();
        bench.tick();
    };
    scale(&mut bench, 9);
    scale(&mut bench, 3);
    bench.run(MINUTE);
    assert_eq!(bench.count(Kind::Pod, "acme"), 4);
    assert!(bench.said("acme", "web").is_empty());
}

/// Gives a workload's first container another image.
fn set_image(bench: &mut Bench, key: &Key, image: &str) {
    let mut object = bench.get(key).unwrap();
    *object.pointer_mut("/spec/template/spec/containers/0/image").unwrap() = json!(image);
    bench.store.replace(object).unwrap();
}

#[test]
fn a_changed_template_reaches_every_pod_of_a_deployment() {
    let mut bench = Bench::of("calm");
    let key = Key::new(Kind::Deployment, "acme", "web");
    set_image(&mut bench, &key, "acme/web:9");
    bench.run(Duration::from_mins(2));
    let images = || {
        let pods = bench.store.all().into_iter();
        let pods = pods.filter(|(key, _)| key.kind == Kind::Pod && key.namespace == "acme");
        pods.map(|(_, pod)| doc::text(&pod, "/spec/containers/0/image").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(images().iter().filter(|image| *image == "acme/web:9").count(), 3);
    assert_eq!(images().len(), 4, "and the database");
    assert_eq!(bench.field(&key, "/status/updatedReplicas"), "3");
    assert_eq!(bench.count(Kind::ReplicaSet, "acme"), 2);
}

#[test]
fn a_changed_template_restarts_a_set_from_the_highest_ordinal_unless_it_waits_for_deletes() {
    let mut bench = Bench::of("vault-raft");
    let key = Key::new(Kind::StatefulSet, "vault", "vault");
    let before: Vec<_> = (0..3)
        .map(|at| bench.uid(&pod("vault", &format!("vault-{at}"))))
        .collect();
    set_image(&mut bench, &key, "hashicorp/vault:1.21.1");
    bench.run(MINUTE);
    assert_eq!(
        bench.uid(&pod("vault", "vault-2")),
        before[2],
        "OnDelete restarts nothing"
    );
    let mut set = bench.get(&key).unwrap();
    doc::put(
        &mut set,
        &["spec", "updateStrategy"],
        json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 1 } }),
    );
    bench.store.replace(set).unwrap();
    bench.run(Duration::from_secs(3));
    assert_eq!(bench.uid(&pod("vault", "vault-1")), before[1], "one after another");
    bench.run(MINUTE);
    assert_eq!(bench.uid(&pod("vault", "vault-0")), before[0], "below the partition");
    for (at, uid) in before.iter().enumerate().skip(1) {
        let key = pod("vault", &format!("vault-{at}"));
        assert_ne!(bench.uid(&key), *uid);
        assert_eq!(bench.field(&key, "/spec/containers/0/image"), "hashicorp/vault:1.21.1");
    }
    assert_eq!(bench.field(&key, "/status/updatedReplicas"), "2");
}

#[test]
fn what_is_refused_is_tried_again_less_and_less_often() {
    let mut bench = Bench::of("calm");
    let template =
        json!({"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "main", "image": "none"}]}});
    let home = json!({"namespace": "shop"});
    let named = |name: &str, finalizers: &[&str]| {
        let mut meta = home.clone();
        meta["name"] = json!(name);
        meta["finalizers"] = json!(finalizers);
        meta
    };
    for object in [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": named("held", &["example.com/hold"]), "spec": template["spec"]}),
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": named("db", &["example.com/hold"]),
            "spec": {"replicas": 3, "podManagementPolicy": "Parallel", "serviceName": "db",
                "selector": {"matchLabels": {"app": "db"}}, "template": template}}),
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": named("work", &[]),
            "spec": {"parallelism": 1, "completions": 1, "template": template}}),
    ] {
        bench.store.load(object).unwrap();
    }
    bench.run(MINUTE);
    assert_eq!(bench.count(Kind::Pod, "shop"), 5);
    let namespace = Key::cluster(Kind::Namespace, "shop");
    bench.delete(&namespace, Propagation::Background);
    // while a pod is held the set stands, and every pod that it would make is refused
    let end = doc::later(bench.clock.now(), MINUTE * 15);
    let mut looks = 0;
    while looks < 1_000
        && let Some(next) = bench.tick().filter(|next| *next <= end)
    {
        bench.clock.advance_to(next);
        looks += 1;
    }
    assert_eq!(bench.field(&namespace, "/status/phase"), "Terminating");
    assert_eq!(bench.count(Kind::Pod, "shop"), 1);
    assert!((20..200).contains(&looks), "{looks}");
}
