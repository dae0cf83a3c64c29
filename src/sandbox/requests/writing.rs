//! POST, PUT and PATCH of objects.

use super::is_dry;
use crate::sandbox::events;
use crate::sandbox::fields::{put, text};
use crate::sandbox::http::{Answer, Ask};
use crate::sandbox::managed_fields::{self, Manager};
use crate::sandbox::patch::{Patch, PatchKind};
use crate::sandbox::resources::Resource;
use crate::sandbox::routes::Target;
use crate::sandbox::serve::Shared;
use crate::sandbox::status::{Cause, StoreError};
use crate::sandbox::store::{Origin, Part, Write};
use crate::sandbox::strict;
use crate::sandbox::view::negotiate;
use hyper::Method;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn is_dry_write(ask: &Ask) -> Result<bool, StoreError> {
    let options = match ask.method {
        Method::POST => "CreateOptions",
        Method::PUT => "UpdateOptions",
        _ => "PatchOptions",
    };
    is_dry(options, ask.query.get("dryRun"))
}

pub(super) fn patch_kind(ask: &Ask) -> Result<PatchKind, StoreError> {
    PatchKind::of(&ask.content_type).ok_or_else(StoreError::unsupported_media_type)
}

/// An object sent to a resource: its kind and version must be the resource's, where it names them.
fn sent(ask: &Ask, target: &Target, mut object: Value) -> Result<Value, StoreError> {
    let resource = target.resource;
    if !object.is_object() {
        return Err(StoreError::bad_request(format!("the body holds no {}", resource.kind)));
    }
    let (kind, version) = (text(&object, &["kind"]), text(&object, &["apiVersion"]));
    let wrong_kind = !kind.is_empty() && kind != resource.kind;
    let wrong_version = !version.is_empty() && version != resource.api_version();
    if wrong_kind || wrong_version {
        let message = format!(
            "{kind} in version \"{version}\" cannot be handled as a {}: no kind \"{kind}\" is registered for version \
             \"{version}\" here",
            resource.kind
        );
        return Err(StoreError::bad_request(message));
    }
    let namespace = text(&object, &["metadata", "namespace"]);
    if resource.namespaced && !namespace.is_empty() && namespace != target.namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(StoreError::bad_request(message));
    }
    if resource.namespaced {
        put(&mut object, &["metadata", "namespace"], target.namespace.clone());
    }
    if ask.method == Method::PUT && text(&object, &["metadata", "name"]).is_empty() {
        put(&mut object, &["metadata", "name"], target.name.clone());
    }
    Ok(events::kept(resource, object))
}

fn manager(shared: &Shared, ask: &Ask, target: &Target) -> Manager {
    Manager {
        name: ask.manager(),
        api_version: target.resource.api_version(),
        subresource: target.part.clone(),
        time: crate::sandbox::clock::seconds(shared.now()),
    }
}

fn shown(shared: &Shared, ask: &Ask, resource: &Resource, code: u16, object: &Value) -> Result<Answer, StoreError> {
    let (view, encoding) = negotiate(&ask.accept, ask.query.get("includeObject"))?;
    Ok(Answer::encoded(
        code,
        &view.one(resource, object, shared.now(), true),
        encoding,
    ))
}

fn warned(answer: Answer, warnings: &[String]) -> Answer {
    warnings.iter().fold(answer, |answer, warning| answer.warned(warning))
}

pub(super) fn create(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let resource = target.resource;
    if resource.namespaced && target.namespace.is_empty() {
        return Err(StoreError::method_not_allowed());
    }
    let body = ask.document()?;
    let warnings = strict::check(resource, &body, ask.query.get("fieldValidation"))?;
    let mut object = sent(ask, target, body)?;
    let dry = is_dry_write(ask)?;
    managed_fields::track(resource, None, &mut object, &manager(shared, ask, target));
    let created = shared.change(|store| store.insert(resource, object, Origin::User, dry))?;
    Ok(warned(shown(shared, ask, resource, 201, &created)?, &warnings))
}

/// PUT and PATCH of an object, its status, or a namespace's finalizers.
pub(super) fn change(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let resource = target.resource;
    let write = Write {
        resource,
        namespace: &target.namespace,
        name: &target.name,
        part: match target.part.as_str() {
            "status" => Part::Status,
            "finalize" => Part::Finalize,
            _ => Part::Main,
        },
        put: ask.method == Method::PUT,
        dry: is_dry_write(ask)?,
    };
    let by = manager(shared, ask, target);
    if ask.method == Method::PUT {
        let body = ask.document()?;
        let warnings = strict::check(resource, &body, ask.query.get("fieldValidation"))?;
        let object = sent(ask, target, body)?;
        let changed = shared.change(|store| {
            store.update(&write, |old| {
                let mut new = object;
                managed_fields::track(resource, Some(old), &mut new, &by);
                Ok(new)
            })
        })?;
        return Ok(warned(shown(shared, ask, resource, 200, &changed)?, &warnings));
    }
    match patch_kind(ask)? {
        PatchKind::Apply => apply(shared, ask, target, &write, &by),
        kind => {
            let patch = Patch::read(kind, &ask.body)?;
            let changed = shared.change(|store| {
                store.update(&write, |old| {
                    let mut new = events::kept(resource, patch.apply(resource, &events::shown(resource, old))?);
                    managed_fields::track(resource, Some(old), &mut new, &by);
                    Ok(new)
                })
            })?;
            shown(shared, ask, resource, 200, &changed)
        }
    }
}

/// Server-side apply: creates the object when it is not there.
fn apply(shared: &Shared, ask: &Ask, target: &Target, write: &Write<'_>, by: &Manager) -> Result<Answer, StoreError> {
    let resource = target.resource;
    if ask.query.get("fieldManager").is_empty() {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(StoreError::invalid_options("PatchOptions", &[cause]));
    }
    let config: Value = serde_saphyr::from_slice(&ask.body)
        .map_err(|error| StoreError::bad_request(format!("error decoding YAML: {error}")))?;
    let warnings = strict::check(resource, &config, ask.query.get("fieldValidation"))?;
    let config = sent(ask, target, config)?;
    let force = ask.query.is_true("force");
    let (code, object) = shared.change(|store| {
        let there = store.fetch(resource, write.namespace, write.name).is_some();
        if there {
            let changed = store.update(write, |old| managed_fields::apply(resource, old, &config, by, force))?;
            return Ok((200, changed));
        }
        let mut fresh = config.clone();
        put(&mut fresh, &["metadata", "name"], write.name);
        managed_fields::claim(resource, &mut fresh, &config, by);
        let created: Result<Arc<Value>, StoreError> = store.insert(resource, fresh, Origin::User, write.dry);
        created.map(|created| (201, created))
    })?;
    Ok(warned(shown(shared, ask, resource, code, &object)?, &warnings))
}
