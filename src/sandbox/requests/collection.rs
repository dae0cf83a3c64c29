//! Lists, page by page and each page of the same moment, and the start of watches.

use crate::sandbox::http::{Answer, Ask};
use crate::sandbox::resources::Resource;
use crate::sandbox::routes::Target;
use crate::sandbox::selector::Selection;
use crate::sandbox::serve::Shared;
use crate::sandbox::status::StoreError;
use crate::sandbox::view::{ListMeta, negotiate};
use crate::sandbox::watch::{self, WatchAsk};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Where the next page begins (`apiserver/pkg/storage/continue.go`).
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    v: String,
    rv: i64,
    /// `namespace/name` of the last object shown.
    start: String,
}

const TOO_OLD: &str = "The provided continue parameter is too old to display a consistent list result. You can start a \
                       new list without the continue parameter, or use the continue token in this response to retrieve \
                       the remainder of the results. Continuing with the provided token results in an inconsistent list \
                       - objects that were created, modified, or deleted between the time the first chunk was returned \
                       and now may show up in the list.";

impl Token {
    fn read(text: &str) -> Result<Self, StoreError> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default();
        serde_json::from_slice(&bytes).map_err(|error| {
            StoreError::bad_request(format!("invalid continue token: continue key is not valid: {error}"))
        })
    }

    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

pub(super) fn selection(ask: &Ask, resource: &Resource) -> Result<Selection, StoreError> {
    Selection::read(resource, ask.query.get("labelSelector"), ask.query.get("fieldSelector"))
}

fn scope(target: &Target) -> Option<&str> {
    Some(target.namespace.as_str()).filter(|namespace| !namespace.is_empty())
}

pub(super) fn list(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let (view, encoding) = negotiate(&ask.accept, ask.query.get("includeObject"))?;
    let selection = selection(ask, target.resource)?;
    let (objects, meta) = page(shared, ask, target, &selection)?;
    let failed = |error: serde_json::Error| StoreError::new(500, "InternalError", error.to_string());
    let bytes = view
        .many(target.resource, &objects, &meta, shared.now())
        .map_err(failed)?;
    Ok(match encoding {
        crate::sandbox::view::Encoding::Json => Answer::bytes(200, "application/json", bytes),
        crate::sandbox::view::Encoding::Yaml => {
            let value: Value = serde_json::from_slice(&bytes).map_err(failed)?;
            Answer::encoded(200, &value, encoding)
        }
    })
}

/// One page of a list.
fn page(
    shared: &Shared,
    ask: &Ask,
    target: &Target,
    selection: &Selection,
) -> Result<(Vec<Arc<Value>>, ListMeta), StoreError> {
    let limit: Option<usize> = ask.query.number("limit")?;
    let limit = limit.filter(|limit| *limit > 0);
    let token = match ask.query.get("continue") {
        "" => None,
        text => Some(Token::read(text)?),
    };
    let (all, revision) = shared.read(|store| {
        let revision = match &token {
            Some(token) => u64::try_from(token.rv).unwrap_or_else(|_| store.latest()),
            None => moment(ask, store.latest())?,
        };
        let all = store.list(target.resource, scope(target), revision);
        let all = all.ok_or_else(|| match &token {
            Some(token) => too_old(token),
            None => StoreError::expired("The provided resourceVersion is too old"),
        });
        Ok((all?, revision))
    })?;
    let after = token.map(|token| token.start);
    let mut fitting = all
        .into_iter()
        .map(|(place, object)| (format!("{}/{}", place.namespace, place.name), object))
        .skip_while(|(at, _)| after.as_ref().is_some_and(|after| key(at) <= key(after)))
        .filter(|(_, object)| selection.matches(object));
    let mut objects = Vec::new();
    let mut last = String::new();
    for (at, object) in fitting.by_ref().take(limit.unwrap_or(usize::MAX)) {
        objects.push(object);
        last = at;
    }
    let left = fitting.count();
    let next = Token {
        v: "meta.k8s.io/v1".to_owned(),
        rv: i64::try_from(revision).unwrap_or(i64::MAX),
        start: last,
    };
    let meta = ListMeta {
        revision: revision.to_string(),
        next: (left > 0).then(|| next.write()),
        remaining: selection.is_everything().then_some(left),
    };
    Ok((objects, meta))
}

/// The order of a list: by namespace, then by name.
fn key(at: &str) -> (&str, &str) {
    at.split_once('/').unwrap_or((at, ""))
}

/// The moment a first page shows.
fn moment(ask: &Ask, latest: u64) -> Result<u64, StoreError> {
    let asked: Option<u64> = ask.query.number("resourceVersion")?;
    let asked = asked.unwrap_or(0);
    if asked > latest {
        let mut error = StoreError::new(
            504,
            "Timeout",
            format!("Timeout: Too large resource version: {asked}, current: {latest}"),
        );
        error.details = Some(Box::new(serde_json::json!({
            "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
            "retryAfterSeconds": 1,
        })));
        return Err(error);
    }
    let exact = ask.query.get("resourceVersionMatch") == "Exact" && asked > 0;
    Ok(if exact { asked } else { latest })
}

/// The answer to a token whose moment is forgotten; it carries one that goes on without consistency.
fn too_old(token: &Token) -> StoreError {
    let mut error = StoreError::expired(TOO_OLD);
    let goes_on = Token {
        v: token.v.clone(),
        rv: -1,
        start: token.start.clone(),
    };
    error.next = Some(goes_on.write());
    error
}

pub(super) fn watch(shared: &Arc<Shared>, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let (view, _) = negotiate(&ask.accept, ask.query.get("includeObject"))?;
    let selection = selection(ask, target.resource)?;
    let namespace = scope(target).map(str::to_owned);
    let active = shared.faults.active();
    let watch_ask = WatchAsk::read(target.resource, namespace, selection, view, &ask.query, &active)?;
    if shared.faults.take_refused_watch() {
        return Err(StoreError::expired("too old resource version"));
    }
    Ok(Answer::lines(watch::start(shared, watch_ask)))
}
