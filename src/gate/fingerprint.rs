//! What an approval rests on, as hashes and as lines that can be compared.
//!
//! Sentences and ages are left out: only what would change the decision may void it.

use super::demand::Demand;
use super::item::{Item, ItemState};
use super::request::Request;
use crate::forecast::{Forecast, Outcome, Quorum, QuorumEnd};
use crate::journal::sha256;
use crate::model::{ClusterIdentity, Object, Operator, Pin};
use serde_json::json;

/// The SHA-256 of a forecast's substance: act with its pin, each object's uid and outcome, tier, undo.
pub(super) fn forecast(forecast: &Forecast) -> String {
    let entries: Vec<_> = forecast
        .entries
        .iter()
        .map(|entry| json!([entry.object, entry.uid, outcome(&entry.outcome)]))
        .collect();
    let substance = json!([
        forecast.act,
        entries,
        forecast.tier,
        forecast.undo,
        forecast.unknowns.is_empty(),
        forecast.quorum.iter().map(quorum).collect::<Vec<_>>()
    ]);
    sha256(substance.to_string().as_bytes())
}

/// What becomes of a raft cluster, without the wording of what is missing.
fn quorum(told: &Quorum) -> (String, String) {
    let Quorum {
        voters,
        quorum,
        healthy,
        left,
        ..
    } = told;
    let end = match &told.end {
        QuorumEnd::Unknown { .. } => "unknown".to_owned(),
        QuorumEnd::Kept { .. } | QuorumEnd::Assumed { .. } | QuorumEnd::Broken | QuorumEnd::Lost => {
            format!("{healthy} of {voters} voters healthy, {left} left, {quorum} decide")
        }
    };
    (told.ensemble.clone(), end)
}

/// An outcome without the wording of what is missing, which counts seconds.
fn outcome(outcome: &Outcome) -> String {
    if matches!(outcome, Outcome::Unknown { .. }) {
        return "unknown".to_owned();
    }
    json!(outcome).to_string().replace('"', "")
}

/// The SHA-256 over everything an approval is bound to (A3 rule 3).
pub(super) fn approval(
    forecast_digest: &str,
    pins: &[Pin],
    request: &Request,
    items: &[Item],
    cluster: &ClusterIdentity,
    operator: &Operator,
    demand: Option<&Demand>,
) -> String {
    let items: Vec<_> = items.iter().map(Item::rests_on).collect();
    let who = json!([
        cluster.server,
        cluster.ca,
        cluster.kube_system,
        cluster.user,
        operator.user
    ]);
    let run = demand.map(Demand::binding);
    let substance = json!([forecast_digest, pins, request.text(), items, who, run]);
    sha256(substance.to_string().as_bytes())
}

/// A picture of what is shown, line by line: name and value. Two pictures are compared by [`diff`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture(Vec<(String, String)>);

impl Picture {
    pub(super) fn of(target: Option<&Object>, forecast: &Forecast, items: &[Item]) -> Self {
        let mut lines = target.map_or_else(Vec::new, target_lines);
        for entry in &forecast.entries {
            lines.push((
                format!("{}/{}", entry.object, entry.uid.tail(6)),
                outcome(&entry.outcome),
            ));
        }
        lines.extend(forecast.quorum.iter().map(quorum));
        lines.push(("tier".to_owned(), forecast.tier.word().to_owned()));
        lines.push(("undo".to_owned(), json!(forecast.undo).to_string().replace('"', "")));
        // While something is unknown, what a person is asked to accept may count seconds, too.
        let told = items.iter().all(|item| item.state != ItemState::Unknown);
        for item in items {
            let (id, state, value) = item.rests_on();
            let said = match item.asks_person() {
                true if told => item.title.clone(),
                true => "to be answered".to_owned(),
                false => format!("{state} {value}"),
            };
            lines.push((id.to_owned(), said.trim_end().to_owned()));
        }
        Self(lines)
    }
}

fn target_lines(object: &Object) -> Vec<(String, String)> {
    let meta = &object.meta;
    let line = |name: &str, value: String| (name.to_owned(), value);
    vec![
        line("metadata.uid", meta.uid.to_string()),
        line("metadata.resourceVersion", meta.resource_version.to_string()),
        line(
            "metadata.deletionTimestamp",
            meta.deletion_timestamp.map(|at| at.to_string()).unwrap_or_default(),
        ),
        line("metadata.finalizers", meta.finalizers.join(", ")),
        line("metadata.labels", format!("{:?}", meta.labels)),
    ]
}

/// What differs between two pictures: `- name value` for what was, `+ name value` for what is.
pub(super) fn diff(before: &Picture, after: &Picture) -> Vec<String> {
    let lost = before.0.iter().filter(|line| !after.0.contains(line));
    let mut lines: Vec<String> = lost.map(|(name, value)| format!("- {name} {value}")).collect();
    let new = after.0.iter().filter(|line| !before.0.contains(line));
    lines.extend(new.map(|(name, value)| format!("+ {name} {value}")));
    lines
}
