//! The part of the world an act can touch: the target's namespaces and what is linked to them, not the whole cluster.

use super::helm;
use crate::laws::Conditions;
use crate::model::storage::{ClaimPhase, Volume};
use crate::model::{Act, Body, Key, Kind, Object, Text, World};
use std::collections::BTreeSet;

/// What belongs in the excerpt.
struct Reach {
    target: Key,
    /// What an act of Helm's names besides.
    named: BTreeSet<Key>,
    namespaces: BTreeSet<Text>,
    /// Volumes that claims of these namespaces name.
    volumes: BTreeSet<Text>,
    /// Claims elsewhere whose absence a law would misread.
    claims: BTreeSet<Key>,
}

pub(super) fn excerpt(world: &World, act: &Act, conditions: &Conditions) -> World {
    let target = act.target().key.clone();
    let named = helm::touched(world, act, conditions);
    let mut namespaces = namespaces(world, &target);
    namespaces.extend(named.iter().flat_map(|key| self::namespaces(world, key)));
    if let Act::RetargetClaimRef { namespace, .. } = act {
        namespaces.insert(namespace.clone());
    }
    let mut volumes = volumes(world, &namespaces);
    if let Act::CreateClaim { draft, .. } = act {
        volumes.insert(draft.volume_name.clone());
    }
    let mut claims = claims(world, &target, &namespaces, &volumes);
    claims.extend(
        named
            .iter()
            .flat_map(|key| self::claims(world, key, &namespaces, &volumes)),
    );
    let reach = Reach {
        target,
        named,
        namespaces,
        volumes,
        claims,
    };
    world.excerpt(|object| reach.holds(world, object))
}

/// The namespaces whose objects the act can reach through owners, pods and claims.
fn namespaces(world: &World, target: &Key) -> BTreeSet<Text> {
    let of_volume = |name: &str| {
        let volume = world.get(&Key::cluster(Kind::PersistentVolume, name));
        let claim = volume.and_then(|volume| claimed(volume));
        claim.map(|claim| claim.namespace)
    };
    match target.kind {
        Kind::Namespace => [target.name.clone()].into_iter().collect(),
        Kind::PersistentVolume => {
            let users = world.of_kind(Kind::PersistentVolumeClaim).filter(|claim| {
                let facts = claim.body.claim();
                facts.is_some_and(|facts| facts.spec.volume_name == target.name)
            });
            let users = users.map(|claim| claim.meta.namespace.clone());
            users.chain(of_volume(&target.name)).collect()
        }
        Kind::VolumeAttachment => {
            let attachment = world.get(target).and_then(|object| object.body.attachment());
            let volume = attachment.map(|attachment| attachment.spec.source.persistent_volume_name.clone());
            volume.and_then(|volume| of_volume(&volume)).into_iter().collect()
        }
        // with their owners, who may make them anew elsewhere
        Kind::Node => world
            .of_kind(Kind::Pod)
            .filter(|object| {
                let pod = object.body.pod();
                pod.is_some_and(|pod| pod.spec.node() == Some(target.name.as_str()))
            })
            .map(|object| object.meta.namespace.clone())
            .collect(),
        Kind::StorageClass => BTreeSet::new(),
        Kind::PersistentVolumeClaim
        | Kind::Pod
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::DaemonSet
        | Kind::PodDisruptionBudget
        | Kind::Release => [target.namespace.clone()].into_iter().collect(),
    }
}

fn claimed(object: &Object) -> Option<Key> {
    let claim = object.body.volume()?.spec.claim_ref.as_ref()?;
    Some(Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name))
}

fn volumes(world: &World, namespaces: &BTreeSet<Text>) -> BTreeSet<Text> {
    namespaces
        .iter()
        .flat_map(|namespace| world.in_namespace(Kind::PersistentVolumeClaim, namespace))
        .filter_map(|claim| claim.body.claim().map(|facts| facts.spec.volume_name.clone()))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Claims of other namespaces that must be in: those that hold a volume of the excerpt, and, where a volume or a class
/// is the target, every claim that waits for one.
fn claims(world: &World, target: &Key, namespaces: &BTreeSet<Text>, volumes: &BTreeSet<Text>) -> BTreeSet<Key> {
    let holders = volumes
        .iter()
        .filter_map(|name| world.get(&Key::cluster(Kind::PersistentVolume, name)))
        .filter_map(|volume| claimed(volume))
        .filter(|claim| !namespaces.contains(&claim.namespace));
    let mut claims: BTreeSet<Key> = holders.collect();
    if matches!(target.kind, Kind::PersistentVolume | Kind::StorageClass) {
        let pending = world.of_kind(Kind::PersistentVolumeClaim).filter(|claim| {
            let facts = claim.body.claim();
            facts.is_some_and(|facts| facts.status.phase == ClaimPhase::Pending)
        });
        claims.extend(pending.map(|claim| claim.key()));
    }
    claims
}

impl Reach {
    fn holds(&self, world: &World, object: &Object) -> bool {
        let kind = object.kind();
        let meta = &object.meta;
        let is_target = kind == self.target.kind && meta.name == self.target.name;
        if !self.named.is_empty() && self.named.contains(&object.key()) {
            return true;
        }
        if kind.namespaced() && self.namespaces.contains(&meta.namespace) || is_target && object.key() == self.target {
            return true;
        }
        match &object.body {
            Body::Namespace(_) | Body::Node(_) | Body::StorageClass(_) => true,
            Body::PersistentVolume(volume) => self.holds_volume(world, object, volume),
            Body::PersistentVolumeClaim(_) => !self.claims.is_empty() && self.claims.contains(&object.key()),
            Body::Pod(pod) => {
                !self.claims.is_empty()
                    && pod.claims(meta).any(|claim| {
                        let claim = Key::new(Kind::PersistentVolumeClaim, &meta.namespace, &claim);
                        self.claims.contains(&claim)
                    })
            }
            Body::VolumeAttachment(attachment) => {
                let volume = &attachment.spec.source.persistent_volume_name;
                let volume = world.get(&Key::cluster(Kind::PersistentVolume, volume));
                volume.is_some_and(|volume| self.holds(world, volume))
            }
            Body::Job(_)
            | Body::CronJob(_)
            | Body::StatefulSet(_)
            | Body::Deployment(_)
            | Body::ReplicaSet(_)
            | Body::DaemonSet(_)
            | Body::PodDisruptionBudget(_)
            | Body::Release(_) => false,
        }
    }

    fn holds_volume(&self, world: &World, object: &Object, volume: &Volume) -> bool {
        let ours = match &volume.spec.claim_ref {
            Some(claim) => self.namespaces.contains(&claim.namespace),
            None => true,
        };
        ours || self.volumes.contains(&object.meta.name) || world.dependents_of(&object.meta.uid).next().is_some()
    }
}
