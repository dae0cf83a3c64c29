//! Take a finalizer off: only from what is being deleted, only when its controller is known to be gone, with the loss in
//! front of the operator (`reference/semantics.md` §3.11).

use super::Sight;
use crate::diagnose::Found;
use crate::diagnose::finalizer::{OwnerLife, owner};
use crate::gate::item::Item;
use crate::model::{Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object, finalizer: &str) -> Vec<Item> {
    let owner = owner(sight.world, target, finalizer, sight.conditions);
    let deleting = match target.meta.deletion_timestamp {
        Some(since) => Found::yes(format!("since {since}")),
        None => Found::no("it is not being deleted: nothing waits for this finalizer"),
    };
    let said = format!("{}: {}", owner.controller, owner.because);
    let absent = match owner.life {
        OwnerLife::Dead => Found::yes(said),
        OwnerLife::Alive => Found::no(format!("{said}; it waits for {}; {}", owner.waits_for, owner.proof)),
        OwnerLife::Unknown => Found::untold(format!("{said}; {}", owner.proof)),
    };
    vec![
        Item::sensed(
            "finalizer.waited-for",
            "the object is being deleted and waits for it",
            deleting,
            sight.fresh(&[target.kind()]),
            "metadata.deletionTimestamp",
        ),
        Item::sensed(
            "finalizer.owner-absent",
            format!("the controller of {finalizer} is gone for good"),
            absent,
            sight.fresh(&[Kind::Pod]),
            "pods: metadata.name, status.conditions[Ready]; --dead-provisioner",
        ),
        Item::to_attest("finalizer.loss", format!("it is accepted that {}", owner.strip_loses)),
    ]
}
