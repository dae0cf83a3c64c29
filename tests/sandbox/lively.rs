//! The shipped scenario with the laws as its controllers, time moved by hand.

use crate::{client, refusal};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt as _};
use pilothouse::sandbox::{Clock, Options, Sandbox, Settled, TestClock, scenario};
use std::time::Duration;

fn lively() -> Sandbox {
    let clock = Clock::Test(TestClock::at("2026-11-20T10:00:00Z".parse().unwrap()));
    let scenario = scenario::load("hasan-prod").unwrap();
    Sandbox::start(Options::of(&scenario, clock, 3).unwrap()).unwrap()
}

#[tokio::test]
async fn a_deleted_job_takes_its_pods_along_once_their_kubelets_say_so() {
    let sandbox = lively();
    let client = client(&sandbox).await;
    let jobs: Api<Job> = Api::namespaced(client.clone(), "hasan-prod");
    let pods: Api<Pod> = Api::namespaced(client, "hasan-prod");
    let of_job = ListParams::default().labels("batch.kubernetes.io/job-name=train-7f");
    let before = pods.list(&of_job).await.unwrap().items.len();
    assert!(before > 0);
    jobs.delete("train-7f", &DeleteParams::background()).await.unwrap();
    assert_eq!(
        pods.list(&of_job).await.unwrap().items.len(),
        before,
        "no time has passed"
    );
    assert_ne!(sandbox.advance(Duration::from_mins(3)), Settled::Restless);
    assert_eq!(pods.list(&of_job).await.unwrap().items.len(), 0);
    assert_eq!(refusal(jobs.get("train-7f").await).code, 404);
}

#[tokio::test]
async fn a_namespace_is_emptied_and_then_goes() {
    let sandbox = lively();
    let client = client(&sandbox).await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.delete("cisco", &DeleteParams::default()).await.unwrap();
    assert_eq!(
        namespaces.get("cisco").await.unwrap().status.unwrap().phase.as_deref(),
        Some("Terminating")
    );
    sandbox.advance(Duration::from_mins(10));
    assert_eq!(refusal(namespaces.get("cisco").await).code, 404);
    let pods: Api<Pod> = Api::namespaced(client, "cisco");
    let left: Vec<String> = pods
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .iter()
        .map(kube::ResourceExt::name_any)
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn two_sandboxes_of_one_seed_live_the_same_life() {
    let (one, other) = (lively(), lively());
    let mut told = Vec::new();
    for sandbox in [&one, &other] {
        let client = client(sandbox).await;
        let pods: Api<Pod> = Api::namespaced(client, "hasan-prod");
        pods.delete("mysql-0", &DeleteParams::default()).await.unwrap();
        sandbox.advance(Duration::from_mins(2));
        let all = pods.list(&ListParams::default()).await.unwrap().items;
        let seen: Vec<_> = all
            .iter()
            .map(|pod| (pod.name_any(), pod.uid(), pod.creation_timestamp()))
            .collect();
        assert!(
            seen.iter().any(|(name, _, _)| name == "mysql-0"),
            "the StatefulSet made it again"
        );
        told.push(seen);
    }
    assert_eq!(told[0], told[1]);
}
