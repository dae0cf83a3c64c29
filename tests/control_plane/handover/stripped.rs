//! B: the marks of ownership are stripped off the live claims, a live `keep` is put on them, and the old release is to be
//! uninstalled. Before helm 4.3 that destroys the disks; from 4.3 on it keeps them. The program says which, for his helm.

use super::operator::Operator;
use super::tenant::{FAMILY, OLD, Tenant};
use crate::helm_acts::{FOUR, Helm, THREE};
use crate::trial::Trial;

const UNINSTALL: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: uninstall, title: Uninstall and nothing else, version: "1" }
parameters:
  namespace: { type: name, required: true }
  release: { type: name, required: true }
tenant: { namespace: "${namespace}", release: "${release}" }
steps:
  - id: uninstall
    title: Uninstall the release
    act: { helmUninstall: { release: "${release}" } }
    gate: { sensed: [feeds.fresh] }
    verify: { all: [release.gone], within: 2m, onTimeout: stop }
"#;

/// The tenant with path B done by hand, as the seed's operator did it.
fn stripped<'trial>(trial: &'trial Trial<'trial>, helm: Helm) -> Tenant<'trial> {
    let tenant = Tenant::installed(trial, helm);
    for claim in FAMILY {
        let claim = format!("pvc/{claim}");
        trial.kubectl(&["label", &claim, "app.kubernetes.io/managed-by-"]).ok();
        let marks = [
            "annotate",
            &claim,
            "meta.helm.sh/release-name-",
            "meta.helm.sh/release-namespace-",
            "helm.sh/resource-policy=keep",
        ];
        trial.kubectl(&marks).ok();
    }
    tenant
}

fn asked(operator: &Operator<'_>, trial: &Trial<'_>) -> super::operator::Told {
    let runbook = operator.file("uninstall.yaml", UNINSTALL);
    operator.begin(&runbook, &[("namespace", &trial.namespace), ("release", OLD.release)])
}

/// With 3.22 nobody gets through: the panel says that the claims go, and the disks with them.
pub(crate) fn stripped_three(trial: &Trial<'_>) {
    let tenant = stripped(trial, THREE);
    let before = tenant.disks();
    let operator = Operator::of(tenant);
    let told = asked(&operator, trial);
    assert_eq!(told.code, Some(1), "{}", told.text);
    for said in [
        "helm 3.22.0 looks at no live mark or keep",
        "3 claims would be destroyed",
        "path A",
        "path C",
    ] {
        assert!(told.sentence().contains(said), "{said}: {}", told.sentence());
    }
    for claim in FAMILY {
        assert!(told.sentence().contains(claim), "{claim}: {}", told.sentence());
    }
    // whatever is answered, nothing is done
    if told.report["asked"]["digest"].is_string() {
        let refused = operator.run(&operator.answers(&told));
        assert_ne!(refused.code, Some(0), "{}", refused.text);
    }
    assert_eq!(before, tenant.disks());
    tenant.helm(&["status", OLD.release]).ok();
}

/// With 4.3 the claims stay, as forecast, on the same disks.
pub(crate) fn stripped_four(trial: &Trial<'_>) {
    let tenant = stripped(trial, FOUR);
    let before = tenant.disks();
    let operator = Operator::of(tenant);
    let told = asked(&operator, trial);
    let asked = told.report["asked"]["items"].to_string();
    for said in [
        "helm 4.3.1 skips what it no longer owns",
        "3 claims would stay",
        "with helm 3",
    ] {
        assert!(asked.contains(said), "{said}: {asked}");
    }
    assert!(
        !asked.contains("and go: pvc"),
        "they stay, and the panel says that they go: {asked}"
    );
    let told = operator.walk(told);
    assert_eq!(told.state("uninstall"), "done");
    assert_eq!(before, tenant.disks());
    assert!(!tenant.helm(&["status", OLD.release]).success);
}
