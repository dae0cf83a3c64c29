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
mod live_only_keep;
mod lost_claim;
mod malformed;
mod mislabelled_release;
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
use crate::model::Kind::{
    self, CronJob, DaemonSet, Deployment, Job, Node, PersistentVolume, PersistentVolumeClaim, Pod, Release, ReplicaSet,
    StatefulSet, StorageClass, VolumeAttachment,
};
use crate::model::{Key, Kinds, Now, Tenant, World};
use std::cmp::Reverse;
use std::time::Duration;

/// A rule: its file name, and what it finds in a ward.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub name: &'static str,
    /// Numbers in the trap catalogue, §5; empty for a plain fact.
    pub traps: &'static [u8],
    /// The kinds whose objects it looks at: when one of another kind changes, it finds what it found before. Where only
    /// their heads are named, it reads nothing of their bodies.
    pub reads: Kinds,
    find: Find,
}

type Find = fn(Look<'_>, &Ward<'_>) -> Vec<Finding>;

const fn rule(name: &'static str, traps: &'static [u8], reads: &[Kind], find: Find) -> Rule {
    Rule {
        name,
        traps,
        reads: Kinds::of(reads),
        find,
    }
}

/// A rule that reads nothing of its objects but their metadata.
const fn heads(name: &'static str, traps: &'static [u8], reads: &[Kind], find: Find) -> Rule {
    Rule {
        name,
        traps,
        reads: Kinds::of(reads).heads(),
        find,
    }
}

impl Rule {
    fn look(&self, look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
        #[cfg(test)]
        crate::model::world::reads::taken();
        let mut found = (self.find)(look, ward);
        found.sort_by(|left, right| left.object.cmp(&right.object));
        #[cfg(test)]
        {
            let read = crate::model::world::reads::taken();
            assert!(
                read.heads().within(self.reads),
                "{} reads {read:?}, says {:?}",
                self.name,
                self.reads
            );
        }
        found
    }
}

/// Claims, their volumes, and what decides about both.
const CLAIMS: [Kind; 3] = [PersistentVolumeClaim, PersistentVolume, StorageClass];
/// Claims, their volumes, and where these are attached.
const DISKS: [Kind; 3] = [PersistentVolumeClaim, PersistentVolume, VolumeAttachment];
/// Claims, the pods that hold them, and who makes those pods.
const HOLDERS: [Kind; 9] = [
    PersistentVolumeClaim,
    Pod,
    Job,
    CronJob,
    StatefulSet,
    Deployment,
    ReplicaSet,
    DaemonSet,
    PersistentVolume,
];

/// Every rule. Within one severity, findings are shown in this order.
pub static RULES: &[Rule] = &[
    rule("stuck_claim", &[20], &HOLDERS, stuck_claim::find),
    rule("lost_claim", &[], &CLAIMS, lost_claim::find),
    rule("claim_identity", &[40], &CLAIMS, claim_identity::find),
    rule(
        "terminating_volume_bound",
        &[37],
        &CLAIMS,
        terminating_volume_bound::find,
    ),
    rule("released_volumes", &[36, 59], &DISKS, released_volumes::find),
    rule("reserved_theft", &[39], &CLAIMS, reserved_theft::find),
    rule("available_delete_stuck", &[38], &CLAIMS, available_delete_stuck::find),
    rule(
        "stateful_set_waits_for_claim",
        &[31],
        &[StatefulSet, PersistentVolumeClaim, Pod, Node],
        stateful_set_waits_for_claim::find,
    ),
    heads("stale_owner_reference", &[58], &Kind::ALL, stale_owner_reference::find),
    rule("namespace_stuck", &[47, 48], &Kind::ALL, namespace_stuck::find),
    rule("pending_release", &[21, 22, 23], &[Release], pending_release::find),
    rule("live_only_keep", &[1], &Kind::ALL, live_only_keep::find),
    rule("mislabelled_release", &[22, 23], &[Release], mislabelled_release::find),
    rule("foreign_jobs", &[28], &Kind::ALL, foreign_jobs::find),
    rule("respawning_holder", &[29], &HOLDERS, respawning_holder::find),
    rule("completed_pods_hold", &[27], &HOLDERS, completed_pods_hold::find),
    rule("pending_claim", &[], &Kind::ALL, pending_claim::find),
    rule("failed_release", &[], &[Release], failed_release::find),
    rule("crash_looping", &[], &[Pod], crash_looping::find),
    rule("malformed", &[], &Kind::ALL, malformed::find),
    rule("feeds", &[], &[], feeds::find),
    heads("when_deleted", &[43], &Kind::ALL, when_deleted::find),
    rule(
        "template_class_differs",
        &[42],
        &[StatefulSet, PersistentVolumeClaim],
        template_class_differs::find,
    ),
    rule(
        "delete_policy",
        &[41],
        &[PersistentVolumeClaim, PersistentVolume, StorageClass],
        delete_policy::find,
    ),
];

/// What is wrong in one ward, by rule, so that after a change only the rules look again that read what changed.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What each of [`RULES`] found, in their order.
    by_rule: Vec<Vec<Finding>>,
}

impl Diagnosis {
    pub fn of(look: Look<'_>, tenant: &Tenant) -> Self {
        Self::of_ward(look, &Ward::of_tenant(tenant))
    }

    fn of_ward(look: Look<'_>, ward: &Ward<'_>) -> Self {
        Self {
            by_rule: RULES.iter().map(|rule| rule.look(look, ward)).collect(),
        }
    }

    /// Objects of these kinds have changed, and nothing else: neither a feed nor the time by which ages are told.
    pub fn renew(&mut self, look: Look<'_>, tenant: &Tenant, changed: Kinds) {
        let ward = Ward::of_tenant(tenant);
        for (rule, found) in RULES.iter().zip(&mut self.by_rule) {
            if rule.reads.overlaps(changed) {
                *found = rule.look(look, &ward);
            }
        }
    }

    /// What was found, worst first.
    pub fn findings(&self) -> Vec<&Finding> {
        let mut found: Vec<&Finding> = self.by_rule.iter().flatten().collect();
        // stable: within one severity, rules keep their order
        found.sort_by_key(|finding| Reverse(finding.severity));
        found
    }

    fn into_findings(self) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.by_rule.into_iter().flatten().collect();
        found.sort_by_key(|finding| Reverse(finding.severity));
        found
    }
}

/// Everything that is wrong with a tenant, worst first.
pub fn findings(world: &World, tenant: &Tenant, conditions: &Conditions, now: Now, quiet: Duration) -> Vec<Finding> {
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    Diagnosis::of(look, tenant).into_findings()
}

/// What is wrong with volumes that belong to nobody: no `claimRef`, and no claim names them.
pub fn unclaimed(world: &World, conditions: &Conditions, now: Now, quiet: Duration) -> Vec<Finding> {
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    Diagnosis::of_ward(look, &Ward::of_nobody()).into_findings()
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
    use crate::laws::fixture::{self, random::random_world};
    use crate::model::Object;
    use proptest::prelude::*;
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

    fn look<'a>(world: &'a World, conditions: &'a Conditions) -> Look<'a> {
        Look {
            world,
            conditions,
            now: now(),
            quiet: QUIET,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// Looking again only with the rules that read what changed finds what looking with all of them finds.
        #[test]
        fn after_each_change_the_diagnosis_is_that_of_the_whole(before in random_world(), after in random_world()) {
            let (mut world, after) = (fixture::world(&before), fixture::world(&after));
            let tenant = Tenant { name: "a".into(), namespaces: vec!["a".into()], release: None };
            let conditions = conditions();
            let mut diagnosis = Diagnosis::of(look(&world, &conditions), &tenant);
            let gone: Vec<Key> = world.objects().map(|object| object.key()).step_by(3).collect();
            // the body alone changes far more often than the rest
            let bodies = after.objects().filter_map(|object| {
                let held = world.get(&object.key())?;
                Some(Object { meta: held.meta.clone(), body: object.body.clone() })
            });
            let whole = after.objects().map(|object| (**object).clone());
            let changes: Vec<_> = bodies.chain(whole).map(Ok).chain(gone.into_iter().map(Err)).collect();
            for change in changes {
                let kinds = match change {
                    Ok(object) => {
                        let kinds = Kinds::from(object.kind());
                        let same = world.get(&object.key()).is_some_and(|held| held.meta.alike(&object.meta));
                        world.put(object);
                        if same { kinds.bodies() } else { kinds }
                    }
                    Err(key) => {
                        world.take(&key);
                        key.kind.into()
                    }
                };
                diagnosis.renew(look(&world, &conditions), &tenant, kinds);
                let whole = Diagnosis::of(look(&world, &conditions), &tenant);
                prop_assert_eq!(diagnosis.findings(), whole.findings(), "{:?}", kinds);
            }
        }
    }
}
