//! The objects that a manifest names, of any kind, as they are now. Each is answered for itself: what is denied or does not
//! answer in time is not known, and never taken for absent.

use super::Head;
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::paths;
use crate::cluster::read::{DEADLINE, expect_ok};
use crate::cluster::said;
use crate::cluster::wire::{JSON, METADATA, Question};
use crate::model::helm::{Address, Firm, Leaves, Live, Stamp, Whole, firm};
use crate::model::{Meta, Text, Uid};
use futures::{StreamExt as _, stream};
use http::StatusCode;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How many objects are read at a time.
const ABREAST: usize = 8;
/// How long looking at all of them may take.
const LOOKING: Duration = Duration::from_secs(30);

/// How the server serves a kind.
#[derive(Clone, Deserialize)]
struct Served {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

/// Looks at each object that the world does not hold, by its metadata alone.
pub async fn live(connection: &Connection, addresses: &[Address]) -> Vec<(Address, Live)> {
    let foreign = addresses.iter().filter(|address| address.key().is_none()).cloned();
    let found = look(connection, foreign.collect(), METADATA, |body| {
        let head: Head = serde_json::from_slice(body).map_err(|error| said::plain(&error.to_string()))?;
        Ok(Stamp::of(&head.metadata))
    });
    let live = |seen| match seen {
        Seen::There(stamp) => Live::There(stamp),
        Seen::Absent => Live::Absent,
        Seen::Unserved => Live::Unserved,
        Seen::Unknown(why) => Live::Unknown { why },
    };
    found
        .await
        .into_iter()
        .map(|(address, seen)| (address, live(seen)))
        .collect()
}

/// What was read of a live object that may have fields which cannot change.
#[derive(Debug)]
pub struct Found {
    pub address: Address,
    pub live: Live,
    /// Of which uid, and what of it cannot change; nothing for a kind without such fields, or where it is not there.
    pub firm: Option<FirmRead>,
}

/// What of an object cannot change, and its uid; or why that is not known.
type FirmRead = Result<(Uid, Firm), Text>;

/// Looks at each object that the world does not hold, and at every one of a kind that has fields which cannot change: these
/// whole, the others by their metadata alone. `there` says of what the world holds whether it is there to be read.
pub async fn found(connection: &Connection, addresses: &[Address], there: impl Fn(&Address) -> bool) -> Vec<Found> {
    let wanted = |address: &&Address| address.key().is_none() || (firm::has(address) && there(address));
    let (whole, heads): (Vec<Address>, Vec<Address>) = addresses.iter().filter(wanted).cloned().partition(firm::has);
    let mut found: Vec<Found> = live(connection, &heads)
        .await
        .into_iter()
        .map(|(address, live)| Found {
            address,
            live,
            firm: None,
        })
        .collect();
    let read = look(connection, whole, JSON, |body| {
        // no words of the parser: they may quote what a Secret holds
        serde_json::from_slice::<serde_json::Value>(body).map_err(|_error| "its JSON cannot be read".to_owned())
    });
    for (address, seen) in read.await {
        let (live, firm) = match seen {
            Seen::There(value) => firmly(&address, &value),
            Seen::Absent => (Live::Absent, None),
            Seen::Unserved => (Live::Unserved, None),
            Seen::Unknown(why) => (Live::Unknown { why: why.clone() }, Some(Err(why.into()))),
        };
        found.push(Found { address, live, firm });
    }
    found
}

fn firmly(address: &Address, value: &serde_json::Value) -> (Live, Option<FirmRead>) {
    let meta = value.get("metadata").map(Meta::deserialize);
    let Some(Ok(meta)) = meta else {
        let why = "its metadata cannot be read";
        return (Live::Unknown { why: why.to_owned() }, Some(Err(why.into())));
    };
    let firm = Firm::of(address, value).map(|firm| Ok((meta.uid.clone(), firm)));
    (Live::There(Stamp::of(&meta)), firm)
}

/// Reads each object whole, leaf by leaf and without what looks like a secret.
pub async fn whole(connection: &Connection, addresses: Vec<Address>) -> Vec<(Address, Whole)> {
    let found = look(connection, addresses, JSON, |body| {
        // no words of the parser: they may quote what a Secret holds
        let value = serde_json::from_slice(body).map_err(|_error| "its JSON cannot be read".to_owned())?;
        Ok(Leaves::of_object(&value))
    });
    let whole = |seen| match seen {
        Seen::There(leaves) => Whole::There(leaves),
        Seen::Absent => Whole::Absent,
        Seen::Unserved => Whole::Unserved,
        Seen::Unknown(why) => Whole::Unknown { why },
    };
    found
        .await
        .into_iter()
        .map(|(address, seen)| (address, whole(seen)))
        .collect()
}

/// What one look gave.
enum Seen<T> {
    There(T),
    Absent,
    Unserved,
    Unknown(String),
}

async fn look<T>(
    connection: &Connection,
    addresses: Vec<Address>,
    accept: &'static str,
    read: impl Fn(&[u8]) -> Result<T, String>,
) -> Vec<(Address, Seen<T>)> {
    let until = Instant::now() + LOOKING;
    let versions: BTreeSet<Text> = addresses.iter().map(|address| address.api_version.clone()).collect();
    let served: BTreeMap<Text, Result<Vec<Served>, Seen<()>>> = stream::iter(versions)
        .map(|version| async move {
            let asked = tokio::time::timeout_at(until, resources(connection, &version)).await;
            let served = match asked {
                Ok(Ok(Some(resources))) => Ok(resources),
                Ok(Ok(None)) => Err(Seen::Unserved),
                Ok(Err(error)) => Err(Seen::Unknown(words(&error))),
                Err(_elapsed) => Err(Seen::Unknown(late())),
            };
            (version, served)
        })
        .buffered(ABREAST)
        .collect()
        .await;
    let (served, read) = (&served, &read);
    stream::iter(addresses)
        .map(|address| async move {
            let seen = match served.get(&address.api_version) {
                Some(Ok(resources)) => {
                    let one = resources
                        .iter()
                        .find(|one| one.kind == address.kind.as_str() && !one.name.contains('/'));
                    match one {
                        None => Seen::Unserved,
                        Some(resource) => {
                            let asked = get(connection, &address, resource, accept, read);
                            let seen = tokio::time::timeout_at(until, asked).await;
                            seen.unwrap_or_else(|_elapsed| Seen::Unknown(late()))
                        }
                    }
                }
                Some(Err(Seen::Unknown(why))) => Seen::Unknown(why.clone()),
                Some(Err(Seen::There(()) | Seen::Absent | Seen::Unserved)) | None => Seen::Unserved,
            };
            (address, seen)
        })
        .buffered(ABREAST)
        .collect()
        .await
}

fn late() -> String {
    format!("no answer within {}s", LOOKING.as_secs())
}

/// What an error means for an object that was looked for: denied first of all.
fn words(error: &ClusterError) -> String {
    match error {
        ClusterError::Forbidden { said, .. } => format!("denied: {said}"),
        error => error.to_string(),
    }
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

async fn get<T>(
    connection: &Connection,
    address: &Address,
    resource: &Served,
    accept: &'static str,
    read: impl Fn(&[u8]) -> Result<T, String>,
) -> Seen<T> {
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
    let question = Question::Get { path: &path, accept };
    let answer = match connection.ask(question, DEADLINE).await {
        Ok(answer) => answer,
        Err(error) => return Seen::Unknown(words(&error)),
    };
    if answer.status == StatusCode::NOT_FOUND {
        return Seen::Absent;
    }
    match expect_ok(connection, &address.to_string(), &answer) {
        Ok(body) => read(body).map_or_else(Seen::Unknown, Seen::There),
        Err(error) => Seen::Unknown(words(&error)),
    }
}
