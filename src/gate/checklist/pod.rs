//! Delete a pod: whether and on which claims it comes back, and whether anybody serves meanwhile.

use super::{Sight, names};
use crate::diagnose::Found;
use crate::forecast::Outcome;
use crate::gate::item::Item;
use crate::laws::ownership::{self, Root};
use crate::model::meta::OwnerReference;
use crate::model::workload::{ClaimTemplate, Pod, StatefulSet};
use crate::model::{Act, Key, Kind, Object, Text};
use std::sync::Arc;

pub(super) fn items(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let Some(pod) = target.body.pod() else {
        return Vec::new();
    };
    let owner = target
        .meta
        .controller()
        .and_then(|owner| sight.world.by_uid(&owner.uid))
        .cloned();
    let mut items = vec![
        recreation(sight, target, pod, owner.as_deref()),
        not_the_last(sight, target, pod, owner.as_deref()),
    ];
    if let Some(question) = old_claim_question(sight, target, pod, owner.as_deref()) {
        items.push(Item::to_attest("pod.old-claim-known", question));
    }
    if sight.attests() {
        items.push(Item::to_attest(
            "pod.local-data",
            "the pod's logs and what it wrote outside its claims are not needed, or are saved",
        ));
    }
    items
}

/// Evict a pod: what a deletion asks, and the budgets that an eviction goes by.
pub(super) fn evicted(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let mut items = items(sight, target);
    let own = sight.forecast.entries.iter().find(|entry| entry.object == target.key());
    let found = match own.map(|entry| (&entry.outcome, &entry.reason)) {
        Some((Outcome::Rejected { error }, _)) => Found::no(error.clone()),
        Some((Outcome::Unknown { missing }, _)) => Found::untold(missing.clone()),
        Some((_, reason)) => Found::yes(reason.text.clone()),
        None => Found::untold("the forecast says nothing of it"),
    };
    items.push(Item::sensed(
        "pod.budget",
        "the disruption budgets let it go",
        found,
        sight.fresh(&[Kind::Pod]),
        "poddisruptionbudgets: status.disruptionsAllowed",
    ));
    items
}

/// A claim that this pod names, as far as the world holds it.
fn claim(sight: Sight<'_>, target: &Object, name: &str) -> Option<Arc<Object>> {
    let key = Key::new(Kind::PersistentVolumeClaim, &target.meta.namespace, name);
    sight.world.get(&key).cloned()
}

/// The template of the owner set that makes a claim of this name for this pod.
fn template<'a>(owner: Option<&'a Object>, target: &Object, claim: &str) -> Option<&'a ClaimTemplate> {
    let owner = owner?;
    let set = owner.body.stateful_set()?;
    let ordinal = target
        .meta
        .name
        .strip_prefix(owner.meta.name.as_str())?
        .strip_prefix('-')?
        .parse()
        .ok()?;
    set.spec
        .volume_claim_templates
        .iter()
        .find(|template| StatefulSet::claim_name(template, &owner.meta.name, ordinal) == claim)
}

fn recreation(sight: Sight<'_>, target: &Object, pod: &Pod, owner: Option<&Object>) -> Item {
    let claims: Vec<Text> = pod.claims(&target.meta).collect();
    let (leaving, staying): (Vec<&Text>, Vec<&Text>) = claims
        .iter()
        .partition(|name| claim(sight, target, name).is_none_or(|claim| claim.meta.deleting()));
    let (made_anew, lost): (Vec<&Text>, Vec<&Text>) =
        leaving.iter().partition(|name| template(owner, target, name).is_some());
    let who = who(sight, target, target.meta.controller());
    let found = match who {
        None if claims.is_empty() => Found::yes("it has no owner: it does not come back"),
        None => Found::yes(format!(
            "it has no owner: it does not come back; it names {}",
            names(claims.iter().map(Text::as_str))
        )),
        Some(who) if !lost.is_empty() => Found::no(format!(
            "{who} makes it anew, and the new one waits for {} for ever: Terminating or gone, and nobody makes it anew",
            names(lost.into_iter().map(Text::as_str))
        )),
        Some(who) if !made_anew.is_empty() => Found::yes(format!(
            "{who} makes it anew on a NEW, empty {}: the old one goes with this pod",
            names(made_anew.into_iter().map(Text::as_str))
        )),
        Some(who) if staying.is_empty() => Found::yes(format!("{who} makes it anew; it uses no claim")),
        Some(who) => Found::yes(format!(
            "{who} makes it anew on the SAME {}",
            names(staying.into_iter().map(Text::as_str))
        )),
    };
    let node = if pod.scheduled() {
        pod.spec.node_name.as_str()
    } else {
        "no node"
    };
    Item::sensed(
        "pod.recreation",
        format!("what comes after it on {node} is known"),
        found,
        sight.fresh(&[
            Kind::Pod,
            Kind::PersistentVolumeClaim,
            Kind::StatefulSet,
            Kind::Job,
            Kind::ReplicaSet,
            Kind::DaemonSet,
        ]),
        "metadata.ownerReferences; persistentvolumeclaims: metadata.deletionTimestamp",
    )
}

/// Who makes a pod like this anew, in words; `None` when nobody does.
fn who(sight: Sight<'_>, target: &Object, controller: Option<&OwnerReference>) -> Option<String> {
    let controller = controller?;
    let direct = format!("{} {}", controller.kind, controller.name);
    match ownership::root(sight.world, target) {
        Root::Itself | Root::Dangling(_) => None,
        Root::Known(root) if root.meta.uid == controller.uid => Some(direct),
        root @ (Root::Known(_) | Root::Foreign(_)) if root.sentence() == direct => Some(direct),
        root @ (Root::Known(_) | Root::Foreign(_)) => Some(format!("{direct} of {}", root.sentence())),
    }
}

/// Seed 003: the set's template asks for another class than the claim has, and the claim is alive. The pod comes back
/// on the old claim, which is seldom what a migration wants.
fn old_claim_question(sight: Sight<'_>, target: &Object, pod: &Pod, owner: Option<&Object>) -> Option<String> {
    pod.claims(&target.meta).find_map(|name| {
        let wanted = template(owner, target, &name)?.spec.storage_class_name.clone()?;
        let live = claim(sight, target, &name).filter(|claim| !claim.meta.deleting())?;
        let held = live.body.claim()?.spec.storage_class_name.clone().unwrap_or_default();
        (held != wanted).then(|| {
            format!("it comes back on the OLD {name} (class {held}), not on class {wanted}: delete the claim first to move it")
        })
    })
}

fn not_the_last(sight: Sight<'_>, target: &Object, pod: &Pod, owner: Option<&Object>) -> Item {
    const ASKS_NO_BUDGET: &str = "a plain delete asks no PodDisruptionBudget";
    const ASKS_BUDGETS: &str = "an eviction asks the PodDisruptionBudgets";
    let budgets = if matches!(sight.forecast.act, Act::Evict { .. }) {
        ASKS_BUDGETS
    } else {
        ASKS_NO_BUDGET
    };
    let siblings: Vec<bool> = owner.map_or_else(Vec::new, |owner| {
        sight
            .world
            .dependents_of(&owner.meta.uid)
            .filter(|sibling| sibling.meta.uid != target.meta.uid && !sibling.meta.deleting())
            .filter_map(|sibling| sibling.body.pod().map(Pod::ready))
            .collect()
    });
    let ready = siblings.iter().filter(|ready| **ready).count();
    let replicated = owner.is_some_and(|owner| owner.kind() != Kind::Job);
    let found = if !pod.ready() {
        Found::yes(format!("it is not ready itself; {ready} others are; {budgets}"))
    } else if ready > 0 {
        Found::yes(format!("{ready} others are ready; {budgets}"))
    } else if replicated && !siblings.is_empty() {
        Found::no(format!("it is the last ready one of {}; {budgets}", siblings.len() + 1))
    } else {
        Found::yes(format!(
            "it is the only one: nothing serves until it is back; {budgets}"
        ))
    };
    Item::sensed(
        "pod.not-last-ready",
        "it is not the last of several that is ready",
        found,
        sight.fresh(&[Kind::Pod, Kind::StatefulSet, Kind::ReplicaSet, Kind::DaemonSet]),
        "pods: status.conditions[Ready]",
    )
}
