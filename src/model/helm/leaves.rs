//! An object, or a tree of values, as its leaves by path: what may be shown of each, and whether two are the same.
//!
//! What looks like a secret keeps its fingerprint and nothing else; so does every value of a Secret. Knows no cluster.

use super::Print;
use crate::model::Text;
use crate::model::redact::{REDACTED, looks_secret_name, redact};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most leaves that are kept of one tree.
const MOST: usize = 50_000;
/// The most characters that are kept of one leaf to be shown.
const LONGEST: usize = 4_096;

/// One value at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    print: Print,
    /// `None`: it is hidden.
    shown: Option<Text>,
    /// `null`, `""`, `0`, `false`, `{}`, `[]`: what a server may leave out.
    empty: bool,
}

impl Leaf {
    /// What may be shown of it; `None` where it looks like a secret.
    pub const fn shown(&self) -> Option<&Text> {
        self.shown.as_ref()
    }

    /// Whether a server may leave such a value out.
    pub const fn empty(&self) -> bool {
        self.empty
    }

    /// Whether both are the same value, shown or hidden.
    pub fn same(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

/// Leaves by path: `spec.containers[app].image`, `metadata.annotations["helm.sh/resource-policy"]`. Elements of a list
/// that all bear a name of their own go by it, others by their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaves {
    by_path: BTreeMap<Text, Leaf>,
    cut: bool,
    /// Whatever stands below a secret-looking name is hidden: the names of an operator's values mean what he likes, those of
    /// an object (`volumes[].secret`, `imagePullSecrets`) are Kubernetes' own.
    strict: bool,
}

impl Leaves {
    /// The leaves of an object as a manifest or a server writes it.
    pub fn of_object(object: &Value) -> Self {
        let object = plain_secret(object);
        let shown = redact(object.clone());
        let mut leaves = Self::default();
        leaves.descend(&object, Some(&shown), "");
        leaves
    }

    /// The leaves of a tree of an operator's values.
    pub fn of_values(values: &Value) -> Self {
        let shown = redact(values.clone());
        let mut leaves = Self {
            strict: true,
            ..Self::default()
        };
        if !values.is_null() {
            leaves.descend(values, Some(&shown), "");
        }
        leaves
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Leaf)> {
        self.by_path.iter()
    }

    pub fn get(&self, path: &str) -> Option<&Leaf> {
        self.by_path.get(path)
    }

    /// Whether anything stands at this path or below it.
    pub fn holds(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
            || self
                .by_path
                .range::<str, _>((std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded))
                .take_while(|(held, _)| held.starts_with(path))
                .any(|(held, _)| held.get(path.len()..).is_some_and(|rest| rest.starts_with(['.', '['])))
    }

    pub fn len(&self) -> usize {
        self.by_path.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// Keeps the leaves of these paths alone.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.by_path.retain(|path, _| keep(path));
    }

    /// Hides what stands at these paths.
    pub(super) fn blind(&mut self, hide: impl Fn(&str) -> bool) {
        for (path, leaf) in &mut self.by_path {
            if hide(path) {
                leaf.shown = None;
            }
        }
    }

    /// There were more leaves than are kept.
    pub const fn cut(&self) -> bool {
        self.cut
    }

    /// Walks the value and what may be shown of it side by side; `shown` is a leaf where a whole branch is hidden.
    fn descend(&mut self, value: &Value, shown: Option<&Value>, path: &str) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let shown = shown.and_then(Value::as_object);
                for (name, value) in fields {
                    let path = further(path, name);
                    let shown = shown.and_then(|shown| shown.get(name));
                    let hidden = secret(name, value, self.strict);
                    self.descend(value, shown.filter(|_| !hidden), &path);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let names = names(items);
                let shown = shown.and_then(Value::as_array);
                for (at, item) in items.iter().enumerate() {
                    let name = names.as_ref().and_then(|names| names.get(at));
                    let path = name.map_or_else(|| format!("{path}[{at}]"), |name| format!("{path}[{name}]"));
                    self.descend(item, shown.and_then(|shown| shown.get(at)), &path);
                }
            }
            leaf => self.keep(leaf, shown, path),
        }
    }

    fn keep(&mut self, value: &Value, shown: Option<&Value>, path: &str) {
        if self.by_path.len() >= MOST {
            self.cut = true;
            return;
        }
        let shown = shown.filter(|shown| shown.as_str() != Some(REDACTED)).map(text);
        let leaf = Leaf {
            print: Print::of(value),
            shown,
            empty: empty(value),
        };
        self.by_path.insert(path.into(), leaf);
    }
}

/// A value that its own name hides, whatever it is: `redact` hides texts alone.
fn secret(name: &str, value: &Value, strict: bool) -> bool {
    let hides = match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => strict || items.iter().all(|item| !item.is_object() && !item.is_array()),
        Value::Object(_) => strict,
    };
    hides && looks_secret_name(name)
}

fn text(value: &Value) -> Text {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            let more = text.chars().count() - LONGEST;
            format!("{}… and {more} characters more", text.get(..at).unwrap_or_default()).into()
        }
        None => text.into(),
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

pub(super) fn further(path: &str, name: &str) -> String {
    if name.contains(['.', '[', ']', '"', '/']) {
        format!("{path}[{name:?}]")
    } else if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The names of a list's elements, where each has one of its own.
pub(super) fn names(items: &[Value]) -> Option<Vec<&str>> {
    let names: Vec<&str> = items
        .iter()
        .map(|item| item.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()))
        .collect::<Option<_>>()?;
    let own: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    (own.len() == names.len()).then_some(names)
}

/// A Secret's `stringData` stands in `data` once a server has taken it in.
pub(super) fn plain_secret(object: &Value) -> Value {
    let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret")
        && object.get("apiVersion").and_then(Value::as_str) == Some("v1");
    let mut object = object.clone();
    let Some(fields) = object.as_object_mut().filter(|_| is_secret) else {
        return object;
    };
    let Some(Value::Object(plain)) = fields.remove("stringData") else {
        return object;
    };
    let data = fields.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    if let Value::Object(data) = data {
        for (name, value) in plain {
            let value = value
                .as_str()
                .map_or(value.clone(), |text| STANDARD.encode(text).into());
            data.insert(name, value);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(leaves: &Leaves, path: &str) -> Option<String> {
        leaves.get(path).unwrap().shown().map(ToString::to_string)
    }

    #[test]
    fn a_leaf_goes_by_its_path() {
        let leaves = Leaves::of_object(&json!({
            "kind": "Deployment", "metadata": {"annotations": {"helm.sh/resource-policy": "keep"}},
            "spec": {"replicas": 2, "args": ["a", "b"], "containers": [{"name": "app", "image": "x:1"}], "none": {}},
        }));
        let paths: Vec<&str> = leaves.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "kind",
                "metadata.annotations[\"helm.sh/resource-policy\"]",
                "spec.args[0]",
                "spec.args[1]",
                "spec.containers[app].image",
                "spec.containers[app].name",
                "spec.none",
                "spec.replicas",
            ]
        );
        assert_eq!(shown(&leaves, "spec.containers[app].image").as_deref(), Some("x:1"));
        assert!(leaves.get("spec.none").unwrap().empty() && !leaves.get("spec.replicas").unwrap().empty());
        assert!(leaves.holds("spec") && leaves.holds("spec.containers[app]") && !leaves.holds("spec.repl"));
    }

    #[test]
    fn of_a_secret_only_the_fingerprint_is_kept() {
        let stored = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"any": "hunter2"}});
        let live = json!({"apiVersion": "v1", "kind": "Secret", "data": {"any": STANDARD.encode("hunter2")}});
        let other = json!({"apiVersion": "v1", "kind": "Secret", "data": {"any": STANDARD.encode("hunter3")}});
        let [stored, live, other] = [&stored, &live, &other].map(Leaves::of_object);
        for leaves in [&stored, &live, &other] {
            assert_eq!(shown(leaves, "data.any"), None);
            assert!(!format!("{leaves:?}").contains("hunter"));
        }
        let data = |leaves: &Leaves| leaves.get("data.any").unwrap().clone();
        assert!(data(&stored).same(&data(&live)) && !data(&stored).same(&data(&other)));
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_in_values() {
        let leaves = Leaves::of_values(&json!({
            "mysql": {"rootPassword": "hunter2", "adminPassword": 4711, "port": 3306, "passwordFile": "/x"},
            "passwords": {"any": ["hunter2", {"deep": "hunter2"}]}, "tokens": ["glpat-0123456789abcdef"], "url": "mysql://root:hunter2@db/x", "tls": {"secretName": "tls"},
        }));
        for hidden in [
            "mysql.rootPassword",
            "mysql.adminPassword",
            "passwords.any[0]",
            "passwords.any[1].deep",
            "tokens[0]",
            "url",
        ] {
            assert_eq!(shown(&leaves, hidden), None, "{hidden}");
        }
        assert_eq!(shown(&leaves, "mysql.port").as_deref(), Some("3306"));
        assert_eq!(shown(&leaves, "tls.secretName").as_deref(), Some("tls"));
        assert!(Leaves::of_values(&Value::Null).is_empty());
        let text = format!("{leaves:?}");
        assert!(["hunter2", "4711", "glpat"].iter().all(|canary| !text.contains(canary)));
    }

    #[test]
    fn a_tree_without_end_is_cut() {
        let many: Vec<u32> = (0..60_000).collect();
        let leaves = Leaves::of_values(&json!({ "many": many }));
        assert!(leaves.cut() && leaves.len() == MOST);
        let long = Leaves::of_values(&json!({ "long": "x".repeat(LONGEST + 7) }));
        assert!(shown(&long, "long").unwrap().ends_with("… and 7 characters more"));
    }
}
