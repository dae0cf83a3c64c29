//! Claims and volumes at their gates: the held claim, the claim whose disk would be destroyed, the volume to be used again.

use super::flight::{Flight, Plan};
use super::hands::{claim, volume};
use super::picture;
use pilothouse::app::Key;
use pilothouse::journal::RecordKind::{Cleared, Intent, Note, Opened, Outcome, Sent, Waived};
use pilothouse::model::{self, Kind};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_foreign_pods_hold_is_not_deleted() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "volumes", "scratch").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.answer();
    flight.fresh().await;
    picture(&flight, "claim-panel-held");
    assert!(!flight.is_open());
    assert!(
        flight.text().contains('✗') && flight.line().contains("train-7f"),
        "{}",
        flight.text()
    );
    flight.approve();
    flight.key(Key::Enter);
    flight.pass(Duration::from_secs(1));
    assert!(flight.state().at_gate() && flight.state().steps().count() == 0);
    assert_eq!(flight.kinds(), [Opened], "no intent");
    assert!(flight.wire.asked("DELETE ").is_empty());
    assert!(flight.server_has(&claim("train-scratch")).unwrap()["metadata"]["deletionTimestamp"].is_null());
    flight.key(Key::Esc);
    assert!(!flight.state().at_gate());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_volume_is_made_available_without_losing_its_name() {
    // a second earlier volume, of a claim whose name is free
    let adapted = Plan::of("hasan-prod").adapted(|objects| {
        let of = |object: &&serde_json::Value| object["metadata"]["name"] == "efs-client-logs-2025";
        let mut volume = objects.iter().find(of).expect("it is in the scenario").clone();
        volume["metadata"]["name"] = json!("efs-notes-2025");
        volume["spec"]["claimRef"]["name"] = json!("notes");
        volume["spec"]["csi"]["volumeHandle"] = json!("fs-06b3faf51675ff9f9::fsap-0aa51b7e0c9d3f264");
        objects.push(volume);
    });
    let mut flight = adapted.fly().await;
    let disk = volume("efs-notes-2025");
    let before = flight.server_has(&disk).unwrap();
    flight.choose("hasan-prod", "volumes", "(client-logs)").await;
    flight.open_panel(Key::Char('c')).await;
    flight.answer();
    assert!(
        !flight.is_open(),
        "another claim client-logs is bound: nothing could take the volume"
    );
    assert!(
        flight.line().contains("✗ only the right claim can take it next"),
        "{}",
        flight.text()
    );
    flight.key(Key::Esc);
    flight.choose("hasan-prod", "volumes", "(notes)").await;
    flight.open_panel(Key::Char('c')).await;
    flight.answer();
    flight.fresh().await;
    picture(&flight, "claim-ref-panel");
    let line = flight.line();
    assert!(flight.is_open(), "{}", flight.text());
    assert!(
        line.contains("PATCH /api/v1/persistentvolumes/efs-notes-2025"),
        "{line}"
    );
    flight.yes();
    flight.until_over().await;
    flight.until_recorded(Note, 1).await;
    assert_eq!(flight.kinds(), [Opened, Intent, Cleared, Sent, Outcome, Note]);

    let shown = flight.recorded();
    let request = &shown.steps[0].request;
    let patch: serde_json::Value = serde_json::from_str(request.lines().last().unwrap()).unwrap();
    let operations: Vec<(&str, &str)> = patch
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap()))
        .collect();
    let tests = [
        ("test", "/metadata/uid"),
        ("test", "/metadata/resourceVersion"),
        ("test", "/spec/claimRef/uid"),
    ];
    assert_eq!(operations[..3], tests, "it tests before it removes");
    assert!(operations.contains(&("remove", "/spec/claimRef/uid")));
    assert!(
        !operations.contains(&("remove", "/spec/claimRef")),
        "never the whole claimRef"
    );
    assert_eq!(flight.wire.asked("PATCH ").len(), 1);

    flight.pass(Duration::from_secs(1));
    let after = flight.server_has(&disk).unwrap();
    assert_eq!(before["status"]["phase"], "Released");
    assert_eq!(after["status"]["phase"], "Available");
    assert_eq!(after["spec"]["claimRef"]["name"], "notes");
    assert_eq!(after["spec"]["claimRef"]["namespace"], "hasan-prod");
    assert!(after["spec"]["claimRef"]["uid"].is_null());
    assert_eq!(after["spec"]["csi"], before["spec"]["csi"], "the same disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_destroyed_only_with_a_second_person_or_a_broken_glass() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let proxy = model::Key::new(Kind::Deployment, "hasan-prod", "requests-proxy");
    flight.meddle(&proxy, |proxy| proxy["spec"]["replicas"] = json!(0));
    flight.pass(Duration::from_mins(1));
    flight.heard().await;
    flight.choose("hasan-prod", "volumes", "logs-pvc").await;
    flight.open_panel(Key::Ctrl('d')).await;
    assert!(flight.text().contains("T3"), "{}", flight.text());
    flight.answer();
    flight.pass(Duration::from_secs(3));
    flight.fresh().await;
    picture(&flight, "destroy-panel-alone");
    assert!(!flight.is_open(), "the second person is missing");
    flight.approve();
    assert_eq!(flight.state().steps().count(), 0);

    flight.key(Key::Ctrl('g'));
    flight.keys("too short");
    flight.key(Key::Enter);
    assert!(flight.line().contains("a reason of at least"), "{}", flight.text());
    flight.key(Key::Ctrl('g'));
    flight.keys("the tenant has left, ticket 4711");
    flight.key(Key::Enter);
    assert!(
        flight
            .line()
            .contains("GLASS BROKEN by operator: the tenant has left, ticket 4711"),
        "{}",
        flight.text()
    );
    assert!(flight.line().contains("cool-down: 10 s"), "{}", flight.text());
    flight.approve();
    assert_eq!(flight.state().steps().count(), 0, "not before the cool-down is over");
    for _ in 0..3 {
        flight.pass(Duration::from_secs(3));
        assert!(!flight.is_open());
        flight.fresh().await;
    }
    flight.pass(Duration::from_secs(1));
    flight.fresh().await;
    picture(&flight, "destroy-panel-glass-broken");
    assert!(flight.is_open());
    flight.yes();
    flight.until_over().await;
    flight.pass(Duration::from_secs(30));
    assert_eq!(flight.server_has(&claim("logs-pvc")), None);
    assert_eq!(flight.server_has(&volume("efs-logs")), None);
    let destroyed = flight.sandbox.as_ref().unwrap().destroyed();
    assert_eq!(
        destroyed,
        ["efs.csi.aws.com fs-06b3faf51675ff9f9::fsap-0915de3c70ab8f246"],
        "as it was forecast"
    );
    flight.until_recorded(Waived, 1).await;
    let shown = flight.recorded();
    assert_eq!(shown.steps[0].waived[0].reason, "the tenant has left, ticket 4711");
    assert!(shown.text().starts_with("WAIVED "), "{}", shown.text());
}
