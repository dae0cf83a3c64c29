//! Protobuf: the same objects as in JSON, in pages, compressed, as metadata and in watches; and as large as real ones.

use crate::bare::Bare;
use crate::client::{bare, run, server};
use crate::encode;
use crate::load::Running;
use crate::shapes::{Cluster, Shape};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use pilothouse::cluster::{WatchEvent, decode_page, decode_protobuf_event, decode_protobuf_page};
use pilothouse::model::{Kind, Object};
use pilothouse::protobuf::{Envelope, List, Message};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::io::Read as _;

/// As the cockpit asks.
const EITHER: &str = "application/vnd.kubernetes.protobuf, application/json";
const EITHER_METADATA: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A body and its content type.
async fn typed(server: &Running, path: &str, accept: &str, encoding: &str) -> (String, Vec<u8>) {
    let response = bare(server).await.open(path, accept, encoding).await.unwrap();
    assert_eq!(response.status().as_u16(), 200, "{path}");
    let header = |name: &str| {
        let value = response.headers().get(name);
        value
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let (content_type, packed) = (header("content-type"), header("content-encoding") == "gzip");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let mut plain = body.to_vec();
    if packed {
        plain.clear();
        MultiGzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
    }
    (content_type, plain)
}

fn path(kind: Kind, query: &str) -> String {
    match kind.group() {
        "" => format!("/api/v1/{}?{query}", kind.plural()),
        group => format!("/apis/{group}/v1/{}?{query}", kind.plural()),
    }
}

#[test]
fn every_shape_can_be_written_and_reads_back_to_the_letter() {
    let cluster = Cluster::new(Shape::THOUSAND, 1);
    for (kind, key, json) in cluster.all() {
        let value: Value = serde_json::from_slice(&json).unwrap();
        let name = match kind {
            Kind::Release => "PartialObjectMetadata",
            kind => kind.name(),
        };
        let message = encode::message(name, &value).unwrap_or_else(|why| panic!("{key}: {why}"));
        let back = Value::deserialize(Message::of(name, &message).unwrap()).unwrap();
        assert_eq!(said(&back), said(&value), "{key}");
        if kind == Kind::Pod {
            // a real pod shrinks by about a third: names of fields become numbers, managedFields stay JSON
            let share = message.len() * 100 / json.len();
            assert!((50..90).contains(&share), "{} of {} bytes", message.len(), json.len());
        }
    }
}

/// Without what Go leaves out where it says nothing, and without the kind of what has metadata, which is told beside it.
fn said(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let nothing = |value: &Value| matches!(value, Value::Null) || *value == json!({}) || *value == json!([]);
            let typed = |name: &str| fields.contains_key("metadata") && matches!(name, "kind" | "apiVersion");
            // a real server leaves this out as well; the shapes have one template for any number
            let none = |name: &str, value: &Value| name.ends_with("Replicas") && *value == json!(0);
            let told = fields.iter().filter(|(name, value)| !typed(name) && !none(name, value));
            let told = told.map(|(name, value)| (name.clone(), said(value)));
            Value::Object(told.filter(|(_, value)| !nothing(value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(said).collect()),
        other => other.clone(),
    }
}

#[test]
fn pages_are_the_same_in_both_formats() {
    let server = server(Shape::THOUSAND);
    run(async {
        for kind in Kind::ALL {
            let (json, either) = match kind {
                Kind::Release | Kind::ReleaseMap => (METADATA, EITHER_METADATA),
                _ => ("application/json", EITHER),
            };
            let mut more = String::new();
            loop {
                let query = format!("limit=150&continue={more}");
                let (_, as_json) = typed(&server, &path(kind, &query), json, "identity").await;
                let page = decode_page(kind, &as_json).unwrap();
                for encoding in ["identity", "gzip"] {
                    let (content_type, body) = typed(&server, &path(kind, &query), either, encoding).await;
                    assert_eq!(content_type, "application/vnd.kubernetes.protobuf");
                    let same = decode_protobuf_page(kind, &body).unwrap();
                    assert!(same.malformed.is_empty() && page.malformed.is_empty());
                    assert_eq!(same.objects, page.objects, "{kind:?} {encoding}");
                    assert_eq!(
                        (&same.resource_version, &same.more),
                        (&page.resource_version, &page.more)
                    );
                }
                more = page.more;
                if more.is_empty() {
                    break;
                }
            }
        }
    });
}

#[test]
fn parts_of_a_list_metadata_and_secrets_whole_come_as_they_are_asked_for() {
    let server = server(Shape::S);
    run(async {
        let (_, one) = typed(
            &server,
            "/api/v1/pods?fieldSelector=spec.nodeName%3Dnone",
            EITHER,
            "identity",
        )
        .await;
        assert!(decode_protobuf_page(Kind::Pod, &one).unwrap().objects.is_empty());
        let (_, lean) = typed(&server, "/api/v1/pods", EITHER_METADATA, "gzip").await;
        let envelope = Envelope::read(&lean).unwrap();
        assert_eq!(
            (envelope.kind, envelope.api_version),
            ("PartialObjectMetadataList", "meta.k8s.io/v1")
        );
        assert_eq!(List::read(envelope.raw).unwrap().items().count(), 60);
        let (content_type, whole) = typed(&server, "/api/v1/secrets?labelSelector=owner%3Dhelm", EITHER, "gzip").await;
        assert_eq!(content_type, "application/json", "Content-Type decides");
        let list: Value = serde_json::from_slice(&whole).unwrap();
        assert_eq!(list["kind"], "SecretList");
    });
}

/// A watch read frame by frame.
struct Frames {
    body: Incoming,
    held: Vec<u8>,
    _bare: Bare,
}

impl Frames {
    async fn open(server: &Running, path: &str) -> Self {
        let mut bare = bare(server).await;
        let response = bare.open(path, EITHER, "identity").await.unwrap();
        assert_eq!(
            response.headers()["content-type"].to_str().unwrap(),
            "application/vnd.kubernetes.protobuf;stream=watch"
        );
        Self {
            body: response.into_body(),
            held: Vec::new(),
            _bare: bare,
        }
    }

    async fn next(&mut self, kind: Kind) -> Option<WatchEvent> {
        loop {
            if let Some((length, rest)) = self.held.split_first_chunk::<4>() {
                let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
                if let Some((frame, rest)) = rest.split_at_checked(length) {
                    let (event, rest) = (decode_protobuf_event(kind, frame), rest.to_vec());
                    self.held = rest;
                    return Some(event);
                }
            }
            let frame = self.body.frame().await?.ok()?;
            self.held.extend_from_slice(frame.data_ref().unwrap());
        }
    }
}

#[test]
fn watches_tell_the_same_in_frames() {
    let server = server(Shape::S);
    let cluster = Cluster::new(Shape::S, 1);
    let since = cluster.latest();
    run(async {
        let mut watch = Frames::open(&server, &format!("/api/v1/pods?watch=true&resourceVersion={since}")).await;
        tokio::task::block_in_place(|| server.command(json!({ "do": "flip", "kind": "pods" })));
        let Some(WatchEvent::Applied { object }) = watch.next(Kind::Pod).await else {
            panic!("no pod");
        };
        let (_, list) = typed(
            &server,
            &format!("/api/v1/namespaces/{}/pods/{}", object.meta.namespace, object.meta.name),
            "application/json",
            "identity",
        )
        .await;
        assert_eq!(*object, Object::decode(Kind::Pod, &list).unwrap());
        let visit = json!({ "do": "flip", "kind": "visitor", "slot": 3 });
        tokio::task::block_in_place(|| [0, 1].map(|_| server.command(visit.clone())));
        assert!(matches!(watch.next(Kind::Pod).await, Some(WatchEvent::Applied { .. })));
        assert!(matches!(watch.next(Kind::Pod).await, Some(WatchEvent::Deleted { .. })));
        let streaming = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
        let mut all = Frames::open(&server, &path(Kind::Job, streaming)).await;
        let mut seen = 0;
        while let Some(WatchEvent::Applied { .. }) = all.next(Kind::Job).await {
            seen += 1;
        }
        assert_eq!(seen, 20, "and then the bookmark");
        tokio::task::block_in_place(|| server.command(json!({ "do": "expire" })));
        assert!(matches!(watch.next(Kind::Pod).await, Some(WatchEvent::Expired { .. })));
        assert!(watch.next(Kind::Pod).await.is_none());
        // what was settled is served as it is now, and what was not touched as it was
        let (_, now) = typed(&server, &path(Kind::Pod, ""), EITHER, "identity").await;
        let (_, same) = typed(&server, &path(Kind::Pod, ""), "application/json", "identity").await;
        let (now, same) = (
            decode_protobuf_page(Kind::Pod, &now).unwrap(),
            decode_page(Kind::Pod, &same).unwrap(),
        );
        assert_eq!(
            (now.objects, now.resource_version),
            (same.objects, same.resource_version)
        );
    });
}
