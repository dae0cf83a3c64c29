//! What a template's revision is named by: its content, without the defaults an API server fills in, so that a template
//! has one name before and after it was stored. Knows no controller.

use crate::model::workload::template::canonical;
use crate::sandbox::controllers::chance;
use serde_json::Value;

/// Ten characters that follow from the template.
pub(in crate::sandbox) fn hash(template: &Value) -> String {
    chance::suffix(0, &canonical(template), 10)
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
