//! Pods: Terminating behind a node, a finalizer or their grace; Pending behind a claim; restarting; ended but holding.
//!
//! Source: `reference/semantics.md` §3.1, §3.2, §3.9.

use super::super::finalizer;
use super::super::finding::Explanation;
use super::super::holder::{self, Respawn};
use super::super::look::Look;
use super::super::pending::unscheduled;
use super::super::story::Story;
use super::super::{chain, phrase};
use super::way_out;
use crate::laws::Reason;
use crate::laws::ownership::Root;
use crate::model::storage::ClaimPhase;
use crate::model::time::short_span;
use crate::model::workload::{Pod, PodPhase};
use crate::model::{Key, Kind, Object, Text};
use std::sync::Arc;
use std::time::Duration;

/// How long after its grace a kubelet is given to confirm.
const OVERDUE: Duration = Duration::from_mins(1);

pub(crate) fn sentence(look: Look<'_>, object: &Object, pod: &Pod) -> String {
    if object.meta.deleting() {
        return format!(
            "Terminating{}, {}",
            stopping_since(look, object),
            stopping(look, object, pod).sentence()
        );
    }
    let age = phrase::aged(look.now, object.meta.creation_timestamp);
    let holds = holds(object, pod);
    match pod.status.phase {
        PodPhase::Pending => format!("Pending{age}, {}", waits(look, object, pod)),
        PodPhase::Running => match trouble(pod) {
            Some(trouble) => format!("Running{age}, {trouble}{holds}"),
            None => format!("Running{age}, ready{holds}"),
        },
        phase @ (PodPhase::Succeeded | PodPhase::Failed) if !holds.is_empty() => {
            format!("{}{age}; its object still holds {}", phase.word(), claims(object, pod))
        }
        phase => format!("{}{age}", phase.word()),
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object, pod: &Pod) -> Explanation {
    let mut story = Story::of(look, object);
    let said = sentence(look, object, pod);
    let key = object.key();
    let mut reason = Reason::default().seen(&key, "status.phase", pod.status.phase.word());
    if object.meta.deleting() {
        let why = stopping(look, object, pod);
        if pod.scheduled() {
            story.needs(Kind::Node, "");
            link_node(&mut story, pod);
        }
        let owners: Vec<_> = object
            .meta
            .finalizers
            .iter()
            .map(|name| (name, story.finalizer(1, object, name)))
            .collect();
        why.way_out(&mut story, object, pod);
        if story.needs_doing() {
            for (name, owner) in &owners {
                story.no_strip(name, owner);
            }
        }
        reason.text = why.sentence();
        reason = reason.seen(
            &key,
            "metadata.deletionTimestamp",
            object
                .meta
                .deletion_timestamp
                .map_or_else(String::new, |at| at.to_string()),
        );
    } else {
        reason = standing(&mut story, object, pod, reason);
    }
    story.links(chain::owners(look, object, 1));
    story.links(chain::claims_of(look, object, 1));
    story.told(said, reason)
}

/// Why a pod that is being deleted is still there.
enum Stopping {
    Finalizers(Vec<Text>),
    NodeGone(Text),
    NodeNotReady(Text),
    InGrace(Duration),
    Overdue(Text, Duration),
    Going,
}

fn stopping(look: Look<'_>, object: &Object, pod: &Pod) -> Stopping {
    let confirmed =
        object.meta.deletion_grace_period_seconds == Some(0) || !pod.scheduled() || pod.status.phase.terminal();
    if confirmed {
        return if object.meta.finalizers.is_empty() {
            Stopping::Going
        } else {
            Stopping::Finalizers(object.meta.finalizers.to_vec())
        };
    }
    let node = Key::cluster(Kind::Node, &pod.spec.node_name);
    match look.world.get(&node).and_then(|node| node.body.node()) {
        Some(facts) if !facts.ready() => return Stopping::NodeNotReady(node.name),
        None if look.gone(&node) => return Stopping::NodeGone(node.name),
        _ => {}
    }
    // A pod's deletionTimestamp is when its grace ends, not when it was asked for.
    let Some(end) = object.meta.deletion_timestamp else {
        return Stopping::Going;
    };
    let over = look.now.since(end);
    if over > OVERDUE {
        Stopping::Overdue(node.name, over)
    } else {
        let left = Duration::try_from(end.duration_since(look.now.wall)).unwrap_or_default();
        Stopping::InGrace(left)
    }
}

/// Since when: the request came `deletionGracePeriodSeconds` before the `deletionTimestamp`.
fn stopping_since(look: Look<'_>, object: &Object) -> String {
    let grace = object.meta.deletion_grace_period_seconds.unwrap_or(0);
    let asked = object
        .meta
        .deletion_timestamp
        .and_then(|end| end.checked_sub(jiff::SignedDuration::from_secs(grace)).ok());
    phrase::aged(look.now, asked)
}

impl Stopping {
    fn sentence(&self) -> String {
        match self {
            Self::Finalizers(names) => format!("stopped, held by finalizer {}", phrase::names(names, 2)),
            Self::NodeGone(node) => format!("node {node} is gone: no kubelet can confirm that it stopped"),
            Self::NodeNotReady(node) => format!("node {node} is not ready: its kubelet cannot confirm that it stopped"),
            Self::InGrace(left) if left.is_zero() => "its grace is over: the kubelet is about to confirm".to_owned(),
            Self::InGrace(left) => format!("{} of its grace left", short_span(*left)),
            Self::Overdue(node, over) => format!(
                "{} past its grace: the kubelet of {node} has not confirmed that it stopped",
                short_span(*over)
            ),
            Self::Going => "nothing holds it: about to vanish".to_owned(),
        }
    }

    fn way_out(&self, story: &mut Story<'_>, object: &Object, pod: &Pod) {
        match self {
            Self::Finalizers(names) => {
                for name in names {
                    story.wait_for(&finalizer::owned(story.look, object, name));
                }
            }
            Self::NodeNotReady(node) => {
                story.step(format!("bring node {node} back: its kubelet then confirms, and the pod goes"));
                story.step(format!(
                    "only if {node} is truly off, taint it node.kubernetes.io/out-of-service with kubectl: pods are then removed and volumes detached; \
                     on a living node this lets two pods write to one disk"
                ));
            }
            Self::NodeGone(node) => story.step(format!(
                "wait for the pod garbage collector, which removes pods of nodes that are gone; make sure the machine of {node} is off"
            )),
            Self::Overdue(node, _) => {
                story.step(format!(
                    "look at the kubelet of {node}: a process that does not die, or a volume that does not unmount, keeps pod {} there",
                    object.meta.name
                ));
                if pod.claims(&object.meta).next().is_some() {
                    story.step("do not force the deletion: the process may still write to its volume");
                }
            }
            Self::InGrace(_) | Self::Going => {}
        }
    }
}

fn link_node(story: &mut Story<'_>, pod: &Pod) {
    let key = Key::cluster(Kind::Node, &pod.spec.node_name);
    if let Some(node) = story.look.world.get(&key).cloned() {
        story.links([chain::link(story.look, 1, &node)]);
    }
}

/// What is wrong with a running pod.
pub(crate) fn trouble(pod: &Pod) -> Option<String> {
    let restarts: u32 = pod
        .status
        .container_statuses
        .iter()
        .map(|status| status.restart_count)
        .sum();
    let waiting = pod
        .status
        .container_statuses
        .iter()
        .filter_map(|status| status.state.waiting.as_ref())
        .map(|waiting| waiting.reason.as_str())
        .find(|reason| !reason.is_empty());
    match waiting {
        Some(reason) if restarts > 0 => Some(format!("{reason}, {}", phrase::count(restarts as usize, "restart"))),
        Some(reason) => Some(reason.to_owned()),
        None if !pod.ready() => Some("not ready".to_owned()),
        None => None,
    }
}

/// Why a claim keeps this pod from running.
pub(crate) fn claim_trouble(look: Look<'_>, object: &Object, pod: &Pod) -> Option<(Key, String)> {
    pod.claims(&object.meta).find_map(|name| {
        let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, &name);
        let said = match look.world.get(&key) {
            None if look.gone(&key) => "does not exist".to_owned(),
            None => return None,
            Some(claim) if claim.meta.deleting() => "is being deleted".to_owned(),
            Some(claim) => match claim.body.claim().map(|claim| claim.status.phase) {
                Some(ClaimPhase::Pending) => "is not bound".to_owned(),
                Some(ClaimPhase::Lost) => "is Lost".to_owned(),
                _ => return None,
            },
        };
        Some((key, said))
    })
}

fn waits(look: Look<'_>, object: &Object, pod: &Pod) -> String {
    let claim = claim_trouble(look, object, pod);
    if !pod.scheduled() {
        return match (claim, unscheduled(&pod.status.conditions.unmet)) {
            (Some((key, said)), _) => format!("not scheduled: its claim {} {said}", key.name),
            (None, Some(condition)) => format!("not scheduled: {}", condition.message),
            (None, None) => "not scheduled yet".to_owned(),
        };
    }
    match (claim, trouble(pod)) {
        (Some((key, said)), _) => format!("on {}, but its claim {} {said}", pod.spec.node_name, key.name),
        (None, Some(trouble)) if trouble != "not ready" => format!("on {}: {trouble}", pod.spec.node_name),
        _ => format!("on {}, starting", pod.spec.node_name),
    }
}

fn standing(story: &mut Story<'_>, object: &Object, pod: &Pod, reason: Reason) -> Reason {
    let look = story.look;
    let mut reason = reason;
    let age = object
        .meta
        .creation_timestamp
        .map_or(Duration::ZERO, |at| look.now.since(at));
    match pod.status.phase {
        PodPhase::Pending => {
            story.needs(Kind::PersistentVolumeClaim, &object.meta.namespace);
            if let Some((key, said)) = claim_trouble(look, object, pod) {
                reason.text = format!("claim {} {said}", key.name);
                reason = reason.seen(&key, "state", said);
                story.step(format!(
                    "explain {key}: the pod starts once its claim is bound and not being deleted"
                ));
            } else if let Some(condition) = unscheduled(&pod.status.conditions.unmet) {
                reason = reason.seen(
                    &object.key(),
                    "status.conditions[PodScheduled].message",
                    condition.message.as_str(),
                );
                story.step(format!("let the scheduler find a node: {}", condition.message));
            } else if age > Duration::from_mins(5) {
                story.step("look at the events of the pod: they say what its kubelet waits for");
            }
        }
        PodPhase::Running if trouble(pod).is_some() && age > OVERDUE => {
            story.step(format!(
                "look at the events and logs of pod {}, also of its last run",
                object.meta.name
            ));
        }
        _ => {}
    }
    frees_a_dying_claim(story, object, pod);
    reason
}

/// A pod that holds a Terminating claim has a way out of its own: act on its root.
fn frees_a_dying_claim(story: &mut Story<'_>, object: &Object, pod: &Pod) {
    let dying: Vec<Arc<Object>> = pod
        .claims(&object.meta)
        .filter_map(|name| {
            let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, &name);
            story
                .look
                .world
                .get(&key)
                .filter(|claim| claim.meta.deleting())
                .cloned()
        })
        .collect();
    if dying.is_empty() || !pod.scheduled() {
        return;
    }
    let held = holder::held_by(story.look, Arc::new(object.clone()));
    if let Respawn::Will { stop } = &held.respawn {
        let sentence = format!("{stop}, or the pod comes back");
        let scaled = match &held.root {
            Root::Known(root) => way_out::stopped(root, object),
            Root::Itself | Root::Foreign(_) | Root::Dangling(_) => None,
        };
        match scaled {
            Some(act) => story.act(sentence, act),
            None => story.step(sentence),
        }
    }
    for claim in dying {
        story.step(format!(
            "pvc/{} is being deleted and this pod holds it: explain pvc/{} for the way out in order",
            claim.meta.name, claim.meta.name
        ));
    }
}

fn claims(object: &Object, pod: &Pod) -> String {
    phrase::names(pod.claims(&object.meta), 3)
}

fn holds(object: &Object, pod: &Pod) -> String {
    let claims = claims(object, pod);
    if claims.is_empty() || !pod.scheduled() {
        String::new()
    } else {
        format!(" · holds {claims}")
    }
}
