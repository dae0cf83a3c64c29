//! What the cluster says of its CSI drivers, asked once when a connection is made: which of them attach nothing, so that no
//! attachment guards a disk while a pod still mounts it (`reference/semantics.md` §3.4).

use super::body::Answer;
use super::said;
use super::wire::{self, JSON, Question};
use crate::model::Text;
use http::StatusCode;
use kube::Client;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long the question may take.
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Drivers {
    items: Vec<Driver>,
}

/// A `CSIDriver` of `storage.k8s.io/v1`.
#[derive(Deserialize)]
struct Driver {
    metadata: Named,
    spec: Spec,
}

#[derive(Deserialize)]
struct Named {
    name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    /// Absent means true (`pkg/apis/storage/v1/defaults.go`).
    attach_required: Option<bool>,
}

/// The drivers with `attachRequired: false`. Where the server will not say, none: then every driver is taken to attach.
pub(super) async fn attachless(client: &Client) -> BTreeSet<Text> {
    let question = Question::Get {
        path: "/apis/storage.k8s.io/v1/csidrivers",
        accept: JSON,
    };
    let read = match wire::ask(client, question, DEADLINE).await {
        Ok(answer) => read(&answer),
        Err(trouble) => Err(format!("{trouble:?}")),
    };
    read.unwrap_or_else(|why| {
        tracing::warn!(%why, "the cluster's CSI drivers cannot be seen: each is taken to attach its volumes");
        BTreeSet::new()
    })
}

fn read(answer: &Answer) -> Result<BTreeSet<Text>, String> {
    if answer.status != StatusCode::OK {
        return Err(format!("{}: {}", answer.status.as_u16(), said::words(&answer.body)));
    }
    let drivers: Drivers = serde_json::from_slice(&answer.body).map_err(|error| said::plain(&error.to_string()))?;
    let attachless = drivers
        .items
        .into_iter()
        .filter(|driver| driver.spec.attach_required == Some(false));
    Ok(attachless.map(|driver| driver.metadata.name).collect())
}
