//! Helm releases on demand: the record of one revision, and whether the objects a manifest names are there and whose.
//!
//! The only place where the data of a Secret is asked for, and only of a Secret of Helm's own type. It is decoded at once;
//! of what it holds only `model::helm` facts leave this file.

use super::{DEADLINE, expect_ok, named};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::paths;
use crate::cluster::said;
use crate::cluster::wire::{JSON, METADATA, Question};
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::helm::{Address, Live, Reading, Stamp};
use crate::model::{Key, Meta, Pin, Text};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many objects are read at a time.
const ABREAST: usize = 8;

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    metadata: Meta,
    #[serde(default, rename = "type")]
    kind: String,
}

/// The record of one revision, with the pin of the very object it was read from. A record that cannot be decoded is an
/// answer, not an error.
pub async fn record(connection: &Connection, key: &Key) -> Result<(Pin, Reading), ClusterError> {
    let path = paths::object(key);
    let question = Question::Get {
        path: &path,
        accept: JSON,
    };
    let answer = connection.ask(question, DEADLINE).await?;
    let what = named(key);
    let body = expect_ok(connection, &what, &answer)?;
    // no words of the parser: they may quote what the Secret holds
    let unreadable = |why: &str| ClusterError::Unreadable {
        what: what.clone(),
        why: why.to_owned(),
    };
    let head: Head = serde_json::from_slice(body).map_err(|_error| unreadable("it is no Secret"))?;
    if head.kind != RELEASE_SECRET_TYPE {
        return Err(unreadable("it is a Secret, but none of Helm's"));
    }
    let pin = Pin {
        key: key.clone(),
        uid: head.metadata.uid,
        resource_version: head.metadata.resource_version,
    };
    Ok((pin, Reading::of_secret(body)))
}

/// How the server serves a kind.
#[derive(Deserialize)]
struct Served {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

/// Looks at each object that the world does not hold, by its metadata alone. What is denied is unknown, not absent.
pub async fn live(connection: &Connection, addresses: &[Address]) -> Result<Vec<(Address, Live)>, ClusterError> {
    let foreign: Vec<Address> = addresses
        .iter()
        .filter(|address| address.key().is_none())
        .cloned()
        .collect();
    let versions: BTreeSet<Text> = foreign.iter().map(|address| address.api_version.clone()).collect();
    let mut served = BTreeMap::new();
    for version in versions {
        let all = resources(connection, &version).await?;
        served.insert(version, all);
    }
    let served = &served;
    stream::iter(foreign)
        .map(|address| async move {
            let resource = served
                .get(&address.api_version)
                .and_then(Option::as_ref)
                .and_then(|all| {
                    all.iter()
                        .find(|one| one.kind == address.kind.as_str() && !one.name.contains('/'))
                });
            let live = match resource {
                None => Live::Unserved,
                Some(resource) => look(connection, &address, resource).await?,
            };
            Ok((address, live))
        })
        .buffered(ABREAST)
        .try_collect()
        .await
}

fn root(api_version: &str) -> String {
    let parts: Vec<String> = api_version.split('/').map(paths::escaped).collect();
    match parts.as_slice() {
        [version] => format!("/api/{version}"),
        parts => format!("/apis/{}", parts.join("/")),
    }
}

/// The resources of an API version; `None` when it is not served.
async fn resources(connection: &Connection, api_version: &str) -> Result<Option<Vec<Served>>, ClusterError> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default)]
        resources: Vec<Served>,
    }
    let path = root(api_version);
    let question = Question::Get {
        path: &path,
        accept: JSON,
    };
    let answer = connection.ask(question, DEADLINE).await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let what = format!("the resources of {api_version}");
    let body = expect_ok(connection, &what, &answer)?;
    let list: List = serde_json::from_slice(body).map_err(|error| ClusterError::Unreadable {
        what,
        why: said::plain(&error.to_string()),
    })?;
    Ok(Some(list.resources))
}

async fn look(connection: &Connection, address: &Address, resource: &Served) -> Result<Live, ClusterError> {
    let place = if resource.namespaced {
        format!("/namespaces/{}", paths::escaped(&address.namespace))
    } else {
        String::new()
    };
    let path = format!(
        "{}{place}/{}/{}",
        root(&address.api_version),
        paths::escaped(&resource.name),
        paths::escaped(&address.name)
    );
    let question = Question::Get {
        path: &path,
        accept: METADATA,
    };
    let answer = connection.ask(question, DEADLINE).await?;
    match answer.status {
        StatusCode::NOT_FOUND => Ok(Live::Absent),
        StatusCode::FORBIDDEN => Ok(Live::Unknown {
            why: format!("{address}: denied ({})", said::words(&answer.body)),
        }),
        _ => {
            let what = address.to_string();
            let body = expect_ok(connection, &what, &answer)?;
            let head: Head = serde_json::from_slice(body).map_err(|error| ClusterError::Unreadable {
                what,
                why: said::plain(&error.to_string()),
            })?;
            Ok(Live::There(Stamp::of(&head.metadata)))
        }
    }
}
