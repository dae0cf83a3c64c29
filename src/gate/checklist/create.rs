//! Make a claim or a class: nothing bears its name, and what it asks for is there for it.

use super::Sight;
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::model::act::{ClassDraft, SetDraft};
use crate::model::storage::{ReclaimPolicy, VolumePhase};
use crate::model::{Draft, Key, Kind, Labels};

/// The mark of the class that claims without one get.
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

pub(super) fn items(sight: Sight<'_>, key: &Key, draft: &Draft) -> Vec<Item> {
    let mut items = vec![absent(sight, key, &draft.volume_name), volume(sight, key, draft)];
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

/// A class: what it says, and that nothing else is the default beside it.
pub(super) fn class(sight: Sight<'_>, key: &Key, draft: &ClassDraft) -> Vec<Item> {
    let others = sight.world.of_kind(Kind::StorageClass);
    let default = |annotations: &Labels| annotations.get(DEFAULT) == Some("true");
    let already: Vec<String> = others
        .filter(|other| default(&other.meta.annotations))
        .map(|other| other.key().to_string())
        .collect();
    let found = if default(&draft.annotations) && !already.is_empty() {
        Found::no(format!(
            "{} is the default already: claims without a class would get the newer one",
            already.join(", ")
        ))
    } else {
        Found::yes(format!(
            "{} with policy {}",
            draft.provisioner,
            draft.facts().reclaim_policy.map_or("Delete", ReclaimPolicy::word)
        ))
    };
    vec![
        absent(sight, key, ""),
        Item::sensed(
            "class.default",
            "it does not become a second default class",
            found,
            sight.fresh(&[Kind::StorageClass]),
            "storageclasses: metadata.annotations",
        ),
    ]
}

/// A set: the pods it adopts are there, and the classes its claims would be made on.
pub(super) fn set(sight: Sight<'_>, key: &Key, draft: &SetDraft) -> Vec<Item> {
    let wanted: Vec<&str> = draft.classes().iter().filter_map(|(_, class)| *class).collect();
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|class| sight.world.get(&Key::cluster(Kind::StorageClass, class)).is_none())
        .collect();
    let found = if missing.is_empty() {
        let told = draft.classes();
        let told = told
            .iter()
            .map(|(name, class)| format!("{name} on {}", class.unwrap_or("the default class")));
        Found::yes(told.collect::<Vec<_>>().join(", "))
    } else {
        Found::no(format!("there is no storageclass/{}", missing.join(", ")))
    };
    let mut items = vec![
        absent(sight, key, ""),
        Item::sensed(
            "set.classes",
            "every class its claims would be made on is there",
            found,
            sight.fresh(&[Kind::StorageClass]),
            "storageclasses: metadata.name",
        ),
    ];
    if draft.of_helm() {
        items.push(Item::to_attest(
            "set.release",
            "its release's values are changed to the same class, or its next upgrade fails",
        ));
    }
    items
}

/// `wanted` is the volume that it is made for.
fn absent(sight: Sight<'_>, key: &Key, wanted: &str) -> Item {
    let found = match sight.world.get(key) {
        Some(held) => {
            let volume = held.body.claim().map(|claim| claim.spec.volume_name.as_str());
            let on = match volume {
                Some("") => ", bound to nothing".to_owned(),
                Some(volume) => format!(", on pv/{volume}"),
                None => String::new(),
            };
            let then = match volume {
                Some(volume) if !volume.is_empty() && volume == wanted => format!(
                    " (ctrl-d on it, where whoever made it agrees); its volume is Released then, and `pilothouse --operate \
                     unstick pv/{volume}` reserves it again"
                ),
                Some(_) | None => String::new(),
            };
            Found::no(format!(
                "{key} is there, uid {}{on}: it is another one, and has to go before{then}",
                held.meta.uid
            ))
        }
        None if key.namespace.is_empty() => Found::yes(format!("nothing is called {key}")),
        None => Found::yes(format!("nothing is called {key} in {}", key.namespace)),
    };
    Item::sensed(
        "target.absent",
        format!("{key} is not there yet"),
        found,
        sight.fresh(&[key.kind]),
        &format!("{}: metadata.name", key.kind.plural()),
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
