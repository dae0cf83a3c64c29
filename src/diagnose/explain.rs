//! Why is this object as it is, down to the root owner, and the safe way out. One file a kind.
//!
//! "Why is it stuck" is "which law does not fire, and which facts keep it from firing". What is being deleted and held by a
//! finalizer is never told as fine. A finalizer is offered to be taken off in one case only, last and with the loss: when its
//! controller is gone by the operator's word and nothing in sight says otherwise (`Story::no_strip`).

pub(crate) mod attachment;
pub(crate) mod claim;
pub(crate) mod job;
pub(crate) mod namespace;
pub(crate) mod plain;
pub(crate) mod pod;
pub(crate) mod release;
pub(crate) mod stateful_set;
#[cfg(test)]
mod tests;
pub(crate) mod volume;
pub(crate) mod way_out;
pub(crate) mod workload;

use super::finding::Explanation;
use super::look::Look;
use super::phrase;
use super::story::Story;
use crate::laws::{Conditions, Reason};
use crate::model::{Body, Key, Now, Object, World};
use std::time::Duration;

/// Explains an object; `None` when the world holds none of this key. A malformed object is explained by what the decoder said.
pub fn explain(world: &World, key: &Key, conditions: &Conditions, now: Now, quiet: Duration) -> Option<Explanation> {
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    if let Some(object) = world.get(key) {
        return Some(of_object(look, object));
    }
    let malformed = world.malformed().find(|malformed| malformed.key == *key)?;
    let mut story = Story::about(look, key.clone());
    story.unknown(format!("{key}: {}", malformed.why));
    Some(story.told(
        "cannot be read: no rule can judge it".to_owned(),
        Reason::new(malformed.why.clone()),
    ))
}

/// An object's state in one sentence: `Terminating 3h12m, held by 9 pods of 9 Jobs`, `Bound · mysql-0`.
/// Whether the facts behind it are current is for the panel that shows it to say.
pub fn state(world: &World, object: &Object, now: Now) -> String {
    let conditions = Conditions::default();
    let look = Look {
        world,
        conditions: &conditions,
        now,
        quiet: Duration::MAX,
    };
    sentence(look, object)
}

fn of_object(look: Look<'_>, object: &Object) -> Explanation {
    match &object.body {
        Body::PersistentVolumeClaim(claim) => claim::explain(look, object, claim),
        Body::PersistentVolume(volume) => volume::explain(look, object, volume),
        Body::Pod(pod) => pod::explain(look, object, pod),
        Body::Job(job) => job::explain(look, object, job),
        Body::StatefulSet(set) => stateful_set::explain(look, object, set),
        Body::Deployment(_) | Body::ReplicaSet(_) | Body::DaemonSet(_) | Body::CronJob(_) => {
            workload::explain(look, object)
        }
        Body::Namespace(namespace) => namespace::explain(look, object, namespace),
        Body::VolumeAttachment(attachment) => attachment::explain(look, object, attachment),
        Body::Release(release) => release::explain(look, object, release),
        Body::Node(_) | Body::StorageClass(_) | Body::PodDisruptionBudget(_) => plain::explain(look, object),
    }
}

/// What is being deleted and held by its finalizers alone: `Terminating 3h12m, held by finalizer example.com/hold`.
fn going(look: Look<'_>, object: &Object) -> String {
    let since = phrase::aged(look.now, object.meta.deletion_timestamp);
    match object.meta.finalizers.as_ref() {
        [] => format!("Terminating{since}, held by nothing: about to vanish"),
        held => format!("Terminating{since}, held by finalizer {}", phrase::names(held, 2)),
    }
}

pub(crate) fn sentence(look: Look<'_>, object: &Object) -> String {
    match &object.body {
        Body::PersistentVolumeClaim(claim) => claim::sentence(look, object, claim),
        Body::PersistentVolume(volume) => volume::sentence(look, object, volume),
        Body::Pod(pod) => pod::sentence(look, object, pod),
        Body::Job(job) => job::sentence(look, object, job),
        Body::StatefulSet(set) => stateful_set::sentence(look, object, set),
        Body::Deployment(_) | Body::ReplicaSet(_) | Body::DaemonSet(_) | Body::CronJob(_) => {
            workload::sentence(look, object)
        }
        Body::Namespace(namespace) => namespace::sentence(look, object, namespace),
        Body::VolumeAttachment(attachment) => attachment::sentence(look, object, attachment),
        Body::Release(release) => release::sentence(look, object, release),
        Body::Node(_) | Body::StorageClass(_) | Body::PodDisruptionBudget(_) => plain::sentence(look, object),
    }
}
