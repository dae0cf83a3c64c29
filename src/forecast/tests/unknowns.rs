//! What was denied, lost or not yet listed makes the answer unknown, and is named.

use super::{CSI, NODE, QUIET, deletion, forecast, job, now, pair, told};
use crate::forecast::{Forecast, Outcome, Tier};
use crate::laws::Conditions;
use crate::laws::fixture::world;
use crate::model::{Feed, FeedId, FeedState, Kind, Moment, Now, Observation, Propagation, World};
use std::time::Duration;

fn base() -> World {
    world(&(pair("data", "Delete", CSI) + &job("train", "data", "", "Running") + NODE))
}

fn without(kind: Kind, state: FeedState) -> World {
    let mut world = base();
    let keys: Vec<_> = world.of_kind(kind).map(|object| object.key()).collect();
    if matches!(state, FeedState::Denied { .. }) {
        for key in keys {
            world.take(&key);
        }
    }
    let feed = FeedId::cluster(kind);
    world.apply(Observation::Lost { feed, state });
    world
}

fn denied() -> FeedState {
    FeedState::Denied {
        since: Moment::default(),
        why: "forbidden".into(),
    }
}

fn claim(world: &World, now: Now) -> Forecast {
    let act = deletion(world, "pvc a/data", Propagation::Background);
    forecast(world, &act, &Conditions::default(), now, QUIET)
}

#[test]
fn without_pods_nobody_knows_who_holds() {
    let forecast = claim(&without(Kind::Pod, denied()), now());
    assert_eq!(told(&forecast), ["UNKNOWN pvc/data"]);
    assert_eq!(forecast.unknowns[0], "pods in a: denied (forbidden)");
    assert_eq!(forecast.tier, Tier::T3);
}

#[test]
fn the_volume_of_a_lost_claim_is_gone_and_not_unknown() {
    let yaml = pair("data", "Retain", CSI).replace("phase: Bound", "phase: Lost") + NODE;
    let mut world = world(&yaml);
    let volume = world
        .of_kind(Kind::PersistentVolume)
        .next()
        .map(|object| object.key())
        .unwrap();
    world.take(&volume);
    assert_eq!(told(&claim(&world, now())), ["DELETED pvc/data"]);
    let broken = crate::model::Malformed {
        key: volume,
        why: "no number".to_owned(),
    };
    world.apply(Observation::Malformed {
        feed: FeedId::cluster(Kind::PersistentVolume),
        malformed: broken,
        at: Moment::default(),
    });
    assert_eq!(told(&claim(&world, now())), ["UNKNOWN pv/pv-data", "DELETED pvc/data"]);
}

#[test]
fn without_volumes_nobody_knows_about_the_disk() {
    let forecast = claim(&without(Kind::PersistentVolume, denied()), now());
    assert_eq!(told(&forecast), ["UNKNOWN pvc/data", "UNKNOWN pv/pv-data"]);
    assert!(
        forecast
            .unknowns
            .iter()
            .any(|gap| gap.contains("persistentvolumes: denied")),
        "{:?}",
        forecast.unknowns
    );
    assert_eq!(forecast.tier, Tier::T3);
}

#[test]
fn a_lost_watch_leaves_what_was_last_known() {
    let stale = FeedState::Stale {
        since: Moment::default(),
        why: "connection refused".into(),
    };
    let forecast = claim(&without(Kind::Pod, stale), now());
    assert_eq!(told(&forecast), ["UNKNOWN pvc/data"]);
    assert!(
        forecast.entries[0]
            .reason
            .text
            .starts_with("by what was last known: HANGS"),
        "{}",
        forecast.entries[0].reason.text
    );
}

#[test]
fn silence_is_not_freshness() {
    let later = Now {
        mono: Moment(Duration::from_mins(1)),
        ..now()
    };
    let forecast = claim(&base(), later);
    assert!(matches!(forecast.entries[0].outcome, Outcome::Unknown { .. }));
    assert!(
        forecast.unknowns.iter().any(|gap| gap.contains("stale for 1m00s")),
        "{:?}",
        forecast.unknowns
    );
}

#[test]
fn feeds_under_way_are_not_empty() {
    let mut world = base();
    world.take(&crate::laws::fixture::key("pod a/train-x1"));
    let feed = FeedId::cluster(Kind::Pod);
    world.apply(Observation::Lost {
        feed,
        state: Feed::waiting(Moment::default()).state,
    });
    assert_eq!(told(&claim(&world, now())), ["UNKNOWN pvc/data", "UNKNOWN pv/pv-data"]);
}

#[test]
fn nodes_unseen_are_said_to_be_taken_for_granted() {
    let world = without(Kind::Node, denied());
    let act = deletion(&world, "job a/train", Propagation::Background);
    let forecast = forecast(&world, &act, &Conditions::default(), now(), QUIET);
    assert_eq!(
        told(&forecast),
        ["DELETED job/train", "DELETED pod/train-x1", "KEPT pvc/data"]
    );
    assert_eq!(
        forecast.unknowns,
        ["nodes: denied (forbidden); their kubelets are taken to answer"]
    );
}
