//! Checks of the tenant's Helm release: its newest revision, and `keep` where it counts.

use super::super::tenancy::Tenancy;
use super::{About, Check, none_of, some};
use crate::diagnose::Found;
use crate::model::helm::{Reading, Record};
use crate::model::storage::ReclaimPolicy;
use crate::model::{Key, Kind};
use std::sync::Arc;

const RECORDS: &[Kind] = &[Kind::Release];
const KEPT: &[Kind] = &[Kind::Release, Kind::PersistentVolumeClaim, Kind::PersistentVolume];

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
];

fn named(tenancy: Tenancy<'_>) -> String {
    format!("release {}", tenancy.release.unwrap_or_default())
}

fn deployed(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let facts = tenancy.newest().and_then(|object| object.body.release());
    match facts {
        None => Found::no(format!("there is no {}", named(tenancy))),
        Some(facts) if facts.status == "deployed" => Found::yes(format!("revision {} deployed", facts.revision)),
        Some(facts) => Found::no(format!("revision {} is {}", facts.revision, facts.status)),
    }
}

fn settled(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let under_way: Vec<String> = tenancy
        .objects(Kind::Release)
        .filter_map(|object| object.body.release())
        .filter(|facts| Some(facts.name.as_str()) == tenancy.release)
        .filter(|facts| facts.status.starts_with("pending-") || facts.status == "uninstalling")
        .map(|facts| format!("revision {} {}", facts.revision, facts.status))
        .collect();
    none_of(&under_way, "nothing under way", "under way")
}

fn gone(tenancy: Tenancy<'_>, _: &Key) -> Found {
    match tenancy.newest() {
        None => Found::yes(format!("there is no {}", named(tenancy))),
        Some(object) => {
            let status = object.body.release().map(|facts| facts.status.to_string());
            Found::no(format!("{} is {}", object.meta.name, status.unwrap_or_default()))
        }
    }
}

/// The stored record of the newest revision, if it was read.
fn record(tenancy: Tenancy<'_>) -> Result<(Arc<Reading>, &str), Found> {
    let Some(newest) = tenancy.newest() else {
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
        0 => Found::yes(format!("{name} holds no claim")),
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
