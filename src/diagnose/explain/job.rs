//! Jobs: active, suspended or finished, what they hold, and what keeps a deleted one.
//!
//! Source: `reference/semantics.md` §3.9, §3.1 (propagation), traps 27–30.

use super::super::finding::Explanation;
use super::super::holder::{self, Respawn};
use super::super::look::Look;
use super::super::story::Story;
use super::super::{chain, phrase};
use super::way_out;
use crate::laws::Reason;
use crate::model::workload::{Job, JobState};
use crate::model::{Key, Kind, Object};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn sentence(look: Look<'_>, object: &Object, job: &Job) -> String {
    let pods = pods(look, object);
    let counted = phrase::count(pods.len(), "pod");
    let holds = match holds(look, object) {
        claims if claims.is_empty() => String::new(),
        claims => format!(" · holds {}", phrase::names(claims, 2)),
    };
    if object.meta.deleting() {
        let since = phrase::aged(look.now, object.meta.deletion_timestamp);
        return if pods.is_empty() {
            super::going(look, object)
        } else {
            format!("Terminating{since}, {counted} to go{holds}")
        };
    }
    let started = job.status.start_time.or(object.meta.creation_timestamp);
    match job.state() {
        JobState::Active => {
            let shown = if look.sees(Kind::Pod, &object.meta.namespace) {
                counted
            } else {
                format!("{} by its status", phrase::count(job.status.active as usize, "pod"))
            };
            format!("active{}, {shown}{holds}", phrase::aged(look.now, started))
        }
        JobState::Suspended => format!("suspended{holds}"),
        state => format!(
            "{}{}{}",
            state.word(),
            phrase::aged(look.now, job.status.completion_time),
            if holds.is_empty() {
                String::new()
            } else {
                format!("; its ended pods still hold{}", holds.trim_start_matches(" · holds"))
            }
        ),
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object, job: &Job) -> Explanation {
    let mut story = Story::of(look, object);
    story.needs(Kind::Pod, &object.meta.namespace);
    story.needs(Kind::PersistentVolumeClaim, &object.meta.namespace);
    let said = sentence(look, object, job);
    let rest: Vec<_> = chain::of(look.world, &object.key(), look.now, look.quiet)
        .into_iter()
        .skip(1)
        .collect();
    if object.meta.deleting() {
        terminating(&mut story, object);
    } else {
        frees_dying_claims(&mut story, object, job);
    }
    story.links(rest);
    let reason = Reason::new(format!("the Job is {}", job.state().word()))
        .seen(&object.key(), "status.active", job.status.active.to_string())
        .seen(&object.key(), "spec.suspend", job.spec.suspend.to_string());
    story.told(said, reason)
}

/// The Job's pods, by controller reference.
pub(crate) fn pods(look: Look<'_>, object: &Object) -> Vec<Arc<Object>> {
    look.world
        .dependents_of(&object.meta.uid)
        .filter(|pod| pod.kind() == Kind::Pod)
        .cloned()
        .collect()
}

/// The claims that the Job's scheduled pods name.
pub(crate) fn holds(look: Look<'_>, object: &Object) -> BTreeSet<crate::model::Text> {
    pods(look, object)
        .iter()
        .filter_map(|held| held.body.pod().filter(|pod| pod.scheduled()).map(|pod| (held, pod)))
        .flat_map(|(held, pod)| pod.claims(&held.meta).collect::<Vec<_>>())
        .collect()
}

fn terminating(story: &mut Story<'_>, object: &Object) {
    let owners: Vec<_> = object
        .meta
        .finalizers
        .iter()
        .map(|name| (name, story.finalizer(1, object, name)))
        .collect();
    let look = story.look;
    for pod in pods(look, object) {
        if pod.meta.deleting() {
            let said = super::sentence(look, &pod);
            story.step(format!("pod {}: {said}", pod.meta.name));
        }
    }
    let age = object
        .meta
        .deletion_timestamp
        .map_or(Duration::ZERO, |at| look.now.since(at));
    if age > Duration::from_mins(1) {
        for (name, owner) in &owners {
            story.wait_for(owner);
            story.no_strip(name, owner);
        }
    }
}

/// A Job that holds a claim which is being deleted has something to do about it.
fn frees_dying_claims(story: &mut Story<'_>, object: &Object, job: &Job) {
    let look = story.look;
    let dying: Vec<_> = holds(look, object)
        .into_iter()
        .filter(|name| {
            let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, name);
            look.world.get(&key).is_some_and(|claim| claim.meta.deleting())
        })
        .collect();
    let Some(first) = dying.first() else {
        return;
    };
    story.step(format!(
        "{} being deleted and held by this Job: before it goes, see with explain pvc/{first} that the disk survives",
        match dying.as_slice() {
            [only] => format!("claim {only} is"),
            many => format!("claims {} are", phrase::names(many, 3)),
        }
    ));
    let own: Vec<_> = pods(look, object)
        .into_iter()
        .map(|pod| holder::held_by(look, pod))
        .collect();
    if let Some(Respawn::Will { stop }) = own.first().map(|held| &held.respawn) {
        story.step(format!(
            "{stop}: its next run would hold the claim again; kubectl does that, Pilothouse has no act for it"
        ));
    }
    let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, first);
    if let Some(claim) = look.world.get(&key).cloned() {
        way_out::release(story, &claim, &own);
    } else if !job.state().finished() {
        story.step("wait until it ends");
    }
}
