//! The charts that a sandbox brings along: the new family of seed 000, and the old one with keep on its claims. Written out here,
//! since no template is rendered without helm.

use crate::model::helm::RESOURCE_POLICY;
use crate::sandbox::controllers::document as doc;
use serde_json::{Value, json};

/// What a chart comes to.
pub(super) struct Chart {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) documents: Vec<Value>,
}

/// Renders a chart for a release. `stored` are the documents of what is deployed now.
pub(super) fn rendered(
    (chart, version): (&str, &str),
    (release, namespace): (&str, &str),
    values: &Value,
    stored: &[Value],
) -> Result<Chart, String> {
    // a reference may name a repository, and a path a directory
    let name = chart.rsplit('/').next().unwrap_or(chart);
    match (name, version) {
        ("client", "" | "1.2.0") => Ok(Chart {
            name: "client",
            version: "1.2.0",
            documents: client(release, namespace, values)?,
        }),
        ("eks", "" | "1.0.5") => Ok(Chart {
            name: "eks",
            version: "1.0.5",
            documents: kept(stored),
        }),
        _ => Err(format!(
            "chart {chart:?} version {version:?} not found: no helm is run in this sandbox, which knows the charts client 1.2.0 and \
             eks 1.0.5 alone; name your own helm with --helm to use others"
        )),
    }
}

/// The old chart as it is deployed, with keep on every claim.
fn kept(stored: &[Value]) -> Vec<Value> {
    let mut documents = stored.to_vec();
    for document in &mut documents {
        if doc::text(document, "/kind") == "PersistentVolumeClaim" {
            doc::put(document, &["metadata", "annotations", RESOURCE_POLICY], "keep");
        }
    }
    documents
}

/// The new chart: a database on its claim, two workers, what they need, and its claims with keep.
fn client(release: &str, namespace: &str, values: &Value) -> Result<Vec<Value>, String> {
    let need = |pointer: &str| match doc::text(values, pointer) {
        "" => Err(format!(
            "execution error at (client/templates/values.yaml): {} is required",
            pointer.trim_start_matches('/').replace('/', ".")
        )),
        text => Ok(text),
    };
    let (database, password, logs) = (
        need("/database/claim")?,
        need("/database/password")?,
        need("/logs/claim")?,
    );
    let meta = |name: &str| json!({ "name": name, "namespace": namespace, "labels": { "app.kubernetes.io/instance": release } });
    let mut documents = vec![
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(&format!("{release}-client")) }),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": meta(&format!("{release}-database")), "type": "Opaque",
            "stringData": { "password": password },
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(&format!("{release}-config")),
            "data": { "CLIENT_ENV": doc::text(values, "/env") },
        }),
    ];
    for claim in doc::list(values, "/claims") {
        let mut made = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(doc::text(claim, "/name")),
            "spec": {
                "accessModes": [doc::text(claim, "/mode")],
                "resources": { "requests": { "storage": doc::text(claim, "/size") } },
                "storageClassName": doc::text(claim, "/class"),
                "volumeMode": "Filesystem",
            },
        });
        doc::put(&mut made, &["metadata", "annotations", RESOURCE_POLICY], "keep");
        documents.push(made);
    }
    let name = format!("{release}-mysql");
    documents.push(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": meta(&name),
        "spec": { "selector": { "app": name }, "ports": [{ "port": 3306 }] },
    }));
    documents.push(workload("StatefulSet", &name, &meta(&name), ("mysql:8.0.36", database)));
    for worker in ["jobs-manager", "pods-monitor"] {
        let name = format!("{release}-{worker}");
        let image = format!("tracebloc/{worker}:1.2.0");
        documents.push(workload("Deployment", &name, &meta(&name), (&image, logs)));
    }
    Ok(documents)
}

fn workload(kind: &str, name: &str, meta: &Value, (image, claim): (&str, &str)) -> Value {
    let mut made = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": meta,
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": {
                    "containers": [{ "name": "main", "image": image }],
                    "volumes": [{ "name": "store", "persistentVolumeClaim": { "claimName": claim } }],
                },
            },
        },
    });
    if kind == "StatefulSet" {
        doc::put(&mut made, &["spec", "serviceName"], name);
    }
    made
}
