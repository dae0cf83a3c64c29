//! Explanations told on small worlds: the sentence, the way out, and what they must not claim.

mod claims;
mod held;
mod others;
mod volumes;
mod workloads;

use super::super::fixture::{QUIET, conditions, key, now};
use super::super::{Explanation, explain};
use crate::laws::Conditions;
use crate::model::World;

fn told(world: &World, target: &str) -> Explanation {
    told_given(world, target, &conditions())
}

fn told_given(world: &World, target: &str, conditions: &Conditions) -> Explanation {
    let explanation = explain(world, &key(target), conditions, now(), QUIET).unwrap();
    assert_eq!(explanation.chain[0].object, explanation.object);
    assert_eq!(explanation.chain[0].depth, 0);
    for step in &explanation.way_out {
        assert!(
            !step.sentence.starts_with("strip") && !step.sentence.contains("finalizers to null"),
            "a strip is offered: {}",
            step.sentence
        );
    }
    explanation
}

/// The links below the object, as `depth object: sentence`.
fn chain(explanation: &Explanation) -> Vec<String> {
    explanation
        .chain
        .iter()
        .skip(1)
        .map(|link| format!("{} {}: {}", link.depth, link.object, link.sentence))
        .collect()
}

/// The steps, each with its act in brackets.
fn steps(explanation: &Explanation) -> Vec<String> {
    explanation
        .way_out
        .iter()
        .map(|step| match &step.act {
            Some(act) => format!("{} [{act}]", step.sentence),
            None => step.sentence.clone(),
        })
        .collect()
}

/// Whether some step begins so.
fn has_step(explanation: &Explanation, start: &str) -> bool {
    steps(explanation).iter().any(|step| step.starts_with(start))
}
