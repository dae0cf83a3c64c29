//! The one place that changes a cluster: sends what a clearance says, once, and says what is certain about it.
//!
//! Nothing is ever sent twice from here. Where the answer does not prove what happened the outcome is *in doubt*, and
//! somebody looks (`reference/safety-and-performance.md` A4, A5 faults 6, 7).
#![deny(clippy::wildcard_enum_match_arm)]

mod answer;
mod helm;
mod task;

use super::body;
use super::connect::Connection;
use super::helm::Rehearsal;
use super::lifeline::Lifeline;
use super::paths;
use super::raft::Way;
use super::said;
use super::wire::{self, JSON, Trouble};
use crate::gate::{Carrier, Clearance};
use crate::journal::Outcome;
use crate::model::{Act, FeedId, Scope};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use kube::client::Body;
use std::time::Duration;

/// What Vault takes a step-down, a removal and the like by.
const RAFT_CHANGE: Method = Method::PUT;

pub use task::{mark as task_mark, probe, standing as task_standing};

/// Sends the request of a clearance, once, and says what is certain about it. The clearance is used up. `deadline` counts
/// from the first byte to the last of the answer.
///
/// Nothing is sent when the clearance is for another cluster or person than this connection's, when the cluster would not
/// say which one it is, or when the request does not fit the act.
pub async fn perform(clearance: Clearance, connection: &Connection, deadline: Duration) -> Outcome {
    perform_heard(clearance, connection, deadline, None).await
}

/// Who hears what helm says while it is at work, and what was learned for it beforehand.
pub struct Voice<'a> {
    /// Of an act of Helm's: what it must not be heard to say.
    pub rehearsal: Option<&'a Rehearsal>,
    /// And by which it is known to live, should we not.
    pub lifeline: Option<&'a Lifeline>,
    /// Of what is asked of a raft cluster: how its peers are reached, and the token that was given for it.
    pub raft: Option<&'a Way>,
    pub hear: &'a mut (dyn FnMut(String) + Send),
}

/// The same, and what helm says meanwhile, line by line, with nothing secret in it. An act of Helm's is started only with
/// somebody to hear it.
pub async fn perform_heard(
    clearance: Clearance,
    connection: &Connection,
    deadline: Duration,
    voice: Option<Voice<'_>>,
) -> Outcome {
    if !clearance.cluster().same(connection.identity()) {
        return Outcome::NotApplied {
            why: format!(
                "cleared for {}, connected to {}",
                clearance.cluster().server,
                connection.identity().server
            ),
        };
    }
    let outcome = match clearance.request().carrier() {
        Carrier::Http(request) => {
            let wire = Wire {
                method: request.method(),
                path: request.path(),
                content_type: request.content_type(),
                body: request.body(),
            };
            tracing::info!(act = %clearance.act(), path = request.path(), "sending");
            deliver(connection, clearance.act(), &wire, deadline).await
        }
        Carrier::Helm(command) => match voice {
            Some(Voice {
                rehearsal: Some(rehearsal),
                lifeline,
                hear,
                raft: _,
            }) => {
                tracing::info!(act = %clearance.act(), %command, "starting helm");
                let terms = helm::Terms {
                    deadline,
                    mask: &rehearsal.mask,
                    lifeline,
                };
                helm::carry(clearance.act(), command, connection, terms, hear).await
            }
            Some(Voice { rehearsal: None, .. }) | None => Outcome::NotApplied {
                why: "helm is not started where nobody hears it".to_owned(),
            },
        },
        Carrier::Task(task) => {
            tracing::info!(act = %clearance.act(), "beginning");
            let mut nobody = |_line: String| {};
            let (hear, way): (&mut (dyn FnMut(String) + Send), _) = match voice {
                Some(Voice { hear, raft, .. }) => (hear, raft),
                None => (&mut nobody, None),
            };
            let ticket = clearance.ticket();
            let mark = task_mark(ticket.intent(), ticket.step());
            // it is large, and rare
            Box::pin(task::carry(clearance.act(), task, &mark, (connection, way), hear)).await
        }
    };
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
        body::take_in(response).await.map_err(|trouble| (Some(status), trouble))
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
    let Some((method, path)) = door(act) else {
        return Err(format!("{act} is no single request"));
    };
    if wire.method != method.as_str() || wire.path != path {
        return Err(format!(
            "the request {} {} does not fit the act: {method} {path}",
            wire.method, wire.path
        ));
    }
    Ok(())
}

/// Method and path of an act, said here once more and not taken from the request; `None` for what no request of ours does.
fn door(act: &Act) -> Option<(Method, String)> {
    let key = &act.target().key;
    let object = paths::object(key);
    Some(match act {
        Act::Delete { .. } => (Method::DELETE, object),
        Act::Evict { .. } => (Method::POST, format!("{object}/eviction")),
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. } => (Method::PATCH, object),
        Act::CreateClass { .. } => {
            let feed = FeedId {
                kind: key.kind,
                scope: Scope::Cluster,
            };
            (Method::POST, paths::collection(&feed))
        }
        Act::CreateClaim { .. } | Act::CreateSet { .. } => {
            let scope = Scope::Namespace(key.namespace.clone());
            let feed = FeedId { kind: key.kind, scope };
            (Method::POST, paths::collection(&feed))
        }
        Act::Helm { .. } | Act::Task { .. } => return None,
    })
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
        _ if status.is_success() => answer::succeeded(act, body),
        StatusCode::NOT_FOUND => answer::absent(act, body, words),
        StatusCode::CONFLICT => Outcome::Conflict { why: words },
        StatusCode::UNPROCESSABLE_ENTITY => answer::unprocessable(act, body, words),
        // it looked, and refused: no budget was touched (`eviction.go`)
        StatusCode::INTERNAL_SERVER_ERROR if answer::two_budgets(act, &words) => {
            Outcome::Refused { code: 500, why: words }
        }
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

#[cfg(test)]
mod tests;
