//! Checks of claims and volumes.

use super::super::tenancy::Tenancy;
use super::scope::gone;
use super::{About, Check, none_of, some};
use crate::diagnose::Found;
use crate::diagnose::claim_identity::{self, ClaimIdentity};
use crate::laws::pvc_protection;
use crate::model::storage::{ClaimPhase, ReclaimPolicy, Volume, VolumePhase};
use crate::model::{Key, Kind, Object};
use std::sync::Arc;

const CLAIMS: &[Kind] = &[Kind::PersistentVolumeClaim];
const BOTH: &[Kind] = &[Kind::PersistentVolumeClaim, Kind::PersistentVolume];
const VOLUMES: &[Kind] = &[Kind::PersistentVolume];
pub(super) const HOLDERS: &[Kind] = &[
    Kind::PersistentVolumeClaim,
    Kind::Pod,
    Kind::Job,
    Kind::CronJob,
    Kind::StatefulSet,
    Kind::ReplicaSet,
    Kind::Deployment,
    Kind::DaemonSet,
];

pub(super) static CHECKS: &[Check] = &[
    Check::of(
        About::Tenant,
        "claims.bound",
        "every claim is Bound, to a volume whose claimRef names its very uid",
        BOTH,
        bound,
    ),
    Check::of(
        About::Tenant,
        "claims.settled",
        "no claim is being deleted",
        CLAIMS,
        settled,
    ),
    Check::of(About::Tenant, "claims.gone", "the tenant has no claims", CLAIMS, none),
    Check::of(
        About::Tenant,
        "claims.no-foreign-holders",
        "no pod that is not the release's holds a claim",
        HOLDERS,
        no_foreign_holders,
    ),
    Check::of(
        About::Tenant,
        "claims.no-holders",
        "no pod at all holds a claim",
        HOLDERS,
        no_holders,
    ),
    Check::of(
        About::One(Kind::PersistentVolumeClaim),
        "claim.bound",
        "the claim is Bound, to a volume whose claimRef names its very uid",
        BOTH,
        one_bound,
    ),
    Check::of(
        About::One(Kind::PersistentVolumeClaim),
        "claim.gone",
        "the claim does not exist",
        CLAIMS,
        gone,
    ),
    Check::of(
        About::Tenant,
        "volumes.retained",
        "every volume of the tenant's claims, there or gone, has the reclaim policy Retain",
        BOTH,
        retained,
    ),
    Check::of(
        About::Tenant,
        "volumes.detached",
        "no node has a volume of the tenant attached",
        &[
            Kind::PersistentVolumeClaim,
            Kind::PersistentVolume,
            Kind::VolumeAttachment,
        ],
        detached,
    ),
    Check::of(
        About::One(Kind::PersistentVolume),
        "volume.retained",
        "the volume's reclaim policy is Retain",
        VOLUMES,
        one_retained,
    ),
    Check::of(
        About::One(Kind::PersistentVolume),
        "volume.released",
        "the volume is Released",
        VOLUMES,
        |tenancy, key| phase(tenancy, key, VolumePhase::Released),
    ),
    Check::of(
        About::One(Kind::PersistentVolume),
        "volume.available",
        "the volume is Available",
        VOLUMES,
        |tenancy, key| phase(tenancy, key, VolumePhase::Available),
    ),
    Check::of(
        About::One(Kind::PersistentVolume),
        "volume.bound",
        "the volume is Bound",
        VOLUMES,
        |tenancy, key| phase(tenancy, key, VolumePhase::Bound),
    ),
];

fn told(claims: &[String]) -> String {
    match claims.len() {
        1 => "1 claim".to_owned(),
        more => format!("{more} claims"),
    }
}

fn names(tenancy: Tenancy<'_>) -> Vec<String> {
    tenancy
        .objects(Kind::PersistentVolumeClaim)
        .map(|object| object.key().to_string())
        .collect()
}

/// Why the claim is not Bound as it must be; the second part says whether that is known at all.
fn unbound(tenancy: Tenancy<'_>, object: &Object) -> Option<(String, bool)> {
    let claim = object.body.claim()?;
    let key = object.key();
    if object.meta.deleting() {
        return Some((format!("{key} is being deleted"), true));
    }
    if claim.status.phase != ClaimPhase::Bound {
        return Some((format!("{key} is {:?}", claim.status.phase), true));
    }
    let look = tenancy.look;
    match claim_identity::of_claim(look.world, object, look.now, look.quiet) {
        ClaimIdentity::Same => None,
        ClaimIdentity::Unknown { why } => Some((format!("{key}: {why}"), false)),
        other => Some((format!("{key}: {}", other.sentence()), true)),
    }
}

fn bound(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let wrong: Vec<(String, bool)> = tenancy
        .objects(Kind::PersistentVolumeClaim)
        .filter_map(|object| unbound(tenancy, object))
        .collect();
    let known: Vec<String> = wrong
        .iter()
        .filter(|(_, known)| *known)
        .map(|(text, _)| text.clone())
        .collect();
    match wrong.first() {
        _ if !known.is_empty() => Found::no(some(&known)),
        Some((why, _)) => Found::untold(why.clone()),
        None => match names(tenancy).as_slice() {
            [] => Found::no("there is no claim"),
            all => Found::yes(format!("{} Bound", told(all))),
        },
    }
}

fn one_bound(tenancy: Tenancy<'_>, key: &Key) -> Found {
    let Some(object) = tenancy.look.world.get(key) else {
        return Found::no(format!("{key} does not exist"));
    };
    match unbound(tenancy, object) {
        None => Found::yes(format!("{key} is Bound")),
        Some((why, true)) => Found::no(why),
        Some((why, false)) => Found::untold(why),
    }
}

fn settled(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let going: Vec<String> = tenancy
        .objects(Kind::PersistentVolumeClaim)
        .filter(|object| object.meta.deleting())
        .map(|object| object.key().to_string())
        .collect();
    none_of(
        &going,
        format!("{}, none Terminating", told(&names(tenancy))),
        "Terminating",
    )
}

fn none(tenancy: Tenancy<'_>, _: &Key) -> Found {
    none_of(&names(tenancy), "no claim", "there is")
}

/// `pod/train-7f-x (Job train-7f) holds pvc/data`.
pub(super) fn held(tenancy: Tenancy<'_>, claim: &Object, counts: impl Fn(&Object) -> bool) -> Vec<String> {
    let world = tenancy.look.world;
    let mut told = Vec::new();
    for pod in pvc_protection::holders(world, &claim.key()) {
        if counts(&pod) {
            let root = crate::laws::ownership::root(world, &pod).sentence();
            told.push(format!("{} ({root}) holds {}", pod.key(), claim.key()));
        }
    }
    told
}

fn all_held(tenancy: Tenancy<'_>, counts: impl Fn(&Object) -> bool) -> Vec<String> {
    let claims = tenancy.objects(Kind::PersistentVolumeClaim);
    claims.flat_map(|claim| held(tenancy, claim, &counts)).collect()
}

fn no_foreign_holders(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let held = all_held(tenancy, |pod| tenancy.foreign(pod));
    if held.is_empty() {
        Found::yes("no foreign pod")
    } else {
        Found::no(some(&held))
    }
}

fn no_holders(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let held = all_held(tenancy, |_| true);
    if held.is_empty() {
        Found::yes("no pod")
    } else {
        Found::no(some(&held))
    }
}

fn volume(object: &Arc<Object>) -> Option<(Key, &Volume)> {
    object.body.volume().map(|volume| (object.key(), volume))
}

fn retained(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let volumes = tenancy.volumes();
    let wrong: Vec<String> = volumes
        .iter()
        .filter_map(volume)
        .filter(|(_, volume)| volume.spec.persistent_volume_reclaim_policy != ReclaimPolicy::Retain)
        .map(|(key, volume)| format!("{key} {}", volume.spec.persistent_volume_reclaim_policy.word()))
        .collect();
    // a claim whose volume is not in the world may have any policy
    let unseen: Vec<String> = tenancy
        .objects(Kind::PersistentVolumeClaim)
        .filter_map(|claim| claim.body.claim().map(|facts| (claim, facts)))
        .filter(|(_, facts)| !facts.spec.volume_name.is_empty())
        .filter(|(_, facts)| !volumes.iter().any(|volume| volume.meta.name == facts.spec.volume_name))
        .map(|(claim, facts)| {
            format!(
                "{} names pv/{}, which is not there",
                claim.key(),
                facts.spec.volume_name
            )
        })
        .collect();
    match (wrong.as_slice(), unseen.as_slice()) {
        ([], []) => Found::yes(format!("{} volumes, all Retain", volumes.len())),
        ([], unseen) => Found::no(some(unseen)),
        (wrong, _) => Found::no(some(wrong)),
    }
}

fn one_retained(tenancy: Tenancy<'_>, key: &Key) -> Found {
    match tenancy.look.world.get(key).and_then(volume) {
        None => Found::no(format!("{key} does not exist")),
        Some((_, volume)) => match volume.spec.persistent_volume_reclaim_policy {
            ReclaimPolicy::Retain => Found::yes(format!("Retain: {}", volume.spec.handle())),
            policy @ (ReclaimPolicy::Delete | ReclaimPolicy::Recycle | ReclaimPolicy::Unknown) => {
                Found::no(format!("{}: {}", policy.word(), volume.spec.handle()))
            }
        },
    }
}

fn phase(tenancy: Tenancy<'_>, key: &Key, wanted: VolumePhase) -> Found {
    match tenancy.look.world.get(key).and_then(volume) {
        None => Found::no(format!("{key} does not exist")),
        Some((_, volume)) if volume.status.phase == wanted => Found::yes(format!("{wanted:?}")),
        Some((_, volume)) => Found::no(format!("{key} is {:?}", volume.status.phase)),
    }
}

fn detached(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let attached: Vec<String> = tenancy
        .volumes()
        .iter()
        .flat_map(|volume| tenancy.look.world.attachments_of(&volume.meta.name))
        .filter_map(|object| object.body.attachment())
        .map(|held| {
            format!(
                "pv/{} on {}",
                held.spec.source.persistent_volume_name, held.spec.node_name
            )
        })
        .collect();
    none_of(&attached, "attached to no node", "attached")
}
