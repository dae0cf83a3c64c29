//! `pilothouse plan`: every step of a runbook with its forecast, as text and JSON.

use super::page::Page;
use super::{API_VERSION, Exit};
use crate::forecast::{Forecast, Outcome, Undo};
use crate::model::{ClusterIdentity, Now};
use crate::runbook::Plan;
use crate::runbook::plan::{Asked, Footing, Planned, Way};
use serde::Serialize;

/// A plan, as it is printed. Its JSON form is `docs/schema/plan.v1.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was made.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    /// The cluster it was made on: context and server.
    pub cluster: String,
    #[serde(flatten)]
    pub plan: Plan,
}

pub fn plan(plan: Plan, cluster: &ClusterIdentity, now: Now) -> PlanReport {
    PlanReport {
        api_version: API_VERSION,
        kind: "Plan",
        at: now.second(),
        exit_code: exit_of(&plan).code(),
        cluster: format!("{} ({})", cluster.context, cluster.server),
        plan,
    }
}

/// What is missing may be worse than what is found.
fn exit_of(plan: &Plan) -> Exit {
    let steps = || plan.steps.iter().filter(|step| !step.skipped);
    let expected = || steps().filter_map(|step| step.verify.as_ref());
    if steps().any(|step| !step.unknown.is_empty()) || expected().any(|verify| verify.reached().is_none()) {
        return Exit::Unknown;
    }
    let blocked = steps().any(|step| !step.blocked.is_empty());
    if blocked || expected().any(|verify| verify.reached() == Some(false)) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

impl PlanReport {
    pub fn exit(&self) -> Exit {
        exit_of(&self.plan)
    }

    /// The report as text of at most this many columns (words longer than a line excepted).
    pub fn text(&self, width: usize) -> String {
        let plan = &self.plan;
        let mut page = Page::new(width);
        page.line(
            "",
            &format!("plan: {} {} in {}", plan.runbook, plan.version, plan.namespace),
        );
        page.line("cluster: ", &self.cluster);
        page.line("runbook: ", &format!("sha256 {}", plan.digest));
        page.line(
            "",
            "nothing is done; each step is forecast on the world as the steps before it are forecast to leave it",
        );
        if !plan.parameters.is_empty() {
            page.blank();
            let rows = plan.parameters.iter().map(|setting| {
                let value = setting.value.to_string();
                vec![setting.name.clone(), value, format!("from {}", setting.origin)]
            });
            page.table(2, &rows.collect::<Vec<_>>());
        }
        for (at, step) in plan.steps.iter().enumerate() {
            page.blank();
            write(&mut page, at + 1, step);
        }
        page.blank();
        page.line("", &self.ending());
        page.into_text()
    }

    /// One sentence over all.
    fn ending(&self) -> String {
        let steps = &self.plan.steps;
        let ids = |wanted: fn(&Planned) -> bool| {
            let ids = steps
                .iter()
                .filter(|step| !step.skipped && wanted(step))
                .map(|step| step.id.as_str());
            ids.collect::<Vec<_>>().join(", ")
        };
        let blocked = ids(|step| !step.blocked.is_empty());
        let unknown = ids(|step| !step.unknown.is_empty());
        let endless = ids(|step| {
            step.verify
                .as_ref()
                .is_some_and(|verify| verify.reached() == Some(false))
        });
        let mut told = Vec::new();
        for (what, ids) in [
            ("blocked", blocked),
            ("would not be seen to end", endless),
            ("not all known", unknown),
        ] {
            if !ids.is_empty() {
                told.push(format!("{what}: {ids}"));
            }
        }
        if told.is_empty() {
            "nothing blocks".to_owned()
        } else {
            told.join("; ")
        }
    }
}

fn write(page: &mut Page, number: usize, step: &Planned) {
    page.line(&format!("{number:>3}. "), &format!("{} — {}", step.id, step.title));
    let footing = match &step.rests_on {
        Footing::Live => "the world as it was seen".to_owned(),
        Footing::After { steps } => format!("the world as {} would leave it", steps.join(", ")),
    };
    if let Some(when) = &step.when {
        asked(page, "when", when);
    }
    if step.skipped {
        page.line("     not needed: ", &format!("judged on {footing}"));
        return;
    }
    page.line("     rests on: ", &footing);
    for item in &step.sensed {
        asked(page, "sensed", item);
    }
    if let Some(inventory) = &step.inventory {
        page.line("     takes down: ", &inventory.sentence());
    }
    for item in &step.foreseen {
        asked(page, "foreseen", item);
    }
    if let Some(renders) = &step.renders {
        let after = match renders.after.as_slice() {
            [] => "when its turn comes".to_owned(),
            steps => format!("on the cluster as {} would leave it", steps.join(", ")),
        };
        let told = format!(
            "{} is rendered {after}; it could not be now: {}",
            renders.chart, renders.why
        );
        page.line("     ? renders: ", &told);
    }
    if !step.values.is_empty() {
        page.line("     values:", "");
        page.valued(7, &step.values);
    }
    for forecast in &step.forecasts {
        foretold(page, forecast);
    }
    page.line(&format!("     {}: ", step.tier.word()), &step.because);
    for item in &step.attested {
        page.line("     to attest: ", item);
    }
    if let Some(typed) = &step.typed {
        page.line("     to type: ", typed);
    }
    if let Some(verify) = &step.verify {
        let reached = match verify.reached() {
            Some(true) => "by this forecast its end is seen",
            Some(false) => "✗ by this forecast its end is NOT seen",
            None => "? whether its end is seen cannot be said",
        };
        let limit = format!("{reached}; within {}, else {}", verify.within, verify.on_timeout);
        page.line("     verify: ", &limit);
        for item in verify.all.iter().chain(&verify.any) {
            asked(page, "·", item);
        }
    }
    page.line("     undo: ", &way(step));
    for blocked in &step.blocked {
        page.line("     ✗ blocked: ", blocked);
    }
    for unknown in &step.unknown {
        page.line("     ? not known: ", unknown);
    }
}

fn asked(page: &mut Page, word: &str, asked: &Asked) {
    let glyph = match asked.found.holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "?",
    };
    page.line(
        &format!("     {word} {glyph} "),
        &format!("{}: {}", asked.check, asked.found.value),
    );
}

/// The act, its counts, and the fate of each object that it loses or cannot end.
fn foretold(page: &mut Page, forecast: &Forecast) {
    page.line("     act: ", &format!("{} → {}", forecast.act, forecast.headline()));
    for fate in forecast.fates() {
        let grave = match fate.outcome {
            Outcome::VolumeDestroyed { .. }
            | Outcome::VolumeLeaked { .. }
            | Outcome::VolumeRetained { .. }
            | Outcome::Hangs { .. }
            | Outcome::Rejected { .. }
            | Outcome::Unknown { .. } => true,
            Outcome::Deleted
            | Outcome::DeletedLater { .. }
            | Outcome::Kept
            | Outcome::Created
            | Outcome::Recreated { .. }
            | Outcome::Patched { .. }
            | Outcome::Orphaned => false,
        };
        if grave {
            page.line(&format!("       {:<10} ", fate.outcome.word()), &fate.sentence);
        }
    }
}

fn way(step: &Planned) -> String {
    match &step.undo {
        Way::Rollback { steps } => format!("rollback: {}", steps.join(", ")),
        Way::Manual { how } => format!("by hand: {how}"),
        Way::None { why } => format!("none: {why}"),
        Way::Forecast => match step.forecasts.first().map(|forecast| &forecast.undo) {
            None => "nothing to undo".to_owned(),
            Some(Undo::Lossless { how }) => format!("complete: {how}"),
            Some(Undo::Lossy { how }) => format!("with loss: {how}"),
            Some(Undo::None) => "none: there is no way back".to_owned(),
        },
    }
}
