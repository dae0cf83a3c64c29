//! What must not be shown of helm's own words: values of Secrets and of the operator's values files, wherever they turn up.
//!
//! Held while helm runs, then forgotten; never printed, never written.

use crate::cluster::said;
use crate::model::redact::{REDACTED, redact};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// A shorter value is not hidden by itself: it would hide every word that contains it.
const SHORTEST: usize = 6;
/// The longest line that is passed on, in characters, before it is made safe.
const LONGEST: usize = 4_000;

#[derive(Default)]
pub(in crate::cluster) struct Mask(BTreeSet<String>);

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({} values)", self.0.len())
    }
}

impl Mask {
    /// Values of a values file, or of a release's `config`: every text in it.
    pub(in crate::cluster) fn hide_values(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.hide(text),
            Value::Array(items) => items.iter().for_each(|item| self.hide_values(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.hide_values(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The data of every Secret in a manifest, packed and unpacked.
    pub(in crate::cluster) fn hide_secrets(&mut self, manifest: &str) {
        use base64::Engine as _;
        for part in manifest.split("\n---") {
            let Ok(value) = serde_saphyr::from_str::<Value>(part.trim_start_matches("---")) else {
                continue;
            };
            if value.get("kind").and_then(Value::as_str) != Some("Secret") {
                continue;
            }
            for (_, packed) in value.get("data").and_then(Value::as_object).into_iter().flatten() {
                let Some(packed) = packed.as_str() else { continue };
                self.hide(packed);
                let plain = base64::engine::general_purpose::STANDARD.decode(packed.trim());
                if let Some(plain) = plain.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                    self.hide(&plain);
                }
            }
            if let Some(plain) = value.get("stringData") {
                self.hide_values(plain);
            }
        }
    }

    /// A release as helm keeps it: its values, and the Secrets of its manifest and of its hooks.
    pub(in crate::cluster) fn hide_release(&mut self, release: &Value) {
        if let Some(config) = release.get("config") {
            self.hide_values(config);
        }
        let text = |value: &Value| value.get("manifest").and_then(Value::as_str).map(str::to_owned);
        let hooks = release
            .get("hooks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(text);
        for manifest in text(release).into_iter().chain(hooks) {
            self.hide_secrets(&manifest);
        }
    }

    fn hide(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            if line.chars().count() >= SHORTEST {
                self.0.insert(line.to_owned());
            }
        }
    }

    /// A line as it may be shown: without those values and without what looks like a secret, one line, nothing that moves a
    /// cursor.
    pub(in crate::cluster) fn line(&self, line: &str) -> String {
        let mut line: String = line.chars().take(LONGEST).collect();
        // the longest first: one value may contain another
        let mut values: Vec<&String> = self.0.iter().collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in values {
            if line.contains(value.as_str()) {
                line = line.replace(value.as_str(), REDACTED);
            }
        }
        let line = match redact(Value::String(line)) {
            Value::String(line) => line,
            _ => REDACTED.to_owned(),
        };
        said::plain(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_value_of_the_operators_and_of_no_secret_is_passed_on() {
        let mut mask = Mask::default();
        mask.hide_values(&json!({"db": {"password": "canary-7f3a", "hosts": ["long-enough-host"]}, "tag": "v1"}));
        mask.hide_secrets(
            "---\nkind: Secret\nmetadata: {name: a}\ndata: {k: Y2FuYXJ5LWluLWEtc2VjcmV0}\n---\nkind: Secret\nstringData: {k: 'plain-canary'}\n---\nkind: ConfigMap\ndata: {k: no-canary}\n",
        );
        for (line, shown) in [
            ("Error: canary-7f3a is wrong", "Error: <redacted> is wrong"),
            ("cannot use Y2FuYXJ5LWluLWEtc2VjcmV0", "cannot use <redacted>"),
            ("cannot use canary-in-a-secret!", "cannot use <redacted>!"),
            ("plain-canary", "<redacted>"),
            ("no-canary stays", "no-canary stays"),
            ("release v1", "release v1"),
            ("password=hunter2 tried", "password=<redacted> tried"),
            ("\u{1b}[2Jcleared\u{7}", "\\u{1b}[2Jcleared\\u{7}"),
        ] {
            assert_eq!(mask.line(line), shown);
        }
        assert!(!format!("{mask:?}").contains("canary"));
    }
}
