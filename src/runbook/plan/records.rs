//! What Helm's records would say after a forecast act of Helm's, so that a later step is not forecast on the old ones.
//!
//! An upgrade that goes through stores the manifest it was given, a rollback that of its target; that much is known, and
//! a revision is made of it. Whatever else becomes of a record is not, and the record is forgotten: what rests on it is
//! unknown then, not wrong.

use crate::forecast::{Forecast, Outcome};
use crate::laws::Conditions;
use crate::model::act::{HelmAct, Rollback};
use crate::model::helm::{Home, Ledger, Live, Manifest, Reading, Record, record_name, record_parts};
use crate::model::{Act, Body, Object, Pin, Uid, World};
use std::sync::Arc;

/// Takes a forecast act into the world it leaves and into what is known of records. Says whether the release's revisions
/// are still known.
pub(super) fn after(world: &mut World, conditions: &mut Conditions, forecast: &Forecast) -> bool {
    let Act::Helm { release, helm, .. } = &forecast.act else {
        return true;
    };
    let mut ledger = Ledger::clone(&conditions.helm);
    for other in &forecast.others {
        // what of other kinds is forecast to go is not in the way of a later step
        if matches!(other.outcome, Outcome::Deleted | Outcome::DeletedLater { .. }) {
            ledger.enter_live(other.object.clone(), Live::Absent);
        }
    }
    let stored = match helm {
        // there is no record left to go by
        HelmAct::Uninstall(_) => {
            conditions.helm = Arc::new(ledger);
            return true;
        }
        HelmAct::Install(options) => installed(&ledger, release, &options.rendered),
        HelmAct::Upgrade(options) => upgraded(&ledger, release, &options.rendered),
        HelmAct::Rollback(options) => rolled_back(world, &ledger, release, options),
    };
    let made = stored.filter(|_| certain(forecast)).and_then(|record| {
        let object = revision(world, release, helm, &record)?;
        Some((object, record))
    });
    let known = made.is_some();
    match made {
        Some((object, record)) => {
            ledger.enter(object.pin(), Reading::Read(Box::new(record)));
            world.put(object);
        }
        None => ledger.forget(&release.key),
    }
    conditions.helm = Arc::new(ledger);
    known
}

/// Nothing is refused, and nothing is unknown.
fn certain(forecast: &Forecast) -> bool {
    let others = forecast.others.iter().map(|other| &other.outcome);
    let mut outcomes = forecast.entries.iter().map(|entry| &entry.outcome).chain(others);
    forecast.unknowns.is_empty()
        && !outcomes.any(|outcome| matches!(outcome, Outcome::Rejected { .. } | Outcome::Unknown { .. }))
}

fn read<'l>(ledger: &'l Ledger, pin: &Pin) -> Option<&'l Record> {
    match ledger.record(pin)?.as_ref() {
        Reading::Read(record) => Some(record),
        Reading::Undecodable(_) => None,
    }
}

/// The record that an install makes.
fn installed(ledger: &Ledger, release: &Pin, rendered: &str) -> Option<Record> {
    let (name, revision) = record_parts(&release.key.name)?;
    Some(Record {
        name: name.into(),
        namespace: release.key.namespace.clone(),
        revision,
        ..brought(ledger, rendered, &Record::default())?
    })
}

/// The record of the revision that an upgrade makes.
fn upgraded(ledger: &Ledger, release: &Pin, rendered: &str) -> Option<Record> {
    let old = read(ledger, release)?;
    Some(Record {
        revision: old.revision.saturating_add(1),
        ..brought(ledger, rendered, old)?
    })
}

/// A deployed record with the rendered manifest in it.
fn brought(ledger: &Ledger, rendered: &str, old: &Record) -> Option<Record> {
    let rendered = ledger.rendered(rendered)?;
    let manifest = Manifest {
        hooks: Vec::new(),
        ..Manifest::clone(rendered)
    };
    Some(Record {
        status: "deployed".into(),
        manifest,
        hooks: rendered.hooks.clone(),
        ..Record::clone(old)
    })
}

/// The record of the revision that a rollback makes: its target's, under a new number.
fn rolled_back(world: &World, ledger: &Ledger, release: &Pin, options: &Rollback) -> Option<Record> {
    let old = read(ledger, release)?;
    let wanted = match options.to {
        0 => old.revision.checked_sub(1)?,
        wanted => wanted,
    };
    let home = Home::at(&release.key)?;
    let (_, target) = home.records(world).find(|(revision, _)| *revision == wanted)?;
    Some(Record {
        revision: old.revision.saturating_add(1),
        status: "deployed".into(),
        ..Record::clone(read(ledger, &target.pin())?)
    })
}

/// The object that the record would stand in.
fn revision(world: &World, release: &Pin, helm: &HelmAct, record: &Record) -> Option<Object> {
    let mut object = Object::clone(world.get(&release.key)?);
    // an install's own record is in the forecast's world already
    if matches!(helm, HelmAct::Install(_)) {
        return Some(object);
    }
    let name = record_name(&record.name, record.revision);
    object.meta.uid = Uid::new(&format!("forecast:{name}"));
    object.meta.name = name.into();
    let Body::Release(facts) = &mut object.body else {
        return None;
    };
    facts.revision = record.revision;
    facts.status = record.status.clone();
    Some(object)
}
