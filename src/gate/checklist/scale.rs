//! Scale: which pods go or come, on which claims, and who else sets the number.

use super::{Sight, names};
use crate::diagnose::Found;
use crate::forecast::Outcome;
use crate::gate::item::Item;
use crate::laws::ownership::{self, Root};
use crate::model::{Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let mut items = vec![pods(sight, target), claims(sight), owner(sight, target)];
    if sight.attests() {
        items.push(Item::to_attest(
            "scale.no-autoscaler",
            "no autoscaler and no GitOps controller sets the number back (Pilothouse does not watch them)",
        ));
    }
    items
}

fn pods(sight: Sight<'_>, target: &Object) -> Item {
    let told = |wanted: fn(&Outcome) -> bool| {
        let found = sight
            .forecast
            .entries
            .iter()
            .filter(|entry| entry.object.kind == Kind::Pod);
        let found = found.filter(|entry| wanted(&entry.outcome));
        found.map(|entry| entry.object.name.to_string()).collect::<Vec<_>>()
    };
    let gone = told(|outcome| {
        matches!(
            outcome,
            Outcome::Deleted | Outcome::DeletedLater { .. } | Outcome::Hangs { .. }
        )
    });
    let made = told(|outcome| matches!(outcome, Outcome::Recreated { .. }));
    let said = match (gone.is_empty(), made.is_empty()) {
        (true, true) => "no pod goes and none is made".to_owned(),
        (false, _) => format!("goes: {}", names(gone.iter().map(String::as_str))),
        (true, false) => format!("is made: {}", names(made.iter().map(String::as_str))),
    };
    Item::sensed(
        "scale.pods",
        "which pods go or come is known",
        Found::yes(said),
        sight.fresh(&[target.kind(), Kind::Pod]),
        "spec.replicas; pods: metadata.ownerReferences",
    )
}

fn claims(sight: Sight<'_>) -> Item {
    let lost: Vec<String> = sight
        .forecast
        .entries
        .iter()
        .filter(|entry| entry.object.kind == Kind::PersistentVolumeClaim)
        .filter(|entry| {
            matches!(
                entry.outcome,
                Outcome::Deleted | Outcome::DeletedLater { .. } | Outcome::Hangs { .. }
            )
        })
        .map(|entry| entry.object.to_string())
        .collect();
    let said = if lost.is_empty() {
        "every claim stays".to_owned()
    } else {
        format!("whenScaled: Delete takes {}", names(lost.iter().map(String::as_str)))
    };
    Item::sensed(
        "scale.claims",
        "what becomes of claims is known",
        Found::yes(said),
        sight.fresh(&[Kind::PersistentVolumeClaim, Kind::StatefulSet]),
        "statefulsets: spec.persistentVolumeClaimRetentionPolicy",
    )
}

fn owner(sight: Sight<'_>, target: &Object) -> Item {
    let found = match ownership::root(sight.world, target) {
        Root::Known(root) => Found::no(format!("{} sets its scale: scale that", root.key())),
        root @ Root::Foreign(_) => Found::yes(format!("{} may set it back", root.sentence())),
        Root::Itself | Root::Dangling(_) => Found::yes("nobody owns it"),
    };
    Item::sensed(
        "scale.owner",
        "no owner sets the number",
        found,
        sight.fresh(&[target.kind()]),
        "metadata.ownerReferences",
    )
}
