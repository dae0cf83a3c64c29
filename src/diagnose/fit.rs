//! Would this claim take this volume? The binder's match: class, size, access modes, volume mode and selector.
//!
//! Source: `pkg/volume/persistentvolume/pv_helpers.go` `FindMatchingVolume`, `CheckVolumeModeMismatches`;
//! `reference/semantics.md` §3.3.

use crate::laws::storage_class;
use crate::model::storage::{Claim, Volume};
use crate::model::{Meta, Text, World};

/// Why a claim and a volume do not go together, in words; `None` when they do.
pub(crate) fn mismatch(meta: &Meta, volume: &Volume, claim: &Claim, class: &str) -> Option<String> {
    let spec = &volume.spec;
    if spec.storage_class_name != class {
        return Some(format!(
            "class {} against {}",
            quoted(&spec.storage_class_name),
            quoted(class)
        ));
    }
    if let Some(selector) = &claim.spec.selector
        && !selector.matches(&meta.labels)
    {
        return Some("the claim's selector does not match the volume's labels".to_owned());
    }
    shape_mismatch(volume, claim)
}

/// What must fit even where a volume is reserved for the claim: volume mode, access modes, size.
pub(crate) fn shape_mismatch(volume: &Volume, claim: &Claim) -> Option<String> {
    let spec = &volume.spec;
    let block = |mode: &Option<Text>| mode.as_deref() == Some("Block");
    if block(&spec.volume_mode) != block(&claim.spec.volume_mode) {
        return Some("one is Block, the other Filesystem".to_owned());
    }
    if let Some(missing) = claim
        .spec
        .access_modes
        .iter()
        .find(|mode| !spec.access_modes.contains(mode))
    {
        return Some(format!("access mode {missing} is not among the volume's"));
    }
    let wanted = claim.spec.resources.requests.storage.as_ref();
    let has = spec.capacity.storage.as_ref();
    if let (Some(wanted), Some(has)) = (wanted, has)
        && wanted.bytes() > has.bytes()
    {
        return Some(format!("{wanted} asked, {has} there"));
    }
    None
}

/// The class a claim asks for; a claim that says nothing asks for the default class, if there is one.
pub(crate) fn class_of(world: &World, claim: &Claim) -> Text {
    claim
        .spec
        .storage_class_name
        .clone()
        .or_else(|| storage_class::default(world).map(|class| class.meta.name.clone()))
        .unwrap_or_default()
}

fn quoted(class: &str) -> String {
    if class.is_empty() {
        "no class".to_owned()
    } else {
        class.to_owned()
    }
}
