//! Kinds that hold nothing themselves: nodes, storage classes and disruption budgets.

use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::story::Story;
use super::super::{chain, phrase};
use crate::laws::Reason;
use crate::model::storage::DEFAULT_CLASS;
use crate::model::{Body, Kind, Object};

pub(crate) fn sentence(look: Look<'_>, object: &Object) -> String {
    if object.meta.deleting() {
        return super::going(look, object);
    }
    match &object.body {
        Body::Node(node) if node.ready() => "Ready".to_owned(),
        Body::Node(_) => format!(
            "not ready: {} on it cannot be confirmed",
            phrase::count(pods_on(look, object), "pod")
        ),
        Body::StorageClass(class) => {
            let default = object
                .meta
                .annotations
                .get(DEFAULT_CLASS)
                .is_some_and(|value| value == "true");
            format!(
                "{}{}",
                chain::class_words(class),
                if default { " · default" } else { "" }
            )
        }
        Body::PodDisruptionBudget(budget) => match budget.status.disruptions_allowed {
            0 => "lets no pod be evicted".to_owned(),
            allowed => format!("lets {} be evicted", phrase::count(allowed as usize, "pod")),
        },
        _ => String::new(),
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object) -> Explanation {
    let mut story = Story::of(look, object);
    let said = sentence(look, object);
    let mut reason = Reason::default();
    if object.meta.deleting() {
        story.held_by_finalizers(object);
    }
    match &object.body {
        Body::Node(node) => {
            story.needs(Kind::Pod, "");
            reason = reason.seen(&object.key(), "status.conditions[Ready]", node.ready().to_string());
            if !node.ready() {
                story.step(format!(
                    "bring {} back; only if its machine is truly off, taint it node.kubernetes.io/out-of-service with kubectl",
                    object.meta.name
                ));
            }
        }
        Body::StorageClass(_) => {
            story.needs(Kind::PersistentVolume, "");
            let rest: Vec<_> = chain::of(look.world, &object.key(), look.now, look.quiet)
                .into_iter()
                .skip(1)
                .collect();
            story.links(rest);
        }
        Body::PodDisruptionBudget(budget) => {
            let allowed = budget.status.disruptions_allowed.to_string();
            reason = reason.seen(&object.key(), "status.disruptionsAllowed", allowed);
        }
        _ => {}
    }
    story.told(said, reason)
}

fn pods_on(look: Look<'_>, node: &Object) -> usize {
    look.world
        .of_kind(Kind::Pod)
        .filter(|pod| pod.body.pod().is_some_and(|pod| pod.spec.node_name == node.meta.name))
        .count()
}
