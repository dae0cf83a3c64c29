//! How the sandbox says no: the `Status` objects of a real API server, with its codes, reasons and sentences.
//!
//! Knows no request and no store. Texts are those of `k8s.io/apimachinery/pkg/api/errors` and of the validations that
//! `reference/semantics.md` §3 quotes.

use super::fields::put;
use super::resources::Resource;
use serde_json::{Value, json};
use std::fmt;

/// A refusal, as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason: `NotFound`, `Conflict`, …; empty when the real server leaves it out.
    pub reason: &'static str,
    pub message: String,
    /// `details` of the Status, where there is something to say.
    pub details: Option<Box<Value>>,
    /// Seconds for a `Retry-After` header.
    pub retry_after: Option<u32>,
    /// A continue token with which an expired list goes on.
    pub next: Option<String>,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

/// One wrong field of an object: its path, the kind of wrong, and the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) field: String,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Cause {
    pub(super) fn forbidden(field: &str, message: &str) -> Self {
        Self {
            field: field.to_owned(),
            reason: "FieldValueForbidden",
            message: format!("Forbidden: {message}"),
        }
    }

    pub(super) fn invalid(field: &str, value: &Value, message: &str) -> Self {
        Self {
            field: field.to_owned(),
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {message}"),
        }
    }

    pub(super) fn required(field: &str, message: &str) -> Self {
        let tail = if message.is_empty() {
            String::new()
        } else {
            format!(": {message}")
        };
        Self {
            field: field.to_owned(),
            reason: "FieldValueRequired",
            message: format!("Required value{tail}"),
        }
    }
}

/// What a refusal is about; empty names and groups are left out, as the real server does.
fn details(name: &str, group: &str, kind: &str) -> Value {
    let said = [("name", name), ("group", group), ("kind", kind)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty());
    Value::Object(said.map(|(field, value)| (field.to_owned(), json!(value))).collect())
}

impl StoreError {
    pub(super) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
            retry_after: None,
            next: None,
        }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        self.details = Some(Box::new(details(name, resource.group, resource.plural)));
        self
    }

    pub(super) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::new(404, "NotFound", message).about(resource, name)
    }

    pub(super) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).about(resource, name)
    }

    /// A DELETE precondition failed; here the real server names the kind and not the resource.
    pub(super) fn precondition(resource: &Resource, name: &str, why: &str) -> Self {
        let subject = match resource.group {
            "" => resource.kind.to_owned(),
            group => format!("{}.{group}", resource.kind),
        };
        let message = format!("Operation cannot be fulfilled on {subject} \"{name}\": {why}");
        let mut error = Self::new(409, "Conflict", message);
        error.details = Some(Box::new(details(name, resource.group, resource.kind)));
        error
    }

    pub(super) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            resource.qualified()
        );
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// The optimistic lock failed.
    pub(super) fn modified(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    pub(super) fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let subject = if name.is_empty() {
            resource.qualified()
        } else {
            format!("{} \"{name}\"", resource.qualified())
        };
        Self::new(403, "Forbidden", format!("{subject} is forbidden: {why}")).about(resource, name)
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// With an empty `details`, as the generic answers of the real server have.
    fn generic(code: u16, reason: &'static str, message: &str) -> Self {
        let mut error = Self::new(code, reason, message);
        error.details = Some(Box::new(json!({})));
        error
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::generic(405, "MethodNotAllowed", message)
    }

    /// A JSON patch that does not apply, a failed `test` among the reasons.
    pub(super) fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::generic(422, "Invalid", message)
    }

    pub(super) fn unsupported_media_type() -> Self {
        Self::generic(415, "UnsupportedMediaType", "415: Unsupported Media Type")
    }

    /// The answer to a path no resource lives at.
    pub(super) fn no_such_path() -> Self {
        Self::generic(404, "NotFound", "the server could not find the requested resource")
    }

    /// A resource version that history no longer reaches.
    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(super) fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        Self::invalid_of(resource.kind, resource.group, name, causes)
    }

    fn invalid_of(kind: &str, group: &str, name: &str, causes: &[Cause]) -> Self {
        let sentences: Vec<String> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        let told = match sentences.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let subject = match group {
            "" => kind.to_owned(),
            group => format!("{kind}.{group}"),
        };
        let mut error = Self::new(422, "Invalid", format!("{subject} \"{name}\" is invalid: {told}"));
        let causes: Vec<Value> = causes
            .iter()
            .map(|cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field }))
            .collect();
        let mut details = details(name, group, kind);
        put(&mut details, &["causes"], causes);
        error.details = Some(Box::new(details));
        error
    }

    /// Request parameters that make no sense, as the real server says it of its option objects.
    pub(super) fn invalid_options(kind: &str, causes: &[Cause]) -> Self {
        Self::invalid_of(kind, "meta.k8s.io", "", causes)
    }

    /// The `Status` object of the answer.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        });
        if let Some(next) = &self.next {
            put(&mut status, &["metadata", "continue"], next.clone());
        }
        if let Some(fields) = status.as_object_mut() {
            if !self.reason.is_empty() {
                fields.insert("reason".to_owned(), json!(self.reason));
            }
            if let Some(details) = &self.details {
                fields.insert("details".to_owned(), (**details).clone());
            }
            if let (Some(seconds), None) = (self.retry_after, &self.details) {
                fields.insert("details".to_owned(), json!({ "retryAfterSeconds": seconds }));
            }
            fields.insert("code".to_owned(), json!(self.code));
        }
        status
    }
}
