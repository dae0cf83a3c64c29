//! Which records go before that of the next revision is written.

use super::*;
use std::fmt::Write as _;

/// A release with records of these statuses, the first of revision 1, and nothing in its manifests.
fn long(statuses: &[&str]) -> Case {
    let mut objects =
        String::from("\n- {apiVersion: v1, kind: Namespace, metadata: {name: shop}, spec: {finalizers: [kubernetes]}}");
    let name = |revision: usize| format!("sh.helm.release.v1.app.v{revision}");
    for (revision, status) in (1..).zip(statuses) {
        write!(
            objects,
            "\n- {{apiVersion: v1, kind: Secret, metadata: {{namespace: shop, name: {}, labels: {{owner: helm, name: app, version: '{revision}', status: {status}}}}}}}",
            name(revision)
        )
        .unwrap();
    }
    let world = of(&objects);
    let mut ledger = Ledger::default();
    let pin = |revision: usize| {
        let key = key(&format!("release shop/{}", name(revision)));
        world.get(&key).unwrap().pin()
    };
    for (revision, status) in (1..).zip(statuses) {
        let reading = record(status, u32::try_from(revision).unwrap(), "", &json!([]));
        ledger.enter(pin(revision), reading);
    }
    let release = pin(statuses.len());
    Case { world, ledger, release }
}

/// Superseded ones, and then these.
fn after<'a>(superseded: usize, last: &[&'a str]) -> Vec<&'a str> {
    [&vec!["superseded"; superseded], last].concat()
}

/// The revisions whose records go.
fn gone(steps: &[String]) -> Vec<&str> {
    steps
        .iter()
        .filter_map(|step| step.strip_prefix("delete record."))
        .collect()
}

#[test]
fn the_oldest_records_make_room_and_never_the_last_deployed_one() {
    let others = |steps: &[String]| steps.iter().filter(|step| !step.starts_with("delete ")).count();
    for (what, statuses, expected) in [
        ("nine, and one more is ten", after(8, &["deployed"]), &[][..]),
        ("ten", after(9, &["deployed"]), &["v1"]),
        (
            "more than ever were kept",
            after(12, &["deployed"]),
            &["v1", "v2", "v3", "v4"],
        ),
        (
            "the deployed one is the oldest",
            [&["deployed"], &["failed"; 9][..]].concat(),
            &["v2"],
        ),
        (
            "of two that are called deployed the last",
            [&["deployed"], &after(8, &["deployed"])[..]].concat(),
            &["v1"],
        ),
        ("none is deployed", after(9, &["failed"]), &["v1"]),
    ] {
        let case = long(&statuses);
        for executor in [THREE, FOUR] {
            let rollback = case.does(&HelmAct::Rollback(Rollback {
                executor,
                to: 1,
                ..Rollback::default()
            }));
            assert_eq!(gone(&rollback), expected, "rollback: {what}");
            let upgrade = Case {
                world: case.world.clone(),
                ledger: case.ledger.clone(),
                release: case.release.clone(),
            }
            .upgraded(executor, "");
            assert_eq!(gone(&upgrade), expected, "upgrade: {what}");
            assert!(others(&rollback) > 0 && others(&upgrade) > 0, "{what}");
        }
    }
}

#[test]
fn an_upgrade_that_is_refused_before_its_record_forgets_nothing() {
    let mut case = long(&after(9, &["deployed"]));
    for object in crate::laws::fixture::world(&live_claim("labels: {}")).objects() {
        case.world.put(crate::model::Object::clone(object));
    }
    let steps = case.upgraded(THREE, &claim("data", ""));
    assert!(steps[0].starts_with("refuse pvc/data"), "{steps:?}");
    assert!(gone(&steps).is_empty(), "{steps:?}");
}

#[test]
fn a_hook_that_fails_comes_after_the_record() {
    let mut case = long(&after(9, &["deployed"]));
    let hook =
        "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: setup, annotations: {helm.sh/hook: pre-upgrade}}\n";
    case.ledger
        .let_fail(Address::new("batch/v1", "Job", "", "setup", "shop"));
    let steps = case.upgraded(THREE, hook);
    assert_eq!(gone(&steps), ["v1"]);
    assert!(
        steps.contains(&"patch record.v10 [revision 11: failed]".to_owned()),
        "{steps:?}"
    );
}
