//! Everything else in columns, and the two columns of a kind that has none of its own.

use super::Type::{Date, Name, Number, Text};
use super::{Printer, age, joined, name, or_none, selector, since};
use crate::sandbox::fields::{at, entries, list, number, text, texts};
use serde_json::{Value, json};

pub(super) const ANY: Printer = Printer {
    columns: &[("Name", Name, 0), ("Created At", Date, 0)],
    cells: |object, _| {
        let created = at(object, &["metadata", "creationTimestamp"]);
        vec![name(object), created.cloned().unwrap_or_default()]
    },
};

pub(super) const NODE: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Status", Text, 0),
        ("Roles", Text, 0),
        ("Age", Text, 0),
        ("Version", Text, 0),
        ("Internal-IP", Text, 1),
        ("External-IP", Text, 1),
        ("OS-Image", Text, 1),
        ("Kernel-Version", Text, 1),
        ("Container-Runtime", Text, 1),
    ],
    cells: |node, now| {
        let info = |field: &str| text(node, &["status", "nodeInfo", field]).to_owned();
        let unknown = |field: &str| match info(field) {
            empty if empty.is_empty() => json!("<unknown>"),
            told => json!(told),
        };
        vec![
            name(node),
            json!(node_status(node)),
            json!(roles(node)),
            age(node, now),
            json!(info("kubeletVersion")),
            json!(address(node, "InternalIP")),
            json!(address(node, "ExternalIP")),
            unknown("osImage"),
            unknown("kernelVersion"),
            unknown("containerRuntimeVersion"),
        ]
    },
};

pub(super) const NAMESPACE: Printer = Printer {
    columns: &[("Name", Name, 0), ("Status", Text, 0), ("Age", Text, 0)],
    cells: |namespace, now| {
        let phase = text(namespace, &["status", "phase"]);
        vec![name(namespace), json!(phase), age(namespace, now)]
    },
};

pub(super) const SECRET: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Type", Text, 0),
        ("Data", Text, 0),
        ("Age", Text, 0),
    ],
    cells: |secret, now| {
        let fields = entries(secret, &["data"]).count();
        vec![
            name(secret),
            json!(text(secret, &["type"])),
            json!(fields),
            age(secret, now),
        ]
    },
};

pub(super) const CONFIG_MAP: Printer = Printer {
    columns: &[("Name", Name, 0), ("Data", Text, 0), ("Age", Text, 0)],
    cells: |map, now| {
        let fields = entries(map, &["data"]).count() + entries(map, &["binaryData"]).count();
        vec![name(map), json!(fields), age(map, now)]
    },
};

pub(super) const SERVICE: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Type", Text, 0),
        ("Cluster-IP", Text, 0),
        ("External-IP", Text, 0),
        ("Port(s)", Text, 0),
        ("Age", Text, 0),
        ("Selector", Text, 1),
    ],
    cells: |service, now| {
        let ports: Vec<String> = list(service, &["spec", "ports"]).iter().map(port).collect();
        vec![
            name(service),
            json!(text(service, &["spec", "type"])),
            or_none(text(service, &["spec", "clusterIP"])),
            json!(joined(texts(service, &["spec", "externalIPs"]).into_iter())),
            json!(joined(ports.iter().map(String::as_str))),
            age(service, now),
            selector(service, &["spec", "selector"]),
        ]
    },
};

pub(super) const EVENT: Printer = Printer {
    columns: &[
        ("Last Seen", Text, 0),
        ("Type", Text, 0),
        ("Reason", Text, 0),
        ("Object", Text, 0),
        ("Subobject", Text, 1),
        ("Source", Text, 1),
        ("Message", Text, 0),
        ("First Seen", Text, 1),
        ("Count", Text, 1),
        ("Name", Name, 1),
    ],
    cells: |event, now| {
        let kind = text(event, &["involvedObject", "kind"]).to_lowercase();
        let source = joined([text(event, &["source", "component"]), text(event, &["source", "host"])].into_iter());
        let last = text(event, &["lastTimestamp"]);
        let first = text(event, &["firstTimestamp"]);
        vec![
            json!(since(if last.is_empty() { first } else { last }, now)),
            json!(text(event, &["type"])),
            json!(text(event, &["reason"])),
            json!(format!("{kind}/{}", text(event, &["involvedObject", "name"]))),
            json!(text(event, &["involvedObject", "fieldPath"])),
            json!(source.trim_end_matches(',')),
            json!(text(event, &["message"]).trim()),
            json!(since(first, now)),
            json!(number(event, &["count"]).unwrap_or(1)),
            name(event),
        ]
    },
};

pub(super) const LEASE: Printer = Printer {
    columns: &[("Name", Name, 0), ("Holder", Text, 0), ("Age", Text, 0)],
    cells: |lease, now| {
        vec![
            name(lease),
            json!(text(lease, &["spec", "holderIdentity"])),
            age(lease, now),
        ]
    },
};

pub(super) const BUDGET: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Min Available", Text, 0),
        ("Max Unavailable", Text, 0),
        ("Allowed Disruptions", Number, 0),
        ("Age", Text, 0),
    ],
    cells: |budget, now| {
        let bound = |field: &str| match at(budget, &["spec", field]) {
            None => json!("N/A"),
            Some(Value::Number(bound)) => json!(bound.to_string()),
            Some(bound) => bound.clone(),
        };
        vec![
            name(budget),
            bound("minAvailable"),
            bound("maxUnavailable"),
            json!(number(budget, &["status", "disruptionsAllowed"]).unwrap_or(0)),
            age(budget, now),
        ]
    },
};

pub(super) const REVISION: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Controller", Text, 0),
        ("Revision", Text, 0),
        ("Age", Text, 0),
    ],
    cells: |revision, now| {
        let owners = list(revision, &["metadata", "ownerReferences"]);
        let controller = owners
            .iter()
            .find(|owner| at(owner, &["controller"]) == Some(&json!(true)));
        let controller = controller.map_or_else(
            || "<none>".to_owned(),
            |owner| {
                let group = text(owner, &["apiVersion"])
                    .split_once('/')
                    .map_or("", |(group, _)| group);
                let kind = text(owner, &["kind"]).to_lowercase();
                format!("{kind}.{group}/{}", text(owner, &["name"])).replace("./", "/")
            },
        );
        let count = number(revision, &["revision"]).unwrap_or(0);
        vec![name(revision), json!(controller), json!(count), age(revision, now)]
    },
};

fn node_status(node: &Value) -> String {
    let ready = list(node, &["status", "conditions"])
        .iter()
        .find(|condition| text(condition, &["type"]) == "Ready");
    let said = match ready.map(|ready| text(ready, &["status"])) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if at(node, &["spec", "unschedulable"]) == Some(&json!(true)) {
        return format!("{said},SchedulingDisabled");
    }
    said.to_owned()
}

fn roles(node: &Value) -> String {
    let labels = entries(node, &["metadata", "labels"]);
    let mut roles: Vec<&str> = labels
        .filter_map(|(label, _)| label.strip_prefix("node-role.kubernetes.io/"))
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    joined(roles.into_iter())
}

fn address(node: &Value, kind: &str) -> String {
    let found = list(node, &["status", "addresses"])
        .iter()
        .find(|address| text(address, &["type"]) == kind);
    found.map_or_else(|| "<none>".to_owned(), |address| text(address, &["address"]).to_owned())
}

fn port(port: &Value) -> String {
    let number = |field: &str| number(port, &[field]).filter(|number| *number > 0);
    let node = number("nodePort").map_or_else(String::new, |node| format!(":{node}"));
    format!("{}{node}/{}", number("port").unwrap_or(0), text(port, &["protocol"]))
}
