//! Who holds a deletion: for each finalizer left on a dying object, what it waits for, with the root an operator can act on.

use crate::laws::absence::{Presence, owner};
use crate::laws::change::{FOREGROUND, NAMESPACE_FINALIZER, ORPHAN};
use crate::laws::namespace::{Obstacle, obstacles};
use crate::laws::pod_lifecycle::{Keeper, keeper};
use crate::laws::reclaim::{Guard, guard};
use crate::laws::{Conditions, garbage_collection, ownership, pvc_protection, respawn};
use crate::model::storage::{EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, PV_PROTECTION, PVC_PROTECTION};
use crate::model::survey::ApiService;
use crate::model::workload::{JOB_TRACKING, Namespace};
use crate::model::{Key, Kind, Object, Text, World};

use super::Holder;

/// An object as a holder, with its root owner.
fn held_by(world: &World, object: &Object, finalizer: &str) -> Holder {
    let root = match ownership::root(world, object) {
        ownership::Root::Itself => format!("{} {}", object.kind().name(), object.meta.name),
        root @ (ownership::Root::Known(_) | ownership::Root::Foreign(_) | ownership::Root::Dangling(_)) => {
            root.sentence()
        }
    };
    Holder {
        object: object.key(),
        root,
        finalizer: finalizer.into(),
        respawns: respawn::respawns(world, object),
    }
}

/// A controller that does not answer, in place of an object.
fn waits_for(key: Key, whom: String, finalizer: &str) -> Holder {
    Holder {
        object: key,
        root: whom,
        finalizer: finalizer.into(),
        respawns: false,
    }
}

/// Everything that holds this dying object in this world.
pub(super) fn of(world: &World, conditions: &Conditions, object: &Object) -> Vec<Holder> {
    let mut holders: Vec<Holder> = object
        .meta
        .finalizers
        .iter()
        .flat_map(|finalizer| of_finalizer(world, conditions, object, finalizer))
        .collect();
    if let Some(pod) = object.body.pod()
        && object.meta.deletion_grace_period_seconds != Some(0)
        && let Keeper::Silent(node) = keeper(world, pod)
    {
        let whom = format!("the kubelet of node {}, which is not ready", node.name);
        holders.push(waits_for(node, whom, ""));
    }
    if let Some(namespace) = object.body.namespace()
        && namespace.spec.finalizers.iter().any(|held| held == NAMESPACE_FINALIZER)
    {
        holders.extend(left_in(world, &object.meta.name));
        holders.extend(undiscovered(conditions, &object.key(), namespace));
    }
    holders
}

/// What is left in a namespace and is itself being deleted; without any, the namespace controller itself.
fn left_in(world: &World, namespace: &str) -> Vec<Holder> {
    Kind::ALL
        .into_iter()
        .filter(|kind| kind.namespaced())
        .flat_map(|kind| world.in_namespace(kind, namespace))
        .filter(|object| object.meta.deleting())
        .map(|object| held_by(world, object, NAMESPACE_FINALIZER))
        .collect()
}

/// What keeps the namespace controller from knowing all that is in a namespace.
fn undiscovered(conditions: &Conditions, key: &Key, namespace: &Namespace) -> Vec<Holder> {
    let words = |obstacle: &Obstacle<'_>| match obstacle {
        Obstacle::Told(condition) => format!("the namespace controller, which says {}", condition.kind),
        Obstacle::Silent(service) => silence(conditions, service),
    };
    obstacles(conditions, namespace)
        .iter()
        .map(|obstacle| waits_for(key.clone(), words(obstacle), NAMESPACE_FINALIZER))
        .collect()
}

/// An API service that does not answer, and when it was asked.
pub(super) fn silence(conditions: &Conditions, service: &ApiService) -> String {
    let reason = match service.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    let asked = match conditions.survey.at {
        Some(at) => format!(", asked at {}", at.second()),
        None => String::new(),
    };
    format!("the APIService {}, which did not answer{reason}{asked}", service.name)
}

fn of_finalizer(world: &World, conditions: &Conditions, object: &Object, finalizer: &Text) -> Vec<Holder> {
    let key = object.key();
    let found: Vec<Holder> = match finalizer.as_str() {
        PVC_PROTECTION => pvc_protection::holders(world, &key)
            .iter()
            .map(|pod| held_by(world, pod, finalizer))
            .collect(),
        PV_PROTECTION => claim_of(world, object)
            .map(|claim| held_by(world, claim, finalizer))
            .into_iter()
            .collect(),
        FOREGROUND => garbage_collection::blocking(world, object)
            .map(|dependent| held_by(world, dependent, finalizer))
            .collect(),
        EXTERNAL_PROVISIONER => return provisioner(world, conditions, object, finalizer),
        JOB_TRACKING => object
            .meta
            .controller()
            .filter(|reference| owner(world, &key.namespace, reference) != Presence::Absent)
            .map(|reference| {
                waits_for(
                    key.clone(),
                    format!("the controller of Job {}", reference.name),
                    finalizer,
                )
            })
            .into_iter()
            .collect(),
        attacher if attacher.starts_with(EXTERNAL_ATTACHER_PREFIX) => world
            .attachments_of(&key.name)
            .map(|attachment| held_by(world, attachment, finalizer))
            .collect(),
        ORPHAN => vec![waits_for(key.clone(), "the garbage collector".to_owned(), finalizer)],
        _ => Vec::new(),
    };
    if found.is_empty() {
        return vec![waits_for(key, format!("the controller of {finalizer}"), finalizer)];
    }
    found
}

fn claim_of<'a>(world: &'a World, object: &Object) -> Option<&'a std::sync::Arc<Object>> {
    let claim = object.body.volume()?.spec.claim_ref.as_ref()?;
    world.get(&Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name))
}

/// What the provisioner waits for before it lets a volume go.
fn provisioner(world: &World, conditions: &Conditions, object: &Object, finalizer: &Text) -> Vec<Holder> {
    let Some(volume) = object.body.volume() else {
        return Vec::new();
    };
    vec![match guard(world, conditions, object, volume) {
        Guard::ProvisionerDead(name) => dead_provisioner(object.key(), &name),
        Guard::Attached(attachment) => held_by(world, &attachment, finalizer),
        Guard::None | Guard::AttachmentsUnknown | Guard::Skipped | Guard::NoDeleter | Guard::DeleterUnknown => {
            let phase = volume.status.phase;
            waits_for(
                object.key(),
                format!("the provisioner, which acts on Released volumes only (this one is {phase:?})"),
                finalizer,
            )
        }
    }]
}

pub(super) fn dead_provisioner(volume: Key, name: &str) -> Holder {
    waits_for(
        volume,
        format!("provisioner {name}, which does not run"),
        EXTERNAL_PROVISIONER,
    )
}

pub(super) fn attached(world: &World, attachment: &Object) -> Holder {
    held_by(world, attachment, EXTERNAL_PROVISIONER)
}
