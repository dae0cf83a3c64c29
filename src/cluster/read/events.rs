//! The Kubernetes Events of one object, newest first. Fetched when somebody looks; never watched.

use super::{DEADLINE, expect_ok, named};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::paths;
use crate::cluster::said;
use crate::cluster::wire::{JSON, Question};
use crate::model::event::EventLine;
use crate::model::{Key, Kind, Text, Uid};
use jiff::Timestamp;
use serde::Deserialize;

/// Pages of 500 that are read at most: older events are of no help.
const PAGES: usize = 4;

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMeta,
    items: Option<Vec<serde_json::Value>>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    more: Option<String>,
}

/// `core/v1` Event, written by old recorders (`lastTimestamp`, `count`) and new ones (`eventTime`, `series`) alike.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "Kubernetes' own field names")]
struct Event {
    #[serde(rename = "type")]
    severity: Option<Text>,
    reason: Option<Text>,
    message: Option<String>,
    count: Option<u32>,
    first_timestamp: Option<Timestamp>,
    last_timestamp: Option<Timestamp>,
    event_time: Option<Timestamp>,
    series: Option<Series>,
    source: Option<Source>,
    reporting_component: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    count: Option<u32>,
    last_observed_time: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    component: Option<Text>,
}

/// The events of the object with this uid, newest first. Events live in the object's namespace, those of cluster-scoped
/// objects in `default`.
pub async fn events(connection: &Connection, key: &Key, uid: &Uid) -> Result<Vec<EventLine>, ClusterError> {
    let namespace = if key.namespace.is_empty() {
        "default"
    } else {
        key.namespace.as_str()
    };
    let selector = if uid.is_empty() || key.kind == Kind::Node {
        // the kubelet writes a node's name where its uid belongs
        format!(
            "involvedObject.kind={},involvedObject.name={}",
            key.kind.name(),
            key.name
        )
    } else {
        format!("involvedObject.uid={uid}")
    };
    let what = format!("the events of {}", named(key));
    let mut lines = Vec::new();
    let mut more = String::new();
    for _page in 0..PAGES {
        let mut pairs = vec![("limit", "500"), ("fieldSelector", selector.as_str())];
        if !more.is_empty() {
            pairs.push(("continue", more.as_str()));
        }
        let path = format!(
            "/api/v1/namespaces/{}/events{}",
            paths::escaped(namespace),
            paths::query(&pairs)
        );
        let answer = connection
            .ask(
                Question::Get {
                    path: &path,
                    accept: JSON,
                },
                DEADLINE,
            )
            .await?;
        let body = expect_ok(connection, &what, &answer)?;
        let list: List = serde_json::from_slice(body).map_err(|error| ClusterError::Unreadable {
            what: what.clone(),
            why: said::plain(&error.to_string()),
        })?;
        lines.extend(list.items.into_iter().flatten().map(line));
        more = list.metadata.more.unwrap_or_default();
        if more.is_empty() {
            break;
        }
    }
    lines.sort_by_key(|line: &EventLine| std::cmp::Reverse(line.last));
    Ok(lines)
}

/// One event as a line; what cannot be read of it is said in the line.
fn line(value: serde_json::Value) -> EventLine {
    let event: Event = match serde_json::from_value(value) {
        Ok(event) => event,
        Err(error) => Event {
            severity: Some("Warning".into()),
            message: Some(format!("an event that cannot be read: {error}")),
            ..Event::default()
        },
    };
    let series = event.series.unwrap_or_default();
    EventLine {
        severity: event.severity.unwrap_or_default(),
        reason: event.reason.unwrap_or_default(),
        message: event.message.map(|message| said::plain(&message)).unwrap_or_default(),
        count: series.count.or(event.count).unwrap_or(1),
        last: series
            .last_observed_time
            .or(event.last_timestamp)
            .or(event.event_time)
            .or(event.first_timestamp),
        source: event
            .source
            .and_then(|source| source.component)
            .filter(|component| !component.is_empty())
            .or(event.reporting_component)
            .unwrap_or_default(),
    }
}
