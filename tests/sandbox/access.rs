//! Users, denials, and what a user may ask about themselves.

use crate::{claim, client, raw, refusal, still};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::Api;
use kube::api::{ListParams, PostParams};
use pilothouse::sandbox::Denial;
use serde_json::{Value, json};

#[tokio::test]
async fn a_denied_kind_is_forbidden_in_the_servers_words_and_reviews_say_so() {
    let sandbox = still(vec![claim("a")]);
    let client = client(&sandbox).await;
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                verb: Some("list".into()),
                resource: Some("persistentvolumes".into()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let allowed = async || {
        reviews
            .create(&PostParams::default(), &review)
            .await
            .unwrap()
            .status
            .unwrap()
            .allowed
    };
    assert!(allowed().await);
    sandbox.access().deny(Denial::of("*", "persistentvolumes"));
    assert!(!allowed().await);
    let refused = refusal(volumes.list(&ListParams::default()).await);
    assert_eq!(
        refused.message,
        "persistentvolumes is forbidden: User \"operator\" cannot list resource \"persistentvolumes\" in API group \"\" \
         at the cluster scope"
    );
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "default");
    assert_eq!(claims.list(&ListParams::default()).await.unwrap().items.len(), 1);
    sandbox.access().allow_all();
    assert!(volumes.list(&ListParams::default()).await.is_ok());
}

#[tokio::test]
async fn a_token_says_who_asks_and_an_unknown_one_is_unauthorized() {
    let sandbox = still(Vec::new());
    sandbox.access().admit("t-erika", "erika", &["developers"]);
    sandbox.access().deny(Denial {
        user: "erika".into(),
        namespace: Some("default".into()),
        ..Denial::of("delete", "pods")
    });
    let config = |token: &str| {
        let mut config = kube::Config::new(format!("http://{}", sandbox.address()).parse().unwrap());
        config.default_retry = false;
        config.auth_info.token = Some(token.to_owned().into());
        kube::Client::try_from(config).unwrap()
    };
    let erika = config("t-erika");
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let (_, _, told) = raw(&erika, "POST", path, &[("content-type", "application/json")], &review).await;
    assert_eq!(
        told["status"]["userInfo"],
        json!({ "username": "erika", "groups": ["developers"] })
    );
    let (code, _, _) = raw(&erika, "DELETE", "/api/v1/namespaces/default/pods/p", &[], &Value::Null).await;
    assert_eq!(code, 403);
    let (code, _, _) = raw(
        &erika,
        "DELETE",
        "/api/v1/namespaces/kube-system/pods/p",
        &[],
        &Value::Null,
    )
    .await;
    assert_eq!(code, 404);
    let rules = json!({ "spec": { "namespace": "default" } });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let (_, _, told) = raw(&erika, "POST", path, &[("content-type", "application/json")], &rules).await;
    let pods = told["status"]["resourceRules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["resources"] == json!(["pods"]))
        .unwrap();
    assert!(!pods["verbs"].as_array().unwrap().contains(&json!("delete")));
    assert!(pods["verbs"].as_array().unwrap().contains(&json!("get")));
    let (code, _, _) = raw(&config("nobody"), "GET", "/api/v1/pods", &[], &Value::Null).await;
    assert_eq!(code, 401);
}
