//! Pods at their gate: what comes back, and on which claim.

use super::flight::{Flight, Plan};
use super::picture;
use pilothouse::app::{Ending, Key, Phase};
use pilothouse::model::{self, Kind};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_comes_back_on_its_claim_takes_a_held_key() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let pod = model::Key::new(Kind::Pod, "hasan-prod", "mysql-0");
    let before = flight.server_has(&pod).unwrap();
    flight.choose("hasan-prod", "pods", "mysql-0").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.fresh().await;
    picture(&flight, "pod-panel");
    assert!(
        flight.text().contains("T1") && flight.line().contains("on the SAME mysql-pvc"),
        "{}",
        flight.text()
    );
    flight.keys(" ");
    flight.pass(Duration::from_millis(1_500));
    flight.keys(" ");
    assert!(flight.state().at_gate(), "two presses are no hold");
    flight.pass(Duration::from_millis(700));
    flight.fresh().await;
    flight.hold();
    assert!(!flight.state().at_gate(), "held for a second:\n{}", flight.text());
    flight.until_over().await;
    assert!(
        matches!(&flight.step().phase, Phase::Over(Ending::Observed { .. })),
        "{:?}",
        flight.step()
    );
    flight.pass(Duration::from_secs(10));
    let after = flight.server_has(&pod).expect("made anew");
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(after["spec"]["volumes"], before["spec"]["volumes"], "on the same claim");
    assert_eq!(flight.wire.asked("DELETE ").len(), 1);
}

/// Seed 003: a set whose template asks for another class than its claims have.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_trap_stands_in_the_panel_of_the_pod() {
    let adapted = Plan::of("vault-raft").adapted(|objects| {
        let set = objects
            .iter_mut()
            .find(|object| object["kind"] == "StatefulSet")
            .unwrap();
        for template in set["spec"]["volumeClaimTemplates"].as_array_mut().unwrap() {
            template["spec"]["storageClassName"] = json!("proxmox-lvm-encrypted");
        }
    });
    let mut flight = adapted.fly().await;
    let pod = model::Key::new(Kind::Pod, "vault", "vault-0");
    let before = flight.server_has(&pod).unwrap();
    flight.choose("vault", "pods", "vault-0").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.until_told("kept if every pod votes").await;
    flight.fresh().await;
    picture(&flight, "pod-panel-trap");
    let line = flight.line();
    assert!(line.contains("it comes back on the OLD"), "{}", flight.text());
    assert!(line.contains("delete the claim first to move it"), "{}", flight.text());
    flight.hold();
    assert!(
        flight.state().at_gate(),
        "it has to be attested that the old claim is meant"
    );
    flight.attest_all();
    for _ in 0..20 {
        flight.key(Key::Up);
    }
    flight.hold();
    flight.until_over().await;
    flight.pass(Duration::from_secs(30));
    flight.heard().await;
    let pod = flight.server_has(&pod).expect("made anew");
    assert_ne!(pod["metadata"]["uid"], before["metadata"]["uid"]);
    let claim = model::Key::new(Kind::PersistentVolumeClaim, "vault", "data-vault-0");
    let claim = flight.server_has(&claim).unwrap();
    assert_eq!(
        claim["spec"]["storageClassName"], "nfs-proxmox",
        "the trap: on the old claim"
    );
}
