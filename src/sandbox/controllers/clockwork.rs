//! What happens because time has passed: CronJobs fire, and a finished Job's time to live will be over. Knows no law; a CronJob fires
//! only when it is annotated `sandbox.pilothouse.dev/fires-every`, its cron expression is not read.

use super::carry_out::{Hand, Said, pods};
use super::{document as doc, status};
use crate::laws::job_ttl;
use crate::model::{Key, Kind, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Fires what is due and removes what has had its time. Returns when the next of them is due.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)]) -> Option<Timestamp> {
    let owned_jobs = |uid: &str| {
        all.iter()
            .filter(|(key, _)| key.kind == Kind::Job)
            .filter(|(_, job)| doc::text(job, "/metadata/ownerReferences/0/uid") == uid)
            .collect::<Vec<_>>()
    };
    let mut next: Option<Timestamp> = None;
    for (key, object) in all.iter().filter(|(_, object)| !doc::deleting(object)) {
        let due = match key.kind {
            Kind::CronJob => fire(hand, key, object, &owned_jobs(doc::text(object, "/metadata/uid"))),
            Kind::Job => outlives(hand, key, object),
            _ => None,
        };
        next = [next, due].into_iter().flatten().min();
    }
    next
}

/// When a finished Job's time to live will be over; a law deletes it then.
fn outlives(hand: &Hand<'_>, key: &Key, job: &Value) -> Option<Timestamp> {
    let facts = Object::from_value(key.kind, job).ok()?;
    let due = job_ttl::due(facts.body.job()?)?;
    (due > hand.objects.now()).then_some(due)
}

fn fire(hand: &mut Hand<'_>, key: &Key, cron: &Value, jobs: &[&(Key, Value)]) -> Option<Timestamp> {
    let every = doc::wished_span(cron, "fires-every").filter(|every| !every.is_zero())?;
    report_active(hand, key, cron, jobs);
    if cron.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return None;
    }
    let now = hand.objects.now();
    let last = doc::time(cron, "/status/lastScheduleTime")
        .or_else(|| doc::time(cron, "/metadata/creationTimestamp"))
        .unwrap_or(now);
    let due = doc::later(last, every);
    if due > now {
        return Some(due);
    }
    let uid = doc::uid(cron);
    let name = format!("{}-{}", key.name, now.as_second() / 60);
    let mut current = hand.pinned(key, &uid)?;
    doc::put(&mut current, &["status", "lastScheduleTime"], doc::stamp(now));
    let job = job_of(&current, &name);
    hand.write(current);
    if hand.make(job).is_ok() {
        let message = format!("Created job {name}");
        hand.say(
            key,
            &uid,
            &Said::normal("cronjob-controller", "SuccessfulCreate", &message),
        );
    }
    Some(doc::later(now, every))
}

/// The Job a CronJob makes from its template.
fn job_of(cron: &Value, name: &str) -> Value {
    let template = |field: &str| cron.pointer(&format!("/spec/jobTemplate/{field}")).cloned();
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": doc::namespace(cron),
            "labels": template("metadata/labels").unwrap_or_else(|| json!({})),
            "annotations": template("metadata/annotations").unwrap_or_else(|| json!({})),
            "ownerReferences": [pods::owned_by(cron)],
        },
        "spec": template("spec").unwrap_or_else(|| json!({})),
    })
}

/// `status.active` names the Jobs that have not finished.
fn report_active(hand: &mut Hand<'_>, key: &Key, cron: &Value, jobs: &[&(Key, Value)]) {
    let active: Vec<Value> = jobs
        .iter()
        .filter(|(_, job)| !finished(job))
        .map(|(_, job)| {
            json!({
                "apiVersion": "batch/v1",
                "kind": "Job",
                "namespace": doc::namespace(job),
                "name": doc::name(job),
                "uid": doc::text(job, "/metadata/uid"),
            })
        })
        .collect();
    if doc::list(cron, "/status/active") != active.as_slice()
        && let Some(mut current) = hand.pinned(key, &doc::uid(cron))
    {
        doc::put(&mut current, &["status", "active"], active);
        hand.write(current);
    }
}

fn finished(job: &Value) -> bool {
    ["Complete", "Failed"].iter().any(|kind| status::holds(job, kind))
}
