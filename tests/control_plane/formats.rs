//! The same objects in JSON and in protobuf, as the API server sends both: every field that its JSON has, and so the same
//! facts, in lists, in watches, of what is deleted, and in refusals.

mod furniture;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use pilothouse::cluster::{WatchEvent, decode_event, decode_page, decode_protobuf_event, decode_protobuf_page};
use pilothouse::model::{Kind, Object};
use pilothouse::protobuf::{CONTENT_TYPE, Envelope, Event, List, MAGIC, Message};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::support::plane::NODE;
use crate::support::wait::until;
use crate::trial::Trial;
use furniture::furnish;

/// Longer than any list or watch here takes.
const LIMIT: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";

/// Lists of every kind, in both.
pub(crate) fn lists(trial: &Trial<'_>) {
    furnish(trial);
    for kind in Kind::ALL {
        until(&format!("{kind:?} alike in both"), LIMIT, || {
            // what changes between the two answers is looked at again
            let (as_json, as_protobuf) = (listed(trial, kind, false), listed(trial, kind, true));
            let own: Vec<&String> = as_json
                .iter()
                .filter(|(_, (value, _))| is_ours(trial, kind, value))
                .map(|(id, _)| id)
                .collect();
            if own.is_empty() || own.iter().any(|id| !as_protobuf.contains_key(*id)) {
                return Err(format!("{own:?}"));
            }
            for (id, (value, object)) in &as_json {
                if let Some((other_value, other)) = as_protobuf.get(id) {
                    assert_eq!(said(other_value), said(value), "{kind:?} {id}");
                    assert_eq!(other, object, "{kind:?} {id}");
                }
            }
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
    }
}

/// A watch of every kind, in both: what there is, then a bookmark.
pub(crate) fn watches(trial: &Trial<'_>) {
    furnish(trial);
    for kind in Kind::ALL {
        until(&format!("events of {kind:?} alike in both"), LIMIT, || {
            let (as_json, as_protobuf) = (watched(trial, kind, false), watched(trial, kind, true));
            let own = as_json.values().filter(|object| {
                object.meta.namespace == *trial.namespace
                    || object.meta.name.starts_with(&trial.namespace)
                    || object.meta.name == NODE
            });
            let own: Vec<&Object> = own.collect();
            if own.is_empty() || own.iter().any(|object| !as_protobuf.contains_key(&id(object))) {
                return Err(format!("{} of them", own.len()));
            }
            for (id, object) in &as_json {
                assert!(as_protobuf.get(id).is_none_or(|other| other == object), "{kind:?} {id}");
            }
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
    }
}

/// A deletion and a refusal are told in protobuf as well. A history that is gone cannot be brought about in a minute: etcd is
/// compacted every five.
pub(crate) fn endings(trial: &Trial<'_>) {
    let path = |query: &str| format!("/api/v1/namespaces/{}/configmaps{query}", trial.namespace);
    let pods = format!("/api/v1/namespaces/{}/pods", trial.namespace);
    trial.create_pod(
        "goes",
        "none",
        &json!({}),
        &json!({"volumes": [{"name": "data", "emptyDir": {}}]}),
    );
    let pod = trial.wait_running("goes");
    let since = &pod["metadata"]["resourceVersion"]
        .as_str()
        .expect("a version")
        .to_owned();
    trial.delete_now("pod/goes");
    crate::trial::wait_gone("the pod", || trial.pod("goes"));
    let events = frames(
        trial,
        &format!("{pods}?watch=true&resourceVersion={since}&timeoutSeconds=1"),
    );
    let deleted = events.iter().map(|frame| decode_protobuf_event(Kind::Pod, frame));
    let deleted: Vec<WatchEvent> = deleted
        .filter(|event| matches!(event, WatchEvent::Deleted { .. }))
        .collect();
    match deleted.as_slice() {
        [
            WatchEvent::Deleted {
                key,
                uid,
                resource_version,
            },
        ] => {
            assert_eq!(
                (key.name.as_str(), key.namespace.as_str()),
                ("goes", trial.namespace.as_str())
            );
            assert_eq!(uid.to_string(), crate::trial::uid(&pod));
            assert!(resource_version > since, "{resource_version}");
        }
        other => panic!("{other:?}"),
    }
    let (status, content_type, body) = ask(trial, &path("?limit=1&continue=nonsense"), CONTENT_TYPE);
    assert!(
        status == 400 && content_type.starts_with(CONTENT_TYPE),
        "{status} {content_type}"
    );
    let envelope = Envelope::read(&body).expect("an envelope");
    let told = Value::deserialize(envelope.message().expect("a message")).expect("a status");
    assert_eq!(
        (envelope.kind, &told["code"], &told["status"]),
        ("Status", &json!(400), &json!("Failure"))
    );
}

fn is_ours(trial: &Trial<'_>, kind: Kind, value: &Value) -> bool {
    let metadata = &value["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    metadata["namespace"] == *trial.namespace || name.starts_with(&trial.namespace) || kind == Kind::Node
}

fn collection(kind: Kind) -> String {
    match kind.group() {
        "" => format!("/api/v1/{}", kind.plural()),
        group => format!("/apis/{group}/v1/{}", kind.plural()),
    }
}

/// What the cockpit asks of a kind.
fn selector(kind: Kind) -> &'static str {
    match kind {
        Kind::Release => "&fieldSelector=type%3Dhelm.sh%2Frelease.v1",
        Kind::ReleaseMap => "&labelSelector=owner%3Dhelm",
        _ => "",
    }
}

fn accept(kind: Kind, protobuf: bool, of: &str) -> String {
    let form = match kind {
        Kind::Release | Kind::ReleaseMap => format!(";as=PartialObjectMetadata{of};g=meta.k8s.io;v=v1"),
        _ => String::new(),
    };
    let json = format!("{JSON}{form}");
    if protobuf {
        format!("{CONTENT_TYPE}{form}, {json}")
    } else {
        json
    }
}

fn id(object: &Object) -> String {
    format!(
        "{}/{}@{}",
        object.meta.namespace, object.meta.name, object.meta.resource_version
    )
}

/// The objects of a kind by name and version: all that was said of each, and its facts.
fn listed(trial: &Trial<'_>, kind: Kind, protobuf: bool) -> BTreeMap<String, (Value, Object)> {
    let path = format!("{}?limit=500{}", collection(kind), selector(kind));
    let (status, content_type, body) = ask(trial, &path, &accept(kind, protobuf, "List"));
    assert_eq!(
        (status, content_type.starts_with(CONTENT_TYPE)),
        (200, protobuf),
        "{path}: {content_type}"
    );
    let (page, values) = if protobuf {
        let list = List::read(Envelope::read(&body).expect("an envelope").raw).expect("a list");
        let name = if kind == Kind::Release {
            "PartialObjectMetadata"
        } else {
            kind.name()
        };
        let value = |item| Value::deserialize(Message::of(name, item).expect("known")).expect("an item");
        (decode_protobuf_page(kind, &body), list.items().map(value).collect())
    } else {
        let list: Value = serde_json::from_slice(&body).expect("JSON");
        (
            decode_page(kind, &body),
            list["items"].as_array().cloned().unwrap_or_default(),
        )
    };
    let page = page.unwrap_or_else(|why| panic!("{path}: {why}"));
    assert!(page.malformed.is_empty(), "{:?}", page.malformed);
    assert!(!page.resource_version.is_empty() && page.more.is_empty());
    assert_eq!(page.objects.len(), values.len());
    let both = values.into_iter().zip(page.objects);
    both.map(|(value, object)| (id(&object), (value, object))).collect()
}

/// What a value says: Go leaves out or writes as `null` or as empty what says nothing, differently from type to type.
fn said(value: &Value) -> Value {
    let fields = |fields: &serde_json::Map<String, Value>| {
        let told = fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "kind" | "apiVersion"))
            .map(|(name, value)| {
                let plain = matches!(name.as_str(), "labels" | "annotations" | "fieldsV1" | "ownerReferences");
                (name.clone(), if plain { value.clone() } else { said(value) })
            });
        let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        told.filter(|(_, value)| !empty(value)).collect()
    };
    match value {
        Value::Object(held) => {
            let mut told: serde_json::Map<String, Value> = fields(held);
            // these two name the referred object here, and are the object's own nowhere below the top
            for name in ["kind", "apiVersion"] {
                if let (Some(value), false) = (
                    held.get(name),
                    held.contains_key("spec") || held.contains_key("metadata"),
                ) {
                    told.insert(name.to_owned(), value.clone());
                }
            }
            told.sort_keys();
            Value::Object(told)
        }
        Value::Array(items) => Value::Array(items.iter().map(said).collect()),
        other => other.clone(),
    }
}

/// The objects that a watch tells of first, up to its bookmark.
fn watched(trial: &Trial<'_>, kind: Kind, protobuf: bool) -> BTreeMap<String, Object> {
    let path = format!(
        "{}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1{}",
        collection(kind),
        selector(kind)
    );
    let (status, content_type, body) = ask(trial, &path, &accept(kind, protobuf, ""));
    assert_eq!(
        (status, content_type.starts_with(CONTENT_TYPE)),
        (200, protobuf),
        "{path}: {content_type}"
    );
    let events: Vec<WatchEvent> = if protobuf {
        split(&body)
            .into_iter()
            .map(|frame| decode_protobuf_event(kind, frame))
            .collect()
    } else {
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| decode_event(kind, line)).collect()
    };
    let mut objects = BTreeMap::new();
    let mut marked = false;
    for event in events {
        match event {
            WatchEvent::Applied { object } => drop(objects.insert(id(&object), *object)),
            WatchEvent::Bookmark { resource_version } => marked = marked || !resource_version.is_empty(),
            WatchEvent::Deleted { .. } => {}
            other => panic!("{path}: {other:?}"),
        }
    }
    assert!(marked, "{path}: no bookmark");
    objects
}

fn frames(trial: &Trial<'_>, path: &str) -> Vec<Vec<u8>> {
    let (status, content_type, body) = ask(trial, path, CONTENT_TYPE);
    assert!(
        status == 200 && content_type.starts_with(CONTENT_TYPE),
        "{status} {content_type}"
    );
    split(&body).into_iter().map(<[u8]>::to_vec).collect()
}

/// The frames of a watch. What stands in each is an event, whose object has an envelope of its own.
fn split(mut body: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = body.split_first_chunk() {
        let (frame, rest) = rest.split_at(usize::try_from(u32::from_be_bytes(*length)).expect("a length"));
        let event = Event::read(frame).expect("an event");
        assert!(
            !frame.starts_with(&MAGIC) && event.object.starts_with(&MAGIC),
            "{event:?}"
        );
        frames.push(frame);
        body = rest;
    }
    frames
}

/// Status, content type and body, whatever is in it.
fn ask(trial: &Trial<'_>, path: &str, accept: &str) -> (u16, String, Vec<u8>) {
    let mut stream = UnixStream::connect(trial.plane.door_socket()).expect("the door");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    // HTTP 1.0: the answer comes as it is and ends with the connection
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n"
    )
    .expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a status");
    let content_type = head.lines().filter_map(|line| line.split_once(": "));
    let mut content_type = content_type
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.to_owned());
    (
        status,
        content_type.next().unwrap_or_default(),
        answer.split_off(end + 4),
    )
}
