//! How an object comes into being: its name, uid, dates, finalizers, defaults and first status.

use super::{Origin, Place, Store, StoreError, defaults, validation};
use crate::sandbox::clock::seconds;
use crate::sandbox::fields::{at, copy, put, put_default, take, text};
use crate::sandbox::resources::{self, Resource};
use crate::sandbox::status::Cause;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `metadata` in the order the API server writes it.
const META_ORDER: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "selfLink",
    "managedFields",
];

impl Store {
    /// Creates an object. A dry run goes through all of it and keeps nothing.
    pub(in crate::sandbox) fn insert(
        &mut self,
        resource: &'static Resource,
        mut object: Value,
        origin: Origin,
        dry: bool,
    ) -> Result<Arc<Value>, StoreError> {
        put(&mut object, &["kind"], resource.kind);
        put(&mut object, &["apiVersion"], resource.api_version());
        let name = self.name_of(resource, &mut object)?;
        let namespace = self.namespace_for(resource, &mut object, &name)?;
        if origin == Origin::User && !text(&object, &["metadata", "resourceVersion"]).is_empty() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(StoreError::new(500, "", message));
        }
        let mut entropy = self.entropy.clone();
        let now = self.clock.now();
        let meta = &["metadata"];
        if origin != Origin::Scenario || text(&object, &["metadata", "uid"]).is_empty() {
            put(&mut object, &["metadata", "uid"], entropy.uid());
        }
        if origin != Origin::Scenario {
            for field in [
                "creationTimestamp",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "selfLink",
            ] {
                take(&mut object, &["metadata", field]);
            }
        }
        put_default(&mut object, &["metadata", "creationTimestamp"], seconds(now));
        if resource.generation {
            put(&mut object, &["metadata", "generation"], 1);
        }
        defaults::complete(resource, &mut object, origin);
        self.default_class(resource, &mut object);
        first_status(resource, &mut object, origin, &seconds(now));
        validation::creation(resource, &object).map_err(|causes| StoreError::invalid(resource, &name, &causes))?;
        let place = Place::new(resource, &namespace, &name);
        if self.objects.contains_key(&place) {
            return Err(StoreError::already_exists(resource, &name));
        }
        let arranged = arrange(at(&object, meta).cloned().unwrap_or_default(), &META_ORDER);
        put(&mut object, meta, arranged);
        let object = arrange(object, &["kind", "apiVersion", "metadata"]);
        if dry {
            return Ok(Arc::new(object));
        }
        self.entropy = entropy;
        Ok(self.commit(place, object))
    }

    fn name_of(&mut self, resource: &Resource, object: &mut Value) -> Result<String, StoreError> {
        let prefix = text(object, &["metadata", "generateName"]).to_owned();
        if text(object, &["metadata", "name"]).is_empty() && !prefix.is_empty() {
            let end = self.entropy.name_end();
            put(object, &["metadata", "name"], format!("{prefix}{end}"));
        }
        let name = text(object, &["metadata", "name"]).to_owned();
        if name.is_empty() {
            let cause = Cause::required("metadata.name", "name or generateName is required");
            return Err(StoreError::invalid(resource, "", &[cause]));
        }
        Ok(name)
    }

    /// The namespace an object goes to, which must be there and stay there.
    fn namespace_for(&self, resource: &Resource, object: &mut Value, name: &str) -> Result<String, StoreError> {
        if !resource.namespaced {
            take(object, &["metadata", "namespace"]);
            return Ok(String::new());
        }
        if text(object, &["metadata", "namespace"]).is_empty() {
            put(object, &["metadata", "namespace"], "default");
        }
        let namespace = text(object, &["metadata", "namespace"]).to_owned();
        let Some(namespaces) = resources::of_kind(crate::model::Kind::Namespace) else {
            return Ok(namespace);
        };
        if self.fetch(namespaces, "", &namespace).is_none() {
            return Err(StoreError::not_found(namespaces, &namespace));
        }
        self.takes_creates(resource, &namespace, name)?;
        Ok(namespace)
    }

    /// Whether a namespace takes what is created in it, an eviction too: not once it is being deleted.
    pub(in crate::sandbox) fn takes_creates(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        let namespaces = resources::of_kind(crate::model::Kind::Namespace);
        let found = namespaces.and_then(|namespaces| self.fetch(namespaces, "", namespace));
        let going = found.is_some_and(|found| at(found, &["metadata", "deletionTimestamp"]).is_some());
        if going {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            let mut error = StoreError::forbidden(resource, name, &why);
            if let Some(details) = &mut error.details {
                let cause = json!({
                    "reason": "NamespaceTerminating",
                    "message": format!("namespace {namespace} is being terminated"),
                    "field": "metadata.namespace",
                });
                put(details, &["causes"], json!([cause]));
            }
            return Err(error);
        }
        Ok(())
    }

    /// A claim that names no class gets the default one (admission `DefaultStorageClass`).
    fn default_class(&self, resource: &Resource, object: &mut Value) {
        if resource.kind != "PersistentVolumeClaim" || at(object, &["spec", "storageClassName"]).is_some() {
            return;
        }
        let Some(classes) = resources::of_kind(crate::model::Kind::StorageClass) else {
            return;
        };
        let marked = |class: &Value| {
            text(
                class,
                &["metadata", "annotations", "storageclass.kubernetes.io/is-default-class"],
            ) == "true"
        };
        let all = self.list(classes, None, self.revision).unwrap_or_default();
        // Of several the newest wins, then the first by name.
        let chosen = all
            .iter()
            .filter(|(_, class)| marked(class))
            .min_by_key(|(place, class)| {
                let born = text(class, &["metadata", "creationTimestamp"]).to_owned();
                (std::cmp::Reverse(born), place.name.clone())
            });
        if let Some((place, _)) = chosen {
            put(object, &["spec", "storageClassName"], place.name.clone());
        }
    }
}

/// The status an object starts with; controllers and scenarios may bring one along.
fn first_status(resource: &Resource, object: &mut Value, origin: Origin, now: &str) {
    if !resource.status {
        return;
    }
    let keeps = origin != Origin::User || resource.kind == "Node";
    if !keeps || at(object, &["status"]).is_none_or(Value::is_null) {
        let first = defaults::status(resource, object, now);
        put(object, &["status"], first);
    } else {
        let first = defaults::status(resource, object, now);
        if let Some(fields) = first.as_object() {
            for field in fields.keys() {
                if at(object, &["status", field]).is_none() {
                    copy(&json!({ "status": first }), object, &["status", field]);
                }
            }
        }
    }
}

/// The object with the named fields first, in their order.
fn arrange(object: Value, order: &[&str]) -> Value {
    let Value::Object(mut fields) = object else {
        return object;
    };
    let mut arranged = Map::new();
    for field in order {
        if let Some(value) = fields.shift_remove(*field).filter(|value| !value.is_null()) {
            arranged.insert((*field).to_owned(), value);
        }
    }
    arranged.extend(fields);
    Value::Object(arranged)
}
