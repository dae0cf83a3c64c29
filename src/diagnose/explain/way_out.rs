//! The safe way to let go of a claim: what to stop, what to save, what to delete, in this order.
//!
//! Source: `reference/semantics.md` §3.2, §3.8, §3.9, traps 27–31.

use super::super::holder::{HeldBy, Respawn};
use super::super::phrase;
use super::super::story::Story;
use crate::laws::ownership::Root;
use crate::laws::stateful_set::ordinal;
use crate::model::workload::StatefulSet;
use crate::model::{Act, Body, Kind, Object, Propagation};
use std::collections::BTreeSet;

/// Adds the steps that end every holder of a claim.
pub(crate) fn release(story: &mut Story<'_>, claim: &Object, holders: &[HeldBy]) {
    stop_respawning(story, holders);
    save_logs(story, holders);
    or_wait(story, holders);
    for held in holders {
        let pod = &held.pod;
        let name = &pod.meta.name;
        if let Some(job) = &held.job {
            end_job(story, holders, job);
        } else if pod.meta.deleting() {
            story.step(format!(
                "wait for pod {name}, which is stopping; if it does not end, explain pod/{name}"
            ));
        } else {
            end_pod(story, claim, held);
        }
    }
}

fn stop_respawning(story: &mut Story<'_>, holders: &[HeldBy]) {
    for held in holders {
        match (&held.respawn, &held.root) {
            (Respawn::Will { stop }, Root::Known(root)) if matches!(root.body, Body::CronJob(_)) => {
                story.step(format!(
                    "{stop}: its next run would hold the claim again; kubectl does that, Pilothouse has no act for it"
                ));
            }
            (Respawn::Perhaps { why }, _) => story.step(format!(
                "first stop what stands behind pod {}: {why}",
                held.pod.meta.name
            )),
            _ => {}
        }
    }
}

fn save_logs(story: &mut Story<'_>, holders: &[HeldBy]) {
    let doomed: BTreeSet<&str> = holders
        .iter()
        .filter(|held| !held.pod.meta.deleting())
        .map(|held| held.pod.meta.name.as_str())
        .collect();
    if !doomed.is_empty() {
        story.step(format!(
            "save the logs of {} ({}) with kubectl: they go with the {}",
            phrase::count(doomed.len(), "pod"),
            phrase::names(&doomed, 9),
            if doomed.len() == 1 { "pod" } else { "pods" }
        ));
    }
}

/// One step for a Job, however many of its pods hold.
fn end_job(story: &mut Story<'_>, holders: &[HeldBy], job: &Object) {
    let name = &job.meta.name;
    if job.meta.deleting() {
        story.step(format!(
            "wait for Job {name}, which is being deleted; if it does not end, explain job/{name}"
        ));
        return;
    }
    let own = holders.iter().filter(|held| {
        let its = held.job.as_ref();
        its.is_some_and(|its| its.meta.uid == job.meta.uid)
    });
    let pods: BTreeSet<&str> = own.map(|held| held.pod.meta.name.as_str()).collect();
    let named = phrase::names(&pods, 9);
    let sentence = if job.body.job().is_some_and(|job| job.state().finished()) {
        format!(
            "delete finished Job {name} with Background: its ended {} ({named}) hold{} until {} gone",
            if pods.len() == 1 { "pod" } else { "pods" },
            if pods.len() == 1 { "s" } else { "" },
            if pods.len() == 1 {
                "its object is"
            } else {
                "their objects are"
            },
        )
    } else {
        format!(
            "delete Job {name} with Background, which stops {} {named}",
            if pods.len() == 1 { "pod" } else { "pods" },
        )
    };
    story.delete(sentence, job);
}

/// Unfinished Jobs may also be waited for; said once for all of them.
fn or_wait(story: &mut Story<'_>, holders: &[HeldBy]) {
    let unfinished: BTreeSet<&str> = holders
        .iter()
        .filter_map(|held| held.job.as_ref())
        .filter(|job| !job.meta.deleting() && job.body.job().is_some_and(|job| !job.state().finished()))
        .map(|job| job.meta.name.as_str())
        .collect();
    if !unfinished.is_empty() {
        story.step(format!(
            "wait until {} ({}) {} ended and delete {} then, since an ended pod holds too; or, if {} must not go on, delete {} now:",
            phrase::count(unfinished.len(), "Job"),
            phrase::names(&unfinished, 9),
            if unfinished.len() == 1 { "has" } else { "have" },
            if unfinished.len() == 1 { "it" } else { "them" },
            if unfinished.len() == 1 { "it" } else { "they" },
            if unfinished.len() == 1 { "it" } else { "them" },
        ));
    }
}

fn end_pod(story: &mut Story<'_>, claim: &Object, held: &HeldBy) {
    let pod = &held.pod;
    let name = &pod.meta.name;
    match &held.root {
        Root::Known(root) => match &root.body {
            Body::StatefulSet(set) if made_by(set, &root.meta.name, &claim.meta.name) && claim.meta.deleting() => story.delete(
                format!(
                    "delete pod {name}: StatefulSet {} makes no new one while the claim is going, and then an EMPTY claim \
                     from its template; scale it below this ordinal first if that must not be",
                    root.meta.name
                ),
                pod,
            ),
            Body::StatefulSet(_) | Body::Deployment(_) | Body::ReplicaSet(_) | Body::DaemonSet(_) => {
                if let Respawn::Will { stop } = &held.respawn {
                    let sentence = format!("{stop}: it would make pod {name} again");
                    match stopped(root, pod) {
                        Some(act) => story.act(sentence, act),
                        None => story.step(sentence),
                    }
                } else {
                    story.delete(format!("delete pod {name}: {} makes no new one", root.meta.name), pod);
                }
            }
            _ => story.delete(format!("delete pod {name}"), pod),
        },
        Root::Itself => story.delete(format!("delete pod {name}: it has no owner and nothing makes it again"), pod),
        Root::Dangling(_) | Root::Foreign(_) => {
            story.delete(format!("then delete pod {name}, if its owner has not"), pod);
        }
    }
}

/// The act that makes an owner want a pod no longer: a set without this ordinal, a DaemonSet gone, anything else without
/// any pod.
pub(crate) fn stopped(owner: &Object, pod: &Object) -> Option<Act> {
    if owner.kind() == Kind::DaemonSet {
        return Some(Act::Delete {
            target: owner.pin(),
            propagation: Propagation::Background,
        });
    }
    let replicas = match owner.body.stateful_set() {
        Some(set) => ordinal(&owner.meta.name, &pod.meta.name)?.checked_sub(set.spec.ordinals.start)?,
        None => 0,
    };
    let act = Act::Scale {
        target: owner.pin(),
        replicas,
    };
    act.performed().then_some(act)
}

/// The claim is one that the set's templates make.
pub(crate) fn made_by(set: &StatefulSet, name: &str, claim: &str) -> bool {
    set.spec.volume_claim_templates.iter().any(|template| {
        set.ordinals()
            .any(|ordinal| StatefulSet::claim_name(template, name, ordinal) == claim)
    })
}
