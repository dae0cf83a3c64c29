//! Disruption budgets: how many pods may go, and whether an eviction is refused.
//!
//! Sources: `pkg/controller/disruption/disruption.go` (`trySync`, `getExpectedPodCount`, `getExpectedScale`,
//! `updatePdbStatus`), `pkg/registry/core/pod/storage/eviction.go` (`Create`, `canIgnorePDB`, `checkAndDecrement`),
//! `reference/semantics.md` §3.12. A budget guards against evictions alone: a DELETE of the pod, and everything Helm does,
//! passes it by. The API server decides by the status as it stands; the controller keeps the status:
//!
//! - `minAvailable` as a number counts the pods that are there. A percentage, and `maxUnavailable`, count what the pods'
//!   controllers want; a pod whose controller has no scale (a Job, a DaemonSet) makes the budget fail, and then it allows
//!   nothing. A controller of a kind the world does not hold may have one: then nothing is concluded.
//! - Healthy is ready, not on its way out, and not just evicted.
//! - A budget that is being deleted is counted as any other (found by conformance).

use super::absence::{Presence, lists, owner};
use super::{BudgetCount, Change, Conditions, Law, Reaction, Reason};
use crate::model::quantity::Share;
use crate::model::workload::{DisruptionBudget, Pod, PodPhase, Replicated};
use crate::model::{Body, Key, Kind, Kinds, Object, Uid, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "disruption",
    source: "pkg/controller/disruption/disruption.go",
    latency: Duration::from_millis(200),
    reads: Kinds::ALL,
    react,
};

/// How long the controller waits for the deletion of a pod that was evicted (`DeletionTimeout`).
const DELETION_TIMEOUT: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

fn react(world: &World, conditions: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::PodDisruptionBudget) {
        let Some(budget) = object.body.budget() else {
            continue;
        };
        let Some(count) = count(world, object, budget, conditions) else {
            continue;
        };
        let status = &budget.status;
        let stands = BudgetCount {
            disruptions_allowed: status.disruptions_allowed,
            current_healthy: status.current_healthy,
            desired_healthy: status.desired_healthy,
            expected_pods: status.expected_pods,
        };
        if stands != count || status.observed_generation < object.meta.generation {
            let key = object.key();
            let text = format!(
                "{key} wants {} healthy pods of {} and has {}",
                count.desired_healthy, count.expected_pods, count.current_healthy
            );
            let (budget, uid) = (key, object.meta.uid.clone());
            reactions.push(Reaction::new(
                LAW.name,
                Change::CountBudget { budget, uid, count },
                Reason::new(text),
            ));
        }
    }
    reactions
}

/// The pods a budget speaks of.
fn pods<'a>(
    world: &'a World,
    object: &'a Object,
    budget: &'a DisruptionBudget,
) -> impl Iterator<Item = &'a Arc<Object>> {
    let selected = |pod: &Object| {
        let selector = budget.spec.selector.as_ref();
        selector.is_some_and(|selector| selector.matches(&pod.meta.labels))
    };
    world
        .in_namespace(Kind::Pod, &object.meta.namespace)
        .filter(move |pod| selected(pod))
}

/// What the controller would count; `None` where facts are missing.
fn count(world: &World, object: &Object, budget: &DisruptionBudget, conditions: &Conditions) -> Option<BudgetCount> {
    let namespace = &object.meta.namespace;
    if !lists(world, Kind::Pod, namespace) {
        return None;
    }
    let healthy = pods(world, object, budget)
        .filter(|pod| !pod.meta.deleting() && pod.body.pod().is_some_and(Pod::ready))
        .filter(|pod| !evicted(budget, pod, conditions))
        .count();
    let there = u32::try_from(pods(world, object, budget).count()).unwrap_or(u32::MAX);
    let expected = match (&budget.spec.max_unavailable, &budget.spec.min_available) {
        (Some(most), _) => scale(world, object, budget)?.map(|scale| (scale, scale.saturating_sub(most.up(scale)))),
        (None, Some(Share::Count(least))) => Ok((there, *least)),
        (None, Some(least)) => scale(world, object, budget)?.map(|scale| (scale, least.up(scale))),
        (None, None) => Ok((there, 0)),
    };
    let healthy = u32::try_from(healthy).unwrap_or(u32::MAX);
    let Ok((expected, desired)) = expected else {
        // the controller's `failSafe` leaves the rest as it was
        let status = &budget.status;
        return Some(BudgetCount {
            disruptions_allowed: 0,
            current_healthy: status.current_healthy,
            desired_healthy: status.desired_healthy,
            expected_pods: status.expected_pods,
        });
    };
    Some(BudgetCount {
        disruptions_allowed: if expected == 0 {
            0
        } else {
            healthy.saturating_sub(desired)
        },
        current_healthy: healthy,
        desired_healthy: desired,
        expected_pods: expected,
    })
}

/// An eviction of the pod was accepted a moment ago.
fn evicted(budget: &DisruptionBudget, pod: &Object, conditions: &Conditions) -> bool {
    budget.status.disrupted_pods.get(&pod.meta.name).is_some_and(|since| {
        let due = since.checked_add(DELETION_TIMEOUT).ok();
        conditions.now.zip(due).is_none_or(|(now, due)| now < due)
    })
}

/// A pod of the budget has no controller with a scale.
struct NoScale;

/// The sum of what the pods' controllers want; `None` where a controller cannot be seen.
fn scale(world: &World, object: &Object, budget: &DisruptionBudget) -> Option<Result<u32, NoScale>> {
    let mut wanted: BTreeMap<Uid, u32> = BTreeMap::new();
    for pod in pods(world, object, budget) {
        let Some(reference) = pod.meta.controller() else {
            continue;
        };
        match owner(world, &pod.meta.namespace, reference) {
            Presence::Unknown => return None,
            Presence::Absent => return Some(Err(NoScale)),
            Presence::Present | Presence::Deleting => {}
        }
        match controller(world, world.by_uid(&reference.uid)?) {
            Some((uid, scale)) => wanted.insert(uid, scale),
            None => return Some(Err(NoScale)),
        };
    }
    Some(Ok(wanted.values().sum()))
}

/// The controller that has the scale, and the scale: of a ReplicaSet that a Deployment controls it is the Deployment.
fn controller(world: &World, owner: &Object) -> Option<(Uid, u32)> {
    match &owner.body {
        Body::StatefulSet(set) => Some((owner.meta.uid.clone(), set.replicas())),
        Body::Deployment(set) => Some((owner.meta.uid.clone(), set.replicas())),
        Body::ReplicaSet(set) => {
            let deployment = owner
                .meta
                .controller()
                .and_then(|reference| world.by_uid(&reference.uid));
            let of_deployment = deployment.and_then(|found| Some((found, found.body.replicated()?)));
            Some(match of_deployment {
                Some((found, facts)) => (found.meta.uid.clone(), Replicated::replicas(facts)),
                None => (owner.meta.uid.clone(), set.replicas()),
            })
        }
        Body::Namespace(_)
        | Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Pod(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => None,
    }
}

/// What the API server answers to an eviction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The pod is deleted.
    Passes(Reason),
    /// 429: a budget does not allow it now. Nothing changes, and a drain asks again.
    Refused { budget: Key, reason: Reason },
    /// 500: more than one budget speaks of the pod, and no eviction of it ever passes.
    Ambiguous { budgets: Vec<Key>, reason: Reason },
    /// What is missing to tell.
    Unknown { missing: String },
}

/// Whether an eviction of a pod passes, by the budgets' statuses as they stand.
pub fn verdict(world: &World, pod: &Object) -> Verdict {
    let key = pod.key();
    let Some(facts) = pod.body.pod() else {
        return Verdict::Unknown {
            missing: format!("{key} as a pod"),
        };
    };
    if let Some(reason) = unguarded(pod, facts) {
        return Verdict::Passes(reason);
    }
    if !lists(world, Kind::PodDisruptionBudget, &pod.meta.namespace) {
        return Verdict::Unknown {
            missing: format!("the PodDisruptionBudgets in {}", pod.meta.namespace),
        };
    }
    let budgets: Vec<_> = world
        .in_namespace(Kind::PodDisruptionBudget, &pod.meta.namespace)
        .filter_map(|object| Some((object, object.body.budget()?)))
        .filter(|(_, budget)| {
            let selector = budget.spec.selector.as_ref();
            selector.is_some_and(|selector| selector.matches(&pod.meta.labels))
        })
        .collect();
    match budgets.as_slice() {
        [] => Verdict::Passes(Reason::new(format!("no PodDisruptionBudget speaks of {key}"))),
        [(object, budget)] => judged(facts, &key, object, budget),
        many => {
            let budgets: Vec<Key> = many.iter().map(|(object, _)| object.key()).collect();
            let mut reason = Reason::new(format!(
                "{} PodDisruptionBudgets speak of {key}, which the eviction subresource does not support",
                many.len()
            ));
            for (object, _) in many {
                reason = reason.seen(&object.key(), "spec.selector", "selects the pod");
            }
            Verdict::Ambiguous { budgets, reason }
        }
    }
}

/// Why no budget is asked about this pod, if none is (`canIgnorePDB`).
fn unguarded(pod: &Object, facts: &Pod) -> Option<Reason> {
    let key = pod.key();
    if pod.meta.deleting() {
        let text = format!("{key} is being deleted already, so no budget is asked");
        return Some(Reason::new(text));
    }
    match facts.status.phase {
        phase @ (PodPhase::Pending | PodPhase::Succeeded | PodPhase::Failed) => {
            let text = format!("{key} is {}, so no budget is asked", phase.word());
            Some(Reason::new(text).seen(&key, "status.phase", phase.word()))
        }
        PodPhase::Running | PodPhase::Unknown => None,
    }
}

fn judged(pod: &Pod, key: &Key, object: &Object, budget: &DisruptionBudget) -> Verdict {
    let status = &budget.status;
    let name = object.key();
    let healthy = |reason: Reason| {
        reason
            .seen(&name, "status.currentHealthy", status.current_healthy.to_string())
            .seen(&name, "status.desiredHealthy", status.desired_healthy.to_string())
    };
    if !pod.ready() {
        if budget.spec.unhealthy_pod_eviction_policy == "AlwaysAllow" {
            let reason = Reason::new(format!("{key} is not ready, and {name} always lets such pods go"));
            return Verdict::Passes(reason.seen(&name, "spec.unhealthyPodEvictionPolicy", "AlwaysAllow"));
        }
        if status.desired_healthy > 0 && status.current_healthy >= status.desired_healthy {
            let text = format!("{key} is not ready, and {name} is met without it");
            return Verdict::Passes(healthy(Reason::new(text)));
        }
    }
    if status.observed_generation < object.meta.generation {
        let text = format!("{name} is still being processed by the server");
        let seen = status.observed_generation.to_string();
        return Verdict::Refused {
            budget: name.clone(),
            reason: Reason::new(text).seen(&name, "status.observedGeneration", seen),
        };
    }
    let allowed = status.disruptions_allowed;
    if allowed == 0 {
        let text = format!(
            "{name} needs {} healthy pods and has {} currently",
            status.desired_healthy, status.current_healthy
        );
        let reason = Reason::new(text).seen(&name, "status.disruptionsAllowed", "0");
        return Verdict::Refused {
            budget: name.clone(),
            reason: healthy(reason),
        };
    }
    let text = format!("{name} allows {allowed} disruptions now");
    Verdict::Passes(Reason::new(text).seen(&name, "status.disruptionsAllowed", allowed.to_string()))
}

#[cfg(test)]
mod tests;
