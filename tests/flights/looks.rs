//! Looking: what an operator sees before anything is touched.

use super::flight::{Flight, Plan};
use super::hands::job;
use super::picture;
use pilothouse::app::Key;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// What must never be seen or kept, and how it looks in a Secret.
const CANARY: &str = "kanarienvogel-7Qx";
const CANARY_ENCODED: &str = "a2FuYXJpZW52b2dlbC03UXg=";

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_fleet_and_a_healthy_tenant() {
    let mut flight = Flight::on_sandbox("calm").await;
    flight.keys("g");
    flight.fresh().await;
    picture(&flight, "calm-fleet");
    assert!(
        !flight.text().contains('●') || flight.text().contains("● 0"),
        "{}",
        flight.text()
    );
    flight.order("tenant acme");
    flight.until_shown("data-db-0").await;
    picture(&flight, "calm-tenant");
    assert!(flight.text().contains("✓ CLEAN"), "{}", flight.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stuck_claim_is_explained_down_to_the_training_jobs() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.keys("g");
    flight.fresh().await;
    picture(&flight, "incident-fleet");
    assert!(flight.text().contains("2 PVCs Terminating 3h12m, held by 9 Jobs"));
    flight.key(Key::Enter);
    flight.until_shown("shared-data").await;
    picture(&flight, "incident-tenant");

    flight.choose("hasan-prod", "volumes", "shared").await;
    flight.keys("x");
    flight.until_shown("why pvc/shared-data").await;
    picture(&flight, "incident-explain");
    assert!(flight.text().contains("Terminating 3h12m, held by 10 pods of 9 Jobs"));
    let mut told = flight.text();
    for _ in 0..5 {
        flight.key(Key::PageDown);
        told.push_str(&flight.text());
    }
    for (name, pod) in [
        ("7f", "x1"),
        ("7f", "r8"),
        ("80", "q2"),
        ("81", "m4"),
        ("84", "t9"),
        ("85", "c6"),
        ("88", "k3"),
    ]
    .into_iter()
    .chain([("8a", "d7"), ("8c", "w5"), ("8e", "g2")])
    {
        assert!(
            told.contains(&format!("Job train-{name}")),
            "train-{name} is not named:\n{told}"
        );
        assert!(
            told.contains(&format!("train-{name}-{pod}")),
            "train-{name}-{pod} is not named:\n{told}"
        );
    }
    flight.key(Key::Esc);

    flight.keys("f");
    flight.until_shown("forecast: delete pvc/shared-data").await;
    assert!(flight.text().contains("being deleted already"), "{}", flight.text());
    flight.key(Key::Esc);

    flight.key(Key::Enter);
    flight.until_shown("what hangs together with it").await;
    picture(&flight, "incident-chain");
    for link in [
        "pvc/shared-data",
        "pv/efs-data",
        "storageclass/efs-sc",
        "pod/train-7f-x1",
        "job/train-7f",
    ] {
        assert!(flight.text().contains(link), "{link}:\n{}", flight.text());
    }
    flight.keys("y");
    flight.until_shown("volumeName: efs-data").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_goes_from_the_claim_over_its_attachment_to_the_root_owner() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "volumes", "mysql").await;
    flight.key(Key::Enter);
    flight.until_shown("what hangs together with it").await;
    flight.fresh().await;
    picture(&flight, "chain-mysql");
    for link in [
        "pvc/mysql-pvc",
        "pv/pvc-9f1c2e54",
        "storageclass/gp3",
        "volumeattachment/",
        "pod/mysql-0",
        "statefulset/mysql",
    ] {
        assert!(flight.text().contains(link), "{link}:\n{}", flight.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objects_events_are_told() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.meddle(&job("train-81"), |job| job["spec"]["suspend"] = json!(true));
    flight.pass(Duration::from_secs(5));
    flight.heard().await;
    flight.choose("hasan-prod", "jobs", "train-81").await;
    flight.keys("e");
    flight.until_told("events of job/train-81 · read").await;
    flight.until_shown("Deleted pod: train-81-m4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_neither_shown_nor_kept() {
    let mut flight = Plan::of("hasan-prod").adapted(hide_canaries).fly().await;
    flight.film = Some(Vec::new());
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    for (screen, told) in [
        ("y", "kind: Job"),
        ("x", "why job/train-7f"),
        ("f", "forecast: delete job/train-7f"),
        ("h", "history of"),
    ] {
        flight.keys(screen);
        flight.until_shown(told).await;
        if screen == "y" {
            flight.until_shown("<redacted>").await;
        }
        for _ in 0..4 {
            flight.key(Key::PageDown);
        }
        flight.key(Key::Esc);
    }
    flight.key(Key::Enter);
    flight.until_shown("what hangs together with it").await;
    flight.choose("hasan-prod", "releases", "eks").await;
    flight.keys("y");
    flight.until_shown("kind: PartialObjectMetadata").await;
    assert!(
        !flight.text().contains("│data:"),
        "a release is read without its payload:\n{}",
        flight.text()
    );

    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.answer();
    flight.yes();
    flight.until_over().await;
    let film = flight.film.take().unwrap();
    assert!(film.len() > 50, "a film of {} pictures", film.len());
    for canary in [CANARY, CANARY_ENCODED] {
        for screen in &film {
            assert!(!screen.contains(canary), "{screen}");
        }
        assert!(
            !format!("{:?}", flight.state().world()).contains(canary),
            "the facts hold it"
        );
        let kept = kept(flight.home());
        assert!(kept.iter().any(|(path, _)| path.contains("saved")), "nothing was saved");
        for (path, text) in kept {
            assert!(!text.contains(canary), "{path} holds it");
        }
    }
}

/// A password in a Job's environment and in a copy of its manifest, in a Secret, and in a Helm release.
fn hide_canaries(objects: &mut Vec<Value>) {
    objects.push(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": "db", "namespace": "hasan-prod" }, "data": { "password": CANARY_ENCODED },
    }));
    let mut hidden = 0;
    for object in objects {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if object["kind"] == "Job" && name == "train-7f" {
            let env = json!([{ "name": "DB_PASSWORD", "value": CANARY }]);
            object["spec"]["template"]["spec"]["containers"][0]["env"] = env;
            let copy = format!("{{\"spec\":{{\"password\":\"{CANARY}\"}}}}");
            object["metadata"]["annotations"] = json!({ "kubectl.kubernetes.io/last-applied-configuration": copy });
            hidden += 1;
        }
        if object["kind"] == "Secret" && object["type"] == "helm.sh/release.v1" {
            object["data"]["release"] = json!(CANARY_ENCODED);
            hidden += 1;
        }
    }
    assert!(hidden > 1, "the canaries found their places");
}

/// Every file below a directory.
fn kept(home: &Path) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    let mut open = vec![home.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                kept.push((path.display().to_string(), text));
            }
        }
    }
    kept
}
