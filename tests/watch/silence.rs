//! Servers that say nothing: what is idle stays live while somebody vouches for it, and no longer.

use crate::bed::{Bed, claim, fast};
use crate::scripted::{Asked, Reply, Step, event, list};
use crate::{hold, served};
use pilothouse::cluster::{Pace, Scopes};
use pilothouse::model::feed::Freshness;
use pilothouse::model::{FeedState, Kind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[tokio::test]
async fn a_heartbeat_keeps_idle_feeds_live_and_its_silence_makes_them_stale() {
    let answering = Arc::new(AtomicBool::new(true));
    let (on, quiet) = (Arc::clone(&answering), Duration::from_millis(450));
    let watched = served(|_, _| list(9, "", &[claim("a", 1)]), |_, _| hold());
    let handler = move |asked: &Asked| {
        if !on.load(Ordering::SeqCst) {
            return Reply::silence();
        }
        match asked.path.as_str() {
            "/readyz" => Reply::status(403, "Forbidden", "anonymous may not"),
            _ => watched(asked),
        }
    };
    let mut bed = Bed::start(
        handler,
        &[Kind::PersistentVolumeClaim],
        Scopes::default(),
        fast(),
        quiet,
    )
    .await;
    bed.until(Bed::live).await;
    let begun = bed.clock.moment();
    while begun.age(bed.clock.moment()) < quiet * 3 {
        bed.take().await;
        assert!(bed.live(), "an idle feed of a healthy server: {:?}", bed.state());
    }
    assert!(
        bed.asked().iter().any(|asked| asked.path == "/livez"),
        "the next question is tried"
    );
    answering.store(false, Ordering::SeqCst);
    let silent = bed.clock.moment();
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
    let noticed = silent.age(bed.clock.moment());
    assert!(noticed < quiet * 2, "stale after {noticed:?}");
    answering.store(true, Ordering::SeqCst);
    bed.until(Bed::live).await;
}

#[tokio::test]
async fn a_quicker_heartbeat_begins_at_once() {
    let handler = served(|_, _| list(9, "", &[claim("a", 1)]), |_, _| hold());
    let kinds = [Kind::PersistentVolumeClaim];
    let mut bed = Bed::start(handler, &kinds, Scopes::default(), fast(), Duration::from_hours(1)).await;
    bed.until(Bed::live).await;
    assert!(!bed.paths().contains(&"/readyz".to_owned()));
    bed.quicken(Duration::from_millis(300));
    bed.until(|bed| bed.paths().contains(&"/readyz".to_owned())).await;
}

#[tokio::test]
async fn a_watch_that_says_nothing_is_opened_anew() {
    let pace = Pace {
        idle: Duration::from_millis(100),
        ..fast()
    };
    let handler = served(
        |_, _| list(9, "", &[claim("a", 1)]),
        |_, number| match number {
            0 => Reply::stream([event("ADDED", &claim("b", 10)), Step::Hold]),
            _ => Reply::stream([event("ADDED", &claim("c", 11)), Step::Hold]),
        },
    );
    let mut bed = Bed::start(
        handler,
        &[Kind::PersistentVolumeClaim],
        Scopes::default(),
        pace,
        Duration::from_secs(15),
    )
    .await;
    bed.until(|bed| bed.names() == ["a", "b", "c"]).await;
    let watches: Vec<Asked> = bed.asked().into_iter().filter(Asked::watches).collect();
    assert_eq!(watches[1].param("resourceVersion"), Some("10"));
}

#[tokio::test]
async fn a_slow_first_list_leaves_the_feed_waiting_and_others_go_on() {
    let handler = served(
        |asked, _| match asked.path.as_str() {
            "/api/v1/pods" => Reply::silence(),
            _ => list(9, "", &[claim("a", 1)]),
        },
        |_, _| hold(),
    );
    let kinds = [Kind::Pod, Kind::PersistentVolumeClaim];
    let mut bed = Bed::start(handler, &kinds, Scopes::default(), fast(), Duration::from_secs(15)).await;
    bed.until(Bed::live).await;
    let pods = bed
        .world
        .freshness(Kind::Pod, "n", bed.clock.moment(), Duration::from_secs(15));
    assert!(matches!(pods, Freshness::Waiting { .. }), "{pods:?}");
}
