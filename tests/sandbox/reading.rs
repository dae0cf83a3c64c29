//! Lists, pages, selectors, forms, discovery.

use crate::{claim, client, config_map, maps, raw, refusal, still};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use kube::api::{ListParams, PartialObjectMeta};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

fn many(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            let parity = if number % 2 == 0 { "even" } else { "odd" };
            config_map(&format!("map-{number:03}"), &json!({ "parity": parity }))
        })
        .collect()
}

#[tokio::test]
async fn pages_are_of_one_moment_whatever_is_written_between() {
    let sandbox = still(many(25));
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let mut params = ListParams::default().limit(10);
    let first = maps.list(&params).await.unwrap();
    assert_eq!(first.items.len(), 10);
    assert_eq!(first.metadata.remaining_item_count, Some(15));
    maps.delete("map-015", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    let late = serde_json::from_value(config_map("map-0155", &json!({}))).unwrap();
    maps.create(&kube::api::PostParams::default(), &late).await.unwrap();
    let mut names: Vec<String> = first.items.iter().map(kube::ResourceExt::name_any).collect();
    let mut next = first.metadata.continue_;
    while let Some(token) = next.filter(|token| !token.is_empty()) {
        params = ListParams::default().limit(10).continue_token(&token);
        let page = maps.list(&params).await.unwrap();
        assert_eq!(page.metadata.resource_version, first.metadata.resource_version);
        names.extend(page.items.iter().map(kube::ResourceExt::name_any));
        next = page.metadata.continue_;
    }
    let expected: Vec<String> = (0..25).map(|number| format!("map-{number:03}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_page_of_a_forgotten_moment_is_gone_and_says_how_to_go_on() {
    let sandbox = still(many(5));
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let first = maps.list(&ListParams::default().limit(2)).await.unwrap();
    sandbox.change(|store| store.load(config_map("map-9", &json!({}))).unwrap());
    sandbox.change(pilothouse::sandbox::Store::compact_all);
    let token = first.metadata.continue_.unwrap();
    let gone = refusal(maps.list(&ListParams::default().limit(2).continue_token(&token)).await);
    assert_eq!((gone.code, gone.reason.as_str()), (410, "Expired"));
    let goes_on = gone.metadata.unwrap().continue_.unwrap();
    let rest = maps
        .list(&ListParams::default().continue_token(&goes_on))
        .await
        .unwrap();
    let names: Vec<String> = rest.items.iter().map(kube::ResourceExt::name_any).collect();
    assert_eq!(names, ["map-002", "map-003", "map-004", "map-9"]);
    assert_eq!(
        refusal(maps.list(&ListParams::default().continue_token("nonsense")).await).code,
        400
    );
}

#[tokio::test]
async fn selectors_choose_and_unknown_fields_are_refused() {
    let pod = |name: &str, node: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default" },
            "spec": { "nodeName": node, "containers": [{ "name": "c", "image": "i" }] }, "status": { "phase": "Running" },
        })
    };
    let secret = |name: &str, kind: &str| json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": "default" }, "type": kind });
    let mut objects = many(6);
    objects.extend([
        pod("a", "n1"),
        pod("b", "n2"),
        secret("r", "helm.sh/release.v1"),
        secret("o", "Opaque"),
    ]);
    let sandbox = still(objects);
    let client = client(&sandbox).await;
    let odd = maps(&client)
        .list(&ListParams::default().labels("parity=odd,parity notin (x)"))
        .await
        .unwrap();
    assert_eq!(odd.items.len(), 3);
    let pods: Api<Pod> = Api::all(client.clone());
    let here = pods
        .list(&ListParams::default().fields("spec.nodeName=n2,status.phase=Running"))
        .await
        .unwrap();
    assert_eq!(
        here.items.iter().map(kube::ResourceExt::name_any).collect::<Vec<_>>(),
        ["b"]
    );
    let secrets: Api<PartialObjectMeta<Secret>> = Api::all(client.clone());
    let releases = secrets
        .list(&ListParams::default().fields("type=helm.sh/release.v1"))
        .await
        .unwrap();
    assert_eq!(
        releases
            .items
            .iter()
            .map(kube::ResourceExt::name_any)
            .collect::<Vec<_>>(),
        ["r"]
    );
    let refused = refusal(pods.list(&ListParams::default().fields("spec.color=red")).await);
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (400, "field label not supported: spec.color")
    );
}

#[tokio::test]
async fn metadata_alone_carries_nothing_else() {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "default" },
        "stringData": { "password": "hunter2" },
    });
    let sandbox = still(vec![secret]);
    let client = client(&sandbox).await;
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let (code, _, list) = raw(&client, "GET", "/api/v1/secrets", &[("accept", accept)], &Value::Null).await;
    assert_eq!((code, list["kind"].as_str()), (200, Some("PartialObjectMetadataList")));
    assert_eq!(list["items"][0]["kind"], "PartialObjectMetadata");
    assert_eq!(
        list["items"][0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["kind", "apiVersion", "metadata"]
    );
    let whole: Api<Secret> = Api::namespaced(client, "default");
    assert_eq!(whole.get("s").await.unwrap().data.unwrap()["password"].0, b"hunter2");
}

#[tokio::test]
async fn a_table_has_the_columns_kubectl_shows() {
    let sandbox = still(vec![claim("a")]);
    let client = client(&sandbox).await;
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "default");
    claims.delete("a", &kube::api::DeleteParams::default()).await.unwrap();
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let path = "/api/v1/namespaces/default/persistentvolumeclaims?limit=500";
    let (_, _, table) = raw(&client, "GET", path, &[("accept", accept)], &Value::Null).await;
    let columns: Vec<&str> = table["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        columns,
        [
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "VolumeMode"
        ]
    );
    assert_eq!(table["rows"][0]["cells"][1], "Terminating");
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
}

#[tokio::test]
async fn discovery_in_both_forms_leads_to_every_kind() {
    let sandbox = still(Vec::new());
    let client = client(&sandbox).await;
    assert_eq!(client.apiserver_version().await.unwrap().minor, "36");
    for aggregated in [true, false] {
        let discovery = kube::Discovery::new(client.clone());
        let discovery = if aggregated {
            discovery.run_aggregated().await
        } else {
            discovery.run().await
        };
        let discovery = discovery.unwrap();
        for kind in pilothouse::model::Kind::ALL {
            let gvk = kube::core::GroupVersionKind::gvk(kind.group(), "v1", kind.name());
            let (resource, found) = discovery
                .resolve_gvk(&gvk)
                .unwrap_or_else(|| panic!("{kind} is not found"));
            assert_eq!(resource.plural, kind.plural());
            assert_eq!(found.scope == kube::discovery::Scope::Namespaced, kind.namespaced());
            assert!(found.supports_operation("watch"));
        }
    }
    let (code, _, _) = raw(&client, "GET", "/apis/example.com/v1/things", &[], &Value::Null).await;
    assert_eq!(code, 404);
}

#[tokio::test]
async fn a_large_list_is_compressed_for_those_who_read_it() {
    let sandbox = still(many(1_000));
    let client = client(&sandbox).await;
    let list = maps(&client).list(&ListParams::default()).await.unwrap();
    assert_eq!(list.items.len(), 1_000);
    let end = list.items.last().unwrap();
    assert_eq!(
        (end.name_any().as_str(), end.labels()["parity"].as_str()),
        ("map-999", "odd")
    );
}

#[tokio::test]
async fn the_future_cannot_be_listed() {
    let sandbox = still(Vec::new());
    let client = client(&sandbox).await;
    let (code, _, status) = raw(&client, "GET", "/api/v1/pods?resourceVersion=999999", &[], &Value::Null).await;
    assert_eq!((code, status["reason"].as_str()), (504, Some("Timeout")));
    let (code, _, _) = raw(&client, "GET", "/api/v1/pods?limit=x", &[], &Value::Null).await;
    assert_eq!(code, 400);
}
