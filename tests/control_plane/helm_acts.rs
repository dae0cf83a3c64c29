//! What Pilothouse forecasts of helm's acts, what the real helm then does on a real control plane, and on the sandbox.

mod changes;
mod history;
mod installs;
mod others;
mod uninstalls;

use pilothouse::model::act::{HelmAct, Uninstall};
use serde_json::{Value, json};

use crate::stage::{Errand, Stage};
use crate::support::helm::write_chart;
pub(crate) use crate::support::helm::{FOUR, Helm, THREE};
use crate::trial::{Trial, pod_spec};

pub(crate) use changes::*;
pub(crate) use history::*;
pub(crate) use installs::*;
pub(crate) use others::*;
pub(crate) use uninstalls::*;

impl Helm {
    pub(crate) fn uninstall(self) -> Errand<'static> {
        self.uninstall_with(|_| {}, &["uninstall", "app"])
    }

    pub(crate) fn uninstall_with<'a>(self, set: impl FnOnce(&mut Uninstall), arguments: &'a [&'a str]) -> Errand<'a> {
        let mut options = Uninstall::plain(Some(self.executor));
        set(&mut options);
        Errand {
            program: self.program,
            act: HelmAct::Uninstall(options),
            rendered: None,
            arguments,
            failing: &[],
        }
    }
}

/// The trial's chart with these templates, written anew; its path.
pub(crate) fn chart(trial: &Trial<'_>, templates: &[Value]) -> String {
    let chart = trial.plane.path("charts").join(&trial.namespace);
    write_chart(&chart, templates);
    chart.display().to_string()
}

/// A stage with a volume `disk` and the release `app` of these templates on it.
pub(crate) fn installed<'plane>(trial: &'plane Trial<'plane>, helm: Helm, templates: &[Value]) -> Stage<'plane> {
    installed_on(trial, helm, templates, "Retain")
}

pub(crate) fn installed_on<'plane>(
    trial: &'plane Trial<'plane>,
    helm: Helm,
    templates: &[Value],
    policy: &str,
) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let (_, disk) = stage.volume("disk", policy);
    stage.create(&[disk]);
    stage.helm_plain(helm.program, &["install", "app", &chart(trial, templates)]);
    stage.until_revision(1);
    stage
}

pub(crate) fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

pub(crate) fn claim(stage: &Trial<'_>, policy: Option<&str>) -> Value {
    let annotations = policy.map_or(json!({}), |policy| json!({"helm.sh/resource-policy": policy}));
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "annotations": annotations},
        "spec": {
            "storageClassName": stage.namespace, "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    })
}

pub(crate) fn deployment(claim: &str) -> Value {
    let labels = json!({"app": "web"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(claim)},
        },
    })
}

pub(crate) fn hook(name: &str, events: &str, policy: Option<&str>, pod: &Value) -> Value {
    let mut annotations = json!({"helm.sh/hook": events});
    if let Some(policy) = policy {
        annotations["helm.sh/hook-delete-policy"] = json!(policy);
    }
    job(name, &annotations, pod)
}

pub(crate) fn job(name: &str, annotations: &Value, pod: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "backoffLimit": 0,
            "template": {"metadata": pod, "spec": {
                "restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}],
            }},
        },
    })
}

/// Makes a pod end well: the first for the kit's kubelet, the second for the sandbox's.
pub(crate) fn ends() -> Value {
    json!({
        "labels": {"kit/ends": "completed"},
        "annotations": {"sandbox.pilothouse.dev/completes-after": "1s"},
    })
}
