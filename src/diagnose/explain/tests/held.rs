//! What is being deleted and held by a finalizer is told as stuck, whatever its kind, with the finalizer and its owner.

use super::super::super::fixture::{with, world};
use super::super::super::state;
use super::{chain, has_step, steps, told};
use crate::diagnose::fixture::now;
use crate::model::storage::{EXTERNAL_PROVISIONER, PVC_PROTECTION};
use crate::model::workload::JOB_TRACKING;
use crate::model::{Kind, World};

const HOLD: &str = "example.com/hold";

/// One object of each kind, deleted at this instant and held by this finalizer.
fn going(kind: Kind, finalizer: &str, asked: &str) -> World {
    let (api, word) = match kind {
        Kind::Release => ("v1".to_owned(), "Secret"),
        Kind::ReleaseMap => ("v1".to_owned(), "ConfigMap"),
        _ => (kind.api_version(), kind.name()),
    };
    let place = if kind.namespaced() { "namespace: shop, " } else { "" };
    world(&format!(
        "- {{apiVersion: {api}, kind: {word}, metadata: {{name: x, {place}deletionTimestamp: '{asked}', \
         deletionGracePeriodSeconds: 0, finalizers: [{finalizer}], labels: {{owner: helm, name: x, version: '7', status: deployed}}}}}}"
    ))
}

#[test]
fn no_kind_is_told_as_fine_while_a_finalizer_holds_it() {
    for kind in Kind::ALL {
        let target = format!("{kind}/x");
        for asked in ["2026-04-27T13:59:50Z", "2026-04-27T10:48:00Z"] {
            for finalizer in [HOLD, PVC_PROTECTION, EXTERNAL_PROVISIONER, JOB_TRACKING] {
                let told = told(&going(kind, finalizer, asked), &target);
                assert!(
                    !told.way_out.is_empty(),
                    "{target} {asked} {finalizer}: {}",
                    told.sentence
                );
                assert!(told.sentence.starts_with("Terminating"), "{target}: {}", told.sentence);
            }
        }
    }
}

#[test]
fn each_kind_names_the_finalizer_its_owner_and_what_a_strip_loses() {
    for kind in Kind::ALL {
        let target = format!("{kind}/x");
        let world = going(kind, HOLD, "2026-04-27T10:48:00Z");
        let told = told(&world, &target);
        let links = chain(&told);
        let link = format!(
            "1 {target}: finalizer {HOLD} · unknown owner of {HOLD} (owner unknown) · waits for a controller Pilothouse does not know"
        );
        assert!(links.contains(&link), "{target}: {links:?}");
        let strip = format!(
            "do not strip {HOLD}: whatever that controller still had to clean up. Pilothouse offers no strip; nothing in sight \
             proves it gone: a finalizer names no workload, and its controller may run anywhere"
        );
        assert!(steps(&told).contains(&strip), "{target}: {:?}", steps(&told));
        let object = world.objects().next().expect("one object");
        assert!(
            state(&world, object, now()).contains(HOLD),
            "{target}: {}",
            told.sentence
        );
    }
}

#[test]
fn a_class_a_budget_and_a_node_wait_for_the_owner_of_their_finalizer() {
    for (kind, finalizer, sentence, step) in [
        (
            Kind::StorageClass,
            HOLD,
            "Terminating 3h12m, held by finalizer example.com/hold",
            "let unknown owner of example.com/hold finish",
        ),
        (
            Kind::PodDisruptionBudget,
            "foregroundDeletion",
            "Terminating 3h12m, held by finalizer foregroundDeletion",
            "let garbage collector finish: it waits for its dependents to go",
        ),
        (
            Kind::Node,
            "karpenter.sh/termination",
            "Terminating 3h12m, held by finalizer karpenter.sh/termination",
            "let Karpenter finish: it waits for the node to be drained",
        ),
    ] {
        let told = told(&going(kind, finalizer, "2026-04-27T10:48:00Z"), &format!("{kind}/x"));
        assert_eq!(told.sentence, sentence);
        assert!(has_step(&told, step), "{kind}: {:?}", steps(&told));
    }
}

#[test]
fn what_nothing_holds_any_more_is_about_to_vanish() {
    let gone = world(
        "- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: x, deletionTimestamp: '2026-04-27T13:59:59Z'}}",
    );
    let told = told(&gone, "sc/x");
    assert_eq!(told.sentence, "Terminating 1s, held by nothing: about to vanish");
    assert!(told.way_out.is_empty());
}

#[test]
fn a_budget_says_how_many_it_lets_go() {
    let budget = "- {kind: PodDisruptionBudget, apiVersion: policy/v1, metadata: {name: x, namespace: shop}, status: {disruptionsAllowed: 1}}";
    assert_eq!(told(&world(budget), "pdb/x").sentence, "lets 1 pod be evicted");
    let none = budget.replace("Allowed: 1", "Allowed: 0");
    let seen = with(world(&none), "- {kind: Node, metadata: {name: n1}}");
    assert_eq!(told(&seen, "pdb/x").sentence, "lets no pod be evicted");
}
