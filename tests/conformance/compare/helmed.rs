//! What an act of Helm's is compared in besides the world: objects of kinds that the world does not hold, the records, and
//! how helm itself ended.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse::forecast::{Entry, Forecast, Outcome};
use pilothouse::model::helm::Address;
use pilothouse::model::{Kind, World};

use super::differences;
use crate::support::run::Ran;

/// Where objects of kinds that the world does not hold stand, by label.
pub(crate) type Others = BTreeMap<String, Standing>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Absent,
    There,
    Going,
}

/// What helm did, on both sides.
pub(crate) struct Helmed<'a> {
    /// The world as the laws leave it.
    pub(crate) end: &'a World,
    pub(crate) before: &'a Others,
    pub(crate) came: &'a Others,
    pub(crate) twin: &'a Others,
    /// On the real side and on the sandbox.
    pub(crate) ended: [&'a Ran; 2],
}

impl Helmed<'_> {
    /// What is not as it was forecast.
    pub(super) fn differences(
        &self,
        forecast: &Forecast,
        before: &World,
        came: &World,
        twin: &World,
        wrong: &mut Vec<String>,
    ) {
        let mut foretold = self.before.clone();
        let mut unknown = BTreeSet::new();
        for other in &forecast.others {
            let label = label(&other.object);
            match &other.outcome {
                Outcome::Deleted => drop(foretold.insert(label, Standing::Absent)),
                Outcome::Hangs { .. } => drop(foretold.insert(label, Standing::Going)),
                Outcome::Created | Outcome::Recreated { .. } => drop(foretold.insert(label, Standing::There)),
                Outcome::Unknown { .. } => drop(unknown.insert(label)),
                _ => {}
            }
        }
        let known = |label: &String| !unknown.contains(label);
        differences(("forecast", &foretold), ("real", self.came), &known, wrong);
        differences(("sandbox", self.twin), ("real", self.came), &|_| true, wrong);

        let (end, real, twin) = (records(self.end), records(came), records(twin));
        let was = records(before);
        let there_before = |label: &String| was.contains_key(label) && is_known(forecast);
        differences(("laws", &end), ("real", &real), &there_before, wrong);
        differences(("sandbox", &twin), ("real", &real), &|_| true, wrong);

        let [ours, theirs] = self.ended;
        if ours.success != theirs.success {
            wrong.push(format!("helm's end: real {ours}\nsandbox {theirs}"));
        }
        if is_known(forecast) && fails(forecast) == ours.success {
            let word = if ours.success { "ends well" } else { "fails" };
            wrong.push(format!("helm's end: forecast otherwise, it {word}: {ours}"));
        }
    }
}

/// Whether a forecast says that helm ends with an error.
fn fails(forecast: &Forecast) -> bool {
    let refused = |outcome: &Outcome| matches!(outcome, Outcome::Rejected { .. });
    let outcomes = forecast.entries.iter().map(|entry| &entry.outcome);
    let others = forecast.others.iter().map(|other| &other.outcome);
    let ends = |told: &String| told.contains("ends with an error");
    outcomes.chain(others).any(refused) || forecast.entries.iter().any(broken) || forecast.unknowns.iter().any(ends)
}

/// A record that a failed act leaves.
fn broken(entry: &Entry) -> bool {
    let Outcome::Patched { fields } = &entry.outcome else {
        return false;
    };
    let left = |field: &String| {
        field.ends_with(": failed") || field.ends_with(": pending-rollback") || field == "status: uninstalling"
    };
    entry.object.kind == Kind::Release && fields.iter().any(left)
}

fn is_known(forecast: &Forecast) -> bool {
    let unknown = |outcome: &Outcome| matches!(outcome, Outcome::Unknown { .. });
    let outcomes = forecast.entries.iter().map(|entry| &entry.outcome);
    let others = forecast.others.iter().map(|other| &other.outcome);
    !outcomes.chain(others).any(unknown)
}

/// The status each record is labelled with.
fn records(world: &World) -> BTreeMap<String, String> {
    let records = world
        .of_kind(Kind::Release)
        .filter_map(|object| Some((object, object.body.release()?)));
    records
        .map(|(object, facts)| {
            let label = format!("{}/release/{}.v{}", object.meta.namespace, facts.name, facts.revision);
            (label, facts.status.to_string())
        })
        .collect()
}

fn label(address: &Address) -> String {
    format!("{}/{}/{}", address.namespace, address.kind, address.name)
}
