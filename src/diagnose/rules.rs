//! The trap catalogue, as far as facts of this version show it (`reference/semantics.md` §5): one pure rule a file.
//!
//! A rule reads facts and gives findings with evidence. It claims nothing from the absence of what it cannot see; feeds
//! that cannot be seen are findings of their own (rule `feeds`).

mod available_delete_stuck;
mod claim_identity;
mod completed_pods_hold;
mod crash_looping;
mod delete_policy;
mod failed_release;
mod feeds;
mod foreign_jobs;
mod lost_claim;
mod malformed;
mod namespace_stuck;
mod pending_claim;
mod pending_release;
mod released_volumes;
mod reserved_theft;
mod respawning_holder;
mod stale_owner_reference;
mod stateful_set_waits_for_claim;
mod stuck_claim;
mod template_class_differs;
mod terminating_volume_bound;
mod when_deleted;

use super::finding::{Finding, Gist, Severity};
use super::look::Look;
use super::ward::Ward;
use crate::laws::{Conditions, Reason};
use crate::model::{Key, Now, Tenant, World};
use std::time::Duration;

/// A rule: its file name, and what it finds in a ward.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub name: &'static str,
    /// Numbers in the trap catalogue, §5; empty for a plain fact.
    pub traps: &'static [u8],
    find: fn(Look<'_>, &Ward<'_>) -> Vec<Finding>,
}

const fn rule(name: &'static str, traps: &'static [u8], find: fn(Look<'_>, &Ward<'_>) -> Vec<Finding>) -> Rule {
    Rule { name, traps, find }
}

/// Every rule. Within one severity, findings are shown in this order.
pub static RULES: &[Rule] = &[
    rule("stuck_claim", &[20], stuck_claim::find),
    rule("lost_claim", &[], lost_claim::find),
    rule("claim_identity", &[40], claim_identity::find),
    rule("terminating_volume_bound", &[37], terminating_volume_bound::find),
    rule("released_volumes", &[36, 59], released_volumes::find),
    rule("reserved_theft", &[39], reserved_theft::find),
    rule("available_delete_stuck", &[38], available_delete_stuck::find),
    rule(
        "stateful_set_waits_for_claim",
        &[31],
        stateful_set_waits_for_claim::find,
    ),
    rule("stale_owner_reference", &[58], stale_owner_reference::find),
    rule("namespace_stuck", &[47, 48], namespace_stuck::find),
    rule("pending_release", &[21, 22, 23], pending_release::find),
    rule("foreign_jobs", &[28], foreign_jobs::find),
    rule("respawning_holder", &[29], respawning_holder::find),
    rule("completed_pods_hold", &[27], completed_pods_hold::find),
    rule("pending_claim", &[], pending_claim::find),
    rule("failed_release", &[], failed_release::find),
    rule("crash_looping", &[], crash_looping::find),
    rule("malformed", &[], malformed::find),
    rule("feeds", &[], feeds::find),
    rule("when_deleted", &[43], when_deleted::find),
    rule("template_class_differs", &[42], template_class_differs::find),
    rule("delete_policy", &[41], delete_policy::find),
];

/// Everything that is wrong with a tenant, worst first.
pub fn findings(world: &World, tenant: &Tenant, conditions: &Conditions, now: Now, quiet: Duration) -> Vec<Finding> {
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    all(look, &Ward::of_tenant(look, tenant))
}

/// What is wrong with volumes that belong to nobody: no `claimRef`, and no claim names them.
pub fn unclaimed(world: &World, conditions: &Conditions, now: Now, quiet: Duration) -> Vec<Finding> {
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    all(look, &Ward::of_nobody(look))
}

fn all(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found: Vec<(usize, Finding)> = RULES
        .iter()
        .enumerate()
        .flat_map(|(order, rule)| (rule.find)(look, ward).into_iter().map(move |finding| (order, finding)))
        .collect();
    found.sort_by(|(left_order, left), (right_order, right)| {
        right
            .severity
            .cmp(&left.severity)
            .then(left_order.cmp(right_order))
            .then_with(|| left.object.cmp(&right.object))
    });
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// A finding, in the order its parts are read.
fn finding(
    rule: &'static str,
    severity: Severity,
    object: Key,
    sentence: String,
    reason: Reason,
    gist: Gist,
) -> Finding {
    Finding {
        rule,
        severity,
        object,
        sentence,
        reason,
        gist,
    }
}

/// What one rule says of the namespace `shop` of a world, as `severity object: sentence`. Tests only.
#[cfg(test)]
fn said(world: &World, name: &str) -> Vec<String> {
    said_given(world, name, &Conditions::default())
}

#[cfg(test)]
fn said_given(world: &World, name: &str, conditions: &Conditions) -> Vec<String> {
    use super::fixture;
    assert!(RULES.iter().any(|rule| rule.name == name), "no rule {name}");
    let tenant = Tenant {
        name: "shop".into(),
        namespaces: vec!["shop".into()],
        release: None,
    };
    findings(world, &tenant, conditions, fixture::now(), fixture::QUIET)
        .into_iter()
        .filter(|finding| finding.rule == name)
        .map(|finding| {
            assert!(!finding.reason.evidence.is_empty(), "{name} gives no evidence");
            format!("{:?} {}: {}", finding.severity, finding.object, finding.sentence)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{QUIET, conditions, hasan_prod, now};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_one_name_and_findings_come_worst_first() {
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        assert!(
            RULES
                .iter()
                .flat_map(|rule| rule.traps)
                .all(|trap| (1..=60).contains(trap))
        );
        let tenant = Tenant {
            name: "shop".into(),
            namespaces: vec!["shop".into()],
            release: None,
        };
        let found = findings(&hasan_prod(), &tenant, &conditions(), now(), QUIET);
        assert!(found.iter().all(|finding| names.contains(finding.rule)));
        assert!(found.windows(2).all(|pair| pair[0].severity >= pair[1].severity));
        assert_eq!(found[0].rule, "stuck_claim");
        assert!(unclaimed(&hasan_prod(), &conditions(), now(), QUIET).is_empty());
    }
}
