//! Rules that look at one object after the other, and whom a change reaches: after it they look again at those alone.

use super::super::finding::Finding;
use super::super::look::Look;
use crate::model::workload::Pod;
use crate::model::{Changed, Key, Kind, Object};
use std::collections::BTreeSet;

/// A rule finds in a ward what it finds at each of its objects of these kinds. What it finds at one of them must not rest
/// on another one, unless [`Reach`] says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Each {
    pub(super) kinds: &'static [Kind],
    pub(super) reach: Reach,
    /// What it finds there, as a finding on that object.
    pub(super) find: fn(Look<'_>, &Object) -> Option<Finding>,
}

/// At which of a rule's objects something else may be found once another object has changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    /// At that object. A change of an object of another kind reaches them all.
    Own,
    /// At that object and at those that name it as their owner.
    Dependents,
    /// At that claim, and at those that a pod names. Any other change reaches them all.
    Claims,
    /// At that Job, and at those that own a pod. Any other change reaches them all.
    Jobs,
}

impl Each {
    /// Adds the keys of the objects that a change reaches; `false` where it may reach any.
    pub(super) fn reached(&self, look: Look<'_>, changed: &Changed, keys: &mut BTreeSet<Key>) -> bool {
        let own = changed.key().filter(|key| self.kinds.contains(&key.kind));
        let is_own = own.is_some();
        keys.extend(own);
        match self.reach {
            Reach::Own => is_own,
            Reach::Dependents => {
                let dependents = changed
                    .states()
                    .flat_map(|object| look.world.dependents_of(&object.meta.uid));
                let theirs = dependents.filter(|object| self.kinds.contains(&object.kind()));
                keys.extend(theirs.map(|object| object.key()));
                true
            }
            Reach::Claims => is_own || of_pod(changed, keys, claims),
            Reach::Jobs => {
                (is_own || of_pod(changed, keys, jobs)) && changed.states().all(|object| is_no_root(look, object))
            }
        }
    }
}

/// What a pod reaches by what it names itself. One that may run a provisioner reaches more.
fn of_pod(changed: &Changed, keys: &mut BTreeSet<Key>, names: fn(&Object, &mut BTreeSet<Key>)) -> bool {
    changed.states().all(|object| {
        names(object, keys);
        object.kind() == Kind::Pod && !Pod::may_provision(&object.meta.name)
    })
}

/// It owns pods at most, and these own nothing: it is the root of no other Job.
fn is_no_root(look: Look<'_>, object: &Object) -> bool {
    let mut owned = look.world.dependents_of(&object.meta.uid);
    owned.all(|pod| pod.kind() == Kind::Pod && look.world.dependents_of(&pod.meta.uid).next().is_none())
}

fn claims(object: &Object, keys: &mut BTreeSet<Key>) {
    let Some(pod) = object.body.pod() else { return };
    let claims = pod.claims(&object.meta);
    keys.extend(claims.map(|claim| Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, &claim)));
}

fn jobs(object: &Object, keys: &mut BTreeSet<Key>) {
    let owners = object.meta.owner_references.iter();
    let owners = owners.filter_map(|owner| owner.key(&object.meta.namespace));
    keys.extend(owners.filter(|owner| owner.kind == Kind::Job));
}
