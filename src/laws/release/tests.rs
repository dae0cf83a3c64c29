//! The `claimRef` table of `reference/semantics.md` §3.3.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, table, world};
use crate::model::{FeedId, FeedState, Kind, Moment, Observation};

fn volume(claim_ref: &str, phase: &str, annotations: &str, policy: &str) -> String {
    format!(
        "
apiVersion: v1
kind: PersistentVolume
metadata: {{name: v, annotations: {{{annotations}}}}}
spec: {{persistentVolumeReclaimPolicy: {policy}{claim_ref}}}
status: {{phase: {phase}}}
"
    )
}

fn claim(uid: &str, volume: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: a, uid: {uid}}}
spec: {{volumeName: {volume}}}
"
    )
}

const FULL: &str = ", claimRef: {namespace: a, name: data, uid: u1}";
const RESERVED: &str = ", claimRef: {namespace: a, name: data}";

#[test]
fn the_claim_ref_decides_the_phase() {
    let dynamic = "pv.kubernetes.io/provisioned-by: csi.x";
    let cases: [(&str, String, &[&str]); 14] = [
        ("none", volume("", "Released", "", "Retain"), &["Available pv/v"]),
        ("none, settled", volume("", "Available", "", "Retain"), &[]),
        (
            "reserved",
            volume(RESERVED, "Released", "", "Retain"),
            &["Available pv/v"],
        ),
        (
            "reserved, failed before",
            volume(RESERVED, "Failed", "", "Delete"),
            &["Available pv/v"],
        ),
        ("claim gone", volume(FULL, "Bound", "", "Retain"), &["Released pv/v"]),
        ("claim gone, told", volume(FULL, "Released", "", "Retain"), &[]),
        ("claim gone, failed stays", volume(FULL, "Failed", "", "Delete"), &[]),
        (
            "claim of another uid",
            volume(FULL, "Bound", "", "Retain") + &claim("u2", "v"),
            &["Released pv/v"],
        ),
        (
            "both name each other",
            volume(FULL, "Pending", "", "Retain") + &claim("u1", "v"),
            &["Bound pv/v"],
        ),
        (
            "bound and told",
            volume(FULL, "Bound", "", "Retain") + &claim("u1", "v"),
            &[],
        ),
        (
            "claim not yet pointing back",
            volume(FULL, "Bound", "", "Retain") + &claim("u1", ""),
            &[],
        ),
        (
            "elsewhere",
            volume(FULL, "Bound", "", "Delete") + &claim("u1", "w"),
            &["Unbind pv/v"],
        ),
        (
            "elsewhere, Retain",
            volume(FULL, "Bound", dynamic, "Retain") + &claim("u1", "w"),
            &["Unbind pv/v"],
        ),
        (
            "elsewhere, provisioned",
            volume(FULL, "Bound", dynamic, "Delete") + &claim("u1", "w"),
            &["Released pv/v"],
        ),
    ];
    for (name, yaml, expected) in &cases {
        table(&LAW, &Conditions::default(), &[(name, yaml, expected)]);
    }
}

#[test]
fn claims_that_were_never_shown_are_not_gone() {
    let mut world = world(&volume(FULL, "Bound", "", "Delete"));
    world.apply(Observation::Lost {
        feed: FeedId::cluster(Kind::PersistentVolumeClaim),
        state: FeedState::Denied {
            since: Moment::default(),
            why: "forbidden".into(),
        },
    });
    assert!(says(&LAW, &world, &Conditions::default()).is_empty());
}
