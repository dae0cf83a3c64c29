//! One revision opened to be looked at: its record, and what its manifest, hooks and values say, leaf by leaf.
//!
//! It is made when somebody looks and goes when he looks away; forecasts and the watch never hold it.

use super::manifest::{named, parsed, parts};
use super::record::Stored;
use super::{Address, Leaves, Reading, Record, Undecodable};
use serde_json::Value;

/// What a revision says, without what looks like a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub documents: Vec<(Address, Leaves)>,
    pub hooks: Vec<(Address, Leaves)>,
    /// The operator's own values.
    pub values: Leaves,
}

/// A revision, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub record: Record,
    pub contents: Contents,
}

/// A revision that was asked for: opened, or not readable and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    Opened(Box<Opened>),
    Undecodable(Undecodable),
}

impl Opening {
    /// Opens the `Secret` of a record, as the API server sends it.
    pub fn of_secret(json: &[u8]) -> Self {
        Self::of(Stored::of_secret(json))
    }

    /// Opens the `ConfigMap` of a record.
    pub fn of_config_map(json: &[u8]) -> Self {
        Self::of(Stored::of_config_map(json))
    }

    fn of(stored: Result<Stored, Undecodable>) -> Self {
        match stored {
            Ok(stored) => {
                let contents = contents(&stored);
                let record = stored.record();
                Self::Opened(Box::new(Opened { record, contents }))
            }
            Err(why) => Self::Undecodable(why),
        }
    }

    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::Opened(opened) => Some(opened),
            Self::Undecodable(_) => None,
        }
    }

    /// The same as a forecast reads it.
    pub fn reading(&self) -> Reading {
        match self {
            Self::Opened(opened) => Reading::Read(Box::new(opened.record.clone())),
            Self::Undecodable(why) => Reading::Undecodable(why.clone()),
        }
    }
}

fn contents(stored: &Stored) -> Contents {
    let namespace = stored.namespace.as_str();
    let mut documents = Vec::new();
    for part in parts(&stored.manifest) {
        let Ok(value) = parsed(&part) else { continue };
        let items = value.get("items").and_then(Value::as_array);
        match items.filter(|_| value.get("kind").and_then(Value::as_str) == Some("List")) {
            Some(items) => documents.extend(items.iter().filter_map(|item| leaves(item, namespace))),
            None => documents.extend(leaves(&value, namespace)),
        }
    }
    let hooks = stored.hooks.iter().filter_map(|hook| parsed(&hook.manifest).ok());
    Contents {
        hooks: hooks.filter_map(|value| leaves(&value, namespace)).collect(),
        documents,
        values: Leaves::of_values(&stored.config),
    }
}

fn leaves(value: &Value, namespace: &str) -> Option<(Address, Leaves)> {
    Some((named(value, namespace)?, Leaves::of_object(value)))
}
