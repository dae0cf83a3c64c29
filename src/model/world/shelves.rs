//! Where a world keeps its objects: by kind, then by namespace, then sorted by name.
//!
//! A shelf holds one namespace's objects of one kind as a slice, so that the questions asked all day (what is in this
//! namespace, what has this name) neither copy a key nor walk a tree of keys. Lists come sorted, so shelves are filled at
//! their end. Each object remembers in which round of listing it was last seen, which is how a list finds what it no
//! longer names.

use super::super::{FeedId, Key, Kind, Object, Scope, Text};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

/// A count of the lists that have begun so far.
pub(super) type Round = u32;

/// The objects of one kind, by namespace and name.
type Homes = BTreeMap<Text, Vec<Slot>>;

/// The objects of a world. A copy of a world shares those of each kind until one of the two changes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelves {
    kinds: BTreeMap<Kind, Arc<Homes>>,
    /// Every object by its key: a search through a shelf of ten thousand volumes would fetch each name it compares from
    /// another corner of memory.
    keys: Arc<HashTable<Arc<Object>>>,
    hasher: DefaultHashBuilder,
    /// Where on a shelf the next object is looked for first: laws go from one to the next.
    next: usize,
}

#[derive(Clone, Debug)]
struct Slot {
    object: Arc<Object>,
    round: Round,
}

impl Slot {
    fn name(&self) -> &str {
        &self.object.meta.name
    }
}

impl Shelves {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.find(key.kind, &key.namespace, &key.name)
    }

    pub(super) fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        let place = (kind, if kind.namespaced() { namespace } else { "" }, name);
        self.keys
            .find(self.hasher.hash_one(place), |object| key(object) == place)
    }

    /// Makes room for so many objects at once.
    pub(super) fn reserve(&mut self, objects: usize) {
        let hash = |object: &Arc<Object>| self.hasher.hash_one(key(object));
        Arc::make_mut(&mut self.keys).reserve(objects, hash);
    }

    /// Puts an object in place; returns the one of the same key that was there.
    pub(super) fn put(&mut self, object: Arc<Object>, round: Round) -> Option<Arc<Object>> {
        let next = self.next;
        let row = self.shelf(&object);
        let after_all = row.last().is_none_or(|last| last.name() < object.meta.name.as_str());
        let found = if after_all {
            Err(row.len())
        } else {
            place(row, &object.meta.name, next)
        };
        let slot = Slot {
            object: Arc::clone(&object),
            round,
        };
        let held = match found {
            Ok(at) => row.get_mut(at).map(|held| std::mem::replace(held, slot).object),
            Err(at) => {
                row.insert(at, slot);
                None
            }
        };
        self.next = found.unwrap_or_else(|at| at) + 1;
        let place = key(&object);
        let hash = |object: &Arc<Object>| self.hasher.hash_one(key(object));
        match Arc::make_mut(&mut self.keys).entry(hash(&object), |other| key(other) == place, hash) {
            Entry::Occupied(mut entry) => *entry.get_mut() = object,
            Entry::Vacant(entry) => {
                entry.insert(object);
            }
        }
        held
    }

    /// Notes that the object of this key was seen again, unchanged.
    pub(super) fn seen(&mut self, object: &Object, round: Round) {
        let next = self.next;
        let row = self.shelf(object);
        if let Ok(at) = place(row, &object.meta.name, next)
            && let Some(slot) = row.get_mut(at)
        {
            slot.round = round;
            self.next = at + 1;
        }
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<Arc<Object>> {
        let homes = self.kinds.get_mut(&key.kind)?;
        let at = place(homes.get(key.namespace.as_str())?, &key.name, self.next).ok()?;
        self.next = at;
        let homes = Arc::make_mut(homes);
        let row = homes.get_mut(key.namespace.as_str())?;
        let taken = row.remove(at);
        if row.is_empty() {
            homes.remove(key.namespace.as_str());
        }
        let place = self::key(&taken.object);
        if let Ok(entry) =
            Arc::make_mut(&mut self.keys).find_entry(self.hasher.hash_one(place), |object| self::key(object) == place)
        {
            entry.remove();
        }
        Some(taken.object)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds
            .values()
            .flat_map(|homes| homes.values())
            .flatten()
            .map(|slot| &slot.object)
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Arc<Object>> {
        let homes = self.kinds.get(&kind).into_iter().flat_map(|homes| homes.values());
        homes.flatten().map(|slot| &slot.object)
    }

    pub(super) fn in_namespace<'a>(&'a self, kind: Kind, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        let row = self.kinds.get(&kind).and_then(|homes| homes.get(namespace));
        row.into_iter().flatten().map(|slot| &slot.object)
    }

    /// The keys that a feed covers and that were not seen since a round.
    pub(super) fn unseen(&self, feed: &FeedId, since: Round) -> Vec<Key> {
        let homes = self.kinds.get(&feed.kind).into_iter().flat_map(|homes| homes.iter());
        homes
            .filter(|(home, _)| match &feed.scope {
                Scope::Cluster => true,
                Scope::Namespace(own) => own == *home,
            })
            .flat_map(|(_, row)| row)
            .filter(|slot| slot.round < since)
            .map(|slot| slot.object.key())
            .collect()
    }

    /// Gives back the room that growing shelves took in advance, once a list is complete.
    pub(super) fn fit(&mut self, kind: Kind) {
        let homes = self.kinds.get_mut(&kind).map(Arc::make_mut);
        for row in homes.into_iter().flat_map(BTreeMap::values_mut) {
            row.shrink_to_fit();
        }
    }

    fn shelf(&mut self, object: &Object) -> &mut Vec<Slot> {
        let (kind, namespace, _) = key(object);
        let homes = Arc::make_mut(self.kinds.entry(kind).or_default());
        homes.entry(namespace.into()).or_default()
    }
}

/// An object's key, without making one.
fn key(object: &Object) -> (Kind, &str, &str) {
    let kind = object.kind();
    let namespace = if kind.namespaced() {
        object.meta.namespace.as_str()
    } else {
        ""
    };
    (kind, namespace, &object.meta.name)
}

/// Where an object of this name stands, or belongs; looked for at `next` first.
fn place(row: &[Slot], name: &str, next: usize) -> Result<usize, usize> {
    if row.get(next).is_some_and(|slot| slot.name() == name) {
        return Ok(next);
    }
    row.binary_search_by(|slot| slot.name().cmp(name))
}
