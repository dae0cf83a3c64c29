//! The part of the world an act can touch: the target's namespaces and what is linked to them, not the whole cluster.
//!
//! Found through the world's indices, so that a forecast costs what the tenant holds and not what the cluster holds: an
//! open gate forecasts again with every frame.

use super::helm;
use crate::laws::Conditions;
use crate::model::{Act, Key, Kind, Object, Text, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn excerpt(world: &World, act: &Act, conditions: &Conditions) -> World {
    let mut part = Part {
        world,
        members: BTreeMap::new(),
    };
    // an act of Helm's names more than its target
    let mut targets = helm::touched(world, act, conditions);
    targets.insert(act.target().key.clone());
    let mut namespaces: BTreeSet<Text> = targets.iter().flat_map(|key| namespaces(world, key)).collect();
    if let Act::RetargetClaimRef { namespace, .. } = act {
        namespaces.insert(namespace.clone());
    }
    for namespace in &namespaces {
        part.namespace(namespace);
    }
    for target in &targets {
        part.target(target);
    }
    let mut names = volume_names(world, &namespaces);
    if let Act::CreateClaim { draft, .. } = act {
        names.insert(draft.volume_name.clone());
    }
    part.volumes(&names, &namespaces);
    part.claims_elsewhere(&targets, &names, &namespaces);
    for kind in [Kind::Node, Kind::StorageClass] {
        part.members
            .extend(world.of_kind(kind).map(|object| (object.key(), object)));
    }
    part.attachments();
    part.owners();
    world.excerpt(part.members.into_values())
}

/// What belongs in the excerpt.
struct Part<'w> {
    world: &'w World,
    members: BTreeMap<Key, &'w Arc<Object>>,
}

impl<'w> Part<'w> {
    fn add(&mut self, object: &'w Arc<Object>) {
        self.members.insert(object.key(), object);
    }

    /// A namespace with everything in it.
    fn namespace(&mut self, namespace: &Text) {
        let world = self.world;
        self.members.extend(
            world
                .get(&Key::cluster(Kind::Namespace, namespace))
                .map(|object| (object.key(), object)),
        );
        for kind in Kind::ALL.into_iter().filter(|kind| kind.namespaced()) {
            for object in world.in_namespace(kind, namespace) {
                self.add(object);
            }
        }
    }

    /// A target, wherever it lives.
    fn target(&mut self, target: &Key) {
        let world = self.world;
        if let Some(object) = world.get(target) {
            self.add(object);
        }
    }

    /// Volumes that claims of these namespaces name or once held, and those that are anybody's.
    fn volumes(&mut self, names: &BTreeSet<Text>, namespaces: &BTreeSet<Text>) {
        let world = self.world;
        for name in names {
            self.members.extend(
                world
                    .get(&Key::cluster(Kind::PersistentVolume, name))
                    .map(|object| (object.key(), object)),
            );
        }
        for namespace in namespaces {
            for volume in world.volumes_claimed_in(namespace) {
                self.add(volume);
            }
        }
        for volume in world.free_volumes() {
            self.add(volume);
        }
    }

    /// Claims of other namespaces that must be in, with their namespaces and pods: those that hold a volume of the
    /// excerpt, and, where a volume or a class is among the targets, every claim that waits for one.
    fn claims_elsewhere(&mut self, targets: &BTreeSet<Key>, names: &BTreeSet<Text>, namespaces: &BTreeSet<Text>) {
        let world = self.world;
        let mut claims: BTreeSet<Key> = names
            .iter()
            .filter_map(|name| world.get(&Key::cluster(Kind::PersistentVolume, name)))
            .filter_map(|volume| claimed(volume))
            .filter(|claim| !namespaces.contains(&claim.namespace))
            .collect();
        let at_large = |key: &Key| matches!(key.kind, Kind::PersistentVolume | Kind::StorageClass);
        if targets.iter().any(at_large) {
            claims.extend(world.pending_claims().map(|claim| claim.key()));
        }
        for claim in claims {
            let home = Key::cluster(Kind::Namespace, &claim.namespace);
            for object in world.get(&claim).into_iter().chain(world.get(&home)) {
                self.add(object);
            }
            for pod in world.users_of(&claim) {
                self.add(pod);
            }
        }
    }

    fn attachments(&mut self) {
        let world = self.world;
        let volumes: Vec<Text> = self
            .members
            .keys()
            .filter(|key| key.kind == Kind::PersistentVolume)
            .map(|key| key.name.clone())
            .collect();
        for volume in volumes {
            for attachment in world.attachments_of(&volume) {
                self.add(attachment);
            }
        }
    }

    /// Owners outside every namespace: without them a law would take their dependents for garbage.
    fn owners(&mut self) {
        let world = self.world;
        let owners: Vec<&'w Arc<Object>> = self
            .members
            .values()
            .flat_map(|object| &object.meta.owner_references)
            .filter_map(|owner| world.by_uid(&owner.uid))
            .filter(|owner| !owner.kind().namespaced())
            .collect();
        for owner in owners {
            self.add(owner);
        }
    }
}

/// The namespaces whose objects the act can reach through owners, pods and claims. An owner counts what bears its uid in
/// any namespace.
fn namespaces(world: &World, target: &Key) -> BTreeSet<Text> {
    let mut reached = of_target(world, target);
    if let Some(object) = world.get(target) {
        let dependents = world.dependents_of(&object.meta.uid);
        let homes = dependents.map(|dependent| dependent.meta.namespace.clone());
        reached.extend(homes.filter(|namespace| !namespace.is_empty()));
    }
    reached
}

fn of_target(world: &World, target: &Key) -> BTreeSet<Text> {
    let of_volume = |name: &str| {
        let volume = world.get(&Key::cluster(Kind::PersistentVolume, name));
        let claim = volume.and_then(|volume| claimed(volume));
        claim.map(|claim| claim.namespace)
    };
    match target.kind {
        Kind::Namespace => [target.name.clone()].into_iter().collect(),
        Kind::PersistentVolume => {
            let users = world
                .claims_naming(&target.name)
                .map(|claim| claim.meta.namespace.clone());
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

/// The volumes that claims of these namespaces name.
fn volume_names(world: &World, namespaces: &BTreeSet<Text>) -> BTreeSet<Text> {
    namespaces
        .iter()
        .flat_map(|namespace| world.in_namespace(Kind::PersistentVolumeClaim, namespace))
        .filter_map(|claim| claim.body.claim().map(|facts| facts.spec.volume_name.clone()))
        .filter(|name| !name.is_empty())
        .collect()
}
