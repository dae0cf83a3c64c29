//! What becomes of the disk behind a released volume, and the finalizer that promises it.
//!
//! Sources: `sig-storage-lib-external-provisioner` v13 `controller.go` (`shouldDelete`, `handleProtectionFinalizer`,
//! `isProvisionerForVolume`), `external-provisioner` `canDeleteVolume`, `reference/semantics.md` §3.4:
//!
//! - Retain: nothing, ever. Deleting the volume object forgets the disk and frees nothing.
//! - Delete: the provisioner (`provisioned-by`, `migrated-to` or the CSI driver, of static volumes too) destroys the disk
//!   once the phase is Released; a volume that is being deleted without the provisioner's finalizer is skipped, and its
//!   disk is leaked. A provisioner that does not run keeps the volume waiting: the disk goes when it returns.
//! - That finalizer, the mark, is what makes a disk go whose volume is deleted while Bound: the gate `HonorPVReclaimPolicy`, on
//!   since 1.31 and GA in 1.33. A mark that is there decides, whatever the version; where there is none yet, the server's
//!   version tells whether one is to be expected. The provisioner's own version no fact tells: one of the server's age is taken
//!   for granted, and of volumes made by hand that it is 5.0 or later, from which on it destroys their disks too.
//! - An attachment guards the disk of a driver with attach; without attach nothing does.
//! - No deleter (nfs, local and most path volumes made by hand): the phase becomes Failed and the disk stays. A
//!   `hostPath` with `/tmp/` in its path has one, which removes the directory on the controller manager's own machine
//!   (`pkg/volume/hostpath/host_path.go`; proven by the control-plane kit). It bears no finalizer: where the volume is being
//!   deleted as well, its deleter races with the end of pv-protection, and won 13 times of 15 there. Here it always wins,
//!   which is the likelier and the worse end.

use super::absence::lists;
use super::{Change, Conditions, Law, Reaction, Reason, storage_class};
use crate::model::storage::{EXTERNAL_PROVISIONER, PROVISIONED_BY, ReclaimPolicy, Volume, VolumePhase, provisioner};
use crate::model::{Kind, Kinds, Meta, Object, Text, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "reclaim",
    source: "sig-storage-lib-external-provisioner controller.go shouldDelete",
    latency: Duration::from_millis(2500),
    reads: Kinds::of(&[
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::VolumeAttachment,
        Kind::StorageClass,
        Kind::Pod,
    ]),
    react,
};

/// The minor version of the server from which provisioners of its age mark volumes (beta, and on).
const MARKED_SINCE: u32 = 31;
/// … and from which that cannot be switched off.
const MARKED_ALWAYS: u32 = 33;

/// A migrated in-tree volume is in the hands of this driver.
const MIGRATED_TO: &str = "pv.kubernetes.io/migrated-to";

fn react(world: &World, conditions: &Conditions) -> Vec<Reaction> {
    world
        .of_kind(Kind::PersistentVolume)
        .filter_map(|object| {
            let volume = object.body.volume()?;
            let (change, reason) =
                finalizer(conditions, object, volume).or_else(|| released(world, conditions, object, volume))?;
            Some(Reaction::new(LAW.name, change, reason))
        })
        .collect()
}

/// Who would destroy the disk of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleter {
    /// An external provisioner, by its name.
    Provisioner(Text),
    /// The controller manager itself, for a directory under `/tmp/`.
    ControllerManager,
    /// Nobody: the source has no deleter.
    Nobody,
    /// The facts do not tell: the source is not read.
    Unknown,
}

pub fn deleter(meta: &Meta, volume: &Volume) -> Deleter {
    let by = meta.annotations.get(MIGRATED_TO);
    if let Some(name) = by.or_else(|| provisioner(meta, volume)) {
        return Deleter::Provisioner(name.into());
    }
    match &volume.spec.host_path {
        Some(path) if in_tmp(&path.path) => Deleter::ControllerManager,
        None if volume.spec.nfs.is_none() && volume.spec.local.is_none() => Deleter::Unknown,
        Some(_) | None => Deleter::Nobody,
    }
}

/// The host path plugin's own test, `/tmp/.+` anywhere in the path.
fn in_tmp(path: &str) -> bool {
    path.split_once("/tmp/").is_some_and(|(_, rest)| !rest.is_empty())
}

/// What keeps the disk of a Released volume with policy Delete from being destroyed, if anything.
#[derive(Clone, Debug)]
pub enum Guard {
    None,
    /// The provisioner is known not to run: the disk goes when it returns.
    ProvisionerDead(Text),
    /// The volume is still attached: it waits for the detach.
    Attached(Arc<Object>),
    /// Attachments were never listed.
    AttachmentsUnknown,
    /// The volume is being deleted and the provisioner's finalizer is not on it: the provisioner passes it by.
    Skipped,
    NoDeleter,
    DeleterUnknown,
}

pub fn guard(world: &World, conditions: &Conditions, object: &Object, volume: &Volume) -> Guard {
    let name = match deleter(&object.meta, volume) {
        Deleter::Provisioner(name) => name,
        Deleter::ControllerManager => return Guard::None,
        Deleter::Nobody => return Guard::NoDeleter,
        Deleter::Unknown => return Guard::DeleterUnknown,
    };
    if object.meta.deleting() && !object.meta.has_finalizer(EXTERNAL_PROVISIONER) {
        return Guard::Skipped;
    }
    if conditions.dead_provisioners.contains(&name) {
        return Guard::ProvisionerDead(name);
    }
    let attaches = volume
        .spec
        .csi
        .as_ref()
        .is_some_and(|csi| !conditions.attachless_drivers.contains(&csi.driver));
    if attaches {
        if let Some(attachment) = world.attachments_of(&object.meta.name).next() {
            return Guard::Attached(Arc::clone(attachment));
        }
        if !lists(world, Kind::VolumeAttachment, "") {
            return Guard::AttachmentsUnknown;
        }
    }
    Guard::None
}

/// Whether provisioners of the server's age mark the volumes whose disks they will destroy; taken for granted when its
/// version is not known.
pub fn marks(conditions: &Conditions) -> bool {
    conditions.server_minor.is_none_or(|minor| minor >= MARKED_SINCE)
}

/// By what that is judged, in words.
pub fn marking(conditions: &Conditions) -> String {
    match conditions.server_minor {
        Some(minor) if minor >= MARKED_ALWAYS => {
            format!("a provisioner of the age of server 1.{minor}, which is taken for granted, marks volumes")
        }
        Some(minor) if minor >= MARKED_SINCE => format!(
            "a provisioner of the age of server 1.{minor}, which is taken for granted, marks volumes unless \
             HonorPVReclaimPolicy is switched off"
        ),
        Some(minor) => format!(
            "a provisioner of the age of server 1.{minor}, which is taken for granted, marks no volumes: that began with \
             1.{MARKED_SINCE}"
        ),
        None => format!(
            "a provisioner marks volumes where it and the server are of 1.{MARKED_SINCE} or later, which is taken for granted"
        ),
    }
}

/// The provisioner marks a bound CSI volume whose disk it will destroy, and takes the mark off when the policy changes.
fn finalizer(conditions: &Conditions, object: &Object, volume: &Volume) -> Option<(Change, Reason)> {
    let marked = object.meta.has_finalizer(EXTERNAL_PROVISIONER);
    let policy = volume.spec.persistent_volume_reclaim_policy;
    if marked == (policy == ReclaimPolicy::Delete) {
        return None;
    }
    let Deleter::Provisioner(name) = deleter(&object.meta, volume) else {
        return None;
    };
    if conditions.dead_provisioners.contains(&name) {
        return None;
    }
    let key = object.key();
    let (uid, finalizer) = (object.meta.uid.clone(), EXTERNAL_PROVISIONER.into());
    let reason = |text: String| Reason::new(text).seen(&key, "spec.persistentVolumeReclaimPolicy", policy.word());
    match policy {
        ReclaimPolicy::Delete
            if volume.spec.csi.is_some()
                && volume.status.phase == VolumePhase::Bound
                && !object.meta.deleting()
                && marks(conditions) =>
        {
            let reason = reason(format!(
                "{name} will destroy the disk of {key} and marks it: {}",
                marking(conditions)
            ));
            let object = key;
            Some((Change::AddFinalizer { object, uid, finalizer }, reason))
        }
        ReclaimPolicy::Retain | ReclaimPolicy::Recycle => {
            let reason = reason(format!("{name} will not touch the disk of {key}"));
            let object = key;
            Some((Change::RemoveFinalizer { object, uid, finalizer }, reason))
        }
        ReclaimPolicy::Delete | ReclaimPolicy::Unknown => None,
    }
}

/// What is taken for granted where a disk is destroyed.
pub fn provided(world: &World, meta: &Meta, volume: &Volume) -> String {
    let by_hand = by_hand(meta, volume).unwrap_or_default();
    by_hand + &storage_class::credentials(world, meta, volume).unwrap_or_default()
}

/// What is taken for granted where the disk of a volume that was made by hand is destroyed, and no mark shows it.
fn by_hand(meta: &Meta, volume: &Volume) -> Option<String> {
    let provisioned = meta.annotations.get(MIGRATED_TO).is_some() || meta.annotations.get(PROVISIONED_BY).is_some();
    let driver = &volume.spec.csi.as_ref()?.driver;
    (!provisioned && !meta.has_finalizer(EXTERNAL_PROVISIONER)).then(|| {
        format!(
            "; it was made by hand, and {driver} destroys such disks from external-provisioner 5.0 on, which is taken for granted: \
             an earlier one leaves it"
        )
    })
}

fn released(world: &World, conditions: &Conditions, object: &Object, volume: &Volume) -> Option<(Change, Reason)> {
    let policy = volume.spec.persistent_volume_reclaim_policy;
    if volume.status.phase != VolumePhase::Released || policy != ReclaimPolicy::Delete {
        return None;
    }
    let key = object.key();
    let uid = object.meta.uid.clone();
    let reason = |text: String| {
        Reason::new(text)
            .seen(&key, "spec.persistentVolumeReclaimPolicy", policy.word())
            .seen(&key, "status.phase", "Released")
    };
    match guard(world, conditions, object, volume) {
        Guard::None => {
            let reason = reason(format!(
                "{key} is Released and its policy is Delete: {} goes{}",
                volume.spec.handle(),
                provided(world, &object.meta, volume)
            ));
            Some((Change::DestroyDisk { volume: key, uid }, reason))
        }
        Guard::NoDeleter => {
            let reason = reason(format!(
                "nothing can delete {}, so {key} fails and keeps it",
                volume.spec.handle()
            ));
            let phase = VolumePhase::Failed;
            let volume = key;
            Some((Change::SetVolumePhase { volume, uid, phase }, reason))
        }
        Guard::ProvisionerDead(_)
        | Guard::Attached(_)
        | Guard::AttachmentsUnknown
        | Guard::Skipped
        | Guard::DeleterUnknown => None,
    }
}

#[cfg(test)]
mod tests;
