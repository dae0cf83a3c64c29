//! The one place that changes a cluster: sends what a clearance says, once, and says what is certain about it.
//!
//! Nothing is ever sent twice from here. Where the answer does not prove what happened the outcome is *in doubt*, and
//! somebody looks (`reference/safety-and-performance.md` A4, A5 faults 6, 7).
#![deny(clippy::wildcard_enum_match_arm)]

use super::connect::Connection;
use super::paths;
use super::said::{self, Status};
use super::wire::{self, JSON, Trouble};
use crate::gate::Clearance;
use crate::journal::Outcome;
use crate::model::{Act, Meta, Pin, Text};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use kube::client::Body;
use serde::Deserialize;
use std::time::Duration;

/// Sends the request of a clearance, once, and says what is certain about it. The clearance is used up. `deadline` counts
/// from the first byte to the last of the answer.
///
/// Nothing is sent when the clearance is for another cluster or person than this connection's, when the cluster would not
/// say which one it is, or when the request does not fit the act.
pub async fn perform(clearance: Clearance, connection: &Connection, deadline: Duration) -> Outcome {
    if !clearance.cluster().same(connection.identity()) {
        return Outcome::NotApplied {
            why: format!(
                "cleared for {}, connected to {}",
                clearance.cluster().server,
                connection.identity().server
            ),
        };
    }
    let request = clearance.request();
    let wire = Wire {
        method: request.method(),
        path: request.path(),
        content_type: request.content_type(),
        body: request.body(),
    };
    tracing::info!(act = %clearance.act(), path = request.path(), "sending");
    let outcome = deliver(connection, clearance.act(), &wire, deadline).await;
    tracing::info!(act = %clearance.act(), outcome = outcome.word(), "answered");
    outcome
}

/// What travels: exactly what the panel showed.
struct Wire<'a> {
    method: &'a str,
    path: &'a str,
    content_type: &'a str,
    body: &'a [u8],
}

/// Sends one request and judges the answer.
async fn deliver(connection: &Connection, act: &Act, wire: &Wire<'_>, deadline: Duration) -> Outcome {
    if let Err(why) = fitting(connection, act, wire) {
        return Outcome::NotApplied { why };
    }
    let request = Request::builder()
        .method(wire.method)
        .uri(wire.path)
        .header(ACCEPT, JSON)
        .header(CONTENT_TYPE, wire.content_type)
        .body(Body::from(wire.body.to_vec()));
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            return Outcome::NotApplied {
                why: format!("the request cannot be built: {error}"),
            };
        }
    };
    let clients = connection.clients();
    let sending = async {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one request of this program that changes a cluster"
        )]
        let sent = clients.writing.send(request);
        let response = sent.await.map_err(|error| (None, wire::trouble(&error)))?;
        let status = response.status();
        wire::take_in(response).await.map_err(|trouble| (Some(status), trouble))
    };
    let answer = tokio::time::timeout(deadline, sending)
        .await
        .unwrap_or(Err((None, Trouble::Deadline(deadline))));
    match answer {
        Ok(answer) => judge(act, answer.status, &answer.body),
        Err((Some(status), trouble)) => unfinished(act, status, &trouble),
        Err((None, trouble)) => unanswered(&trouble),
    }
}

/// What must hold before the request may leave, whoever built it.
fn fitting(connection: &Connection, act: &Act, wire: &Wire<'_>) -> Result<(), String> {
    if connection.identity().kube_system.is_empty() {
        return Err("this cluster cannot be told from another one: reading namespace kube-system is denied".to_owned());
    }
    if !act.performed() {
        return Err(format!("{act} is forecast only"));
    }
    let method = match act {
        Act::Delete { .. } => Method::DELETE,
        Act::ClearClaimRef { .. } => Method::PATCH,
        Act::Helm { .. } => return Err(format!("{act} is the operator's helm to do")),
    };
    let path = paths::object(&act.target().key);
    if wire.method != method.as_str() || wire.path != path {
        return Err(format!(
            "the request {} {} does not fit the act: {method} {path}",
            wire.method, wire.path
        ));
    }
    Ok(())
}

/// No answer at all.
fn unanswered(trouble: &Trouble) -> Outcome {
    match trouble {
        Trouble::NotSent(_) | Trouble::Credentials(_) => Outcome::NotApplied {
            why: format!("the request was not sent: {}", trouble.words()),
        },
        Trouble::Cut(_) | Trouble::Deadline(_) | Trouble::TooLarge => Outcome::InDoubt {
            why: format!("sent, and no answer: {}", trouble.words()),
        },
    }
}

/// The head of an answer without its body: a refusal stands, anything else proves nothing.
fn unfinished(act: &Act, status: StatusCode, trouble: &Trouble) -> Outcome {
    if status.is_client_error() && status != StatusCode::NOT_FOUND {
        return judge(act, status, b"");
    }
    Outcome::InDoubt {
        why: format!(
            "the answer began with {} and broke off: {}",
            status.as_u16(),
            trouble.words()
        ),
    }
}

/// What an answer proves. For a success the body decides, not the code (`reference/semantics.md` §3.1).
fn judge(act: &Act, status: StatusCode, body: &[u8]) -> Outcome {
    let words = said::words(body);
    match status {
        _ if status.is_success() => match act {
            Act::Delete { target, .. } => deleted(target, body),
            Act::ClearClaimRef { volume } => cleared(volume, body),
            Act::Helm { .. } => in_doubt(status, "no request of ours does what helm does"),
        },
        StatusCode::NOT_FOUND => absent(act, body, words),
        StatusCode::CONFLICT => Outcome::Conflict { why: words },
        StatusCode::UNPROCESSABLE_ENTITY => unprocessable(act, body, words),
        // the server took the request and gave up on it, perhaps half way
        StatusCode::REQUEST_TIMEOUT => in_doubt(status, &words),
        _ if status.is_client_error() || status.is_redirection() => Outcome::Refused {
            code: status.as_u16(),
            why: words,
        },
        _ => in_doubt(status, &words),
    }
}

fn in_doubt(status: StatusCode, words: &str) -> Outcome {
    Outcome::InDoubt {
        why: format!("the server answered {}: {words}", status.as_u16()),
    }
}

/// 404. Only a `Status` that names the target says that the target is gone; a path that leads nowhere says nothing.
fn absent(act: &Act, body: &[u8], words: String) -> Outcome {
    let about_target = Status::read(body).is_some_and(|status| status.details.name == act.target().key.name.as_str());
    if !about_target {
        return Outcome::Refused { code: 404, why: words };
    }
    match act {
        Act::Delete { .. } => Outcome::Done {
            evidence: format!("it was gone already, by whom is unknown: {words}"),
        },
        Act::ClearClaimRef { .. } => Outcome::NotApplied {
            why: format!("the volume is gone: {words}"),
        },
        Act::Helm { .. } => Outcome::NotApplied { why: words },
    }
}

/// For a 422: that a `test` of a JSON patch did not hold is said without a name and without a reason, as seen on v1.36.3 and in
/// `apiserver/pkg/endpoints/handlers/patch.go`, `applyJSPatch`. What names the object is about its content.
fn unprocessable(act: &Act, body: &[u8], words: String) -> Outcome {
    let nameless = Status::read(body).is_some_and(|status| status.details.name.is_empty());
    match act {
        Act::ClearClaimRef { .. } if nameless => Outcome::Conflict {
            why: format!("a test in the patch did not hold, the volume is not as it was shown: {words}"),
        },
        Act::ClearClaimRef { .. } | Act::Delete { .. } | Act::Helm { .. } => Outcome::Refused { code: 422, why: words },
    }
}

/// As much of a returned object as an outcome rests on.
#[derive(Deserialize)]
struct Returned {
    metadata: Meta,
    #[serde(default)]
    spec: serde_json::Value,
}

fn returned(target: &Pin, body: &[u8]) -> Result<Returned, Outcome> {
    let doubt = |why: String| Outcome::InDoubt { why };
    let object: Returned =
        serde_json::from_slice(body).map_err(|error| doubt(format!("the answer cannot be read: {error}")))?;
    if object.metadata.uid != target.uid {
        return Err(doubt(format!(
            "the answer is about uid {}, not {}",
            object.metadata.uid, target.uid
        )));
    }
    Ok(object)
}

/// 2xx to a DELETE. Source: `apiserver/pkg/registry/generic/registry/store.go`, `Delete`.
fn deleted(target: &Pin, body: &[u8]) -> Outcome {
    if let Some(status) = Status::read(body) {
        return if status.status == "Success" {
            Outcome::Done {
                evidence: "the server removed it".to_owned(),
            }
        } else {
            Outcome::InDoubt {
                why: format!(
                    "a success that says {:?}: {}",
                    said::plain(&status.status),
                    said::words(body)
                ),
            }
        };
    }
    let meta = match returned(target, body) {
        Ok(object) => object.metadata,
        Err(doubt) => return doubt,
    };
    let grace = meta.deletion_grace_period_seconds.unwrap_or(0);
    let Some(since) = meta.deletion_timestamp else {
        return Outcome::Done {
            evidence: "the server removed it and returned its last state".to_owned(),
        };
    };
    if meta.finalizers.is_empty() && grace == 0 {
        return Outcome::Done {
            evidence: format!("the server removed it at {since} and returned its last state"),
        };
    }
    let mut waits_for = meta.finalizers;
    if grace > 0 {
        waits_for.insert(0, Text::from(format!("its node to stop it, within {grace}s")));
    }
    Outcome::Accepted {
        evidence: format!("deletionTimestamp {since}"),
        waits_for,
    }
}

/// 2xx to the patch of a volume's `claimRef`.
fn cleared(volume: &Pin, body: &[u8]) -> Outcome {
    let object = match returned(volume, body) {
        Ok(object) => object,
        Err(doubt) => return doubt,
    };
    let claim = object.spec.get("claimRef");
    let holds = |field: &str| {
        claim
            .and_then(|claim| claim.get(field))
            .and_then(serde_json::Value::as_str)
            .is_some_and(|value| !value.is_empty())
    };
    if claim.is_none() || holds("uid") || holds("resourceVersion") {
        return Outcome::InDoubt {
            why: "the volume came back without the change that was asked for".to_owned(),
        };
    }
    Outcome::Done {
        evidence: format!(
            "claimRef keeps its name without uid, resourceVersion {}",
            object.metadata.resource_version
        ),
    }
}

#[cfg(test)]
mod tests;
