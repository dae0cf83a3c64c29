//! Delete a claim: what becomes of the disk, whose the volume is, who holds it, who makes it anew.

use super::{Sight, count, names};
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::laws::{ownership, pvc_protection};
use crate::model::storage::{Claim, ClaimRef, ReclaimPolicy};
use crate::model::workload::StatefulSet;
use crate::model::{Key, Kind, Object, Uid};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn items(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let Some(claim) = target.body.claim() else {
        return Vec::new();
    };
    let volume = sight
        .world
        .get(&Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name))
        .cloned();
    let holders = pvc_protection::holders(sight.world, &target.key());
    let (own, foreign): (Vec<_>, Vec<_>) = holders.into_iter().partition(|pod| own_pod(sight, target, pod));
    let mut items = vec![
        fate(sight, target, claim, volume.as_deref()),
        identity(sight, target, claim, volume.as_deref()),
        no_foreign_holders(sight, &own, &foreign),
        recreation(sight, target),
    ];
    if let Some(pod) = own.first() {
        items.push(Item::to_attest(
            "claim.own-pod-next",
            format!(
                "the claim will stay Terminating until pod {} goes, and that is the next step",
                pod.meta.name
            ),
        ));
    }
    if sight.attests() {
        items.push(Item::to_attest(
            "data.restored",
            format!(
                "the data is backed up and the backup was test-restored{}",
                destroyed(target, volume.as_deref()).map_or_else(String::new, |handle| format!(
                    "; the disk {handle} may be destroyed for good"
                ))
            ),
        ));
    }
    items
}

/// Whose the volume is, by `claimRef`.
fn claim_ref(volume: &Object) -> Option<&ClaimRef> {
    volume.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref())
}

fn belongs(volume: &Object, claim: &Uid) -> bool {
    claim_ref(volume).is_some_and(|held| held.uid == *claim)
}

/// The handle of the disk that goes with this claim.
fn destroyed(target: &Object, volume: Option<&Object>) -> Option<String> {
    let object = volume.filter(|volume| belongs(volume, &target.meta.uid))?;
    let volume = object.body.volume()?;
    (volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete).then(|| volume.spec.handle())
}

fn fate(sight: Sight<'_>, target: &Object, claim: &Claim, volume: Option<&Object>) -> Item {
    let name = &claim.spec.volume_name;
    let found = match volume.and_then(|object| object.body.volume().map(|volume| (object, volume))) {
        None if name.is_empty() => Found::yes("it is bound to no volume"),
        None => Found::yes(format!("pv/{name} does not exist any more")),
        Some((object, _)) if !belongs(object, &target.meta.uid) => {
            Found::yes(format!("pv/{name} is not this claim's: its policy does not run"))
        }
        Some((_, volume)) => {
            let handle = volume.spec.handle();
            match volume.spec.persistent_volume_reclaim_policy {
                ReclaimPolicy::Retain => Found::yes(format!("Retain: pv/{name} becomes Released, {handle} stays")),
                ReclaimPolicy::Delete => Found::yes(format!("Delete: pv/{name} goes and {handle} is DESTROYED")),
                policy @ (ReclaimPolicy::Recycle | ReclaimPolicy::Unknown) => Found::no(format!(
                    "policy {} of pv/{name}: {handle} may be emptied",
                    policy.word()
                )),
            }
        }
    };
    Item::sensed(
        "volume.fate",
        "what becomes of the disk is known",
        found,
        sight.fresh(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume]),
        "persistentvolumes: spec.persistentVolumeReclaimPolicy",
    )
}

fn identity(sight: Sight<'_>, target: &Object, claim: &Claim, volume: Option<&Object>) -> Item {
    let name = &claim.spec.volume_name;
    let found = match volume {
        None if name.is_empty() => Found::yes("it is bound to no volume"),
        None => Found::yes(format!("pv/{name} does not exist any more")),
        Some(object) => match claim_ref(object) {
            Some(held) if held.uid == target.meta.uid => Found::yes(format!(
                "claimRef.uid is this claim's; pv/{name} has uid {}",
                object.meta.uid
            )),
            Some(held) if held.uid.is_empty() => {
                Found::no(format!("pv/{name} is only reserved, its claimRef has no uid"))
            }
            Some(held) => Found::no(format!(
                "pv/{name} belongs to uid {}, this claim has uid {}",
                held.uid, target.meta.uid
            )),
            None => Found::no(format!("pv/{name} has no claimRef: anybody may take it")),
        },
    };
    Item::sensed(
        "claim.identity",
        "the volume is this very claim's",
        found,
        sight.fresh(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume]),
        "persistentvolumes: spec.claimRef.uid",
    )
}

fn no_foreign_holders(sight: Sight<'_>, own: &[Arc<Object>], foreign: &[Arc<Object>]) -> Item {
    let found = if foreign.is_empty() {
        Found::yes(match own.first() {
            None => "no pod".to_owned(),
            Some(pod) => format!("only its own pod {}", pod.meta.name),
        })
    } else {
        let roots: BTreeSet<String> = foreign
            .iter()
            .map(|pod| ownership::root(sight.world, pod).sentence())
            .collect();
        Found::no(format!(
            "the delete would hang: {} ({}) of {}",
            count(foreign.len(), "pod"),
            names(foreign.iter().map(|pod| pod.meta.name.as_str())),
            names(roots.iter().map(String::as_str)),
        ))
    };
    Item::sensed(
        "claim.no-foreign-holders",
        "no foreign pod holds the claim",
        found,
        sight.fresh(&[
            Kind::Pod,
            Kind::Job,
            Kind::StatefulSet,
            Kind::ReplicaSet,
            Kind::Deployment,
            Kind::DaemonSet,
        ]),
        "pods: spec.nodeName, spec.volumes[].persistentVolumeClaim",
    )
}

/// The pod of the very `StatefulSet` that makes this claim from a template: the pod that goes next when a set is moved
/// claim by claim (seed 003: claim first, then pod).
fn own_pod(sight: Sight<'_>, claim: &Object, pod: &Object) -> bool {
    maker(sight, claim).is_some_and(|(set, ordinal)| {
        pod.meta.name == format!("{}-{ordinal}", set.meta.name)
            && pod.meta.controller().is_some_and(|owner| owner.uid == set.meta.uid)
    })
}

/// The set that makes a claim of this name, and for which ordinal.
fn maker(sight: Sight<'_>, claim: &Object) -> Option<(Arc<Object>, u32)> {
    sight
        .world
        .in_namespace(Kind::StatefulSet, &claim.meta.namespace)
        .find_map(|object| {
            let set = object.body.stateful_set()?;
            let ordinal = set.ordinals().find(|ordinal| {
                set.spec
                    .volume_claim_templates
                    .iter()
                    .any(|template| StatefulSet::claim_name(template, &object.meta.name, *ordinal) == claim.meta.name)
            })?;
            Some((Arc::clone(object), ordinal))
        })
}

fn recreation(sight: Sight<'_>, target: &Object) -> Item {
    let found = maker(sight, target).map_or_else(
        || Found::yes("nobody makes it anew"),
        |(object, ordinal)| {
            let set = &object.meta.name;
            match template_class(&object, target, ordinal) {
                Some(class) if !class.is_empty() && !class_exists(sight, &class) => Found::no(format!(
                    "StatefulSet {set} makes it anew with class {class}, which does not exist: it would stay Pending"
                )),
                Some(class) => Found::yes(format!(
                    "StatefulSet {set} makes it anew, empty, {}",
                    if class.is_empty() {
                        "without a class".to_owned()
                    } else {
                        format!("class {class}")
                    }
                )),
                None => Found::yes(format!("StatefulSet {set} makes it anew, empty, in the default class")),
            }
        },
    );
    Item::sensed(
        "claim.recreation",
        "who makes it anew, and how, is known",
        found,
        sight.fresh(&[Kind::StatefulSet, Kind::StorageClass]),
        "statefulsets: spec.volumeClaimTemplates",
    )
}

fn template_class(set: &Object, claim: &Object, ordinal: u32) -> Option<String> {
    let facts = set.body.stateful_set()?;
    let template = facts
        .spec
        .volume_claim_templates
        .iter()
        .find(|template| StatefulSet::claim_name(template, &set.meta.name, ordinal) == claim.meta.name)?;
    template.spec.storage_class_name.as_ref().map(ToString::to_string)
}

fn class_exists(sight: Sight<'_>, class: &str) -> bool {
    sight.world.get(&Key::cluster(Kind::StorageClass, class)).is_some()
}
