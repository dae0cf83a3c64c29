//! `pilothouse preflight`: what would stop a runbook in the window, asked before anything is changed. The questions of
//! [`super::plan()`], without the rest of it.

use super::page::Page;
use super::{API_VERSION, Exit};
use crate::model::helm::Valued;
use crate::model::{ClusterIdentity, Now};
use crate::runbook::plan::{Asked, Planned};
use crate::runbook::{Plan, Setting};
use serde::Serialize;

/// The answers, as they are printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreflightReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    /// The cluster it was asked on: context and server.
    pub cluster: String,
    pub runbook: String,
    pub version: String,
    pub digest: String,
    pub namespace: String,
    pub release: Option<String>,
    pub parameters: Vec<Setting>,
    pub checks: Vec<PreflightLine>,
    /// What each step's charts are rendered with.
    pub values: Vec<PreflightValues>,
}

/// The values of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreflightValues {
    pub step: String,
    pub values: Vec<Valued>,
}

/// One question of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreflightLine {
    pub step: String,
    #[serde(flatten)]
    pub asked: Asked,
}

pub fn preflight(plan: Plan, cluster: &ClusterIdentity, now: Now) -> PreflightReport {
    let steps = || plan.steps.iter().filter(|step| !step.skipped);
    let checks: Vec<PreflightLine> = steps().flat_map(questions).collect();
    let rendering = steps().filter(|step| !step.values.is_empty());
    let values = rendering.map(|step| PreflightValues {
        step: step.id.clone(),
        values: step.values.clone(),
    });
    let values: Vec<PreflightValues> = values.collect();
    PreflightReport {
        api_version: API_VERSION,
        kind: "Preflight",
        at: now.second(),
        exit_code: exit_of(&checks).code(),
        cluster: format!("{} ({})", cluster.context, cluster.server),
        runbook: plan.runbook,
        version: plan.version,
        digest: plan.digest,
        namespace: plan.namespace,
        release: plan.release,
        parameters: plan.parameters,
        checks,
        values,
    }
}

/// What is asked of a step: of its gate what names values and releases, and everything that is asked of its acts of Helm's.
fn questions(step: &Planned) -> Vec<PreflightLine> {
    let sensed = step.sensed.iter().filter(|asked| {
        let check = asked.check.as_str();
        check.ends_with("no-placeholders") || check.starts_with("release.") || check.starts_with("named-release.")
    });
    let asked = sensed.chain(&step.foreseen);
    asked
        .map(|asked| PreflightLine {
            step: step.id.clone(),
            asked: asked.clone(),
        })
        .collect()
}

/// What is missing may be worse than what is found.
fn exit_of(checks: &[PreflightLine]) -> Exit {
    let any = |wanted: Option<bool>| checks.iter().any(|line| line.asked.found.holds == wanted);
    if checks.is_empty() || any(None) {
        Exit::Unknown
    } else if any(Some(false)) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

impl PreflightReport {
    pub fn exit(&self) -> Exit {
        exit_of(&self.checks)
    }

    /// The report as text of at most this many columns.
    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        page.line(
            "",
            &format!("preflight: {} {} in {}", self.runbook, self.version, self.namespace),
        );
        page.line("cluster: ", &self.cluster);
        if !self.parameters.is_empty() {
            page.blank();
            let rows = self.parameters.iter().map(|setting| {
                let value = setting.value.to_string();
                vec![setting.name.clone(), value, format!("from {}", setting.origin)]
            });
            page.table(2, &rows.collect::<Vec<_>>());
        }
        let mut step = None;
        for line in &self.checks {
            if step != Some(&line.step) {
                page.blank();
                page.line("", &line.step);
                step = Some(&line.step);
            }
            let glyph = match line.asked.found.holds {
                Some(true) => "✓",
                Some(false) => "✗",
                None => "?",
            };
            page.line(
                &format!("  {glyph} "),
                &format!("{}: {}", line.asked.check, line.asked.found.value),
            );
        }
        for valued in &self.values {
            page.blank();
            page.line("", &format!("{}: what its chart is rendered with", valued.step));
            page.valued(2, &valued.values);
        }
        page.blank();
        let count = |wanted: Option<bool>| {
            let lines = self.checks.iter().filter(|line| line.asked.found.holds == wanted);
            lines.count()
        };
        let ending = match (self.checks.len(), count(Some(false)), count(None)) {
            (0, _, _) => "nothing was asked: no step gives anything to helm".to_owned(),
            (all, 0, 0) => format!("{all} questions, nothing stands in the way"),
            (all, wrong, unknown) => format!("{all} questions: {wrong} stand in the way, {unknown} are not known"),
        };
        page.line("", &ending);
        page.into_text()
    }
}
