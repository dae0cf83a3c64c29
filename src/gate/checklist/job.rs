//! Delete a Job: what its pods do and hold, what goes with it, who starts it again, whose logs are lost.

use super::{Sight, count, names};
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::laws::ownership::{self, Root};
use crate::model::{Kind, Object, Propagation};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn items(sight: Sight<'_>, target: &Object, propagation: Propagation) -> Vec<Item> {
    let pods: Vec<Arc<Object>> = sight
        .world
        .dependents_of(&target.meta.uid)
        .filter(|object| object.kind() == Kind::Pod)
        .cloned()
        .collect();
    let root = ownership::root(sight.world, target);
    let mut items = vec![
        work(sight, &pods),
        cascade(sight, &pods, propagation),
        respawn(sight, &root),
    ];
    if let Some(question) = restart_question(&root) {
        items.push(Item::to_attest("job.restart-known", question));
    }
    if sight.attests() && !pods.is_empty() {
        items.push(Item::to_attest(
            "job.logs",
            "the pods' logs are not needed, or are saved",
        ));
    }
    items
}

fn claims_of(pods: &[Arc<Object>]) -> BTreeSet<String> {
    pods.iter()
        .filter_map(|object| object.body.pod().map(|pod| (object, pod)))
        .flat_map(|(object, pod)| {
            pod.claims(&object.meta)
                .map(|claim| format!("pvc/{claim}"))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn work(sight: Sight<'_>, pods: &[Arc<Object>]) -> Item {
    let active: Vec<&str> = pods
        .iter()
        .filter(|object| object.body.pod().is_some_and(|pod| !pod.status.phase.terminal()))
        .map(|object| object.meta.name.as_str())
        .collect();
    let nodes: BTreeSet<&str> = pods
        .iter()
        .filter_map(|object| {
            object
                .body
                .pod()
                .filter(|pod| pod.scheduled())
                .map(|pod| pod.spec.node_name.as_str())
        })
        .collect();
    let claims = claims_of(pods);
    let value = if pods.is_empty() {
        "no pods".to_owned()
    } else {
        [
            format!("{}, {} active", count(pods.len(), "pod"), active.len()),
            list(": ", active),
            list(" on ", nodes),
            list("; they name ", claims.iter().map(String::as_str)),
        ]
        .concat()
    };
    Item::sensed(
        "job.work",
        "what its pods do and hold is known",
        Found::yes(value),
        sight.fresh(&[Kind::Pod]),
        "pods: status.phase, spec.volumes[].persistentVolumeClaim",
    )
}

/// A lead and the names after it; nothing when there are none.
fn list<'a>(lead: &str, all: impl IntoIterator<Item = &'a str>) -> String {
    let named = names(all);
    if named.is_empty() {
        named
    } else {
        format!("{lead}{named}")
    }
}

fn cascade(sight: Sight<'_>, pods: &[Arc<Object>], propagation: Propagation) -> Item {
    let pods_word = count(pods.len(), "pod");
    let value = match propagation {
        Propagation::Background => format!("Background: the Job goes at once, {pods_word} after it"),
        Propagation::Foreground => format!("Foreground: {pods_word} first, then the Job"),
        Propagation::Orphan => {
            let claims = claims_of(pods);
            let hold = list(" and keep holding ", claims.iter().map(String::as_str));
            format!("Orphan: {pods_word} stay without an owner{hold}")
        }
    };
    Item::sensed(
        "job.propagation",
        "what goes with it is known",
        Found::yes(value),
        sight.fresh(&[Kind::Pod]),
        "the request: propagationPolicy",
    )
}

fn respawn(sight: Sight<'_>, root: &Root) -> Item {
    let found = match root {
        Root::Itself => Found::yes("it has no owner"),
        Root::Dangling(_) | Root::Foreign(_) => Found::yes(format!("its owner is {}", root.sentence())),
        Root::Known(owner) => match owner.body.cron_job() {
            Some(cron) if !cron.spec.suspend => Found::no(format!(
                "CronJob {} ({}) starts another at its next tick: suspend it first",
                owner.meta.name, cron.spec.schedule
            )),
            Some(_) => Found::yes(format!("CronJob {} is suspended", owner.meta.name)),
            None => Found::yes(format!("its owner is {}", root.sentence())),
        },
    };
    Item::sensed(
        "job.no-respawn",
        "no CronJob starts it again",
        found,
        sight.fresh(&[Kind::CronJob]),
        "metadata.ownerReferences; cronjobs: spec.suspend",
    )
}

/// An owner whose controller Pilothouse does not know may make the Job anew.
fn restart_question(root: &Root) -> Option<String> {
    let known = match root {
        Root::Itself | Root::Dangling(_) => true,
        Root::Known(owner) => owner.kind() == Kind::CronJob,
        Root::Foreign(_) => false,
    };
    (!known).then(|| format!("it is known what {} does when its Job is gone", root.sentence()))
}
