//! Checks of the tenant's Helm release: its newest revision, and `keep` where it counts.

use super::super::tenancy::Tenancy;
use super::{About, Check, none_of, some};
use crate::diagnose::Found;
use crate::laws::helm::path_b::{How, misled};
use crate::model::helm::{Reading, Record};
use crate::model::storage::ReclaimPolicy;
use crate::model::{Key, Kind};
use std::collections::BTreeSet;
use std::sync::Arc;

const RECORDS: &[Kind] = &Kind::RECORDS;
const KEPT: &[Kind] = &[
    Kind::Release,
    Kind::ReleaseMap,
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
];

pub(super) static CHECKS: &[Check] = &[
    Check::of(
        About::Release,
        "release.deployed",
        "the newest revision's status is `deployed`",
        RECORDS,
        deployed,
    ),
    Check::of(
        About::Release,
        "release.settled",
        "no revision is `pending-…` or `uninstalling`",
        RECORDS,
        settled,
    ),
    Check::of(
        About::Release,
        "release.gone",
        "the release has no revision",
        RECORDS,
        gone,
    ),
    Check::of(
        About::Release,
        "release.keep-in-manifest",
        "every claim in the stored manifest carries `helm.sh/resource-policy: keep` there, where it counts",
        RECORDS,
        keep,
    ),
    Check::of(
        About::Release,
        "release.keep-or-retain",
        "every claim in the stored manifest is kept there, has a volume with Retain, or is gone already",
        KEPT,
        keep_or_retain,
    ),
    Check::of(
        About::Release,
        "release.owns-claims",
        "every claim that the stored manifest lists and that is there bears the release's own mark",
        &[Kind::Release, Kind::ReleaseMap, Kind::PersistentVolumeClaim],
        owns,
    ),
    Check::of(
        About::One(Kind::Release),
        "named-release.deployed",
        "the newest revision of the release of this name is `deployed`",
        RECORDS,
        |tenancy, key| deployed(by_name(tenancy, key), key),
    ),
    Check::of(
        About::One(Kind::Release),
        "named-release.gone",
        "no release of this name has a revision in the tenant's namespace",
        RECORDS,
        |tenancy, key| gone(by_name(tenancy, key), key),
    ),
    Check::of(
        About::One(Kind::Release),
        "named-release.keep-in-manifest",
        "the stored manifest of the release of this name lists a claim, and every one carries `keep` there",
        RECORDS,
        |tenancy, key| match keep(by_name(tenancy, key), key) {
            Found {
                holds: Some(true),
                value,
            } if value.ends_with(NO_CLAIM) => Found::no(value),
            found => found,
        },
    ),
];

const NO_CLAIM: &str = "holds no claim";

/// The same tenant, asked after another of its releases.
pub(super) fn by_name<'a>(tenancy: Tenancy<'a>, key: &'a Key) -> Tenancy<'a> {
    Tenancy {
        release: Some(&key.name),
        ..tenancy
    }
}

fn named(tenancy: Tenancy<'_>) -> String {
    format!("release {}", tenancy.release.unwrap_or_default())
}

fn deployed(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let newest = match tenancy.newest() {
        Ok(newest) => newest,
        Err(twofold) => return Found::untold(twofold),
    };
    match newest.and_then(|object| object.body.release()) {
        None => Found::no(format!("there is no {}", named(tenancy))),
        Some(facts) if facts.status == "deployed" => Found::yes(format!("revision {} deployed", facts.revision)),
        Some(facts) => Found::no(format!("revision {} is {}", facts.revision, facts.status)),
    }
}

fn settled(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let world = tenancy.look.world;
    let under_way: Vec<String> = world
        .records_in(tenancy.namespace)
        .filter_map(|object| object.body.release())
        .filter(|facts| Some(facts.name.as_str()) == tenancy.release)
        .filter(|facts| facts.status.starts_with("pending-") || facts.status == "uninstalling")
        .map(|facts| format!("revision {} {}", facts.revision, facts.status))
        .collect();
    none_of(&under_way, "nothing under way", "under way")
}

fn gone(tenancy: Tenancy<'_>, _: &Key) -> Found {
    match tenancy.newest() {
        Err(twofold) => Found::no(twofold),
        Ok(None) => Found::yes(format!("there is no {}", named(tenancy))),
        Ok(Some(object)) => {
            let status = object.body.release().map(|facts| facts.status.to_string());
            Found::no(format!("{} is {}", object.meta.name, status.unwrap_or_default()))
        }
    }
}

/// The stored record of the newest revision, if it was read.
fn record(tenancy: Tenancy<'_>) -> Result<(Arc<Reading>, &str), Found> {
    let Some(newest) = tenancy.newest().map_err(Found::untold)? else {
        return Err(Found::no(format!("there is no {}", named(tenancy))));
    };
    let ledger = &tenancy.look.conditions.helm;
    match ledger.record(&newest.pin()) {
        Some(reading) => Ok((Arc::clone(reading), &newest.meta.name)),
        None => Err(Found::untold(format!(
            "the stored manifest of {} was not read as it is now",
            newest.meta.name
        ))),
    }
}

/// The claims of a stored manifest, each with whether `keep` stands there. Source: `helm/pkg/action/resource_policy.go`.
fn claims(record: &Record) -> impl Iterator<Item = (Key, bool)> {
    record.manifest.documents.iter().filter_map(|document| {
        let key = document
            .address
            .key()
            .filter(|key| key.kind == Kind::PersistentVolumeClaim)?;
        Some((key, document.kept()))
    })
}

/// Whether somebody took the release's marks off its claims (seed 000, path B).
fn owns(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let (reading, name) = match record(tenancy) {
        Ok(read) => read,
        Err(found) => return found,
    };
    let Reading::Read(record) = reading.as_ref() else {
        return Found::untold(format!("the stored manifest of {name} cannot be read"));
    };
    let foreign: Vec<String> = misled(tenancy.look.world, record)
        .filter(|misled| matches!(misled.how, How::Disowned { .. }))
        .map(|misled| format!("{} ({})", misled.claim, misled.how))
        .collect();
    none_of(&foreign, format!("all of {name} that are there"), "not the release's")
}

/// The claims that the stored manifest of the tenant's release lists; `Err` says why that is not known.
pub(in crate::runbook) fn listed(tenancy: Tenancy<'_>) -> Result<BTreeSet<Key>, String> {
    let (reading, name) = record(tenancy).map_err(|found| found.value)?;
    match reading.as_ref() {
        Reading::Read(record) => Ok(claims(record).map(|(key, _)| key).collect()),
        Reading::Undecodable(_) => Err(format!("the stored manifest of {name} cannot be read")),
    }
}

fn judged(tenancy: Tenancy<'_>, safe: impl Fn(&Key, bool) -> bool) -> Found {
    let (reading, name) = match record(tenancy) {
        Ok(read) => read,
        Err(found) => return found,
    };
    let Reading::Read(record) = reading.as_ref() else {
        return Found::untold(format!("the stored manifest of {name} cannot be read"));
    };
    let left: Vec<String> = claims(record)
        .filter(|(key, keep)| !safe(key, *keep))
        .map(|(key, _)| key.to_string())
        .collect();
    match claims(record).count() {
        _ if !left.is_empty() => Found::no(format!("an uninstall takes {}", some(&left))),
        0 => Found::yes(format!("{name} {NO_CLAIM}")),
        number => Found::yes(format!("{name}: {number} claims are safe")),
    }
}

fn keep(tenancy: Tenancy<'_>, _: &Key) -> Found {
    judged(tenancy, |_, keep| keep)
}

fn keep_or_retain(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let world = tenancy.look.world;
    judged(tenancy, |key, keep| {
        // a claim that is gone already is nobody's to take
        let Some(claim) = world.get(key) else { return true };
        let volume = || {
            let name = &claim.body.claim()?.spec.volume_name;
            world.get(&Key::cluster(Kind::PersistentVolume, name))
        };
        keep || volume()
            .and_then(|object| object.body.volume())
            .is_some_and(|volume| volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Retain)
    })
}
