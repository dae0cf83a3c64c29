//! The way out, walked: from what is stuck to what is free, each step through its panel, planned anew after each.

use super::flight::{Flight, Plan};
use super::hands::{claim, volume};
use super::helm::fake;
use super::picture;
use pilothouse::app::{Key, State};
use pilothouse::model::Kind;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_claim_is_freed_step_by_step() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "volumes", "shared").await;
    flight.keys("x");
    flight.until_shown("why pvc/shared-data").await;
    flight.keys("u");
    flight.until_shown("the way out of pvc/shared-data").await;
    flight.fresh().await;
    picture(&flight, "unstick-120x40");
    let uid = flight
        .state()
        .world()
        .get(&claim("shared-data"))
        .unwrap()
        .meta
        .uid
        .clone();
    let mut ended = Vec::new();
    while flight.state().world().by_uid(&uid).is_some() {
        assert!(ended.len() < 9, "nine Jobs were there: {ended:?}\n{}", flight.text());
        flight.keys("g");
        flight.until_shown("next: o opens its panel").await;
        if ended.len() == 1 {
            // a later step is not due, wherever the cursor is
            flight.keys("jjjo");
            assert!(!flight.state().at_gate(), "{}", flight.text());
            flight.until_told("not yet: first delete job/").await;
            flight.keys("g");
        }
        flight.open_panel(Key::Char('o')).await;
        flight.answer();
        flight.yes();
        flight.until_over().await;
        let act = flight.step().act.to_string();
        assert!(act.starts_with("delete job/train-"), "{act}");
        assert!(!ended.contains(&act), "{act} twice");
        ended.push(act);
        flight.key(Key::Esc);
        // the garbage collector takes the Job's pods: until they are gone they hold the claim
        let job = flight.step().act.target().key.name.to_string();
        let left = |flight: &Flight| {
            let mut pods = flight.state().world().of_kind(Kind::Pod);
            pods.any(|pod| pod.meta.name.starts_with(&format!("{job}-")))
        };
        for _ in 0..200 {
            if !left(&flight) {
                break;
            }
            flight.pass(Duration::from_secs(1));
            flight.heard().await;
        }
        assert!(!left(&flight), "the pods of {job} stay:\n{}", flight.text());
        flight.heard().await;
        for _ in 0..60 {
            // nothing holds it any more: its controller lets it go
            if ended.len() < 9 || flight.state().world().by_uid(&uid).is_none() {
                break;
            }
            flight.pass(Duration::from_secs(1));
            flight.heard().await;
        }
        if ended.len() == 1 {
            flight.until_shown("done in this session").await;
            // whether the pod or its Job was gone first is chance, and the line that says so
            flight.keys("g");
            picture(&flight, "unstick-replanned");
        }
    }
    assert_eq!(ended.len(), 9);
    flight.until_shown("is gone").await;
    assert!(
        flight.state().world().get(&volume("efs-data")).is_some(),
        "the disk is still there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_out_of_a_pending_release_says_how_old_it_is_and_what_helm_allows() {
    let pending = |objects: &mut Vec<serde_json::Value>| {
        let name = "sh.helm.release.v1.eks-1.0.4.v7";
        let record = objects
            .iter_mut()
            .find(|object| object["metadata"]["name"] == name)
            .unwrap();
        record["metadata"]["labels"]["status"] = json!("pending-upgrade");
        let name = "sh.helm.release.v1.eks-1.0.4.v6";
        let before = objects
            .iter_mut()
            .find(|object| object["metadata"]["name"] == name)
            .unwrap();
        before["metadata"]["labels"]["status"] = json!("deployed");
    };
    let home = tempfile::tempdir().unwrap();
    let program = fake(home.path(), 0);
    let mut flight = Plan::of("hasan-prod").adapted(pending).with_helm(program).fly().await;
    flight.choose("hasan-prod", "releases", "eks").await;
    flight.keys("x");
    flight.until_shown("why release/").await;
    flight.keys("u");
    flight.until_shown("the way out of release/").await;
    let line = flight.line();
    for told in [
        "it is pending-upgrade for 41d, longer than the 5m00s helm waits unless told otherwise",
        "helm rollback eks-1.0.4 to the last deployed revision, 6",
        "where nobody runs helm any more",
    ] {
        assert!(line.contains(told), "{told}:\n{}", flight.text());
    }
    flight.fresh().await;
    picture(&flight, "unstick-release");
    // the rollback's own panel, as the operator's helm would do it
    flight.take(pilothouse::app::Event::Resize { width: 150, height: 70 });
    flight.keys("go");
    flight.until("the panel", State::at_gate).await;
    let told = flight.line();
    assert!(told.contains("rollback eks-1.0.4 6 "), "{}", flight.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_out_is_asked_for_by_name_and_tab_completes_it() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "volumes", "mysql").await;
    flight.keys(":unst");
    flight.key(Key::Tab);
    flight.keys("pvc/shared");
    flight.key(Key::Tab);
    flight.key(Key::Enter);
    flight.until_shown("the way out of pvc/shared-data").await;
    flight.fresh().await;
    flight.until_shown("next: o opens its panel").await;
    flight.open_panel(Key::Char('o')).await;
    let line = flight.line();
    assert!(line.contains("delete job/train-"), "{line}");
    flight.key(Key::Esc);
    // a release goes by its own name, and what is not there is told
    flight.keys(":unstick release/eks");
    flight.key(Key::Tab);
    flight.key(Key::Enter);
    flight.until_shown("the way out of release/").await;
    flight.keys(":unstick pvc/no-such");
    flight.key(Key::Enter);
    flight.until_told("there is no pvc/no-such in this tenant").await;
}
