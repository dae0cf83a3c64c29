//! How an object goes: preconditions, grace, the finalizers of propagation, marked or removed
//! (`reference/semantics.md` §3.1; `pkg/registry/generic/registry/store.go`, `registry/rest/delete.go`).

use super::{Place, Store, StoreError};
use crate::model::{Kind, Propagation};
use crate::sandbox::clock::seconds;
use crate::sandbox::fields::{at, list, number, put, take, text};
use crate::sandbox::resources::Resource;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// The finalizer that holds an owner until its dependents are orphaned.
const ORPHAN: &str = "orphan";
/// The finalizer that holds an owner until its dependents are gone.
const FOREGROUND: &str = "foregroundDeletion";

/// What a DELETE says besides the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeleteOptions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    /// Seconds.
    pub(crate) grace: Option<i64>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) dry: bool,
}

/// How a DELETE ended; both carry the last state of the object.
#[derive(Clone, Debug)]
pub(crate) enum Deleted {
    /// The object is gone.
    Removed(Arc<Value>),
    /// The object is marked and stays while finalizers or its grace period hold it.
    Marked(Arc<Value>),
}

impl Store {
    pub(in crate::sandbox) fn erase(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, StoreError> {
        let place = Place::new(resource, namespace, name);
        let Some(old) = self.objects.get(&place).cloned() else {
            return Err(StoreError::not_found(resource, name));
        };
        check_preconditions(resource, name, &old, options)?;
        let mut new = (*old).clone();
        let finalizers = finalizers(resource, &old, options);
        if finalizers.is_empty() && stumbles(resource, &old, options) {
            let why = stumbled(resource, namespace, name, &old);
            return Err(StoreError::conflict(resource, name, &why));
        }
        if finalizers.is_empty() {
            take(&mut new, &["metadata", "finalizers"]);
        } else {
            put(&mut new, &["metadata", "finalizers"], json!(finalizers));
        }
        let deleting = at(&old, &["metadata", "deletionTimestamp"]).is_some();
        let stays = if resource.kind == "Namespace" {
            mark_namespace(&mut new, self.clock.now());
            !finalizers.is_empty() || !list(&new, &["spec", "finalizers"]).is_empty()
        } else if deleting {
            shorten(&mut new, options) || !finalizers.is_empty()
        } else {
            let grace = grace(resource, &new, options);
            if grace > 0 || !finalizers.is_empty() || options.dry {
                mark(&mut new, self.clock.now(), grace);
            }
            grace > 0 || !finalizers.is_empty()
        };
        if options.dry {
            let answer = Arc::new(new);
            return Ok(if stays {
                Deleted::Marked(answer)
            } else {
                Deleted::Removed(answer)
            });
        }
        if !stays {
            self.commit_removal(&place);
            return Ok(Deleted::Removed(Arc::new(new)));
        }
        if new == *old {
            return Ok(Deleted::Marked(old));
        }
        Ok(Deleted::Marked(self.commit(place, new)))
    }

    /// The kubelet confirmed: the grace period is over. Finalizers still hold the object.
    pub(super) fn confirm_gone(&mut self, place: &Place) {
        let Some(old) = self.objects.get(place).cloned() else {
            return;
        };
        if list(&old, &["metadata", "finalizers"]).is_empty() {
            return self.commit_removal(place);
        }
        let mut new = (*old).clone();
        if at(&new, &["metadata", "deletionTimestamp"]).is_none() {
            put(&mut new, &["metadata", "deletionTimestamp"], seconds(self.clock.now()));
        }
        put(&mut new, &["metadata", "deletionGracePeriodSeconds"], 0);
        if new != *old {
            self.commit(place.clone(), new);
        }
    }
}

/// A DELETE that carries a resourceVersion and itself takes off the last finalizers: the API server has then nothing in
/// hand to read the new version of, asks for an empty one, and refuses (`store.go` `Delete`, after `errDeleteNow`; found by
/// conformance). A pod that is not being deleted yet is updated first, and passes; a namespace has a way of its own.
fn stumbles(resource: &Resource, old: &Value, options: &DeleteOptions) -> bool {
    let bears = !list(old, &["metadata", "finalizers"]).is_empty();
    let deleting = at(old, &["metadata", "deletionTimestamp"]).is_some();
    let left = number(old, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0);
    let graceful = resource.kind == "Pod" && (!deleting || left > 0);
    options.resource_version.is_some() && bears && !graceful && resource.kind != "Namespace" && !options.dry
}

fn stumbled(resource: &Resource, namespace: &str, name: &str, old: &Value) -> String {
    let version = text(old, &["metadata", "resourceVersion"]);
    let place = if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    };
    format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: ResourceVersion in precondition: , ResourceVersion in object meta: {version}",
        resource.plural
    )
}

fn check_preconditions(
    resource: &Resource,
    name: &str,
    old: &Value,
    options: &DeleteOptions,
) -> Result<(), StoreError> {
    let (uid, version) = (
        text(old, &["metadata", "uid"]),
        text(old, &["metadata", "resourceVersion"]),
    );
    if let Some(given) = options.uid.as_deref().filter(|given| *given != uid) {
        let why = format!(
            "the UID in the precondition ({given}) does not match the UID in record ({uid}). \
             The object might have been deleted and then recreated"
        );
        return Err(StoreError::precondition(resource, name, &why));
    }
    if let Some(given) = options.resource_version.as_deref().filter(|given| *given != version) {
        let why = format!(
            "the ResourceVersion in the precondition ({given}) does not match the ResourceVersion in record ({version}). \
             The object might have been modified"
        );
        return Err(StoreError::precondition(resource, name, &why));
    }
    Ok(())
}

/// The finalizers a DELETE leaves: those there were, with the one that its propagation asks for and without the other.
/// Unsaid, propagation follows what an earlier DELETE asked, and then the kind: a Job orphans its pods. Of a kind that no
/// law knows nothing depends here, and the garbage collector would let go of it at once.
fn finalizers(resource: &Resource, old: &Value, options: &DeleteOptions) -> Vec<String> {
    let held: Vec<&str> = list(old, &["metadata", "finalizers"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let propagation = options.propagation.unwrap_or_else(|| {
        if held.contains(&ORPHAN) || (resource.kind == "Job" && !held.contains(&FOREGROUND)) {
            Propagation::Orphan
        } else if held.contains(&FOREGROUND) {
            Propagation::Foreground
        } else {
            Propagation::Background
        }
    });
    let mut left: Vec<String> = held
        .into_iter()
        .filter(|held| *held != ORPHAN && *held != FOREGROUND)
        .map(str::to_owned)
        .collect();
    if Kind::from_api(&resource.api_version(), resource.kind).is_none() {
        return left;
    }
    match propagation {
        Propagation::Orphan => left.push(ORPHAN.to_owned()),
        Propagation::Foreground => left.push(FOREGROUND.to_owned()),
        Propagation::Background => {}
    }
    left
}

/// The grace period a DELETE gives: only a scheduled pod whose containers may run has one (`pod/strategy.go`).
fn grace(resource: &Resource, object: &Value, options: &DeleteOptions) -> i64 {
    let phase = text(object, &["status", "phase"]);
    let runs = !text(object, &["spec", "nodeName"]).is_empty() && phase != "Succeeded" && phase != "Failed";
    if resource.kind != "Pod" || !runs {
        return 0;
    }
    let asked = options
        .grace
        .or_else(|| number(object, &["spec", "terminationGracePeriodSeconds"]));
    match asked.unwrap_or(30) {
        negative if negative < 0 => 1,
        grace => grace,
    }
}

fn mark(object: &mut Value, now: Timestamp, grace: i64) {
    put(object, &["metadata", "deletionTimestamp"], seconds(later(now, grace)));
    put(object, &["metadata", "deletionGracePeriodSeconds"], grace);
    if let Some(generation) = number(object, &["metadata", "generation"]) {
        put(object, &["metadata", "generation"], generation + 1);
    }
}

fn later(moment: Timestamp, seconds: i64) -> Timestamp {
    moment
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

fn mark_namespace(object: &mut Value, now: Timestamp) {
    if at(object, &["metadata", "deletionTimestamp"]).is_none() {
        put(object, &["metadata", "deletionTimestamp"], seconds(now));
    }
    put(object, &["status", "phase"], "Terminating");
}

/// A second DELETE: it can only shorten the grace period. Says whether a grace period is left.
fn shorten(object: &mut Value, options: &DeleteOptions) -> bool {
    let Some(left) = number(object, &["metadata", "deletionGracePeriodSeconds"]) else {
        return false;
    };
    let Some(asked) = options.grace.filter(|asked| *asked < left) else {
        return left > 0;
    };
    let due: Timestamp = text(object, &["metadata", "deletionTimestamp"])
        .parse()
        .unwrap_or(Timestamp::MAX);
    put(
        object,
        &["metadata", "deletionTimestamp"],
        seconds(later(due, asked - left)),
    );
    put(object, &["metadata", "deletionGracePeriodSeconds"], asked);
    asked > 0
}
