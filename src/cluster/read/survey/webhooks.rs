//! Admission webhooks that refuse what they do not answer, and whether anybody stands behind them.

use super::{document, items, text};
use crate::cluster::connect::Connection;
use crate::cluster::paths;
use crate::model::Text;
use crate::model::survey::{Asked, Backing, Webhook};
use serde_json::Value;
use std::collections::BTreeMap;

const LISTS: [(&str, &str); 2] = [
    (
        "ValidatingWebhookConfiguration",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    ),
    (
        "MutatingWebhookConfiguration",
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    ),
];
/// So many different services are looked at; of more it is said that they were not.
const SERVICES: usize = 64;

pub(super) async fn asked(connection: &Connection) -> Asked<Webhook> {
    let mut found = Vec::new();
    for (kind, path) in LISTS {
        match items(connection, path).await {
            Ok(items) => found.extend(items.iter().flat_map(|item| closed(kind, item))),
            Err(why) => return Asked::Unknown { why },
        }
    }
    let mut backings: BTreeMap<Text, Backing> = BTreeMap::new();
    for webhook in &mut found {
        if !backings.contains_key(&webhook.service) && backings.len() < SERVICES {
            backings.insert(webhook.service.clone(), backing(connection, &webhook.service).await);
        }
        webhook.backing = backings.get(&webhook.service).cloned().unwrap_or_default();
    }
    Asked::Seen(found)
}

/// Those of a configuration that call a service and fail closed; absent means `Fail` in `admissionregistration.k8s.io/v1`.
fn closed(kind: &str, item: &Value) -> Vec<Webhook> {
    let name = text(item, "/metadata/name");
    let webhooks = item.get("webhooks").and_then(Value::as_array);
    webhooks
        .into_iter()
        .flatten()
        .filter(|webhook| matches!(text(webhook, "/failurePolicy"), "" | "Fail"))
        .filter_map(|webhook| {
            let service = webhook.pointer("/clientConfig/service")?;
            Some(Webhook {
                configuration: format!("{kind}/{name}").into(),
                name: text(webhook, "/name").into(),
                service: format!("{}/{}", text(service, "/namespace"), text(service, "/name")).into(),
                backing: Backing::default(),
            })
        })
        .collect()
}

async fn backing(connection: &Connection, service: &str) -> Backing {
    let Some((namespace, name)) = service.split_once('/') else {
        return Backing::NoService;
    };
    let (home, name) = (paths::escaped(namespace), paths::escaped(name));
    match document(connection, &format!("/api/v1/namespaces/{home}/services/{name}")).await {
        Ok(None) => return Backing::NoService,
        Ok(Some(_)) => {}
        Err(why) => return Backing::Unknown { why },
    }
    let query = paths::query(&[
        ("labelSelector", &format!("kubernetes.io/service-name={name}")),
        ("limit", "500"),
    ]);
    let path = format!("/apis/discovery.k8s.io/v1/namespaces/{home}/endpointslices{query}");
    match document(connection, &path).await {
        Ok(slices) if slices.as_ref().is_some_and(ready) => Backing::Ready,
        Ok(_) => Backing::NoEndpoints,
        Err(why) => Backing::Unknown { why },
    }
}

/// Some endpoint is ready; a condition that is absent means so.
fn ready(slices: &Value) -> bool {
    let slices = slices.get("items").and_then(Value::as_array);
    slices
        .into_iter()
        .flatten()
        .filter_map(|slice| slice.get("endpoints").and_then(Value::as_array))
        .flatten()
        .any(|endpoint| endpoint.pointer("/conditions/ready").and_then(Value::as_bool) != Some(false))
}
