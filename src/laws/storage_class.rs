//! A class makes volumes for the claims that ask for it, and passes on to them what it says.
//!
//! Sources: `pkg/controller/volume/persistentvolume/pv_controller.go` (`syncUnboundClaim`, `provisionClaim`),
//! `pkg/volume/util/storageclass.go` `GetDefaultClass`, `external-provisioner` `pkg/controller/controller.go` (`Delete`,
//! `getSecretsFromSC`), `reference/semantics.md` §3.6:
//!
//! - A claim asks for a class by its name; one that names none gets the default class, the youngest of several
//!   ([`super::default_class`]).
//! - Where no volume fits a claim, its class has one made, with `WaitForFirstConsumer` once a pod wants it; not for a claim with
//!   a selector: external-provisioner's `controller.go` refuses it ("claim Selector is not supported"; found by conformance),
//!   and so do the provisioners that stand on the same library.
//! - The reclaim policy, `Delete` when the class says nothing, is the volume's own from then on.
//! - Nothing protects a class. When it goes, what was made of it stays and is destroyed as before; claims that wait for it go on
//!   waiting until a class of its name is there again.
//! - What may be missing then are the credentials of a disk's destruction: the provisioner hands the driver the Secret that the
//!   volume's annotations name, or else the one that its class names. Where Secret or class is gone the driver is asked without
//!   (seen; `tests/control_plane/SEEN.md`). Whether it minds, and whether the Secret is there, no fact tells.

use super::binding::{consumer, find};
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::{
    BIND_COMPLETED, Claim, Class, DEFAULT_CLASS, DELETION_SECRET_NAME, DELETION_SECRET_NAMESPACE, NO_PROVISIONER,
    ReclaimPolicy, Volume,
};
use crate::model::{Key, Kind, Kinds, Meta, Object, Text, World};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "storage_class",
    source: "pkg/controller/volume/persistentvolume/pv_controller.go provisionClaim",
    latency: Duration::from_millis(800),
    reads: Kinds::of(&[
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::StorageClass,
        Kind::Pod,
    ]),
    react,
};

fn react(world: &World, conditions: &Conditions) -> Vec<Reaction> {
    let claims = world.pending_claims();
    claims
        .filter_map(|object| provisioning(world, conditions, object))
        .collect()
}

/// What is made for a claim that no volume fits.
fn provisioning(world: &World, conditions: &Conditions, object: &Arc<Object>) -> Option<Reaction> {
    let claim = object.body.claim()?;
    let open = claim.spec.volume_name.is_empty()
        && claim.spec.selector.is_none()
        && object.meta.annotations.get(BIND_COMPLETED).is_none()
        && !object.meta.deleting();
    let class_object = of(world, claim).filter(|_| open)?;
    let class = class_object.body.class()?;
    let key = object.key();
    let provisions = class.provisioner != NO_PROVISIONER
        && !conditions.dead_provisioners.contains(&class.provisioner)
        && (!class.waits_for_consumer() || consumer(world, &key).is_some())
        && find(world, object, claim, &BTreeSet::new()).is_none();
    provisions.then(|| {
        let reason = Reason::new(format!("no volume fits {key}, so {} makes one", class.provisioner)).seen(
            &class_object.key(),
            "provisioner",
            class.provisioner.as_str(),
        );
        let uid = object.meta.uid.clone();
        Reaction::new(LAW.name, Change::Provision { claim: key, uid }, reason)
    })
}

/// The name of the class a claim asks for; empty for none. A claim that names none is matched as if it asked for none,
/// until [`super::default_class`] gives it one.
pub fn named(claim: &Claim) -> Text {
    claim.spec.storage_class_name.clone().unwrap_or_default()
}

/// The class a claim asks for, if it asks for one that exists.
pub fn of<'a>(world: &'a World, claim: &Claim) -> Option<&'a Arc<Object>> {
    by_name(world, &named(claim))
}

fn by_name<'a>(world: &'a World, name: &str) -> Option<&'a Arc<Object>> {
    (!name.is_empty())
        .then(|| world.find(Kind::StorageClass, "", name))
        .flatten()
}

/// The class marked as default: of several the youngest, then the first by name.
pub fn default(world: &World) -> Option<&Arc<Object>> {
    world
        .of_kind(Kind::StorageClass)
        .filter(|class| {
            let mark = class.meta.annotations.get(DEFAULT_CLASS);
            mark.is_some_and(|value| value == "true")
        })
        .max_by_key(|class| {
            (
                class.meta.creation_timestamp,
                std::cmp::Reverse(class.meta.name.clone()),
            )
        })
}

/// The reclaim policy of the volumes that are made of it.
pub fn policy(class: &Class) -> ReclaimPolicy {
    class.reclaim_policy.unwrap_or(ReclaimPolicy::Delete)
}

/// The Secret, `namespace/name`, that the provisioner of a CSI volume reads before it has its disk destroyed, and whether only
/// the class names it.
fn secret(world: &World, meta: &Meta, volume: &Volume) -> Option<(String, bool)> {
    volume.spec.csi.as_ref()?;
    let annotation = |name: &str| meta.annotations.get(name);
    if let (Some(name), Some(namespace)) = (annotation(DELETION_SECRET_NAME), annotation(DELETION_SECRET_NAMESPACE)) {
        return (!name.is_empty() && !namespace.is_empty()).then(|| (format!("{namespace}/{name}"), false));
    }
    let class = by_name(world, &volume.spec.storage_class_name)?;
    let parameters = &class.body.class()?.parameters;
    let claim = volume.spec.claim_ref.as_ref()?;
    let filled = |template: &Text| {
        let filled = template
            .replace("${pv.name}", &meta.name)
            .replace("${pvc.namespace}", &claim.namespace)
            .replace("${pvc.name}", &claim.name);
        (!filled.is_empty()).then_some(filled)
    };
    let (name, namespace) = (filled(&parameters.secret_name)?, filled(&parameters.secret_namespace)?);
    Some((format!("{namespace}/{name}"), true))
}

/// What is taken for granted of the credentials with which a disk is destroyed.
pub fn credentials(world: &World, meta: &Meta, volume: &Volume) -> Option<String> {
    let (secret, _) = secret(world, meta, volume)?;
    Some(format!(
        "; the driver gets the credentials of Secret {secret}, which was not looked at: where it is gone, the driver is asked \
         without, and may refuse"
    ))
}

/// The volumes of a class whose disks go with their claims, and for whose destruction only the class names the Secret.
pub fn relying<'a>(world: &'a World, class: &'a Key) -> impl Iterator<Item = (&'a Arc<Object>, String)> {
    world.of_kind(Kind::PersistentVolume).filter_map(move |object| {
        let volume = object.body.volume()?;
        let goes = volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete;
        let (secret, by_class) =
            secret(world, &object.meta, volume).filter(|_| goes && volume.spec.storage_class_name == class.name)?;
        by_class.then_some((object, secret))
    })
}

#[cfg(test)]
mod tests;
