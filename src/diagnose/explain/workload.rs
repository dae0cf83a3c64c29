//! Deployments, ReplicaSets, DaemonSets and CronJobs: how many pods are ready, and what the others wait for.

use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::story::Story;
use super::super::{chain, phrase};
use crate::laws::Reason;
use crate::model::workload::{CronJob, Replicated};
use crate::model::{Body, Kind, Object};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn sentence(look: Look<'_>, object: &Object) -> String {
    if object.meta.deleting() {
        return super::going(look, object);
    }
    match &object.body {
        Body::CronJob(cron) => cron_sentence(look, object, cron),
        Body::DaemonSet(_) => counted(look, object, None),
        Body::Deployment(facts) | Body::ReplicaSet(facts) => counted(look, object, Some(facts)),
        _ => String::new(),
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object) -> Explanation {
    let mut story = Story::of(look, object);
    story.needs(Kind::Pod, &object.meta.namespace);
    let said = sentence(look, object);
    if object.meta.deleting() {
        story.held_by_finalizers(object);
    }
    let age = object
        .meta
        .creation_timestamp
        .map_or(Duration::ZERO, |at| look.now.since(at));
    if age > Duration::from_mins(1) && object.kind() != Kind::CronJob {
        for pod in unready(look, object) {
            story.step(format!("explain pod/{}", pod.meta.name));
        }
        let wanted = object
            .body
            .replicated()
            .map_or(0, |facts| facts.spec.replicas.unwrap_or(1));
        if object.kind() != Kind::DaemonSet
            && wanted > 0
            && pods(look, object, 0).is_empty()
            && look.sees(Kind::Pod, &object.meta.namespace)
        {
            story.step(format!(
                "look at the events of {} {}: no pod of it exists",
                object.kind().name(),
                object.meta.name
            ));
        }
    }
    let rest: Vec<_> = chain::of(look.world, &object.key(), look.now, look.quiet)
        .into_iter()
        .skip(1)
        .collect();
    story.links(rest);
    let reason = match object.body.replicated() {
        Some(facts) => Reason::default()
            .seen(
                &object.key(),
                "spec.replicas",
                facts.spec.replicas.unwrap_or(1).to_string(),
            )
            .seen(
                &object.key(),
                "status.readyReplicas",
                facts.status.ready_replicas.to_string(),
            ),
        None => Reason::default(),
    };
    story.told(said, reason)
}

fn cron_sentence(look: Look<'_>, object: &Object, cron: &CronJob) -> String {
    let active = look
        .world
        .dependents_of(&object.meta.uid)
        .filter(|job| job.body.job().is_some_and(|job| !job.state().finished()))
        .count();
    let running = match active {
        0 => String::new(),
        number => format!(", {} running", phrase::count(number, "Job")),
    };
    if cron.spec.suspend {
        format!("suspended ({}){running}", cron.spec.schedule)
    } else {
        format!("runs at {}{running}", cron.spec.schedule)
    }
}

fn counted(look: Look<'_>, object: &Object, facts: Option<&Replicated>) -> String {
    let pods = pods(look, object, 0);
    let (ready, wanted) = match facts {
        Some(facts) => (
            facts.status.ready_replicas as usize,
            facts.spec.replicas.unwrap_or(1) as usize,
        ),
        // A DaemonSet's status counts in fields of its own; its pods tell the same.
        None => (pods.len() - unready(look, object).len(), pods.len()),
    };
    let first = unready(look, object).into_iter().next();
    match first {
        Some(pod) if ready < wanted => format!(
            "{ready}/{wanted} ready, {}: {}",
            pod.meta.name,
            super::sentence(look, &pod)
        ),
        _ => format!("{ready}/{wanted} ready"),
    }
}

/// The pods below a controller, through its ReplicaSets.
fn pods(look: Look<'_>, object: &Object, depth: usize) -> Vec<Arc<Object>> {
    let mut found = Vec::new();
    for dependent in look.world.dependents_of(&object.meta.uid) {
        match dependent.kind() {
            Kind::Pod => found.push(Arc::clone(dependent)),
            Kind::ReplicaSet if depth == 0 => found.extend(pods(look, dependent, depth + 1)),
            _ => {}
        }
    }
    found
}

fn unready(look: Look<'_>, object: &Object) -> Vec<Arc<Object>> {
    pods(look, object, 0)
        .into_iter()
        .filter(|pod| pod.body.pod().is_some_and(|pod| !pod.ready()))
        .collect()
}
