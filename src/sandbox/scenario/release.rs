//! Helm release records, made so that `helm list`, `helm status` and `helm get manifest` read them: one Secret a
//! revision, its payload base64(gzip(JSON)), once more base64 in the API's JSON (`reference/semantics.md` §2.1).
//! Knows Helm's format and no secret value: a record holds what the scenario's file holds.

use super::ScenarioError;
use super::expand::{Sheet, uid_of};
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::helm::Driver;
use crate::sandbox::controllers::document as doc;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write as _;

pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(super) const NAME: &str = "meta.helm.sh/release-name";
pub(super) const NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Helm's `InstallOrder`, as far as scenarios have such kinds; others come last.
const INSTALL_ORDER: [&str; 16] = [
    "PriorityClass",
    "Namespace",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Job",
    "CronJob",
];

/// The Secrets of a release, one a revision; the manifest is that of the objects stamped as its own.
pub(super) fn records(file: &str, sheet: &Sheet, objects: &[&Value]) -> Result<Vec<Value>, ScenarioError> {
    let release = &sheet.object;
    let (namespace, name) = (doc::namespace(release), doc::name(release));
    let chart = release
        .get("chart")
        .filter(|chart| !doc::text(chart, "/name").is_empty());
    let Some(chart) = chart else {
        return Err(sheet.wrong(
            file,
            "this release has no chart",
            "give it chart: {name, version, appVersion}",
        ));
    };
    let revisions = doc::list(release, "/revisions");
    if revisions.is_empty() {
        let fix = "give it revisions: [{revision: 1, status: deployed, deployed: -41d}]";
        return Err(sheet.wrong(file, "this release has no revisions", fix));
    }
    let manifest = manifest(release, objects).map_err(|error| {
        sheet.wrong(
            file,
            format!("its manifest cannot be written: {error}"),
            "simplify its objects",
        )
    })?;
    let first = revisions
        .first()
        .map(|first| doc::text(first, "/deployed"))
        .unwrap_or_default();
    revisions
        .iter()
        .map(|revision| {
            let number = doc::number(revision, "/revision").unwrap_or(0);
            let (status, deployed) = (doc::text(revision, "/status"), doc::text(revision, "/deployed"));
            let Some(at) = doc::time(revision, "/deployed").filter(|_| number > 0 && !status.is_empty()) else {
                let fix = "write {revision: 7, status: deployed, deployed: -41d, description: Upgrade complete}";
                return Err(sheet.wrong(file, "a revision of this release is not complete", fix));
            };
            let record = json!({
                "name": name,
                "info": {
                    "first_deployed": first,
                    "last_deployed": deployed,
                    "deleted": "",
                    "description": description(revision, number),
                    "status": status,
                    "notes": doc::text(release, "/notes"),
                },
                "chart": {
                    "metadata": metadata(chart),
                    "lock": null,
                    "templates": [],
                    "values": release.get("defaults").cloned().unwrap_or_else(|| json!({})),
                    "schema": null,
                    "files": [],
                },
                "config": release.get("values").cloned().unwrap_or_else(|| json!({})),
                "manifest": manifest,
                "hooks": [],
                "version": number,
                "namespace": namespace,
            });
            let payload = payload(&record, Driver::Secret).map_err(|error| {
                sheet.wrong(
                    file,
                    format!("its record cannot be packed: {error}"),
                    "make the release smaller",
                )
            })?;
            let secret = format!("sh.helm.release.v1.{name}.v{number}");
            Ok(json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": secret,
                    "namespace": namespace,
                    "uid": uid_of("Secret", namespace, &secret),
                    "creationTimestamp": deployed,
                    "labels": {
                        "modifiedAt": at.as_second().to_string(),
                        "name": name,
                        "owner": "helm",
                        "status": status,
                        "version": number.to_string(),
                    },
                },
                "type": RELEASE_SECRET_TYPE,
                "data": { "release": payload },
            }))
        })
        .collect()
}

fn description(revision: &Value, number: u64) -> &str {
    match doc::text(revision, "/description") {
        "" if number == 1 => "Install complete",
        "" => "Upgrade complete",
        told => told,
    }
}

fn metadata(chart: &Value) -> Value {
    let mut metadata = json!({ "apiVersion": "v2", "type": "application" });
    doc::merge(&mut metadata, chart);
    metadata
}

/// base64(base64(gzip(JSON))): Helm's own base64, and that of a Secret's `data`, which a `ConfigMap` has not.
pub(in crate::sandbox) fn payload(record: &Value, driver: Driver) -> std::io::Result<String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(record.to_string().as_bytes())?;
    let own = STANDARD.encode(packed.finish()?);
    Ok(match driver {
        Driver::Secret => STANDARD.encode(own),
        Driver::ConfigMap => own,
    })
}

/// The objects the release owns, as its chart would have rendered them: without what the cluster and later hands added.
fn manifest(release: &Value, objects: &[&Value]) -> Result<String, serde_saphyr::SerializeError> {
    let (namespace, name) = (doc::namespace(release), doc::name(release));
    let annotation = |object: &Value, key: &str| {
        let annotations = object.pointer("/metadata/annotations");
        annotations
            .and_then(|all| all.get(key))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let mut own: Vec<&&Value> = objects
        .iter()
        // a ReplicaSet bears its Deployment's annotations, and is nobody's document
        .filter(|object| doc::list(object, "/metadata/ownerReferences").is_empty())
        .filter(|object| {
            annotation(object, NAME).as_deref() == Some(name)
                && annotation(object, NAMESPACE).as_deref() == Some(namespace)
        })
        .collect();
    let rank = |kind: &str| {
        INSTALL_ORDER
            .iter()
            .position(|known| *known == kind)
            .unwrap_or(INSTALL_ORDER.len())
    };
    own.sort_by_key(|object| rank(doc::text(object, "/kind")));
    let chart = doc::text(release, "/chart/name");
    let live_only: Vec<&str> = doc::list(release, "/liveOnly")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut text = String::new();
    for object in own {
        let rendered = rendered(object, &live_only);
        let template = doc::text(object, "/kind").to_lowercase();
        let source = [chart, "/templates/", &template, "-", doc::name(object), ".yaml"].concat();
        let body = serde_saphyr::to_string(&rendered)?;
        text.push_str(&["---\n# Source: ", &source, "\n", body.trim_end(), "\n"].concat());
    }
    Ok(text)
}

fn rendered(object: &Value, live_only: &[&str]) -> Value {
    let mut rendered = object.clone();
    doc::drop_field(&mut rendered, "", "status");
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "finalizers",
        "resourceVersion",
        "generation",
    ] {
        doc::drop_field(&mut rendered, "/metadata", field);
    }
    if let Some(annotations) = rendered
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.retain(|key, _| {
            !live_only.contains(&key.as_str())
                && ![
                    "meta.helm.sh/",
                    "pv.kubernetes.io/",
                    "volume.kubernetes.io/",
                    "volume.beta.kubernetes.io/",
                ]
                .iter()
                .any(|prefix| key.starts_with(prefix))
        });
        if annotations.is_empty() {
            doc::drop_field(&mut rendered, "/metadata", "annotations");
        }
    }
    if doc::text(&rendered, "/kind") == "PersistentVolumeClaim" {
        doc::drop_field(&mut rendered, "/spec", "volumeName");
    }
    rendered
}
