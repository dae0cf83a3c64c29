//! What a controller's pods will look like, as far as a rule reads it.

use super::PodSpec;
use super::node::Placement;
use crate::model::lenient::or_default;
use crate::model::meta::Labels;
use crate::model::raft::RaftTemplate;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The label by which a Deployment tells its ReplicaSets and their pods apart.
pub const TEMPLATE_HASH: &str = "pod-template-hash";

/// `spec.template`: the lean facts, and a print of all of it, so that a changed image is a changed template although no
/// rule reads images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodTemplate {
    pub metadata: TemplateMeta,
    pub spec: PodSpec,
    pub placement: Placement,
    /// Equal for equal templates, within one run of the program. The hash label does not count, as in
    /// `pkg/controller/deployment/util/deployment_util.go` `EqualIgnoreHash`. 0 where it was not taken.
    pub print: u64,
    /// The raft system that its containers run, if one does. Boxed: most run none.
    pub raft: Option<Box<RaftTemplate>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TemplateMeta {
    #[serde(deserialize_with = "or_default")]
    pub labels: Labels,
}

/// The template of what never compares templates, as Jobs, whose own cannot be changed: neither print nor placement, which
/// would cost more than all the rest of a Job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BareTemplate {
    #[serde(deserialize_with = "or_default")]
    pub metadata: TemplateMeta,
    #[serde(deserialize_with = "or_default")]
    pub spec: PodSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Placed {
    #[serde(deserialize_with = "or_default")]
    spec: Placement,
}

impl<'de> Deserialize<'de> for PodTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Value::deserialize(deserializer)?;
        let lean = BareTemplate::deserialize(&whole).map_err(serde::de::Error::custom)?;
        let placed = Placed::deserialize(&whole).map_err(serde::de::Error::custom)?;
        let mut hasher = DefaultHasher::new();
        canonical(&whole).hash(&mut hasher);
        Ok(Self {
            metadata: lean.metadata,
            spec: lean.spec,
            placement: placed.spec,
            print: hasher.finish(),
            raft: RaftTemplate::read(&whole).map(Box::new),
        })
    }
}

/// The template in one fixed order of fields, without the hash label and without the defaults an API server fills in, so
/// that it reads the same before and after it was stored.
pub fn canonical(template: &Value) -> String {
    let mut text = String::new();
    write(template, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields
                .iter()
                .filter(|(field, value)| !is_default(field, value) && *field != TEMPLATE_HASH)
                .collect();
            fields.sort_by_key(|(field, _)| *field);
            text.push('{');
            for (field, value) in fields {
                text.push_str(field);
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

/// The values that `pkg/apis/core/v1/defaults.go` gives to what a template leaves out; what is empty is not kept.
fn is_default(field: &str, value: &Value) -> bool {
    let word = |default: &str| value == default;
    match field {
        "terminationMessagePath" => word("/dev/termination-log"),
        "terminationMessagePolicy" => word("File"),
        "imagePullPolicy" => word("IfNotPresent") || word("Always"),
        "dnsPolicy" => word("ClusterFirst"),
        "schedulerName" => word("default-scheduler"),
        "restartPolicy" => word("Always"),
        "protocol" => word("TCP"),
        "terminationGracePeriodSeconds" => value == 30,
        "defaultMode" => value == 420,
        "serviceAccount" | "creationTimestamp" => true,
        _ => {
            let hollow = value.as_object().is_some_and(serde_json::Map::is_empty);
            value.is_null() || hollow || value.as_array().is_some_and(Vec::is_empty)
        }
    }
}
