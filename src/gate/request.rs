//! The exact request of an act: built once, shown, hashed into the approval, and sent unchanged.

use crate::model::{Act, Kind, Object, Pin};
use serde_json::{Value, json};
use std::fmt;

/// One HTTP request, complete but for the server's address and the credentials. Nobody outside this module can alter it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: Vec<u8>,
    text: String,
}

/// Why there is no request for an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsendable {
    /// Pilothouse forecasts this act and does not perform it.
    ForecastOnly,
    /// The object is not there, or is not the one that was pinned.
    TargetGone,
    /// The object has no uid or no resource version: a write could not be bound to it.
    Unpinned,
    /// A volume without `claimRef.uid` has nothing to clear.
    NothingToClear,
    /// A name that does not belong into a path: not one that Kubernetes would give.
    StrangeName,
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForecastOnly => "Pilothouse forecasts this act and does not perform it",
            Self::TargetGone => "the object is gone, or another one has its name",
            Self::Unpinned => "the object shows no uid or no resourceVersion to bind the request to",
            Self::NothingToClear => "the volume's claimRef has no uid: there is nothing to clear",
            Self::StrangeName => "the object's name is not one that Kubernetes gives",
        })
    }
}

impl Request {
    /// The request of an act on its target as it is now.
    ///
    /// A DELETE carries uid and resourceVersion as preconditions, and its propagation always. The patch tests uid,
    /// resourceVersion and `claimRef.uid` before it removes anything, and never removes the whole `claimRef`
    /// (`reference/semantics.md` §3.1, §3.3).
    pub fn of(act: &Act, target: Option<&Object>) -> Result<Self, Unsendable> {
        if !act.performed() {
            return Err(Unsendable::ForecastOnly);
        }
        let pin = act.target();
        let target = target
            .filter(|object| object.meta.uid == pin.uid)
            .ok_or(Unsendable::TargetGone)?;
        if pin.uid.is_empty() || pin.resource_version.0.is_empty() {
            return Err(Unsendable::Unpinned);
        }
        let path = path(pin)?;
        match act {
            Act::Delete { propagation, .. } => {
                let options = json!({
                    "kind": "DeleteOptions",
                    "apiVersion": "v1",
                    "propagationPolicy": propagation.word(),
                    "preconditions": { "uid": pin.uid, "resourceVersion": pin.resource_version },
                });
                Ok(Self::new("DELETE", path, "application/json", &options))
            }
            Act::ClearClaimRef { .. } => {
                let operations = clear_claim_ref(pin, target)?;
                Ok(Self::new("PATCH", path, "application/json-patch+json", &operations))
            }
            Act::Helm { .. } => Err(Unsendable::ForecastOnly),
        }
    }

    fn new(method: &'static str, path: String, content_type: &'static str, body: &Value) -> Self {
        let written = body.to_string();
        Self {
            text: format!("{method} {path}\nContent-Type: {content_type}\n\n{written}"),
            method,
            path,
            content_type,
            body: written.into_bytes(),
        }
    }

    /// `DELETE` or `PATCH`.
    pub const fn method(&self) -> &'static str {
        self.method
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The request as it is shown: line, content type, body.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// `/api/v1/namespaces/NS/pods/NAME`, `/apis/batch/v1/…`.
fn path(pin: &Pin) -> Result<String, Unsendable> {
    let key = &pin.key;
    let plain = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.'))
            && !name.starts_with('.')
    };
    if !plain(&key.name) || (key.kind.namespaced() && !plain(&key.namespace)) {
        return Err(Unsendable::StrangeName);
    }
    let root = if key.kind.group().is_empty() { "api" } else { "apis" };
    let version = key.kind.api_version();
    let plural = key.kind.plural();
    Ok(if key.kind.namespaced() {
        format!("/{root}/{version}/namespaces/{}/{plural}/{}", key.namespace, key.name)
    } else {
        format!("/{root}/{version}/{plural}/{}", key.name)
    })
}

fn clear_claim_ref(pin: &Pin, target: &Object) -> Result<Value, Unsendable> {
    let claim = target
        .body
        .volume()
        .filter(|_| pin.key.kind == Kind::PersistentVolume)
        .and_then(|volume| volume.spec.claim_ref.as_ref())
        .filter(|claim| !claim.uid.is_empty())
        .ok_or(Unsendable::NothingToClear)?;
    let mut patch = vec![
        json!({ "op": "test", "path": "/metadata/uid", "value": pin.uid }),
        json!({ "op": "test", "path": "/metadata/resourceVersion", "value": pin.resource_version }),
        json!({ "op": "test", "path": "/spec/claimRef/uid", "value": claim.uid }),
        json!({ "op": "remove", "path": "/spec/claimRef/uid" }),
    ];
    if !claim.resource_version.0.is_empty() {
        patch.push(json!({ "op": "remove", "path": "/spec/claimRef/resourceVersion" }));
    }
    Ok(Value::Array(patch))
}
