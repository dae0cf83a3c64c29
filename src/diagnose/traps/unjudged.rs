//! What of a tenant could not be judged, and why: a feed that is not current, a record that nobody opened, a question that was
//! not asked of the cluster or was refused.

use super::super::look::Look;
use super::super::phrase;
use super::super::raft::{tolerance, unasked};
use super::super::rules::{RULES, STALE};
use super::super::ward::Ward;
use super::{Needs, Told, catalogue};
use crate::model::helm::{Home, Live, Reading};
use crate::model::survey::Asked;
use crate::model::time::short_span;
use crate::model::{Key, Kind, Kinds, Tenant};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Traps that were not judged, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unjudged {
    /// Their numbers.
    pub traps: Vec<u8>,
    pub why: String,
}

/// Everything of a tenant that no trap can be said to be absent from. Empty: all sixty were judged, as far as they are sensed.
pub fn unjudged(look: Look<'_>, tenant: &Tenant) -> Vec<Unjudged> {
    let ward = Ward::of_tenant(tenant);
    let mut left = feeds(look, &ward);
    let mut tell = |traps: Vec<u8>, why: String| left.push(Unjudged { traps, why });
    for why in records(look, &ward) {
        tell(needing(&[Needs::Records, Needs::Objects]), why);
    }
    if let Some(why) = objects(look, &ward) {
        tell(needing(&[Needs::Objects]), why);
    }
    let survey = &look.conditions.survey;
    let elsewhere = ward.namespaces().iter().any(|home| !survey.homes.contains(home));
    let rights = survey.rights.gap().or(elsewhere.then_some("not looked at yet"));
    let asked = [
        (vec![47], "API services", survey.services.gap()),
        (vec![50], "admission webhooks", survey.webhooks.gap()),
        (vec![56, 57], "GitOps objects", survey.engines.gap()),
        (vec![60], "the user's rights", rights),
    ];
    for (traps, what, gap) in asked {
        if let Some(gap) = gap {
            tell(traps, format!("{what}: {gap}"));
        }
    }
    if let Asked::Unknown { why } = &survey.bindings {
        tell(vec![16], format!("bindings to ClusterRoles: {why}"));
    }
    if let Some(why) = backings(look) {
        tell(vec![50], why);
    }
    for why in peers(look, &ward) {
        tell(needing(&[Needs::Peers]), why);
    }
    left
}

fn needing(wanted: &[Needs]) -> Vec<u8> {
    let needs = |told: Told| match told {
        Told::Rules { needs, .. } => wanted.contains(&needs),
        Told::Act(_) => false,
    };
    catalogue()
        .filter(|trap| needs(trap.told))
        .map(|trap| trap.number)
        .collect()
}

/// Feeds that are not current, each with the traps whose rules read its kind.
fn feeds(look: Look<'_>, ward: &Ward<'_>) -> Vec<Unjudged> {
    if ward.namespaces().is_empty() {
        return Vec::new();
    }
    Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            let why = if kind.namespaced() {
                ward.namespaces().iter().find_map(|namespace| look.gap(kind, namespace))
            } else {
                look.gap(kind, "")
            }?;
            let traps: BTreeSet<u8> = RULES
                .iter()
                .filter(|rule| rule.reads.overlaps(Kinds::from(kind)))
                .flat_map(|rule| rule.traps)
                .copied()
                .collect();
            Some(Unjudged {
                traps: traps.into_iter().collect(),
                why,
            })
        })
        .collect()
}

/// Newest records that were not opened, and those by which releases are judged that cannot be read.
fn records(look: Look<'_>, ward: &Ward<'_>) -> Vec<String> {
    let mut told = Vec::new();
    let mut closed = Vec::new();
    let newest: BTreeMap<Home, Key> = ward
        .newest(look)
        .filter_map(|object| Some((Home::of(object)?, object.key())))
        .collect();
    for key in super::records(look.world, ward.namespaces()) {
        let own = Home::at(&key).and_then(|home| newest.get(&home));
        let object = look.world.get(&key).filter(|_| own.is_some());
        let Some((object, release)) = object.and_then(|object| Some((object, object.body.release()?))) else {
            continue;
        };
        match look.conditions.helm.record(&object.pin()).map(AsRef::as_ref) {
            Some(Reading::Read(_)) => {}
            Some(Reading::Undecodable(why)) => {
                told.push(format!(
                    "release {} r{}: its record is {why}",
                    release.name, release.revision
                ));
            }
            None if look.conditions.survey.left.contains_key(&key) || own != Some(&key) => {}
            None => closed.push(format!("{} r{}", release.name, release.revision)),
        }
    }
    if !closed.is_empty() {
        let noun = if closed.len() == 1 { "release" } else { "releases" };
        told.push(format!("{noun} {}: not looked into yet", phrase::names(closed, 4)));
    }
    let left = &look.conditions.survey.left;
    told.extend(
        left.iter()
            .filter(|(key, _)| ward.namespaces().contains(&key.namespace))
            .map(|(key, why)| format!("{}: {why}", key.name)),
    );
    told
}

/// Objects of other kinds that the records name and that are not known.
fn objects(look: Look<'_>, ward: &Ward<'_>) -> Option<String> {
    let mut why = "not looked at yet".to_owned();
    let mut unknown = 0_usize;
    for (_, record) in ward.installed(look) {
        for document in record
            .manifest
            .documents
            .iter()
            .filter(|document| document.address.key().is_none())
        {
            match look.conditions.survey.live.get(&document.address) {
                Some(Live::There(_) | Live::Absent | Live::Unserved) => {}
                Some(Live::Unknown { why: told }) => {
                    unknown += 1;
                    why.clone_from(told);
                }
                None => unknown += 1,
            }
        }
    }
    (unknown > 0).then(|| format!("{} that releases name: {why}", phrase::count(unknown, "object")))
}

/// Raft clusters whose peers were not asked, not lately, or in vain.
fn peers(look: Look<'_>, ward: &Ward<'_>) -> Vec<String> {
    let raft = &look.conditions.raft;
    let pictures = ward
        .namespaces()
        .iter()
        .flat_map(|home| raft.pictures(look.world, home));
    pictures
        .filter_map(|(roster, picture)| {
            let Some(picture) = picture else {
                return Some(unasked(&roster));
            };
            let age = picture.at.age(look.now.mono);
            if age >= STALE {
                return Some(format!(
                    "{}: its peers were last asked {} ago",
                    roster.id,
                    short_span(age)
                ));
            }
            picture
                .unclear()
                .then(|| format!("{}: {}", roster.id, tolerance(&picture)))
        })
        .collect()
}

fn backings(look: Look<'_>) -> Option<String> {
    use crate::model::survey::Backing;
    look.conditions
        .survey
        .webhooks
        .seen()
        .iter()
        .find_map(|webhook| match &webhook.backing {
            Backing::Unknown { why } => Some(format!("service {} of a webhook: {why}", webhook.service)),
            Backing::NotAsked => Some(format!("service {} of a webhook: not looked at", webhook.service)),
            Backing::Ready | Backing::NoService | Backing::NoEndpoints => None,
        })
}
