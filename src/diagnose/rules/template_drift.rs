//! Trap 45: pods of a StatefulSet run another template than the set has: it restarts them, or whatever restarts them does.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::workload::StatefulSet;
use crate::model::{Kind, Object, Text};

/// What the controller writes on a pod: the revision of the template it was made from.
const REVISION: &str = "controller-revision-hash";
/// So many pods of a set are looked at.
const ORDINALS: usize = 1_000;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.objects(look, Kind::StatefulSet)
        .filter(|set| !set.meta.deleting())
        .filter_map(|set| {
            let facts = set.body.stateful_set()?;
            let revision = facts.update_revision(&set.meta)?;
            let older = older(look, set, facts, revision);
            let (_, first) = older.first()?;
            let names: Vec<&str> = older.iter().map(|(_, pod)| pod.meta.name.as_str()).collect();
            let was = first.meta.labels.get(REVISION).unwrap_or_default();
            Some(finding(
                "template_drift",
                Severity::Warned,
                set.key(),
                format!(
                    "{} of StatefulSet {} {} another template than it has by now: {}",
                    phrase::names(&names, 3),
                    set.meta.name,
                    if names.len() == 1 { "runs" } else { "run" },
                    comes(facts, &older),
                ),
                Reason::new(
                    "a set restarts pods of another revision, the highest ordinal first, down to its partition",
                )
                .seen(&set.key(), "status.updateRevision", revision.as_str())
                .seen(&first.key(), &format!("metadata.labels[{REVISION}]"), was),
                Gist::new("StatefulSet", "with pods of another template"),
            ))
        })
        .collect()
}

/// The pods of a set that another revision of its template made, by ordinal.
fn older<'w>(look: Look<'w>, set: &Object, facts: &StatefulSet, revision: &Text) -> Vec<(u32, &'w Object)> {
    let pod = |ordinal: u32| {
        let name = format!("{}-{ordinal}", set.meta.name);
        let pod = look.world.find(Kind::Pod, &set.meta.namespace, &name)?;
        let own = pod.meta.owner_references.iter().any(|owner| owner.uid == set.meta.uid);
        let other = pod
            .meta
            .labels
            .get(REVISION)
            .is_some_and(|held| held != revision.as_str());
        (own && other && !pod.meta.deleting()).then_some((ordinal, pod.as_ref()))
    };
    facts.ordinals().take(ORDINALS).filter_map(pod).collect()
}

/// What becomes of them.
fn comes(set: &StatefulSet, older: &[(u32, &Object)]) -> &'static str {
    let reached = |lowest| older.iter().filter(|(ordinal, _)| *ordinal >= lowest).count();
    match set.reached_from().map(reached) {
        None => "OnDelete leaves them, and whatever deletes one brings the new template",
        Some(0) => "its partition leaves them, and whoever lowers it restarts them",
        Some(count) if count == older.len() => "it restarts them, the highest first",
        Some(_) => "it restarts those above its partition, the highest first",
    }
}
