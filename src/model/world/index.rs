//! Answers kept ready, each derived from the world's objects alone: who names a claim, who names an owner, who is this uid.
//!
//! Nearly every entry holds one object, so one object costs no allocation of its own; the objects of an entry are ordered, so
//! that two worlds of the same objects answer in the same order. What is only ever looked up is hashed: to compare the texts
//! of a tenant's keys, which all begin alike, costs more.

use super::super::storage::{Claim, ClaimPhase, ClaimRef, Volume};
use super::super::workload::Pod;
use super::super::{Body, Key, Object, Text, Uid};
use hashbrown::hash_table::Entry as Place;
use hashbrown::{DefaultHashBuilder, Equivalent, HashMap, HashTable};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

/// The indices of a world. A copy of a world shares each of them until one of the two changes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    by_uid: Arc<HashTable<Arc<Object>>>,
    hasher: DefaultHashBuilder,
    /// Namespace and name of a claim → pods that name it, whatever their phase.
    users: Arc<HashMap<(Text, Text), Few>>,
    /// Owner uid → dependents.
    dependents: Arc<HashMap<Uid, Few>>,
    /// Namespace → name of a claim in it, there or gone → volumes whose `claimRef` names it.
    claimed: Arc<HashMap<Text, BTreeMap<Text, Few>>>,
    /// Volumes without `claimRef`.
    free: Arc<BTreeMap<Text, Arc<Object>>>,
    /// Volume name → claims whose `spec.volumeName` it is.
    naming: Arc<HashMap<Text, Few>>,
    /// Claims in phase Pending.
    pending: Arc<BTreeMap<Key, Arc<Object>>>,
    /// Volume name → attachments of it.
    attached: Arc<HashMap<Text, Few>>,
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
        let place = |held: &Arc<Object>| held.place().cmp(&object.place());
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

    /// Puts an object in the place of its earlier state.
    fn replace(&mut self, object: &Arc<Object>) {
        match self {
            Self::One(held) => *held = Arc::clone(object),
            Self::Many(_) => self.insert(object),
        }
    }

    /// Takes an object out; returns whether none is left.
    fn remove(&mut self, object: &Object) -> bool {
        match self {
            Self::One(held) => held.place() == object.place(),
            Self::Many(held) => {
                if let Ok(at) = held.binary_search_by(|held| held.place().cmp(&object.place())) {
                    held.remove(at);
                }
                held.is_empty()
            }
        }
    }
}

impl Index {
    pub(super) fn by_uid(&self, uid: &Uid) -> Option<&Arc<Object>> {
        self.by_uid
            .find(self.hasher.hash_one(uid), |object| object.meta.uid == *uid)
    }

    pub(super) fn users_of<'a>(&'a self, claim: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.users.get(&Named(&claim.namespace, &claim.name)))
    }

    pub(super) fn dependents_of<'a>(&'a self, owner: &Uid) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self.dependents.get(owner))
    }

    pub(super) fn volumes_claimed_by<'a>(&'a self, claim: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        few(self
            .claimed
            .get(&claim.namespace)
            .and_then(|home| home.get(&claim.name)))
    }

    pub(super) fn volumes_claimed_in<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> {
        let home = self.claimed.get(namespace);
        home.into_iter().flat_map(BTreeMap::values).flat_map(Few::as_slice)
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

    /// Of these objects.
    pub(super) fn of(objects: &[&Arc<Object>]) -> Self {
        let mut index = Self::default();
        let hash = |object: &Arc<Object>| index.hasher.hash_one(&object.meta.uid);
        Arc::make_mut(&mut index.by_uid).reserve(objects.len(), hash);
        for object in objects {
            index.add(object);
        }
        index
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
            add(&mut self.dependents, &owner.uid, || owner.uid.clone(), object);
        }
        match &object.body {
            Body::Pod(pod) => {
                let home = &object.meta.namespace;
                for claim in pod.claims(&object.meta) {
                    let key = || (home.clone(), claim.clone());
                    add(&mut self.users, &Named(home, &claim), key, object);
                }
                if Pod::may_provision(&object.meta.name) {
                    Arc::make_mut(&mut self.provisioners).insert(object.key(), Arc::clone(object));
                }
            }
            Body::PersistentVolume(volume) => {
                if let Some(claim) = &volume.spec.claim_ref {
                    let home = Arc::make_mut(&mut self.claimed).entry_ref(&claim.namespace);
                    match home.or_default().entry(claim.name.clone()) {
                        Entry::Vacant(free) => drop(free.insert(Few::One(Arc::clone(object)))),
                        Entry::Occupied(mut held) => held.get_mut().insert(object),
                    }
                } else {
                    Arc::make_mut(&mut self.free).insert(object.meta.name.clone(), Arc::clone(object));
                }
            }
            Body::PersistentVolumeClaim(claim) => {
                let volume = &claim.spec.volume_name;
                if !volume.is_empty() {
                    add(&mut self.naming, volume, || volume.clone(), object);
                }
                if claim.status.phase == ClaimPhase::Pending {
                    Arc::make_mut(&mut self.pending).insert(object.key(), Arc::clone(object));
                }
            }
            Body::VolumeAttachment(attachment) => {
                let volume = &attachment.spec.source.persistent_volume_name;
                add(&mut self.attached, volume, || volume.clone(), object);
            }
            _ => {}
        }
    }

    /// Puts an object in the place of its earlier state, which had the same key.
    pub(super) fn replace(&mut self, held: &Object, object: &Arc<Object>) {
        if !stands_alike(held, object) {
            self.remove(held);
            self.add(object);
            return;
        }
        let uid = &object.meta.uid;
        let hash = self.hasher.hash_one(uid);
        let own = |other: &Arc<Object>| other.meta.uid == *uid;
        if let Some(other) = Arc::make_mut(&mut self.by_uid).find_mut(hash, own) {
            *other = Arc::clone(object);
        }
        for owner in &object.meta.owner_references {
            replace(&mut self.dependents, &owner.uid, object);
        }
        match &object.body {
            Body::Pod(pod) => {
                for claim in pod.claims(&object.meta) {
                    replace(&mut self.users, &Named(&object.meta.namespace, &claim), object);
                }
            }
            Body::PersistentVolume(volume) => {
                if let Some(claim) = &volume.spec.claim_ref
                    && let Some(home) = Arc::make_mut(&mut self.claimed).get_mut(&claim.namespace)
                    && let Some(held) = home.get_mut(&claim.name)
                {
                    held.replace(object);
                }
            }
            Body::PersistentVolumeClaim(claim) => replace(&mut self.naming, &claim.spec.volume_name, object),
            _ => {}
        }
    }

    /// Takes an object out of every entry; entries that are left empty go too, so that churn does not grow the index.
    pub(super) fn remove(&mut self, object: &Object) {
        let uid = &object.meta.uid;
        let own = |held: &Arc<Object>| held.meta.uid == *uid && held.place() == object.place();
        if let Ok(held) = Arc::make_mut(&mut self.by_uid).find_entry(self.hasher.hash_one(uid), own) {
            held.remove();
        }
        for owner in &object.meta.owner_references {
            remove(&mut self.dependents, &owner.uid, object);
        }
        match &object.body {
            Body::Pod(pod) => {
                for claim in pod.claims(&object.meta) {
                    remove(&mut self.users, &Named(&object.meta.namespace, &claim), object);
                }
                if Pod::may_provision(&object.meta.name) {
                    Arc::make_mut(&mut self.provisioners).remove(&object.key());
                }
            }
            Body::PersistentVolume(volume) => {
                if let Some(claim) = &volume.spec.claim_ref {
                    unclaim(Arc::make_mut(&mut self.claimed), claim, object);
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

/// Whether two states of an object stand in the same entries, none of them one of the sorted few (what is free, waits, provisions
/// or is attached is replaced the long way).
fn stands_alike(held: &Object, object: &Object) -> bool {
    let same = held.meta.uid == object.meta.uid
        && !object.meta.uid.is_empty()
        && held.meta.owner_references == object.meta.owner_references;
    same && match (&held.body, &object.body) {
        (Body::Pod(held), Body::Pod(pod)) => {
            held.spec.volumes == pod.spec.volumes && !Pod::may_provision(&object.meta.name)
        }
        (Body::PersistentVolume(held), Body::PersistentVolume(volume)) => {
            let claim = |volume: &Volume| {
                let claim = volume.spec.claim_ref.as_ref()?;
                Some((claim.namespace.clone(), claim.name.clone()))
            };
            claim(held).is_some_and(|named| claim(volume) == Some(named))
        }
        (Body::PersistentVolumeClaim(held), Body::PersistentVolumeClaim(claim)) => {
            let waits = |claim: &Claim| claim.status.phase == ClaimPhase::Pending;
            held.spec.volume_name == claim.spec.volume_name && !waits(held) && !waits(claim)
        }
        (Body::VolumeAttachment(_), _) => false,
        (_, _) => true,
    }
}

fn few(objects: Option<&Few>) -> impl Iterator<Item = &Arc<Object>> {
    objects.map(Few::as_slice).unwrap_or_default().iter()
}

type Lookup<K> = Arc<HashMap<K, Few>>;

fn add<K: Clone + Eq + Hash, Q: Hash + Equivalent<K>>(
    index: &mut Lookup<K>,
    wanted: &Q,
    key: impl FnOnce() -> K,
    object: &Arc<Object>,
) {
    let index = Arc::make_mut(index);
    match index.get_mut(wanted) {
        Some(held) => held.insert(object),
        None => drop(index.insert(key(), Few::One(Arc::clone(object)))),
    }
}

fn replace<K: Clone + Eq + Hash, Q: Hash + Equivalent<K>>(index: &mut Lookup<K>, wanted: &Q, object: &Arc<Object>) {
    if let Some(held) = Arc::make_mut(index).get_mut(wanted) {
        held.replace(object);
    }
}

fn remove<K: Clone + Eq + Hash, Q: Hash + Equivalent<K>>(index: &mut Lookup<K>, wanted: &Q, object: &Object) {
    if !index.contains_key(wanted) {
        return;
    }
    let index = Arc::make_mut(index);
    if index.get_mut(wanted).is_some_and(|few| few.remove(object)) {
        index.remove(wanted);
    }
}

/// A namespaced object by namespace and name, without making a key of them.
#[derive(Hash)]
struct Named<'a>(&'a str, &'a str);

impl Equivalent<(Text, Text)> for Named<'_> {
    fn equivalent(&self, (namespace, name): &(Text, Text)) -> bool {
        self.1 == name && self.0 == namespace
    }
}

/// Takes a volume out of the entry of the claim that its `claimRef` names.
fn unclaim(claimed: &mut HashMap<Text, BTreeMap<Text, Few>>, claim: &ClaimRef, volume: &Object) {
    let Some(home) = claimed.get_mut(&claim.namespace) else {
        return;
    };
    if home.get_mut(&claim.name).is_some_and(|few| few.remove(volume)) {
        home.remove(&claim.name);
    }
    if home.is_empty() {
        claimed.remove(&claim.namespace);
    }
}
