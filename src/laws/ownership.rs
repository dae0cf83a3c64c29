//! Who owns what: ownerReferences walked up to the root, which is where an operator has to act.
//!
//! Sources: `apimachinery/pkg/apis/meta/v1/controller_ref.go` `GetControllerOf`, `pkg/controller/garbagecollector/garbagecollector.go`
//! (`isDangling`: an owner counts by its uid, not by its name), `reference/semantics.md` §3.1, §3.9.

use super::absence::lists;
use crate::model::{Key, Object, OwnerReference, World};
use std::sync::Arc;

/// The far end of an ownership chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The object has no owner: it is its own root.
    Itself,
    /// The topmost owner that the world holds.
    Known(Arc<Object>),
    /// The chain leads to an owner of a kind the world does not hold (an operator's custom resource), or was not shown.
    Foreign(OwnerReference),
    /// The chain leads to an owner that does not exist: garbage to the collector.
    Dangling(OwnerReference),
}

impl Root {
    /// `Job train-7f`, `CronJob nightly`, `MySQLCluster main`: how the root is named in a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Itself => "no owner".to_owned(),
            Self::Known(object) => format!("{} {}", object.kind().name(), object.meta.name),
            Self::Foreign(owner) => format!("{} {}", owner.kind, owner.name),
            Self::Dangling(owner) => format!("{} {} (gone)", owner.kind, owner.name),
        }
    }

    pub fn key(&self) -> Option<Key> {
        match self {
            Self::Known(object) => Some(object.key()),
            Self::Itself | Self::Foreign(_) | Self::Dangling(_) => None,
        }
    }
}

/// Walks controller references (or, without one, the first reference) to the top. A cycle ends where it closes.
pub fn root(world: &World, object: &Object) -> Root {
    let mut seen = vec![object.meta.uid.clone()];
    let mut current: Option<Arc<Object>> = None;
    loop {
        let meta = current.as_ref().map_or(&object.meta, |object| &object.meta);
        let Some(owner) = meta.controller().or_else(|| meta.owner_references.first()).cloned() else {
            return current.map_or(Root::Itself, Root::Known);
        };
        match world.by_uid(&owner.uid) {
            Some(found) if seen.contains(&found.meta.uid) => return Root::Known(Arc::clone(found)),
            Some(found) => {
                seen.push(found.meta.uid.clone());
                current = Some(Arc::clone(found));
            }
            None => {
                let key = owner.key(&meta.namespace);
                return match key {
                    Some(key) if lists(world, key.kind, &key.namespace) => Root::Dangling(owner),
                    Some(_) | None => Root::Foreign(owner),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests;
