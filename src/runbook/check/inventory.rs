//! Checks against what a step of the run took down before the claims went: the very volumes, and the claims made again.

use super::super::inventory::{Entry, Inventory};
use super::super::tenancy::Tenancy;
use super::claims::HOLDERS;
use super::{About, Check, none_of, some};
use crate::diagnose::Found;
use crate::diagnose::claim_identity::{self, ClaimIdentity};
use crate::model::storage::{ClaimPhase, ReclaimPolicy, Volume, VolumePhase};
use crate::model::{Key, Kind, Object, Text};
use std::collections::BTreeSet;
use std::sync::Arc;

const VOLUMES: &[Kind] = &[Kind::PersistentVolume];
const CLAIMS: &[Kind] = &[Kind::PersistentVolumeClaim];
const BOTH: &[Kind] = &[Kind::PersistentVolumeClaim, Kind::PersistentVolume];

pub(super) static CHECKS: &[Check] = &[
    Check::of(
        About::Inventory,
        "inventory.volumes-kept",
        "every volume that was taken down is there, the same by uid and disk, with Retain",
        VOLUMES,
        |tenancy, _| judged(tenancy, |entry| lost(tenancy, entry), "there, Retain"),
    ),
    Check::of(
        About::Inventory,
        "inventory.volumes-released",
        "every volume that was taken down is kept, and bound to no claim: Released or Available",
        VOLUMES,
        |tenancy, _| judged(tenancy, |entry| held(tenancy, entry), "kept and free"),
    ),
    Check::of(
        About::Inventory,
        "inventory.volumes-reserved",
        "every volume that was taken down is Available, and reserved by name for the claim that is made again, or bound to it",
        VOLUMES,
        |tenancy, _| judged(tenancy, |entry| unreserved(tenancy, entry), "reserved"),
    ),
    Check::of(
        About::Inventory,
        "inventory.claims-gone",
        "no claim that was taken down is there any more, by its uid",
        CLAIMS,
        claims_gone,
    ),
    Check::of(
        About::Inventory,
        "inventory.no-foreign-holders",
        "no pod that is not the release's holds a claim that was taken down",
        HOLDERS,
        no_foreign_holders,
    ),
    Check::of(
        About::Inventory,
        "inventory.classes-there",
        "every StorageClass that a claim named when it was taken down exists",
        &[Kind::StorageClass],
        classes,
    ),
    Check::of(
        About::Inventory,
        "inventory.claims-bound",
        "every claim that was taken down is there under its new name, Bound to the very volume, which names it by its uid",
        BOTH,
        bound,
    ),
];

/// Asks of each entry what is wrong with it.
fn judged(tenancy: Tenancy<'_>, wrong: impl Fn(&Entry) -> Option<String>, fine: &str) -> Found {
    let Some(inventory) = tenancy.inventory else {
        return nothing();
    };
    let wrong: Vec<String> = inventory.claims.iter().filter_map(wrong).collect();
    none_of(
        &wrong,
        format!("{} volumes {fine}", inventory.claims.len()),
        "not as it must be",
    )
}

/// Nothing is known of what is to be compared.
pub(super) fn nothing() -> Found {
    Found::untold("no step of this run has taken an inventory yet")
}

fn live<'a>(tenancy: Tenancy<'a>, entry: &Entry) -> Result<&'a Volume, String> {
    let key = entry.volume_key();
    let Some(object) = tenancy.look.world.get(&key) else {
        return Err(format!("{key} is gone ({})", entry.handle));
    };
    if object.meta.uid != entry.volume_uid {
        let told = format!(
            "{key} is another one, uid …{}, than the one taken down",
            object.meta.uid.tail(6)
        );
        return Err(told);
    }
    if object.meta.deleting() {
        return Err(format!("{key} is being deleted"));
    }
    object.body.volume().ok_or_else(|| format!("{key} is no volume"))
}

/// Why the volume is not kept.
fn lost(tenancy: Tenancy<'_>, entry: &Entry) -> Option<String> {
    let volume = match live(tenancy, entry) {
        Ok(volume) => volume,
        Err(why) => return Some(why),
    };
    let spec = &volume.spec;
    if spec.handle() != entry.handle {
        return Some(format!("pv/{} is on another disk: {}", entry.volume, spec.handle()));
    }
    let policy = spec.persistent_volume_reclaim_policy;
    (policy != ReclaimPolicy::Retain).then(|| format!("pv/{} {}", entry.volume, policy.word()))
}

/// Why the volume is not free for the claim that is made again.
fn held(tenancy: Tenancy<'_>, entry: &Entry) -> Option<String> {
    lost(tenancy, entry).or_else(|| {
        let phase = live(tenancy, entry).ok()?.status.phase;
        (!matches!(phase, VolumePhase::Released | VolumePhase::Available))
            .then(|| format!("pv/{} is {phase:?}", entry.volume))
    })
}

fn unreserved(tenancy: Tenancy<'_>, entry: &Entry) -> Option<String> {
    lost(tenancy, entry).or_else(|| {
        let volume = live(tenancy, entry).ok()?;
        let namespace = tenancy.namespace;
        let held = volume.spec.claim_ref.as_ref();
        let named = held.is_some_and(|held| held.namespace == namespace && held.name == entry.becomes);
        let taken = held.is_some_and(|held| !held.uid.is_empty() && held.uid != entry.claim_uid);
        let phase = volume.status.phase;
        let name = &entry.volume;
        match phase {
            VolumePhase::Available | VolumePhase::Bound if named => None,
            // reserved by name, it was anybody's of that name
            VolumePhase::Released if named && taken => Some(format!(
                "pv/{name} is Released: a claim made by somebody else had taken it and is gone; \
                 `pilothouse --operate unstick pv/{name}` reserves it again (in the cockpit c on the volume), then the run goes on"
            )),
            _ if named => Some(format!("pv/{name} is {phase:?}")),
            _ => {
                let other = held.map_or_else(String::new, |held| format!(", but for {}/{}", held.namespace, held.name));
                Some(format!(
                    "pv/{name} is not reserved for {namespace}/{}{other}",
                    entry.becomes
                ))
            }
        }
    })
}

/// The claims that were taken down and are still there.
fn left<'a>(tenancy: Tenancy<'a>, inventory: &'a Inventory) -> impl Iterator<Item = &'a Arc<Object>> {
    let claims = inventory.claims.iter();
    claims.filter_map(move |entry| {
        let live = tenancy.look.world.get(&entry.claim_key(inventory))?;
        (live.meta.uid == entry.claim_uid).then_some(live)
    })
}

fn claims_gone(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let Some(inventory) = tenancy.inventory else {
        return nothing();
    };
    let told = |claim: &Arc<Object>| {
        let how = if claim.meta.deleting() { "Terminating" } else { "there" };
        format!("{} is {how}", claim.key())
    };
    let left: Vec<String> = left(tenancy, inventory).map(told).collect();
    none_of(&left, format!("{} claims are gone", inventory.claims.len()), "left")
}

fn classes(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let Some(inventory) = tenancy.inventory else {
        return nothing();
    };
    let named = inventory.claims.iter().filter_map(|entry| entry.class.as_ref());
    let named: BTreeSet<&Text> = named.filter(|class| !class.is_empty()).collect();
    let there = |class: &Text| {
        let live = tenancy.look.world.get(&Key::cluster(Kind::StorageClass, class));
        live.is_some_and(|live| !live.meta.deleting())
    };
    let missing: Vec<String> = named
        .iter()
        .filter(|class| !there(class))
        .map(ToString::to_string)
        .collect();
    let all: Vec<&str> = named.iter().map(|class| class.as_str()).collect();
    none_of(&missing, all.join(", "), "not there")
}

fn no_foreign_holders(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let Some(inventory) = tenancy.inventory else {
        return nothing();
    };
    let mut held = Vec::new();
    for claim in left(tenancy, inventory) {
        held.extend(super::claims::held(tenancy, claim, |pod| tenancy.foreign(pod)));
    }
    none_of(&held, "no foreign pod", "held")
}

/// Binding is judged by uid, on both sides.
fn bound(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let Some(inventory) = tenancy.inventory else {
        return nothing();
    };
    let (mut wrong, mut unknown, mut fine) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &inventory.claims {
        match identity(tenancy, inventory, entry) {
            Ok(told) => fine.push(told),
            Err((why, true)) => wrong.push(why),
            Err((why, false)) => unknown.push(why),
        }
    }
    match (wrong.as_slice(), unknown.as_slice()) {
        ([], []) => Found::yes(some(&fine)),
        ([], unknown) => Found::untold(some(unknown)),
        (wrong, _) => Found::no(some(wrong)),
    }
}

/// The claim on its volume; else why not, and whether that is known at all.
fn identity(tenancy: Tenancy<'_>, inventory: &Inventory, entry: &Entry) -> Result<String, (String, bool)> {
    let wrong = |why: String| Err((why, true));
    if let Some(why) = lost(tenancy, entry) {
        return wrong(why);
    }
    let key = Key::new(Kind::PersistentVolumeClaim, &inventory.namespace, &entry.becomes);
    let look = tenancy.look;
    let Some(claim) = look.world.get(&key) else {
        return wrong(format!("{key} is not there"));
    };
    let Some(facts) = claim.body.claim() else {
        return wrong(format!("{key} is no claim"));
    };
    if claim.meta.deleting() {
        return wrong(format!("{key} is being deleted"));
    }
    if facts.spec.volume_name != entry.volume {
        let other = &facts.spec.volume_name;
        let told = if other.is_empty() {
            format!("{key} has no volume")
        } else {
            format!("{key} is on pv/{other}, not on pv/{}", entry.volume)
        };
        return wrong(told);
    }
    if facts.status.phase != ClaimPhase::Bound {
        return wrong(format!("{key} is {:?}", facts.status.phase));
    }
    match claim_identity::of_claim(look.world, claim, look.now, look.quiet) {
        ClaimIdentity::Same => Ok(format!("{key} uid …{} on pv/{}", claim.meta.uid.tail(6), entry.volume)),
        ClaimIdentity::Unknown { why } => Err((format!("{key}: {why}"), false)),
        other => wrong(format!("{key}: {}", other.sentence())),
    }
}
