//! Deleting volumes, and clearing what reserves them.

use super::{CSI, NODE, QUIET, about, clear, delete, deletion, forecast, now, pair, pod, tier, told};
use crate::forecast::{Outcome, Tier, Undo};
use crate::laws::Conditions;
use crate::laws::fixture::{key, world};
use crate::model::Propagation;

const MARK: &str = "external-provisioner.volume.kubernetes.io/finalizer";

#[test]
fn a_bound_volume_becomes_a_fuse() {
    for (policy, says) in [("Retain", "its disk is forgotten"), ("Delete", "its disk is destroyed")] {
        let marked = format!("finalizers: [kubernetes.io/pv-protection, {MARK}]");
        let yaml = pair("data", policy, CSI).replace("finalizers: [kubernetes.io/pv-protection]", &marked);
        let forecast = delete(&world(&(yaml + NODE)), "pv pv-data");
        assert_eq!(told(&forecast), ["HANGS pv/pv-data", "KEPT pvc/data"], "{policy}");
        assert!(
            about(&forecast, "pv pv-data").contains(says),
            "{}",
            about(&forecast, "pv pv-data")
        );
        assert_eq!(forecast.tier, Tier::T3);
    }
}

/// §3.4: what is deleted while Bound and was never marked leaves its disk, as all such volumes did before 1.31.
#[test]
fn a_fuse_without_a_mark_leaves_the_disk() {
    for (server_minor, words) in [
        (Some(30), "server 1.30, which is taken for granted, marks no volumes"),
        (Some(36), "marks nothing that is being deleted"),
    ] {
        let world = world(&(pair("data", "Delete", CSI) + NODE));
        let conditions = Conditions {
            server_minor,
            ..Conditions::default()
        };
        let act = deletion(&world, "pv pv-data", Propagation::Background);
        let forecast = forecast(&world, &act, &conditions, now(), QUIET);
        assert_eq!(told(&forecast), ["HANGS pv/pv-data", "KEPT pvc/data"]);
        let said = about(&forecast, "pv pv-data");
        assert!(said.contains("its disk is forgotten") && said.contains(words), "{said}");
        assert_eq!(forecast.tier, Tier::T3);
    }
}

#[test]
fn the_fuse_burns_when_the_claim_goes() {
    let burning = |policy: &str, marks: &str| {
        let yaml = pair("data", policy, CSI).replace(
            "metadata: {name: pv-data, finalizers: [kubernetes.io/pv-protection]}",
            &format!("metadata: {{name: pv-data, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [kubernetes.io/pv-protection{marks}]}}"),
        );
        told(&delete(&world(&(yaml + NODE)), "pvc a/data"))
    };
    let marked = format!(", {MARK}");
    assert_eq!(burning("Retain", ""), ["LEAKED pv/pv-data", "DELETED pvc/data"]);
    assert_eq!(burning("Delete", &marked), ["DESTROYED pv/pv-data", "DELETED pvc/data"]);
    assert_eq!(
        burning("Delete", ""),
        ["LEAKED pv/pv-data", "DELETED pvc/data"],
        "stripped, so the provisioner passes it by"
    );
}

#[test]
fn clearing_a_volume_that_is_going_lets_it_go() {
    let going =
        "metadata: {name: pv-data, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [kubernetes.io/pv-protection]}";
    for policy in ["Retain", "Delete"] {
        let yaml = pair("data", policy, CSI).replace(
            "metadata: {name: pv-data, finalizers: [kubernetes.io/pv-protection]}",
            going,
        );
        let forecast = clear(&world(&(yaml + NODE)), "pv pv-data");
        assert_eq!(told(&forecast), ["LEAKED pv/pv-data", "CHANGED pvc/data"], "{policy}");
        assert_eq!(forecast.tier, Tier::T3, "{policy}");
    }
}

/// A volume whose claim is gone.
fn released(policy: &str) -> String {
    let all = pair("data", policy, CSI);
    let volume = all
        .rsplit_once("---")
        .map(|(_, volume)| volume.replace("phase: Bound", "phase: Released"));
    volume.expect("a volume")
}

fn claim(name: &str, uid: &str, spec: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: a, uid: {uid}, finalizers: [kubernetes.io/pvc-protection]}}\nspec: {{accessModes: [ReadWriteMany], storageClassName: slow, resources: {{requests: {{storage: 5Gi}}}}{spec}}}\nstatus: {{phase: Pending}}\n"
    )
}

#[test]
fn a_cleared_volume_is_reserved_for_its_name() {
    let alone = clear(&world(&released("Retain")), "pv pv-data");
    assert_eq!(told(&alone), ["CHANGED pv/pv-data"]);
    let said = about(&alone, "pv pv-data");
    assert!(
        said.contains("stays reserved for a/data: no other claim can take it"),
        "{said}"
    );
    assert_eq!(tier(&alone), (Tier::T2, "pv/pv-data changes hands"));
    assert!(matches!(alone.undo, Undo::Lossless { .. }));
    let competitor = clear(&world(&(released("Retain") + &claim("thief", "u2", ""))), "pv pv-data");
    assert_eq!(
        told(&competitor),
        ["CHANGED pv/pv-data"],
        "a competitor does not get it"
    );
    let waiting = clear(
        &world(&(released("Retain") + &claim("data", "u2", ", volumeName: pv-data"))),
        "pv pv-data",
    );
    assert_eq!(
        told(&waiting),
        ["CHANGED pv/pv-data", "CHANGED pvc/data"],
        "the claim of the name does"
    );
    assert!(
        about(&waiting, "pvc a/data").contains("status.phase: Bound"),
        "{}",
        about(&waiting, "pvc a/data")
    );
}

#[test]
fn a_live_claim_is_lost_when_its_volume_forgets_its_uid() {
    let world = world(&(pair("data", "Retain", CSI) + &pod("p", "data", "", "Running") + NODE));
    let forecast = clear(&world, "pv pv-data");
    assert_eq!(told(&forecast), ["CHANGED pv/pv-data", "CHANGED pvc/data"]);
    assert!(
        about(&forecast, "pv pv-data").contains("becomes Lost"),
        "{}",
        about(&forecast, "pv pv-data")
    );
    assert!(about(&forecast, "pvc a/data").contains("status.phase: Lost"));
}

#[test]
fn there_must_be_something_to_clear() {
    for yaml in [
        released("Retain").replace(", uid: u-data", ""),
        "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-data}}".to_owned(),
    ] {
        let forecast = clear(&world(&yaml), "pv pv-data");
        assert!(
            matches!(&forecast.entries[0].outcome, Outcome::Rejected { error } if error.starts_with("422")),
            "{yaml}"
        );
        assert_eq!(forecast.tier, Tier::T0);
    }
    let world = world(&claim("data", "u1", ""));
    let refused = clear(&world, "pvc a/data");
    assert_eq!(told(&refused), ["REJECTED pvc/data"]);
    assert!(world.get(&key("pvc a/data")).is_some());
}

#[test]
fn an_available_volume_with_the_provisioners_mark_hangs() {
    let marked = format!("finalizers: [kubernetes.io/pv-protection, {MARK}]");
    let yaml = released("Delete")
        .replace("finalizers: [kubernetes.io/pv-protection]", &marked)
        .replace(", claimRef: {namespace: a, name: data, uid: u-data}", "")
        .replace("Released", "Available");
    let forecast = delete(&world(&yaml), "pv pv-data");
    assert_eq!(told(&forecast), ["HANGS pv/pv-data"]);
    assert!(about(&forecast, "pv pv-data").contains("set its policy to Retain to let it go"));
}
