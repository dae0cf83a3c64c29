//! The sandbox through a real kube client over its socket: what an API server promises, it keeps.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the sandbox is tried through every call a client has, and one answer is timed"
)]

mod access;
mod deleting;
mod faults;
mod lively;
mod patching;
mod reading;
mod watching;

use kube::{Api, Client};
use pilothouse::sandbox::{Clock, Options, Sandbox, TestClock};
use serde_json::{Value, json};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;

/// Longer than anything here takes; a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// A sandbox without controllers whose clock stands still.
fn still(objects: Vec<Value>) -> Sandbox {
    let clock = TestClock::at("2026-11-20T10:00:00Z".parse().unwrap());
    let options = Options {
        objects,
        clock: Clock::Test(clock),
        seed: 1,
        ..Options::default()
    };
    Sandbox::start(options).unwrap()
}

/// A client that asks once and shows what it is answered.
async fn client(sandbox: &Sandbox) -> Client {
    let kubeconfig = kube::config::Kubeconfig::read_from(sandbox.kubeconfig()).unwrap();
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default())
        .await
        .unwrap();
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

fn config_map(name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default", "labels": labels }, "data": { "k": "v" },
    })
}

fn maps(client: &Client) -> Api<ConfigMap> {
    Api::namespaced(client.clone(), "default")
}

fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": "default" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    })
}

fn job(name: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name, "namespace": "default" },
        "spec": { "template": { "spec": { "restartPolicy": "Never", "containers": [{ "name": "c", "image": "i:1" }] } } },
    })
}

/// The refusal a call ended in.
fn refusal<T: std::fmt::Debug>(answer: Result<T, kube::Error>) -> kube::core::Status {
    match answer {
        Err(kube::Error::Api(status)) => *status,
        other => panic!("not refused: {other:?}"),
    }
}

/// One request as it is, and its answer: code, headers, body.
async fn raw(
    client: &Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, http::HeaderMap, Value) {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let bytes = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let response = client.send(request.body(bytes.into()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    (
        head.status.as_u16(),
        head.headers,
        serde_json::from_slice(&bytes).unwrap_or_default(),
    )
}

/// Waits for a thing that comes, not for time to pass.
async fn soon<T>(thing: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, thing)
        .await
        .expect("it came within the deadline")
}
