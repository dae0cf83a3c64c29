//! Checks of Jobs, pods and what makes pods.

use super::super::tenancy::Tenancy;
use super::{About, Check, none_of};
use crate::diagnose::Found;
use crate::laws::ownership;
use crate::model::{Body, Key, Kind, Object};
use std::time::Duration;

const JOBS: &[Kind] = &[Kind::Job, Kind::CronJob];
const MAKERS: &[Kind] = &[Kind::StatefulSet, Kind::Deployment, Kind::DaemonSet];

pub(super) static CHECKS: &[Check] = &[
    Check::of(
        About::Tenant,
        "jobs.no-foreign",
        "no unfinished Job is there that is not the release's",
        JOBS,
        no_foreign,
    ),
    Check::of(
        About::Tenant,
        "jobs.none-active",
        "no unfinished Job is there",
        JOBS,
        none_active,
    ),
    Check::of(
        About::Tenant,
        "cronjobs.suspended",
        "every CronJob is suspended: none makes a new Job",
        &[Kind::CronJob],
        suspended,
    ),
    Check::of(
        About::Tenant,
        "pods.none",
        "the tenant has no pods",
        &[Kind::Pod],
        no_pods,
    ),
    Check::of(
        About::Tenant,
        "pods.ready",
        "there is a pod, and every pod that has not ended is ready",
        &[Kind::Pod],
        ready,
    ),
    Check::of(
        About::Tenant,
        "pods.no-crash-loop",
        "no container waits in CrashLoopBackOff",
        &[Kind::Pod],
        no_crash_loop,
    ),
    Check::of(
        About::Tenant,
        "workloads.ready",
        "every StatefulSet and Deployment has all its pods ready",
        MAKERS,
        workloads_ready,
    ),
    Check::of(
        About::Tenant,
        "workloads.stopped",
        "no StatefulSet, Deployment or DaemonSet wants pods",
        MAKERS,
        workloads_stopped,
    ),
];

/// `job/train-7f (active for 3h)`: how long it has been there, and its root owner where it has one.
pub(in crate::runbook) fn unfinished(tenancy: Tenancy<'_>, object: &Object) -> Option<String> {
    let state = object.body.job()?.state();
    if state.finished() || object.meta.deleting() {
        return None;
    }
    let root = ownership::root(tenancy.look.world, object);
    let owner = match root.key() {
        Some(_) => format!(", of {}", root.sentence()),
        None => String::new(),
    };
    let began = object.meta.creation_timestamp;
    let age = began.map(|began| format!(" for {}", roughly(tenancy.look.now.since(began))));
    Some(format!(
        "{} ({}{}{owner})",
        object.key(),
        state.word(),
        age.unwrap_or_default()
    ))
}

/// A span in its largest unit: an item of a checklist must not change with every second.
fn roughly(span: Duration) -> String {
    match span.as_secs() / 3_600 {
        0 => "less than 1h".to_owned(),
        hours if hours < 72 => format!("{hours}h"),
        hours => format!("{}d", hours / 24),
    }
}

fn no_foreign(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let left: Vec<String> = tenancy
        .objects(Kind::Job)
        .filter(|object| tenancy.foreign(object))
        .filter_map(|object| unfinished(tenancy, object))
        .collect();
    none_of(&left, "no foreign Job", "unfinished")
}

fn none_active(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let left: Vec<String> = tenancy
        .objects(Kind::Job)
        .filter_map(|object| unfinished(tenancy, object))
        .collect();
    none_of(&left, "no unfinished Job", "unfinished")
}

fn suspended(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let awake: Vec<String> = tenancy
        .objects(Kind::CronJob)
        .filter_map(|object| object.body.cron_job().map(|facts| (object, facts)))
        .filter(|(object, facts)| !facts.spec.suspend && !object.meta.deleting())
        .map(|(object, facts)| format!("{} ({})", object.key(), facts.spec.schedule))
        .collect();
    none_of(&awake, "none makes Jobs", "not suspended")
}

fn no_pods(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let left: Vec<String> = tenancy
        .objects(Kind::Pod)
        .map(|object| object.key().to_string())
        .collect();
    none_of(&left, "no pod", "there is")
}

fn ready(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let at_work = || {
        let pods = tenancy
            .objects(Kind::Pod)
            .filter_map(|object| object.body.pod().map(|pod| (object, pod)));
        pods.filter(|(_, pod)| !pod.status.phase.terminal())
    };
    let left: Vec<String> = at_work()
        .filter(|(object, pod)| !pod.ready() || object.meta.deleting())
        .map(|(object, pod)| format!("{} {}", object.key(), pod.status.phase.word()))
        .collect();
    match at_work().count() {
        0 => Found::no("there is no pod yet"),
        number => none_of(&left, format!("{number} ready"), "not ready"),
    }
}

fn no_crash_loop(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let looping: Vec<String> = tenancy
        .objects(Kind::Pod)
        .filter(|object| {
            let statuses = object.body.pod().map_or(&[][..], |pod| &pod.status.container_statuses);
            statuses.iter().any(|status| {
                let waiting = status.state.waiting.as_ref();
                waiting.is_some_and(|waiting| waiting.reason == "CrashLoopBackOff")
            })
        })
        .map(|object| object.key().to_string())
        .collect();
    none_of(&looping, "none", "CrashLoopBackOff")
}

/// Wanted and ready pods of what makes them; a DaemonSet wants one on each of its nodes, which its facts do not say.
fn replicas(object: &Object) -> Option<(u32, u32)> {
    match &object.body {
        Body::StatefulSet(set) => Some((set.replicas(), set.status.ready_replicas)),
        Body::Deployment(kind) => Some((kind.spec.replicas.unwrap_or(1), kind.status.ready_replicas)),
        Body::Namespace(_)
        | Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Pod(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::ReplicaSet(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => None,
    }
}

fn makers(tenancy: Tenancy<'_>) -> impl Iterator<Item = (&Object, u32, u32)> {
    [Kind::StatefulSet, Kind::Deployment]
        .into_iter()
        .flat_map(move |kind| tenancy.objects(kind))
        .filter_map(|object| replicas(object).map(|(wanted, ready)| (object.as_ref(), wanted, ready)))
}

fn workloads_ready(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let left: Vec<String> = makers(tenancy)
        .filter(|(_, wanted, ready)| ready < wanted)
        .map(|(object, wanted, ready)| format!("{} {ready} of {wanted}", object.key()))
        .collect();
    match makers(tenancy).count() {
        0 => Found::no("there is no workload yet"),
        number => none_of(&left, format!("{number} ready"), "not ready"),
    }
}

fn workloads_stopped(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let daemons = tenancy.objects(Kind::DaemonSet).map(|object| object.key().to_string());
    let left: Vec<String> = makers(tenancy)
        .filter(|(_, wanted, _)| *wanted > 0)
        .map(|(object, wanted, _)| format!("{} wants {wanted}", object.key()))
        .chain(daemons)
        .collect();
    none_of(&left, "all stopped", "not stopped")
}
