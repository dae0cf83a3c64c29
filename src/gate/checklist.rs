//! The killer items of each act: five to nine, sensed first (`reference/safety-and-performance.md` A3).
//!
//! Values carry no ages and no counters that move by themselves: a changed value voids the answers.

mod claim;
mod claim_ref;
mod create;
mod finalizer;
mod going;
mod helm;
mod job;
mod mark;
mod pod;
mod policy;
mod quorum;
mod raft;
mod scale;
mod task;

use super::item::{Item, SECOND_PERSON};
use crate::diagnose::Found;
use crate::forecast::{Forecast, Outcome, Tier};
use crate::laws::Conditions;
use crate::model::act::Task;
use crate::model::feed::Freshness;
use crate::model::{Act, Kind, Now, Object, World};
use std::sync::Arc;
use std::time::Duration;

/// Everything an item may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) world: &'a World,
    pub(super) forecast: &'a Forecast,
    pub(super) conditions: &'a Conditions,
    pub(super) now: Now,
    pub(super) quiet: Duration,
}

/// All items of an act, in the order they are shown: sensed, acknowledged, attested, second person.
pub(super) fn items(sight: Sight<'_>) -> Vec<Item> {
    let act = &sight.forecast.act;
    let mut items = Vec::new();
    if let Act::CreateClaim { claim, draft, .. } = act {
        items.extend(create::items(sight, &claim.key, draft));
    } else if let Act::CreateClass { class, draft, .. } = act {
        items.extend(create::class(sight, &class.key, draft));
    } else if let Act::CreateSet { set, draft, .. } = act {
        items.extend(create::set(sight, &set.key, draft));
    } else if act.creates() {
        items.push(helm::free(sight));
    } else {
        items.push(unchanged(sight));
    }
    let mut kinds = kinds(act).to_vec();
    if let Act::Helm { release, .. } = act {
        kinds.insert(0, release.key.kind);
    }
    let target = sight.target();
    if let Act::Helm { release, helm, means } = act {
        items.extend(helm::items(sight, release, helm, means.as_ref()));
    }
    if let Some(target) = target.as_deref() {
        items.extend(own(sight, target));
    }
    let sensed = items.iter().position(Item::attestable).unwrap_or(items.len());
    items.insert(sensed, facts(sight, &kinds));
    if let Some(item) = quorum::sensed(sight) {
        items.insert(sensed, item);
    }
    items.extend(quorum::lost(sight));
    items.extend(taken_for_granted(sight.forecast));
    if sight.forecast.tier >= Tier::T3 {
        items.push(second_person());
    }
    items
}

/// The items that an act on a live object has of its own.
fn own(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    match &sight.forecast.act {
        Act::Delete { propagation, .. } => match target.kind() {
            Kind::PersistentVolumeClaim => claim::items(sight, target),
            Kind::Job => job::items(sight, target, *propagation),
            Kind::Pod => pod::items(sight, target),
            Kind::Namespace
            | Kind::Node
            | Kind::StorageClass
            | Kind::PersistentVolume
            | Kind::VolumeAttachment
            | Kind::CronJob
            | Kind::StatefulSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::DaemonSet
            | Kind::PodDisruptionBudget => going::items(sight, target),
            Kind::Release | Kind::ReleaseMap => Vec::new(),
        },
        Act::Evict { .. } => pod::evicted(sight, target),
        Act::Scale { .. } => scale::items(sight, target),
        Act::RemoveFinalizer { finalizer, .. } => finalizer::items(sight, target, finalizer),
        Act::SetReclaimPolicy { policy, .. } => policy::items(sight, target, *policy),
        Act::ClearClaimRef { .. } => claim_ref::items(sight, target),
        Act::RetargetClaimRef { namespace, name, .. } => claim_ref::retargeted(sight, target, namespace, name),
        Act::Annotate { .. } => mark::items(sight, target),
        Act::Stamp { release, namespace, .. } => mark::stamp(sight, target, release, namespace),
        Act::Task { task, .. } => task::items(sight, target, task),
        Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } | Act::Helm { .. } => Vec::new(),
    }
}

fn second_person() -> Item {
    Item {
        state: super::ItemState::False,
        value: "nobody is paired: break the glass with a reason".to_owned(),
        ..Item::to_attest(SECOND_PERSON, "a second person has looked and agrees")
    }
}

impl Sight<'_> {
    fn target(&self) -> Option<Arc<Object>> {
        self.world.pinned(self.forecast.act.target()).cloned()
    }

    /// How current the facts of these kinds are, in the target's namespace: the worst of them, or the oldest.
    fn fresh(&self, kinds: &[Kind]) -> Freshness {
        let namespace = &self.forecast.act.target().key.namespace;
        let mut age = Duration::ZERO;
        for kind in kinds {
            let freshness = self.world.freshness(*kind, namespace, self.now.mono, self.quiet);
            if let Freshness::Live { age: own } = freshness {
                age = age.max(own);
            } else {
                return freshness;
            }
        }
        Freshness::Live { age }
    }

    fn attests(&self) -> bool {
        self.forecast.tier >= Tier::T2
    }
}

/// The feeds an act's checklist and forecast read; of Helm's besides that of its records.
fn kinds(act: &Act) -> &'static [Kind] {
    match act {
        Act::Helm { .. } | Act::Delete { .. } | Act::Evict { .. } | Act::Scale { .. } | Act::RemoveFinalizer { .. } => {
            &[
                Kind::PersistentVolumeClaim,
                Kind::PersistentVolume,
                Kind::Pod,
                Kind::Job,
                Kind::CronJob,
                Kind::StorageClass,
                Kind::VolumeAttachment,
                Kind::StatefulSet,
                Kind::Deployment,
                Kind::ReplicaSet,
                Kind::DaemonSet,
            ]
        }
        Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::CreateClaim { .. } => &[
            Kind::PersistentVolumeClaim,
            Kind::PersistentVolume,
            Kind::VolumeAttachment,
            Kind::StorageClass,
        ],
        Act::Task { task, .. } => match task.as_ref() {
            Task::Dump(_) | Task::Restore(_) | Task::Count(_) => &[Kind::Pod],
            Task::Snapshot(_) => &[Kind::PersistentVolumeClaim, Kind::PersistentVolume],
            Task::Run(_) => &[],
            Task::Raft(_) => &[Kind::Pod, Kind::StatefulSet],
        },
        Act::Annotate { .. } | Act::Stamp { .. } => &[
            Kind::PersistentVolumeClaim,
            Kind::PersistentVolume,
            Kind::StorageClass,
            Kind::Release,
        ],
    }
}

/// The act makes sense on an object that is being deleted: it is how its deletion is brought to an end.
const fn on_the_way_out(act: &Act) -> bool {
    match act {
        Act::RemoveFinalizer { .. } | Act::SetReclaimPolicy { .. } => true,
        Act::Delete { .. }
        | Act::Evict { .. }
        | Act::Scale { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Helm { .. }
        | Act::Task { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::CreateClaim { .. } => false,
    }
}

/// The target is the very object that was shown, in the very state, and not already going.
fn unchanged(sight: Sight<'_>) -> Item {
    let pin = sight.forecast.act.target();
    let found = match sight.world.get(&pin.key) {
        None => Found::no(format!("{} is gone", pin.key)),
        Some(live) if live.meta.uid != pin.uid => Found::no(format!(
            "{} with uid {} is gone; another one, uid {}, has its name",
            pin.key, pin.uid, live.meta.uid
        )),
        Some(live) if live.meta.resource_version != pin.resource_version => Found::no(format!(
            "it is at resourceVersion {}, {} was shown",
            live.meta.resource_version, pin.resource_version
        )),
        Some(live) if live.meta.deleting() && !on_the_way_out(&sight.forecast.act) => Found::no(format!(
            "it is already Terminating and waits for {}; asking again changes nothing",
            if live.meta.finalizers.is_empty() {
                "its kubelet".to_owned()
            } else {
                live.meta.finalizers.join(", ")
            }
        )),
        Some(_) => Found::yes(format!("uid {} · resourceVersion {}", pin.uid, pin.resource_version)),
    };
    let title = if on_the_way_out(&sight.forecast.act) {
        format!("{} is as shown", pin.key)
    } else {
        format!("{} is as shown, and not being deleted", pin.key)
    };
    Item::sensed(
        "target.unchanged",
        title,
        found,
        sight.fresh(&[pin.key.kind]),
        &format!(
            "{}: metadata.uid, resourceVersion, deletionTimestamp",
            pin.key.kind.plural()
        ),
    )
}

/// Every feed the forecast rests on is live, every object's fate can be said, and the server would not refuse.
fn facts(sight: Sight<'_>, kinds: &[Kind]) -> Item {
    let namespace = &sight.forecast.act.target().key.namespace;
    let feeds = kinds.iter().filter_map(|kind| {
        let word = match sight.world.freshness(*kind, namespace, sight.now.mono, sight.quiet) {
            Freshness::Live { .. } => return None,
            Freshness::Stale { why, .. } => format!("stale, {why}"),
            Freshness::Denied { why } => format!("no access, {why}"),
            Freshness::Listing { .. } => "being listed".to_owned(),
            Freshness::Waiting { .. } => "not heard yet".to_owned(),
            Freshness::Unserved => "not served".to_owned(),
        };
        Some(format!("{} {word}", kind.plural()))
    });
    let fates = sight.forecast.entries.iter().filter_map(|entry| match &entry.outcome {
        Outcome::Unknown { missing } => Some(format!("{}: {missing}", entry.object)),
        Outcome::Deleted
        | Outcome::DeletedLater { .. }
        | Outcome::Kept
        | Outcome::Hangs { .. }
        | Outcome::VolumeDestroyed { .. }
        | Outcome::VolumeRetained { .. }
        | Outcome::VolumeLeaked { .. }
        | Outcome::Created
        | Outcome::Recreated { .. }
        | Outcome::Patched { .. }
        | Outcome::Orphaned
        | Outcome::Rejected { .. } => None,
    });
    // Nodes may be denied to a tenant's operator, which is for a person to accept; but not on their way or lost.
    let nodes = match sight.world.freshness(Kind::Node, "", sight.now.mono, sight.quiet) {
        Freshness::Stale { .. } | Freshness::Listing { .. } | Freshness::Waiting { .. } => {
            Some("nodes not current".to_owned())
        }
        Freshness::Live { .. } | Freshness::Denied { .. } | Freshness::Unserved => None,
    };
    let others = sight.forecast.others.iter().filter_map(|other| {
        if let Outcome::Unknown { missing } = &other.outcome {
            Some(format!("{}: {missing}", other.object))
        } else {
            None
        }
    });
    let lacking: Vec<String> = feeds.chain(fates).chain(others).chain(nodes).collect();
    let found = match refusal(sight.forecast) {
        _ if !lacking.is_empty() => Found::untold(lacking.join("; ")),
        Some(error) if matches!(sight.forecast.act, Act::Helm { .. }) => {
            Found::no(format!("helm or the API server would refuse: {error}"))
        }
        Some(error) => Found::no(format!("the API server would refuse: {error}")),
        None => Found::yes(format!("{} feeds live", kinds.len())),
    };
    Item::sensed(
        "facts.fresh",
        "all facts are fresh, and the forecast rests on them",
        found,
        sight.fresh(kinds),
        "feeds; forecast",
    )
}

fn refusal(forecast: &Forecast) -> Option<&str> {
    let entries = forecast.entries.iter().map(|entry| &entry.outcome);
    let others = forecast.others.iter().map(|other| &other.outcome);
    entries.chain(others).find_map(|outcome| {
        if let Outcome::Rejected { error } = outcome {
            Some(error.as_str())
        } else {
            None
        }
    })
}

/// What no feed can tell, such as what a custom resource's operator does: a person has to accept it.
fn taken_for_granted(forecast: &Forecast) -> Option<Item> {
    let told = forecast
        .entries
        .iter()
        .all(|entry| !matches!(entry.outcome, Outcome::Unknown { .. }));
    (told && !forecast.unknowns.is_empty()).then(|| {
        Item::to_attest(
            "forecast.granted",
            format!("it is accepted not to know: {}", forecast.unknowns.join("; ")),
        )
    })
}

/// `a, b, c (+4)`: names for a line, the first few.
fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = all.into_iter().collect();
    let more = all.len().saturating_sub(4);
    let first = all.into_iter().take(4).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} (+{more})") } else { first }
}

/// `1 pod`, `3 pods`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
