//! The values that an act of Helm's brings: filled in, and all that were given before.

use super::READ;
use crate::diagnose::{uncarried, unfilled};
use crate::gate::item::Item;
use crate::model::Pin;
use crate::model::act::HelmAct;
use crate::model::helm::Ledger;

/// No value that nobody has filled in: in the files, in what is rendered of them, in what a rollback goes back to.
pub(super) fn filled_in(release: &Pin, helm: &HelmAct, ledger: &Ledger) -> Option<Item> {
    let found = unfilled::of_act(release, helm, ledger)?;
    Some(Item::sensed(
        "release.no-placeholders",
        "every value it brings is filled in",
        found,
        READ,
        "the files of values; helm --dry-run=server; again before it is sent",
    ))
}

/// Every value that the release was given is given again, or a person knows which is not.
pub(super) fn carried(release: &Pin, helm: &HelmAct, ledger: &Ledger) -> Option<Item> {
    const ID: &str = "release.values-carried";
    let found = uncarried::of_act(release, helm, ledger)?;
    if found.holds == Some(false) {
        return Some(Item::to_attest(ID, found.value));
    }
    Some(Item::sensed(
        ID,
        "every value that the release was given is given again",
        found,
        READ,
        "the newest record: config; helm --dry-run=server",
    ))
}
