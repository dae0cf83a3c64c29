//! Whether a report fits the schema that is published for its kind.

use jsonschema::Validator;
use serde_json::Value;

/// The published schema of this file in `docs/schema`.
pub(crate) fn published(file: &str) -> Value {
    let path = format!("{}/docs/schema/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn fits(validator: &Validator, value: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{value:#}");
}

/// Holds a report against the schema of its kind; a kind of which none is published is none of this one's business.
pub(crate) fn fits_its_own(report: &Value) {
    let file = match report["kind"].as_str() {
        Some("Forecast") => "forecast.v1.json",
        Some("Explanation") => "explain.v1.json",
        Some("Plan") => "plan.v1.json",
        Some("Preflight") => "preflight.v1.json",
        Some("WayOut") => "unstick.v1.json",
        Some("Run") => "run.v1.json",
        Some("RunAccount") => "report.v1.json",
        _ => return,
    };
    fits(&jsonschema::validator_for(&published(file)).unwrap(), report);
}
