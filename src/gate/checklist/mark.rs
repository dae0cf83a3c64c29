//! Annotations and a release's stamp: who reads them, what stood there, whose the object is.

use super::Sight;
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::model::helm::{Home, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::{Kind, Object};

/// What stands on the object now, and which release it says it is of.
pub(super) fn items(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let mark = |key: &str| target.meta.annotations.get(key).unwrap_or("(none)");
    let owner = format!("{}/{}", mark(RELEASE_NAMESPACE), mark(RELEASE_NAME));
    vec![Item::sensed(
        "mark.release",
        "whose object it says it is, is known",
        Found::yes(format!("release {owner}")),
        sight.fresh(&[target.kind()]),
        "metadata.annotations[meta.helm.sh/…]",
    )]
}

/// The release that is to own it has a record.
pub(super) fn stamp(sight: Sight<'_>, target: &Object, release: &str, namespace: &str) -> Vec<Item> {
    let mut items = items(sight, target);
    let records = sight.world.records_in(namespace);
    let known = records
        .filter_map(|object| object.body.release())
        .filter(|record| record.name == release)
        .count();
    // records in ConfigMaps are few: who may not list them is told of those in Secrets
    let kept = match Home::called(sight.world, namespace, release) {
        Ok(Some(home)) => home.driver.kind(),
        Ok(None) | Err(_) => Kind::Release,
    };
    let said = match known {
        0 => format!("{namespace}/{release} has no record yet: its install adopts"),
        count => format!("{namespace}/{release} has {count} revisions: its next upgrade adopts"),
    };
    items.push(Item::sensed(
        "stamp.release",
        "which release adopts it is known",
        Found::yes(said),
        sight.fresh(&[kept]),
        "records of Helm's",
    ));
    if sight.attests() {
        items.push(Item::to_attest(
            "stamp.meant",
            format!("{namespace}/{release} is the release that is to own it"),
        ));
    }
    items
}
