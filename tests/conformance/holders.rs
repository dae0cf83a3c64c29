//! Who really holds what is being deleted: read off the objects that are left, by what each finalizer waits for, without a
//! look at the laws.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse::forecast::{Forecast, Outcome};
use pilothouse::model::storage::{EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, VolumePhase};
use pilothouse::model::{Kind, Object, World};

use crate::picture::{self, Frame};

/// Per dying object: `finalizer: holder`.
pub(crate) type Holders = BTreeMap<String, BTreeSet<String>>;

/// The holders a forecast names.
pub(crate) fn foretold(forecast: &Forecast) -> Holders {
    let mut told = Holders::new();
    for entry in &forecast.entries {
        if let Outcome::Hangs { holders } = &entry.outcome {
            let lines = told.entry(Frame::Whole.label(&entry.object)).or_default();
            lines.extend(
                holders
                    .iter()
                    .map(|holder| format!("{}: {}", holder.finalizer, Frame::Whole.label(&holder.object))),
            );
        }
    }
    told
}

/// The holders of those `asked` for that are being deleted and still there, or whose disk is to be destroyed.
pub(crate) fn real(world: &World, asked: &dyn Fn(&Object) -> bool) -> Holders {
    let mut held = Holders::new();
    for object in world.objects().filter(|object| is_held(object) && asked(object)) {
        let lines = if object.meta.deleting() {
            of(world, object)
        } else {
            named(EXTERNAL_PROVISIONER, attached(world, object), object)
        };
        held.entry(Frame::Whole.label(&object.key())).or_default().extend(lines);
    }
    held
}

/// Whether an object is being deleted, or its disk is to be destroyed.
pub(crate) fn is_held(object: &Object) -> bool {
    object.meta.deleting() || object.body.volume().is_some_and(picture::waits)
}

fn of(world: &World, object: &Object) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for finalizer in &object.meta.finalizers {
        let found: Vec<&Object> = match finalizer.as_str() {
            "kubernetes.io/pvc-protection" => users(world, object),
            "kubernetes.io/pv-protection" => claim(world, object),
            "foregroundDeletion" => blocking(world, object),
            EXTERNAL_PROVISIONER => attached(world, object),
            attacher if attacher.starts_with(EXTERNAL_ATTACHER_PREFIX) => attached(world, object),
            _ => Vec::new(),
        };
        lines.extend(named(finalizer, found, object));
    }
    if object.kind() == Kind::Namespace {
        let inside = world.objects().filter(|held| held.meta.namespace == object.meta.name);
        lines.extend(
            inside
                .filter(|held| held.meta.deleting())
                .map(|held| format!("kubernetes: {}", Frame::Whole.label(&held.key()))),
        );
    }
    lines
}

/// Whom a finalizer waits for; nobody else, so the one whose finalizer it is.
fn named(finalizer: &str, found: Vec<&Object>, object: &Object) -> BTreeSet<String> {
    let found = if found.is_empty() { vec![object] } else { found };
    let line = |holder: &Object| format!("{finalizer}: {}", Frame::Whole.label(&holder.key()));
    found.into_iter().map(line).collect()
}

fn attached<'w>(world: &'w World, volume: &Object) -> Vec<&'w Object> {
    world.attachments_of(&volume.meta.name).map(AsRef::as_ref).collect()
}

fn users<'w>(world: &'w World, claim: &'w Object) -> Vec<&'w Object> {
    let pods = world.in_namespace(Kind::Pod, &claim.meta.namespace).map(AsRef::as_ref);
    pods.filter(|object| {
        let pod = object.body.pod().expect("a pod");
        pod.scheduled() && pod.claims(&object.meta).any(|name| name == claim.meta.name)
    })
    .collect()
}

fn claim<'w>(world: &'w World, object: &Object) -> Vec<&'w Object> {
    let volume = object.body.volume().expect("a volume");
    let bound = volume.status.phase == VolumePhase::Bound;
    let Some(claim) = volume.spec.claim_ref.as_ref().filter(|_| bound) else {
        return Vec::new();
    };
    world.by_uid(&claim.uid).map(AsRef::as_ref).into_iter().collect()
}

fn blocking<'w>(world: &'w World, owner: &Object) -> Vec<&'w Object> {
    let objects = world.objects().map(AsRef::as_ref);
    objects
        .filter(|object| {
            let mut references = object.meta.owner_references.iter();
            references.any(|reference| reference.uid == owner.meta.uid && reference.block_owner_deletion)
        })
        .collect()
}
