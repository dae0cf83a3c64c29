//! What a template's revision is named by: its content, without the defaults an API server fills in, so that a template
//! has one name before and after it was stored. Knows no controller.

use crate::sandbox::controllers::chance;
use serde_json::Value;

/// Ten characters that follow from the template.
pub(in crate::sandbox) fn hash(template: &Value) -> String {
    let mut text = String::new();
    write(template, &mut text);
    chance::suffix(0, &text, 10)
}

/// The template in one fixed order of fields, defaults left out.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields
                .iter()
                .filter(|(field, value)| !is_default(field, value))
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

/// The values that `pkg/apis/core/v1/defaults.go` gives to what a template leaves out.
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
        _ => value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_do_not_make_another_revision_and_an_image_does() {
        let told = json!({ "metadata": { "labels": { "app": "db" } },
            "spec": { "containers": [{ "name": "db", "image": "postgres:17.2", "ports": [{ "containerPort": 5432 }] }] } });
        let stored = json!({ "metadata": { "labels": { "app": "db" }, "creationTimestamp": null },
            "spec": { "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "securityContext": {},
                "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
                "containers": [{ "image": "postgres:17.2", "name": "db", "resources": {},
                    "ports": [{ "protocol": "TCP", "containerPort": 5432 }], "imagePullPolicy": "IfNotPresent",
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File" }] } });
        assert_eq!(hash(&told), hash(&stored));
        let mut newer = told.clone();
        newer["spec"]["containers"][0]["image"] = json!("postgres:18");
        assert_ne!(hash(&told), hash(&newer));
    }
}
