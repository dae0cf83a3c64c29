//! Acts taken all the way: the deleted Job, and what its going sets free.

use super::flight::Flight;
use super::hands::{claim, job, volume};
use super::picture;
use pilothouse::app::{Ending, Key, Phase};
use pilothouse::journal::RecordKind::{Cleared, Intent, Note, Opened, Outcome as Ended, Sent};
use pilothouse::journal::{Outcome, Stage};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_deleted_through_its_panel() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.fresh().await;
    picture(&flight, "job-panel-closed");
    assert!(
        flight.line().contains("APPROVE is closed: 1 not attested; "),
        "{}",
        flight.text()
    );
    flight.approve();
    assert!(flight.state().at_gate() && flight.state().steps().count() == 0);

    flight.attest_all();
    assert!(flight.line().contains("I attest, as operator"), "{}", flight.text());
    flight.type_in("wrong");
    flight.approve();
    assert!(flight.state().at_gate(), "a wrong fact opens nothing");
    for _ in 0..5 {
        flight.key(Key::Backspace);
    }
    let fact = flight.fact();
    flight.type_in(&fact);
    flight.fresh().await;
    picture(&flight, "job-panel-open");
    assert!(flight.line().contains("APPROVE is open"), "{}", flight.text());
    assert_eq!(flight.kinds(), [Opened], "nothing is recorded before the yes");

    flight.approve();
    assert_eq!(flight.step().phase, Phase::Requested);
    assert!(flight.text().contains("requested"), "{}", flight.text());
    flight.until_over().await;
    assert!(matches!(&flight.step().phase, Phase::Over(Ending::Observed { what }) if what == "job/train-7f is gone"));
    assert_eq!(flight.server_has(&job("train-7f")), None);
    flight.until_recorded(Note, 1).await;
    flight.fresh().await;
    picture(&flight, "job-step-over");
    let told = flight.text();
    let at = |word: &str| told.find(word).unwrap_or_else(|| panic!("{word} is not told:\n{told}"));
    assert!(at("requested") < at("on disk in the journal") && at("on disk in the journal") < at("read afresh"));
    assert!(at("read afresh") < at("sent") && at("the server removed it") < at("is gone"));

    assert_eq!(flight.kinds(), [Opened, Intent, Cleared, Sent, Ended, Note]);
    let shown = flight.recorded();
    let step = shown.steps.first().unwrap();
    assert!(
        matches!(
            &step.stage,
            Stage::Ended(Outcome::Done { .. } | Outcome::Accepted { .. })
        ),
        "{:?}",
        step.stage
    );
    assert!(
        step.request
            .starts_with("DELETE /apis/batch/v1/namespaces/hasan-prod/jobs/train-7f")
    );
    let saved = step.saved.first().unwrap();
    let yaml = std::fs::read_to_string(flight.journal().with_file_name("").join(&saved.file)).unwrap();
    assert!(yaml.contains("kind: Job") && yaml.contains("name: train-7f"), "{yaml}");
    assert_eq!(flight.wire.asked("DELETE ").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_forecast_the_way_leads_to_the_panel_of_that_very_act() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.keys("f");
    flight.until_shown("forecast: delete job/train-7f (Background)").await;
    flight.keys("pjj");
    flight.until_shown("forecast: delete job/train-7f (Foreground)").await;
    flight.open_panel(Key::Ctrl('d')).await;
    assert!(
        flight.text().contains("delete job/train-7f (Foreground) in hasan-prod"),
        "{}",
        flight.text()
    );
    assert!(
        flight.line().contains(r#""propagationPolicy":"Foreground""#),
        "{}",
        flight.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_nine_jobs_gone_both_claims_go_and_their_volumes_are_kept() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    for name in ["7f", "80", "81", "84", "85", "88", "8a", "8c", "8e"] {
        assert!(
            flight.server_has(&claim("shared-data")).is_some(),
            "held until the last Job is gone"
        );
        let name = format!("train-{name}");
        flight.choose("hasan-prod", "jobs", &name).await;
        flight.open_panel(Key::Ctrl('d')).await;
        flight.answer();
        flight.yes();
        flight.until_over().await;
        assert_eq!(flight.server_has(&job(&name)), None);
    }
    for _ in 0..60 {
        if flight.server_has(&claim("shared-data")).is_none() {
            break;
        }
        flight.pass(Duration::from_secs(1));
    }
    flight.pass(Duration::from_secs(2));
    flight.heard().await;
    for (name, disk) in [("shared-data", "efs-data"), ("model-cache", "efs-models")] {
        assert_eq!(flight.server_has(&claim(name)), None, "{name}");
        let volume = flight.server_has(&volume(disk)).expect("kept");
        assert_eq!(volume["status"]["phase"], "Released");
        assert_eq!(volume["spec"]["persistentVolumeReclaimPolicy"], "Retain");
        assert_eq!(volume["spec"]["claimRef"]["name"], name, "its claimRef stays");
    }
    assert!(
        flight.sandbox.as_ref().unwrap().destroyed().is_empty(),
        "no disk was destroyed"
    );
    flight.choose("hasan-prod", "volumes", "").await;
    flight.fresh().await;
    picture(&flight, "nine-jobs-gone");
    assert_eq!(flight.recorded().steps.len(), 9);
    assert_eq!(flight.wire.asked("DELETE ").len(), 9);
}
