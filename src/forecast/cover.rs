//! Which facts an answer rests on, and what becomes of the answer when they are stale, denied or not yet listed.

use super::course::Futures;
use super::{Entry, Outcome, target, words};
use crate::laws::Reason;
use crate::laws::absence::lists;
use crate::laws::ownership::{self, Root};
use crate::laws::reclaim::{Deleter, deleter};
use crate::laws::{stateful_set, storage_class};
use crate::model::feed::Freshness;
use crate::model::meta::OwnerReference;
use crate::model::storage::{EXTERNAL_PROVISIONER, ReclaimPolicy};
use crate::model::time::short_span;
use crate::model::{Act, Key, Kind, Now, Object, Text, World};
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What the operator's word and the pods in sight say against each other, where the forecast turns on it.
pub(super) fn contradictions<'a>(
    futures: &'a Futures<'_>,
    entries: &'a [Entry],
    contradicted: &'a [(Text, &'a Arc<Object>)],
) -> impl Iterator<Item = String> + 'a {
    let turns_on = |driver: &Text| {
        let found = |key: &Key| futures.before.get(key).into_iter().chain(futures.after.get(key));
        let mut objects = entries.iter().flat_map(|entry| found(&entry.object));
        objects.any(|object| in_the_hands_of(&futures.before, object, driver))
    };
    contradicted
        .iter()
        .filter(move |(driver, _)| turns_on(driver))
        .map(|(driver, pod)| {
            format!(
                "whether {driver} is gone: it was named dead, but pod {}/{} is ready; it is counted as running",
                pod.meta.namespace, pod.meta.name
            )
        })
}

/// A volume whose disk this provisioner would destroy, or a claim that it would make one for.
fn in_the_hands_of(world: &World, object: &Object, driver: &Text) -> bool {
    if let Some(volume) = object.body.volume() {
        let doomed = volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete
            || object.meta.has_finalizer(EXTERNAL_PROVISIONER);
        return doomed && deleter(&object.meta, volume) == Deleter::Provisioner(driver.clone());
    }
    object.body.claim().is_some_and(|claim| {
        claim.spec.volume_name.is_empty()
            && storage_class::of(world, claim)
                .and_then(|class| class.body.class())
                .is_some_and(|class| class.provisioner == *driver)
    })
}

/// Turns entries that rest on missing facts into unknowns, adds what cannot be seen at all, and names what was missing.
pub(super) fn judge(
    world: &World,
    futures: &Futures<'_>,
    entries: &mut Vec<Entry>,
    now: Now,
    quiet: Duration,
) -> Vec<String> {
    let mut unknowns = BTreeSet::new();
    // asked once, however many entries rest on it
    let mut gaps: HashMap<(Kind, Text), Option<String>> = HashMap::new();
    entries.extend(unseen_volumes(world, futures, entries));
    // where every kind is current in every namespace, no entry rests on anything that is not
    let current = world.is_current(now.mono, quiet);
    for entry in entries.iter_mut().filter(|_| !current) {
        let (before, after) = (&futures.before, &futures.after);
        let object = || before.get(&entry.object).or_else(|| after.get(&entry.object));
        let mut missing: BTreeSet<String> = BTreeSet::new();
        needs(futures, &entry.object, &object, &mut |kind, namespace| {
            let known = gaps.entry((kind, namespace.clone()));
            let known = known.or_insert_with_key(|(kind, namespace)| gap(world, *kind, namespace, now, quiet));
            missing.extend(known.iter().cloned());
        });
        unknowns.extend(missing.iter().cloned());
        if missing.is_empty() || matches!(entry.outcome, Outcome::Unknown { .. } | Outcome::Rejected { .. }) {
            continue;
        }
        let by_what_is_known = format!(
            "by what was last known: {} ({})",
            entry.outcome.word(),
            entry.reason.text
        );
        Arc::make_mut(&mut entry.reason).text = by_what_is_known;
        entry.outcome = Outcome::Unknown {
            missing: missing.into_iter().collect::<Vec<_>>().join("; "),
        };
    }
    unknowns.extend(taken_for_granted(world, futures, entries, now, quiet));
    unknowns.extend(futures.trace.granted.iter().cloned());
    if futures.unsettled {
        unknowns.insert("the world does not come to rest: controllers undo each other's work".to_owned());
    }
    unknowns.into_iter().collect()
}

/// What is not known of a kind, in words; `None` when its feed is live.
fn gap(world: &World, kind: Kind, namespace: &str, now: Now, quiet: Duration) -> Option<String> {
    let plural = if kind == Kind::Release {
        "releases"
    } else if kind == Kind::ReleaseMap {
        "releases in ConfigMaps"
    } else {
        kind.plural()
    };
    let place = if namespace.is_empty() {
        plural.to_owned()
    } else {
        format!("{plural} in {namespace}")
    };
    match world.freshness(kind, namespace, now.mono, quiet) {
        Freshness::Live { .. } => None,
        Freshness::Stale { age, why } => Some(format!("{place}: stale for {} ({why})", short_span(age))),
        Freshness::Denied { why } => Some(format!("{place}: denied ({why})")),
        Freshness::Listing { seen, .. } => Some(format!("{place}: listing, {seen} so far")),
        Freshness::Waiting { .. } => Some(format!("{place}: not listed yet")),
        Freshness::Unserved => Some(format!("{place}: not served")),
    }
}

/// The kinds, and where, that the fate of an object rests on.
fn needs<'a>(
    futures: &Futures<'_>,
    key: &Key,
    object: &dyn Fn() -> Option<&'a Arc<Object>>,
    needed: &mut dyn FnMut(Kind, &Text),
) {
    let mut add = |kind: Kind, namespace: &Text| {
        if kind.namespaced() {
            needed(kind, namespace);
        } else {
            needed(kind, &Text::default());
        }
    };
    add(key.kind, &key.namespace);
    match key.kind {
        Kind::PersistentVolumeClaim => {
            add(Kind::Pod, &key.namespace);
            add(Kind::PersistentVolume, &key.namespace);
        }
        Kind::PersistentVolume => {
            let volume = object().and_then(|object| object.body.volume());
            for namespace in volume
                .and_then(|volume| volume.spec.claim_ref.as_ref())
                .map(|claim| &claim.namespace)
                .into_iter()
                .chain((!futures.target().namespace.is_empty()).then_some(&futures.target().namespace))
            {
                add(Kind::PersistentVolumeClaim, namespace);
                add(Kind::Pod, namespace);
            }
            if volume.is_some_and(|volume| volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete) {
                add(Kind::VolumeAttachment, &key.namespace);
            }
        }
        Kind::Pod => {
            let maker = object().and_then(|object| object.meta.controller());
            if let Some(maker) = maker.and_then(OwnerReference::held_kind) {
                add(maker, &key.namespace);
            }
        }
        Kind::Job | Kind::ReplicaSet | Kind::DaemonSet | Kind::PodDisruptionBudget => {
            add(Kind::Pod, &key.namespace);
        }
        Kind::StatefulSet => {
            add(Kind::Pod, &key.namespace);
            add(Kind::PersistentVolumeClaim, &key.namespace);
        }
        Kind::Deployment => {
            add(Kind::ReplicaSet, &key.namespace);
            add(Kind::Pod, &key.namespace);
        }
        Kind::CronJob => {
            add(Kind::Job, &key.namespace);
            add(Kind::Pod, &key.namespace);
        }
        Kind::Namespace => {
            let inside = Kind::ALL.into_iter().filter(|kind| kind.namespaced());
            inside.for_each(|kind| add(kind, &key.name));
            add(Kind::PersistentVolume, &key.name);
        }
        Kind::StorageClass => add(Kind::PersistentVolumeClaim, &Text::default()),
        Kind::Node => add(Kind::Pod, &Text::default()),
        Kind::VolumeAttachment => add(Kind::PersistentVolume, &key.namespace),
        Kind::Release | Kind::ReleaseMap => {}
    }
}

/// The volumes of claims that go, where volumes cannot be seen.
fn unseen_volumes(world: &World, futures: &Futures<'_>, entries: &[Entry]) -> Vec<Entry> {
    entries
        .iter()
        .filter(|entry| entry.object.kind == Kind::PersistentVolumeClaim)
        .filter(|entry| !matches!(entry.outcome, Outcome::Kept | Outcome::Recreated { .. }))
        .filter_map(|entry| futures.before.get(&entry.object)?.body.claim())
        .filter(|claim| !claim.spec.volume_name.is_empty())
        .map(|claim| Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name))
        .filter(|volume| futures.before.get(volume).is_none())
        // a Lost claim names a volume that is gone: there is nothing to know
        .filter(|volume| {
            let unread = world.malformed().any(|broken| broken.key == *volume);
            unread || world.get(volume).is_some() || !lists(world, volume.kind, "")
        })
        .map(|volume| Entry {
            reason: Reason::new(format!(
                "{volume} is not among the facts: its policy decides over the disk"
            ))
            .into(),
            object: volume,
            uid: crate::model::Uid::default(),
            outcome: Outcome::Unknown {
                missing: "the volume and its reclaim policy".to_owned(),
            },
            law: "reclaim".into(),
        })
        .collect()
}

/// What is not known of API services, of which each one that is down holds every namespace that is deleted.
fn services(futures: &Futures<'_>) -> Option<String> {
    let survey = &futures.conditions.survey;
    match (survey.services.gap(), survey.at) {
        (None, None) => None,
        (None, Some(at)) => Some(format!("which API services answer, later than {}", at.second())),
        (Some(why), _) => Some(format!("whether all API services answer: {why}")),
    }
}

/// Facts an answer takes for granted without resting on them.
fn taken_for_granted(
    world: &World,
    futures: &Futures<'_>,
    entries: &[Entry],
    now: Now,
    quiet: Duration,
) -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    let pods = || {
        let pods = entries.iter().filter(|entry| entry.object.kind == Kind::Pod);
        pods.filter_map(|entry| futures.before.get(&entry.object))
    };
    if pods().next().is_some()
        && let Some(gap) = gap(world, Kind::Node, "", now, quiet)
    {
        granted.insert(format!("{gap}; their kubelets are taken to answer"));
    }
    for pod in pods() {
        if let Some(owner) = pod.meta.controller()
            && owner.held_kind().is_none()
        {
            let what = format!("{} {}", owner.kind, owner.name);
            granted.insert(format!("whether the operator of {what} makes {} anew", pod.key()));
        }
    }
    if matches!(futures.act, Act::Scale { .. })
        && let Some(object) = futures.before.get(futures.target())
        && let Root::Foreign(owner) = ownership::root(&futures.before, object)
    {
        let what = format!("{} {}", owner.kind, owner.name);
        granted.insert(format!("whether the operator of {what} scales {} back", object.key()));
    }
    for set in futures.after.of_kind(Kind::StatefulSet) {
        for pod in stateful_set::given_up(&futures.after, set) {
            let claim = |key: &Key| {
                key.kind == Kind::PersistentVolumeClaim
                    && key.namespace == pod.namespace
                    && key.name.ends_with(&format!("-{}", pod.name))
            };
            if entries.iter().any(|entry| claim(&entry.object)) {
                granted.insert(format!(
                    "when {} makes {pod}: it gave up over a stale claim, and looks again only when it or one of its pods changes",
                    set.key()
                ));
            }
        }
    }
    if let Act::RemoveFinalizer { finalizer, .. } = futures.act {
        granted.extend(target::untold(finalizer));
    }
    for object in futures.after.objects() {
        if let Some(owner) = crate::laws::garbage_collection::doubt(&futures.after, object)
            && crate::laws::garbage_collection::doubt(&futures.before, object).is_none()
        {
            let what = format!("{} {}", owner.kind, owner.name);
            granted.insert(format!("whether {what}, the owner left of {}, exists", object.key()));
        }
    }
    if futures.target().kind == Kind::Node && matches!(futures.act, Act::Delete { .. }) && pods().next().is_some() {
        granted.insert(format!(
            "whether the kubelet of {} is started again, and registers the node anew, before its pods are collected",
            futures.target().name
        ));
    }
    if futures.target().kind == Kind::StorageClass && matches!(futures.act, Act::Delete { .. }) {
        let mut volumes = storage_class::relying(world, futures.target());
        if let Some((volume, secret)) = volumes.next() {
            let disks = match volumes.count() {
                0 => format!("the disk of {}", volume.key()),
                more => format!("the disks of {} and {more} more", volume.key()),
            };
            granted.insert(format!(
                "whether {disks} can be destroyed without the credentials of Secret {secret}: only the class names it"
            ));
        }
    }
    if futures.target().kind == Kind::Namespace && matches!(futures.act, Act::Delete { .. }) {
        granted.insert(format!(
            "what else is in {}: only the kinds Pilothouse watches were looked at",
            words::namespace(futures.target())
        ));
        granted.extend(services(futures));
    }
    granted
}
