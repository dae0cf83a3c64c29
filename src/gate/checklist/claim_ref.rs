//! Clear a volume's claimRef: nobody uses the disk, the disk stays, and only the right claim can take it.

use super::{Sight, names};
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::model::storage::{ClaimPhase, ClaimRef, ReclaimPolicy, Volume, VolumePhase};
use crate::model::{Key, Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let Some(volume) = target.body.volume() else {
        return Vec::new();
    };
    let mut items = vec![
        released(sight, volume),
        retained(sight, volume),
        no_live_claim(sight, volume.spec.claim_ref.as_ref()),
        taker(sight, target, volume.spec.claim_ref.as_ref()),
        detached(sight, target),
    ];
    if sight.attests()
        && let Some(claim) = &volume.spec.claim_ref
    {
        items.push(Item::to_attest(
            "claim-ref.next-owner",
            format!(
                "the data belongs to the next claim named {}/{}",
                claim.namespace, claim.name
            ),
        ));
    }
    items
}

/// Reserve it for another name: nobody uses the disk, and only the claim that is meant can take it.
pub(super) fn retargeted(sight: Sight<'_>, target: &Object, namespace: &str, name: &str) -> Vec<Item> {
    let Some(volume) = target.body.volume() else {
        return Vec::new();
    };
    let next = ClaimRef {
        namespace: namespace.into(),
        name: name.into(),
        ..ClaimRef::default()
    };
    let mut items = vec![
        unclaimed(sight, volume),
        retained(sight, volume),
        taker(sight, target, Some(&next)),
        detached(sight, target),
    ];
    if sight.attests() {
        items.push(Item::to_attest(
            "claim-ref.next-owner",
            format!("the data belongs to the next claim named {namespace}/{name}"),
        ));
    }
    items
}

/// Released, or Available: no live claim is bound to it.
fn unclaimed(sight: Sight<'_>, volume: &Volume) -> Item {
    let held = volume.spec.claim_ref.as_ref().filter(|claim| !claim.uid.is_empty());
    let live = held.and_then(|claim| sight.world.by_uid(&claim.uid));
    let found = match (live, volume.status.phase) {
        (Some(live), _) => Found::no(format!(
            "pvc/{} in {} is alive and owns it",
            live.meta.name, live.meta.namespace
        )),
        (None, phase @ (VolumePhase::Released | VolumePhase::Available)) => Found::yes(format!("{phase:?}")),
        (None, phase @ (VolumePhase::Pending | VolumePhase::Bound | VolumePhase::Failed | VolumePhase::Unknown)) => {
            Found::no(format!(
                "{phase:?}: only a Released or Available volume is reserved anew"
            ))
        }
    };
    Item::sensed(
        "volume.unclaimed",
        "no live claim owns it",
        found,
        sight.fresh(&[Kind::PersistentVolume, Kind::PersistentVolumeClaim]),
        "persistentvolumes: status.phase, spec.claimRef.uid",
    )
}

fn released(sight: Sight<'_>, volume: &Volume) -> Item {
    let found = match volume.status.phase {
        VolumePhase::Released => Found::yes("Released"),
        phase @ (VolumePhase::Pending
        | VolumePhase::Available
        | VolumePhase::Bound
        | VolumePhase::Failed
        | VolumePhase::Unknown) => Found::no(format!("{phase:?}: only a Released volume has a claimRef to clear")),
    };
    Item::sensed(
        "volume.released",
        "the volume is Released",
        found,
        sight.fresh(&[Kind::PersistentVolume]),
        "persistentvolumes: status.phase",
    )
}

fn retained(sight: Sight<'_>, volume: &Volume) -> Item {
    let handle = volume.spec.handle();
    let found = match volume.spec.persistent_volume_reclaim_policy {
        ReclaimPolicy::Retain => Found::yes(format!("Retain: {handle}")),
        policy @ (ReclaimPolicy::Delete | ReclaimPolicy::Recycle | ReclaimPolicy::Unknown) => Found::no(format!(
            "{}: {handle} is already being reclaimed, or is with its next release; set Retain first",
            policy.word()
        )),
    };
    Item::sensed(
        "volume.retained",
        "its disk is kept",
        found,
        sight.fresh(&[Kind::PersistentVolume]),
        "persistentvolumes: spec.persistentVolumeReclaimPolicy",
    )
}

fn no_live_claim(sight: Sight<'_>, held: Option<&ClaimRef>) -> Item {
    let found = match held {
        None => Found::no("it has no claimRef: anybody may take it already"),
        Some(held) if held.uid.is_empty() => Found::no("its claimRef has no uid: it is cleared already"),
        Some(held) => match sight.world.by_uid(&held.uid) {
            Some(live) => Found::no(format!(
                "pvc/{} with uid {} is alive and owns it",
                live.meta.name, held.uid
            )),
            None => Found::yes(format!("no claim has uid {}", held.uid)),
        },
    };
    Item::sensed(
        "claim-ref.orphaned",
        "the claim it names is gone for good",
        found,
        sight.fresh(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume]),
        "persistentvolumes: spec.claimRef.uid",
    )
}

/// After the patch only a claim of the reserved name can take the volume; others that ask for it wait.
fn taker(sight: Sight<'_>, target: &Object, held: Option<&ClaimRef>) -> Item {
    let found = held.map_or_else(
        || Found::no("no name is reserved"),
        |held| {
            let name = format!("{}/{}", held.namespace, held.name);
            let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
            let others = others_asking(sight, target, &key);
            let others = if others.is_empty() {
                String::new()
            } else {
                format!(
                    "; {} ask for it by volumeName and cannot have it",
                    names(others.iter().map(String::as_str))
                )
            };
            match sight
                .world
                .get(&key)
                .and_then(|live| live.body.claim().map(|claim| (live, claim)))
            {
                None => Found::yes(format!(
                    "{name} does not exist yet; it stays reserved for that name{others}"
                )),
                Some((live, _)) if live.meta.deleting() => {
                    Found::no(format!("{name} is Terminating: wait until it is gone{others}"))
                }
                Some((live, claim)) => match claim.status.phase {
                    ClaimPhase::Pending => Found::yes(format!(
                        "{name}, uid {}, is Pending and takes it{others}",
                        live.meta.uid
                    )),
                    phase @ (ClaimPhase::Bound | ClaimPhase::Lost | ClaimPhase::Unknown) => Found::no(format!(
                        "{name}, uid {}, is {phase:?} and cannot take it{others}",
                        live.meta.uid
                    )),
                },
            }
        },
    );
    Item::sensed(
        "claim-ref.taker",
        "only the right claim can take it next",
        found,
        sight.fresh(&[Kind::PersistentVolumeClaim]),
        "persistentvolumeclaims: status.phase, spec.volumeName",
    )
}

fn others_asking(sight: Sight<'_>, target: &Object, reserved: &Key) -> Vec<String> {
    sight
        .world
        .claims_naming(&target.meta.name)
        .filter(|claim| claim.key() != *reserved)
        .filter(|claim| {
            claim
                .body
                .claim()
                .is_some_and(|facts| facts.status.phase == ClaimPhase::Pending)
        })
        .map(|claim| format!("{}/{}", claim.meta.namespace, claim.meta.name))
        .collect()
}

fn detached(sight: Sight<'_>, target: &Object) -> Item {
    let nodes: Vec<String> = sight
        .world
        .attachments_of(&target.meta.name)
        .filter_map(|object| {
            object
                .body
                .attachment()
                .map(|attachment| attachment.spec.node_name.to_string())
        })
        .collect();
    let found = if nodes.is_empty() {
        Found::yes("attached to no node")
    } else {
        Found::no(format!("still attached to {}", names(nodes.iter().map(String::as_str))))
    };
    Item::sensed(
        "volume.detached",
        "no node has it attached",
        found,
        sight.fresh(&[Kind::VolumeAttachment]),
        "volumeattachments: spec.source.persistentVolumeName",
    )
}
