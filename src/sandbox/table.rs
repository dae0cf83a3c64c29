//! The columns `kubectl get` shows, per kind, as `pkg/printers/internalversion/printers.go` makes them in 1.36.
//!
//! Knows objects and the time; nothing of requests.

mod batch;
mod plain;
mod storage;
mod workload;

use super::fields::{entries, list, text};
use super::resources::Resource;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A column: name, type and format, and 1 for those that only `-o wide` shows.
type Column = (&'static str, Type, u8);

/// The type of a column's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Name,
    Text,
    Number,
    Flag,
    Date,
}

/// A way to print a kind: its columns and the cells of one object.
struct Printer {
    columns: &'static [Column],
    cells: fn(&Value, Timestamp) -> Vec<Value>,
}

fn printer(resource: &Resource) -> Printer {
    match (resource.group, resource.kind) {
        ("", "Pod") => workload::POD,
        ("apps", "StatefulSet") => workload::STATEFUL_SET,
        ("apps", "Deployment") => workload::DEPLOYMENT,
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workload::REPLICA_SET,
        ("apps", "DaemonSet") => workload::DAEMON_SET,
        ("batch", "Job") => batch::JOB,
        ("batch", "CronJob") => batch::CRON_JOB,
        ("", "PersistentVolumeClaim") => storage::CLAIM,
        ("", "PersistentVolume") => storage::VOLUME,
        ("storage.k8s.io", "StorageClass") => storage::CLASS,
        ("storage.k8s.io", "VolumeAttachment") => storage::ATTACHMENT,
        ("", "Node") => plain::NODE,
        ("", "Namespace") => plain::NAMESPACE,
        ("", "Secret") => plain::SECRET,
        ("", "ConfigMap") => plain::CONFIG_MAP,
        ("", "Service") => plain::SERVICE,
        (_, "Event") => plain::EVENT,
        ("coordination.k8s.io", "Lease") => plain::LEASE,
        ("policy", "PodDisruptionBudget") => plain::BUDGET,
        ("apps", "ControllerRevision") => plain::REVISION,
        _ => plain::ANY,
    }
}

/// The column definitions of a kind.
pub(super) fn definitions(resource: &Resource) -> Value {
    let columns = printer(resource).columns.iter().map(|(name, kind, priority)| {
        let (kind, format) = match kind {
            Type::Name => ("string", "name"),
            Type::Text => ("string", ""),
            Type::Number => ("integer", ""),
            Type::Flag => ("boolean", ""),
            Type::Date => ("date", ""),
        };
        json!({ "name": name, "type": kind, "format": format, "description": name, "priority": priority })
    });
    Value::Array(columns.collect())
}

/// The cells of an object.
pub(super) fn cells(resource: &Resource, object: &Value, now: Timestamp) -> Vec<Value> {
    (printer(resource).cells)(object, now)
}

fn name(object: &Value) -> Value {
    json!(text(object, &["metadata", "name"]))
}

/// The age of an object.
fn age(object: &Value, now: Timestamp) -> Value {
    json!(since(text(object, &["metadata", "creationTimestamp"]), now))
}

/// How long ago a date was; `<unknown>` when there is none.
fn since(date: &str, now: Timestamp) -> String {
    match date.parse::<Timestamp>() {
        Ok(date) => human(now.as_second() - date.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// A span of seconds as kubectl says it (`apimachinery/pkg/util/duration`, `HumanDuration`).
fn human(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let days = hours / 24;
    let pair = |whole: i64, unit: &str, rest: i64, small: &str| match rest {
        0 => format!("{whole}{unit}"),
        rest => format!("{whole}{unit}{rest}{small}"),
    };
    match seconds {
        i64::MIN..=-2 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => pair(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// Texts joined by commas; `<none>` when there are none.
fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let joined = texts.collect::<Vec<_>>().join(",");
    if joined.is_empty() { "<none>".to_owned() } else { joined }
}

/// The text, or `<none>`.
fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

/// The names and the images of the containers below a path.
fn containers(object: &Value, path: &[&str]) -> [Value; 2] {
    let containers = list(object, path);
    let all = |field: &str| {
        let texts = containers.iter().map(|container| text(container, &[field]));
        json!(texts.collect::<Vec<_>>().join(","))
    };
    [all("name"), all("image")]
}

/// A label selector as kubectl says it.
fn selector(object: &Value, path: &[&str]) -> Value {
    let mut labels: Vec<String> = entries(object, path)
        .map(|(label, value)| format!("{label}={}", value.as_str().unwrap_or_default()))
        .collect();
    labels.sort();
    json!(joined(labels.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::{RESOURCES, by_path};

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        for resource in RESOURCES {
            let object = json!({ "metadata": { "name": "x" } });
            let cells = cells(resource, &object, now());
            assert_eq!(
                cells.len(),
                definitions(resource).as_array().unwrap().len(),
                "{}",
                resource.qualified()
            );
        }
    }

    #[test]
    fn ages_read_as_kubectl_says_them() {
        for (seconds, expected) in [
            (-5, "<invalid>"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (163, "2m43s"),
            (600, "10m"),
            (10_800, "3h"),
            (11_520, "3h12m"),
            (28_800, "8h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (64_000_000, "2y10d"),
            (300_000_000, "9y"),
        ] {
            assert_eq!(human(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn a_deleting_claim_is_terminating_and_a_deleting_pod_too() {
        let claim = json!({
            "metadata": { "name": "c", "deletionTimestamp": "2026-11-20T09:00:00Z", "creationTimestamp": "2026-11-18T09:00:00Z" },
            "spec": { "volumeName": "v", "storageClassName": "nfs", "accessModes": ["ReadWriteMany", "ReadWriteOnce"], "volumeMode": "Filesystem" },
            "status": { "phase": "Bound", "capacity": { "storage": "5Gi" }, "accessModes": ["ReadWriteMany", "ReadWriteOnce"] },
        });
        let claims = by_path("", "v1", "persistentvolumeclaims").unwrap();
        assert_eq!(
            cells(claims, &claim, now()),
            [
                "c",
                "Terminating",
                "v",
                "5Gi",
                "RWO,RWX",
                "nfs",
                "<unset>",
                "2d1h",
                "Filesystem"
            ]
        );
        let pod = json!({
            "metadata": { "name": "p", "deletionTimestamp": "2026-11-20T09:00:00Z", "creationTimestamp": "2026-11-20T09:00:00Z" },
            "spec": { "containers": [{ "name": "a" }, { "name": "b" }], "nodeName": "n" },
            "status": { "phase": "Running", "containerStatuses": [
                { "ready": true, "restartCount": 2, "state": { "running": {} } },
                { "ready": false, "restartCount": 0, "state": { "waiting": { "reason": "CrashLoopBackOff" } } },
            ] },
        });
        let pods = by_path("", "v1", "pods").unwrap();
        assert_eq!(
            cells(pods, &pod, now())[..5],
            [json!("p"), json!("1/2"), json!("Terminating"), json!("2"), json!("60m")]
        );
    }
}
