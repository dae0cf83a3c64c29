//! What cannot be seen is never shown as nothing: denied, not yet listed, malformed, expired.

use super::flight::{Flight, Plan, screen};
use super::hands::job;
use super::picture;
use pilothouse::app::Key;
use pilothouse::model::{self, FeedState, Kind};
use pilothouse::sandbox::{Denial, Store};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_denied_is_told_so_and_shuts_the_gate() {
    let mut flight = Plan::of("hasan-prod")
        .prepared(|sandbox| {
            sandbox.access().deny(Denial::of("list", "persistentvolumes"));
            sandbox.access().deny(Denial::of("watch", "persistentvolumes"));
        })
        .unlisted()
        .fly()
        .await;
    flight
        .until("every other feed to be listed", |state| {
            state.world().feeds().all(|(feed, told)| match told.state {
                FeedState::Denied { .. } => feed.kind == Kind::PersistentVolume,
                _ => told.listed && feed.kind != Kind::PersistentVolume,
            })
        })
        .await;
    flight.fresh().await;
    picture(&flight, "denied-fleet");
    assert!(flight.text().contains("15/16 live"), "{}", flight.text());
    flight.order("tenant hasan-prod");
    flight.until_shown("shared-data").await;
    picture(&flight, "denied-tenant");
    assert!(flight.text().contains("denied: "), "{}", flight.text());
    flight.choose("hasan-prod", "volumes", "scratch").await;
    flight.open_panel(Key::Ctrl('d')).await;
    let line = flight.line();
    assert!(line.contains("persistentvolumes no access"), "{}", flight.text());
    assert!(!flight.is_open());
    flight.key(Key::Esc);
    flight.order("pv");
    assert!(
        flight.text().contains("denied: "),
        "an empty list would be a lie:\n{}",
        flight.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_is_waited_for_in_so_many_words() {
    let mut flight = Plan::of("hasan-prod")
        .prepared(|sandbox| sandbox.faults().slow_down(Duration::from_millis(150)))
        .unlisted()
        .fly()
        .await;
    picture(&flight, "waiting-fleet");
    assert!(flight.text().contains("waiting 0s for "), "{}", flight.text());
    for order in ["pods", "pv"] {
        flight.order(order);
        let told = flight.text();
        assert!(told.contains("waiting 0s for ") && !told.contains("none"), "{told}");
        flight.key(Key::Esc);
    }
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    sandbox.faults().slow_down(Duration::ZERO);
    flight
        .until_always(
            "the first lists",
            |state| state.world().feeds().all(|(_, feed)| feed.listed),
            |state| {
                let waiting = state
                    .world()
                    .feeds()
                    .any(|(feed, told)| feed.kind == Kind::Namespace && !told.listed);
                let told = screen(state);
                assert!(
                    !waiting || told.contains("waiting") || told.contains("listing"),
                    "{told}"
                );
            },
        )
        .await;
    flight.until_shown("2 PVCs Terminating").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_object_is_a_finding_until_it_is_mended() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let pod = model::Key::new(Kind::Pod, "hasan-prod", "train-81-m4");
    let before = flight.state().world().len();
    flight.meddle(&pod, |pod| pod["spec"]["nodeName"] = json!(7));
    flight
        .until("the pod to be known as malformed", |state| {
            state.world().malformed().count() == 1
        })
        .await;
    let malformed = flight.state().world().malformed().next().unwrap().clone();
    assert_eq!(malformed.key, pod);
    flight.choose("hasan-prod", "findings", "train-81-m4").await;
    flight.until_told("pod/train-81-m4").await;
    assert!(
        flight.text().contains("feeds 16/16 live"),
        "no feed died of it:\n{}",
        flight.text()
    );
    flight.meddle(&pod, |pod| pod["spec"]["nodeName"] = json!("ip-10-0-16-21"));
    flight.heard().await;
    assert_eq!(flight.state().world().malformed().count(), 0);
    assert_eq!(flight.state().world().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_expired_watches_ends_in_the_same_world_without_a_blank_frame() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.order("tenant hasan-prod");
    flight.until_shown("shared-data").await;
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    let before = flight.state().world().len();
    for round in 0..2 {
        sandbox.faults().refuse_watches(14);
        sandbox.faults().expire_watches();
        sandbox.change(Store::compact_all);
        let label = format!("round-{round}");
        flight.meddle(&job("train-7f"), |job| {
            job["metadata"]["labels"]["storm"] = json!(label);
        });
        let listed = flight.wire.asked("GET /api/v1/pods").len();
        let wire = flight.wire.clone();
        flight
            .until_always(
                "the world to be told anew",
                |state| {
                    let live = |told: &model::Feed| matches!(told.state, FeedState::Live);
                    let job = state.world().get(&job("train-7f")).unwrap();
                    let told = wire.asked("GET /api/v1/pods").len() > listed;
                    told && state.world().feeds().all(|(_, told)| live(told))
                        && job.meta.labels.get("storm") == Some(label.as_str())
                },
                |state| {
                    assert_eq!(state.world().len(), before, "nothing vanishes meanwhile");
                    let told = screen(state);
                    for row in ["shared-data", "train-7f", "eks-1.0.4"] {
                        assert!(told.contains(row), "{row} went missing:\n{told}");
                    }
                },
            )
            .await;
        flight.heard().await;
    }
}
