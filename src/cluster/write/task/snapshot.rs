//! A `VolumeSnapshot` of a claim: asked for once, with the step on it, and looked at until its driver says that it is ready.
//!
//! Source: `snapshot.storage.k8s.io/v1` (kubernetes-csi/external-snapshotter, `client/apis/volumesnapshot/v1/types.go`). These are
//! custom resources: a cluster without them says 404 to the path itself.

use super::{Hear, not_applied, pause};
use crate::cluster::body::{self, Answer};
use crate::cluster::connect::Connection;
use crate::cluster::said::{self, Status};
use crate::cluster::wire::{self, JSON, Question, Trouble};
use crate::journal::Outcome;
use crate::model::Pin;
use crate::model::act::task::Snapshot;
use crate::model::act::{After, STEP};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use kube::client::Body;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const GROUP: &str = "/apis/snapshot.storage.k8s.io/v1";
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(20);

/// What a snapshot says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    ready: bool,
    content: String,
    size: String,
    error: String,
    step: String,
    source: String,
}

pub(super) async fn carry(
    connection: &Connection,
    target: &Pin,
    asked: &Snapshot,
    step: &str,
    hear: Hear<'_>,
) -> Outcome {
    match post(connection, target, asked, step).await {
        Ok(()) => {}
        Err(outcome) => return outcome,
    }
    hear(format!("volumesnapshot/{} is there; its driver is at work", asked.name));
    let deadline = Instant::now() + Duration::from_secs(u64::from(asked.within));
    let (mut tries, mut before) = (0, String::new());
    loop {
        let seen = get(connection, target, asked).await;
        let stood = match &seen {
            Ok(Some(seen)) if seen.ready => {
                return Outcome::Done {
                    evidence: evidence(connection, target, asked, seen).await,
                };
            }
            Ok(Some(seen)) if !seen.error.is_empty() => format!("not ready: {}", seen.error),
            Ok(Some(_)) => "not ready yet".to_owned(),
            Ok(None) => {
                return Outcome::Failed {
                    why: format!("volumesnapshot/{} was made, and is gone", asked.name),
                };
            }
            Err(why) => format!("it cannot be read: {why}"),
        };
        if stood != before {
            hear(stood.clone());
            before.clone_from(&stood);
        }
        if Instant::now() >= deadline {
            return Outcome::Failed {
                why: format!(
                    "volumesnapshot/{} is there, and was not ready within {} s: {stood}; it may become ready by itself",
                    asked.name, asked.within
                ),
            };
        }
        sleep(pause(tries)).await;
        tries += 1;
    }
}

/// What became of one that was asked for when its cockpit ended.
pub(super) async fn standing(
    connection: &Connection,
    target: &Pin,
    asked: &Snapshot,
    step: &str,
) -> Result<After, String> {
    Ok(match get(connection, target, asked).await? {
        None => After::Untouched(format!("there is no volumesnapshot/{}", asked.name)),
        Some(seen) if seen.step != step || seen.source != target.key.name.as_str() => After::Otherwise(format!(
            "volumesnapshot/{} is there and was not made by this step",
            asked.name
        )),
        Some(seen) if seen.ready => After::Reached(evidence(connection, target, asked, &seen).await),
        Some(seen) if !seen.error.is_empty() => After::Otherwise(format!(
            "volumesnapshot/{} is there and not ready: {}",
            asked.name, seen.error
        )),
        Some(_) => After::Halfway(format!("volumesnapshot/{} is there and not ready yet", asked.name)),
    })
}

fn collection(target: &Pin) -> String {
    format!("{GROUP}/namespaces/{}/volumesnapshots", target.key.namespace)
}

/// Asks for it. Nothing of its name may be there.
async fn post(connection: &Connection, target: &Pin, asked: &Snapshot, step: &str) -> Result<(), Outcome> {
    let mut spec = json!({ "source": { "persistentVolumeClaimName": target.key.name } });
    if let Some(spec) = spec.as_object_mut().filter(|_| !asked.class.is_empty()) {
        spec.insert("volumeSnapshotClassName".to_owned(), json!(asked.class));
    }
    let body = json!({
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": { "name": asked.name, "namespace": target.key.namespace, "annotations": { STEP: step } },
        "spec": spec,
    });
    let request = Request::builder()
        .method(Method::POST)
        .uri(collection(target))
        .header(ACCEPT, JSON)
        .header(CONTENT_TYPE, JSON)
        .body(Body::from(body.to_string().into_bytes()))
        .map_err(|error| not_applied(format!("the request cannot be built: {error}")))?;
    let sending = async {
        #[expect(clippy::disallowed_methods, reason = "cleared: a snapshot is asked for, once")]
        let sent = connection.clients().writing.send(request).await;
        body::take_in(sent.map_err(|error| wire::trouble(&error))?).await
    };
    let answer = tokio::time::timeout(REQUEST, sending)
        .await
        .unwrap_or(Err(Trouble::Deadline(REQUEST)));
    let answer = answer.map_err(|trouble| super::super::unanswered(&trouble))?;
    let words = said::words(&answer.body);
    match answer.status {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND if absent(&answer) => Err(not_applied(unserved())),
        StatusCode::CONFLICT => Err(Outcome::Conflict {
            why: format!("volumesnapshot/{} is there already: name another ({words})", asked.name),
        }),
        status if status.is_client_error() => Err(Outcome::Refused {
            code: status.as_u16(),
            why: words,
        }),
        status => Err(Outcome::InDoubt {
            why: format!("the server answered {}: {words}", status.as_u16()),
        }),
    }
}

/// The path itself is not served: an object that is missing is named.
fn absent(answer: &Answer) -> bool {
    Status::read(&answer.body).is_none_or(|status| status.details.name.is_empty())
}

fn unserved() -> String {
    "this cluster serves no VolumeSnapshots (snapshot.storage.k8s.io/v1): install the external-snapshotter's CRDs and controller, \
     or make the backup with a program of your storage's (`run`)"
        .to_owned()
}

/// It, as it is; `None` where there is none.
async fn get(connection: &Connection, target: &Pin, asked: &Snapshot) -> Result<Option<Seen>, String> {
    let path = format!("{}/{}", collection(target), asked.name);
    let question = Question::Get {
        path: &path,
        accept: JSON,
    };
    let answer = connection
        .ask(question, REQUEST)
        .await
        .map_err(|error| error.to_string())?;
    match answer.status {
        StatusCode::NOT_FOUND if absent(&answer) => Err(unserved()),
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => {
            let value = serde_json::from_slice(&answer.body).map_err(|error| said::plain(&error.to_string()))?;
            Ok(Some(seen(&value)))
        }
        status => Err(format!("{}: {}", status.as_u16(), said::words(&answer.body))),
    }
}

fn seen(value: &Value) -> Seen {
    let text = |pointer: &str| said::plain(value.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let step = value
        .pointer("/metadata/annotations")
        .and_then(|all| all.get(STEP)?.as_str())
        .unwrap_or_default();
    Seen {
        ready: value.pointer("/status/readyToUse").and_then(Value::as_bool) == Some(true),
        content: text("/status/boundVolumeSnapshotContentName"),
        size: text("/status/restoreSize"),
        error: text("/status/error/message"),
        step: step.to_owned(),
        source: text("/spec/source/persistentVolumeClaimName"),
    }
}

/// What is recorded: the snapshot, and what the storage itself calls it.
async fn evidence(connection: &Connection, target: &Pin, asked: &Snapshot, seen: &Seen) -> String {
    let handle = handle(connection, &seen.content).await;
    let size = if seen.size.is_empty() {
        "of a size it does not say"
    } else {
        &seen.size
    };
    format!(
        "volumesnapshot/{} of {} is ready, {size}; content {}, handle {handle}",
        asked.name, target.key, seen.content
    )
}

/// `status.snapshotHandle` of the content, which is the cluster's and may be denied to a tenant's operator.
async fn handle(connection: &Connection, content: &str) -> String {
    let name = content
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.'));
    if content.is_empty() || !name {
        return "not said".to_owned();
    }
    let path = format!("{GROUP}/volumesnapshotcontents/{content}");
    let question = Question::Get {
        path: &path,
        accept: JSON,
    };
    let answer = match connection.ask(question, REQUEST).await {
        Ok(answer) if answer.status.is_success() => answer,
        Ok(answer) => return format!("not to be read ({})", answer.status.as_u16()),
        Err(error) => return format!("not to be read ({error})"),
    };
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let handle = value.pointer("/status/snapshotHandle").and_then(Value::as_str);
    said::plain(handle.unwrap_or("not said"))
}
