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

/// The namespace of what has none.
const NOWHERE: Text = Text::new_static("");

/// The objects of one kind, by namespace and name.
type Homes = BTreeMap<Text, Vec<Slot>>;

/// The objects of a world. A copy of a world shares those of each kind until one of the two changes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelves {
    /// By the kind's place among them.
    kinds: [Arc<Homes>; Kind::ALL.len()],
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
            .find(self.hasher.hash_one(place), |object| object.place() == place)
    }

    /// The one of this object's key.
    pub(super) fn of(&self, object: &Object) -> Option<&Arc<Object>> {
        let (kind, home, name) = object.place();
        self.find(kind, home, name)
    }

    /// The last of the shelf that an object belongs on.
    pub(super) fn last_beside(&self, object: &Object) -> Option<&Arc<Object>> {
        let (kind, home, _) = object.place();
        let row = self.homes(kind).find_map(|homes| homes.get(home))?;
        row.last().map(|slot| &slot.object)
    }

    /// Filled with objects that come in the order of their keys, each once.
    pub(super) fn of_sorted(objects: &[&Arc<Object>], round: Round) -> Self {
        let mut shelves = Self::default();
        let mut keys = HashTable::with_capacity(objects.len());
        let hash = |object: &Arc<Object>| shelves.hasher.hash_one(object.place());
        for object in objects {
            keys.insert_unique(hash(object), Arc::clone(object), hash);
        }
        let together = |one: &&Arc<Object>, next: &&Arc<Object>| {
            let ((kind, home, _), (other, another, _)) = (one.place(), next.place());
            kind == other && home == another
        };
        for row in objects.chunk_by(together) {
            let slot = |object: &&Arc<Object>| Slot {
                object: Arc::clone(object),
                round,
            };
            if let Some(shelf) = row.first().and_then(|first| shelves.shelf(first)) {
                shelf.extend(row.iter().map(slot));
            }
        }
        shelves.keys = Arc::new(keys);
        shelves
    }

    /// Puts an object in place; returns the one of the same key that was there.
    pub(super) fn put(&mut self, object: Arc<Object>, round: Round) -> Option<Arc<Object>> {
        let next = self.next;
        let row = self.shelf(&object)?;
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
        let place = object.place();
        let hash = |object: &Arc<Object>| self.hasher.hash_one(object.place());
        match Arc::make_mut(&mut self.keys).entry(hash(&object), |other| other.place() == place, hash) {
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
        if let Some(row) = self.shelf(object)
            && let Ok(at) = place(row, &object.meta.name, next)
            && let Some(slot) = row.get_mut(at)
        {
            slot.round = round;
            self.next = at + 1;
        }
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<Arc<Object>> {
        let homes = self.kinds.get_mut(key.kind as usize)?;
        let at = place(homes.get(key.namespace.as_str())?, &key.name, self.next).ok()?;
        self.next = at;
        let homes = Arc::make_mut(homes);
        let row = homes.get_mut(key.namespace.as_str())?;
        let taken = row.remove(at);
        if row.is_empty() {
            homes.remove(key.namespace.as_str());
        }
        let place = taken.object.place();
        if let Ok(entry) =
            Arc::make_mut(&mut self.keys).find_entry(self.hasher.hash_one(place), |object| object.place() == place)
        {
            entry.remove();
        }
        Some(taken.object)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds
            .iter()
            .flat_map(|homes| homes.values())
            .flatten()
            .map(|slot| &slot.object)
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Arc<Object>> {
        self.homes(kind)
            .flat_map(BTreeMap::values)
            .flatten()
            .map(|slot| &slot.object)
    }

    pub(super) fn in_namespace<'a>(&'a self, kind: Kind, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        let row = self.homes(kind).filter_map(move |homes| homes.get(namespace));
        row.flatten().map(|slot| &slot.object)
    }

    /// The keys that a feed covers and that were not seen since a round.
    pub(super) fn unseen(&self, feed: &FeedId, since: Round) -> Vec<Key> {
        self.homes(feed.kind)
            .flatten()
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
        let homes = self.kinds.get_mut(kind as usize).map(Arc::make_mut);
        for row in homes.into_iter().flat_map(BTreeMap::values_mut) {
            row.shrink_to_fit();
        }
    }

    /// The shelves of one kind, by their namespaces.
    fn homes(&self, kind: Kind) -> impl Iterator<Item = &Homes> {
        self.kinds.get(kind as usize).map(AsRef::as_ref).into_iter()
    }

    fn shelf(&mut self, object: &Object) -> Option<&mut Vec<Slot>> {
        let kind = object.kind();
        let homes = Arc::make_mut(self.kinds.get_mut(kind as usize)?);
        let home = if kind.namespaced() {
            &object.meta.namespace
        } else {
            &NOWHERE
        };
        Some(homes.entry(home.clone()).or_default())
    }
}

/// Where an object of this name stands, or belongs; looked for at `next` first.
fn place(row: &[Slot], name: &str, next: usize) -> Result<usize, usize> {
    if row.get(next).is_some_and(|slot| slot.name() == name) {
        return Ok(next);
    }
    row.binary_search_by(|slot| slot.name().cmp(name))
}
