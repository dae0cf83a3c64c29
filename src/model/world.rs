//! The world: every fact by key, indexed for the questions rules ask, and the feeds that keep it current.
//!
//! Apply, delete and reset are the words of a watch. Objects are shared (`Arc`), so that a forecast copies a
//! tenant's part of the world for the price of its keys.

mod index;
#[cfg(test)]
pub(crate) mod reads;
mod shelves;

use super::Kinds;
use super::feed::{Feed, FeedId, FeedState, Freshness};
use super::{Body, Key, Kind, Malformed, Moment, Object, Pin, Text, Uid};
use index::Index;
use shelves::{Round, Shelves};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What the outside reports. Observations of one feed arrive in order.
#[derive(Clone, Debug)]
pub enum Observation {
    /// A list of this feed begins; what it does not name by its end is gone.
    ListBegan { feed: FeedId, at: Moment },
    /// The list is complete and the watch goes on from it.
    ListEnded { feed: FeedId, at: Moment },
    /// The object as it is now.
    Applied {
        feed: FeedId,
        object: Box<Object>,
        at: Moment,
    },
    /// The object is gone. The uid is the one that went.
    Deleted {
        feed: FeedId,
        key: Key,
        uid: Uid,
        at: Moment,
    },
    /// An object that cannot be read.
    Malformed {
        feed: FeedId,
        malformed: Malformed,
        at: Moment,
    },
    /// Proof of life without news: a bookmark, an answered heartbeat.
    Heard { feed: FeedId, at: Moment },
    /// The watch is open again exactly where it broke: nothing was missed, nothing needs listing.
    Resumed { feed: FeedId, at: Moment },
    /// The feed lost its watch, was refused, or is not served.
    Lost { feed: FeedId, state: FeedState },
}

/// Everything known of a cluster.
#[derive(Clone, Debug, Default)]
pub struct World {
    objects: Shelves,
    malformed: BTreeMap<Key, (Malformed, Round)>,
    feeds: BTreeMap<FeedId, Feed>,
    /// How many lists have begun.
    round: Round,
    /// The round of each list under way: what it names is seen in this round or a later one.
    began: BTreeMap<FeedId, Round>,
    index: Index,
    revision: u64,
    /// The revision of the last change among the objects of each kind, by its place among them.
    changed: [u64; Kind::ALL.len()],
    /// The highest number of an object made by the laws that was ever here.
    made: u32,
}

impl World {
    /// A world of these objects, every feed live: for forecasts, fixtures and the sandbox.
    pub fn of(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut world = Self::default();
        for kind in Kind::ALL {
            world.feeds.insert(
                FeedId::cluster(kind),
                Feed {
                    state: FeedState::Live,
                    heard: Moment::default(),
                    listed: true,
                },
            );
        }
        for object in objects {
            world.put(object);
        }
        world
    }

    /// Raised by every change: equal means nothing to redraw.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether an object of one of these kinds came, went or changed since the world had this [revision](Self::revision).
    pub fn changed_since(&self, kinds: Kinds, revision: u64) -> bool {
        let since = |kind: &Kind| self.changed.get(*kind as usize).is_some_and(|at| *at > revision);
        Kind::ALL
            .into_iter()
            .filter(since)
            .any(|kind| kinds.overlaps(kind.into()))
    }

    /// The highest number that an object made by the laws ever had here ([`Uid::made_number`]).
    pub const fn made(&self) -> u32 {
        self.made
    }

    /// Takes an observation in. Returns whether anything a screen shows has changed.
    pub fn apply(&mut self, observation: Observation) -> bool {
        let before = self.revision;
        match observation {
            Observation::ListBegan { feed, at } => {
                self.round += 1;
                self.began.insert(feed.clone(), self.round);
                let entry = self.feeds.entry(feed).or_insert_with(|| Feed::waiting(at));
                if !entry.listed {
                    entry.state = FeedState::Listing { since: at, seen: 0 };
                    self.revision += 1;
                }
                entry.heard = at;
            }
            Observation::ListEnded { feed, at } => {
                let began = self.began.remove(&feed).unwrap_or_default();
                for key in self.objects.unseen(&feed, began) {
                    self.take(&key);
                }
                let malformed = self.malformed.len();
                self.malformed
                    .retain(|key, (_, round)| *round >= began || !feed.covers(key.kind, &key.namespace));
                self.revision += u64::from(self.malformed.len() != malformed);
                self.objects.fit(feed.kind);
                let entry = self.feeds.entry(feed).or_insert_with(|| Feed::waiting(at));
                *entry = Feed {
                    state: FeedState::Live,
                    heard: at,
                    listed: true,
                };
                self.revision += 1;
            }
            Observation::Applied { feed, object, at } => {
                self.seen(&feed, at);
                self.take_in(*object);
            }
            Observation::Deleted { feed, key, uid, at } => {
                self.heard(&feed, at);
                if self
                    .get(&key)
                    .is_some_and(|held| held.meta.uid == uid || uid.is_empty())
                {
                    self.take(&key);
                }
                self.revision += u64::from(self.malformed.remove(&key).is_some());
            }
            Observation::Malformed { feed, malformed, at } => {
                self.seen(&feed, at);
                self.take(&malformed.key);
                let held = self.malformed.get(&malformed.key);
                self.revision += u64::from(held.is_none_or(|(held, _)| *held != malformed));
                self.malformed.insert(malformed.key.clone(), (malformed, self.round));
            }
            Observation::Heard { feed, at } => self.heard(&feed, at),
            Observation::Resumed { feed, at } => {
                if let Some(entry) = self.feeds.get_mut(&feed).filter(|entry| entry.listed) {
                    entry.state = FeedState::Live;
                    entry.heard = entry.heard.max(at);
                    self.revision += 1;
                }
            }
            Observation::Lost { feed, state } => {
                let entry = self
                    .feeds
                    .entry(feed)
                    .or_insert_with(|| Feed::waiting(Moment::default()));
                if entry.state != state {
                    entry.state = state;
                    self.revision += 1;
                }
            }
        }
        self.revision != before
    }

    /// Declares a feed before its first answer, so that its panel can say what it waits for.
    pub fn expect(&mut self, feed: FeedId, at: Moment) {
        self.feeds.entry(feed).or_insert_with(|| Feed::waiting(at));
        self.revision += 1;
    }

    /// Puts an object in place, replacing the one of the same key.
    pub fn put(&mut self, object: Object) {
        if self.objects.of(&object).is_some_and(|held| **held == object) {
            self.objects.seen(&object, self.round);
        } else {
            self.place(object);
        }
    }

    /// The same of what was read from outside. Whatever it says in the words of another is kept once: of its earlier state,
    /// else of its neighbour (lists come sorted, so what one controller has made stands in one row), and of its node.
    fn take_in(&mut self, mut object: Object) {
        let held = self.objects.of(&object);
        if held.is_some_and(|held| **held == object) {
            self.objects.seen(&object, self.round);
            return;
        }
        if let Some(alike) = held.or_else(|| self.objects.last_beside(&object)) {
            object.share(alike);
        }
        if let Body::Pod(pod) = &mut object.body
            && held
                .and_then(|held| held.body.pod())
                .is_none_or(|held| held.spec.node_name != pod.spec.node_name)
            && let Some(node) = self.objects.find(Kind::Node, "", &pod.spec.node_name)
        {
            pod.spec.node_name = node.meta.name.clone();
        }
        self.place(object);
    }

    fn place(&mut self, object: Object) {
        let object = Arc::new(object);
        if let Some(held) = self.objects.put(Arc::clone(&object), self.round) {
            self.index.replace(&held, &object);
        } else {
            if !self.malformed.is_empty() {
                self.malformed.remove(&object.key());
            }
            self.index.add(&object);
        }
        self.made = self.made.max(object.meta.uid.made_number().unwrap_or(0));
        self.change(object.kind());
    }

    fn change(&mut self, kind: Kind) {
        self.revision += 1;
        if let Some(changed) = self.changed.get_mut(kind as usize) {
            *changed = self.revision;
        }
    }

    /// Removes an object; `None` when there was none.
    pub fn take(&mut self, key: &Key) -> Option<Arc<Object>> {
        let object = self.objects.take(key)?;
        self.index.remove(&object);
        self.change(object.kind());
        Some(object)
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        #[cfg(test)]
        reads::note(key.kind.into());
        self.objects.get(key)
    }

    /// [`Self::get`] for a key that nobody has made yet: making one copies its texts.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        #[cfg(test)]
        reads::note(kind.into());
        self.objects.find(kind, namespace, name)
    }

    pub fn by_uid(&self, uid: &Uid) -> Option<&Arc<Object>> {
        let found = self.index.by_uid(uid);
        #[cfg(test)]
        reads::note(found.map_or(Kinds::NONE, |object| object.kind().into()));
        found
    }

    /// The object a pin names, if it is still that very one (its resource version may have moved on).
    pub fn pinned(&self, pin: &Pin) -> Option<&Arc<Object>> {
        self.get(&pin.key).filter(|object| object.meta.uid == pin.uid)
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.len() == 0
    }

    /// Every object, by kind, namespace and name.
    pub fn objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        #[cfg(test)]
        reads::note(Kinds::ALL);
        self.objects.all()
    }

    /// Every object, each with the one of its key in another world.
    pub fn beside<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a Arc<Object>, Option<&'a Arc<Object>>)> {
        let mut others = other.objects().peekable();
        self.objects().map(move |object| {
            let before = |other: &&Arc<Object>| !Arc::ptr_eq(other, object) && other.place() < object.place();
            while others.next_if(before).is_some() {}
            let same = |other: &&Arc<Object>| Arc::ptr_eq(other, object) || other.place() == object.place();
            (object, others.next_if(same))
        })
    }

    pub fn malformed(&self) -> impl Iterator<Item = &Malformed> {
        #[cfg(test)]
        for (malformed, _) in self.malformed.values() {
            reads::note(malformed.key.kind.into());
        }
        self.malformed.values().map(|(malformed, _)| malformed)
    }

    /// Whether an object could not be read when it was last reported.
    pub fn is_malformed(&self, key: &Key) -> bool {
        self.malformed.contains_key(key)
    }

    /// All objects of a kind, by namespace and name.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Arc<Object>> {
        #[cfg(test)]
        reads::note(kind.into());
        self.objects.of_kind(kind)
    }

    /// All objects of a kind in one namespace, by name.
    pub fn in_namespace<'a>(&'a self, kind: Kind, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        #[cfg(test)]
        reads::note(kind.into());
        self.objects.in_namespace(kind, namespace)
    }

    /// Helm's records in one namespace, whatever it keeps them in.
    pub fn records_in<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        let [secrets, maps] = Kind::RECORDS.map(|kind| self.in_namespace(kind, namespace));
        secrets.chain(maps)
    }

    /// Every record of Helm's.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Object>> {
        let [secrets, maps] = Kind::RECORDS.map(|kind| self.of_kind(kind));
        secrets.chain(maps)
    }

    /// Whether all that a feed covers was listed once and is followed, if not at this moment: what is not here was not there.
    pub fn is_complete(&self, feed: &FeedId) -> bool {
        let followed = |state: &FeedState| matches!(state, FeedState::Live | FeedState::Stale { .. });
        self.feeds
            .get(feed)
            .is_some_and(|feed| feed.listed && followed(&feed.state))
    }

    /// Whether the cluster's namespaces have been listed, rather than guessed from what lives in them.
    pub fn namespaces_listed(&self) -> bool {
        let feed = self.feeds.get(&FeedId::cluster(Kind::Namespace));
        feed.is_some_and(|feed| feed.listed)
    }

    /// Names of all namespaces: those listed, and, where namespaces are denied, those that objects live in.
    pub fn namespaces(&self) -> BTreeSet<Text> {
        let listed = self.of_kind(Kind::Namespace).map(|object| object.meta.name.clone());
        if self.namespaces_listed() {
            return listed.collect();
        }
        let lived_in = self
            .objects
            .all()
            .filter(|object| !object.meta.namespace.is_empty())
            .map(|object| object.meta.namespace.clone());
        listed.chain(lived_in).collect()
    }

    /// The pods that name a claim, whatever their phase; see `laws` for which of them hold it.
    pub fn users_of<'a>(&'a self, claim: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::Pod.into());
        self.index.users_of(claim)
    }

    /// Objects with an ownerReference to this uid.
    pub fn dependents_of<'a>(&'a self, owner: &Uid) -> impl Iterator<Item = &'a Arc<Object>> {
        let found = self.index.dependents_of(owner);
        #[cfg(test)]
        let found = found.inspect(|object| reads::note(object.kind().into()));
        found
    }

    /// The volumes whose `claimRef` names this claim, of whatever uid.
    pub fn volumes_claimed_by<'a>(&'a self, claim: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::PersistentVolume.into());
        self.index.volumes_claimed_by(claim)
    }

    /// The volumes whose `claimRef` names a claim of this namespace, there or gone; by the claim's name.
    pub fn volumes_claimed_in<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::PersistentVolume.into());
        self.index.volumes_claimed_in(namespace)
    }

    /// The volumes without `claimRef`, by name.
    pub fn free_volumes(&self) -> impl Iterator<Item = &Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::PersistentVolume.into());
        self.index.free_volumes()
    }

    /// The claims whose `spec.volumeName` is this volume.
    pub fn claims_naming<'a>(&'a self, volume: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::PersistentVolumeClaim.into());
        self.index.claims_naming(volume)
    }

    /// The claims in phase Pending, by namespace and name.
    pub fn pending_claims(&self) -> impl Iterator<Item = &Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::PersistentVolumeClaim.into());
        self.index.pending_claims()
    }

    /// The attachments of a volume.
    pub fn attachments_of<'a>(&'a self, volume: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        #[cfg(test)]
        reads::note(Kind::VolumeAttachment.into());
        self.index.attachments_of(volume)
    }

    /// The pods that may run an external provisioner, going by their names.
    pub fn provisioner_pods(&self) -> impl Iterator<Item = &Arc<Object>> {
        #[cfg(test)]
        reads::note_provisioners();
        self.index.provisioner_pods()
    }

    pub fn feeds(&self) -> impl Iterator<Item = (&FeedId, &Feed)> {
        self.feeds.iter()
    }

    /// How current the facts of a kind in a namespace are: that of the feed which covers them. Where the whole
    /// cluster is denied and the namespace has a feed of its own, the narrower one speaks (it sorts last).
    pub fn freshness(&self, kind: Kind, namespace: &str, now: Moment, quiet: Duration) -> Freshness {
        self.feeds
            .iter()
            .rfind(|(feed, _)| feed.covers(kind, namespace))
            .map(|(_, feed)| feed.freshness(now, quiet))
            .unwrap_or(Freshness::Waiting { since: now })
    }

    /// Whether every kind is live in every namespace: [`Self::freshness`] would say so of whatever it were asked.
    pub fn is_current(&self, now: Moment, quiet: Duration) -> bool {
        let whole = |kind: &Kind| self.feeds.contains_key(&FeedId::cluster(*kind));
        let live = |feed: &Feed| feed.freshness(now, quiet).is_live();
        Kind::ALL.iter().all(whole) && self.feeds.values().all(live)
    }

    /// A world of its own with the same feeds and only these objects of it, each of which may be named more than once.
    #[must_use]
    pub fn excerpt<'a>(&self, objects: impl IntoIterator<Item = &'a Arc<Object>>) -> Self {
        let mut objects: Vec<&Arc<Object>> = objects.into_iter().collect();
        objects.sort_by(|one, other| one.place().cmp(&other.place()));
        objects.dedup_by(|one, other| Arc::ptr_eq(one, other));
        let made = objects.iter().filter_map(|object| object.meta.uid.made_number());
        Self {
            objects: Shelves::of_sorted(&objects, Round::default()),
            feeds: self.feeds.clone(),
            index: Index::of(&objects),
            revision: self.revision,
            made: made.max().unwrap_or(0),
            ..Self::default()
        }
    }

    fn seen(&mut self, feed: &FeedId, at: Moment) {
        self.heard(feed, at);
        if let Some(Feed {
            state: FeedState::Listing { seen, .. },
            ..
        }) = self.feeds.get_mut(feed)
        {
            *seen += 1;
            self.revision += 1;
        }
    }

    fn heard(&mut self, feed: &FeedId, at: Moment) {
        if let Some(entry) = self.feeds.get_mut(feed) {
            entry.heard = entry.heard.max(at);
        }
    }
}

#[cfg(test)]
mod tests;
