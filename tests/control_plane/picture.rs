//! A part of a world as text that can be compared: the same for a forecast, a real cluster and a sandbox.
//!
//! Names that a controller draws, uids and resource versions differ from place to place; what they mean does not: an
//! object is the one that was there before or a new one, a volume belongs to a claim that lives or to one that is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pilothouse::forecast::{Forecast, Outcome};
use pilothouse::model::act::{MANAGED_BY, scale};
use pilothouse::model::storage::{ClaimPhase, Volume, VolumePhase};
use pilothouse::model::{Act, Body, Kind, Object, World};

/// What stands where, each in a line, by a name that is the same everywhere.
pub(crate) type Picture = BTreeMap<String, Vec<String>>;

/// A namespace, the objects in it and the volumes of the class named like it, as against those of `before`.
pub(crate) fn picture(world: &World, before: &World, namespace: &str) -> Picture {
    let mut picture = Picture::new();
    for object in part(world, namespace) {
        let line = format!("{}{}", standing(object, before), body(object, world, before));
        picture.entry(label(object)).or_default().push(line);
    }
    for lines in picture.values_mut() {
        lines.sort_unstable();
    }
    picture
}

/// What became of each object, in the words of forecasts, seen from outside: two worlds and a look at the disks.
pub(crate) fn fates(before: &World, after: &World, namespace: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut fates: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let mut say = |object: &Object, word: String| fates.entry(label(object)).or_default().insert(word);
    for object in part(before, namespace) {
        let after = after.by_uid(&object.meta.uid);
        if let Some(word) = fate(object, after.map(Arc::as_ref)) {
            say(object, word.to_owned());
        }
    }
    for object in part(after, namespace) {
        if before.by_uid(&object.meta.uid).is_none() {
            say(object, format!("made anew {}", stands_on(object, before, after)));
        }
    }
    fates
}

/// The same words out of a forecast. What it says is kept needs no word.
pub(crate) fn foretold(forecast: &Forecast) -> BTreeMap<String, BTreeSet<String>> {
    let mut fates: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for entry in &forecast.entries {
        let word = match &entry.outcome {
            Outcome::Kept => continue,
            Outcome::Deleted | Outcome::DeletedLater { .. } => "gone".to_owned(),
            Outcome::Hangs { .. } => "hangs".to_owned(),
            Outcome::VolumeDestroyed { .. } => "gone, and its disk destroyed".to_owned(),
            Outcome::VolumeLeaked { .. } => "gone, and its disk left".to_owned(),
            Outcome::VolumeRetained { .. } => "released".to_owned(),
            Outcome::Created if entry.object.kind == Kind::PersistentVolumeClaim => {
                "made anew on a new claim".to_owned()
            }
            Outcome::Created => "made anew without a claim".to_owned(),
            Outcome::Recreated { on } => format!("made anew {}", on.phrase()),
            Outcome::Patched { .. } => "changed".to_owned(),
            Outcome::Orphaned => "orphaned".to_owned(),
            Outcome::Rejected { error } => format!("refused: {error}"),
            Outcome::Unknown { missing } => format!("unknown: {missing}"),
        };
        let name = plain(entry.object.kind, &entry.object.name);
        fates.entry(name).or_default().insert(word);
    }
    fates
}

/// The world as the laws leave it after a change that no act makes.
pub(crate) fn left(world: &World, alter: &dyn Fn(&mut World), conditions: &pilothouse::laws::Conditions) -> World {
    let mut end = world.clone();
    alter(&mut end);
    pilothouse::laws::settle(&mut end, conditions, &mut |_, _| {});
    end
}

/// The world as the laws leave it after an act: what a forecast is made of.
pub(crate) fn end(world: &World, act: &Act, conditions: &pilothouse::laws::Conditions) -> World {
    use pilothouse::laws::{request, settle};
    let mut end = world.clone();
    request::carry_out(&mut end, act, conditions.now);
    if let Act::Helm { release, helm } = act {
        pilothouse::laws::helm::act(&mut end, release, helm, conditions, &mut |_, _| {});
    }
    settle(&mut end, conditions, &mut |_, _| {});
    end
}

fn part<'w>(world: &'w World, namespace: &'w str) -> impl Iterator<Item = &'w Object> {
    world
        .objects()
        .map(Arc::as_ref)
        .filter(move |object| match &object.body {
            Body::PersistentVolume(volume) => volume.spec.storage_class_name == namespace,
            Body::Pod(_)
            | Body::PersistentVolumeClaim(_)
            | Body::Job(_)
            | Body::CronJob(_)
            | Body::StatefulSet(_)
            | Body::Deployment(_)
            | Body::ReplicaSet(_)
            | Body::PodDisruptionBudget(_)
            | Body::DaemonSet(_) => object.meta.namespace == namespace,
            Body::Namespace(_) => object.meta.name == namespace,
            Body::Node(_) | Body::StorageClass(_) | Body::VolumeAttachment(_) | Body::Release(_) => false,
        })
}

fn label(object: &Object) -> String {
    plain(object.kind(), &object.meta.name)
}

/// A name without the parts that a controller draws by lot.
fn plain(kind: Kind, name: &str) -> String {
    if !matches!(kind, Kind::Pod | Kind::ReplicaSet) {
        return format!("{}/{name}", kind.short());
    }
    let parts: Vec<&str> = name
        .split('-')
        .map(|part| if drawn(part) { "*" } else { part })
        .collect();
    format!("{}/{}", kind.short(), parts.join("-"))
}

/// `x7k2p`, `6d4f8b9c5d`, or the laws' own `new1`.
fn drawn(part: &str) -> bool {
    let lot = |letter: char| "bcdfghjklmnpqrstvwxz2456789".contains(letter);
    let by_laws = part
        .strip_prefix("new")
        .is_some_and(|number| number.parse::<u32>().is_ok());
    by_laws || (matches!(part.len(), 5 | 8..=10) && part.chars().all(lot))
}

/// Whether it is the one that was there before, whether it is going, what holds it, and whose it is.
fn standing(object: &Object, before: &World) -> String {
    let meta = &object.meta;
    let mut finalizers: Vec<&str> = meta.finalizers.iter().map(AsRef::as_ref).collect();
    finalizers.sort_unstable();
    let owners: Vec<String> = meta
        .owner_references
        .iter()
        .map(|owner| format!(" of {}", owner.kind))
        .collect();
    format!(
        "{}{}{} {finalizers:?}",
        if before.by_uid(&meta.uid).is_some() {
            "same"
        } else {
            "new"
        },
        if meta.deleting() { ", going" } else { "" },
        owners.concat(),
    ) + &marks(object)
}

/// What Helm reads of an object.
fn marks(object: &Object) -> String {
    let annotations = object
        .meta
        .annotations
        .iter()
        .filter(|(key, _)| key.contains("helm.sh/"));
    let labels = object.meta.labels.iter().filter(|(key, _)| *key == MANAGED_BY);
    let told: Vec<String> = annotations
        .chain(labels)
        .map(|(key, value)| format!(" {key}={value}"))
        .collect();
    told.concat()
}

fn body(object: &Object, world: &World, before: &World) -> String {
    match &object.body {
        Body::Pod(pod) => format!(
            " {}{}",
            pod.status.phase.word(),
            if pod.scheduled() { " on a node" } else { "" }
        ),
        Body::PersistentVolumeClaim(claim) => format!(" {:?} to {:?}", claim.status.phase, claim.spec.volume_name),
        Body::PersistentVolume(volume) => {
            let policy = volume.spec.persistent_volume_reclaim_policy.word();
            format!(
                " {:?} {policy} {}",
                volume.status.phase,
                belonging(volume, world, before)
            )
        }
        Body::StatefulSet(set) => format!(" of {}", set.replicas()),
        Body::Deployment(set) | Body::ReplicaSet(set) => format!(" of {:?}", set.spec.replicas),
        Body::Job(job) => format!(" {}", job.state().word()),
        Body::PodDisruptionBudget(budget) => format!(" allows {}", budget.status.disruptions_allowed),
        Body::CronJob(_)
        | Body::DaemonSet(_)
        | Body::Namespace(_)
        | Body::Node(_)
        | Body::StorageClass(_)
        | Body::VolumeAttachment(_)
        | Body::Release(_) => String::new(),
    }
}

fn belonging(volume: &Volume, world: &World, before: &World) -> String {
    let Some(claim) = &volume.spec.claim_ref else {
        return "to nobody".to_owned();
    };
    let whose = if claim.uid.is_empty() {
        "whoever is called"
    } else if world.by_uid(&claim.uid).is_none() {
        "a gone"
    } else if before.by_uid(&claim.uid).is_some() {
        "the same"
    } else {
        "a new"
    };
    format!("to {whose} {}", claim.name)
}

fn fate(object: &Object, after: Option<&Object>) -> Option<&'static str> {
    let Some(after) = after else {
        return Some(match &object.body {
            Body::PersistentVolume(volume) if disk(volume) => "gone, and its disk left",
            Body::PersistentVolume(_) => "gone, and its disk destroyed",
            _ => "gone",
        });
    };
    // what is going now is said to go, whatever else was changed on it
    let goes = after.meta.deleting() && !object.meta.deleting();
    if !goes && (marks(object) != marks(after) || scale(object) != scale(after)) {
        return Some("changed");
    }
    if let (Body::PersistentVolume(was), Body::PersistentVolume(is)) = (&object.body, &after.body) {
        let policy = |volume: &Volume| volume.spec.persistent_volume_reclaim_policy;
        return match (was.status.phase, is.status.phase) {
            (VolumePhase::Bound, VolumePhase::Released | VolumePhase::Failed) => Some("released"),
            (was, is) if was != is => Some("changed"),
            _ if after.meta.deleting() && !object.meta.deleting() => Some("hangs"),
            _ => (was.spec.claim_ref != is.spec.claim_ref || policy(was) != policy(is)).then_some("changed"),
        };
    }
    if after.meta.deleting() {
        // a claim that was going before and is going still is told again: the operator asked about it
        return (!object.meta.deleting()).then_some("hangs");
    }
    if after.meta.owner_references.len() < object.meta.owner_references.len() {
        return Some("orphaned");
    }
    let job = |object: &Object| object.body.job().map(pilothouse::model::workload::Job::state);
    if job(object) != job(after) {
        return Some("changed");
    }
    let claim = |object: &Object| {
        let claim = object.body.claim()?;
        Some((claim.status.phase, claim.spec.volume_name.clone()))
    };
    (claim(object) != claim(after)).then_some("changed")
}

/// Whether the directory behind a host path volume is there.
fn disk(volume: &Volume) -> bool {
    let path = volume.spec.host_path.as_ref().expect("a volume on a host path");
    std::path::Path::new(path.path.as_str()).exists()
}

/// What a new object stands on, as forecasts say it.
fn stands_on(object: &Object, before: &World, after: &World) -> &'static str {
    let Some(pod) = object.body.pod() else {
        return match &object.body {
            Body::PersistentVolumeClaim(_) => "on a new claim",
            Body::ReplicaSet(_) => "on the same claim",
            _ => "without a claim",
        };
    };
    let claims: Vec<_> = pod
        .claims(&object.meta)
        .filter_map(|name| {
            after
                .in_namespace(Kind::PersistentVolumeClaim, &object.meta.namespace)
                .find(|claim| claim.meta.name == name)
                .cloned()
        })
        .collect();
    if claims.is_empty() {
        "without a claim"
    } else if claims.iter().any(|claim| before.by_uid(&claim.meta.uid).is_none()) {
        "on a new claim"
    } else {
        "on the same claim"
    }
}

/// Whether a claim of this name is bound.
pub(crate) fn bound(world: &World, namespace: &str, name: &str) -> bool {
    let key = pilothouse::model::Key::new(Kind::PersistentVolumeClaim, namespace, name);
    let claim = world.get(&key).and_then(|object| object.body.claim());
    claim.is_some_and(|claim| claim.status.phase == ClaimPhase::Bound)
}
