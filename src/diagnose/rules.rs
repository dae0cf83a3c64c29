//! The trap catalogue, as far as facts show it (`reference/semantics.md` §5): one pure rule a file. What each trap is, and
//! which of them are told elsewhere, stands in [`traps`](super::traps).
//!
//! A rule reads facts and gives findings with evidence. It claims nothing from the absence of what it cannot see; feeds
//! that cannot be seen are findings of their own (rule `feeds`).

mod admission_webhook;
mod api_service_down;
mod available_delete_stuck;
mod claim_identity;
mod claim_is_hook;
mod completed_pods_hold;
mod crash_looping;
mod custom_resource_after_operator;
mod definition_in_manifest;
mod delete_policy;
mod empty_instead;
mod failed_release;
mod failed_uninstall;
mod feeds;
mod foreign_jobs;
mod frozen_field;
mod gitops_keeps;
mod hook_identity;
mod hook_leftovers;
mod hook_needs_manifest;
mod hook_surgery;
mod jobless_pods;
mod keep_in_other_words;
mod leaking_volume;
mod live_only_keep;
mod lost_claim;
mod malformed;
mod mislabelled_release;
mod namespace_before_release;
mod namespace_in_manifest;
mod namespace_stuck;
mod odd_policy;
mod others_stamp;
mod ownership_stripped;
mod pending_claim;
mod pending_release;
mod placeholder_left;
mod purged_record;
mod raft;
mod raft_quorum;
mod released_volumes;
mod reserved_theft;
mod respawning_holder;
mod right_denied;
mod shared_class;
mod shared_name;
mod short_lived_hook;
mod silent_adoption;
mod stale_owner_reference;
mod stateful_set_waits_for_claim;
mod stray_objects;
mod strip_under_mount;
mod stuck_claim;
mod surviving_claims;
mod table;
mod template_class_differs;
mod template_drift;
mod terminating_volume_bound;
mod unserved_api;
mod when_deleted;

use super::finding::{Finding, Gist, Severity};
use super::look::Look;
use super::ward::Ward;
use crate::laws::{Conditions, Reason};
use crate::model::helm::{Address, Document, Home, Live, Record, Stamp};
use crate::model::{Key, Kind, Kinds, Now, Object, Tenant, World};
pub(crate) use raft::STALE;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;
pub use table::RULES;

/// A rule: its file name, and what it finds in a ward.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub name: &'static str,
    /// Numbers in the trap catalogue, §5; empty for a plain fact.
    pub traps: &'static [u8],
    /// The kinds whose objects it looks at: when one of another kind changes, it finds what it found before. Where only
    /// their heads are named, it reads nothing of their bodies. The health of pods is named only where it is read.
    pub reads: Kinds,
    find: Find,
}

type Find = fn(Look<'_>, &Ward<'_>) -> Vec<Finding>;

/// Kinds that stand in manifests and bear a release's stamp. Pods and ReplicaSets are made by others.
const STAMPED: [Kind; 9] = [
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::StorageClass,
    Kind::Job,
    Kind::CronJob,
    Kind::StatefulSet,
    Kind::Deployment,
    Kind::DaemonSet,
    Kind::PodDisruptionBudget,
];

/// These kinds; a rule that reads records reads them whatever Helm keeps them in.
const fn whole(reads: &[Kind]) -> Kinds {
    let kinds = Kinds::of(reads);
    if kinds.overlaps(Kinds::of(&[Kind::Release])) {
        kinds.with(Kind::ReleaseMap)
    } else {
        kinds
    }
}

const fn rule(name: &'static str, traps: &'static [u8], reads: &[Kind], find: Find) -> Rule {
    Rule {
        name,
        traps,
        reads: whole(reads).but_health(),
        find,
    }
}

/// A rule that reads what the conditions and containers of pods say, too.
const fn healths(name: &'static str, traps: &'static [u8], reads: &[Kind], find: Find) -> Rule {
    Rule {
        name,
        traps,
        reads: whole(reads),
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

/// A rule that reads how current the facts are, and none of them.
const fn standing(name: &'static str, find: Find) -> Rule {
    Rule {
        name,
        traps: &[],
        reads: Kinds::FRESHNESS,
        find,
    }
}

impl Rule {
    fn look(&self, look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
        #[cfg(test)]
        crate::model::world::reads::taken();
        let mut found = (self.find)(look, ward);
        for finding in found.iter_mut().filter(|finding| finding.traps.is_empty()) {
            finding.traps = self.traps;
        }
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

    /// Objects of these kinds have changed, and nothing else: neither a feed nor the time by which ages are told. Says
    /// whether anything else is found than before.
    pub fn renew(&mut self, look: Look<'_>, tenant: &Tenant, changed: Kinds) -> bool {
        let ward = Ward::of_tenant(tenant);
        let mut moved = false;
        for (rule, found) in RULES.iter().zip(&mut self.by_rule) {
            if rule.reads.overlaps(changed) {
                let again = rule.look(look, &ward);
                moved |= *found != again;
                *found = again;
            }
        }
        moved
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
    mut reason: Reason,
    gist: Gist,
) -> Finding {
    // kept as long as it is true, by the thousand: not with the room that a growing list takes in advance
    reason.evidence.shrink_to_fit();
    Finding {
        rule,
        traps: &[],
        severity,
        object,
        sentence,
        reason,
        gist,
    }
}

/// The object of a document where the world would hold it, else the record that it stands in.
fn place(record: &Object, document: &Document) -> Key {
    document.address.key().unwrap_or_else(|| record.key())
}

/// How the object of a document is: from the world where it holds the kind, else as it was when it was asked for.
fn live(look: Look<'_>, address: &Address) -> Live {
    let asked = || look.conditions.survey.live.get(address).cloned();
    if address.key().is_some() {
        return super::standing::live(look, address, &BTreeMap::new());
    }
    asked().unwrap_or_else(|| Live::Unknown {
        why: "not looked at yet".to_owned(),
    })
}

/// The revisions of a release before its newest whose records were read, the last first.
fn earlier<'w>(look: Look<'w>, newest: &Object) -> impl Iterator<Item = (&'w Object, &'w Record)> {
    let own = newest.body.release().map(|facts| facts.revision);
    let mut records: Vec<(u32, &'w Object)> = Home::of(newest)
        .into_iter()
        .flat_map(|home| home.records(look.world).collect::<Vec<_>>())
        .filter(|(revision, _)| Some(*revision) < own)
        .map(|(revision, record)| (revision, record.as_ref()))
        .collect();
    records.sort_unstable_by_key(|(revision, _)| Reverse(*revision));
    records.into_iter().filter_map(move |(_, object)| {
        let reading = look.conditions.helm.record(&object.pin())?;
        Some((object, reading.record()?))
    })
}

/// What the live object of a document says of its release; `None` where it is not there, or not known.
fn stamp(look: Look<'_>, address: &Address) -> Option<Stamp> {
    match live(look, address) {
        Live::There(stamp) => Some(stamp),
        Live::Absent | Live::Unserved | Live::Unknown { .. } => None,
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
    use crate::model::Body;
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
            // the body alone changes far more often than the rest, and of a pod's body its health
            let healths = after.objects().filter_map(|object| {
                let mut pod = Object::clone(world.get(&object.key())?);
                let (Body::Pod(held), Body::Pod(new)) = (&mut pod.body, &object.body) else { return None };
                held.status.conditions = new.status.conditions.clone();
                held.status.container_statuses = new.status.container_statuses.clone();
                Some(pod)
            });
            let bodies = after.objects().filter_map(|object| {
                let held = world.get(&object.key())?;
                Some(Object { meta: held.meta.clone(), body: object.body.clone() })
            });
            let whole = after.objects().map(|object| (**object).clone());
            let changes: Vec<_> = healths.chain(bodies).chain(whole).map(Ok).chain(gone.into_iter().map(Err)).collect();
            for change in changes {
                let kinds = match change {
                    Ok(object) => {
                        let kinds = Kinds::from(object.kind());
                        let kinds = world.get(&object.key()).map_or(kinds, |held| held.difference(&object));
                        world.put(object);
                        kinds
                    }
                    Err(key) => {
                        world.take(&key);
                        key.kind.into()
                    }
                };
                let before: Vec<Finding> = diagnosis.findings().into_iter().cloned().collect();
                let moved = diagnosis.renew(look(&world, &conditions), &tenant, kinds);
                prop_assert_eq!(moved, !diagnosis.findings().into_iter().eq(&before));
                let whole = Diagnosis::of(look(&world, &conditions), &tenant);
                prop_assert_eq!(diagnosis.findings(), whole.findings(), "{:?}", kinds);
            }
        }
    }
}
