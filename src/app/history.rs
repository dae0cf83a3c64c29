//! What changed in each object since the cockpit began to look; bounded, so that a long watch does not grow.
//!
//! Knows two readings of one object; must not know screens.

use crate::model::{Body, Key, Object, World};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Changes kept of one object.
const PER_OBJECT: usize = 32;
/// Objects whose changes are kept; the one changed longest ago is forgotten first.
const OBJECTS: usize = 4_096;

/// The changes seen, by object.
#[derive(Clone, Debug, Default)]
pub struct History {
    seen: BTreeMap<Key, VecDeque<(Timestamp, String)>>,
    order: VecDeque<Key>,
}

impl History {
    /// The changes of an object, oldest first.
    pub fn of(&self, key: &Key) -> impl Iterator<Item = &(Timestamp, String)> {
        self.seen.get(key).into_iter().flatten()
    }

    /// Notes how an object differs from its last reading.
    pub fn note(&mut self, key: &Key, before: Option<&Arc<Object>>, world: &World, at: Timestamp) {
        let after = world.get(key);
        let changes = match (before, after) {
            (None, None) => Vec::new(),
            (None, Some(_)) => vec!["appeared".to_owned()],
            (Some(_), None) => vec!["is gone".to_owned()],
            (Some(before), Some(after)) if before.meta.uid != after.meta.uid => {
                vec![format!("was replaced by another of its name: uid {}", after.meta.uid)]
            }
            (Some(before), Some(after)) => differences(before, after),
        };
        if changes.is_empty() {
            return;
        }
        if !self.seen.contains_key(key) {
            self.order.push_back(key.clone());
            if self.order.len() > OBJECTS
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
        }
        let kept = self.seen.entry(key.clone()).or_default();
        kept.extend(changes.into_iter().map(|change| (at, change)));
        while kept.len() > PER_OBJECT {
            kept.pop_front();
        }
    }
}

/// How two readings of one object differ, in words. Empty when only what no screen shows has changed.
fn differences(before: &Object, after: &Object) -> Vec<String> {
    let mut changes = Vec::new();
    if !before.meta.deleting() && after.meta.deleting() {
        changes.push("its deletion began".to_owned());
    }
    if before.meta.finalizers != after.meta.finalizers {
        changes.push(match after.meta.finalizers.as_ref() {
            [] => "no finalizer is left".to_owned(),
            left => format!("finalizers are now {}", left.join(", ")),
        });
    }
    let (was, is) = (condition(before), condition(after));
    if was != is {
        changes.push(format!("{was} → {is}"));
    }
    changes
}

/// The part of an object's state that its history tells.
fn condition(object: &Object) -> String {
    match &object.body {
        Body::PersistentVolumeClaim(claim) => {
            format!("{:?} on {}", claim.status.phase, named(&claim.spec.volume_name))
        }
        Body::PersistentVolume(volume) => {
            let claim = volume.spec.claim_ref.as_ref().map_or_else(
                || "no claimRef".to_owned(),
                |claim| {
                    let uid = if claim.uid.is_empty() {
                        "no uid".to_owned()
                    } else {
                        format!("uid …{}", claim.uid.tail(6))
                    };
                    format!("claimRef {}/{} ({uid})", claim.namespace, claim.name)
                },
            );
            format!(
                "{:?}, {}, {claim}",
                volume.status.phase,
                volume.spec.persistent_volume_reclaim_policy.word()
            )
        }
        Body::Pod(pod) => {
            let ready = if pod.ready() { ", ready" } else { "" };
            format!("{}{ready} on {}", pod.status.phase.word(), named(&pod.spec.node_name))
        }
        Body::Job(job) => format!("{}, {} active", job.state().word(), job.status.active),
        Body::CronJob(job) => (if job.spec.suspend { "suspended" } else { "scheduled" }).to_owned(),
        Body::StatefulSet(set) => format!("{}/{} ready", set.status.ready_replicas, set.replicas()),
        Body::Deployment(set) | Body::ReplicaSet(set) | Body::DaemonSet(set) => {
            format!("{}/{} ready", set.status.ready_replicas, set.status.replicas)
        }
        Body::Namespace(namespace) => namespace.status.phase.to_string(),
        Body::Node(node) => (if node.ready() { "ready" } else { "not ready" }).to_owned(),
        Body::VolumeAttachment(attachment) => (if attachment.status.attached {
            "attached"
        } else {
            "not attached"
        })
        .to_owned(),
        Body::Release(release) => format!("revision {} {}", release.revision, release.status),
        Body::PodDisruptionBudget(budget) => format!("allows {} disruptions", budget.status.disruptions_allowed),
        Body::StorageClass(class) => format!("provisioner {}", class.provisioner),
    }
}

fn named(name: &str) -> &str {
    if name.is_empty() { "nothing" } else { name }
}
