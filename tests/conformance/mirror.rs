//! What the real control plane shows, cut into slots: one set of the product's own watches fills one world, and the part of
//! each slot is kept beside it, with the time it last changed. Knows names, and no case.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pilothouse::cluster::{Connection, Scopes, Watches, observe};
use pilothouse::model::{Body, FeedState, Key, Kind, Object, Observation, World};
use tokio::sync::mpsc;

use crate::support::plane::NODE;

/// How long an idle feed may go unheard.
const QUIET: Duration = Duration::from_secs(15);
/// How often a slot is looked at while something is waited for.
const LOOK: Duration = Duration::from_millis(60);

/// A world and its parts. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Mirror(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    whole: World,
    parts: BTreeMap<String, Part>,
}

#[derive(Debug)]
struct Part {
    world: World,
    changed: Instant,
}

/// How a wait for rest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Still, and as wanted.
    AsWanted,
    /// Still for long, and not as wanted.
    Otherwise,
    /// It went on changing until the deadline.
    Never,
}

/// What counts as rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// A part as wanted that has not changed for so long is at rest.
    pub(crate) quiet: Duration,
    /// One that is otherwise gets so long to change.
    pub(crate) grace: Duration,
    /// After so long it is told as it is.
    pub(crate) deadline: Duration,
}

impl Mirror {
    /// Starts the watches and the task that takes them in; both end with what is given back.
    pub(crate) fn start(connection: &Connection) -> (Self, Watches) {
        let mut whole = World::default();
        for feed in Scopes::feeds() {
            whole.expect(feed, connection.clock().moment());
        }
        let mirror = Self(Arc::new(Mutex::new(Held {
            whole,
            parts: BTreeMap::new(),
        })));
        let (sink, mut observations) = mpsc::channel(64);
        let watches = observe(connection, &Scopes::default(), QUIET, sink);
        let filled = mirror.clone();
        tokio::spawn(async move {
            while let Some(batch) = observations.recv().await {
                filled.take(batch);
            }
        });
        (mirror, watches)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, batch: Vec<Observation>) {
        let mut held = self.held();
        for observation in batch {
            let relisted = match &observation {
                Observation::Applied { object, .. } => {
                    held.put((**object).clone());
                    false
                }
                Observation::Deleted { key, uid, .. } => {
                    let parts = held.parts.values_mut();
                    for part in parts.filter(|part| part.world.get(key).is_some_and(|object| object.meta.uid == *uid)) {
                        part.put_away(key);
                    }
                    false
                }
                Observation::ListEnded { .. } => true,
                _ => false,
            };
            held.whole.apply(observation);
            if relisted {
                held.cut_anew();
            }
        }
    }

    /// Whether every kind was listed and is watched.
    pub(crate) fn live(&self) -> Result<(), String> {
        let held = self.held();
        let late = held.whole.feeds().find(|(_, feed)| feed.state != FeedState::Live);
        late.map_or(Ok(()), |(id, feed)| Err(format!("{id}: {:?}", feed.state)))
    }

    /// The whole world, as the cockpit has it.
    pub(crate) fn whole(&self) -> World {
        self.held().whole.clone()
    }

    /// A slot's part, with the node that all share.
    pub(crate) fn part(&self, slot: &str) -> World {
        self.held().part(slot).world.clone()
    }

    /// Waits until a slot is at rest: unchanged for a while and as wanted, or unchanged for long.
    pub(crate) async fn rest(&self, slot: &str, patience: Patience, wanted: impl Fn(&World) -> bool) -> (Rest, World) {
        let began = Instant::now();
        let mut judged: Option<(u64, bool)> = None;
        loop {
            let (still, revision) = {
                let mut held = self.held();
                let part = held.part(slot);
                (part.changed.elapsed().min(began.elapsed()), part.world.revision())
            };
            if still >= patience.quiet {
                let as_wanted = match judged {
                    Some((known, verdict)) if known == revision => verdict,
                    _ => wanted(&self.part(slot)),
                };
                judged = Some((revision, as_wanted));
                if as_wanted {
                    return (Rest::AsWanted, self.part(slot));
                }
                if still >= patience.grace {
                    return (Rest::Otherwise, self.part(slot));
                }
            }
            if began.elapsed() >= patience.deadline {
                return (Rest::Never, self.part(slot));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a slot shows something, or the deadline has passed; says which.
    pub(crate) async fn until(&self, slot: &str, deadline: Duration, shows: impl Fn(&World) -> bool) -> bool {
        let began = Instant::now();
        while began.elapsed() < deadline {
            if shows(&self.part(slot)) {
                return true;
            }
            tokio::time::sleep(LOOK).await;
        }
        false
    }
}

impl Held {
    fn part(&mut self, slot: &str) -> &mut Part {
        let whole = &self.whole;
        self.parts.entry(slot.to_owned()).or_insert_with(|| Part {
            world: World::of(whole.get(&Key::cluster(Kind::Node, NODE)).map(|node| (**node).clone())),
            changed: Instant::now(),
        })
    }

    /// Puts an object into the part it stands on; the node that all share into each.
    fn put(&mut self, object: Object) {
        let key = object.key();
        if key.kind == Kind::Node && key.name == NODE {
            for part in self.parts.values_mut() {
                part.world.put(object.clone());
            }
        } else if let Some(slot) = self.slot_of(&key, &object.body) {
            // an attachment may be heard of before its volume
            let late: Vec<Object> = match key.kind {
                Kind::PersistentVolume => self
                    .whole
                    .attachments_of(&key.name)
                    .map(|held| (**held).clone())
                    .collect(),
                _ => Vec::new(),
            };
            let part = self.part(&slot);
            part.put(object);
            for attachment in late {
                part.put(attachment);
            }
        }
    }

    /// The slot an object stands on, by the beginning of its namespace or its name, or by the claim of its volume.
    fn slot_of(&self, key: &Key, body: &Body) -> Option<String> {
        let told = if key.namespace.is_empty() {
            key.name.as_str()
        } else {
            key.namespace.as_str()
        };
        let of_attachment = || {
            let volume = Key::cluster(
                Kind::PersistentVolume,
                &body.attachment()?.spec.source.persistent_volume_name,
            );
            let body = &self.whole.get(&volume)?.body;
            slot_in(&volume.name).or_else(|| slot_of_claim(body))
        };
        slot_in(told).or_else(|| slot_of_claim(body)).or_else(of_attachment)
    }

    /// After a list: what it did not name is gone from the parts as well, what it named is in them.
    fn cut_anew(&mut self) {
        let whole = &self.whole;
        for part in self.parts.values_mut() {
            let gone: Vec<Key> = part
                .world
                .objects()
                .map(|object| object.key())
                .filter(|key| whole.get(key).is_none())
                .collect();
            for key in gone {
                part.put_away(&key);
            }
        }
    }
}

impl Part {
    /// A new resource version alone is no news.
    fn put(&mut self, object: Object) {
        let mut older = object.clone();
        if let Some(held) = self.world.get(&object.key()) {
            older.meta.resource_version = held.meta.resource_version.clone();
        }
        if self.world.get(&object.key()).is_none_or(|held| **held != older) {
            self.changed = Instant::now();
        }
        self.world.put(object);
    }

    fn put_away(&mut self, key: &Key) {
        if self.world.take(key).is_some() {
            self.changed = Instant::now();
        }
    }
}

fn slot_of_claim(body: &Body) -> Option<String> {
    slot_in(&body.volume()?.spec.claim_ref.as_ref()?.namespace)
}

fn slot_in(name: &str) -> Option<String> {
    let (slot, _) = name.split_once('-')?;
    let number = slot.strip_prefix('s')?;
    number.parse::<u32>().is_ok().then(|| slot.to_owned())
}
