//! A claim that names no class and finds no volume without one gets the default class, also when that comes later.
//!
//! Source: `pkg/controller/volume/persistentvolume/pv_controller.go` (`syncUnboundClaim`, `assignDefaultStorageClass`),
//! `reference/semantics.md` §3.6; since 1.28 on every server (beta, on, since 1.26), and before that never, so the server's
//! version decides. `storageClassName: ""` is a class, namely none, and stays.

use super::binding::find;
use super::{Change, Conditions, Law, Reaction, Reason, storage_class};
use crate::model::storage::{BIND_COMPLETED, DEFAULT_CLASS};
use crate::model::{Kind, Kinds, World};
use std::collections::BTreeSet;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "default_class",
    source: "pkg/controller/volume/persistentvolume/pv_controller.go assignDefaultStorageClass",
    latency: Duration::from_millis(800),
    reads: Kinds::of(&[
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::StorageClass,
        Kind::Pod,
    ]),
    react,
};

/// The minor version of the server from which classes are assigned late.
const ASSIGNED_SINCE: u32 = 26;

fn react(world: &World, conditions: &Conditions) -> Vec<Reaction> {
    if conditions.server_minor.is_some_and(|minor| minor < ASSIGNED_SINCE) {
        return Vec::new();
    }
    let Some(class) = storage_class::default(world) else {
        return Vec::new();
    };
    let late = world.of_kind(Kind::PersistentVolumeClaim).filter_map(|object| {
        let claim = object.body.claim()?;
        let open = claim.spec.storage_class_name.is_none()
            && claim.spec.volume_name.is_empty()
            && object.meta.annotations.get(BIND_COMPLETED).is_none()
            && !object.meta.deleting()
            && find(world, object, claim, &BTreeSet::new()).is_none();
        open.then(|| {
            let version = match conditions.server_minor {
                Some(minor) => format!("server 1.{minor}"),
                None => "a server of 1.26 or later, which is taken for granted,".to_owned(),
            };
            let change = Change::AssignClass {
                claim: object.key(),
                uid: object.meta.uid.clone(),
                class: class.meta.name.clone(),
            };
            let text = format!(
                "{} names no class, and {version} gives it the default one",
                object.key()
            );
            let reason = Reason::new(text).seen(&class.key(), "metadata.annotations", DEFAULT_CLASS);
            Reaction::new(LAW.name, change, reason)
        })
    });
    late.collect()
}

#[cfg(test)]
mod tests;
