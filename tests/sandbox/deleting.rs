//! Creating, and above all deleting: preconditions, propagation, finalizers, dry runs, eviction.

use crate::{claim, client, job, raw, refusal, still};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

#[tokio::test]
async fn a_delete_of_another_object_is_a_conflict() {
    let sandbox = still(vec![claim("a")]);
    let client = client(&sandbox).await;
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client, "default");
    let held = claims.get("a").await.unwrap();
    let with = |uid: Option<String>, version: Option<String>| {
        DeleteParams::background().preconditions(Preconditions {
            uid,
            resource_version: version,
        })
    };
    let refused = refusal(claims.delete("a", &with(Some("other".into()), None)).await);
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert!(
        refused
            .message
            .contains("the UID in the precondition (other) does not match the UID in record"),
        "{refused:?}"
    );
    let refused = refusal(claims.delete("a", &with(held.uid(), Some("1".into()))).await);
    assert!(
        refused.message.contains("the ResourceVersion in the precondition (1)"),
        "{refused:?}"
    );
    let deleted = claims
        .delete("a", &with(held.uid(), held.resource_version()))
        .await
        .unwrap();
    let marked = deleted.left().expect("the claim stays while its finalizer holds it");
    assert!(marked.metadata.deletion_timestamp.is_some());
    assert_eq!(marked.finalizers(), ["kubernetes.io/pvc-protection"]);
}

#[tokio::test]
async fn a_job_orphans_by_default_and_says_so() {
    let sandbox = still(vec![job("a"), job("b")]);
    let client = client(&sandbox).await;
    let path = "/apis/batch/v1/namespaces/default/jobs/a";
    let (code, headers, marked) = raw(&client, "DELETE", path, &[], &Value::Null).await;
    assert_eq!(code, 200);
    assert_eq!(marked["metadata"]["finalizers"], json!(["orphan"]));
    let warning = headers["warning"].to_str().unwrap();
    assert!(
        warning.contains("child pods are preserved by default when jobs are deleted"),
        "{warning}"
    );
    let jobs: Api<Job> = Api::namespaced(client, "default");
    let foreground = jobs.delete("b", &DeleteParams::foreground().dry_run()).await.unwrap();
    assert_eq!(foreground.left().unwrap().finalizers(), ["foregroundDeletion"]);
    assert!(
        jobs.get("b").await.unwrap().metadata.deletion_timestamp.is_none(),
        "it was a dry run"
    );
    let gone = jobs.delete("b", &DeleteParams::background()).await.unwrap();
    assert!(gone.right().expect("a Status, as the job is gone").is_success());
    assert_eq!(refusal(jobs.get("b").await).message, "jobs.batch \"b\" not found");
}

#[tokio::test]
async fn a_scheduled_pod_goes_when_its_grace_period_is_taken_away() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "namespace": "default", "labels": { "app": "x" } },
        "spec": { "nodeName": "n", "containers": [{ "name": "c", "image": "i" }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
    });
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "b", "namespace": "default" },
        "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "x" } } },
    });
    let sandbox = still(vec![pod, budget]);
    let client = client(&sandbox).await;
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "p" } });
    let path = "/api/v1/namespaces/default/pods/p/eviction";
    let (code, _, status) = raw(
        &client,
        "POST",
        path,
        &[("content-type", "application/json")],
        &eviction,
    )
    .await;
    assert_eq!(code, 429);
    assert_eq!(
        status["message"],
        "Cannot evict pod as it would violate the pod's disruption budget."
    );
    let pods: Api<Pod> = Api::namespaced(client, "default");
    let marked = pods
        .delete("p", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .unwrap();
    assert_eq!(marked.metadata.deletion_grace_period_seconds, Some(30));
    assert_eq!(
        marked.metadata.deletion_timestamp.unwrap().0.to_string(),
        "2026-11-20T10:00:30Z"
    );
    pods.delete("p", &DeleteParams::default().grace_period(0))
        .await
        .unwrap();
    assert_eq!(refusal(pods.get("p").await).code, 404);
}

#[tokio::test]
async fn what_cannot_be_created_is_refused_and_a_dry_run_leaves_nothing() {
    let sandbox = still(vec![claim("a")]);
    let client = client(&sandbox).await;
    let create = |value: Value| {
        let (client, params) = (client.clone(), PostParams::default());
        async move {
            let namespace = value["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
            let claims: Api<PersistentVolumeClaim> = Api::namespaced(client, &namespace);
            claims.create(&params, &serde_json::from_value(value).unwrap()).await
        }
    };
    assert_eq!(
        refusal(create(claim("a")).await).message,
        "persistentvolumeclaims \"a\" already exists"
    );
    let mut lost = claim("b");
    lost["metadata"]["namespace"] = json!("nowhere");
    assert_eq!(refusal(create(lost).await).message, "namespaces \"nowhere\" not found");
    assert_eq!(refusal(create(claim("B_")).await).code, 422);
    let mut named = claim("");
    named["metadata"] = json!({ "generateName": "data-" });
    let made = create(named).await.unwrap();
    assert_eq!(made.name_any().len(), "data-".len() + 5);
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "default");
    let dry = PostParams {
        dry_run: true,
        field_manager: None,
    };
    claims
        .create(&dry, &serde_json::from_value(claim("dry")).unwrap())
        .await
        .unwrap();
    assert_eq!(refusal(claims.get("dry").await).code, 404);
    let strict = "/api/v1/namespaces/default/configmaps?fieldValidation=Strict";
    let odd = json!({ "metadata": { "name": "x" }, "dota": {} });
    let (code, _, status) = raw(&client, "POST", strict, &[("content-type", "application/json")], &odd).await;
    assert_eq!(code, 400);
    assert!(status["message"].as_str().unwrap().contains("unknown field \"dota\""));
}

#[tokio::test]
async fn a_collection_goes_by_its_selector() {
    let maps =
        ["a", "b", "c"].map(|name| crate::config_map(name, &json!({ "go": if name == "b" { "no" } else { "yes" } })));
    let sandbox = still(maps.to_vec());
    let client = client(&sandbox).await;
    let params = kube::api::ListParams::default().labels("go=yes");
    let gone = crate::maps(&client)
        .delete_collection(&DeleteParams::default(), &params)
        .await
        .unwrap();
    assert_eq!(gone.left().unwrap().items.len(), 2);
    let left = crate::maps(&client)
        .list(&kube::api::ListParams::default())
        .await
        .unwrap();
    assert_eq!(
        left.items.iter().map(kube::ResourceExt::name_any).collect::<Vec<_>>(),
        ["b"]
    );
}
