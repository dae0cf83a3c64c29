//! The property: whatever a server does to its watches — cuts at any byte, early ends, 410s, repeated events, small pages,
//! compaction between pages — the feeds end in the world that a fresh list gives.

use crate::bed::{Bed, claim_of, fast};
use crate::scripted::{Asked, Reply, Step, basics, list, status_body};
use pilothouse::cluster::{Pace, Scopes};
use pilothouse::model::{Kind, Object, World};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One change at the server: the object of this name is created or modified, or deleted.
#[derive(Clone, Debug)]
enum Happening {
    Put(u8),
    Delete(u8),
}

/// What befalls one watch.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    /// Cut after so many bytes of its events.
    Cut(usize),
    /// Ended cleanly after so many events.
    End(usize),
    GoneAnswer,
    GoneInStream(usize),
    /// Every event comes twice.
    Twice,
    /// The server begins earlier than asked.
    Replay(usize),
    /// An answer that is no watch.
    Failure,
}

#[derive(Debug)]
struct Store {
    /// Event type and object; an event's resource version is its place plus one.
    events: Vec<(&'static str, serde_json::Value)>,
    /// How many of them have happened when the n-th request comes.
    pace: usize,
}

impl Store {
    fn of(happenings: &[Happening], pace: usize) -> Self {
        let mut held: BTreeMap<u8, String> = BTreeMap::new();
        let mut events = Vec::new();
        for happening in happenings {
            let version = u64::try_from(events.len()).expect("small") + 1;
            match happening {
                Happening::Put(name) => {
                    let kind = if held.contains_key(name) { "MODIFIED" } else { "ADDED" };
                    let uid = held.entry(*name).or_insert_with(|| format!("u{version}")).clone();
                    events.push((kind, claim_of(&format!("c{name}"), &uid, version)));
                }
                Happening::Delete(name) => {
                    if let Some(uid) = held.remove(name) {
                        events.push(("DELETED", claim_of(&format!("c{name}"), &uid, version)));
                    }
                }
            }
        }
        Self { events, pace }
    }

    /// The objects there are after so many events, by name.
    fn after(&self, events: usize) -> Vec<serde_json::Value> {
        let mut held = BTreeMap::new();
        for (kind, object) in &self.events[..events] {
            let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
            if *kind == "DELETED" {
                held.remove(&name);
            } else {
                held.insert(name, object.clone());
            }
        }
        held.into_values().collect()
    }

    /// How much has happened when the request of this number comes.
    fn reached(&self, request: usize) -> usize {
        ((request + 1) * self.pace).min(self.events.len())
    }
}

fn lines(events: &[(&str, serde_json::Value)], times: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, object) in events {
        for _time in 0..times {
            bytes.extend_from_slice(
                serde_json::json!({ "type": kind, "object": object })
                    .to_string()
                    .as_bytes(),
            );
            bytes.push(b'\n');
        }
    }
    bytes
}

/// A watch from `from`, with its mishap; without one it tells everything and stays open.
fn watch(store: &Store, from: usize, mishap: Option<Mishap>) -> Reply {
    let rest = &store.events[from.min(store.events.len())..];
    let gone = || Reply::status(410, "Expired", "too old resource version");
    match mishap {
        None => Reply::stream([Step::Chunk(lines(rest, 1)), Step::Hold].into_iter().filter(full)),
        Some(Mishap::Cut(bytes)) => {
            let told = lines(rest, 1);
            let part = told[..bytes.min(told.len())].to_vec();
            Reply::stream([Step::Chunk(part), Step::Cut].into_iter().filter(full))
        }
        Some(Mishap::End(events)) => {
            let told = lines(&rest[..events.min(rest.len())], 1);
            Reply::stream([Step::Chunk(told)].into_iter().filter(full))
        }
        Some(Mishap::GoneAnswer) => gone(),
        Some(Mishap::GoneInStream(events)) => {
            let mut told = lines(&rest[..events.min(rest.len())], 1);
            told.extend_from_slice(
                format!(
                    "{{\"type\":\"ERROR\",\"object\":{}}}\n",
                    status_body(410, "Expired", "old")
                )
                .as_bytes(),
            );
            Reply::stream([Step::Chunk(told), Step::Hold])
        }
        Some(Mishap::Twice) => Reply::stream([Step::Chunk(lines(rest, 2)), Step::Cut].into_iter().filter(full)),
        Some(Mishap::Replay(events)) => {
            let from = from.saturating_sub(events);
            let told = lines(&store.events[from..], 1);
            Reply::stream([Step::Chunk(told), Step::Cut].into_iter().filter(full))
        }
        Some(Mishap::Failure) => Reply::status(500, "InternalError", "etcdserver: leader changed"),
    }
}

/// An empty chunk would end the body.
fn full(step: &Step) -> bool {
    !matches!(step, Step::Chunk(bytes) if bytes.is_empty())
}

/// One page of the list as of some moment; the moment travels in the continue token.
fn page(store: &Store, asked: &Asked, now: usize, expire: bool) -> Reply {
    let (moment, begin) = match asked.param("continue") {
        None => (now, 0),
        Some(_) if expire => return Reply::status(410, "Expired", "the provided continue parameter is too old"),
        Some(token) => {
            let (moment, begin) = token.split_once('.').expect("our own token");
            (moment.parse().expect("a number"), begin.parse().expect("a number"))
        }
    };
    let all = store.after(moment);
    let limit: usize = asked.param("limit").expect("a limit").parse().expect("a number");
    let end = (begin + limit).min(all.len());
    let more = if end < all.len() {
        format!("{moment}.{end}")
    } else {
        String::new()
    };
    list(u64::try_from(moment).expect("small") + 1, &more, &all[begin..end])
}

fn world_of(store: &Store) -> Vec<Object> {
    let mut world = World::default();
    for object in store.after(store.events.len()) {
        world.put(Object::from_value(Kind::PersistentVolumeClaim, &object).expect("a claim"));
    }
    world.objects().map(|object| (**object).clone()).collect()
}

async fn run(store: Store, mishaps: Vec<Mishap>, expired_pages: usize) {
    let expected = world_of(&store);
    let last = store.events.len();
    let store = Arc::new(store);
    let (lists, watches, expired) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let told = Arc::new(Mutex::new(false));
    let (server, all_told) = (Arc::clone(&store), Arc::clone(&told));
    let handler = move |asked: &Asked| {
        if let Some(reply) = basics(asked) {
            return reply;
        }
        if asked.watches() {
            let mishap = mishaps.get(watches.fetch_add(1, Ordering::SeqCst)).copied();
            let version: usize = asked
                .param("resourceVersion")
                .expect("a version")
                .parse()
                .expect("a number");
            *all_told.lock().expect("not poisoned") = mishap.is_none();
            // a list's version is one more than the events it holds, an event's is its own place plus one
            return watch(&server, version.saturating_sub(1).min(last), mishap);
        }
        let number = lists.fetch_add(1, Ordering::SeqCst);
        let expire = asked.param("continue").is_some() && expired.fetch_add(1, Ordering::SeqCst) < expired_pages;
        page(&server, asked, server.reached(number), expire)
    };
    let pace = Pace {
        page: 2,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(4),
        ..fast()
    };
    let kinds = [Kind::PersistentVolumeClaim];
    let mut bed = Bed::start(handler, &kinds, Scopes::default(), pace, Duration::from_secs(15)).await;
    bed.until(|bed| {
        *told.lock().expect("not poisoned")
            && bed.live()
            && bed
                .world
                .objects()
                .map(|object| (**object).clone())
                .eq(expected.iter().cloned())
    })
    .await;
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let happening = prop_oneof![
        3 => (0_u8..6).prop_map(Happening::Put),
        1 => (0_u8..6).prop_map(Happening::Delete),
    ];
    prop::collection::vec(happening, 0..40)
}

fn mishaps() -> impl Strategy<Value = Vec<Mishap>> {
    let mishap = prop_oneof![
        4 => (0_usize..3_000).prop_map(Mishap::Cut),
        2 => (0_usize..20).prop_map(Mishap::End),
        1 => Just(Mishap::GoneAnswer),
        2 => (0_usize..20).prop_map(Mishap::GoneInStream),
        1 => Just(Mishap::Twice),
        1 => (0_usize..20).prop_map(Mishap::Replay),
        1 => Just(Mishap::Failure),
    ];
    prop::collection::vec(mishap, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_script_ends_in_the_world_of_a_fresh_list(
        happenings in happenings(),
        mishaps in mishaps(),
        pace in 1_usize..12,
        expired_pages in 0_usize..2,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(run(Store::of(&happenings, pace), mishaps, expired_pages));
    }
}
