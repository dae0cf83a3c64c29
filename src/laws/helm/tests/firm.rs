//! What the API server does not let change, kind by kind: as a real one refuses it (1.36), and the near miss that it takes.

use super::*;
use crate::model::Uid;
use crate::model::helm::Firm;

/// An object as it is live; what the manifest asks for; what the server says, or nothing.
const TABLE: [(&str, &str, &str, Option<&str>); 22] = [
    (
        "v1/Secret",
        "{type: Opaque}",
        "{type: kubernetes.io/tls}",
        Some("type: Invalid value: field is immutable"),
    ),
    (
        "v1/Secret",
        "{type: Opaque, data: {a: YQ==}}",
        "{stringData: {a: b}}",
        None,
    ),
    (
        "v1/Secret",
        "{immutable: true, data: {a: YQ==}}",
        "{immutable: true, stringData: {a: a}}",
        None,
    ),
    (
        "v1/Secret",
        "{immutable: true, data: {a: YQ==}}",
        "{immutable: true, stringData: {a: b}}",
        Some("data: Forbidden: field is immutable when `immutable` is set"),
    ),
    ("v1/ConfigMap", "{data: {a: b}}", "{data: {a: c}}", None),
    (
        "v1/ConfigMap",
        "{immutable: true, data: {a: b}}",
        "{data: {a: c}}",
        Some("data: Forbidden: field is immutable when `immutable` is set"),
    ),
    (
        "v1/ConfigMap",
        "{immutable: true, data: {a: b}}",
        "{immutable: false, data: {a: b}}",
        Some("immutable: Forbidden: field is immutable when `immutable` is set"),
    ),
    (
        "v1/Service",
        "{spec: {type: ClusterIP, clusterIP: 10.0.0.7}}",
        "{spec: {clusterIP: None}}",
        Some("spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set"),
    ),
    (
        "v1/Service",
        "{spec: {type: ClusterIP, clusterIP: 10.0.0.7}}",
        "{spec: {type: NodePort}}",
        None,
    ),
    (
        "v1/Service",
        "{spec: {type: ClusterIP, clusterIP: None}}",
        "{spec: {type: ClusterIP}}",
        None,
    ),
    (
        "v1/Service",
        "{spec: {type: ClusterIP, clusterIP: None}}",
        "{spec: {type: LoadBalancer}}",
        Some("may not be set to 'None' for LoadBalancer services"),
    ),
    (
        "v1/Service",
        "{spec: {type: ClusterIP, clusterIP: None}}",
        "{spec: {type: ExternalName, externalName: x.y}}",
        None,
    ),
    (
        "v1/Service",
        "{spec: {type: LoadBalancer, loadBalancerClass: a/b, clusterIP: 10.0.0.7}}",
        "{spec: {type: LoadBalancer, loadBalancerClass: a/c}}",
        Some("spec.loadBalancerClass"),
    ),
    (
        "v1/Service",
        "{spec: {type: LoadBalancer, loadBalancerClass: a/b, clusterIP: 10.0.0.7}}",
        "{spec: {type: ClusterIP}}",
        None,
    ),
    (
        "v1/Service",
        "{spec: {clusterIP: 10.0.0.7, ipFamilies: [IPv4]}}",
        "{spec: {ipFamilies: [IPv6]}}",
        Some("expected an IPv6 value"),
    ),
    (
        "rbac.authorization.k8s.io/v1/RoleBinding",
        "{roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}}",
        "{roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: b}}",
        Some("cannot change roleRef"),
    ),
    (
        "rbac.authorization.k8s.io/v1/RoleBinding",
        "{roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}}",
        "{roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}, subjects: []}",
        None,
    ),
    (
        "scheduling.k8s.io/v1/PriorityClass",
        "{value: 10}",
        "{value: 11}",
        Some("value: Forbidden: may not be changed in an update."),
    ),
    (
        "scheduling.k8s.io/v1/PriorityClass",
        "{value: 10, preemptionPolicy: PreemptLowerPriority}",
        "{value: 10, preemptionPolicy: Never}",
        Some("preemptionPolicy: Invalid value: field is immutable"),
    ),
    (
        "networking.k8s.io/v1/IngressClass",
        "{spec: {controller: a.io/b}}",
        "{spec: {controller: a.io/c}}",
        Some("spec.controller: Invalid value: field is immutable"),
    ),
    (
        "node.k8s.io/v1/RuntimeClass",
        "{handler: a}",
        "{handler: b}",
        Some("handler: Invalid value: field is immutable"),
    ),
    (
        "v1/ResourceQuota",
        "{spec: {scopes: [BestEffort], hard: {pods: '1'}}}",
        "{spec: {scopes: [BestEffort], hard: {pods: '2'}}}",
        None,
    ),
];

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// The kind's object with these fields, stamped as the release's own.
fn object(api: &str, fields: &str) -> (Address, Value) {
    let (version, kind) = api.rsplit_once('/').unwrap();
    let mut object = yaml(&format!(
        "{{apiVersion: {version}, kind: {kind}, metadata: {{name: x, namespace: shop, uid: u, {OWN}}}}}"
    ));
    for (name, value) in yaml(fields).as_object().unwrap() {
        object[name] = value.clone();
    }
    (Address::new(version, kind, "shop", "x", "shop"), object)
}

fn adopted(api: &str, live: &str, asked: &str) -> Vec<String> {
    let (address, there) = object(api, live);
    let (_, wanted) = object(api, asked);
    let mut case = Case::manifest("[]", "");
    case.ledger.enter_live(
        address.clone(),
        Live::There(Stamp {
            managed_by: Some("Helm".into()),
            release_name: Some("app".into()),
            release_namespace: Some("shop".into()),
            ..Stamp::default()
        }),
    );
    let firm = Firm::of(&address, &there).unwrap();
    case.ledger.enter_firm(address, Ok((Uid::new("u"), firm)));
    case.upgraded(THREE, &format!("---\n{wanted}\n"))
}

#[test]
fn each_kind_of_which_the_world_holds_nothing_is_refused_what_a_real_server_refuses() {
    for (api, live, asked, expected) in TABLE {
        let steps = adopted(api, live, asked);
        let refused = steps.iter().find(|step| step.starts_with("refuse "));
        match expected {
            None => assert_eq!(refused, None, "{api} {live} → {asked}"),
            Some(expected) => assert!(
                refused.is_some_and(|told| told.contains(expected)),
                "{api} {live} → {asked}: {steps:?}"
            ),
        }
    }
}

#[test]
fn an_adopted_object_is_held_against_what_was_read_of_that_very_object() {
    let api = "apps/v1/StatefulSet";
    let spec = |service: &str| {
        format!(
            "{{spec: {{serviceName: {service}, replicas: 1, selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c, image: x}}]}}}}}}}}"
        )
    };
    let (address, there) = object(api, &spec("one"));
    let (_, wanted) = object(api, &spec("other"));
    let told = |uid: Option<&str>, wanted: &Value| {
        let mut case = Case::manifest(&format!("[{there}]"), "");
        if let Some(uid) = uid {
            let firm = Firm::of(&address, &there).unwrap();
            case.ledger.enter_firm(address.clone(), Ok((Uid::new(uid), firm)));
        }
        let steps = case.upgraded(THREE, &format!("---\n{wanted}\n"));
        steps.into_iter().find(|step| step.contains("statefulset/x")).unwrap()
    };
    assert!(
        told(Some("u"), &wanted).contains("updates to statefulset spec"),
        "{}",
        told(Some("u"), &wanted)
    );
    assert!(told(Some("u"), &there).starts_with("patch statefulset/x"));
    // another object of that name: what was read says nothing of it
    assert!(told(Some("before"), &wanted).starts_with("patch statefulset/x"));
    let mut case = Case::manifest(&format!("[{there}]"), "");
    case.ledger.enter_firm(address.clone(), Err("denied: get".into()));
    let steps = case.upgraded(THREE, &format!("---\n{wanted}\n"));
    assert!(
        steps.contains(
            &"unknown statefulset/x: what of statefulset/x the API server does not let change: denied: get".to_owned()
        ),
        "{steps:?}"
    );
}
