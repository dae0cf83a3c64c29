//! What may be shown and kept of an object's raw JSON: everything but what looks like a secret.
//!
//! The raw YAML view, saved objects, captures and the journal all pass through [`redact`]. It errs on the side of
//! hiding: a value wrongly hidden costs a `kubectl get`, a value wrongly shown costs a password rotation.
//! This module knows shapes of JSON only; it reads no cluster and no disk.

use serde_json::{Map, Value};

/// What stands in place of a hidden value. Its length tells nothing.
pub const REDACTED: &str = "<redacted>";

/// Annotations that hold a copy of the whole object: hidden with a Secret, looked into otherwise.
const COPIES: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kapp.k14s.io/original",
    "objectset.rio.cattle.io/applied",
    "banzaicloud.com/last-applied",
];

/// Maps whose keys are names of settings and whose values are theirs: a secret-looking key hides its value.
const SETTINGS: [&str; 7] = [
    "data",
    "binaryData",
    "annotations",
    "labels",
    "parameters",
    "volumeAttributes",
    "options",
];

/// Parts of a setting's name that make its value a secret.
const SECRET_WORDS: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "accountkey",
    "privatekey",
    "encryptionkey",
    "masterkey",
    "signingkey",
    "unsealkey",
    "credential",
    "connectionstring",
    "dsn",
    "bearer",
    "authorization",
];

/// Name endings that say the value is where a secret is, not the secret.
const REFERENCES: [&str; 8] = ["name", "namespace", "ref", "path", "file", "mount", "seconds", "policy"];

/// A copy of an object, or of a list of objects, without what looks like a secret: `data` and `stringData` of Secrets,
/// copies of them in annotations, settings and environment values with secret-looking names, and, wherever they
/// stand, values that look like keys, tokens or addresses with a password in them.
#[must_use]
pub fn redact(value: Value) -> Value {
    hide(value, false)
}

/// A name under which passwords are kept: `DB_PASSWORD`, `api-key`, `vault.token`, but not `secretName` or `token_path`.
pub fn looks_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    SECRET_WORDS.iter().any(|word| plain.contains(word)) && !REFERENCES.iter().any(|end| plain.ends_with(end))
}

/// A value that gives itself away: a PEM block, a JSON web token, a well-known token prefix, or an address with a
/// password in it.
pub fn looks_secret_value(value: &str) -> bool {
    let value = value.trim();
    value.contains("-----BEGIN")
        || has_userinfo(value)
        || value
            .split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '=' | ','))
            .any(is_token)
}

fn is_token(word: &str) -> bool {
    let known = [
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "hvs.",
        "hvb.",
        "xoxb-",
        "xoxp-",
        "AKIA",
        "ASIA",
        "sk_live_",
    ];
    (known.iter().any(|prefix| word.starts_with(prefix)) && word.len() >= 16)
        || (word.starts_with("eyJ") && word.matches('.').count() == 2)
}

/// `scheme://user:password@host`.
fn has_userinfo(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(userinfo, _)| userinfo.contains(':'))
    })
}

fn hide(value: Value, secret: bool) -> Value {
    match value {
        Value::Object(fields) => Value::Object(hide_object(fields, secret)),
        Value::Array(items) => Value::Array(hide_list(items, secret)),
        Value::String(text) if looks_secret_value(&text) => REDACTED.into(),
        Value::String(text) => Value::String(hide_assignments(text)),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

fn hide_object(fields: Map<String, Value>, inherited: bool) -> Map<String, Value> {
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default();
    let secret = kind == "Secret" || kind == "SecretList" || (inherited && kind.is_empty());
    let named = fields
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(looks_secret_name);
    fields
        .into_iter()
        .map(|(key, value)| {
            let value = match key.as_str() {
                "data" | "stringData" if secret => hide_every(value),
                "annotations" => hide_settings(value, |key, value| hide_copy(key, value, secret)),
                "value" if named && value.is_string() => REDACTED.into(),
                name if SETTINGS.contains(&name) && value.is_object() => {
                    hide_settings(value, |_, value| hide(value, secret))
                }
                "metadata" => hide(value, secret),
                "items" if secret => hide(value, true),
                name if value.is_string() && looks_secret_name(name) => REDACTED.into(),
                _ => hide(value, false),
            };
            (key, value)
        })
        .collect()
}

/// Keeps the keys, which say what there is, and hides every value.
fn hide_every(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, _)| (key, Value::from(REDACTED)))
            .collect(),
        Value::Null => Value::Null,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => REDACTED.into(),
    }
}

fn hide_settings(value: Value, within: impl Fn(&str, Value) -> Value) -> Value {
    let Value::Object(fields) = value else {
        return within("", value);
    };
    fields
        .into_iter()
        .map(|(key, value)| {
            let value = if looks_secret_name(&key) && !value.is_object() && !value.is_null() {
                REDACTED.into()
            } else {
                within(&key, value)
            };
            (key, value)
        })
        .collect()
}

/// An annotation: a copy of a Secret is hidden, a copy of anything else is redacted inside.
fn hide_copy(key: &str, value: Value, secret: bool) -> Value {
    if !COPIES.contains(&key) {
        return hide(value, secret);
    }
    let inside = value
        .as_str()
        .filter(|_| !secret)
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(Value::is_object);
    inside.map_or_else(|| REDACTED.into(), |object| redact(object).to_string().into())
}

/// A list; in command lines, the word after `--password` goes with it.
fn hide_list(items: Vec<Value>, secret: bool) -> Vec<Value> {
    let mut flagged = false;
    items
        .into_iter()
        .map(|item| {
            let hidden = std::mem::take(&mut flagged) && item.is_string();
            flagged = item
                .as_str()
                .is_some_and(|word| word.starts_with('-') && !word.contains('=') && looks_secret_name(word));
            if hidden { REDACTED.into() } else { hide(item, secret) }
        })
        .collect()
}

/// `"$DB_PASSWORD"`, `${DB_PASSWORD}`: a shell's variable, in capitals as those of an environment are. It tells where a secret
/// is, not the secret.
fn is_variable(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'']).strip_prefix('$');
    let bare = bare.map(|name| {
        name.strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
            .unwrap_or(name)
    });
    bare.is_some_and(|name| {
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_uppercase() || first == '_')
            && letters.all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    })
}

/// Hides the right side of `--password=x`, `PASSWORD=x` and `password: x` inside a longer text, line by line and word by word.
fn hide_assignments(text: String) -> String {
    if !text.contains(['=', ':']) {
        return text;
    }
    let mut hidden = false;
    let words: Vec<String> = text
        .split_inclusive([' ', '\n', ';', '&'])
        .map(|word| {
            let end = word.trim_end_matches([' ', '\n', ';', '&']);
            let tail = word.strip_prefix(end).unwrap_or_default();
            let after_colon = std::mem::replace(&mut hidden, end.strip_suffix(':').is_some_and(looks_secret_name));
            match end.split_once('=') {
                _ if after_colon && !end.is_empty() => format!("{REDACTED}{tail}"),
                Some((name, value)) if !value.is_empty() && looks_secret_name(name) && !is_variable(value) => {
                    format!("{name}={REDACTED}{tail}")
                }
                _ => word.to_owned(),
            }
        })
        .collect();
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CANARY: &str = "canary-7f3a";

    fn clean(value: Value) -> String {
        redact(value).to_string()
    }

    #[test]
    fn a_variable_is_kept_and_what_only_begins_like_one_is_not() {
        for kept in [
            "'MYSQL_PWD=\"$MYSQL_ROOT_PASSWORD\" exec mysqldump'",
            "export PGPASSWORD=${POSTGRES_PASSWORD}; psql",
        ] {
            assert_eq!(redact(json!(kept)), json!(kept));
        }
        for hidden in [
            "PASSWORD=$ecret7",
            "PASSWORD=$PASS-7f3a",
            "PASSWORD=\"$\"",
            "PASSWORD=${x}",
        ] {
            assert_ne!(redact(json!(hidden)), json!(hidden));
        }
    }

    #[test]
    fn no_canary_survives_wherever_a_secret_is_kept() {
        for (place, value) in [
            ("secret data", json!({"kind": "Secret", "data": {"k": CANARY}})),
            (
                "a field of any name",
                json!({"kind": "X", "spec": {"adminPassword": CANARY}}),
            ),
            (
                "secret stringData",
                json!({"kind": "Secret", "stringData": {"k": CANARY}}),
            ),
            (
                "an item of a SecretList",
                json!({"kind": "SecretList", "items": [{"data": {"k": CANARY}}]}),
            ),
            (
                "a Secret in a List",
                json!({"kind": "List", "items": [{"kind": "Secret", "data": {"k": CANARY}}]}),
            ),
            (
                "last-applied of a Secret",
                json!({"kind": "Secret", "metadata": {"annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"data\":{{\"k\":\"{CANARY}\"}}}}")}}}),
            ),
            (
                "last-applied of a Deployment, in its environment",
                json!({"kind": "Deployment", "metadata": {"annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration":
                        json!({"spec": {"env": [{"name": "DB_PASSWORD", "value": CANARY}]}}).to_string()}}}),
            ),
            (
                "a packed copy nobody can look into",
                json!({"kind": "ConfigMap", "metadata": {"annotations": {"objectset.rio.cattle.io/applied": CANARY}}}),
            ),
            (
                "an environment value",
                json!({"env": [{"name": "MYSQL_ROOT_PASSWORD", "value": CANARY}]}),
            ),
            (
                "a setting of a ConfigMap",
                json!({"kind": "ConfigMap", "data": {"api.token": CANARY}}),
            ),
            (
                "a volume attribute",
                json!({"csi": {"volumeAttributes": {"accountKey": CANARY}}}),
            ),
            ("an argument", json!({"args": [format!("--db-password={CANARY}")]})),
            ("the argument after a flag", json!({"args": ["--password", CANARY]})),
            (
                "a shell line",
                json!({"command": ["sh", "-c", format!("export TOKEN={CANARY} && run")]}),
            ),
            (
                "a configuration file",
                json!({"data": {"app.yaml": format!("user: a\npassword: {CANARY}\n")}}),
            ),
            (
                "an address",
                json!({"env": [{"name": "DATABASE", "value": format!("mysql://root:{CANARY}@db/x")}]}),
            ),
            (
                "a key",
                json!({"data": {"x": format!("-----BEGIN RSA PRIVATE KEY-----\n{CANARY}")}}),
            ),
            ("a web token", json!({"x": format!("eyJhbGci.{CANARY}.sig")})),
        ] {
            let text = clean(value);
            assert!(!text.contains(CANARY), "{place}: {text}");
        }
    }

    #[test]
    fn what_an_operator_needs_stays() {
        for value in [
            json!({"kind": "PersistentVolume", "spec": {"claimRef": {"name": "mysql-pvc", "uid": "0f0a5b1e"},
                "csi": {"driver": "efs.csi.aws.com", "volumeHandle": "fs-06b3::fsap-1",
                        "volumeAttributes": {"storage.kubernetes.io/csiProvisionerIdentity": "1-8081-efs"}}}}),
            json!({"kind": "Pod", "spec": {"volumes": [{"name": "x", "secret": {"secretName": "db-credentials"}}],
                "imagePullSecrets": [{"name": "registry"}], "automountServiceAccountToken": true,
                "containers": [{"env": [{"name": "DB_PASSWORD",
                    "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                    {"name": "PORT", "value": "3306"}], "args": ["--verbose", "--port=3306"]}]}}),
            json!({"kind": "StorageClass", "parameters": {"csi.storage.k8s.io/provisioner-secret-name": "aws"}}),
            json!({"note": "at 14:02 the claim: held"}),
        ] {
            assert_eq!(redact(value.clone()), value);
        }
    }
}
