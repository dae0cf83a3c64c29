//! Kubernetes Events of an object, as a recorder leaves them.

use super::{Cluster, number};
use pilothouse::model::Kind;
use serde_json::json;

impl Cluster {
    /// The two Events of an object, as items of a list; what a person sees who looks at it.
    pub(crate) fn events(&self, kind: Kind, n: usize) -> Vec<Vec<u8>> {
        let key = self.key(kind, n);
        let namespace = if key.namespace.is_empty() {
            "default"
        } else {
            key.namespace.as_str()
        };
        [
            ("Normal", "SuccessfulMountVolume", "MountVolume.SetUp succeeded for volume \"data\"", 1_u32),
            ("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 7),
        ]
        .into_iter()
        .enumerate()
        .map(|(nth, (severity, reason, message, count))| {
            let salt = number(n) * 2 + number(nth);
            let event = json!({
                "metadata": {
                    "name": format!("{}.{}", key.name, self.chance.hex("event", salt, 16)),
                    "namespace": namespace,
                    "uid": self.chance.uid("event", salt),
                    "resourceVersion": (self.latest() - 1).to_string(),
                    "creationTimestamp": self.ago(1_800),
                },
                "involvedObject": {
                    "kind": kind.name(), "namespace": key.namespace.as_str(), "name": key.name.as_str(), "uid": self.uid(kind, n, 0),
                    "apiVersion": kind.api_version(), "resourceVersion": self.version(kind, n).to_string(),
                },
                "reason": reason, "message": message, "source": { "component": "kubelet" },
                "firstTimestamp": self.ago(1_800), "lastTimestamp": self.ago(600), "count": count, "type": severity,
                "eventTime": null, "reportingComponent": "kubelet", "reportingInstance": "",
            });
            event.to_string().into_bytes()
        })
        .collect()
    }
}
