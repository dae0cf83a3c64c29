//! A server, spoken to plainly: create, delete, patch. Knows no case and judges no answer.

use std::path::Path;
use std::time::Duration;

use http::Request;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use pilothouse::gate::Request as Shown;
use pilothouse::model::{Act, Key, Kind, World};
use serde_json::Value;

/// No answer takes longer.
const LIMIT: Duration = Duration::from_mins(1);

#[derive(Clone)]
pub(crate) struct Api {
    /// Asks again where a busy server says so.
    patient: Client,
    /// Asks once, as Pilothouse does: a budget's no is an answer.
    once: Client,
}

impl Api {
    pub(crate) async fn open(kubeconfig: &Path) -> Result<Self, String> {
        let told = Kubeconfig::read_from(kubeconfig).map_err(|error| error.to_string())?;
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(told, &options).await;
        let mut config = config.map_err(|error| error.to_string())?;
        config.read_timeout = Some(LIMIT);
        let client = |config: &Config| Client::try_from(config.clone()).map_err(|error| error.to_string());
        let patient = client(&config)?;
        config.default_retry = false;
        let once = client(&config)?;
        Ok(Self { patient, once })
    }

    pub(crate) async fn create(&self, kind: Kind, object: &Value) -> Result<Value, Refusal> {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        send(
            &self.patient,
            "POST",
            &collection(kind, namespace),
            "application/json",
            object.to_string(),
        )
        .await
    }

    /// Deletes with nothing but a propagation.
    pub(crate) async fn delete(&self, key: &Key, options: &Value) -> Result<Value, Refusal> {
        self.delete_at(&path(key), options).await
    }

    /// The same of any kind.
    pub(crate) async fn delete_at(&self, path: &str, options: &Value) -> Result<Value, Refusal> {
        send(&self.patient, "DELETE", path, "application/json", options.to_string()).await
    }

    /// Sets fields as a merge patch.
    pub(crate) async fn merge(&self, key: &Key, change: &Value) -> Result<Value, Refusal> {
        self.merge_at(&path(key), change).await
    }

    /// The same of any kind.
    pub(crate) async fn merge_at(&self, path: &str, change: &Value) -> Result<Value, Refusal> {
        let content = "application/merge-patch+json";
        send(&self.patient, "PATCH", path, content, change.to_string()).await
    }

    /// What is at a path; nothing when there is no such object.
    pub(crate) async fn read(&self, path: &str) -> Result<Option<Value>, String> {
        match send(&self.patient, "GET", path, "application/json", String::new()).await {
            Ok(found) => Ok(Some(found)),
            Err(no) if no.code == 404 => Ok(None),
            Err(no) => Err(format!("{path}: {no}")),
        }
    }

    /// The very request Pilothouse would send, or code 0 where it would send none.
    pub(crate) async fn perform(&self, act: &Act, world: &World) -> Result<Value, Refusal> {
        let target = world.get(&act.target().key).map(AsRef::as_ref);
        let shown = Shown::of(act, target).map_err(|why| Refusal {
            code: 0,
            message: why.to_string(),
        })?;
        let shown = shown.http().ok_or_else(|| Refusal {
            code: 0,
            message: "helm is asked, and not the server".to_owned(),
        })?;
        let body = String::from_utf8_lossy(shown.body()).into_owned();
        send(&self.once, shown.method(), shown.path(), shown.content_type(), body).await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own hands change a throw-away cluster"
)]
async fn send(client: &Client, method: &str, path: &str, content: &str, body: String) -> Result<Value, Refusal> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content)
        .body(body.into_bytes())
        .map_err(|error| Refusal::of(&error))?;
    match client.request::<Value>(request).await {
        Ok(answer) => Ok(answer),
        Err(kube::Error::Api(status)) => Err(Refusal {
            code: status.code,
            message: status.message.clone(),
        }),
        Err(error) => Err(Refusal::of(&error)),
    }
}

/// What a server said no with; code 0 when it said nothing.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) message: String,
}

impl Refusal {
    fn of(error: &dyn std::error::Error) -> Self {
        Self {
            code: 0,
            message: error.to_string(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

fn collection(kind: Kind, namespace: &str) -> String {
    let root = if kind.group().is_empty() { "api" } else { "apis" };
    let version = kind.api_version();
    if kind.namespaced() {
        format!("/{root}/{version}/namespaces/{namespace}/{}", kind.plural())
    } else {
        format!("/{root}/{version}/{}", kind.plural())
    }
}

/// Where an object is.
pub(crate) fn path(key: &Key) -> String {
    format!("{}/{}", collection(key.kind, &key.namespace), key.name)
}
