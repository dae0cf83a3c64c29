//! A Deployment keeps one ReplicaSet of its present template at its scale, and moves pods to it when the template changes.
//!
//! Sources: `pkg/controller/deployment/sync.go` (`getNewReplicaSet`, `scale`), `rolling.go`, `recreate.go`,
//! `util/deployment_util.go` (`FindNewReplicaSet`, `NewRSNewReplicas`, `ResolveFenceposts`):
//!
//! - The present ReplicaSet is the oldest whose template is equal but for its hash label. A ReplicaSet that nobody controls
//!   and that the selector matches is adopted: so a Deployment made anew with the same template restarts nothing.
//! - `RollingUpdate`: the new one grows as far as `maxSurge` lets it, the old ones shrink by what `maxUnavailable` lets go,
//!   unhealthy pods first. `Recreate`: the old ones go first, and their pods with them.
//! - Its annotations are copied to the present ReplicaSet, those that it has lost stay there (`SetNewReplicaSetAnnotations`
//!   `copyDeploymentAnnotationsToReplicaSet`; found by conformance). That is all that one does which is being deleted
//!   (`syncStatusOnly`).
//! - A paused Deployment makes no ReplicaSet; its scale still reaches the one in use. How a scale is shared between several
//!   in use (`proportional scaling`) is not modelled: they are left as they are.
//! - `minReadySeconds` is not among the facts: a ready pod counts as available (\[I\]).

use super::absence::lists;
use super::owned::{adopt, controlled, healthy, orphans, pods, release};
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::workload::Replicated;
use crate::model::{Kind, Kinds, Object, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "deployment",
    source: "pkg/controller/deployment/sync.go, rolling.go, recreate.go",
    latency: Duration::from_millis(300),
    reads: Kinds::of(&[Kind::Deployment, Kind::ReplicaSet, Kind::Pod]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::Deployment) {
        let namespace = &object.meta.namespace;
        if let Some(deployment) = object.body.replicated()
            && lists(world, Kind::ReplicaSet, namespace)
            && lists(world, Kind::Pod, namespace)
        {
            Sync::new(world, object, deployment).run(&mut reactions);
        }
    }
    reactions
}

/// One pass over one Deployment.
struct Sync<'a> {
    world: &'a World,
    object: &'a Arc<Object>,
    deployment: &'a Replicated,
    /// Its ReplicaSet of the present template.
    new: Option<&'a Arc<Object>>,
    /// The others, oldest first.
    old: Vec<&'a Arc<Object>>,
}

/// `spec.replicas` of a ReplicaSet.
fn scale(set: &Object) -> u32 {
    set.body.replicated().map_or(0, Replicated::replicas)
}

impl<'a> Sync<'a> {
    fn new(world: &'a World, object: &'a Arc<Object>, deployment: &'a Replicated) -> Self {
        let mut own: Vec<_> = controlled(world, object, Kind::ReplicaSet).collect();
        own.sort_by_key(|set| (set.meta.creation_timestamp, set.meta.name.clone()));
        let print = deployment.spec.template.print;
        let present = |set: &&Arc<Object>| {
            set.body
                .replicated()
                .is_some_and(|facts| facts.spec.template.print == print)
        };
        let new = own.iter().copied().find(present);
        let old = own
            .into_iter()
            .filter(|set| new.is_none_or(|new| new.meta.uid != set.meta.uid))
            .collect();
        Self {
            world,
            object,
            deployment,
            new,
            old,
        }
    }

    fn run(&self, reactions: &mut Vec<Reaction>) {
        if self.object.meta.deleting() {
            // `syncStatusOnly`: it rolls nothing out any more
            self.copy_annotations(reactions);
            return;
        }
        let key = self.object.key();
        let before = reactions.len();
        for set in orphans(
            self.world,
            self.object,
            &self.deployment.spec.selector,
            Kind::ReplicaSet,
        ) {
            let text = format!("{} matches the selector of {key} and has no controller", set.key());
            reactions.push(adopt(LAW.name, self.object, set, text));
        }
        let selector = &self.deployment.spec.selector;
        reactions.extend(release(LAW.name, self.world, self.object, selector, Kind::ReplicaSet));
        if reactions.len() > before {
            return; // looked at once they are its own, or no longer
        }
        self.copy_annotations(reactions);
        if self.deployment.spec.paused {
            self.only_scale(reactions);
        } else if self.deployment.spec.strategy.kind == "Recreate" {
            self.recreate(reactions);
        } else {
            self.roll(reactions);
        }
    }

    /// What the present ReplicaSet lacks of the Deployment's annotations, or says otherwise.
    fn copy_annotations(&self, reactions: &mut Vec<Reaction>) {
        let Some(set) = self.new else { return };
        let key = self.object.key();
        let own = self.object.meta.annotations.iter();
        for (annotation, value) in own.filter(|(name, value)| set.meta.annotations.get(name) != Some(*value)) {
            let change = Change::Annotate {
                object: set.key(),
                uid: set.meta.uid.clone(),
                annotation: annotation.into(),
                value: value.into(),
            };
            let path = format!("metadata.annotations[{annotation}]");
            let reason = Reason::new(format!("{key} passes its annotations on to its ReplicaSet"));
            reactions.push(Reaction::new(LAW.name, change, reason.seen(&key, &path, value)));
        }
    }

    /// How many pods of a ReplicaSet are available.
    fn available(&self, set: &Object) -> u32 {
        let count = pods(self.world, set).filter(|pod| healthy(pod)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn set_scale(&self, set: &Object, replicas: u32, why: &str, reactions: &mut Vec<Reaction>) {
        if scale(set) == replicas || set.meta.deleting() {
            return;
        }
        let key = self.object.key();
        let wanted = self.deployment.replicas();
        reactions.push(Reaction::new(
            LAW.name,
            Change::Scale {
                object: set.key(),
                uid: set.meta.uid.clone(),
                replicas,
            },
            Reason::new(format!("{key} wants {wanted} pods{why}")).seen(&key, "spec.replicas", wanted.to_string()),
        ));
    }

    fn make(&self, replicas: u32, reactions: &mut Vec<Reaction>) {
        let key = self.object.key();
        let why = if self.old.is_empty() {
            format!("{key} has no ReplicaSet")
        } else {
            format!("{key} has no ReplicaSet of its present template")
        };
        reactions.push(Reaction::new(
            LAW.name,
            Change::SpawnReplicaSet {
                deployment: key,
                deployment_uid: self.object.meta.uid.clone(),
                replicas,
            },
            Reason::new(why),
        ));
    }

    fn only_scale(&self, reactions: &mut Vec<Reaction>) {
        let all = || self.old.iter().copied().chain(self.new);
        let in_use: Vec<_> = all().filter(|set| scale(set) > 0).collect();
        let latest = self.new.or(self.old.last().copied());
        let target = match (in_use.as_slice(), latest) {
            ([only], _) => only,
            ([], Some(latest)) => latest,
            (_, _) => return,
        };
        self.set_scale(target, self.deployment.replicas(), ", and is paused", reactions);
    }

    fn recreate(&self, reactions: &mut Vec<Reaction>) {
        let before = reactions.len();
        for set in &self.old {
            self.set_scale(set, 0, " of its present template, and none of another", reactions);
        }
        let mut left = self.old.iter().flat_map(|set| pods(self.world, set));
        let running = |pod: &Arc<Object>| pod.body.pod().is_some_and(|pod| !pod.status.phase.terminal());
        if reactions.len() > before || left.any(running) {
            return;
        }
        match self.new {
            None => self.make(self.deployment.replicas(), reactions),
            Some(new) => self.set_scale(new, self.deployment.replicas(), "", reactions),
        }
    }

    fn roll(&self, reactions: &mut Vec<Reaction>) {
        let wanted = self.deployment.replicas();
        let (surge, missing) = self.deployment.spec.strategy.fence(wanted);
        let old: u32 = self.old.iter().map(|set| scale(set)).sum();
        let now = self.new.map_or(0, |new| scale(new));
        let room = wanted.saturating_add(surge).saturating_sub(old.saturating_add(now));
        let grown = now.saturating_add(room.min(wanted.saturating_sub(now))).min(wanted);
        let Some(new) = self.new else {
            return self.make(grown, reactions);
        };
        if grown != now {
            return self.set_scale(new, grown, "", reactions);
        }
        let least = wanted.saturating_sub(missing);
        let unready = now.saturating_sub(self.available(new));
        let mut spare = (old + now).saturating_sub(least.saturating_add(unready));
        let available: u32 = self.old.iter().map(|set| self.available(set)).sum::<u32>() + self.available(new);
        let mut healthy_spare = available.saturating_sub(least);
        for set in &self.old {
            let unhealthy = scale(set).saturating_sub(self.available(set));
            let sick = unhealthy.min(spare);
            spare -= sick;
            let well = (scale(set) - sick).min(healthy_spare).min(spare);
            spare -= well;
            healthy_spare -= well;
            self.set_scale(set, scale(set) - sick - well, " of its present template", reactions);
        }
    }
}

#[cfg(test)]
mod tests;
