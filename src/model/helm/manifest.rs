//! A manifest's text as documents: stored in a record, or rendered by `helm template`.

use super::hook::{DELETE_POLICY, HOOK, WEIGHT};
use super::{Address, Blank, DeletePolicy, Event, Firm, Hints, Hook, Print, RESOURCE_POLICY};
use crate::model::{Kind, Object, Text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How deep a document may be.
const DEPTH: usize = 128;

/// One document: what it names and what a law reads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its place in the manifest, from 0.
    pub at: usize,
    pub address: Address,
    /// `helm.sh/resource-policy`, as written.
    pub policy: Option<Text>,
    /// The facts, where it is of a kind the world holds. Without uid; its namespace is the address's.
    pub object: Option<Arc<Object>>,
    /// A fingerprint of each field below `spec`, or of each top-level field where there is no `spec`, by path; and of
    /// labels and annotations.
    pub prints: BTreeMap<Text, Print>,
    /// A fingerprint of the whole document.
    pub whole: Print,
    /// What of it cannot change once it is there; `None` for a kind that has nothing of the sort.
    pub firm: Option<Arc<Firm>>,
    /// Values in it that nobody has filled in.
    pub blanks: Vec<Blank>,
    pub hints: Hints,
}

/// The documents of a manifest, hooks apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub documents: Vec<Document>,
    pub hooks: Vec<Hook>,
    /// Documents that cannot be read, each in a sentence. Helm itself refuses such a manifest.
    pub broken: Vec<String>,
    /// Documents with a hook event Helm does not know: neither applied nor deleted by it.
    pub dropped: Vec<Address>,
    /// Definitions from the chart's `crds/`: made before everything else by an install, and nobody's from then on.
    pub definitions: Vec<Document>,
    /// What a chart makes anew each time it is rendered (a random password), by document.
    pub unsteady: BTreeSet<Address>,
}

impl Manifest {
    /// What a text is known by: SHA-256 in hexadecimal.
    pub fn digest(text: &str) -> Text {
        use sha2::Digest as _;
        use std::fmt::Write as _;
        let mut digits = String::with_capacity(64);
        for byte in sha2::Sha256::digest(text.as_bytes()) {
            // writing to a String cannot fail
            write!(digits, "{byte:02x}").unwrap_or_default();
        }
        digits.into()
    }

    /// Reads a manifest's text. A document without a namespace lives in the release's.
    pub fn parse(text: &str, release_namespace: &str) -> Self {
        let mut manifest = Self::default();
        for (at, part) in parts(text).into_iter().enumerate() {
            match parsed(&part) {
                Ok(Value::Null) => {}
                Ok(value) => manifest.take(at, &value, release_namespace),
                Err(why) => manifest.broken.push(format!("document {} {why}", at + 1)),
            }
        }
        manifest
    }

    /// A manifest of these documents alone.
    pub fn of(documents: Vec<Document>) -> Self {
        Self {
            documents,
            ..Self::default()
        }
    }

    pub fn find(&self, address: &Address) -> Option<&Document> {
        self.documents.iter().find(|document| document.address.same(address))
    }

    pub fn find_hook(&self, address: &Address) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.document.address.same(address))
    }

    fn take(&mut self, at: usize, value: &Value, release_namespace: &str) {
        let annotations = value.pointer("/metadata/annotations");
        let annotation = |key: &str| annotations.and_then(|all| all.get(key)).and_then(Value::as_str);
        let policy: Option<Text> = annotation(RESOURCE_POLICY).map(Text::from);
        if let (Some("List"), Some(items)) = (text(value, "kind"), value.get("items").and_then(Value::as_array)) {
            // Helm reads the annotations of the list and builds its items
            for item in items {
                match Document::read(at, item, release_namespace) {
                    Ok(document) => self.documents.push(Document {
                        policy: policy.clone(),
                        ..document
                    }),
                    Err(why) => self.broken.push(why),
                }
            }
            return;
        }
        let document = match Document::read(at, value, release_namespace) {
            Ok(document) => document,
            Err(why) => return self.broken.push(why),
        };
        let Some(events) = annotation(HOOK) else {
            return self.documents.push(document);
        };
        let Some(events) = Event::all(events.split(',')) else {
            return self.dropped.push(document.address);
        };
        self.hooks.push(Hook {
            document,
            events,
            weight: annotation(WEIGHT)
                .and_then(|weight| weight.trim().parse().ok())
                .unwrap_or(0),
            delete_policies: annotation(DELETE_POLICY)
                .map(|words| DeletePolicy::all(words.split(',')))
                .unwrap_or_default(),
            last_run: None,
        });
    }
}

impl Document {
    /// Reads one object.
    pub(super) fn read(at: usize, value: &Value, release_namespace: &str) -> Result<Self, String> {
        let Some(address) = named(value, release_namespace) else {
            return Err(format!("document {} has no apiVersion or kind", at + 1));
        };
        let policy = value.pointer("/metadata/annotations");
        let policy = policy.and_then(|all| all.get(RESOURCE_POLICY)).and_then(Value::as_str);
        let object = match Kind::from_api(&address.api_version, &address.kind) {
            None => None,
            Some(known) => {
                let mut object = Object::from_value(known, value)
                    .map_err(|_error| format!("document {} ({address}) is no {}", at + 1, address.kind))?;
                object.meta.namespace = address.namespace.clone();
                Some(Arc::new(object))
            }
        };
        Ok(Self {
            at,
            policy: policy.map(Text::from),
            object,
            prints: prints(value),
            whole: Print::of(value),
            blanks: Blank::of_object(&address.to_string(), value),
            hints: Hints::of(value),
            firm: Firm::of(&address, value).map(Arc::new),
            address,
        })
    }

    /// The annotation saves it from an uninstall (`resource_policy.go`): trimmed and in lower case.
    pub fn kept(&self) -> bool {
        self.policy
            .as_ref()
            .is_some_and(|policy| policy.trim().to_lowercase() == "keep")
    }

    /// The fields in which two documents of one object differ, by path.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a Text> {
        let mut fields: Vec<&Text> = self
            .prints
            .iter()
            .filter(|(field, print)| other.prints.get(*field) != Some(print))
            .map(|(field, _)| field)
            .chain(other.prints.keys().filter(|field| !self.prints.contains_key(*field)))
            .collect();
        fields.sort_unstable();
        fields
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

/// What a document names; `None` where it has no apiVersion or kind.
pub(super) fn named(value: &Value, release_namespace: &str) -> Option<Address> {
    let (api_version, kind) = (text(value, "apiVersion")?, text(value, "kind")?);
    let meta = |field: &str| value.pointer(field).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (meta("/metadata/namespace"), meta("/metadata/name"));
    Some(Address::new(api_version, kind, namespace, name, release_namespace))
}

/// A document's YAML, no deeper than [`DEPTH`]. The parser's own words may quote a value: only what is wrong is told.
pub(super) fn parsed(part: &str) -> Result<Value, &'static str> {
    use serde_saphyr::DeserializeError;
    use serde_saphyr::budget::BudgetBreach;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH, flow_nesting_limit: DEPTH },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(part, options).map_err(|error| match error {
        DeserializeError::Budget {
            breach: BudgetBreach::Depth { .. },
            ..
        } => "is deeper than 128 levels",
        DeserializeError::Budget { .. } => "is too large to be read",
        // how the scanner calls the depth of flow collections
        other if other.to_string().contains("recursion limit exceeded") => "is deeper than 128 levels",
        _ => "is no YAML",
    })
}

/// The texts between separators, empty ones left out: a line that begins with `---` (`releaseutil/manifest.go`).
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("---") {
            parts.push(String::new());
            if rest.trim().is_empty() || rest.trim_start().starts_with('#') {
                continue;
            }
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(line.strip_prefix("---").unwrap_or(line));
            part.push('\n');
        }
    }
    let said = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    parts.retain(|part| part.lines().any(said));
    parts
}

fn prints(value: &Value) -> BTreeMap<Text, Print> {
    let mut prints = BTreeMap::new();
    for field in ["labels", "annotations"] {
        if let Some(value) = value
            .pointer(&format!("/metadata/{field}"))
            .filter(|value| !value.is_null())
        {
            prints.insert(format!("metadata.{field}").into(), Print::of(value));
        }
    }
    let (prefix, fields) = match value.get("spec") {
        Some(spec) => ("spec.", spec),
        None => ("", value),
    };
    for (field, value) in fields.as_object().into_iter().flatten() {
        if prefix.is_empty() && matches!(field.as_str(), "apiVersion" | "kind" | "metadata" | "status") {
            continue;
        }
        prints.insert(format!("{prefix}{field}").into(), Print::of(value));
    }
    prints
}

#[cfg(test)]
mod tests;
