//! A part of a world as text that can be compared: the same for a forecast, a real cluster and a sandbox.
//!
//! Names that a controller draws, uids and resource versions differ from place to place; what they mean does not: an
//! object is the one that was there before or a new one, a volume belongs to a claim that lives or to one that is gone.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use pilothouse::forecast::{Forecast, Outcome};
use pilothouse::model::act::scale;
use pilothouse::model::helm::MANAGED_BY;
use pilothouse::model::storage::{
    ClaimPhase, DEFAULT_CLASS, EXTERNAL_ATTACHER_PREFIX, ReclaimPolicy, Volume, VolumePhase,
};
use pilothouse::model::{Act, Body, Key, Kind, Object, World};

use crate::support::plane::NODE;

/// Which part of a world is drawn.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A namespace, the objects in it, the class named like it with its volumes, and a node of that name's own.
    Namespace(String),
    /// Everything but releases and the node that all share; names are told with their namespaces.
    Whole,
}

/// What stands where, each in a line, by a name that is the same everywhere.
pub(crate) type Picture = BTreeMap<String, Vec<String>>;

/// The part of a world in the frame, as against `before`.
pub(crate) fn picture(world: &World, before: &World, frame: &Frame) -> Picture {
    let mut picture = Picture::new();
    let attachments = frame.attachments(world).filter(|object| known(before, object));
    for object in frame.part(world).chain(attachments) {
        let line = format!("{}{}", standing(object, before), body(object, world, before));
        picture.entry(frame.label(&object.key())).or_default().push(line);
    }
    for lines in picture.values_mut() {
        lines.sort_unstable();
    }
    picture
}

/// What became of each object, in the words of forecasts, seen from outside: two worlds and a look at the disks, which
/// says whether the disk behind a volume is there; `lost` are the handles of those that were not there before.
pub(crate) fn fates(
    before: &World,
    after: &World,
    frame: &Frame,
    disk: &dyn Fn(&Volume) -> bool,
    lost: &BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut fates: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let mut say = |object: &Object, word: String| fates.entry(frame.label(&object.key())).or_default().insert(word);
    for object in frame.part(before).chain(frame.attachments(before)) {
        let after = same(after, object);
        if let Some(word) = fate(object, after.map(Arc::as_ref), disk, lost) {
            say(object, word.to_owned());
        }
    }
    for object in frame.part(after) {
        // A volume that is provisioned is told with the claim it is made for.
        let provisioned = object.kind() == Kind::PersistentVolume;
        if before.by_uid(&object.meta.uid).is_none() && !provisioned {
            say(object, format!("made anew {}", stands_on(object, before, after)));
        }
    }
    fates
}

/// The object in another state of its cluster. An attachment bears the name of its volume and its node: one of that name
/// is the same, however often it was detached meanwhile.
fn same<'w>(world: &'w World, object: &Object) -> Option<&'w Arc<Object>> {
    match object.kind() {
        Kind::VolumeAttachment => world.get(&object.key()),
        _ => world.by_uid(&object.meta.uid),
    }
}

fn known(before: &World, object: &Object) -> bool {
    same(before, object).is_some()
}

/// The same words out of a forecast. What it says is kept needs no word.
pub(crate) fn foretold(forecast: &Forecast, frame: &Frame) -> BTreeMap<String, BTreeSet<String>> {
    let mut fates: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    // an attachment of one name is the same: see `same`
    let again: BTreeSet<&Key> = forecast
        .entries
        .iter()
        .filter(|entry| entry.object.kind == Kind::VolumeAttachment)
        .filter(|entry| matches!(entry.outcome, Outcome::Recreated { .. }))
        .map(|entry| &entry.object)
        .collect();
    for entry in forecast.entries.iter().filter(|entry| !again.contains(&entry.object)) {
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
            Outcome::Unknown { missing } => format!("unknown: {}", plain_words(missing)),
        };
        let name = frame.label(&entry.object);
        fates.entry(name).or_default().insert(word);
    }
    fates
}

/// The world as the laws leave it after a change that no act makes.
pub(crate) fn left(world: &World, alter: &dyn Fn(&mut World), conditions: &pilothouse::laws::Conditions) -> World {
    let mut end = world.clone();
    pilothouse::laws::stateful_set::looked(&mut end);
    alter(&mut end);
    pilothouse::laws::settle(&mut end, conditions, &mut |_, _| {});
    end
}

/// The world as the laws leave it after an act: what a forecast is made of.
pub(crate) fn end(world: &World, act: &Act, conditions: &pilothouse::laws::Conditions) -> World {
    use pilothouse::laws::{request, settle, stateful_set};
    let mut end = world.clone();
    stateful_set::looked(&mut end);
    if let Act::Helm { release, helm, .. } = act {
        pilothouse::laws::helm::act(&mut end, release, helm, conditions, &mut |_, _| {});
    } else {
        request::carry_out(&mut end, act, conditions.now);
    }
    settle(&mut end, conditions, &mut |_, _| {});
    end
}

impl Frame {
    fn part<'w>(&'w self, world: &'w World) -> impl Iterator<Item = &'w Object> {
        world
            .objects()
            .map(Arc::as_ref)
            .filter(move |object| self.holds(object))
    }

    fn holds(&self, object: &Object) -> bool {
        let namespace = match self {
            Self::Whole => {
                let shared = object.kind() == Kind::Node && object.meta.name == NODE;
                return !shared && !matches!(object.kind(), Kind::VolumeAttachment | Kind::Release | Kind::ReleaseMap);
            }
            Self::Namespace(namespace) => namespace,
        };
        match &object.body {
            Body::PersistentVolume(volume) => volume.spec.storage_class_name == *namespace,
            Body::Pod(_)
            | Body::PersistentVolumeClaim(_)
            | Body::Job(_)
            | Body::CronJob(_)
            | Body::StatefulSet(_)
            | Body::Deployment(_)
            | Body::ReplicaSet(_)
            | Body::PodDisruptionBudget(_)
            | Body::DaemonSet(_) => object.meta.namespace == *namespace,
            Body::Namespace(_) | Body::StorageClass(_) => object.meta.name == *namespace,
            Body::Node(_) => object.meta.name.strip_suffix("-node") == Some(namespace),
            Body::VolumeAttachment(_) | Body::Release(_) => false,
        }
    }

    /// The attachments of these volumes. Only those that were there before are compared: attaching is no law, and a new
    /// one comes with a pod whose forecast says so much already.
    fn attachments<'w>(&'w self, world: &'w World) -> impl Iterator<Item = &'w Object> {
        self.part(world)
            .filter(|object| object.kind() == Kind::PersistentVolume)
            .flat_map(|volume| world.attachments_of(&volume.meta.name))
            .map(Arc::as_ref)
    }

    /// A name that is the same on every side.
    pub(crate) fn label(&self, key: &Key) -> String {
        let plain = plain(key.kind, &key.name);
        match self {
            Self::Whole if key.kind.namespaced() => format!("{}/{plain}", key.namespace),
            Self::Whole | Self::Namespace(_) => plain,
        }
    }
}

/// A name without the parts that a controller draws by lot.
fn plain(kind: Kind, name: &str) -> String {
    if kind == Kind::PersistentVolume {
        return format!("{}/{}", kind.short(), plain_volume(name));
    }
    if kind == Kind::VolumeAttachment {
        return format!("{}/*", kind.short());
    }
    if !matches!(kind, Kind::Pod | Kind::ReplicaSet) {
        return format!("{}/{name}", kind.short());
    }
    let parts: Vec<&str> = name
        .split('-')
        .map(|part| if drawn(part) { "*" } else { part })
        .collect();
    format!("{}/{}", kind.short(), parts.join("-"))
}

/// Words that name objects, without the parts that a controller draws by lot.
fn plain_words(text: &str) -> String {
    let plain = |word: &str| {
        let parts: Vec<&str> = word
            .split('-')
            .map(|part| if drawn(part) { "*" } else { part })
            .collect();
        parts.join("-")
    };
    text.split(' ').map(plain).collect::<Vec<_>>().join(" ")
}

/// A provisioned volume bears the uid of its claim in its name.
fn plain_volume(name: &str) -> &str {
    if name.starts_with("pvc-") { "pvc-*" } else { name }
}

/// `x7k2p`, `6d4f8b9c5d` (a hash has mostly eight to ten letters, seldom seven), or the laws' own `new1`.
fn drawn(part: &str) -> bool {
    let lot = |letter: char| "bcdfghjklmnpqrstvwxz2456789".contains(letter);
    let by_laws = part
        .strip_prefix("new")
        .is_some_and(|number| number.parse::<u32>().is_ok());
    by_laws || (matches!(part.len(), 5..=10) && part.chars().all(lot))
}

/// Whether it is the one that was there before, whether it is going, what holds it, and whose it is.
fn standing(object: &Object, before: &World) -> String {
    let meta = &object.meta;
    // What an attacher writes on a volume when a pod mounts it is no law's business until the volume is to go.
    let told = |held: &&str| meta.deleting() || !held.starts_with(EXTERNAL_ATTACHER_PREFIX);
    let mut finalizers: Vec<&str> = meta.finalizers.iter().map(AsRef::as_ref).filter(told).collect();
    finalizers.sort_unstable();
    let owners: Vec<String> = meta
        .owner_references
        .iter()
        .map(|owner| format!(" of {}", owner.kind))
        .collect();
    format!(
        "{}{}{} {finalizers:?}",
        if known(before, object) { "same" } else { "new" },
        if meta.deleting() { ", going" } else { "" },
        owners.concat(),
    ) + &marks(object)
}

/// What Helm reads of an object, and what makes a class the default one.
fn marks(object: &Object) -> String {
    let annotations = object
        .meta
        .annotations
        .iter()
        .filter(|(key, _)| key.contains("helm.sh/") || *key == DEFAULT_CLASS);
    let labels = object.meta.labels.iter().filter(|(key, _)| *key == MANAGED_BY);
    let told: Vec<String> = annotations
        .chain(labels)
        .map(|(key, value)| format!(" {key}={value}"))
        .collect();
    told.concat()
}

fn body(object: &Object, world: &World, before: &World) -> String {
    match &object.body {
        // what a kubelet reports of containers that it has ended is not the same everywhere
        Body::Pod(pod) if object.meta.deleting() => {
            if pod.scheduled() {
                " on a node".to_owned()
            } else {
                String::new()
            }
        }
        Body::Pod(pod) => format!(
            " {}{}",
            pod.status.phase.word(),
            if pod.scheduled() { " on a node" } else { "" }
        ),
        Body::PersistentVolumeClaim(claim) => {
            format!(
                " {:?} to {:?} of class {:?}",
                claim.status.phase,
                plain_volume(&claim.spec.volume_name),
                claim.spec.storage_class_name
            )
        }
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

fn fate(
    object: &Object,
    after: Option<&Object>,
    disk: &dyn Fn(&Volume) -> bool,
    lost: &BTreeSet<String>,
) -> Option<&'static str> {
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
            // something else still holds the object
            _ if !disk(was) && !lost.contains(&was.spec.handle()) => Some("gone, and its disk destroyed"),
            _ if waits(is) && !waits(was) => Some("hangs"),
            (VolumePhase::Bound, VolumePhase::Released | VolumePhase::Failed) => Some("released"),
            (was, is) if was != is => Some("changed"),
            _ if goes => Some("hangs"),
            _ => (was.spec.claim_ref != is.spec.claim_ref || policy(was) != policy(is)).then_some("changed"),
        };
    }
    if goes {
        return Some("hangs");
    }
    let owners = |object: &Object| {
        let owners = object.meta.owner_references.iter();
        owners.map(|owner| owner.uid.clone()).collect::<BTreeSet<_>>()
    };
    let (was, is) = (owners(object), owners(after));
    if was != is {
        return Some(if is.len() < was.len() { "orphaned" } else { "changed" });
    }
    let pod = |object: &Object| object.body.pod().map(|pod| (pod.status.phase, pod.scheduled()));
    if pod(object) != pod(after) {
        return Some("changed");
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

/// Released, and its disk is to be destroyed as soon as somebody can.
pub(crate) fn waits(volume: &Volume) -> bool {
    volume.status.phase == VolumePhase::Released
        && volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete
        && volume.spec.csi.is_some()
}

/// Whether the disk behind a volume is there: a CSI driver's by its driver's books, a directory's by a look.
pub(crate) fn disk(volume: &Volume, books: &BTreeSet<String>) -> bool {
    match &volume.spec.csi {
        Some(csi) => books.contains(csi.volume_handle.as_str()),
        None => directory(volume),
    }
}

/// Whether the directory behind a host path volume is there; what lies elsewhere is out of everybody's reach.
pub(crate) fn directory(volume: &Volume) -> bool {
    let path = volume.spec.host_path.as_ref();
    path.is_none_or(|path| Path::new(path.path.as_str()).exists())
}

/// The handles of the volumes whose disk is not there.
pub(crate) fn without_disk(world: &World) -> BTreeSet<String> {
    let volumes = world
        .of_kind(Kind::PersistentVolume)
        .filter_map(|object| object.body.volume());
    volumes
        .filter(|volume| !directory(volume))
        .map(|volume| volume.spec.handle())
        .collect()
}

/// What a new object stands on, as forecasts say it.
fn stands_on(object: &Object, before: &World, after: &World) -> &'static str {
    let Some(pod) = object.body.pod() else {
        return match &object.body {
            Body::PersistentVolumeClaim(_) => "on a new claim",
            Body::ReplicaSet(set) if !set.spec.template.spec.volumes.is_empty() => "on the same claim",
            _ => "without a claim",
        };
    };
    if pod.claims(&object.meta).next().is_none() {
        return "without a claim";
    }
    // a claim that it names and that is not there is none that it could stand on instead
    let claims: Vec<_> = pod
        .claims(&object.meta)
        .filter_map(|name| {
            after
                .in_namespace(Kind::PersistentVolumeClaim, &object.meta.namespace)
                .find(|claim| claim.meta.name == name)
                .cloned()
        })
        .collect();
    if claims.iter().any(|claim| before.by_uid(&claim.meta.uid).is_none()) {
        "on a new claim"
    } else {
        "on the same claim"
    }
}

/// Whether a claim of this name is bound.
pub(crate) fn bound(world: &World, namespace: &str, name: &str) -> bool {
    let key = Key::new(Kind::PersistentVolumeClaim, namespace, name);
    let claim = world.get(&key).and_then(|object| object.body.claim());
    claim.is_some_and(|claim| claim.status.phase == ClaimPhase::Bound)
}
