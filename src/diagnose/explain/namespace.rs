//! Namespaces: what a Terminating one waits for. Pods go first; then everything else.
//!
//! Conditions are read by type and status only, counts come from the live list (`reference/semantics.md` §3.10, traps 47, 48).

use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::phrase;
use super::super::story::Story;
use crate::laws::Reason;
use crate::model::workload::{Condition, Namespace};
use crate::model::{Kind, Object, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Conditions that stop a namespace's deletion, worst first, with what each means.
const BLOCKERS: [(&str, &str); 3] = [
    (
        "NamespaceDeletionDiscoveryFailure",
        "an API group cannot be discovered, so nobody knows whether it has objects here",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "an API group's version cannot be parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "a list or a delete of its content failed",
    ),
];

/// What a Terminating namespace waits for.
pub(crate) fn blockers(namespace: &Namespace) -> Vec<(&'static str, &Condition)> {
    BLOCKERS
        .iter()
        .filter_map(|(kind, means)| {
            namespace
                .status
                .conditions
                .iter()
                .find(|condition| condition.kind == *kind && condition.status == "True")
                .map(|condition| (*means, condition))
        })
        .collect()
}

/// Objects of the world in a namespace, and how many of them hold each finalizer.
pub(crate) fn content(look: Look<'_>, name: &str) -> (Vec<Arc<Object>>, BTreeMap<Text, usize>) {
    let mut all = Vec::new();
    let mut finalizers: BTreeMap<Text, usize> = BTreeMap::new();
    for kind in Kind::ALL {
        if !kind.namespaced() {
            continue;
        }
        for object in look.world.in_namespace(kind, name) {
            for finalizer in &object.meta.finalizers {
                *finalizers.entry(finalizer.clone()).or_default() += 1;
            }
            all.push(Arc::clone(object));
        }
    }
    (all, finalizers)
}

pub(crate) fn sentence(look: Look<'_>, object: &Object, namespace: &Namespace) -> String {
    if !object.meta.deleting() {
        return if namespace.status.phase.is_empty() {
            "Active".to_owned()
        } else {
            namespace.status.phase.to_string()
        };
    }
    let since = format!("Terminating{}", phrase::aged(look.now, object.meta.deletion_timestamp));
    if let Some((means, _)) = blockers(namespace).first() {
        return format!("{since}: {means}");
    }
    let (all, finalizers) = content(look, &object.meta.name);
    let pods = all.iter().filter(|held| held.kind() == Kind::Pod).count();
    if pods > 0 {
        return format!(
            "{since}, {} to go before anything else is deleted",
            phrase::count(pods, "pod")
        );
    }
    if let Some((finalizer, number)) = finalizers.iter().max_by_key(|(_, number)| **number) {
        return format!("{since}, finalizer {finalizer} on {}", phrase::count(*number, "object"));
    }
    if all.is_empty() && !object.meta.finalizers.is_empty() {
        return super::going(look, object);
    }
    if all.is_empty() {
        return format!("{since}, nothing that Pilothouse reads is left in it");
    }
    format!("{since}, {} to go", phrase::count(all.len(), "object"))
}

pub(crate) fn explain(look: Look<'_>, object: &Object, namespace: &Namespace) -> Explanation {
    let mut story = Story::of(look, object);
    let said = sentence(look, object, namespace);
    let name = &object.meta.name;
    if object.meta.deleting() {
        for kind in Kind::ALL {
            if kind.namespaced() {
                story.needs(kind, name);
            }
        }
        story.unknown("kinds Pilothouse does not watch: custom resources, Services, ConfigMaps and others".to_owned());
        conditions(&mut story, object, namespace);
        remains(&mut story, object);
        story.held_by_finalizers(object);
        story.step(
            "do not empty spec.finalizers of the namespace: what is left would stay in etcd and reappear when the namespace is \
             made again. Pilothouse offers no strip",
        );
    }
    let reason = Reason::default()
        .seen(&object.key(), "status.phase", namespace.status.phase.as_str())
        .seen(
            &object.key(),
            "spec.finalizers",
            phrase::names(&namespace.spec.finalizers, 5),
        );
    story.told(said, reason)
}

fn conditions(story: &mut Story<'_>, object: &Object, namespace: &Namespace) {
    for (means, condition) in blockers(namespace) {
        story.link(
            1,
            object.key(),
            format!("{}: {means}", condition.kind),
            Reason::new(condition.message.to_string()).seen(
                &object.key(),
                &format!("status.conditions[{}]", condition.kind),
                condition.status.as_str(),
            ),
        );
        story.step(match condition.kind.as_str() {
            "NamespaceDeletionContentFailure" => {
                format!(
                    "mend what refuses the deletion (a webhook, a conversion, RBAC): {}",
                    condition.message
                )
            }
            _ => format!(
                "repair or delete the APIService that does not answer: {}",
                condition.message
            ),
        });
    }
}

fn remains(story: &mut Story<'_>, object: &Object) {
    let look = story.look;
    let (all, finalizers) = content(look, &object.meta.name);
    let pods: Vec<_> = all.iter().filter(|held| held.kind() == Kind::Pod).collect();
    let rest: Vec<_> = all
        .iter()
        .filter(|held| held.kind() != Kind::Pod && (held.meta.deleting() || !held.meta.finalizers.is_empty()))
        .collect();
    for held in &pods {
        story.link(
            1,
            held.key(),
            super::sentence(look, held),
            Reason::new("pods go first (since Kubernetes 1.33)"),
        );
        if held.meta.deleting() {
            story.step(format!(
                "explain pod/{}: nothing else is deleted before it is gone",
                held.meta.name
            ));
        }
    }
    for held in &rest {
        story.link(1, held.key(), super::sentence(look, held), Reason::default());
    }
    if pods.is_empty() {
        for held in rest.iter().filter(|held| held.meta.deleting()) {
            story.step(format!("explain {}", held.key()));
        }
    }
    for (finalizer, number) in finalizers {
        story.link(
            1,
            object.key(),
            format!("finalizer {finalizer} on {}", phrase::count(number, "object")),
            Reason::new("counted from the live objects"),
        );
    }
}
