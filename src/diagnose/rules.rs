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
mod each;
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
use crate::model::{Changes, Key, Kind, Kinds, Now, Object, Tenant, World};
use each::Each;
pub(crate) use raft::STALE;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
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

/// How a rule looks: at the ward as a whole, or at one object after the other.
#[derive(Clone, Copy, Debug)]
enum Find {
    Ward(fn(Look<'_>, &Ward<'_>) -> Vec<Finding>),
    Each(Each),
}

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

impl Rule {
    /// Whatever is found in the ward, by object.
    fn look(&self, look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
        let mut found = self.minded(|| match self.find {
            Find::Ward(find) => find(look, ward),
            Find::Each(each) => {
                let objects = each.kinds.iter().flat_map(|kind| ward.objects(look, *kind));
                objects.filter_map(|object| (each.find)(look, object)).collect()
            }
        });
        for finding in &mut found {
            self.mark(finding);
        }
        found.sort_by(|left, right| left.object.cmp(&right.object));
        found
    }

    /// Looks again after these changes. Says whether anything else is found than before.
    fn look_again(&self, look: Look<'_>, ward: &Ward<'_>, changes: &Changes, found: &mut Vec<Finding>) -> bool {
        let Some((each, keys)) = self.reached(look, changes) else {
            let again = self.look(look, ward);
            let moved = *found != again;
            *found = again;
            return moved;
        };
        keys.iter()
            .map(|key| self.look_at(each, look, ward, key, found))
            .fold(false, |moved, other| moved | other)
    }

    /// The objects at which something else may be found after these changes; `None` where it may be anywhere.
    fn reached(&self, look: Look<'_>, changes: &Changes) -> Option<(Each, BTreeSet<Key>)> {
        let Find::Each(each) = self.find else { return None };
        if self.reads.overlaps(changes.whole()) {
            return None;
        }
        let mut keys = BTreeSet::new();
        let mut read = changes
            .objects()
            .iter()
            .filter(|changed| self.reads.overlaps(changed.kinds));
        read.all(|changed| each.reached(look, changed, &mut keys))
            .then_some((each, keys))
    }

    /// Looks again at one object, which may be gone.
    fn look_at(&self, each: Each, look: Look<'_>, ward: &Ward<'_>, key: &Key, found: &mut Vec<Finding>) -> bool {
        let mut again = self.minded(|| {
            let object = look.world.get(key).filter(|object| ward.has(object))?;
            (each.find)(look, object)
        });
        if let Some(finding) = &mut again {
            self.mark(finding);
        }
        let at = found.partition_point(|finding| finding.object < *key);
        let held = found.get(at).filter(|finding| finding.object == *key);
        if held == again.as_ref() {
            return false;
        }
        let end = at + usize::from(held.is_some());
        found.splice(at..end, again);
        true
    }

    fn mark(&self, finding: &mut Finding) {
        if finding.traps.is_empty() {
            finding.traps = self.traps;
        }
    }

    /// In tests: what is read meanwhile is what the rule says it reads.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "only tests compare"))]
    fn minded<T>(&self, find: impl FnOnce() -> T) -> T {
        #[cfg(test)]
        crate::model::world::reads::taken();
        let found = find();
        #[cfg(test)]
        {
            let read = crate::model::world::reads::taken();
            assert!(
                read.within(self.reads),
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

    /// These objects have changed, and nothing else: neither a feed nor the time by which ages are told. Says whether
    /// anything else is found than before.
    pub fn renew(&mut self, look: Look<'_>, tenant: &Tenant, changes: &Changes) -> bool {
        let ward = Ward::of_tenant(tenant);
        let kinds = changes.kinds();
        let mut moved = false;
        for (rule, found) in RULES.iter().zip(&mut self.by_rule) {
            if rule.reads.overlaps(kinds) {
                moved |= rule.look_again(look, &ward, changes, found);
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
mod tests;
