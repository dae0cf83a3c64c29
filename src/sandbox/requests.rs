//! What a request does: paths without objects, reviews, and the verbs on resources.

mod collection;
mod deletion;
mod eviction;
mod scale;
mod writing;

use super::authorization::Wish;
use super::http::{Answer, Ask};
use super::routes::Target;
use super::serve::Shared;
use super::status::StoreError;
use super::view::negotiate;
use super::{discovery, helm};
use hyper::Method;
use std::sync::Arc;

/// Answers a request.
pub(super) fn answer(shared: &Arc<Shared>, ask: &Ask) -> Answer {
    let answered = match plain(shared, ask) {
        Some(answer) => Ok(answer),
        None => helm::answer(shared, ask)
            .or_else(|| review(shared, ask))
            .unwrap_or_else(|| on_resource(shared, ask)),
    };
    answered.unwrap_or_else(|error| Answer::refusal(&error))
}

/// Answers at paths that hold no objects.
fn plain(shared: &Shared, ask: &Ask) -> Option<Answer> {
    if ask.method != Method::GET {
        return None;
    }
    match ask.path.trim_end_matches('/') {
        "/healthz" | "/livez" | "/readyz" => Some(Answer::text(200, "ok")),
        path => discovery::answer(path, &ask.accept, shared.minor),
    }
}

/// Answers what a user asks about themselves.
fn review(shared: &Shared, ask: &Ask) -> Option<Result<Answer, StoreError>> {
    if ask.method != Method::POST || !ask.path.contains(".k8s.io/v1/selfsubject") {
        return None;
    }
    let body = match ask.document() {
        Ok(body) => body,
        Err(error) => return Some(Err(error)),
    };
    let review = shared.access.review(&ask.user, ask.path.trim_end_matches('/'), &body)?;
    Some(Ok(Answer::json(201, &review)))
}

fn on_resource(shared: &Arc<Shared>, ask: &Ask) -> Result<Answer, StoreError> {
    let Some(target) = Target::read(&ask.path) else {
        // Below a group that is served the real server answers with a Status, elsewhere with plain words.
        return if discovery::is_group_path(&ask.path) {
            Err(StoreError::no_such_path())
        } else {
            Ok(Answer::text(404, "404 page not found\n"))
        };
    };
    let verb = verb(ask, &target)?;
    let wish = Wish {
        verb,
        group: target.resource.group,
        resource: &target.wished(),
        namespace: &place(&target),
        name: &target.name,
    };
    shared.access.check(&ask.user, target.resource, &wish)?;
    match (target.part.as_str(), verb) {
        ("" | "status", "get") => get(shared, ask, &target),
        ("", "list") => collection::list(shared, ask, &target),
        ("", "watch") => collection::watch(shared, ask, &target),
        ("", "create") => writing::create(shared, ask, &target),
        ("", "delete") => deletion::delete(shared, ask, &target),
        ("", "deletecollection") => deletion::delete_collection(shared, ask, &target),
        ("", "update" | "patch") => writing::change(shared, ask, &target),
        ("status", "update" | "patch") if target.resource.status => writing::change(shared, ask, &target),
        ("finalize", "update") if target.resource.kind == "Namespace" => writing::change(shared, ask, &target),
        ("scale", "get" | "update" | "patch") if target.resource.scale => scale::answer(shared, ask, &target),
        ("eviction", "create") if target.resource.kind == "Pod" => eviction::evict(shared, ask, &target),
        // exec and port-forward are websockets, and do not come here
        ("log" | "exec" | "attach", _) if target.resource.kind == "Pod" => no_containers(&target),
        _ => Err(StoreError::no_such_path()),
    }
}

fn no_containers(target: &Target) -> Result<Answer, StoreError> {
    let message = format!(
        "the sandbox runs no containers: pod \"{}\" has neither log nor shell",
        target.name
    );
    Err(StoreError::bad_request(message))
}

/// The namespace an access rule looks at: a namespace object is its own.
fn place(target: &Target) -> String {
    match target.resource.kind {
        "Namespace" => target.name.clone(),
        _ => target.namespace.clone(),
    }
}

/// The verb a request means, as access rules name it.
fn verb(ask: &Ask, target: &Target) -> Result<&'static str, StoreError> {
    let collection = target.name.is_empty();
    match (&ask.method, collection) {
        (&Method::GET | &Method::HEAD, true) if ask.query.is_true("watch") => Ok("watch"),
        (&Method::GET | &Method::HEAD, true) => Ok("list"),
        (&Method::GET | &Method::HEAD, false) => Ok("get"),
        (&Method::POST, true) => Ok("create"),
        (&Method::POST, false) if !target.part.is_empty() => Ok("create"),
        (&Method::PUT, false) => Ok("update"),
        (&Method::PATCH, false) => Ok("patch"),
        (&Method::DELETE, false) if target.part.is_empty() => Ok("delete"),
        (&Method::DELETE, true) => Ok("deletecollection"),
        _ => Err(StoreError::method_not_allowed()),
    }
}

fn get(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let (view, encoding) = negotiate(&ask.accept, ask.query.get("includeObject"))?;
    let found = shared.read(|store| store.fetch(target.resource, &target.namespace, &target.name).cloned());
    let object = found.ok_or_else(|| StoreError::not_found(target.resource, &target.name))?;
    let shown = view.one(target.resource, &object, shared.now(), true);
    Ok(Answer::encoded(200, &shown, encoding))
}

/// Whether a writing request only wants to see what would come of it (`dryRun=All`).
fn is_dry(options: &str, given: &str) -> Result<bool, StoreError> {
    match given {
        "" => Ok(false),
        "All" => Ok(true),
        other => {
            let cause = super::status::Cause {
                field: "dryRun".to_owned(),
                reason: "FieldValueNotSupported",
                message: format!("Unsupported value: [\"{other}\"]: supported values: \"All\""),
            };
            Err(StoreError::invalid_options(options, &[cause]))
        }
    }
}
