//! What would stop an act of Helm's in the window, looked at before anything is changed: named questions on the world that the
//! steps before it are forecast to leave (seed 000; `reference/semantics.md` §2.5, §3.5, traps 16, 17, 25, 53).

use super::Asked;
use crate::diagnose::{Found, uncarried, unfilled};
use crate::forecast::{Forecast, Outcome};
use crate::laws::Conditions;
use crate::laws::helm::path_b::PathB;
use crate::model::act::HelmAct;
use crate::model::helm::{Address, Ledger, Manifest, Record, Stamp, record_parts};
use crate::model::{Act, Key, Kind, Pin, World};
use crate::runbook::check::some;

/// Helm's own words when an object is another release's.
const DISOWNED: &str = "cannot be imported into the current release";

/// A question, and whether the answer "no" is a reason to stop.
pub(super) struct Foreseen {
    pub(super) asked: Asked,
    pub(super) stops: bool,
}

/// Everything that is asked of an act of Helm's; nothing of another.
pub(super) fn foresee(act: &Act, forecast: &Forecast, world: &World, conditions: &Conditions) -> Vec<Foreseen> {
    let Act::Helm { release, helm, .. } = act else {
        return Vec::new();
    };
    let ledger = &conditions.helm;
    let mut all = Vec::new();
    let mut ask = |check: &str, found: Found, stops: bool| {
        let asked = Asked {
            check: check.to_owned(),
            found,
        };
        all.push(Foreseen { asked, stops });
    };
    if let Some(found) = unfilled::of_act(release, helm, ledger) {
        ask("values.no-placeholders", found, true);
    }
    if let Some(found) = uncarried::of_act(release, helm, ledger) {
        ask("values.carried-over", found, false);
    }
    let rendered = helm.rendered().and_then(|digest| ledger.rendered(digest));
    match helm {
        HelmAct::Install(_) | HelmAct::Upgrade(_) => {
            let Some(rendered) = rendered else { return all };
            ask("objects.free-or-own", refused(forecast, rendered, true), true);
            ask("fields.can-change", refused(forecast, rendered, false), true);
            ask("secrets.carried-over", carried_over(world, release, rendered), true);
            ask(
                "names.of-this-release-alone",
                alone(world, release, rendered, ledger),
                true,
            );
        }
        HelmAct::Uninstall(options) => {
            let Some(record) = ledger.record(release).and_then(|reading| reading.record()) else {
                return all;
            };
            let path = PathB::of(world, record, options.executor);
            let found = match (path.refusal(), path.caution()) {
                (Some(refusal), _) => Found::no(refusal),
                (None, Some(caution)) => Found::yes(caution),
                (None, None) => Found::yes("no claim was changed live to escape it"),
            };
            ask("uninstall.not-path-b", found, true);
            ask("uninstall.takes-nobody-elses", shared(world, record), false);
        }
        HelmAct::Rollback(_) => {}
    }
    all
}

/// What helm or the API server would refuse: for the marks of another release, or for a field that cannot change.
fn refused(forecast: &Forecast, rendered: &Manifest, marks: bool) -> Found {
    let own = forecast
        .entries
        .iter()
        .map(|entry| (entry.object.to_string(), &entry.outcome));
    let others = forecast
        .others
        .iter()
        .map(|other| (other.object.to_string(), &other.outcome));
    let (mut told, mut unknown) = (Vec::new(), Vec::new());
    for (object, outcome) in own.chain(others) {
        match outcome {
            Outcome::Rejected { error } if error.contains(DISOWNED) == marks => told.push(format!("{object}: {error}")),
            Outcome::Unknown { missing } => unknown.push(format!("{object}: {missing}")),
            Outcome::Rejected { .. }
            | Outcome::Deleted
            | Outcome::DeletedLater { .. }
            | Outcome::Kept
            | Outcome::Hangs { .. }
            | Outcome::VolumeDestroyed { .. }
            | Outcome::VolumeRetained { .. }
            | Outcome::VolumeLeaked { .. }
            | Outcome::Created
            | Outcome::Recreated { .. }
            | Outcome::Patched { .. }
            | Outcome::Orphaned => {}
        }
    }
    match (told.as_slice(), unknown.as_slice()) {
        ([], []) => Found::yes(format!("{} objects looked at", rendered.documents.len())),
        ([], unknown) => Found::untold(some(unknown)),
        (told, _) => Found::no(some(told)),
    }
}

/// Trap 25: a Secret that the chart makes anew each time, while the release takes over claims with old data.
fn carried_over(world: &World, release: &Pin, rendered: &Manifest) -> Found {
    let anew: Vec<String> = rendered
        .unsteady
        .iter()
        .filter(|address| address.kind == "Secret")
        .map(ToString::to_string)
        .collect();
    let claims = rendered.documents.iter().filter_map(|document| document.address.key());
    let old: Vec<String> = claims
        .filter(|key| key.kind == Kind::PersistentVolumeClaim && world.get(key).is_some())
        .map(|key| key.to_string())
        .collect();
    if anew.is_empty() {
        return Found::yes("no Secret is another each time it is rendered");
    }
    // an upgrade reads the live Secret where the chart looks it up; what still differs is really new
    if old.is_empty() && record_parts(&release.key.name).is_some_and(|(_, revision)| revision == 1) {
        return Found::yes(format!(
            "{}: made anew, and no old data waits for the old ones",
            some(&anew)
        ));
    }
    Found::no(format!(
        "{} would be made anew, while the data on {} knows the old ones: put the old values into the file of values",
        some(&anew),
        if old.is_empty() {
            "the claims".to_owned()
        } else {
            some(&old)
        }
    ))
}

/// Trap 17: what lies outside the release's namespace and is another release's, live or by its stored manifest.
fn alone(world: &World, release: &Pin, rendered: &Manifest, ledger: &Ledger) -> Found {
    let Some((name, _)) = record_parts(&release.key.name) else {
        return Found::untold("the release has no name");
    };
    let home = &release.key.namespace;
    let outside = rendered
        .documents
        .iter()
        .filter(|document| document.address.namespace != *home);
    let (mut shared, mut looked) = (Vec::new(), 0_usize);
    for document in outside {
        looked += 1;
        let address = &document.address;
        let live = address.key().and_then(|key| world.get(&key));
        let stamp = live
            .map(|live| Stamp::of(&live.meta))
            .or_else(|| stamped(ledger, address));
        let owner = stamp.as_ref().and_then(|stamp| {
            let owner = stamp.release_name.as_ref()?;
            let place = stamp.release_namespace.as_ref().unwrap_or(home);
            (owner != name || place != home).then(|| format!("{place}/{owner}"))
        });
        shared.extend(owner.map(|owner| format!("{address} is {owner}'s")));
    }
    if shared.is_empty() {
        Found::yes(format!(
            "{looked} objects outside {home}, none of them another release's"
        ))
    } else {
        Found::no(some(&shared))
    }
}

fn stamped(ledger: &Ledger, address: &Address) -> Option<Stamp> {
    if let crate::model::helm::Live::There(stamp) = ledger.live(address)? {
        Some(stamp.clone())
    } else {
        None
    }
}

/// Trap 16: a StorageClass that an uninstall takes, and that claims of other namespaces name.
fn shared(world: &World, record: &Record) -> Found {
    let listed = record
        .manifest
        .documents
        .iter()
        .filter(|document| document.policy.is_none());
    let classes = listed
        .filter_map(|document| document.address.key())
        .filter(|key| key.kind == Kind::StorageClass);
    let mut told = Vec::new();
    for class in classes {
        let users = namespaces(world, &class, &record.namespace);
        if !users.is_empty() {
            told.push(format!("{class}, which claims in {} name", some(&users)));
        }
    }
    if told.is_empty() {
        Found::yes("it takes no StorageClass that another namespace names")
    } else {
        Found::no(format!(
            "it takes {}: make it again at once, or keep it in the stored manifest",
            some(&told)
        ))
    }
}

fn namespaces(world: &World, class: &Key, home: &str) -> Vec<String> {
    let named = world.of_kind(Kind::PersistentVolumeClaim).filter(|claim| {
        let facts = claim.body.claim();
        claim.meta.namespace != home
            && facts.is_some_and(|facts| facts.spec.storage_class_name.as_deref() == Some(class.name.as_str()))
    });
    let mut found: Vec<String> = named.map(|claim| claim.meta.namespace.to_string()).collect();
    found.sort();
    found.dedup();
    found
}
