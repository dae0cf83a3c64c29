//! Records: of which releases there are any, and what one of them holds.

use super::Head;
use crate::cluster::body::Answer;
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::page;
use crate::cluster::paths;
use crate::cluster::read::{DEADLINE, expect_ok, named};
use crate::cluster::wire::{JSON, METADATA_LIST, Question};
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::helm::{self, Claims, Driver, Home, Opening, Reading};
use crate::model::{FeedId, Key, Kind, Object, Pin, Scope};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use std::time::Duration;

/// How many records are read at a time: each may be unpacked to 32 MiB.
const ABREAST: usize = 2;
/// How long unpacking one record may take.
const UNPACKING: Duration = Duration::from_secs(30);
/// How long a comparison with other releases may take, whatever is left of it then.
const COMPARING: Duration = Duration::from_mins(1);

/// The record of one revision, with the pin of the very object it was read from. A record that cannot be decoded is an
/// answer, not an error.
pub async fn record(connection: &Connection, key: &Key) -> Result<(Pin, Reading), ClusterError> {
    let (pin, answer) = fetch(connection, key).await?;
    Ok((
        pin,
        match Driver::of(key.kind) {
            Driver::Secret => Reading::of_secret(&answer.body),
            Driver::ConfigMap => Reading::of_config_map(&answer.body),
        },
    ))
}

/// One revision of a release, opened to be looked at; unpacked on a thread of its own.
pub async fn open(connection: &Connection, home: &Home, revision: u32) -> Result<(Pin, Opening), ClusterError> {
    let key = home.record(revision);
    let (pin, answer) = fetch(connection, &key).await?;
    let driver = home.driver;
    let unpacking = tokio::task::spawn_blocking(move || match driver {
        Driver::Secret => Opening::of_secret(&answer.body),
        Driver::ConfigMap => Opening::of_config_map(&answer.body),
    });
    let unreadable = |why: String| ClusterError::Unreadable { what: named(&key), why };
    match tokio::time::timeout(UNPACKING, unpacking).await {
        Ok(Ok(opening)) => Ok((pin, opening)),
        Ok(Err(_panicked)) => Err(unreadable("unpacking it failed".to_owned())),
        Err(_elapsed) => Err(unreadable(format!(
            "it was not unpacked within {}s",
            UNPACKING.as_secs()
        ))),
    }
}

/// The metadata of every record of a release, read from the store.
pub async fn records(connection: &Connection, home: &Home) -> Result<Vec<Object>, ClusterError> {
    let Home {
        namespace,
        name: release,
        driver,
    } = home;
    let what = format!("the records of release {release} in {namespace}");
    let mut found = Vec::new();
    let mut more = String::new();
    loop {
        let selector = format!("owner=helm,name={release}");
        let kind = format!("type={RELEASE_SECRET_TYPE}");
        let mut pairs = vec![("limit", "500"), ("labelSelector", selector.as_str())];
        if *driver == Driver::Secret {
            pairs.push(("fieldSelector", kind.as_str()));
        }
        if !more.is_empty() {
            pairs.push(("continue", more.as_str()));
        }
        let feed = FeedId {
            kind: driver.kind(),
            scope: Scope::Namespace(namespace.clone()),
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
        let page = page::decode(driver.kind(), body).map_err(unreadable)?;
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
    let (_, answer) = fetch(connection, key).await?;
    Ok(helm::unveiled(&answer.body, Driver::of(key.kind)))
}

async fn fetch(connection: &Connection, key: &Key) -> Result<(Pin, Answer), ClusterError> {
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
    let head: Head = serde_json::from_slice(body).map_err(|_error| unreadable("it is no object"))?;
    if key.kind == Kind::Release && head.kind != RELEASE_SECRET_TYPE {
        return Err(unreadable("it is a Secret, but none of Helm's"));
    }
    let pin = Pin {
        key: key.clone(),
        uid: head.metadata.uid,
        resource_version: head.metadata.resource_version,
    };
    Ok((pin, answer))
}

/// What the given revisions of other releases name, a few at a time; what is not read in time is told as left.
pub async fn claims(connection: &Connection, others: Vec<(Home, u32)>) -> Claims {
    let until = tokio::time::Instant::now() + COMPARING;
    let read = stream::iter(others).map(|(home, revision)| async move {
        let opened = tokio::time::timeout_at(until, open(connection, &home, revision)).await;
        let named = match opened {
            Err(_elapsed) => Err(format!("not read within {}s", COMPARING.as_secs())),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok((_, Opening::Undecodable(why)))) => Err(why.to_string()),
            Ok(Ok((_, Opening::Opened(opened)))) => {
                let documents = opened.record.manifest.documents.iter();
                Ok(documents.map(|document| document.address.clone()).collect())
            }
        };
        (home, named)
    });
    let mut claims = Claims::default();
    let mut read = std::pin::pin!(read.buffer_unordered(ABREAST));
    while let Some((home, named)) = read.next().await {
        match named {
            Ok(named) => {
                claims.by.insert(home, named);
            }
            Err(why) => {
                claims.left.insert(home, why);
            }
        }
    }
    claims
}
