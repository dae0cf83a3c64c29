//! Claims that name no class.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{at_rest, key, says, world};

const DEFAULT: &str = "annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}";

fn class(name: &str, meta: &str) -> String {
    format!(
        "\n---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}, {meta}}}\nprovisioner: x.csi\n"
    )
}

fn claim(spec: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data, namespace: a}}\nspec: {{{spec}}}\nstatus: {{phase: Pending}}\n"
    )
}

#[test]
fn a_claim_without_a_class_gets_the_default_one_also_late() {
    let plain = "\n---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v}\nspec: {capacity: {storage: 1Gi}}\nstatus: {phase: Available}\n";
    let assigned: &[&str] = &["AssignClass pvc/data fast"];
    let young = format!("{DEFAULT}, creationTimestamp: 2026-04-02T00:00:00Z");
    let old = format!("{DEFAULT}, creationTimestamp: 2026-04-01T00:00:00Z");
    let cases: [(&str, String, Option<u32>, &[&str]); 8] = [
        ("late", class("fast", DEFAULT) + &claim(""), Some(36), assigned),
        (
            "by a server of unknown version",
            class("fast", DEFAULT) + &claim(""),
            None,
            assigned,
        ),
        (
            "not by an old server",
            class("fast", DEFAULT) + &claim(""),
            Some(24),
            &[],
        ),
        ("no default", class("fast", "labels: {}") + &claim(""), Some(36), &[]),
        (
            "none is wanted",
            class("fast", DEFAULT) + &claim("storageClassName: \"\""),
            Some(36),
            &[],
        ),
        (
            "it names a volume",
            class("fast", DEFAULT) + &claim("volumeName: v"),
            Some(36),
            &[],
        ),
        (
            "a volume without a class fits",
            class("fast", DEFAULT) + &claim("") + plain,
            Some(36),
            &[],
        ),
        (
            "the youngest of several",
            class("slow", &old) + &class("fast", &young) + &claim(""),
            Some(36),
            assigned,
        ),
    ];
    for (name, yaml, server_minor, expected) in cases {
        let conditions = Conditions {
            server_minor,
            ..Conditions::default()
        };
        assert_eq!(says(&LAW, &world(&yaml), &conditions), expected, "{name}");
    }
}

#[test]
fn it_is_then_provisioned_for() {
    let (world, _) = at_rest(&world(&(class("fast", DEFAULT) + &claim(""))), &Conditions::default());
    let claim = world.get(&key("pvc a/data")).unwrap();
    let facts = claim.body.claim().unwrap();
    assert_eq!(facts.spec.storage_class_name.as_deref(), Some("fast"));
    assert!(!facts.spec.volume_name.is_empty());
}
