//! Lists and watches in protobuf: pages, events, bookmarks, what is malformed, what is cut, and servers that answer
//! otherwise than they were asked.

use crate::bed::{Bed, claim, fast};
use crate::encode;
use crate::scripted::{Asked, Reply, Step, bookmark, event, list};
use crate::{hold, served};
use pilothouse::cluster::{Clock, Scopes};
use pilothouse::model::{FeedState, Key, Kind, Moment, Now, Observation};
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const LIST: &str = "application/vnd.kubernetes.protobuf";
const WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch";
const CLAIM: &str = "PersistentVolumeClaim";

fn message(object: &Value) -> Vec<u8> {
    encode::message(CLAIM, object).expect("a claim")
}

fn page(version: u64, more: &str, items: &[Vec<u8>]) -> Vec<u8> {
    let mut raw = encode::list_meta(&version.to_string(), more, None);
    for item in items {
        encode::field(2, item, &mut raw);
    }
    encode::body("v1", "PersistentVolumeClaimList", &raw)
}

fn answer(body: &[u8]) -> Reply {
    Reply::typed(200, LIST, "", body)
}

/// A list in one page.
fn whole(version: u64, items: &[Value]) -> Reply {
    let items: Vec<Vec<u8>> = items.iter().map(message).collect();
    answer(&page(version, "", &items))
}

fn frame(kind: &str, object: &[u8]) -> Vec<u8> {
    encode::frame(kind, &encode::body("v1", CLAIM, object))
}

fn told(kind: &str, object: &Value) -> Step {
    Step::Chunk(frame(kind, &message(object)))
}

fn marked(version: u64) -> Step {
    told(
        "BOOKMARK",
        &json!({ "metadata": { "resourceVersion": version.to_string() } }),
    )
}

fn status(code: u16, reason: &str) -> Vec<u8> {
    let status = json!({ "status": "Failure", "reason": reason, "message": "too old", "code": code });
    encode::body("v1", "Status", &encode::message("Status", &status).expect("a status"))
}

fn stream(steps: impl IntoIterator<Item = Step>) -> Reply {
    Reply::stream_of(WATCH, steps)
}

#[tokio::test]
async fn pages_and_events_are_asked_for_in_protobuf_and_read() {
    let mut bed = Bed::claims(served(
        |asked, _| match asked.param("continue") {
            None => answer(&page(
                9,
                "next%page",
                &[message(&claim("a", 1)), message(&claim("b", 2))],
            )),
            Some(_) => answer(&page(9, "", &[message(&claim("c", 3))])),
        },
        |_, number| match number {
            0 => stream([
                told("MODIFIED", &claim("a", 10)),
                told("DELETED", &claim("b", 11)),
                marked(12),
            ]),
            _ => stream([Step::Hold]),
        },
    ))
    .await;
    bed.until(|bed| bed.names() == ["a", "c"] && bed.asked().len() == 4)
        .await;
    let asked = bed.asked();
    for (nth, asked) in asked.iter().enumerate() {
        assert_eq!(
            asked.header("accept"),
            Some("application/vnd.kubernetes.protobuf, application/json"),
            "{nth}"
        );
    }
    assert_eq!(asked[1].param("continue"), Some("next%25page"));
    assert_eq!(
        asked[3].param("resourceVersion"),
        Some("12"),
        "a bookmark is where to go on"
    );
    let object = bed
        .world
        .get(&Key::new(Kind::PersistentVolumeClaim, "n", "a"))
        .expect("it");
    assert_eq!(object.body.claim().expect("a claim").spec.volume_name, "v-10");
}

#[tokio::test]
async fn releases_are_asked_for_as_metadata_in_either_format() {
    let handler = served(|_, _| list(9, "", &[]), |_, _| hold());
    let mut bed = Bed::start(
        handler,
        &[Kind::Release],
        Scopes::default(),
        fast(),
        Duration::from_secs(15),
    )
    .await;
    bed.until(|bed| bed.asked().len() == 2).await;
    let accept = |asked: &Asked| asked.header("accept").unwrap_or_default().to_owned();
    let form = |of: &str| format!(";as=PartialObjectMetadata{of};g=meta.k8s.io;v=v1");
    let both = |of: &str| format!("{LIST}{}, application/json{}", form(of), form(of));
    let asked = bed.asked();
    assert_eq!((accept(&asked[0]), accept(&asked[1])), (both("List"), both("")));
}

#[tokio::test]
async fn the_answer_says_its_format_whatever_was_asked() {
    // JSON pages and a watch in protobuf, then the other way round
    for protobuf_first in [false, true] {
        let mut bed = Bed::claims(served(
            move |_, _| {
                if protobuf_first {
                    whole(9, &[claim("a", 1)])
                } else {
                    list(9, "", &[claim("a", 1)])
                }
            },
            move |_, _| {
                if protobuf_first {
                    Reply::stream([event("ADDED", &claim("b", 10)), bookmark(11), Step::Hold])
                } else {
                    stream([told("ADDED", &claim("b", 10)), marked(11), Step::Hold])
                }
            },
        ))
        .await;
        bed.until(|bed| bed.names() == ["a", "b"] && bed.live()).await;
    }
}

#[tokio::test]
async fn a_malformed_object_is_a_finding_and_hurts_no_other() {
    // its spec is a number
    let bad = |name: &str| {
        let mut raw = message(&json!({ "metadata": claim(name, 4)["metadata"] }));
        raw.extend([2 << 3, 7]);
        raw
    };
    let (listed, changed) = (bad("bad"), frame("MODIFIED", &bad("a")));
    let mut bed = Bed::claims(served(
        move |_, _| {
            answer(&page(
                9,
                "",
                &[message(&claim("a", 1)), listed.clone(), message(&claim("c", 3))],
            ))
        },
        move |_, _| {
            stream([
                told("MODIFIED", &claim("bad", 10)),
                Step::Chunk(changed.clone()),
                told("ADDED", &claim("d", 12)),
                Step::Hold,
            ])
        },
    ))
    .await;
    bed.until(|bed| bed.world.malformed().count() == 1 && bed.live()).await;
    bed.until(|bed| bed.names() == ["bad", "c", "d"]).await;
    let malformed: Vec<_> = bed.world.malformed().cloned().collect();
    assert_eq!(malformed[0].key, Key::new(Kind::PersistentVolumeClaim, "n", "a"));
    assert_eq!(malformed[0].why, "spec: a number where bytes should be");
    assert!(bed.live(), "a malformed object is no dead watch");
}

#[tokio::test]
async fn an_expired_watch_lists_again_whether_it_is_told_before_or_within() {
    for in_stream in [false, true] {
        let mut bed = Bed::claims(served(
            |_, number| match number {
                0 => whole(9, &[claim("a", 1), claim("gone", 2)]),
                _ => whole(20, &[claim("a", 1), claim("new", 15)]),
            },
            move |_, number| match (number, in_stream) {
                (0, false) => Reply::typed(410, LIST, "", &status(410, "Expired")),
                (0, true) => stream([Step::Chunk(encode::frame("ERROR", &status(410, "Expired"))), Step::Hold]),
                _ => stream([Step::Hold]),
            },
        ))
        .await;
        let mut why = None;
        while why.is_none() {
            why = bed.batch().await.into_iter().find_map(|seen| match seen {
                Observation::Lost {
                    state: FeedState::Stale { why, .. },
                    ..
                } => Some(why.to_string()),
                _ => None,
            });
        }
        assert_eq!(why.as_deref(), Some("watch expired (too old); listing again"));
        bed.until(|bed| bed.names() == ["a", "new"]).await;
    }
}

#[tokio::test]
async fn a_refusal_in_protobuf_is_told_in_its_words() {
    let mut bed = Bed::claims(served(
        |_, _| Reply::typed(403, LIST, "", &status(403, "Forbidden")),
        |_, _| hold(),
    ))
    .await;
    bed.until(|bed| matches!(bed.state(), FeedState::Denied { .. })).await;
    let FeedState::Denied { why, .. } = bed.state() else {
        panic!("denied");
    };
    assert_eq!(why, "too old");
}

#[tokio::test]
async fn a_frame_cut_anywhere_is_watched_again_from_where_it_broke() {
    let told = [
        frame("ADDED", &message(&claim("b", 10))),
        frame("ADDED", &message(&claim("c", 11))),
    ]
    .concat();
    let first = frame("ADDED", &message(&claim("b", 10))).len();
    for cut in [1, 3, 4, 5, first - 1, first, first + 2, told.len() - 1] {
        let told = told.clone();
        let rest = told.clone();
        let mut bed = Bed::claims(served(
            |_, _| whole(9, &[claim("a", 1)]),
            move |asked, number| match (number, asked.param("resourceVersion")) {
                (0, _) => stream([Step::Chunk(told[..cut].to_vec()), Step::Cut]),
                (_, Some("9")) => stream([Step::Chunk(rest.clone()), Step::Hold]),
                _ => stream([Step::Chunk(rest[first..].to_vec()), Step::Hold]),
            },
        ))
        .await;
        bed.until(|bed| bed.names() == ["a", "b", "c"] && bed.live()).await;
        let watches: Vec<Asked> = bed.asked().into_iter().filter(Asked::watches).collect();
        let wanted = if cut >= first { "10" } else { "9" };
        assert_eq!(watches[1].param("resourceVersion"), Some(wanted), "cut at {cut}");
    }
}

#[tokio::test]
async fn what_is_no_event_ends_the_watch_and_is_listed_again() {
    let too_long = (65_u32 << 20).to_be_bytes().to_vec();
    let damaged = encode::frame("ADDED", b"no envelope");
    let other = encode::frame("ADDED", &encode::body("v1", "Pod", b""));
    let bare = {
        let body = encode::body("v1", "ConfigMap", b"");
        [u32::try_from(body.len()).expect("short").to_be_bytes().to_vec(), body].concat()
    };
    for (broken, says) in [
        (too_long, "the watch sent an event larger than 64 MiB"),
        (
            damaged,
            "the watch said a frame that is no event: it does not begin as protobuf does",
        ),
        (other, "the watch said a Pod among persistentvolumeclaims"),
        (bare, "the watch said a frame that is no event"),
        (
            b"{\"type\":\"ADDED\",\"object\":{}}\n".to_vec(),
            "the watch sent an event larger than 64 MiB",
        ),
        (
            encode::frame("DELETED", &encode::body("v1", CLAIM, b"")),
            "the watch said a deletion without a name",
        ),
        (
            encode::frame("NEWS", &encode::body("v1", CLAIM, b"")),
            "the watch said an event of type \"NEWS\"",
        ),
        (
            [status(500, "InternalError")]
                .map(|body| encode::frame("ERROR", &body))
                .concat(),
            "the server ended the watch: too old",
        ),
    ] {
        let broken = broken.clone();
        let mut bed = Bed::claims(served(
            |_, _| whole(9, &[claim("a", 1)]),
            move |_, number| match number {
                0 => stream([Step::Chunk(broken.clone()), Step::Hold]),
                _ => stream([Step::Hold]),
            },
        ))
        .await;
        let mut why = None;
        while why.is_none() {
            why = bed.batch().await.into_iter().find_map(|seen| match seen {
                Observation::Lost {
                    state: FeedState::Stale { why, .. },
                    ..
                } => Some(why.to_string()),
                _ => None,
            });
        }
        assert_eq!(why.as_deref(), Some(says));
        bed.until(Bed::live).await;
    }
}

#[tokio::test]
async fn a_page_that_is_no_list_of_the_kind_is_no_empty_one() {
    for body in [
        page(9, "", &[])[..20].to_vec(),
        encode::body("v1", "PodList", b""),
        b"k8s\0".to_vec(),
        b"{}".to_vec(),
    ] {
        let mut bed = Bed::claims(served(
            move |_, number| match number {
                0 => answer(&body),
                _ => whole(9, &[claim("a", 1)]),
            },
            |_, _| stream([Step::Hold]),
        ))
        .await;
        bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. }) || bed.live())
            .await;
        assert!(!bed.live() || bed.names() == ["a"]);
        bed.until(|bed| bed.live() && bed.names() == ["a"]).await;
        let lists = bed.asked().into_iter().filter(|asked| !asked.watches()).count();
        assert_eq!(lists, 2);
    }
}

/// A clock that goes on by so many seconds whenever it is read.
fn clock(seconds: i64) -> Clock {
    let read = AtomicI64::new(0);
    Clock::new(move || {
        let passed = read.fetch_add(seconds, Ordering::SeqCst);
        Now {
            mono: Moment(Duration::from_secs(passed.unsigned_abs())),
            wall: jiff::Timestamp::UNIX_EPOCH,
        }
    })
}

#[tokio::test]
async fn pages_come_plain_once_the_link_has_shown_that_it_is_fast() {
    for (seconds, second) in [(0, "identity"), (10, "gzip")] {
        let mut bed = Bed::timed(
            served(
                |asked, _| {
                    let first = asked.param("continue").is_none();
                    let mut big = claim(if first { "a" } else { "b" }, 1);
                    // larger than what says nothing of the link, packed as well
                    let mut noise = fastrand::Rng::with_seed(7);
                    let text: String = std::iter::repeat_with(|| noise.alphanumeric()).take(400_000).collect();
                    big["metadata"]["annotations"] = json!({ "noise": text });
                    let body = page(9, if first { "2" } else { "" }, &[message(&big)]);
                    if asked.header("accept-encoding") != Some("gzip") {
                        return answer(&body);
                    }
                    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    gzip.write_all(&body).expect("written");
                    let packed = gzip.finish().expect("finished");
                    Reply::typed(200, LIST, "content-encoding: gzip\r\n", &packed)
                },
                |_, _| stream([Step::Hold]),
            ),
            clock(seconds),
        )
        .await;
        bed.until(|bed| bed.names() == ["a", "b"]).await;
        let asked = bed.asked();
        let coding = |nth: usize| asked[nth].header("accept-encoding");
        assert_eq!((coding(0), coding(1)), (Some("gzip"), Some(second)));
    }
}
