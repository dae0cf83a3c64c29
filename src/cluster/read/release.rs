//! Helm releases on demand: the record of one revision, and whether the objects a manifest names are there and whose.
//!
//! The only place where the data of a Secret is asked for, and only of a Secret of Helm's own type. It is decoded at once;
//! of what it holds only `model::helm` facts leave this file.

use super::{DEADLINE, expect_ok, named};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::page;
use crate::cluster::paths;
use crate::cluster::said;
use crate::cluster::wire::{JSON, METADATA, METADATA_LIST, Question};
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::helm::{self, Address, Live, Reading, Stamp};
use crate::model::{FeedId, Key, Kind, Meta, Object, Pin, Scope, Text};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
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

/// The metadata of every record of a release, read from the store.
pub async fn records(connection: &Connection, namespace: &str, release: &str) -> Result<Vec<Object>, ClusterError> {
    let what = format!("the records of release {release} in {namespace}");
    let mut found = Vec::new();
    let mut more = String::new();
    loop {
        let selector = format!("owner=helm,name={release}");
        let kind = format!("type={RELEASE_SECRET_TYPE}");
        let mut pairs = vec![
            ("limit", "500"),
            ("labelSelector", selector.as_str()),
            ("fieldSelector", kind.as_str()),
        ];
        if !more.is_empty() {
            pairs.push(("continue", more.as_str()));
        }
        let feed = FeedId {
            kind: Kind::Release,
            scope: Scope::Namespace(namespace.into()),
        };
        let path = paths::collection(&feed) + &paths::query(&pairs);
        let question = Question::Get {
            path: &path,
            accept: METADATA_LIST,
        };
        let answer = connection.ask(question, DEADLINE).await?;
        let body = expect_ok(connection, &what, &answer)?;
        let unreadable = |why: String| ClusterError::Unreadable {
            what: what.clone(),
            why,
        };
        let page = page::decode(Kind::Release, body).map_err(unreadable)?;
        if let Some(malformed) = page.malformed.first() {
            return Err(unreadable(format!("{}: {}", named(&malformed.key), malformed.why)));
        }
        found.extend(page.objects);
        more = page.more;
        if more.is_empty() {
            return Ok(found);
        }
    }
}

/// Everything that the record of a revision holds, secrets and all: for hiding it wherever it turns up.
pub(in crate::cluster) async fn unveiled(connection: &Connection, key: &Key) -> Result<Option<Value>, ClusterError> {
    let path = paths::object(key);
    let question = Question::Get {
        path: &path,
        accept: JSON,
    };
    let answer = connection.ask(question, DEADLINE).await?;
    let body = expect_ok(connection, &named(key), &answer)?;
    Ok(helm::unveiled(body))
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
