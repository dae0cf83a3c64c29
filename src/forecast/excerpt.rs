//! The part of the world an act can touch: the target's namespaces and what is linked to them, not the whole cluster.
//!
//! Found through the world's indices, so that a forecast costs what the tenant holds and not what the cluster holds: an
//! open gate forecasts again with every frame.

use super::helm;
use crate::laws::Conditions;
use crate::laws::pod_lifecycle::places;
use crate::model::{Act, Key, Kind, Object, Text, World};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn excerpt(world: &World, act: &Act, conditions: &Conditions) -> World {
    let mut part = Part {
        world,
        members: Vec::new(),
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
        names.push(draft.volume_name.clone());
    }
    part.volumes(&names, &namespaces);
    part.claims_elsewhere(&targets, &names, &namespaces);
    for class in world.of_kind(Kind::StorageClass) {
        part.add(class);
    }
    part.nodes(act);
    part.attachments();
    part.owners();
    world.excerpt(part.members)
}

/// What belongs in the excerpt.
struct Part<'w> {
    world: &'w World,
    /// Some more than once.
    members: Vec<&'w Arc<Object>>,
}

impl<'w> Part<'w> {
    fn add(&mut self, object: &'w Arc<Object>) {
        self.members.push(object);
    }

    /// A namespace with everything in it.
    fn namespace(&mut self, namespace: &Text) {
        let world = self.world;
        if let Some(object) = world.find(Kind::Namespace, "", namespace) {
            self.add(object);
        }
        let mut kinds = Kind::ALL;
        kinds.sort_unstable();
        for kind in kinds.into_iter().filter(|kind| kind.namespaced()) {
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
    fn volumes(&mut self, names: &[Text], namespaces: &BTreeSet<Text>) {
        let world = self.world;
        for name in names {
            if let Some(object) = world.find(Kind::PersistentVolume, "", name) {
                self.add(object);
            }
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
    fn claims_elsewhere(&mut self, targets: &BTreeSet<Key>, names: &[Text], namespaces: &BTreeSet<Text>) {
        let world = self.world;
        let mut claims: BTreeSet<Key> = names
            .iter()
            .filter_map(|name| world.find(Kind::PersistentVolume, "", name))
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

    /// The nodes that pods run on or were made for, and the one that would be the first to take another. A DaemonSet looks
    /// at all of them, and helm may bring one.
    fn nodes(&mut self, act: &Act) {
        let world = self.world;
        let covers = self.of_kind(Kind::DaemonSet).next().is_some();
        if covers || act.target().key.kind == Kind::Node || matches!(act, Act::Helm { .. }) {
            for node in world.of_kind(Kind::Node) {
                self.add(node);
            }
            return;
        }
        let pods = self.of_kind(Kind::Pod).filter_map(|pod| pod.body.pod());
        let named: BTreeSet<&'w str> = pods
            .flat_map(|pod| [Some(pod.spec.node_name.as_str()), pod.spec.destination.as_deref()])
            .flatten()
            .collect();
        let named = named.into_iter().filter_map(|name| world.find(Kind::Node, "", name));
        for node in named.chain(places(world, None).next()) {
            self.add(node);
        }
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'w Arc<Object>> {
        let members = self.members.iter().copied();
        members.filter(move |object| object.kind() == kind)
    }

    fn attachments(&mut self) {
        let world = self.world;
        let volumes: Vec<&'w str> = self
            .of_kind(Kind::PersistentVolume)
            .map(|volume| volume.meta.name.as_str())
            .collect();
        for volume in volumes {
            for attachment in world.attachments_of(volume) {
                self.add(attachment);
            }
        }
    }

    /// Owners outside every namespace: without them a law would take their dependents for garbage.
    fn owners(&mut self) {
        let world = self.world;
        let owners: Vec<&'w Arc<Object>> = self
            .members
            .iter()
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
    let mut reached = namespaces_of(world, target);
    if let Some(object) = world.get(target) {
        let dependents = world.dependents_of(&object.meta.uid);
        let homes = dependents.map(|dependent| dependent.meta.namespace.clone());
        reached.extend(homes.filter(|namespace| !namespace.is_empty()));
    }
    reached
}

/// The namespaces in which what happens to an object is felt first: its own, or those of its claims or pods.
pub fn namespaces_of(world: &World, target: &Key) -> BTreeSet<Text> {
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
        | Kind::Release
        | Kind::ReleaseMap => [target.namespace.clone()].into_iter().collect(),
    }
}

fn claimed(object: &Object) -> Option<Key> {
    let claim = object.body.volume()?.spec.claim_ref.as_ref()?;
    Some(Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name))
}

/// The volumes that claims of these namespaces name, one or the other more than once.
fn volume_names(world: &World, namespaces: &BTreeSet<Text>) -> Vec<Text> {
    namespaces
        .iter()
        .flat_map(|namespace| world.in_namespace(Kind::PersistentVolumeClaim, namespace))
        .filter_map(|claim| claim.body.claim().map(|facts| facts.spec.volume_name.clone()))
        .filter(|name| !name.is_empty())
        .collect()
}
