//! Attachments of volumes: attached where, and what keeps a detach from ending.
//!
//! Source: `reference/semantics.md` §3.7.

use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::story::Story;
use super::super::{chain, phrase};
use crate::laws::Reason;
use crate::model::storage::{Attachment, EXTERNAL_ATTACHER_PREFIX};
use crate::model::{Key, Kind, Object};
use std::sync::Arc;

pub(crate) fn sentence(look: Look<'_>, object: &Object, attachment: &Attachment) -> String {
    let node = &attachment.spec.node_name;
    let volume = &attachment.spec.source.persistent_volume_name;
    if !object.meta.deleting() {
        let word = if attachment.status.attached {
            "attached"
        } else {
            "attaching"
        };
        return format!("pv/{volume} {word} to {node}");
    }
    let since = format!("Terminating{}", phrase::aged(look.now, object.meta.deletion_timestamp));
    let pods = mounters(look, attachment);
    if !pods.is_empty() {
        return format!(
            "{since}, pv/{volume} is still used on {node} by {}",
            phrase::names(pods.iter().map(|pod| &pod.meta.name), 2)
        );
    }
    let mut finalizers = object.meta.finalizers.iter();
    if !attachment.status.attached && !finalizers.any(|name| name.starts_with(EXTERNAL_ATTACHER_PREFIX)) {
        return super::going(look, object);
    }
    match node_state(look, attachment) {
        NodeState::Gone => format!(
            "{since}, node {node} is gone: {} has to detach pv/{volume}",
            attachment.spec.attacher
        ),
        NodeState::NotReady => format!("{since}, node {node} is not ready: it cannot unmount pv/{volume}"),
        NodeState::Ready | NodeState::Unseen => {
            format!(
                "{since}, waits for {} to detach pv/{volume} from {node}",
                attachment.spec.attacher
            )
        }
    }
}

enum NodeState {
    Ready,
    NotReady,
    Gone,
    Unseen,
}

fn node_state(look: Look<'_>, attachment: &Attachment) -> NodeState {
    let key = Key::cluster(Kind::Node, &attachment.spec.node_name);
    match look.world.get(&key).and_then(|node| node.body.node()) {
        Some(node) if node.ready() => NodeState::Ready,
        Some(_) => NodeState::NotReady,
        None if look.gone(&key) => NodeState::Gone,
        None => NodeState::Unseen,
    }
}

/// Pods on the node that use the attached volume.
fn mounters(look: Look<'_>, attachment: &Attachment) -> Vec<Arc<Object>> {
    let volume = Key::cluster(Kind::PersistentVolume, &attachment.spec.source.persistent_volume_name);
    let Some(claim) = look
        .world
        .get(&volume)
        .and_then(|volume| volume.body.volume())
        .and_then(|volume| volume.spec.claim_ref.as_ref())
    else {
        return Vec::new();
    };
    let claim = Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name);
    look.world
        .users_of(&claim)
        .filter(|pod| {
            pod.body.pod().is_some_and(|facts| {
                facts.spec.node_name == attachment.spec.node_name && !facts.status.phase.terminal()
            })
        })
        .cloned()
        .collect()
}

pub(crate) fn explain(look: Look<'_>, object: &Object, attachment: &Attachment) -> Explanation {
    let mut story = Story::of(look, object);
    story.needs(Kind::PersistentVolume, "");
    story.needs(Kind::Node, "");
    let said = sentence(look, object, attachment);
    let node = &attachment.spec.node_name;
    let volume = Key::cluster(Kind::PersistentVolume, &attachment.spec.source.persistent_volume_name);
    if object.meta.deleting() {
        let owners: Vec<_> = object
            .meta
            .finalizers
            .iter()
            .map(|name| (name, story.finalizer(1, object, name)))
            .collect();
        for pod in mounters(look, attachment) {
            let name = &pod.meta.name;
            if pod.meta.deleting() {
                story.step(format!(
                    "wait for pod {name}, which is stopping on {node}; if it does not end, explain pod/{name}"
                ));
            } else {
                story.delete(
                    format!("end pod {name} on {node}: its volume cannot be unmounted before"),
                    &pod,
                );
            }
        }
        match node_state(look, attachment) {
            NodeState::NotReady => story.step(format!(
                "bring {node} back, or, only if its machine is truly off, taint it node.kubernetes.io/out-of-service with kubectl"
            )),
            NodeState::Gone => story.step(format!(
                "make sure the machine of {node} is off; {} then detaches",
                attachment.spec.attacher
            )),
            NodeState::Ready | NodeState::Unseen => {
                story.step(format!(
                    "look at the logs of {} and at the kubelet of {node}",
                    attachment.spec.attacher
                ));
            }
        }
        for (name, owner) in &owners {
            story.no_strip(name, owner);
        }
    }
    if let Some(found) = look.world.get(&volume).cloned() {
        let links = chain::of(look.world, &found.key(), look.now, look.quiet);
        story.links(
            links
                .into_iter()
                .filter(|link| link.object != object.key())
                .map(|link| super::super::finding::Link {
                    depth: link.depth + 1,
                    ..link
                }),
        );
    }
    let reason = Reason::default()
        .seen(&object.key(), "spec.nodeName", node.as_str())
        .seen(&object.key(), "status.attached", attachment.status.attached.to_string());
    story.told(said, reason)
}
