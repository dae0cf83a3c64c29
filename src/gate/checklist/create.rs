//! Make a claim: nothing bears its name, and the volume it asks for is there for it.

use super::Sight;
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::model::storage::VolumePhase;
use crate::model::{Draft, Key, Kind};

pub(super) fn items(sight: Sight<'_>, key: &Key, draft: &Draft) -> Vec<Item> {
    let mut items = vec![absent(sight, key), volume(sight, key, draft)];
    if sight.attests() {
        items.push(Item::to_attest(
            "claim.data-of",
            format!(
                "the data on pv/{} belongs to {}/{}",
                draft.volume_name, key.namespace, key.name
            ),
        ));
    }
    items
}

fn absent(sight: Sight<'_>, key: &Key) -> Item {
    let found = match sight.world.get(key) {
        Some(held) => Found::no(format!("{key} is there, uid {}", held.meta.uid)),
        None => Found::yes(format!("nothing is called {key} in {}", key.namespace)),
    };
    Item::sensed(
        "target.absent",
        format!("{key} is not there yet"),
        found,
        sight.fresh(&[key.kind]),
        "persistentvolumeclaims: metadata.name",
    )
}

fn volume(sight: Sight<'_>, key: &Key, draft: &Draft) -> Item {
    let name = &draft.volume_name;
    let held = sight.world.get(&Key::cluster(Kind::PersistentVolume, name));
    let found = match held.and_then(|object| object.body.volume()) {
        _ if name.is_empty() => Found::yes("it names no volume: any that fits, or a new one"),
        None => Found::no(format!("pv/{name} is not there")),
        Some(facts) if facts.status.phase != VolumePhase::Available => {
            Found::no(format!("pv/{name} is {:?}, not Available", facts.status.phase))
        }
        Some(facts) => match &facts.spec.claim_ref {
            Some(claim) if claim.namespace != key.namespace || claim.name != key.name => {
                Found::no(format!("pv/{name} is reserved for {}/{}", claim.namespace, claim.name))
            }
            Some(_) => Found::yes(format!("pv/{name} is reserved for it: {}", facts.spec.handle())),
            None => Found::yes(format!(
                "pv/{name} is Available, and any other claim may be faster: {}",
                facts.spec.handle()
            )),
        },
    };
    Item::sensed(
        "claim.volume",
        "the volume it asks for is there for it",
        found,
        sight.fresh(&[Kind::PersistentVolume]),
        "persistentvolumes: status.phase, spec.claimRef",
    )
}
