//! The objects of the sandbox: one resource version over all of them, a log of what changed, and the API server's rules
//! for creating, changing and deleting.
//!
//! Knows no HTTP, no task and no law: controllers reach it through [`Objects`], requests through `requests.rs`.

use crate::model::{Key, Propagation, Uid};
use serde_json::Value;

pub use super::status::StoreError;

/// What a controller may do to the objects, without HTTP and without an optimistic lock.
pub trait Objects {
    /// The object as JSON, as a GET would answer.
    fn get(&self, key: &Key) -> Option<Value>;

    /// Every object of a kind of [`crate::model::Kind`]; `Kind::Release` are Secrets of type `helm.sh/release.v1`.
    fn all(&self) -> Vec<(Key, Value)>;

    /// Creates an object; fills uid, resourceVersion, creationTimestamp and the defaults of its kind. A `status` given
    /// is kept. A namespace that is missing or terminating refuses, as it does for users.
    fn create(&mut self, object: Value) -> Result<Value, StoreError>;

    /// Writes metadata, spec and status together, with no optimistic lock. The removal of the last finalizer of a
    /// deleting object removes the object. An object of another uid is refused (409); one that is gone is `NotFound`.
    fn replace(&mut self, object: Value) -> Result<(), StoreError>;

    /// A DELETE as the API server handles it: removed at once, or marked while finalizers or a grace period remain.
    fn delete(&mut self, key: &Key, uid: &Uid, propagation: Propagation) -> Result<(), StoreError>;

    /// Final removal of a pod whose kubelet confirmed; finalizers still hold it. Nothing happens on another uid.
    fn remove(&mut self, key: &Key, uid: &Uid);

    /// Records a v1 Event; one of the same object, reason, message and component is counted up instead.
    fn emit_event(&mut self, about: &Key, severity: &str, reason: &str, message: &str, component: &str);

    fn now(&self) -> jiff::Timestamp;

    /// Changes whenever anything changes.
    fn revision(&self) -> u64;
}
