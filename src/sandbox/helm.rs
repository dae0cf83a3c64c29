//! What stands in for helm in a sandbox: no helm is run. Words of a command line in, its output out; what an install, upgrade,
//! rollback or uninstall does to objects is decided by `laws::helm`, which forecasts it, and carried out on the store; the charts
//! are the sandbox's own.
//!
//! Knows no process and no network of its own: [`errand`] is the program that carries the words here, over loopback and to
//! a sandbox alone.

mod act;
mod chart;
pub mod errand;
mod records;
mod words;

use super::http::{Answer, Ask};
use super::serve::Shared;
use super::status::StoreError;
use crate::model::helm::Executor;
use hyper::Method;
use serde_json::{Map, Value, json};
use words::{Verb, Words};

/// Where a sandbox listens for it; no real API server has it.
pub(super) const PATH: &str = "/apis/sandbox.pilothouse.dev/v1/helm";
/// The version it behaves like: that of the laws.
pub(super) const VERSION: Executor = Executor::new(4, 3, 1);
/// The name it is started by, which the operator reads wherever his helm is named.
pub const NAME: &str = "helm-rehearsed-by-the-laws";

/// Answers what was asked of helm; `None` for any other request.
pub(super) fn answer(shared: &Shared, ask: &Ask) -> Option<Result<Answer, StoreError>> {
    if ask.method != Method::POST || ask.path.trim_end_matches('/') != PATH {
        return None;
    }
    Some(ask.document().map(|body| {
        let (code, out, err) = match run(shared, &body) {
            Ok(out) => (0, out, String::new()),
            Err(why) => (1, String::new(), format!("Error: {why}\n")),
        };
        Answer::json(200, &json!({ "code": code, "out": out, "err": err }))
    }))
}

fn run(shared: &Shared, body: &Value) -> Result<String, String> {
    let words: Vec<String> = body
        .get("words")
        .and_then(Value::as_array)
        .map(|words| words.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let driver = body.get("driver").and_then(Value::as_str).unwrap_or_default();
    let words = Words::read(&words, driver)?;
    let values = values(&words, body.get("files").unwrap_or(&Value::Null))?;
    if words.verb == Verb::ShowDefinitions {
        return Ok(String::new());
    }
    if words.dry {
        let rendered = shared.read(|store| act::rendered(store, &words, &values))?;
        return Ok(rendered.record("pending-install", shared.now()).to_string());
    }
    shared.change(|store| act::carry_out(store, &words, &values))
}

/// The files of values, the later one over the earlier.
fn values(words: &Words, files: &Value) -> Result<Value, String> {
    let mut values = Value::Object(Map::new());
    for path in &words.values {
        let text = files.get(path).and_then(Value::as_str).unwrap_or_default();
        // the parser's own words may quote a value
        let read: Value = serde_saphyr::from_str(text).map_err(|_error| format!("{path} is no YAML"))?;
        super::controllers::document::merge(&mut values, &read);
    }
    Ok(values)
}
