//! StatefulSets: which ordinals have no pod, and the claim that keeps them from one.
//!
//! Source: `reference/semantics.md` §3.8, trap 31 (seed 003).

use super::super::chain;
use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::story::Story;
use crate::laws::Reason;
use crate::model::workload::StatefulSet;
use crate::model::{Key, Kind, Object, Text};
use std::sync::Arc;
use std::time::Duration;

/// Why an ordinal is not served by a ready pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// No pod: the set refuses to make one while a claim of its ordinal is being deleted.
    WaitsForClaim {
        pod: Text,
        claim: Text,
    },
    /// A pod was made again on a claim that is already going, and holds it (the order of seed 003).
    OnDyingClaim {
        pod: Text,
        claim: Text,
    },
    Missing {
        pod: Text,
    },
    NotReady {
        pod: Text,
        why: String,
    },
}

impl Gap {
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::WaitsForClaim { pod, claim } => format!("{pod} is not made: its claim {claim} is being deleted"),
            Self::OnDyingClaim { pod, claim } => {
                format!("{pod} was made again on claim {claim}, which is being deleted, and holds it")
            }
            Self::Missing { pod } => format!("{pod} is missing"),
            Self::NotReady { pod, why } => format!("{pod}: {why}"),
        }
    }
}

/// What is missing from a set, by ordinal.
pub(crate) fn gaps(look: Look<'_>, object: &Object, set: &StatefulSet) -> Vec<Gap> {
    let namespace = &object.meta.namespace;
    let name = &object.meta.name;
    set.ordinals()
        .take(1_000)
        .filter_map(|ordinal| {
            let pod: Text = format!("{name}-{ordinal}").into();
            let dying = set
                .spec
                .volume_claim_templates
                .iter()
                .map(|template| StatefulSet::claim_name(template, name, ordinal))
                .filter_map(|claim| look.world.find(Kind::PersistentVolumeClaim, namespace, &claim))
                .find(|claim| claim.meta.deleting());
            let live = look.world.find(Kind::Pod, namespace, &pod);
            match (live, dying) {
                (None, Some(claim)) => Some(Gap::WaitsForClaim {
                    pod,
                    claim: claim.meta.name.clone(),
                }),
                (Some(held), Some(claim)) if younger(held, claim) => Some(Gap::OnDyingClaim {
                    pod,
                    claim: claim.meta.name.clone(),
                }),
                (None, None) if look.sees(Kind::Pod, namespace) => Some(Gap::Missing { pod }),
                (None, None) => None,
                (Some(held), _) => held.body.pod().filter(|facts| !facts.ready()).map(|_| Gap::NotReady {
                    pod,
                    why: super::sentence(look, held),
                }),
            }
        })
        .collect()
}

/// The pod was made after the claim's deletion was asked for.
fn younger(pod: &Arc<Object>, claim: &Arc<Object>) -> bool {
    !pod.meta.deleting()
        && pod
            .meta
            .creation_timestamp
            .is_some_and(|made| claim.meta.deletion_timestamp.is_some_and(|asked| made > asked))
}

pub(crate) fn sentence(look: Look<'_>, object: &Object, set: &StatefulSet) -> String {
    let ready = format!("{}/{} ready", set.status.ready_replicas, set.replicas());
    if object.meta.deleting() {
        return super::going(look, object);
    }
    match gaps(look, object, set).first() {
        Some(gap) => format!("{ready}, {}", gap.sentence()),
        None => ready,
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object, set: &StatefulSet) -> Explanation {
    let mut story = Story::of(look, object);
    story.needs(Kind::Pod, &object.meta.namespace);
    story.needs(Kind::PersistentVolumeClaim, &object.meta.namespace);
    let said = sentence(look, object, set);
    if object.meta.deleting() {
        story.held_by_finalizers(object);
    }
    let age = object
        .meta
        .creation_timestamp
        .map_or(Duration::ZERO, |at| look.now.since(at));
    for gap in gaps(look, object, set) {
        fill(&mut story, object, &gap, age);
    }
    let rest: Vec<_> = chain::of(look.world, &object.key(), look.now, look.quiet)
        .into_iter()
        .skip(1)
        .collect();
    story.links(rest);
    let reason = Reason::new("each ordinal has one pod and one claim of each template")
        .seen(&object.key(), "spec.replicas", set.replicas().to_string())
        .seen(
            &object.key(),
            "status.readyReplicas",
            set.status.ready_replicas.to_string(),
        );
    story.told(said, reason)
}

fn fill(story: &mut Story<'_>, object: &Object, gap: &Gap, age: Duration) {
    let namespace = &object.meta.namespace;
    let claim_key = |claim: &Text| Key::new(Kind::PersistentVolumeClaim, namespace, claim);
    match gap {
        Gap::WaitsForClaim { pod, claim } => {
            story.link(
                1,
                claim_key(claim),
                format!("being deleted: the set makes {pod} only after it is gone, on a NEW claim from its template"),
                Reason::new("a StatefulSet makes no pod while a claim of its ordinal is being deleted"),
            );
            story.step(format!(
                "explain pvc/{claim}: when it is gone, {pod} is made on a new and EMPTY claim"
            ));
        }
        Gap::OnDyingClaim { pod, claim } => {
            story.link(
                1,
                claim_key(claim),
                format!("being deleted, and {pod} was made again on it"),
                Reason::new("the pod was deleted before the claim: the order must be claim first, then pod"),
            );
            if let Some(held) = story.look.world.find(Kind::Pod, namespace, pod).cloned() {
                story.delete(
                    format!("see that claim {claim}'s disk survives, then delete pod {pod} again: now the set waits until the claim is gone"),
                    &held,
                );
            }
        }
        Gap::Missing { pod } if age > Duration::from_mins(1) => {
            story.step(format!(
                "look at the events of StatefulSet {}: they say why {pod} is not made",
                object.meta.name
            ));
        }
        Gap::NotReady { pod, .. } if age > Duration::from_mins(1) => story.step(format!("explain pod/{pod}")),
        Gap::Missing { .. } | Gap::NotReady { .. } => {}
    }
}
