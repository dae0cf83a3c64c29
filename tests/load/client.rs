//! What the server's tests ask with: the bare client, and watches read line by line.

use crate::bare::Bare;
use crate::load::{Options, Running};
use crate::shapes::Shape;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::Duration;

pub(crate) const JSON: &str = "application/json";
pub(crate) const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// Longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn server(shape: Shape) -> Running {
    let options = Options {
        shape,
        seed: 1,
        port: 0,
    };
    Running::start(&options).unwrap()
}

/// Runs a test's questions.
pub(crate) fn run<T>(questions: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(DEADLINE, questions).await.unwrap() })
}

pub(crate) async fn bare(server: &Running) -> Bare {
    Bare::connect(server.url().trim_start_matches("http://")).await.unwrap()
}

/// One answer, whatever its status: the code, and the body as JSON.
pub(crate) async fn ask(server: &Running, path: &str, accept: &str) -> (u16, Value) {
    let (code, body) = bare(server).await.get(path, accept, "identity").await.unwrap();
    (code, serde_json::from_slice(&body).unwrap())
}

/// One list as it travels compressed, and what it is uncompressed.
pub(crate) async fn packed(server: &Running, path: &str) -> (Bytes, Vec<u8>) {
    let (code, body) = bare(server).await.get(path, JSON, "gzip").await.unwrap();
    assert_eq!(code, 200, "{path}");
    let mut plain = Vec::new();
    MultiGzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
    (body, plain)
}

/// The items of a list, each as its text.
pub(crate) fn items(list: &Value) -> BTreeSet<String> {
    list["items"].as_array().unwrap().iter().map(Value::to_string).collect()
}

/// An open watch.
pub(crate) struct Watch {
    body: Incoming,
    held: Vec<u8>,
    /// Keeps the connection.
    _bare: Bare,
}

impl Watch {
    pub(crate) async fn open(server: &Running, path: &str) -> Self {
        let mut bare = bare(server).await;
        let response = bare.open(path, JSON, "identity").await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        Self {
            body: response.into_body(),
            held: Vec::new(),
            _bare: bare,
        }
    }

    /// The next event; `None` at the end of the watch.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let frame = self.body.frame().await?.ok()?;
            self.held.extend_from_slice(frame.data_ref().unwrap());
        }
    }
}
