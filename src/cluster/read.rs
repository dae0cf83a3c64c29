//! What does the cluster say right now? Single questions: an object whole, its events, what an act rests on, and
//! whether we may do it. Nothing here is cached and nothing here changes the cluster.

mod events;
mod file;
mod fresh;
mod release;
mod survey;

use super::body::Answer;
use super::connect::Connection;
use super::error::ClusterError;
use super::identity;
use super::paths;
use super::said;
use super::wire::{JSON, METADATA, Question, Review};
use crate::model::act::{HelmAct, Task};
use crate::model::{Act, ClusterIdentity, Key};
use futures::{StreamExt as _, stream};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

pub use events::events;
pub use file::summed;
pub use fresh::{Reading, fresh};
pub(in crate::cluster) use release::unveiled;
pub use release::{claims, found, live, open, record, records, whole};
pub use survey::{Surveyed, served, survey};

/// How long one question may take.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How many questions about rights are asked at a time.
const ABREAST: usize = 8;

/// An object as the server keeps it, for the YAML view. Of a release only its metadata is asked for, so that Secret data
/// never arrives here; whatever else must be hidden is hidden by the caller (`model::redact`).
pub async fn object_json(connection: &Connection, key: &Key) -> Result<Value, ClusterError> {
    let accept = if key.kind.is_record() { METADATA } else { JSON };
    let path = paths::object(key);
    let answer = connection.ask(Question::Get { path: &path, accept }, DEADLINE).await?;
    let what = named(key);
    let body = expect_ok(connection, &what, &answer)?;
    serde_json::from_slice(body).map_err(|error| ClusterError::Unreadable {
        what,
        why: said::plain(&error.to_string()),
    })
}

/// Which cluster this is and who we are, asked again now.
pub async fn identity(connection: &Connection) -> Result<ClusterIdentity, ClusterError> {
    identity::again(connection).await
}

/// What the server says to "may I?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub allowed: bool,
    /// The authorizer's words; may be empty.
    pub reason: String,
}

/// Asks whether this user may perform the act (`SelfSubjectAccessReview`). A yes is not a promise: admission may still
/// refuse, and rights change.
pub async fn allowed(connection: &Connection, act: &Act) -> Result<Permission, ClusterError> {
    let key = &act.target().key;
    let (verb, subresource) = match act {
        Act::Delete { .. } => ("delete", ""),
        // of its records; what else helm needs is helm's to ask
        Act::Helm { helm, .. } => match helm {
            HelmAct::Uninstall(_) => ("delete", ""),
            HelmAct::Install(_) | HelmAct::Upgrade(_) | HelmAct::Rollback(_) => ("create", ""),
        },
        Act::Evict { .. } => ("create", "eviction"),
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. } => ("patch", ""),
        Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => ("create", ""),
        Act::Task { task, .. } => match task.as_ref() {
            Task::Dump(_) | Task::Restore(_) | Task::Count(_) => ("create", "exec"),
            Task::Raft(_) => ("create", "portforward"),
            // what it makes, and what a program of the operator's needs, is theirs to ask
            Task::Snapshot(_) | Task::Run(_) => ("get", ""),
        },
    };
    let attributes = json!({
        "verb": verb,
        "group": key.kind.group(),
        "version": "v1",
        "resource": key.kind.plural(),
        "subresource": subresource,
        "namespace": key.namespace,
        "name": key.name,
    });
    let what = format!("the question whether we may {verb} {}", named(key));
    reviewed(connection, &what, &attributes).await
}

/// [`allowed`], of each of these acts, in order and in words: the act, and yes or no, or why the server does not say.
pub async fn each_allowed(connection: &Connection, acts: Vec<Act>) -> Vec<(String, Result<bool, String>)> {
    stream::iter(acts)
        .map(|act| async move {
            let said = allowed(connection, &act).await;
            let said = said.map(|said| said.allowed).map_err(|error| error.to_string());
            (act.to_string(), said)
        })
        .buffered(ABREAST)
        .collect()
        .await
}

/// Asks one `SelfSubjectAccessReview`.
async fn reviewed(connection: &Connection, what: &str, attributes: &Value) -> Result<Permission, ClusterError> {
    #[derive(Deserialize)]
    struct Reviewed {
        #[serde(default)]
        status: Verdict,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Verdict {
        allowed: bool,
        denied: bool,
        reason: String,
    }
    let review = Review::Access { attributes };
    let answer = connection.ask(Question::Review(review), DEADLINE).await?;
    if !answer.status.is_success() {
        return Err(refused(connection, what, &answer));
    }
    let reviewed: Reviewed = serde_json::from_slice(&answer.body).map_err(|error| ClusterError::Unreadable {
        what: what.to_owned(),
        why: said::plain(&error.to_string()),
    })?;
    Ok(Permission {
        allowed: reviewed.status.allowed && !reviewed.status.denied,
        reason: said::plain(&reviewed.status.reason),
    })
}

/// `pvc/mysql-pvc in hasan-prod`.
fn named(key: &Key) -> String {
    if key.namespace.is_empty() {
        key.to_string()
    } else {
        format!("{key} in {}", key.namespace)
    }
}

fn expect_ok<'a>(connection: &Connection, what: &str, answer: &'a Answer) -> Result<&'a [u8], ClusterError> {
    if answer.status == StatusCode::OK {
        Ok(&answer.body)
    } else {
        Err(refused(connection, what, answer))
    }
}

/// An answer that is not what was asked for, as an error about `what`.
fn refused(connection: &Connection, what: &str, answer: &Answer) -> ClusterError {
    let identity = connection.identity();
    let said = said::words(&answer.body);
    match answer.status {
        StatusCode::NOT_FOUND => ClusterError::NotFound { what: what.to_owned() },
        StatusCode::UNAUTHORIZED => ClusterError::Unauthenticated {
            server: identity.server.to_string(),
            context: identity.context.to_string(),
            said,
        },
        StatusCode::FORBIDDEN => ClusterError::Forbidden {
            server: identity.server.to_string(),
            what: what.to_owned(),
            said,
        },
        status => ClusterError::Answer {
            what: what.to_owned(),
            status: status.as_u16(),
            said,
        },
    }
}
