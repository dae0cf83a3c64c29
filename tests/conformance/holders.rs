//! Who really holds what is being deleted: read off the objects that are left, by what each finalizer waits for, without a
//! look at the laws.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse::forecast::{Forecast, Outcome};
use pilothouse::model::storage::VolumePhase;
use pilothouse::model::{Kind, Object, World};

use crate::picture::Frame;

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

/// The holders of everything that is being deleted and still there.
pub(crate) fn real(world: &World) -> Holders {
    let dying = world.objects().filter(|object| object.meta.deleting());
    dying
        .map(|object| (Frame::Whole.label(&object.key()), of(world, object)))
        .collect()
}

fn of(world: &World, object: &Object) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for finalizer in &object.meta.finalizers {
        let mut found: Vec<&Object> = match finalizer.as_str() {
            "kubernetes.io/pvc-protection" => users(world, object),
            "kubernetes.io/pv-protection" => claim(world, object),
            "foregroundDeletion" => blocking(world, object),
            _ => Vec::new(),
        };
        if found.is_empty() {
            found.push(object);
        }
        lines.extend(
            found
                .into_iter()
                .map(|holder| format!("{finalizer}: {}", Frame::Whole.label(&holder.key()))),
        );
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
