//! Manifests as charts write them.

use super::*;

const TEXT: &str = "\
---
# Source: app/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data: {a: '1'}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  annotations: {helm.sh/resource-policy: ' Keep '}
spec: {storageClassName: efs, accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}}
---
# nothing but a comment
--- # a remark
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: 'pre-upgrade, post-install', helm.sh/hook-weight: '-5', helm.sh/hook-delete-policy: 'hook-succeeded,nonsense'}
---
apiVersion: v1
kind: Pod
metadata: {name: odd, annotations: {helm.sh/hook: 'pre-lunch'}}
---
apiVersion: v1
kind: List
metadata: {annotations: {helm.sh/resource-policy: keep}}
items:
  - {apiVersion: v1, kind: Service, metadata: {name: one, namespace: elsewhere}}
---
kind: Nameless
---
a: [b
";

#[test]
fn a_manifest_is_read_as_helm_reads_it() {
    let manifest = Manifest::parse(TEXT, "shop");
    let told: Vec<String> = manifest
        .documents
        .iter()
        .map(|document| {
            let kept = if document.kept() { " kept" } else { "" };
            format!("{} in {:?}{kept}", document.address, document.address.namespace)
        })
        .collect();
    assert_eq!(
        told,
        [
            "ConfigMap/settings in \"shop\"",
            "pvc/data in \"shop\" kept",
            "ClusterRole/reader in \"\"",
            "Service/one in \"elsewhere\" kept",
        ]
    );
    let hook = &manifest.hooks[0];
    assert_eq!(
        (hook.events.as_slice(), hook.weight),
        ([Event::PreUpgrade, Event::PostInstall].as_slice(), -5)
    );
    assert_eq!(hook.delete_policies, [DeletePolicy::HookSucceeded]);
    assert_eq!(manifest.dropped[0].to_string(), "pod/odd");
    assert_eq!(manifest.broken.len(), 2, "{:?}", manifest.broken);
    let claim = manifest.documents[1].object.as_ref().unwrap();
    assert_eq!(
        claim.body.claim().unwrap().spec.storage_class_name.as_deref(),
        Some("efs")
    );
}

#[test]
fn two_documents_differ_in_the_fields_that_differ() {
    let read = |replicas: u32, order: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{replicas: {replicas}, {order}}}"
        );
        Manifest::parse(&text, "shop").documents.remove(0)
    };
    let (one, two) = (read(1, "template: {a: 1, b: 2}"), read(2, "template: {b: 2, a: 1}"));
    assert_eq!(one.differences(&two), ["spec.replicas"]);
    assert!(one.differences(&read(1, "template: {b: 2, a: 1}")).is_empty());
}

#[test]
fn a_secret_is_only_a_fingerprint() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2}";
    let manifest = Manifest::parse(text, "shop");
    assert!(!format!("{manifest:?}").contains("hunter2"));
    let other = Manifest::parse(&text.replace("hunter2", "hunter3"), "shop");
    assert_eq!(manifest.documents[0].differences(&other.documents[0]), ["stringData"]);
}

#[test]
fn a_manifest_that_is_a_trap_is_broken_and_not_followed() {
    let deep = format!("a: {}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12_u32 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        bomb.extend([format!("a{level}: &a{level} [{before}]\n")]);
    }
    for text in [deep, bomb] {
        assert_eq!(Manifest::parse(&text, "shop").broken.len(), 1);
    }
}
