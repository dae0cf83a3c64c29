//! Traps that the cluster tells when it is asked.

use super::{Case, Near, Scene, deployed, seen};
use crate::model::Survey;
use crate::model::survey::{ApiService, Asked, Backing, Binding, Engine, Right, Taken, Webhook};

const SPACE: &str = "\n- {kind: Namespace, metadata: {name: shop}, status: {phase: Active}}";
const TAKEN: &str = "\n- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: other, meta.helm.sh/release-namespace: shop}}}";

fn case(trap: u8, rule: &'static str, scene: Scene, survey: Survey, near: fn(&mut Survey)) -> Case {
    Case {
        trap,
        rule,
        truth: Scene { survey, ..scene },
        near: Near::Survey(near),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let adopting = Scene {
        world: TAKEN,
        ..deployed(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n",
            "",
        )
    };
    vec![
        case(47, "api_service_down", seen(SPACE), services("False"), |survey| {
            *survey = services("True");
        }),
        case(
            50,
            "admission_webhook",
            seen(SPACE),
            webhooks(Backing::NoService),
            |survey| {
                *survey = webhooks(Backing::Ready);
            },
        ),
        case(56, "gitops_keeps", seen(SPACE), engines(false, true), |survey| {
            *survey = engines(true, true);
        }),
        case(57, "silent_adoption", adopting, engines(false, true), |survey| {
            *survey = engines(false, false);
        }),
        case(16, "shared_class", deployed(ROLE, ""), bound("acme"), |survey| {
            *survey = bound("shop");
        }),
        case(60, "right_denied", seen(SPACE), rights(false), |survey| {
            *survey = rights(true);
        }),
    ]
}

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n";

fn bound(namespace: &str) -> Survey {
    Survey {
        bindings: Asked::Seen(vec![Binding {
            kind: "RoleBinding".into(),
            namespace: namespace.into(),
            name: "theirs".into(),
            role: "reader".into(),
        }]),
        ..Survey::default()
    }
}

fn services(available: &str) -> Survey {
    Survey {
        services: Asked::Seen(vec![ApiService {
            name: "v1beta1.metrics.k8s.io".into(),
            available: available.into(),
            reason: "MissingEndpoints".into(),
        }]),
        ..Survey::default()
    }
}

fn webhooks(backing: Backing) -> Survey {
    Survey {
        webhooks: Asked::Seen(vec![Webhook {
            configuration: "ValidatingWebhookConfiguration/policy".into(),
            name: "check.acme.io".into(),
            service: "acme/policy".into(),
            backing,
        }]),
        ..Survey::default()
    }
}

fn rights(all: bool) -> Survey {
    let right = |verb, resource, allowed| Right {
        home: "shop".into(),
        verb,
        resource,
        allowed,
    };
    Survey {
        rights: Asked::Seen(vec![right("delete", "pods", true), right("delete", "jobs.batch", all)]),
        ..Survey::default()
    }
}

fn engines(suspended: bool, takes_ownership: bool) -> Survey {
    Survey {
        engines: Asked::Seen(vec![Engine {
            kind: "HelmRelease".into(),
            namespace: "flux".into(),
            name: "eks".into(),
            suspended,
            keeps: ["shop".into()].into(),
            release: Some(Taken {
                name: "eks".into(),
                namespace: "shop".into(),
                takes_ownership,
            }),
        }]),
        ..Survey::default()
    }
}
