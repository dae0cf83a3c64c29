//! A namespace being deleted takes its content with it.
//!
//! Source: `pkg/controller/namespace/deletion/namespaced_resources_deleter.go`, KEP-5080, `reference/semantics.md` §3.10.
//! Since 1.33 all pods go first and everything else waits for them; before, everything is deleted in no fixed order. Only
//! content of kinds the world holds is seen: custom resources may hold a namespace unseen. While the API server cannot tell
//! what kinds there are (an `APIService` that is down), the namespace stays although everything seen has gone. That say the
//! namespace's conditions, once its controller has tried, and before that what the API services said when they were asked.

use super::absence::lists;
use super::change::NAMESPACE_FINALIZER;
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::survey::ApiService;
use crate::model::workload::{Condition, Namespace};
use crate::model::{Kind, Kinds, Object, Propagation, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "namespace",
    source: "pkg/controller/namespace/deletion/namespaced_resources_deleter.go",
    latency: Duration::from_secs(1),
    reads: Kinds::ALL,
    react,
};

/// The minor version of the API server from which pods go first.
const ORDERED_SINCE: u32 = 33;

fn react(world: &World, conditions: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::Namespace).filter(|object| object.meta.deleting()) {
        empty(world, conditions, object, &mut reactions);
    }
    reactions
}

/// Whether this server waits for all pods of a namespace before it touches anything else; taken for granted when its
/// version is not known.
pub fn pods_first(conditions: &Conditions) -> bool {
    conditions.server_minor.is_none_or(|minor| minor >= ORDERED_SINCE)
}

fn empty(world: &World, conditions: &Conditions, object: &Object, reactions: &mut Vec<Reaction>) {
    let namespace = object.meta.name.as_str();
    let before = reactions.len();
    let mut pods = world.in_namespace(Kind::Pod, namespace).peekable();
    let ordered = pods_first(conditions);
    let pods_left = pods.peek().is_some();
    let key = object.key();
    let order = order(conditions);
    let reason = Reason::new(format!("{key} is being deleted with all it holds: {order}"));
    let reason = Arc::new(reason.seen(&key, "status.phase", "Terminating"));
    reactions.extend(pods.filter_map(|pod| delete(pod, &reason)));
    if ordered && (pods_left || !lists(world, Kind::Pod, namespace)) {
        return;
    }
    let others = Kind::ALL
        .into_iter()
        .filter(|kind| kind.namespaced() && *kind != Kind::Pod);
    let mut left = pods_left;
    for kind in others {
        left |= !lists(world, kind, namespace);
        for dependent in world.in_namespace(kind, namespace) {
            left = true;
            reactions.extend(delete(dependent, &reason));
        }
    }
    let held = object
        .body
        .namespace()
        .filter(|facts| obstacles(conditions, facts).is_empty())
        .is_some_and(|facts| facts.spec.finalizers.iter().any(|held| held == NAMESPACE_FINALIZER));
    if !left && held && reactions.len() == before {
        let why = Reason::new(format!("nothing is left in {key}"));
        reactions.push(Reaction::new(
            LAW.name,
            Change::RemoveFinalizer {
                object: key,
                uid: object.meta.uid.clone(),
                finalizer: NAMESPACE_FINALIZER.into(),
            },
            why,
        ));
    }
}

/// In what order this server empties a namespace, in words.
fn order(conditions: &Conditions) -> String {
    match conditions.server_minor {
        Some(minor) if minor >= ORDERED_SINCE => {
            format!("server 1.{minor} deletes pods first, all else once they are gone")
        }
        Some(minor) => format!("server 1.{minor} deletes everything at once"),
        None => format!("pods first, if the server is 1.{ORDERED_SINCE} or later, which is taken for granted"),
    }
}

/// Why the controller cannot see everything that is in a namespace, and so never lets it go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle<'a> {
    /// It says so itself.
    Told(&'a Condition),
    /// An API service that did not answer when it was asked.
    Silent(&'a ApiService),
}

/// What kept the controller from seeing everything when it tried, or will keep it when it does. Its own word counts more
/// than a survey: it tries again and again, and what it said last is watched.
pub fn obstacles<'a>(conditions: &'a Conditions, namespace: &'a Namespace) -> Vec<Obstacle<'a>> {
    const DISCOVERY: &str = "NamespaceDeletionDiscoveryFailure";
    let told = |kind: &str| {
        let mut all = namespace.status.conditions.iter();
        all.find(|condition| condition.kind == kind)
    };
    let silent = conditions.survey.services.seen().iter();
    let silent = silent.filter(|service| !service.answers() && told(DISCOVERY).is_none());
    [DISCOVERY, "NamespaceDeletionGroupVersionParsingFailure"]
        .into_iter()
        .filter_map(told)
        .filter(|condition| condition.status == "True")
        .map(Obstacle::Told)
        .chain(silent.map(Obstacle::Silent))
        .collect()
}

/// Deletes what is not being deleted; the reason is one for all.
fn delete(object: &Object, reason: &Arc<Reason>) -> Option<Reaction> {
    (!object.meta.deleting()).then(|| {
        Reaction::new(
            LAW.name,
            Change::Delete {
                object: object.key(),
                uid: object.meta.uid.clone(),
                propagation: Propagation::Background,
            },
            Arc::clone(reason),
        )
    })
}

#[cfg(test)]
mod tests;
