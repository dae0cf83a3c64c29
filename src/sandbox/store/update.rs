//! How an object changes: the optimistic lock, the split between spec and status, what can never change back.

use super::{Place, Store, StoreError, defaults, validation};
use crate::model::Kind;
use crate::model::quantity::Quantity;
use crate::sandbox::clock::seconds;
use crate::sandbox::fields::{at, copy, list, number, put, put_default, take, text};
use crate::sandbox::resources::{self, Resource};
use crate::sandbox::status::Cause;
use serde_json::Value;
use std::sync::Arc;

/// The kinds that take no update without a resource version (`AllowUnconditionalUpdate` of their strategies).
const CONDITIONAL: [&str; 4] = [
    "CustomResourceDefinition",
    "Lease",
    "PodDisruptionBudget",
    "VolumeAttachment",
];

/// Which part of an object a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but `status`, where that is a subresource.
    Main,
    /// `status`, and `metadata` along with it.
    Status,
    /// `spec.finalizers` of a namespace.
    Finalize,
    /// Everything together, as a controller of the sandbox writes.
    Whole,
}

/// An update about to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write<'a> {
    pub(crate) resource: &'static Resource,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) part: Part,
    /// A PUT says which object it means by `metadata.uid`; in a patch a wrong uid is a field that cannot change.
    pub(crate) put: bool,
    pub(crate) dry: bool,
}

impl Store {
    /// Makes the object what `make` makes of it. A change of nothing keeps the resource version; the removal of the last
    /// finalizer of a deleting object removes it.
    pub(in crate::sandbox) fn update(
        &mut self,
        write: &Write<'_>,
        make: impl FnOnce(&Value) -> Result<Value, StoreError>,
    ) -> Result<Arc<Value>, StoreError> {
        let place = Place::new(write.resource, write.namespace, write.name);
        let Some(old) = self.objects.get(&place).cloned() else {
            return Err(StoreError::not_found(write.resource, write.name));
        };
        let mut new = make(&old)?;
        put(&mut new, &["kind"], write.resource.kind);
        put(&mut new, &["apiVersion"], write.resource.api_version());
        check_identity(write, &old, &new)?;
        carry_over(&old, &mut new);
        part(write, &old, &mut new);
        defaults::fold_string_data(write.resource, &mut new);
        defaults::refill(write.resource, &mut new);
        if write.part != Part::Whole {
            validation::update(write.resource, &old, &new)
                .map_err(|causes| StoreError::invalid(write.resource, write.name, &causes))?;
            self.admit_growth(write, &old, &new)?;
        }
        self.note_phase(write.resource, &old, &mut new);
        generation(write, &old, &mut new);
        if ends(write.resource, &old, &new) {
            if !write.dry {
                self.commit_removal(&place);
            }
            return Ok(Arc::new(new));
        }
        if new == *old {
            return Ok(old);
        }
        Ok(if write.dry {
            Arc::new(new)
        } else {
            self.commit(place, new)
        })
    }

    /// A claim may ask for more where its class says so (admission `PersistentVolumeClaimResize`).
    fn admit_growth(&self, write: &Write<'_>, old: &Value, new: &Value) -> Result<(), StoreError> {
        if write.resource.kind != "PersistentVolumeClaim" {
            return Ok(());
        }
        let asked = |claim: &Value| {
            let size = text(claim, &["spec", "resources", "requests", "storage"]);
            Quantity(size.into()).bytes()
        };
        if asked(new) <= asked(old) {
            return Ok(());
        }
        let class = resources::of_kind(Kind::StorageClass)
            .and_then(|classes| self.fetch(classes, "", text(old, &["spec", "storageClassName"])));
        let expands = class.and_then(|class| at(class, &["allowVolumeExpansion"]));
        if expands.and_then(Value::as_bool) == Some(true) {
            return Ok(());
        }
        let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
                   support resize";
        Err(StoreError::forbidden(write.resource, write.name, why))
    }

    /// A volume remembers when its phase last changed.
    fn note_phase(&self, resource: &Resource, old: &Value, new: &mut Value) {
        if resource.kind == "PersistentVolume" && text(old, &["status", "phase"]) != text(new, &["status", "phase"]) {
            put(new, &["status", "lastPhaseTransitionTime"], seconds(self.clock.now()));
        }
    }

    /// An update by a controller.
    pub(super) fn overwrite(&mut self, resource: &'static Resource, object: Value) -> Result<Arc<Value>, StoreError> {
        let (namespace, name) = (
            text(&object, &["metadata", "namespace"]).to_owned(),
            text(&object, &["metadata", "name"]).to_owned(),
        );
        let write = Write {
            resource,
            namespace: &namespace,
            name: &name,
            part: Part::Whole,
            put: true,
            dry: false,
        };
        let mut object = object;
        take(&mut object, &["metadata", "resourceVersion"]);
        self.update(&write, |_| Ok(object))
    }
}

fn check_identity(write: &Write<'_>, old: &Value, new: &Value) -> Result<(), StoreError> {
    let name = text(new, &["metadata", "name"]);
    if name != write.name {
        let (new, url) = (name, write.name);
        let message = if new.is_empty() {
            format!("the name of the object (\"\") does not match the name on the URL ({url})")
        } else {
            format!("the name of the object ({new}) does not match the name on the URL ({url})")
        };
        return Err(StoreError::bad_request(message));
    }
    let (held, given) = (text(old, &["metadata", "uid"]), text(new, &["metadata", "uid"]));
    if write.put && !given.is_empty() && given != held {
        let (group, plural) = (write.resource.group, write.resource.plural);
        let path = [group, plural, write.namespace, write.name]
            .join("/")
            .replace("//", "/");
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}, ResourceVersion: 0, AdditionalErrorMsg: \
             Precondition failed: UID in precondition: {given}, UID in object meta: {held}",
            path.trim_start_matches('/')
        );
        return Err(StoreError::conflict(write.resource, write.name, &why));
    }
    let given = text(new, &["metadata", "resourceVersion"]);
    if given.is_empty() && write.part != Part::Whole && CONDITIONAL.contains(&write.resource.kind) {
        let must = Cause::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
        return Err(StoreError::invalid(write.resource, write.name, &[must]));
    }
    if !given.is_empty() && given != "0" && given != text(old, &["metadata", "resourceVersion"]) {
        return Err(StoreError::modified(write.resource, write.name));
    }
    Ok(())
}

/// What stays whatever the request says: the dates, and the mark of deletion.
fn carry_over(old: &Value, new: &mut Value) {
    if let Some(namespace) = at(old, &["metadata", "namespace"]) {
        put_default(new, &["metadata", "namespace"], namespace.clone());
    }
    for field in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
        let given = text(new, &["metadata", field]).is_empty() || field != "uid";
        if given {
            copy(old, new, &["metadata", field]);
        }
    }
    if at(old, &["metadata", "deletionTimestamp"]).is_some() {
        copy(old, new, &["metadata", "deletionTimestamp"]);
        if let Some(grace) = at(old, &["metadata", "deletionGracePeriodSeconds"]) {
            put_default(new, &["metadata", "deletionGracePeriodSeconds"], grace.clone());
        }
    }
    for field in [
        "finalizers",
        "ownerReferences",
        "labels",
        "annotations",
        "managedFields",
        "deletionTimestamp",
    ] {
        let nothing = |value: &Value| {
            value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(serde_json::Map::is_empty)
        };
        if at(new, &["metadata", field]).is_some_and(nothing) {
            take(new, &["metadata", field]);
        }
    }
}

/// Keeps of the old object what the request's part does not reach.
fn part(write: &Write<'_>, old: &Value, new: &mut Value) {
    match write.part {
        Part::Whole => {}
        Part::Main => {
            if write.resource.status {
                copy(old, new, &["status"]);
            }
            if write.resource.kind == "Namespace" {
                copy(old, new, &["spec", "finalizers"]);
            }
        }
        Part::Status => {
            let mut kept = old.clone();
            copy(new, &mut kept, &["status"]);
            copy(new, &mut kept, &["metadata"]);
            *new = kept;
        }
        Part::Finalize => {
            let mut kept = old.clone();
            copy(new, &mut kept, &["spec", "finalizers"]);
            *new = kept;
        }
    }
}

/// `metadata.generation` counts the changes of everything but `metadata` and `status`.
fn generation(write: &Write<'_>, old: &Value, new: &mut Value) {
    let Some(before) = number(old, &["metadata", "generation"]) else {
        return;
    };
    let rest = |object: &Value| {
        let mut rest = object.clone();
        take(&mut rest, &["metadata"]);
        take(&mut rest, &["status"]);
        rest
    };
    let by_controller = write.part == Part::Whole && number(new, &["metadata", "generation"]) != Some(before);
    if !by_controller && rest(old) != rest(new) {
        put(new, &["metadata", "generation"], before + 1);
    }
}

/// Whether the update takes away the last thing that held a deleting object.
fn ends(resource: &Resource, old: &Value, new: &Value) -> bool {
    let deleting = at(new, &["metadata", "deletionTimestamp"]).is_some();
    let held = !list(new, &["metadata", "finalizers"]).is_empty();
    if !deleting || held {
        return false;
    }
    if resource.kind == "Namespace" {
        return list(new, &["spec", "finalizers"]).is_empty();
    }
    let was_held = !list(old, &["metadata", "finalizers"]).is_empty();
    let grace = number(new, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0);
    let was_graceful = number(old, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0) > 0;
    grace == 0 && (was_held || was_graceful)
}
