//! One revision of a release, as Helm stored it.

use super::DeletePolicy;
use super::hook::{Event, Hook, Run};
use super::manifest::{Document, Manifest, parsed};
use super::payload::{self, Undecodable};
use super::print::{Print, leaves};
use crate::model::Text;
use crate::model::lenient::or_default;
use crate::model::redact::redact;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A record that was asked for: read, or not readable and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Read(Box<Record>),
    Undecodable(Undecodable),
}

/// What Helm knows of one revision. Its own status decides what Helm does, not the Secret's label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub name: Text,
    pub namespace: Text,
    pub revision: u32,
    /// `info.status`.
    pub status: Text,
    pub story: Story,
    pub chart: Chart,
    /// `ssa` or `csa`; empty, as Helm 3 writes it, means `csa`.
    pub apply_method: Text,
    /// What the revision applied, hooks apart: those stand in [`Record::hooks`].
    pub manifest: Manifest,
    pub hooks: Vec<Hook>,
    /// The operator's own values: paths and fingerprints, no value.
    pub values: BTreeMap<String, Print>,
}

/// When a revision was made and what Helm says of it: `info`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// When the release was installed.
    pub first_deployed: Option<Timestamp>,
    /// When this revision was begun.
    pub last_deployed: Option<Timestamp>,
    pub deleted: Option<Timestamp>,
    /// `Upgrade complete`, or the error of one that failed; at most 1,000 characters.
    pub description: Text,
}

/// The most characters that are kept of a description.
const DESCRIPTION: usize = 1_000;

/// `chart.metadata`, as far as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Chart {
    #[serde(deserialize_with = "or_default")]
    pub name: Text,
    #[serde(deserialize_with = "or_default")]
    pub version: Text,
    #[serde(deserialize_with = "or_default")]
    pub app_version: Text,
}

impl Reading {
    /// Reads the `Secret` of a record, as the API server sends it.
    pub fn of_secret(json: &[u8]) -> Self {
        Self::of(Stored::of_secret(json))
    }

    /// Reads the `ConfigMap` of a record (`HELM_DRIVER=configmap`).
    pub fn of_config_map(json: &[u8]) -> Self {
        Self::of(Stored::of_config_map(json))
    }

    fn of(stored: Result<Stored, Undecodable>) -> Self {
        match stored {
            Ok(stored) => Self::Read(Box::new(stored.record())),
            Err(why) => Self::Undecodable(why),
        }
    }

    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Read(record) => Some(record),
            Self::Undecodable(_) => None,
        }
    }
}

/// A payload as Helm writes it, as far as it is read.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Stored {
    name: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) namespace: Text,
    version: u32,
    #[serde(deserialize_with = "or_default")]
    info: Info,
    #[serde(deserialize_with = "or_default")]
    chart: StoredChart,
    #[serde(deserialize_with = "or_default")]
    pub(super) config: Value,
    #[serde(deserialize_with = "or_default")]
    pub(super) manifest: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) hooks: Vec<StoredHook>,
    #[serde(deserialize_with = "or_default")]
    apply_method: Text,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            name: Text::default(),
            namespace: Text::default(),
            version: 0,
            info: Info::default(),
            chart: StoredChart::default(),
            config: Value::Null,
            manifest: String::new(),
            hooks: Vec::new(),
            apply_method: Text::default(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    #[serde(deserialize_with = "or_default")]
    status: Text,
    #[serde(deserialize_with = "or_default")]
    first_deployed: Text,
    #[serde(deserialize_with = "or_default")]
    last_deployed: Text,
    #[serde(deserialize_with = "or_default")]
    deleted: Text,
    #[serde(deserialize_with = "or_default")]
    description: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StoredChart {
    #[serde(deserialize_with = "or_default")]
    metadata: Chart,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StoredHook {
    #[serde(deserialize_with = "or_default")]
    pub(super) manifest: String,
    #[serde(deserialize_with = "or_default")]
    events: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    weight: i64,
    #[serde(deserialize_with = "or_default")]
    delete_policies: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    last_run: Option<StoredRun>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StoredRun {
    #[serde(deserialize_with = "or_default")]
    started_at: Text,
    #[serde(deserialize_with = "or_default")]
    completed_at: Text,
    #[serde(deserialize_with = "or_default")]
    phase: Text,
}

impl Stored {
    pub(super) fn of_secret(json: &[u8]) -> Result<Self, Undecodable> {
        Self::of(json, payload::of_secret)
    }

    pub(super) fn of_config_map(json: &[u8]) -> Result<Self, Undecodable> {
        Self::of(json, |data| Ok(data.to_owned()))
    }

    fn of(json: &[u8], peel: impl FnOnce(&str) -> Result<String, Undecodable>) -> Result<Self, Undecodable> {
        #[derive(Deserialize)]
        struct Holder {
            #[serde(default, deserialize_with = "or_default")]
            data: Data,
        }
        #[derive(Default, Deserialize)]
        struct Data {
            release: Option<String>,
        }
        let holder: Holder =
            serde_json::from_slice(json).map_err(|_error| Undecodable::from("the object is no Secret or ConfigMap"))?;
        let data = holder.data.release;
        let data = data.ok_or_else(|| Undecodable::from("it holds no key \"release\""))?;
        Self::decode(&peel(&data)?)
    }

    /// Reads a payload: base64(gzip(JSON)). JSON deeper than 128 levels is refused by its parser.
    fn decode(payload: &str) -> Result<Self, Undecodable> {
        let json = payload::unpacked(payload)?;
        if json.len() > payload::CAP {
            return Err(Undecodable::from("it is larger than 32 MiB"));
        }
        Self::of_json(&json)
    }

    /// Reads the release as JSON.
    pub(super) fn of_json(json: &[u8]) -> Result<Self, Undecodable> {
        let stored: Self = serde_json::from_slice(json).map_err(|error| Undecodable::at(&error))?;
        if stored.name.is_empty() || stored.version == 0 {
            return Err(Undecodable::from("it is no release: it has no name or revision"));
        }
        Ok(stored)
    }

    pub(super) fn record(self) -> Record {
        let mut manifest = Manifest::parse(&self.manifest, &self.namespace);
        let mut hooks = Vec::new();
        for (at, hook) in self.hooks.into_iter().enumerate() {
            match hook.read(at, &self.namespace) {
                Ok(hook) => hooks.push(hook),
                Err(why) => manifest.broken.push(why),
            }
        }
        // a hook document in the manifest itself is dropped by every operation
        manifest.hooks.clear();
        Record {
            name: self.name,
            namespace: self.namespace,
            revision: self.version,
            status: self.info.status,
            story: Story {
                first_deployed: time(&self.info.first_deployed),
                last_deployed: time(&self.info.last_deployed),
                deleted: time(&self.info.deleted),
                description: told(&self.info.description),
            },
            chart: self.chart.metadata,
            apply_method: self.apply_method,
            manifest,
            hooks,
            values: leaves(&self.config),
        }
    }
}

/// A time as Helm writes it: RFC 3339; empty (Helm 3) or absent (Helm 4) where there is none.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A description may quote an error of the API server at any length, and with it a value.
fn told(description: &str) -> Text {
    let redacted = redact(Value::String(description.to_owned()));
    let words = redacted.as_str().unwrap_or_default();
    words.chars().take(DESCRIPTION).collect::<String>().into()
}

impl Record {
    /// Reads a payload as a `ConfigMap` holds it.
    pub fn decode(payload: &str) -> Result<Self, Undecodable> {
        Stored::decode(payload).map(Stored::record)
    }

    /// An install, upgrade or rollback is under way, or was killed (`release/status.go` `IsPending`).
    pub fn pending(&self) -> bool {
        matches!(
            self.status.as_str(),
            "pending-install" | "pending-upgrade" | "pending-rollback"
        )
    }
}

impl StoredHook {
    fn read(self, at: usize, namespace: &str) -> Result<Hook, String> {
        let broken = || format!("hook {} cannot be read", at + 1);
        let value: Value = parsed(&self.manifest).map_err(|_error| broken())?;
        Ok(Hook {
            document: Document::read(at, &value, namespace).map_err(|_why| broken())?,
            events: Event::all(self.events.iter().map(String::as_str)).ok_or_else(broken)?,
            weight: self.weight,
            delete_policies: DeletePolicy::all(self.delete_policies.iter().map(String::as_str)),
            last_run: self.last_run.filter(|run| !run.phase.is_empty()).map(|run| Run {
                started_at: run.started_at,
                completed_at: run.completed_at,
                phase: run.phase,
            }),
        })
    }
}

#[cfg(test)]
mod tests;
