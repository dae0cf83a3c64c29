//! Fingerprints: whether two values are the same, without keeping either.

use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};

/// A value's fingerprint. Never printed, written or sent: a short value could be guessed from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Print(u64);

impl Print {
    /// Equal for values that are equal as JSON, whatever the order of their fields.
    pub fn of(value: &Value) -> Self {
        let mut hasher = DefaultHasher::new();
        feed(value, &mut hasher);
        Self(hasher.finish())
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Print(…)")
    }
}

fn feed(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Object(fields) => {
            b'{'.hash(hasher);
            for (name, value) in fields.iter().collect::<BTreeMap<_, _>>() {
                name.hash(hasher);
                feed(value, hasher);
            }
        }
        Value::Array(items) => {
            b'['.hash(hasher);
            items.len().hash(hasher);
            for item in items {
                feed(item, hasher);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string().hash(hasher),
    }
}

/// The fingerprints of a tree's leaves by their path: `mysql.rootPassword`.
pub(super) fn leaves(value: &Value) -> BTreeMap<String, Print> {
    let mut found = BTreeMap::new();
    descend(value, "", &mut found);
    found
}

fn descend(value: &Value, path: &str, found: &mut BTreeMap<String, Print>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                descend(value, &path, found);
            }
        }
        Value::Null if path.is_empty() => {}
        leaf => {
            found.insert(path.to_owned(), Print::of(leaf));
        }
    }
}
