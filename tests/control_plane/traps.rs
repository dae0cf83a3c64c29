//! Traps that are seen by what no watch holds, on a real API server: `pilothouse traps` reads an API service that is down, a
//! webhook that nobody answers, a Flux object, and a release's record.

use serde_json::{Value, json};

use crate::helm_acts::{claim, hook, installed, job};
use crate::home::{Home, printed, said};
use crate::support::helm::THREE;
use crate::support::persons::Person;
use crate::trial::{Trial, text, wait};

const SERVICE: &str = "v1.surveyed.kit.example";

/// Each of them fires, with the object that it is about; none of it fires once it is put right.
pub(crate) fn surveyed(trial: &Trial<'_>) {
    let plane = trial.plane;
    let pod = json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "kit.example/none"}]});
    let _stage = installed(
        trial,
        THREE,
        &[
            claim(trial, None),
            hook("fixer", "pre-upgrade", None, &pod),
            job("plain", &json!({}), &pod),
        ],
    );
    trial
        .kubectl(&["annotate", "pvc/data", "helm.sh/resource-policy=keep"])
        .ok();
    down(trial);
    let answered = json!([{
        "name": "shut.kit.example", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": trial.namespace, "name": "nobody"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "no-such-namespace"}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}],
    }]);
    plane.create(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "shut"}, "webhooks": answered,
    }));
    let flux = flux(trial);

    let (found, text) = traps(trial, &trial.namespace);
    for (number, object) in [(1, "data"), (47, SERVICE), (50, "shut"), (56, flux.as_str())] {
        assert!(
            found
                .iter()
                .any(|(trap, said)| *trap == number && said.contains(object)),
            "trap {number} of {object}: {text}"
        );
    }

    trial
        .kubectl(&["annotate", "pvc/data", "helm.sh/resource-policy-"])
        .ok();
    for object in [
        format!("apiservice/{SERVICE}"),
        "validatingwebhookconfiguration/shut".to_owned(),
        "crd/helmreleases.helm.toolkit.fluxcd.io".to_owned(),
    ] {
        trial.kubectl(&["delete", &object]).ok();
    }
    let (found, text) = traps(trial, &trial.namespace);
    assert!(found.iter().all(|(trap, _)| ![1, 47, 50, 56].contains(trap)), "{text}");
}

/// An API service that nobody answers.
fn down(trial: &Trial<'_>) {
    trial.plane.create(&json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": SERVICE},
        "spec": {
            "group": "surveyed.kit.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10,
            "insecureSkipTLSVerify": true, "service": {"namespace": trial.namespace, "name": "nobody"},
        },
    }));
    let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{SERVICE}");
    wait(
        "the API to be known as down",
        || trial.plane.get(&path),
        |service| service.to_string().contains("ServiceNotFound"),
    );
}

/// Flux' definition, and one object of it in the trial's namespace.
fn flux(trial: &Trial<'_>) -> String {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    trial.plane.create(&json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "helmreleases.helm.toolkit.fluxcd.io"},
        "spec": {
            "group": "helm.toolkit.fluxcd.io", "scope": "Namespaced",
            "names": {"kind": "HelmRelease", "plural": "helmreleases", "singular": "helmrelease"},
            "versions": [{"name": "v2", "served": true, "storage": true, "schema": schema}],
        },
    }));
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/helmreleases.helm.toolkit.fluxcd.io";
    wait(
        "the definition to be served",
        || trial.plane.get(path),
        |definition| {
            let conditions = definition["status"]["conditions"].as_array();
            conditions.is_some_and(|all| {
                all.iter()
                    .any(|one| one["type"] == "Established" && one["status"] == "True")
            })
        },
    );
    trial.create(json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "by-flux"},
        "spec": {"releaseName": "other"},
    }));
    "by-flux".to_owned()
}

/// Number and sentence of each trap of the tenant, and all that was told.
fn traps(trial: &Trial<'_>, tenant: &str) -> (Vec<(u64, String)>, String) {
    let kubeconfig = trial.plane.kubeconfig(Person::Anna);
    let kubeconfig = kubeconfig.display().to_string();
    let output = Home::new().run(&["traps", tenant, "-o", "json", "--kubeconfig", &kubeconfig]);
    let all = printed(&output) + &said(&output);
    let report: Value = serde_json::from_str(&printed(&output)).unwrap_or_else(|error| panic!("{error}: {all}"));
    let tenants = report["tenants"].as_array().expect("tenants");
    let traps = tenants
        .iter()
        .flat_map(|tenant| tenant["traps"].as_array().expect("traps"))
        .map(|trap| {
            (
                trap["number"].as_u64().expect("a number"),
                text(&trap["sentence"]).to_owned(),
            )
        })
        .collect();
    (traps, all)
}
