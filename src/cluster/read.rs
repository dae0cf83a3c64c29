//! What does the cluster say right now? Single questions: an object whole, its events, what an act rests on, and
//! whether we may do it. Nothing here is cached and nothing here changes the cluster.

mod events;
mod fresh;
mod release;

use super::body::Answer;
use super::connect::Connection;
use super::error::ClusterError;
use super::identity;
use super::paths;
use super::said;
use super::wire::{JSON, METADATA, Question, Review};
use crate::model::{Act, ClusterIdentity, Key, Kind};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

pub use events::events;
pub use fresh::{Reading, fresh};
pub(in crate::cluster) use release::unveiled;
pub use release::{claims, config_maps, live, open, record, records, whole};

/// How long one question may take.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// An object as the server keeps it, for the YAML view. Of a release only its metadata is asked for, so that Secret data
/// never arrives here; whatever else must be hidden is hidden by the caller (`model::redact`).
pub async fn object_json(connection: &Connection, key: &Key) -> Result<Value, ClusterError> {
    let accept = if key.kind == Kind::Release { METADATA } else { JSON };
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
    let key = &act.target().key;
    let (verb, subresource) = match act {
        // an uninstall deletes its own record; what else helm needs is helm's to ask
        Act::Delete { .. } | Act::Helm { .. } => ("delete", ""),
        Act::Evict { .. } => ("create", "eviction"),
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. } => ("patch", ""),
        Act::CreateClaim { .. } => ("create", ""),
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
    let review = Review::Access {
        attributes: &attributes,
    };
    let answer = connection.ask(Question::Review(review), DEADLINE).await?;
    let what = format!("the question whether we may {verb} {}", named(key));
    if !answer.status.is_success() {
        return Err(refused(connection, &what, &answer));
    }
    let reviewed: Reviewed = serde_json::from_slice(&answer.body).map_err(|error| ClusterError::Unreadable {
        what,
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
