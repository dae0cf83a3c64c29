//! What no watch holds and some traps are seen by: the newest records of releases, the objects they name, API services,
//! admission webhooks, `GitOps` objects, and what the user may do. Asked on demand, bounded, each question with its deadline;
//! what is denied or does not answer in time is not known.

mod bindings;
mod engines;
mod rights;
mod webhooks;

use super::{DEADLINE, expect_ok, open};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::said;
use crate::cluster::wire::{JSON, Question};
use crate::model::helm::{Address, Driver, Home, Ledger, Live, Opening};
use crate::model::survey::{ApiService, Asked, Binding};
use crate::model::{Key, Survey, Text};
use futures::{StreamExt as _, stream};
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long all of it may take, whatever is left then.
const ALTOGETHER: Duration = Duration::from_mins(2);
/// So many records are opened at most.
const RECORDS: usize = 64;
/// How many records are read at a time: each may be unpacked to 32 MiB.
const ABREAST: usize = 2;
/// Lists that are asked for here are short; of a longer one it is said that it was not read.
const MOST: &str = "500";

/// What was read: the records, bound to the very objects they were read from, and the rest.
#[derive(Clone, Debug, Default)]
pub struct Surveyed {
    pub ledger: Ledger,
    pub survey: Survey,
}

/// Looks once at everything that traps of these namespaces are seen by. `records` are the revisions to open.
pub async fn survey(connection: &Connection, namespaces: &[Text], records: Vec<Key>) -> Surveyed {
    let until = Instant::now() + ALTOGETHER;
    let mut surveyed = Surveyed::default();
    let mut addresses: Vec<Address> = Vec::new();
    for (key, read) in opened(connection, records, until).await {
        match read {
            Ok((pin, opening)) => {
                if let Some(opened) = opening.opened() {
                    let documents = opened.record.manifest.documents.iter();
                    let hooks = opened.record.hooks.iter().map(|hook| &hook.document);
                    addresses.extend(documents.chain(hooks).map(|document| document.address.clone()));
                }
                surveyed.ledger.enter(pin, opening.reading());
            }
            Err(why) => {
                surveyed.survey.left.insert(key, why);
            }
        }
    }
    addresses.retain(|address| address.key().is_none());
    addresses.sort_unstable();
    addresses.dedup();
    let roles = addresses.iter().any(|address| address.kind == "ClusterRole");
    let (live, services, hooks, engines, rights, bindings) = tokio::join!(
        in_time(until, super::live(connection, &addresses)),
        in_time(until, services(connection)),
        in_time(until, webhooks::asked(connection)),
        in_time(until, engines::asked(connection)),
        in_time(until, rights::asked(connection, namespaces)),
        in_time(until, bound(connection, roles)),
    );
    let survey = &mut surveyed.survey;
    survey.homes = namespaces.iter().cloned().collect();
    survey.at = Some(connection.clock().now());
    survey.live = live.map_or_else(|| unknown(addresses), |live| live.into_iter().collect());
    survey.services = services.unwrap_or_else(late);
    survey.webhooks = hooks.unwrap_or_else(late);
    survey.engines = engines.unwrap_or_else(late);
    survey.rights = rights.unwrap_or_else(late);
    survey.bindings = bindings.unwrap_or_else(late);
    surveyed
}

/// Bindings, where a record names a role that others may be bound to.
async fn bound(connection: &Connection, wanted: bool) -> Asked<Binding> {
    if wanted {
        bindings::asked(connection).await
    } else {
        Asked::Seen(Vec::new())
    }
}

async fn in_time<T>(until: Instant, question: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(until, question).await.ok()
}

fn late<T>() -> Asked<T> {
    Asked::Unknown {
        why: format!("no answer within {}s", ALTOGETHER.as_secs()).into(),
    }
}

fn unknown(addresses: Vec<Address>) -> BTreeMap<Address, Live> {
    let why = format!("no answer within {}s", ALTOGETHER.as_secs());
    addresses
        .into_iter()
        .map(|address| (address, Live::Unknown { why: why.clone() }))
        .collect()
}

type Read = Result<(crate::model::Pin, Opening), Text>;

async fn opened(connection: &Connection, records: Vec<Key>, until: Instant) -> Vec<(Key, Read)> {
    let mut asked = records;
    let left = asked.split_off(asked.len().min(RECORDS));
    let beyond = left.into_iter().map(|key| {
        let why = format!("more than {RECORDS} records: not opened");
        (key, Err(why.into()))
    });
    let mut read: Vec<(Key, Read)> = stream::iter(asked)
        .map(|key| async move {
            let parts = crate::model::helm::record_parts(&key.name);
            let Some((release, revision)) = parts.map(|(release, revision)| (release.to_owned(), revision)) else {
                return (key, Err("it is no record's name".into()));
            };
            let home = Home::new(&key.namespace, &release, Driver::of(key.kind));
            let read = match tokio::time::timeout_at(until, open(connection, &home, revision)).await {
                Ok(Ok(read)) => Ok(read),
                Ok(Err(error)) => Err(error.to_string().into()),
                Err(_elapsed) => Err(format!("not read within {}s", ALTOGETHER.as_secs()).into()),
            };
            (key, read)
        })
        .buffered(ABREAST)
        .collect()
        .await;
    read.extend(beyond);
    read
}

/// The API services alone, by which a namespace stays that is deleted.
pub async fn served(connection: &Connection) -> Survey {
    let services = services(connection).await;
    Survey {
        at: Some(connection.clock().now()),
        services,
        ..Survey::default()
    }
}

async fn services(connection: &Connection) -> Asked<ApiService> {
    let path = "/apis/apiregistration.k8s.io/v1/apiservices";
    listed(connection, path, |item| {
        let conditions = item.pointer("/status/conditions").and_then(Value::as_array);
        let available = conditions
            .into_iter()
            .flatten()
            .find(|condition| text(condition, "/type") == "Available");
        let of = |field| available.map_or_else(Text::default, |condition| text(condition, field).into());
        Some(ApiService {
            name: text(item, "/metadata/name").into(),
            available: of("/status"),
            reason: of("/reason"),
        })
    })
    .await
}

/// A list, item by item. Not served is none; more than is asked for at once is not known.
async fn listed<T>(connection: &Connection, path: &str, read: impl Fn(&Value) -> Option<T>) -> Asked<T> {
    match items(connection, path).await {
        Ok(items) => Asked::Seen(items.iter().filter_map(read).collect()),
        Err(why) => Asked::Unknown { why },
    }
}

async fn items(connection: &Connection, path: &str) -> Result<Vec<Value>, Text> {
    let path = format!("{path}?limit={MOST}");
    let Some(list) = document(connection, &path).await? else {
        return Ok(Vec::new());
    };
    if !text(&list, "/metadata/continue").is_empty() {
        return Err(format!("there are more than {MOST}").into());
    }
    Ok(list.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// An answer as JSON; `None` where there is no such thing.
async fn document(connection: &Connection, path: &str) -> Result<Option<Value>, Text> {
    let question = Question::Get { path, accept: JSON };
    let answer = connection
        .ask(question, DEADLINE)
        .await
        .map_err(|error| Text::from(words(&error)))?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let body = expect_ok(connection, path, &answer).map_err(|error| Text::from(words(&error)))?;
    serde_json::from_slice(body)
        .map(Some)
        .map_err(|error| said::plain(&error.to_string()).into())
}

/// What an error means here: denied first of all.
fn words(error: &ClusterError) -> String {
    match error {
        ClusterError::Forbidden { said, .. } => format!("denied: {said}"),
        error => error.to_string(),
    }
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}
