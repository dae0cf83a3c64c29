//! Label and field selectors of lists, watches and collections.
//!
//! Sources: `apimachinery/pkg/labels`, `pkg/fields`, and the field labels each kind registers
//! (`pkg/apis/core/v1/conversion.go`, `pkg/apis/batch/v1/conversion.go`).

use super::fields::{at, text};
use super::resources::Resource;
use super::status::StoreError;
use serde_json::Value;

/// What an object must fulfil to be in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    label: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    /// Also fulfilled by an object without the label.
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    path: String,
    value: String,
    equal: bool,
}

impl Selection {
    /// Reads `labelSelector` and `fieldSelector` of a request; empty text selects everything.
    pub(super) fn read(resource: &Resource, labels: &str, fields: &str) -> Result<Self, StoreError> {
        let mut selection = Self::default();
        for part in split(labels) {
            selection.labels.push(requirement(part)?);
        }
        for part in fields.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let field = field(part)?;
            if !known_field(resource, &field.path) {
                return Err(StoreError::bad_request(unknown_field(resource, &field.path)));
            }
            selection.fields.push(field);
        }
        Ok(selection)
    }

    pub(super) const fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = at(object, &["metadata", "labels"]);
        self.labels.iter().all(|requirement| {
            let held = labels
                .and_then(|labels| labels.get(&requirement.label))
                .and_then(Value::as_str);
            requirement.test.holds(held)
        }) && self
            .fields
            .iter()
            .all(|field| (value_of(object, &field.path) == field.value) == field.equal)
    }
}

impl Test {
    fn holds(&self, held: Option<&str>) -> bool {
        let number = || held.and_then(|held| held.parse::<i64>().ok());
        match self {
            Self::Exists => held.is_some(),
            Self::Absent => held.is_none(),
            Self::In(values) => held.is_some_and(|held| values.iter().any(|value| value == held)),
            Self::NotIn(values) => held.is_none_or(|held| values.iter().all(|value| value != held)),
            Self::Greater(bound) => number().is_some_and(|number| number > *bound),
            Self::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

/// Splits at commas outside of parentheses.
fn split(selector: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = selector.split(|letter| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        letter == ',' && depth == 0
    });
    if selector.trim().is_empty() {
        Vec::new()
    } else {
        parts.map(str::trim).collect()
    }
}

fn requirement(part: &str) -> Result<Requirement, StoreError> {
    let malformed = || {
        StoreError::bad_request(format!(
            "unable to parse requirement: found '{part}', expected: identifier"
        ))
    };
    let values = |list: &str| list.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>();
    let made = |label: &str, test| {
        let label = label.trim();
        let bad = |letter: char| letter.is_whitespace() || "!=<>(),".contains(letter);
        if label.is_empty() || label.contains(bad) {
            return Err(malformed());
        }
        Ok(Requirement {
            label: label.to_owned(),
            test,
        })
    };
    if let Some((label, rest)) = part.split_once(" notin ") {
        let list = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        return made(label, Test::NotIn(values(list.ok_or_else(malformed)?)));
    }
    if let Some((label, rest)) = part.split_once(" in ") {
        let list = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        return made(label, Test::In(values(list.ok_or_else(malformed)?)));
    }
    if let Some((label, value)) = part.split_once("!=") {
        return made(label, Test::NotIn(values(value)));
    }
    if let Some((label, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return made(label, Test::In(values(value)));
    }
    for (sign, test) in [('>', Test::Greater as fn(i64) -> Test), ('<', Test::Less)] {
        if let Some((label, value)) = part.split_once(sign) {
            let bound = value.trim().parse::<i64>().ok().ok_or_else(malformed)?;
            return made(label, test(bound));
        }
    }
    match part.strip_prefix('!') {
        Some(label) => made(label, Test::Absent),
        None => made(part, Test::Exists),
    }
}

fn field(part: &str) -> Result<Field, StoreError> {
    let (path, value, equal) = if let Some((path, value)) = part.split_once("!=") {
        (path, value, false)
    } else if let Some((path, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        (path, value, true)
    } else {
        let message = format!("invalid selector: '{part}'; can't understand '{part}'");
        return Err(StoreError::bad_request(message));
    };
    Ok(Field {
        path: path.trim().to_owned(),
        value: value.trim().to_owned(),
        equal,
    })
}

/// The field labels of a kind beside name and namespace.
fn fields_of(resource: &Resource) -> &'static [&'static str] {
    match (resource.group, resource.kind) {
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Namespace") => &["status.phase", "name"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("events.k8s.io", "Event") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        ("batch", "Job") => &["status.successful"],
        _ => &[],
    }
}

fn known_field(resource: &Resource, path: &str) -> bool {
    path == "metadata.name" || path == "metadata.namespace" || fields_of(resource).contains(&path)
}

fn unknown_field(resource: &Resource, path: &str) -> String {
    match resource.kind {
        "Job" => format!("field label \"{path}\" not supported for Job"),
        _ if fields_of(resource).is_empty() => {
            format!("\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        }
        _ => format!("field label not supported: {path}"),
    }
}

/// The value of a field as selectors compare it. Objects are seen as they are kept: an Event of either group as `v1`.
fn value_of(object: &Value, path: &str) -> String {
    let kept = match path {
        "name" => "metadata.name".to_owned(),
        "reportingController" => "reportingComponent".to_owned(),
        "source" => "source.component".to_owned(),
        "status.successful" => "status.succeeded".to_owned(),
        _ => path.replacen("regarding.", "involvedObject.", 1),
    };
    let steps: Vec<&str> = kept.split('.').collect();
    match at(object, &steps) {
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Number(value)) => value.to_string(),
        None | Some(Value::Null) if path == "status.successful" => "0".to_owned(),
        None | Some(Value::Null) if path == "spec.unschedulable" || path == "spec.hostNetwork" => "false".to_owned(),
        _ => text(object, &steps).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;
    use serde_json::json;

    fn selects(labels: &str, fields: &str, object: &Value) -> bool {
        let pods = by_path("", "v1", "pods").unwrap();
        Selection::read(pods, labels, fields).unwrap().matches(object)
    }

    #[test]
    fn labels_select_as_the_api_server_does() {
        let pod = json!({ "metadata": { "labels": { "app": "mysql", "tier": "3" } } });
        for (labels, expected) in [
            ("", true),
            ("app=mysql", true),
            ("app==mysql,tier", true),
            ("app!=mysql", false),
            ("other!=x", true),
            ("app in (a, mysql)", true),
            ("app notin (a,b),tier>2", true),
            ("tier<3", false),
            ("!app", false),
            ("!other", true),
            ("other in (x)", false),
        ] {
            assert_eq!(selects(labels, "", &pod), expected, "{labels}");
        }
    }

    #[test]
    fn fields_select_by_the_names_a_kind_registers() {
        let pod = json!({ "metadata": { "name": "a" }, "spec": { "nodeName": "n" }, "status": { "phase": "Running" } });
        assert!(selects(
            "",
            "metadata.name=a,spec.nodeName=n,status.phase!=Failed",
            &pod
        ));
        assert!(!selects("", "spec.nodeName=other", &pod));
        let pods = by_path("", "v1", "pods").unwrap();
        let refused = Selection::read(pods, "", "spec.nothing=1").unwrap_err();
        assert_eq!(refused.message, "field label not supported: spec.nothing");
        assert_eq!(Selection::read(pods, "a==,,", "").unwrap_err().code, 400);
        let volumes = by_path("", "v1", "persistentvolumes").unwrap();
        let refused = Selection::read(volumes, "", "zz=1").unwrap_err();
        assert_eq!(
            refused.message,
            "\"zz\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
    }
}
