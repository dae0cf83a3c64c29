//! Checks of a raft cluster where nobody asked its peers, and what is told from Kubernetes alone.

use super::asked::ask;
use crate::laws::fixture::world;
use crate::model::World;
use crate::runbook::check::all;
use std::fmt::Write as _;

/// Three peers in namespace `shop`; the claims of the second are on the class that the template names.
fn vault(group: &str) -> World {
    let mut yaml = format!(
        "
- {{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}, status: {{phase: Active}}}}
- {{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: v, namespace: shop, uid: set}}, spec: {{replicas: 3, selector: {{matchLabels: {{app: v}}}}, template: {{spec: {{{group}containers: [{{image: \"vault:1.21.0\"}}]}}}}, volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{storageClassName: new}}}}]}}}}"
    );
    for (at, class) in ["old", "new", "old"].iter().enumerate() {
        write!(yaml,
            "
- {{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: data-v-{at}, namespace: shop}}, spec: {{volumeName: pv{at}, storageClassName: {class}}}}}
- {{apiVersion: v1, kind: Pod, metadata: {{name: v-{at}, namespace: shop, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: set, controller: true}}]}}, status: {{phase: Running}}}}"
        ).unwrap();
    }
    world(&yaml)
}

#[test]
fn what_no_peer_was_asked_is_not_known() {
    let world = vault("");
    let of_kubernetes = [
        "raft.template-sound",
        "raft.turn-begun",
        "raft.turn-back",
        "raft.snapshot-fresh",
    ];
    for check in all().filter(|check| check.name.starts_with("raft.") && !of_kubernetes.contains(&check.name)) {
        let span = match check.name {
            "raft.leader-steady" | "raft.cleanup-waits" => ": 60s",
            _ => "",
        };
        let found = ask(&world, &format!("{}{span}", check.name));
        assert_eq!(found.holds, None, "{}: {}", check.name, found.value);
        assert!(
            found.value.contains("have not been asked"),
            "{}: {}",
            check.name,
            found.value
        );
    }
}

#[test]
fn what_kubernetes_says_is_told_without_the_peers() {
    for (group, check, holds, told) in [
        ("", "raft.template-sound", false, "has no fsGroup"),
        (
            "securityContext: {fsGroup: 1000}, ",
            "raft.template-sound",
            true,
            "fsGroup 1000",
        ),
        ("", "raft.turn-begun", false, "no claim is being deleted"),
        ("", "raft.turn-back", true, "every pod runs"),
        ("", "raft.snapshot-fresh", false, "no snapshot was taken in this run"),
    ] {
        let found = ask(&vault(group), check);
        assert_eq!(found.holds, Some(holds), "{check}: {}", found.value);
        assert!(found.value.contains(told), "{check}: {}", found.value);
    }
}
