//! Trap 30: pods of a Job that was deleted alone (Orphan, which a bare DELETE of a Job means): nobody owns them, nobody deletes
//! them, and they hold their claims.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::{Key, Kind, Object};

/// What the Job controller writes on its pods: name and uid of the Job, the old keys first as older servers write them alone.
const MARKS: [[&str; 2]; 2] = [
    ["job-name", "controller-uid"],
    ["batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"],
];

pub(super) fn find(look: Look<'_>, pod: &Object) -> Option<Finding> {
    if !pod.meta.owner_references.is_empty() || pod.meta.deleting() {
        return None;
    }
    let (label, name, uid) = job_of(pod)?;
    let job = Key::new(Kind::Job, &pod.meta.namespace, name);
    let there = look.world.get(&job).map(|job| job.meta.uid.to_string());
    // a Job of the same name that was made since owns none of them
    if there.as_deref() == Some(uid) || (there.is_none() && !look.gone(&job)) {
        return None;
    }
    Some(finding(
        "jobless_pods",
        Severity::Warned,
        pod.key(),
        format!(
            "pod {} was made by Job {name}, which was deleted without it: nobody deletes it, and it holds its claims",
            pod.meta.name
        ),
        Reason::new("an orphaned pod keeps the marks of its Job and has no owner any more")
            .seen(&pod.key(), &format!("metadata.labels[{label}]"), uid)
            .seen(&pod.key(), "metadata.ownerReferences", "none")
            .seen(&job, "metadata.uid", there.unwrap_or_else(|| "not there".to_owned())),
        Gist::new("pod", "left by a Job that is gone"),
    ))
}

/// The label that says which Job made a pod, the Job's name and its uid.
fn job_of(pod: &Object) -> Option<(&'static str, &str, &str)> {
    let labels = &pod.meta.labels;
    MARKS
        .into_iter()
        .find_map(|[name, uid]| Some((uid, labels.get(name)?, labels.get(uid)?)))
}
