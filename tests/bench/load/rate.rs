//! How fast the server is by itself: all lists, by a bare client on a thread of its own.

use super::super::bare::Bare;
use super::discovery::RESOURCES;
use super::stats::now_ns;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// The longest a measurement may take.
const LIMIT: Duration = Duration::from_mins(1);
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Identity and gzip: bytes, milliseconds, megabytes (10⁶ bytes) a second as they travel.
pub(super) async fn measure(address: SocketAddr) -> Result<Value, String> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let measured = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
            runtime.block_on(async {
                // once for what is made on the first request
                all(address, "gzip").await?;
                let identity = all(address, "identity").await?;
                Ok(json!({ "identity": identity, "gzip": all(address, "gzip").await? }))
            })
        });
        // whoever asked may have gone
        drop(tell.send(measured));
    });
    let waited = tokio::time::timeout(LIMIT, told).await;
    waited
        .map_err(|_late| format!("not done in {} s", LIMIT.as_secs()))?
        .map_err(|error| error.to_string())?
}

/// Every list whole, one after the other over one connection; of Secrets the metadata.
async fn all(address: SocketAddr, encoding: &str) -> Result<Value, String> {
    let mut bare = Bare::connect(&address.to_string()).await?;
    let began = now_ns();
    let mut bytes = 0;
    for resource in RESOURCES.iter().filter(|resource| resource.kind.is_some()) {
        let root = if resource.group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{}/v1", resource.group)
        };
        let accept = if resource.plural == "secrets" {
            METADATA
        } else {
            "application/json"
        };
        bytes += bare
            .drain(&format!("{root}/{}", resource.plural), accept, encoding)
            .await?;
    }
    let nanoseconds = (now_ns() - began).max(1);
    Ok(json!({
        "bytes": bytes, "ms": nanoseconds / 1_000_000, "mb_per_s": bytes.saturating_mul(1_000) / nanoseconds,
    }))
}
