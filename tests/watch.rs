//! Feeds against a scripted API server: every way a list or a watch can go wrong ends in the world that a fresh list
//! would give, and says so while it has not.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "watch/bed.rs"]
mod bed;
#[path = "watch/history.rs"]
mod history;
#[path = "support/scripted.rs"]
mod scripted;

use bed::{Bed, claim, claim_of, fast};
use pilothouse::cluster::{Pace, Scopes};
use pilothouse::model::feed::Freshness;
use pilothouse::model::{FeedId, FeedState, Key, Kind, Observation, Scope};
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
async fn denied_is_not_empty_and_is_asked_again() {
    let mut bed = Bed::claims(served(
        |_, number| match number {
            0 => Reply::status(
                403,
                "Forbidden",
                "persistentvolumeclaims is forbidden: User \"anna\" cannot list",
            ),
            _ => list(9, "", &[claim("a", 1)]),
        },
        |_, _| hold(),
    ))
    .await;
    bed.until(|bed| matches!(bed.state(), FeedState::Denied { .. })).await;
    let FeedState::Denied { why, .. } = bed.state() else {
        panic!("not denied")
    };
    assert_eq!(why, "persistentvolumeclaims is forbidden: User \"anna\" cannot list");
    bed.until(Bed::live).await;
    assert_eq!(bed.names(), ["a"]);
}

#[tokio::test]
async fn where_the_cluster_is_denied_the_namespaces_given_are_watched() {
    let scopes = Scopes {
        namespaces: Some(vec!["n".into(), "closed".into()]),
    };
    let handler = served(
        |asked, _| match asked.path.as_str() {
            "/api/v1/namespaces/n/persistentvolumeclaims" => list(9, "", &[claim("a", 1)]),
            _ => Reply::status(403, "Forbidden", "no"),
        },
        |_, _| hold(),
    );
    let mut bed = Bed::start(
        handler,
        &[Kind::PersistentVolumeClaim],
        scopes,
        fast(),
        Duration::from_secs(15),
    )
    .await;
    let fresh = |bed: &Bed, namespace: &str| bed.freshness(namespace);
    bed.until(|bed| fresh(bed, "n").is_live() && matches!(fresh(bed, "closed"), Freshness::Denied { .. }))
        .await;
    assert!(matches!(fresh(&bed, "elsewhere"), Freshness::Denied { .. }));
    assert_eq!(bed.names(), ["a"]);
    let own = FeedId {
        kind: Kind::PersistentVolumeClaim,
        scope: Scope::Namespace("n".into()),
    };
    assert!(bed.world.feeds().any(|(feed, _)| *feed == own));
}

#[tokio::test]
async fn expired_credentials_are_renewed_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let token = directory.path().join("token");
    std::fs::write(&token, "old").expect("written");
    let renewed = token.clone();
    let handler = served(
        move |asked, _| {
            if asked.header("authorization") == Some("Bearer new") {
                return list(9, "", &[claim("a", 1)]);
            }
            std::fs::write(&renewed, "new").expect("written");
            Reply::status(401, "Unauthorized", "Unauthorized")
        },
        |_, _| hold(),
    );
    let user = format!("{{ tokenFile: '{}' }}", token.display());
    let mut bed = Bed::with_user(handler, &user).await;
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
    bed.until(Bed::live).await;
    let lists = bed.asked().iter().filter(|asked| !asked.watches()).count();
    assert_eq!(lists, 2);
}

#[tokio::test]
async fn a_busy_server_is_left_alone_as_long_as_it_asks() {
    let mut bed = Bed::claims(served(
        |_, number| match number {
            0 => Reply::with(
                429,
                "retry-after: 1\r\n",
                status_body(429, "TooManyRequests", "storage is (re)initializing").as_bytes(),
            ),
            1 => Reply::status(503, "ServiceUnavailable", "starting"),
            _ => list(9, "", &[claim("a", 1)]),
        },
        |_, _| hold(),
    ))
    .await;
    let begun = bed.clock.moment();
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
    let FeedState::Stale { why, .. } = bed.state() else {
        panic!("not stale")
    };
    assert_eq!(
        why,
        "the server answers 429, asked to wait 1s: storage is (re)initializing"
    );
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { why, .. } if why.contains("503")))
        .await;
    assert!(
        begun.age(bed.clock.moment()) >= Duration::from_secs(1),
        "asked too soon"
    );
    bed.until(Bed::live).await;
}

#[tokio::test]
async fn a_kind_that_is_not_served_says_so() {
    let mut bed = Bed::claims(served(
        |_, _| Reply::with(404, "", b"404 page not found"),
        |_, _| hold(),
    ))
    .await;
    bed.until(|bed| matches!(bed.state(), FeedState::Unserved { .. })).await;
}

#[tokio::test]
async fn what_is_no_list_is_not_an_empty_cluster() {
    for body in ["<html>login</html>", "{}", r#"{"items":[]}"#] {
        let mut bed = Bed::claims(served(move |_, _| Reply::json(200, body), |_, _| hold())).await;
        bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
        assert!(!bed.listed(), "{body} was taken for a list");
    }
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_given_up() {
    let mut bed = Bed::claims(served(|_, _| list(9, "same", &[claim("a", 1)]), |_, _| hold())).await;
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { why, .. } if why.contains("continue token")))
        .await;
    assert!(!bed.listed());
}

#[tokio::test]
async fn of_secrets_only_the_metadata_of_release_records_is_asked_for() {
    let record = serde_json::json!({ "metadata": { "name": "sh.helm.release.v1.eks.v7", "namespace": "n", "uid": "u", "resourceVersion": "3",
        "labels": { "name": "eks", "version": "7", "status": "deployed", "owner": "helm" } } });
    let handler = served(move |_, _| list(9, "", std::slice::from_ref(&record)), |_, _| hold());
    let mut bed = Bed::start(
        handler,
        &[Kind::Release],
        Scopes::default(),
        fast(),
        Duration::from_secs(15),
    )
    .await;
    bed.until(|bed| bed.world.of_kind(Kind::Release).count() == 1).await;
    bed.until(|bed| bed.asked().len() == 2).await;
    for asked in bed.asked() {
        assert!(
            asked.query.contains("fieldSelector=type%3Dhelm.sh%2Frelease.v1"),
            "{}",
            asked.query
        );
        let accept = asked.header("accept").expect("an accept header");
        assert!(
            accept.starts_with("application/json;as=PartialObjectMetadata"),
            "{accept}"
        );
        assert!(!accept.contains(','), "a Secret's data could be sent instead: {accept}");
    }
}

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
