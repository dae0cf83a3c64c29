//! Acts on what a step before took down: the very volumes by uid, the claims that are left, the claims made again.

use super::super::{Aim, Remake};
use super::{Aimed, Known, Unaimed, aimed, collected, misfit, pairs, pinned};
use crate::model::{Act, Key, Kind, Pin};
use crate::runbook::inventory::{Entry, Inventory};

/// What a step before took down.
pub(super) fn inventory(known: Known<'_>) -> Result<&Inventory, Unaimed> {
    known
        .tenancy
        .inventory
        .ok_or_else(|| misfit("no step of this run has taken an inventory".to_owned()))
}

/// The volume that was taken down, and no other of its name.
pub(super) fn the_very(entry: &Entry, known: Known<'_>) -> Result<Pin, Unaimed> {
    let pin = pinned(&entry.volume_key(), known)?;
    if pin.uid == entry.volume_uid {
        return Ok(pin);
    }
    let (key, seen) = (&pin.key, pin.uid.tail(6));
    Err(misfit(format!(
        "{key} is another one, uid …{seen}, than the one that was taken down"
    )))
}

/// The very claims that were taken down and are still there, but for those that are going already.
pub(super) fn left(known: Known<'_>) -> Result<Vec<Pin>, Unaimed> {
    let inventory = inventory(known)?;
    let look = known.tenancy.look;
    if let Some(why) = look.gap(Kind::PersistentVolumeClaim, &inventory.namespace) {
        return Err(Unaimed::Unseen { why });
    }
    let live = inventory.claims.iter().filter_map(|entry| {
        let claim = look.world.get(&entry.claim_key(inventory))?;
        (claim.meta.uid == entry.claim_uid && !claim.meta.deleting()).then(|| claim.pin())
    });
    Ok(live.collect())
}

/// Each volume for the claim that was on it, under its new name. Where the name stays, only the old uid has to go.
pub(super) fn reserved(aim: &Aim, known: Known<'_>) -> Aimed {
    let inventory = inventory(known)?;
    let mut unlisted = None;
    let acts = aimed(aim, known, |volume| {
        let Some(entry) = inventory.of_volume(&volume.key.name) else {
            unlisted = Some(volume.key.to_string());
            return Act::ClearClaimRef { volume };
        };
        let live = known.tenancy.look.world.get(&volume.key);
        let held = live
            .and_then(|live| live.body.volume())
            .and_then(|facts| facts.spec.claim_ref.as_ref());
        if held.is_some_and(|held| held.namespace == inventory.namespace && held.name == entry.becomes) {
            return Act::ClearClaimRef { volume };
        }
        Act::RetargetClaimRef {
            volume,
            namespace: inventory.namespace.clone(),
            name: entry.becomes.clone(),
        }
    })?;
    match unlisted {
        Some(volume) => Err(misfit(format!(
            "{volume} is in no inventory: nobody knows whose it was"
        ))),
        None => Ok(acts),
    }
}

/// Every claim that was taken down, on its very volume.
pub(super) fn remade(remake: &Remake, known: Known<'_>) -> Aimed {
    let inventory = inventory(known)?;
    let labels = pairs(&remake.labels, known.values);
    let annotations = pairs(&remake.annotations, known.values);
    let entries = inventory.claims.iter().map(|entry| {
        the_very(entry, known)?;
        let key = Key::new(Kind::PersistentVolumeClaim, &inventory.namespace, &entry.becomes);
        let draft = entry.draft(collected(&labels), collected(&annotations));
        Ok(Act::create_claim(key, draft, known.step))
    });
    entries.collect()
}
