//! The objects of the sandbox: one resource version over all of them, a log of what changed, and the API server's rules
//! for creating, changing and deleting.
//!
//! Knows no HTTP, no task and no law: controllers reach it through [`Objects`], requests through `requests.rs`.

mod controllers;
mod creation;
mod defaults;
mod deletion;
mod entropy;
mod log;
mod update;
mod validation;

use super::clock::Clock;
use super::fields::{put, text};
use super::resources::{self, Resource};
use crate::model::{Key, Propagation, Uid};
use entropy::Entropy;
use log::Log;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use super::status::StoreError;
pub(super) use deletion::{DeleteOptions, Deleted};
pub(super) use log::{Happening, LogEntry};
pub(super) use update::{Part, Write};

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

/// Where an object is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    shelf: (&'static str, &'static str),
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Place {
    pub(super) fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        Self {
            shelf: resource.shelf(),
            namespace: if resource.namespaced {
                namespace.to_owned()
            } else {
                String::new()
            },
            name: name.to_owned(),
        }
    }
}

/// Who makes a change: what is forbidden or filled in depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A request over HTTP.
    User,
    /// A controller of the sandbox, which may write a status along.
    Controller,
    /// A scenario being loaded: uids, dates and finalizers are taken as they are told.
    Scenario,
}

/// The objects and their history.
#[derive(Debug)]
pub struct Store {
    clock: Clock,
    entropy: Entropy,
    revision: u64,
    objects: BTreeMap<Place, Arc<Value>>,
    log: Log,
}

/// Namespaces every cluster has.
const FIRST_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

impl Store {
    /// An empty cluster: the first namespaces and nothing else. The same seed gives the same uids and names.
    pub fn new(clock: Clock, seed: u64) -> Self {
        let mut store = Self {
            clock,
            entropy: Entropy::new(seed),
            revision: 0,
            objects: BTreeMap::new(),
            log: Log::default(),
        };
        for name in FIRST_NAMESPACES {
            store.ensure_namespace(name);
        }
        store
    }

    /// Keeps an object as a scenario tells it: uid, dates, finalizers and status are taken over, what is missing is
    /// filled in. Its namespace is made when it is not there.
    pub fn load(&mut self, object: Value) -> Result<Arc<Value>, StoreError> {
        let resource = resource_of(&object)?;
        if resource.namespaced {
            let namespace = text(&object, &["metadata", "namespace"]).to_owned();
            self.ensure_namespace(if namespace.is_empty() { "default" } else { &namespace });
        }
        self.insert(resource, object, Origin::Scenario, false)
    }

    fn ensure_namespace(&mut self, name: &str) {
        let Some(resource) = resources::of_kind(crate::model::Kind::Namespace) else {
            return;
        };
        if self.fetch(resource, "", name).is_none() {
            let namespace = serde_json::json!({
                "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": name }
            });
            // A namespace with a bad name stays away, and the object that named it is refused for it.
            drop(self.insert(resource, namespace, Origin::Scenario, false));
        }
    }

    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) const fn latest(&self) -> u64 {
        self.revision
    }

    /// The oldest resource version a watch can still start after.
    pub(super) const fn compacted(&self) -> u64 {
        self.log.compacted()
    }

    /// Forgets history up to and with a revision: watches and pages that need it are told 410.
    pub fn compact(&mut self, upto: u64) {
        self.log.compact(upto.min(self.revision));
    }

    /// Forgets all history.
    pub fn compact_all(&mut self) {
        self.compact(self.revision);
    }

    pub(super) fn fetch(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.objects.get(&Place::new(resource, namespace, name))
    }

    /// The objects of a resource, of one namespace or of all, in the order the API server lists them, as they were at a
    /// revision. `None` when history no longer reaches it.
    pub(super) fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        at: u64,
    ) -> Option<Vec<(Place, Arc<Value>)>> {
        let kept = resource.shelf();
        let first = Place::new(resource, namespace.unwrap_or_default(), "");
        let of_now = self.objects.range(first..).take_while(|(place, _)| {
            place.shelf == kept && namespace.is_none_or(|namespace| place.namespace == namespace)
        });
        if at >= self.revision {
            return Some(
                of_now
                    .map(|(place, object)| (place.clone(), Arc::clone(object)))
                    .collect(),
            );
        }
        let mut of_then: BTreeMap<&Place, &Arc<Value>> = of_now.collect();
        for entry in self.log.after(at)?.rev() {
            if entry.place.shelf != kept || namespace.is_some_and(|namespace| entry.place.namespace != namespace) {
                continue;
            }
            match &entry.before {
                Some(before) => of_then.insert(&entry.place, before),
                None => of_then.remove(&entry.place),
            };
        }
        let owned = of_then
            .into_iter()
            .map(|(place, object)| (place.clone(), Arc::clone(object)));
        Some(owned.collect())
    }

    /// What happened to a resource after a revision, oldest first; `None` when history no longer reaches it.
    pub(super) fn happenings<'a>(
        &'a self,
        resource: &Resource,
        after: u64,
    ) -> Option<impl Iterator<Item = &'a LogEntry> + use<'a>> {
        let kept = resource.shelf();
        Some(self.log.after(after)?.filter(move |entry| entry.place.shelf == kept))
    }

    /// Writes an object and the line of history about it; the object gets the next resource version.
    fn commit(&mut self, place: Place, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        put(&mut object, &["metadata", "resourceVersion"], self.revision.to_string());
        let object = Arc::new(object);
        let before = self.objects.insert(place.clone(), Arc::clone(&object));
        let what = if before.is_some() {
            Happening::Modified
        } else {
            Happening::Added
        };
        self.log.push(LogEntry {
            revision: self.revision,
            place,
            what,
            object: Arc::clone(&object),
            before,
        });
        object
    }

    /// Takes an object away; the last state, which watches show, carries the resource version of its removal.
    fn commit_removal(&mut self, place: &Place) {
        if place.shelf == ("", "namespaces") {
            self.empty(&place.name.clone());
        }
        let Some(before) = self.objects.remove(place) else {
            return;
        };
        self.revision += 1;
        let mut last = (*before).clone();
        put(&mut last, &["metadata", "resourceVersion"], self.revision.to_string());
        self.log.push(LogEntry {
            revision: self.revision,
            place: place.clone(),
            what: Happening::Deleted,
            object: Arc::new(last),
            before: Some(before),
        });
    }
}

impl Store {
    /// Takes away what is left in a namespace that goes: the namespace controller's law has waited for every kind it
    /// knows, and of the others (services, config maps, events, …) nothing may outlive it.
    fn empty(&mut self, namespace: &str) {
        let inside = |place: &&Place| place.namespace == namespace;
        let left: Vec<Place> = self.objects.keys().filter(inside).cloned().collect();
        for place in left {
            self.commit_removal(&place);
        }
    }
}

/// The resource an object says it is of.
pub(super) fn resource_of(object: &Value) -> Result<&'static Resource, StoreError> {
    let (api_version, kind) = (text(object, &["apiVersion"]), text(object, &["kind"]));
    resources::by_kind(api_version, kind).ok_or_else(|| {
        StoreError::bad_request(format!(
            "no kind \"{kind}\" is registered for version \"{api_version}\""
        ))
    })
}

#[cfg(test)]
mod tests;
