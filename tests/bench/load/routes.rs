//! Requests: which list, which object, which watch. Nothing here changes anything.

use super::super::shapes::{LIST_TAIL, list_head_of};
use super::Server;
use super::answer::{self, Sending};
use super::discovery::{self, RESOURCES, Resource};
use super::line;
use super::live::{Expired, Wish};
use super::port::Meter;
use super::selection::Selection;
use super::shelf::{Form, Format, Places};
use super::stats::{Stamp, Verb, form_of, format_of};
use super::stock::{Stock, read_token, token};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};
use hyper::{Method, Request, Response};
use pilothouse::model::Kind;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How long a watch lives that sets no `timeoutSeconds`.
const LIFE: Duration = Duration::from_mins(45);

/// A request, as much of it as is looked at.
struct Ask {
    query: Vec<(String, String)>,
    form: Form,
    format: Format,
    gzip: bool,
}

/// What a path leads to.
struct Target<'a> {
    resource: &'static Resource,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
}

impl Ask {
    fn get(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(held, _)| held == name);
        found.map_or("", |(_, value)| value)
    }

    fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), "true" | "1")
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name).parse().ok()
    }

    fn selection(&self) -> Selection {
        Selection::read(self.get("labelSelector"), self.get("fieldSelector"))
    }
}

pub(super) async fn answer(
    server: Arc<Server>,
    meter: Arc<Meter>,
    request: Request<Incoming>,
) -> Result<Response<Sending>, Infallible> {
    let round_trip = server.port.round_trip();
    if !round_trip.is_zero() {
        tokio::time::sleep(round_trip).await;
    }
    let (head, body) = request.into_parts();
    let header = |name: HeaderName| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let ask = Ask {
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        form: form_of(header(ACCEPT)),
        format: format_of(header(ACCEPT)),
        gzip: header(ACCEPT_ENCODING).contains("gzip"),
    };
    if head.method == Method::POST {
        server.stats.asked(path, Verb::Other);
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        return Ok(review(path, &body));
    }
    if head.method != Method::GET {
        server.stats.asked(path, Verb::Other);
        return Ok(answer::refusal(405, "MethodNotAllowed", "nothing can be changed here"));
    }
    if let Some(told) = discovery::answer(path, header(ACCEPT)) {
        server.stats.asked(path, Verb::Other);
        return Ok(told);
    }
    let Some(target) = target(path) else {
        server.stats.asked(path, Verb::Other);
        return Ok(answer::refusal(
            404,
            "NotFound",
            "the server could not find the requested resource",
        ));
    };
    Ok(match target.name {
        Some(name) => object(&server, &target, name, ask.form),
        None if ask.is_true("watch") => watch(&server, meter, &target, &ask),
        None => list(&server, meter, &target, &ask),
    })
}

/// `/api/v1/…`, `/apis/GROUP/v1/…`.
fn target(path: &str) -> Option<Target<'_>> {
    let rest = path.trim_start_matches('/');
    let (group, rest) = match rest.strip_prefix("api/v1/") {
        Some(rest) => ("", rest),
        None => rest.strip_prefix("apis/")?.split_once("/v1/")?,
    };
    let steps: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let (namespace, plural, name) = match steps.as_slice() {
        ["namespaces", namespace, plural] => (Some(*namespace), *plural, None),
        ["namespaces", namespace, plural, name] => (Some(*namespace), *plural, Some(*name)),
        [plural] => (None, *plural, None),
        [plural, name] => (None, *plural, Some(*name)),
        _ => return None,
    };
    let mut all = RESOURCES.iter();
    let resource = all.find(|resource| resource.group == group && resource.plural == plural)?;
    (namespace.is_none() || resource.namespaced).then_some(Target {
        resource,
        namespace,
        name,
    })
}

/// A question about oneself: whoever asks is the operator and may do everything.
fn review(path: &str, body: &[u8]) -> Response<Sending> {
    let status = if path.ends_with("/selfsubjectreviews") {
        json!({ "userInfo": { "username": "operator", "groups": ["system:masters", "system:authenticated"] } })
    } else if path.ends_with("/selfsubjectaccessreviews") {
        json!({ "allowed": true, "reason": "everybody may look" })
    } else {
        return answer::refusal(405, "MethodNotAllowed", "nothing can be changed here");
    };
    let mut told: Value = serde_json::from_slice(body).unwrap_or_else(|_protobuf| json!({}));
    if let Some(fields) = told.as_object_mut() {
        fields.insert("status".to_owned(), status);
    }
    answer::json(201, &told)
}

fn object(server: &Server, target: &Target<'_>, name: &str, form: Form) -> Response<Sending> {
    server.stats.asked(target.resource.plural, Verb::Other);
    let found = target.resource.kind.and_then(|kind| {
        let namespace = target.namespace.unwrap_or_default();
        let live = server.live();
        let stock = live.stock();
        let shelf = stock.shelf(kind)?;
        let mut places = shelf.places(kind.namespaced().then_some(namespace));
        let n = *shelf.members.get(places.find(|place| {
            shelf
                .members
                .get(*place)
                .is_some_and(|n| server.cluster.key(kind, *n).name == name)
        })?)?;
        if kind == Kind::Release && form == Form::Whole {
            return Some(super::super::shapes::typed(
                "v1",
                "Secret",
                &server.cluster.secret(n).joined(),
            ));
        }
        live.item(kind, n).map(|item| line::object(kind, form, &item))
    });
    match found {
        Some(object) => answer::bytes(200, "application/json", object),
        None => answer::refusal(
            404,
            "NotFound",
            &format!("{} \"{name}\" not found", target.resource.plural),
        ),
    }
}

fn list(server: &Arc<Server>, meter: Arc<Meter>, target: &Target<'_>, ask: &Ask) -> Response<Sending> {
    let resource = target.resource;
    let stamp = server.stats.asked(resource.plural, Verb::List);
    let stamp = stamp.map(|stamp: Arc<Stamp>| (stamp, meter));
    let stock = server.live().stock();
    let Some(kind) = resource.kind else {
        let items = events(server, target, ask);
        let mut body = list_head_of("v1", &format!("{}List", resource.name), stock.version, None);
        body.extend_from_slice(&items.join(&b','));
        body.extend_from_slice(LIST_TAIL);
        return answer::bytes(200, "application/json", body);
    };
    let from = match (ask.get("continue"), read_token(ask.get("continue"))) {
        ("", _) => 0,
        (_, Some((version, from))) if version == stock.version => from,
        _ => return answer::refusal(410, "Expired", "The provided continue parameter is too old."),
    };
    let places = places(&stock, kind, target.namespace, &ask.selection());
    let limit = ask.number("limit").filter(|limit| *limit > 0);
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    let page = places.part(from, limit);
    let next = from + page.len();
    let left = places.len().saturating_sub(next);
    let format = match (kind, ask.form) {
        // their payloads are shared as JSON; who asks for them whole may read that too
        (Kind::Release, Form::Whole) => Format::Json,
        _ => ask.format,
    };
    let token = token(stock.version, next);
    let body = stock.body(kind, (ask.form, format), &page, left, &token, ask.gzip);
    let travels = body.parts.iter().map(bytes::Bytes::len).sum();
    server.stats.sent(resource.plural, body.identity, travels);
    answer::list(body, stamp)
}

/// The places of the items that are asked for; a run where everything of a namespace is.
fn places(stock: &Stock, kind: Kind, namespace: Option<&str>, selection: &Selection) -> Places {
    let Some(shelf) = stock.shelf(kind) else {
        return Places::Some(Vec::new());
    };
    let namespace = namespace.or_else(|| selection.field("metadata.namespace"));
    let run = shelf.places(namespace);
    if selection.is_everything() {
        return Places::Run(run);
    }
    let admitted = run.clone().filter(|place| selection.admits(kind, &shelf.item(*place)));
    let admitted: Vec<usize> = admitted.collect();
    if admitted.len() == run.len() {
        Places::Run(run)
    } else {
        Places::Some(admitted)
    }
}

/// The Events of the object that is asked for by uid; of nothing else there are any.
fn events(server: &Server, target: &Target<'_>, ask: &Ask) -> Vec<Vec<u8>> {
    let selection = ask.selection();
    let uid = selection
        .field("involvedObject.uid")
        .filter(|_| target.resource.plural == "events");
    let found = uid.and_then(|uid| server.cluster.find(target.namespace.unwrap_or_default(), uid));
    found.map_or_else(Vec::new, |(kind, n)| server.cluster.events(kind, n))
}

fn watch(server: &Arc<Server>, meter: Arc<Meter>, target: &Target<'_>, ask: &Ask) -> Response<Sending> {
    let resource = target.resource;
    server.stats.asked(resource.plural, Verb::Watch);
    let streaming = ask.is_true("sendInitialEvents");
    let after = ask
        .number("resourceVersion")
        .filter(|version| *version > 0 && !streaming);
    let bookmarks = ask.is_true("allowWatchBookmarks");
    let opened = match resource.kind {
        Some(kind) => server.live().watch(Wish {
            kind,
            form: if kind == Kind::Release {
                Form::Metadata
            } else {
                ask.form
            },
            format: ask.format,
            namespace: target.namespace.map(str::to_owned),
            selection: ask.selection(),
            bookmarks,
            after,
            marks: streaming && bookmarks,
        }),
        // of what is never there nothing happens
        None => Ok((Vec::new(), server.live().silence())),
    };
    let life = ask.number("timeoutSeconds").map_or(LIFE, Duration::from_secs);
    match opened {
        Ok(opened) => {
            let format = resource.kind.map_or(Format::Json, |_| ask.format);
            answer::watch(Arc::clone(server), meter, (resource.plural, format), opened, life)
        }
        Err(Expired) => answer::refusal(410, "Expired", "too old resource version"),
    }
}
