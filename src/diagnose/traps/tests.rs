//! The catalogue is whole and closed, each of its rules has a true case and a near miss, and each test it names is there.

use super::cases::Case;
use super::*;
use crate::diagnose::fixture::{QUIET, now, world};
use crate::diagnose::rules::RULES;
use crate::diagnose::{Look, Severity, findings};
use crate::laws::Conditions;
use crate::model::survey::Asked;
use crate::model::{Survey, Tenant, World};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

fn shop() -> Tenant {
    Tenant {
        name: "shop".into(),
        namespaces: vec!["shop".into()],
        release: None,
    }
}

/// What fires of a trap by one rule.
fn fired(case: &Case, (world, conditions): &(World, Conditions)) -> Vec<String> {
    findings(world, &shop(), conditions, now(), QUIET)
        .into_iter()
        .filter(|finding| finding.severity > Severity::Clean)
        .filter(|finding| finding.rule == case.rule && finding.traps.contains(&case.trap))
        .map(|finding| {
            assert!(!finding.reason.evidence.is_empty(), "{} gives no evidence", case.rule);
            assert!(
                finding.reason.evidence.iter().all(|seen| !seen.field.is_empty()),
                "{}: evidence without a field",
                case.rule
            );
            format!("{}: {}", finding.object, finding.sentence)
        })
        .collect()
}

#[test]
fn all_sixty_and_no_other() {
    let numbers: Vec<u8> = catalogue().map(|trap| trap.number).collect();
    assert_eq!(numbers, (1..=60).collect::<Vec<u8>>());
    for trap in catalogue() {
        for (what, words) in [
            ("name", trap.name),
            ("facts", trap.looks_at),
            ("remedy", trap.remedy),
            ("source", trap.source),
        ] {
            assert!(!words.is_empty(), "trap {} has no {what}", trap.number);
        }
    }
    let names: BTreeSet<&str> = catalogue().map(|trap| trap.name).collect();
    assert_eq!(names.len(), 60);
}

#[test]
fn catalogue_and_rules_say_the_same() {
    let told: BTreeSet<(u8, &str)> = catalogue()
        .flat_map(|trap| {
            let rules = match trap.told {
                Told::Rules { rules, .. } => rules,
                Told::Act(_) => &[],
            };
            rules.iter().map(|rule| (trap.number, *rule))
        })
        .collect();
    let ruled: BTreeSet<(u8, &str)> = RULES
        .iter()
        .flat_map(|rule| rule.traps.iter().map(|trap| (*trap, rule.name)))
        .collect();
    assert_eq!(told, ruled);
}

#[test]
fn each_has_a_true_case_and_a_near_miss() {
    let cases = cases::all();
    let mut told = String::new();
    for trap in catalogue() {
        let Told::Rules { rules, .. } = trap.told else {
            continue;
        };
        for rule in rules {
            let own: Vec<&Case> = cases
                .iter()
                .filter(|case| (case.trap, case.rule) == (trap.number, *rule))
                .collect();
            assert!(!own.is_empty(), "trap {} has no case for {rule}", trap.number);
            writeln!(told, "{} {rule}", trap.number).unwrap();
            for case in own {
                let truth = fired(case, &case.truth());
                assert!(!truth.is_empty(), "trap {} does not fire by {rule}", trap.number);
                let near = fired(case, &case.near());
                assert!(
                    near.is_empty(),
                    "trap {} fires by {rule} where it is none: {near:#?}",
                    trap.number
                );
                for line in truth {
                    writeln!(told, "    {line}").unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(told);
}

fn unjudged_of(world: &World, conditions: &Conditions) -> Vec<String> {
    let look = Look {
        world,
        conditions,
        now: now(),
        quiet: QUIET,
    };
    unjudged(look, &shop())
        .into_iter()
        .map(|left| format!("{:?} {}", left.traps, left.why))
        .collect()
}

/// Everything was asked, and there is nothing.
fn asked() -> Conditions {
    Conditions {
        survey: Arc::new(Survey {
            at: Some(now()),
            services: Asked::Seen(Vec::new()),
            webhooks: Asked::Seen(Vec::new()),
            engines: Asked::Seen(Vec::new()),
            rights: Asked::Seen(Vec::new()),
            homes: ["shop".into()].into(),
            ..Survey::default()
        }),
        ..Conditions::default()
    }
}

#[test]
fn what_was_not_looked_at_is_said() {
    let quiet = world("- {kind: Namespace, metadata: {name: shop}, status: {phase: Active}}");
    assert!(unjudged_of(&quiet, &asked()).is_empty());
    let untold = unjudged_of(&quiet, &Conditions::default());
    assert_eq!(
        untold,
        [
            "[47] API services: not looked at yet",
            "[50] admission webhooks: not looked at yet",
            "[56, 57] GitOps objects: not looked at yet",
            "[60] the user's rights: not looked at yet"
        ]
    );
    let closed = world(
        "- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, labels: {owner: helm, name: eks, version: \"7\", status: deployed}}}",
    );
    let told = unjudged_of(&closed, &asked());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("] release eks r7: not looked into yet"), "{told:?}");
    assert!(told[0].starts_with("[1, 2, 3, 4, 6, 7, 8,"), "{told:?}");
    let peers = world(
        "- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: v, namespace: shop}, spec: {replicas: 3, template: {spec: {containers: [{image: \"vault:1.21.0\"}]}}}}",
    );
    assert_eq!(
        unjudged_of(&peers, &asked()),
        ["[46] shop/v has not been asked: 0 pods of vault"]
    );
    let blind = crate::diagnose::fixture::denied(&quiet, crate::model::Kind::PersistentVolume);
    let told = unjudged_of(&blind, &asked());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("] PVs: denied: forbidden"), "{told:?}");
}

#[test]
fn the_page_tells_all_sixty() {
    let page = markdown();
    for trap in catalogue() {
        assert!(page.contains(&format!("\n## {}. {}\n", trap.number, trap.name)));
    }
}
