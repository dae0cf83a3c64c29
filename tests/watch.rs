//! Feeds against a scripted API server: every way a list or a watch can go wrong ends in the world that a fresh list
//! would give, and says so while it has not.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "watch/bed.rs"]
mod bed;
#[path = "support/encode.rs"]
mod encode;
#[path = "watch/formats.rs"]
mod formats;
#[path = "watch/history.rs"]
mod history;
#[path = "watch/refusals.rs"]
mod refusals;
#[path = "support/scripted.rs"]
mod scripted;
#[path = "watch/silence.rs"]
mod silence;

use bed::{Bed, claim, claim_of};
use pilothouse::model::{FeedState, Key, Kind, Observation};
use scripted::{Asked, Reply, Step, basics, bookmark, event, list, list_body, status_body};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A handler that serves the basics, these lists and these watches.
fn served(
    lists: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    watches: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let (list_count, watch_count) = (AtomicUsize::new(0), AtomicUsize::new(0));
    move |asked| {
        basics(asked).unwrap_or_else(|| {
            if asked.watches() {
                watches(asked, watch_count.fetch_add(1, Ordering::SeqCst))
            } else {
                lists(asked, list_count.fetch_add(1, Ordering::SeqCst))
            }
        })
    }
}

fn hold() -> Reply {
    Reply::stream([Step::Hold])
}

#[tokio::test]
async fn a_first_list_comes_in_pages_and_each_is_shown_as_it_comes() {
    let mut bed = Bed::claims(served(
        |asked, _| match asked.param("continue") {
            None => list(9, "next%page", &[claim("a", 1), claim("b", 2)]),
            Some(_) => list(9, "", &[claim("c", 3)]),
        },
        |_, _| hold(),
    ))
    .await;
    let first = bed.batch().await;
    assert!(
        matches!(first.first(), Some(Observation::ListBegan { .. })),
        "{first:?}"
    );
    assert_eq!(first.len(), 3, "a page is one batch");
    assert!(matches!(bed.state(), FeedState::Listing { seen: 2, .. }));
    bed.until(Bed::live).await;
    assert_eq!(bed.names(), ["a", "b", "c"]);
    let asked = bed.asked();
    assert_eq!(asked[0].query, "limit=500");
    assert_eq!(asked[1].param("continue"), Some("next%25page"));
    bed.until(|bed| bed.asked().len() == 3).await;
    assert_eq!(
        bed.asked()[2].query,
        "watch=true&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=9"
    );
    assert_eq!(bed.asked()[2].header("accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn a_compressed_page_is_read() {
    let mut bed = Bed::claims(served(
        |asked, _| {
            assert_eq!(asked.header("accept-encoding"), Some("gzip"));
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(list_body(9, "", &[claim("a", 1)]).as_bytes())
                .expect("written");
            Reply::with(200, "content-encoding: gzip\r\n", &gzip.finish().expect("finished"))
        },
        |_, _| hold(),
    ))
    .await;
    bed.until(Bed::live).await;
    assert_eq!(bed.names(), ["a"]);
}

#[tokio::test]
async fn a_malformed_object_is_a_finding_until_it_is_mended() {
    let bad = serde_json::json!({ "metadata": { "name": "bad", "namespace": "n", "uid": "u-bad", "resourceVersion": "4" }, "spec": 7 });
    let worse = bad.clone();
    let mut bed = Bed::claims(served(
        move |_, _| list(9, "", &[claim("a", 1), bad.clone(), claim("c", 3)]),
        move |_, _| {
            Reply::stream([
                event("MODIFIED", &claim("bad", 10)),
                event("MODIFIED", &{
                    let mut a = worse.clone();
                    a["metadata"]["name"] = "a".into();
                    a
                }),
                event("ADDED", &claim("d", 12)),
                Step::Hold,
            ])
        },
    ))
    .await;
    bed.until(|bed| bed.world.malformed().count() == 1 && bed.live()).await;
    bed.until(|bed| bed.names() == ["bad", "c", "d"]).await;
    let malformed: Vec<_> = bed.world.malformed().cloned().collect();
    assert_eq!(malformed.len(), 1);
    assert_eq!(malformed[0].key, Key::new(Kind::PersistentVolumeClaim, "n", "a"));
    assert!(malformed[0].why.contains("integer `7`"), "{}", malformed[0].why);
    assert!(bed.live(), "a malformed object is no dead watch");
}

#[tokio::test]
async fn an_expired_watch_lists_again_without_clearing() {
    for in_stream in [false, true] {
        let mut bed = Bed::claims(served(
            |_, number| match number {
                0 => list(9, "", &[claim("a", 1), claim("gone", 2)]),
                _ => list(20, "", &[claim("a", 1), claim("new", 15)]),
            },
            move |_, number| match (number, in_stream) {
                (0, false) => Reply::status(410, "Expired", "too old resource version"),
                (0, true) => Reply::stream([
                    event(
                        "ERROR",
                        &serde_json::from_str(&status_body(410, "Expired", "too old")).expect("json"),
                    ),
                    Step::Hold,
                ]),
                _ => hold(),
            },
        ))
        .await;
        bed.until(|bed| bed.live() && bed.names() == ["a", "gone"]).await;
        let mut stale = false;
        while bed.names() != ["a", "new"] {
            bed.take().await;
            stale |= matches!(bed.state(), FeedState::Stale { .. });
            assert!(bed.names().contains(&"a".to_owned()), "cleared while listing");
        }
        assert!(stale, "a feed without a watch was called live");
        assert!(bed.live());
        bed.until(|bed| bed.asked().iter().filter(|asked| asked.watches()).count() == 2)
            .await;
        let again = bed.asked().into_iter().rfind(Asked::watches).expect("a second watch");
        assert_eq!(again.param("resourceVersion"), Some("20"));
    }
}

#[tokio::test]
async fn an_expired_continue_token_begins_the_list_anew() {
    let mut bed = Bed::claims(served(
        |asked, number| match (number, asked.param("continue")) {
            (0, None) => list(9, "t", &[claim("a", 1), claim("gone", 2)]),
            (1, Some(_)) => Reply::status(410, "Expired", "the provided continue parameter is too old"),
            (_, None) => list(12, "", &[claim("a", 1), claim("b", 11)]),
            _ => Reply::status(500, "", "unexpected"),
        },
        |_, _| hold(),
    ))
    .await;
    bed.until(Bed::live).await;
    assert_eq!(bed.names(), ["a", "b"]);
}

#[tokio::test]
async fn a_cut_watch_is_stale_at_once_and_goes_on_from_its_bookmark() {
    let (feed, first) = Reply::live();
    let (first, back) = (Mutex::new(Some(first)), Arc::new(AtomicBool::new(false)));
    let open = Arc::clone(&back);
    let mut bed = Bed::claims(served(
        |_, _| list(9, "", &[claim("a", 1)]),
        move |_, _| match first.lock().expect("not poisoned").take() {
            Some(first) => first,
            None if open.load(Ordering::SeqCst) => Reply::stream([event("ADDED", &claim("c", 60)), Step::Hold]),
            None => Reply::cut(),
        },
    ))
    .await;
    bed.until(Bed::live).await;
    feed.send(event("ADDED", &claim("b", 10))).expect("watched");
    feed.send(bookmark(50)).expect("watched");
    // half an event, then the cut
    feed.send(Step::Chunk(
        b"{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"a\"".to_vec(),
    ))
    .expect("watched");
    bed.until(|bed| bed.names() == ["a", "b"]).await;
    let cut = bed.clock.moment();
    feed.send(Step::Cut).expect("watched");
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
    let noticed = cut.age(bed.clock.moment());
    assert!(noticed < Duration::from_secs(1), "stale after {noticed:?}");
    assert_eq!(bed.names(), ["a", "b"], "the last facts are kept");
    back.store(true, Ordering::SeqCst);
    bed.until(|bed| bed.live() && bed.names() == ["a", "b", "c"]).await;
    let asked = bed.asked();
    assert_eq!(
        asked.iter().filter(|asked| !asked.watches()).count(),
        1,
        "listed again without need"
    );
    let resumed = asked.iter().rfind(|asked| asked.watches()).expect("a watch");
    assert_eq!(resumed.param("resourceVersion"), Some("50"));
}

#[tokio::test]
async fn dropping_the_watches_ends_them() {
    let mut bed = Bed::claims(served(|_, _| list(9, "", &[claim("a", 1)]), |_, _| hold())).await;
    bed.until(Bed::live).await;
    bed.stop();
    bed.ended().await;
}

#[tokio::test]
async fn a_recreated_object_survives_the_late_news_of_its_forerunners_end() {
    let again = claim_of("a", "u-second", 12);
    let mut bed = Bed::claims(served(
        |_, _| list(9, "", &[claim("a", 1)]),
        move |_, _| {
            Reply::stream([
                event("DELETED", &claim("a", 11)),
                event("ADDED", &again),
                event("DELETED", &claim("a", 11)),
                event("ADDED", &claim("b", 13)),
                event("ADDED", &claim("b", 13)),
                Step::Hold,
            ])
        },
    ))
    .await;
    bed.until(|bed| bed.names() == ["a", "b"]).await;
}
