//! The exact request of an act: built once, shown, hashed into the approval, and sent unchanged. An HTTP request, the
//! command line of the operator's helm, or the commands of a task.

mod command;
mod document;
mod task;

pub use command::Command;

use crate::model::act::Task;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::{Act, Object, Pin};
use serde_json::Value;
use std::fmt;

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// What is sent, and by whom, complete but for the server's address and the credentials. Nobody outside this module can
/// alter it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    carrier: Carrier,
    text: String,
}

/// Who carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    Http(Http),
    Helm(Command),
    /// Neither: what `cluster::write` does step by step.
    Task(Box<Task>),
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: Vec<u8>,
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
    /// The finalizer to be removed is not there.
    NoSuchFinalizer,
    /// Something of the name of what is to be made is there already.
    AlreadyThere,
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
            Self::NoSuchFinalizer => "the object does not carry that finalizer",
            Self::AlreadyThere => "something of that name is there already, and a create never replaces",
            Self::StrangeName => "the object's name is not one that Kubernetes gives",
        })
    }
}

impl Request {
    /// The request of an act on its target as it is now. `None` for a target that is not there.
    ///
    /// Each carries what binds it to the very object that was shown:
    ///
    /// | request | precondition |
    /// |---|---|
    /// | DELETE, and POST to `eviction` | uid and resourceVersion in `preconditions`; the propagation always |
    /// | JSON patch (scale, finalizer, policy, claimRef) | `test` of uid, of resourceVersion and of the field it changes |
    /// | merge patch (annotations, labels) | uid and resourceVersion in `metadata`, which the server compares (409) |
    /// | POST of a claim, a class or a set | nothing of its name is there (409) |
    /// | exec, in steps | the pod has the uid that was shown, asked again whenever a connection was cut |
    /// | POST of a snapshot | nothing of its name is there (409); it carries the step |
    /// | helm | the newest record is the one that was shown, read through just before; then helm's own record lock |
    ///
    /// A scale is a patch of the object and not of its `scale` subresource: all three tests are made on the object that was
    /// shown, and the answer is that object, by which the write is judged. (Seen on v1.36: the subresource checks uid and
    /// resourceVersion as well, but answers with a `Scale`.) Annotations go by merge patch because the map may be missing,
    /// where a JSON patch would have to choose between failing and replacing the whole map. Sources:
    /// `reference/semantics.md` §3.1, §3.3, §3.12, `apiserver/pkg/endpoints/handlers/patch.go`.
    pub fn of(act: &Act, target: Option<&Object>) -> Result<Self, Unsendable> {
        if !act.performed() {
            return Err(Unsendable::ForecastOnly);
        }
        if let Act::Helm { release, helm, means } = act {
            return Ok(Self::command(command::of(release, helm, means.as_ref(), target)?));
        }
        let pin = act.target();
        if let Act::CreateClaim { draft, step, .. } = act {
            let body = document::claim(&pin.key, draft, step);
            return match target {
                Some(_) => Err(Unsendable::AlreadyThere),
                None => Ok(Self::new("POST", collection(pin)?, JSON, &body)),
            };
        }
        if let Act::CreateClass { class, draft, step } = act {
            let body = draft.body(&class.key.name, step);
            return match target {
                Some(_) => Err(Unsendable::AlreadyThere),
                None => Ok(Self::new("POST", collection(pin)?, JSON, &body)),
            };
        }
        if let Act::CreateSet { set, draft, step } = act {
            let body = draft.body(&set.key.namespace, &set.key.name, step);
            return match target {
                Some(_) => Err(Unsendable::AlreadyThere),
                None => Ok(Self::new("POST", collection(pin)?, JSON, &body)),
            };
        }
        let target = target
            .filter(|object| object.meta.uid == pin.uid)
            .ok_or(Unsendable::TargetGone)?;
        if pin.uid.is_empty() || pin.resource_version.is_empty() {
            return Err(Unsendable::Unpinned);
        }
        let path = path(pin)?;
        let json_patch = |body: Vec<Value>| Ok(Self::new("PATCH", path.clone(), JSON_PATCH, &Value::Array(body)));
        let merge_patch = |body: Value| Ok(Self::new("PATCH", path.clone(), MERGE_PATCH, &body));
        match act {
            Act::Delete { propagation, .. } => {
                let options = document::delete(pin, Some(*propagation));
                Ok(Self::new("DELETE", path, JSON, &options))
            }
            Act::Evict { .. } => {
                let eviction = document::eviction(pin);
                Ok(Self::new("POST", format!("{path}/eviction"), JSON, &eviction))
            }
            Act::Scale { replicas, .. } => json_patch(document::scale(pin, target, *replicas)),
            Act::RemoveFinalizer { finalizer, .. } => document::finalizer(pin, target, finalizer)
                .ok_or(Unsendable::NoSuchFinalizer)
                .and_then(json_patch),
            Act::SetReclaimPolicy { policy, .. } => json_patch(document::policy(pin, target, *policy)),
            Act::ClearClaimRef { .. } => document::clear_claim_ref(pin, target)
                .ok_or(Unsendable::NothingToClear)
                .and_then(json_patch),
            Act::RetargetClaimRef { namespace, name, .. } => {
                json_patch(document::retarget(pin, target, namespace, name))
            }
            Act::Annotate { annotation, value, .. } => {
                merge_patch(document::marks(pin, &[(annotation, value.as_deref())], &[]))
            }
            Act::Stamp { release, namespace, .. } => merge_patch(document::marks(
                pin,
                &[(RELEASE_NAME, Some(release)), (RELEASE_NAMESPACE, Some(namespace))],
                &[(MANAGED_BY, Some("Helm"))],
            )),
            Act::Task { task, .. } => Ok(Self::task(&path, task)),
            Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => Err(Unsendable::AlreadyThere),
            Act::Helm { .. } => Err(Unsendable::ForecastOnly),
        }
    }

    fn new(method: &'static str, path: String, content_type: &'static str, body: &Value) -> Self {
        let written = body.to_string();
        Self {
            text: format!("{method} {path}\nContent-Type: {content_type}\n\n{written}"),
            carrier: Carrier::Http(Http {
                method,
                path,
                content_type,
                body: written.into_bytes(),
            }),
        }
    }

    fn command(command: Command) -> Self {
        Self {
            text: command.to_string(),
            carrier: Carrier::Helm(command),
        }
    }

    fn task(path: &str, task: &Task) -> Self {
        Self {
            text: task::text(path, task),
            carrier: Carrier::Task(Box::new(task.clone())),
        }
    }

    pub const fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    /// The HTTP request, where it is one.
    pub const fn http(&self) -> Option<&Http> {
        match &self.carrier {
            Carrier::Http(http) => Some(http),
            Carrier::Helm(_) | Carrier::Task(_) => None,
        }
    }

    /// The request as it is shown: line, content type, body; or the command line and what is set for it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Http {
    /// `DELETE`, `PATCH` or `POST`.
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
}

/// A name that Kubernetes gives: it stays within its segment of a path.
fn plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.'))
        && !name.starts_with('.')
}

/// `/api/v1/namespaces/NS/pods`, `/apis/batch/v1/…`.
fn collection(pin: &Pin) -> Result<String, Unsendable> {
    let key = &pin.key;
    if !plain(&key.name) || (key.kind.namespaced() && !plain(&key.namespace)) {
        return Err(Unsendable::StrangeName);
    }
    let root = if key.kind.group().is_empty() { "api" } else { "apis" };
    let version = key.kind.api_version();
    let plural = key.kind.plural();
    Ok(if key.kind.namespaced() {
        format!("/{root}/{version}/namespaces/{}/{plural}", key.namespace)
    } else {
        format!("/{root}/{version}/{plural}")
    })
}

/// One object in its collection.
fn path(pin: &Pin) -> Result<String, Unsendable> {
    Ok(format!("{}/{}", collection(pin)?, pin.key.name))
}
