//! Whose volume is it really? A volume's `claimRef.uid` against the uid of the live claim of that name.
//!
//! A claim of the right name and the wrong uid is an impostor: the volume will never bind to it
//! (`reference/semantics.md` §3.3). Nothing here reads a phase.

use super::look::Look;
use crate::laws::Conditions;
use crate::model::storage::{Claim, Volume};
use crate::model::{Key, Kind, Now, Object, Text, Uid, World};
use std::time::Duration;

/// The verdict on one volume and the claim it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimIdentity {
    /// `claimRef.uid` is the live claim's.
    Same,
    /// A claim of that name lives, and it is another one.
    Other { live: Uid, held: Uid },
    /// No claim of that name lives.
    ClaimGone { held: Uid },
    /// The uids agree, and the claim names another volume.
    Elsewhere { volume: Text },
    /// `claimRef` names a claim without uid: only a claim of that name can take the volume.
    Reserved,
    /// No `claimRef`: any claim that fits can take it.
    Free,
    /// The claim names no volume yet.
    Unbound,
    /// The claim names a volume that does not exist.
    VolumeGone,
    /// A fact is missing; `why` names it.
    Unknown { why: String },
}

/// The verdict for a volume. An object of another kind is `Unknown`.
pub fn of_volume(world: &World, object: &Object, now: Now, quiet: Duration) -> ClaimIdentity {
    let conditions = Conditions::default();
    let look = Look {
        world,
        conditions: &conditions,
        now,
        quiet,
    };
    object
        .body
        .volume()
        .map_or_else(not_storage, |volume| volume_identity(look, &object.meta.name, volume))
}

/// The verdict for a claim, through the volume it names. An object of another kind is `Unknown`.
pub fn of_claim(world: &World, object: &Object, now: Now, quiet: Duration) -> ClaimIdentity {
    let conditions = Conditions::default();
    let look = Look {
        world,
        conditions: &conditions,
        now,
        quiet,
    };
    object
        .body
        .claim()
        .map_or_else(not_storage, |claim| claim_identity(look, object, claim))
}

pub(crate) fn volume_identity(look: Look<'_>, name: &str, volume: &Volume) -> ClaimIdentity {
    let Some(held) = &volume.spec.claim_ref else {
        return ClaimIdentity::Free;
    };
    if held.uid.is_empty() {
        return ClaimIdentity::Reserved;
    }
    let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
    match look.world.get(&key) {
        Some(live) if live.meta.uid == held.uid => match live.body.claim() {
            Some(claim) if !claim.spec.volume_name.is_empty() && claim.spec.volume_name != name => {
                ClaimIdentity::Elsewhere {
                    volume: claim.spec.volume_name.clone(),
                }
            }
            _ => ClaimIdentity::Same,
        },
        Some(live) => ClaimIdentity::Other {
            live: live.meta.uid.clone(),
            held: held.uid.clone(),
        },
        None if look.gone(&key) => ClaimIdentity::ClaimGone { held: held.uid.clone() },
        None => ClaimIdentity::Unknown {
            why: unseen(look, &key),
        },
    }
}

pub(crate) fn claim_identity(look: Look<'_>, object: &Object, claim: &Claim) -> ClaimIdentity {
    if claim.spec.volume_name.is_empty() {
        return ClaimIdentity::Unbound;
    }
    let key = Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
    let Some(found) = look.world.get(&key) else {
        return if look.gone(&key) {
            ClaimIdentity::VolumeGone
        } else {
            ClaimIdentity::Unknown {
                why: unseen(look, &key),
            }
        };
    };
    match found.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref()) {
        None => ClaimIdentity::Free,
        Some(held) if held.uid == object.meta.uid => ClaimIdentity::Same,
        Some(held)
            if held.uid.is_empty() && held.name == object.meta.name && held.namespace == object.meta.namespace =>
        {
            ClaimIdentity::Reserved
        }
        Some(held) => ClaimIdentity::Other {
            live: object.meta.uid.clone(),
            held: held.uid.clone(),
        },
    }
}

fn unseen(look: Look<'_>, key: &Key) -> String {
    look.gap(key.kind, &key.namespace)
        .unwrap_or_else(|| format!("{key} cannot be read"))
}

fn not_storage() -> ClaimIdentity {
    ClaimIdentity::Unknown {
        why: "neither a claim nor a volume".to_owned(),
    }
}

impl ClaimIdentity {
    /// A few letters for a column, with a glyph that survives without colour.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Same => "✓ uid",
            Self::Other { .. } => "✗ other",
            Self::ClaimGone { .. } => "✗ gone",
            Self::Elsewhere { .. } => "✗ elsewhere",
            Self::Reserved => "· reserved",
            Self::Free => "▲ free",
            Self::Unbound => "· none",
            Self::VolumeGone => "✗ no PV",
            Self::Unknown { .. } => "? unknown",
        }
    }

    pub fn sentence(&self) -> String {
        match self {
            Self::Same => "claimRef.uid ✓ is this claim".to_owned(),
            Self::Other { live, held } if held.is_empty() => {
                format!(
                    "claimRef ✗ reserves the volume for another claim; this one is …{}",
                    live.tail(6)
                )
            }
            Self::Other { live, held } => format!(
                "claimRef.uid ✗ …{} is another claim; the live one is …{}",
                held.tail(6),
                live.tail(6)
            ),
            Self::ClaimGone { held } => format!("claimRef.uid ✗ …{}: that claim is gone", held.tail(6)),
            Self::Elsewhere { volume } => format!("claimRef.uid ✗ its claim is bound to pv/{volume}"),
            Self::Reserved => "claimRef names a claim without uid: reserved for that name".to_owned(),
            Self::Free => "no claimRef: any claim that fits can take it".to_owned(),
            Self::Unbound => "names no volume yet".to_owned(),
            Self::VolumeGone => "the volume it names does not exist".to_owned(),
            Self::Unknown { why } => format!("claim identity unknown ({why})"),
        }
    }

    /// Data is not where the names say it is.
    pub const fn wrong(&self) -> bool {
        matches!(
            self,
            Self::Other { .. } | Self::ClaimGone { .. } | Self::Elsewhere { .. } | Self::VolumeGone
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{QUIET, denied, key, now, world};
    use super::*;

    fn pair(claim_ref: &str, volume_name: &str) -> World {
        world(&format!(
            "
- {{kind: PersistentVolume, metadata: {{name: pv-1}}, spec: {{{claim_ref}}}, status: {{phase: Bound}}}}
- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: shop}}, spec: {{volumeName: \"{volume_name}\"}}, status: {{phase: Bound}}}}"
        ))
    }

    #[test]
    fn every_way_two_names_can_meet() {
        let same = "claimRef: {namespace: shop, name: data, uid: uid-data}";
        let other = "claimRef: {namespace: shop, name: data, uid: uid-old}";
        let gone = "claimRef: {namespace: shop, name: former, uid: uid-old}";
        let reserved = "claimRef: {namespace: shop, name: data}";
        for (claim_ref, volume_name, of_volume_word, of_claim_word) in [
            (same, "pv-1", "✓ uid", "✓ uid"),
            (same, "pv-2", "✗ elsewhere", "✗ no PV"),
            (same, "", "✓ uid", "· none"),
            (other, "pv-1", "✗ other", "✗ other"),
            (gone, "pv-1", "✗ gone", "✗ other"),
            (reserved, "pv-1", "· reserved", "· reserved"),
            ("", "pv-1", "▲ free", "▲ free"),
        ] {
            let world = pair(claim_ref, volume_name);
            let volume = world.get(&key("pv/pv-1")).unwrap();
            let claim = world.get(&key("pvc/data")).unwrap();
            let verdicts = [
                of_volume(&world, volume, now(), QUIET),
                of_claim(&world, claim, now(), QUIET),
            ];
            assert_eq!(
                verdicts.each_ref().map(ClaimIdentity::word),
                [of_volume_word, of_claim_word],
                "{claim_ref} {volume_name}"
            );
            assert!(verdicts.iter().all(|verdict| !verdict.sentence().is_empty()));
            assert_eq!(verdicts[0].wrong(), of_volume_word.starts_with('✗'));
        }
    }

    #[test]
    fn absence_is_only_called_so_where_the_kind_is_seen() {
        let world = pair("claimRef: {namespace: shop, name: data, uid: uid-data}", "pv-1");
        let blind = denied(&world, Kind::PersistentVolumeClaim);
        let volume = blind.get(&key("pv/pv-1")).unwrap();
        assert_eq!(
            of_volume(&blind, volume, now(), QUIET).sentence(),
            "claim identity unknown (PVCs in shop: denied: forbidden)"
        );
        let blind = denied(&world, Kind::PersistentVolume);
        let claim = blind.get(&key("pvc/data")).unwrap();
        assert_eq!(of_claim(&blind, claim, now(), QUIET).word(), "? unknown");
    }
}
