//! Answers kept ready, each derived from the world's objects alone: who names a claim, who names an owner, who is this uid.
//!
//! Nearly every entry holds one object, so one object costs no allocation of its own; entries are ordered, so that two
//! worlds of the same objects answer in the same order.

use super::super::storage::{ClaimPhase, Volume};
use super::super::{Body, Key, Kind, Object, Text, Uid};
use hashbrown::hash_table::Entry as Place;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::BuildHasher as _;
use std::sync::Arc;

/// The indices of a world. A copy of a world shares each of them until one of the two changes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    by_uid: Arc<HashTable<Arc<Object>>>,
    hasher: DefaultHashBuilder,
    /// Claim → pods that name it, whatever their phase.
    users: Arc<BTreeMap<Key, Few>>,
    /// Owner uid → dependents.
    dependents: Arc<BTreeMap<Uid, Few>>,
    /// Claim key → volumes whose `claimRef` names it.
    claimed: Arc<BTreeMap<Key, Few>>,
    /// Volumes without `claimRef`.
    free: Arc<BTreeMap<Text, Arc<Object>>>,
    /// Volume name → claims whose `spec.volumeName` it is.
    naming: Arc<BTreeMap<Text, Few>>,
    /// Claims in phase Pending.
    pending: Arc<BTreeMap<Key, Arc<Object>>>,
    /// Volume name → attachments of it.
    attached: Arc<BTreeMap<Text, Few>>,
    /// Pods that may run a provisioner, going by their names.
    provisioners: Arc<BTreeMap<Key, Arc<Object>>>,
}

/// Objects under one entry, by key.
#[derive(Clone, Debug)]
enum Few {
    One(Arc<Object>),
    Many(Vec<Arc<Object>>),
}

impl Few {
    fn as_slice(&self) -> &[Arc<Object>] {
        match self {
            Self::One(object) => std::slice::from_ref(object),
            Self::Many(objects) => objects,
        }
    }

    fn insert(&mut self, object: &Arc<Object>) {
        let place = |held: &Arc<Object>| place(held).cmp(&place(object));
        let held = match self {
            Self::One(held) => vec![Arc::clone(held)],
            Self::Many(held) => std::mem::take(held),
        };
        let mut objects = held;
        match objects.binary_search_by(place) {
            Ok(at) => {
                if let Some(held) = objects.get_mut(at) {
                    *held = Arc::clone(object);
                }
            }
            Err(at) => objects.insert(at, Arc::clone(object)),
        }
        *self = Self::Many(objects);
    }

    /// Takes an object out; returns whether none is left.
    fn remove(&mut self, object: &Object) -> bool {
        match self {
            Self::One(held) => place(held) == place(object),
            Self::Many(held) => {
                if let Ok(at) = held.binary_search_by(|held| place(held).cmp(&place(object))) {
                    held.remove(at);
                }
                held.is_empty()
            }
        }
    }
}

/// An object's key, without making one.
fn place(object: &Object) -> (Kind, &str, &str) {
    (object.kind(), &object.meta.namespace, &object.meta.name)
}

impl Index {
    pub(super) fn by_uid(&self, uid: &Uid) -> Option<&Arc<Object>> {
        self.by_uid
            .find(self.hasher.hash_one(uid), |object| object.meta.uid == *uid)
    }

    pub(super) fn users_of<'a>(&'a self, claim: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.users.get(claim))
    }

    pub(super) fn dependents_of<'a>(&'a self, owner: &Uid) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.dependents.get(owner))
    }

    pub(super) fn volumes_claimed_by<'a>(&'a self, claim: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.claimed.get(claim))
    }

    pub(super) fn volumes_claimed_in<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        let first = Key::new(Kind::PersistentVolumeClaim, namespace, "");
        self.claimed
            .range(first..)
            .take_while(move |(claim, _)| claim.namespace == namespace)
            .flat_map(|(_, volumes)| volumes.as_slice())
    }

    pub(super) fn free_volumes(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.free.values()
    }

    pub(super) fn claims_naming<'a>(&'a self, volume: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.naming.get(volume))
    }

    pub(super) fn pending_claims(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.pending.values()
    }

    pub(super) fn attachments_of<'a>(&'a self, volume: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.attached.get(volume))
    }

    pub(super) fn provisioner_pods(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.provisioners.values()
    }

    /// Makes room for so many objects at once.
    pub(super) fn reserve(&mut self, objects: usize) {
        let hash = |object: &Arc<Object>| self.hasher.hash_one(&object.meta.uid);
        Arc::make_mut(&mut self.by_uid).reserve(objects, hash);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_uid.is_empty()
            && self.users.is_empty()
            && self.dependents.is_empty()
            && self.claimed.is_empty()
            && self.free.is_empty()
            && self.naming.is_empty()
            && self.pending.is_empty()
            && self.attached.is_empty()
            && self.provisioners.is_empty()
    }

    pub(super) fn add(&mut self, object: &Arc<Object>) {
        let uid = &object.meta.uid;
        if !uid.is_empty() {
            let hash = |object: &Arc<Object>| self.hasher.hash_one(&object.meta.uid);
            match Arc::make_mut(&mut self.by_uid).entry(hash(object), |held| held.meta.uid == *uid, hash) {
                Place::Occupied(mut held) => *held.get_mut() = Arc::clone(object),
                Place::Vacant(free) => {
                    free.insert(Arc::clone(object));
                }
            }
        }
        for owner in &object.meta.owner_references {
            add(Arc::make_mut(&mut self.dependents).entry(owner.uid.clone()), object);
        }
        match &object.body {
            Body::Pod(pod) => {
                for claim in pod.claims(&object.meta) {
                    add(Arc::make_mut(&mut self.users).entry(claim_of(object, &claim)), object);
                }
                if provisions(&object.meta.name) {
                    Arc::make_mut(&mut self.provisioners).insert(object.key(), Arc::clone(object));
                }
            }
            Body::PersistentVolume(volume) => {
                if let Some(claim) = claim_key(volume) {
                    add(Arc::make_mut(&mut self.claimed).entry(claim), object);
                } else {
                    Arc::make_mut(&mut self.free).insert(object.meta.name.clone(), Arc::clone(object));
                }
            }
            Body::PersistentVolumeClaim(claim) => {
                if !claim.spec.volume_name.is_empty() {
                    add(
                        Arc::make_mut(&mut self.naming).entry(claim.spec.volume_name.clone()),
                        object,
                    );
                }
                if claim.status.phase == ClaimPhase::Pending {
                    Arc::make_mut(&mut self.pending).insert(object.key(), Arc::clone(object));
                }
            }
            Body::VolumeAttachment(attachment) => {
                let volume = attachment.spec.source.persistent_volume_name.clone();
                add(Arc::make_mut(&mut self.attached).entry(volume), object);
            }
            _ => {}
        }
    }

    /// Takes an object out of every entry; entries that are left empty go too, so that churn does not grow the index.
    pub(super) fn remove(&mut self, object: &Object) {
        let uid = &object.meta.uid;
        let own = |held: &Arc<Object>| held.meta.uid == *uid && place(held) == place(object);
        if let Ok(held) = Arc::make_mut(&mut self.by_uid).find_entry(self.hasher.hash_one(uid), own) {
            held.remove();
        }
        for owner in &object.meta.owner_references {
            remove(&mut self.dependents, &owner.uid, object);
        }
        match &object.body {
            Body::Pod(pod) => {
                for claim in pod.claims(&object.meta) {
                    remove(&mut self.users, &claim_of(object, &claim), object);
                }
                if provisions(&object.meta.name) {
                    Arc::make_mut(&mut self.provisioners).remove(&object.key());
                }
            }
            Body::PersistentVolume(volume) => {
                if let Some(claim) = claim_key(volume) {
                    remove(&mut self.claimed, &claim, object);
                } else {
                    Arc::make_mut(&mut self.free).remove(&object.meta.name);
                }
            }
            Body::PersistentVolumeClaim(claim) => {
                remove(&mut self.naming, &claim.spec.volume_name, object);
                if claim.status.phase == ClaimPhase::Pending {
                    Arc::make_mut(&mut self.pending).remove(&object.key());
                }
            }
            Body::VolumeAttachment(attachment) => {
                remove(
                    &mut self.attached,
                    &attachment.spec.source.persistent_volume_name,
                    object,
                );
            }
            _ => {}
        }
    }
}

fn few(objects: Option<&Few>) -> impl Iterator<Item = &Arc<Object>> {
    objects.map(Few::as_slice).unwrap_or_default().iter()
}

fn add<K: Ord>(entry: Entry<'_, K, Few>, object: &Arc<Object>) {
    match entry {
        Entry::Vacant(free) => {
            free.insert(Few::One(Arc::clone(object)));
        }
        Entry::Occupied(mut held) => held.get_mut().insert(object),
    }
}

fn remove<K: Ord + Clone>(index: &mut Arc<BTreeMap<K, Few>>, key: &K, object: &Object) {
    if !index.contains_key(key) {
        return;
    }
    let index = Arc::make_mut(index);
    if index.get_mut(key).is_some_and(|few| few.remove(object)) {
        index.remove(key);
    }
}

/// Whether a pod of this name may run an external provisioner: facts hold no images, and names are what there is.
fn provisions(pod: &str) -> bool {
    pod.contains("provisioner") || (pod.contains("csi") && pod.contains("controller"))
}

/// The claim of that name beside a pod.
fn claim_of(pod: &Object, claim: &str) -> Key {
    Key::new(Kind::PersistentVolumeClaim, &pod.meta.namespace, claim)
}

/// The claim a volume's `claimRef` names.
fn claim_key(volume: &Volume) -> Option<Key> {
    volume
        .spec
        .claim_ref
        .as_ref()
        .map(|claim| Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name))
}
