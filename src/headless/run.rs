//! `run --headless`: where a run stands, and what it asks a person, as text and JSON.
//!
//! What is asked carries a digest of everything that is shown: an approval is for that digest and no other.

use super::page::Page;
use super::{API_VERSION, Exit};
use crate::gate::{Item, Panel, SignOff};
use crate::model::{ClusterIdentity, Now};
use crate::runbook::Run;
use crate::runbook::chronicle::Kept;
use crate::runbook::progress::Course;
use serde::Serialize;

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was told.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    /// The cluster it runs on: context and server.
    pub cluster: String,
    /// Its name, to take it up by. Absent where none has begun.
    pub run: Option<String>,
    pub runbook: String,
    /// SHA-256 of the text it began with.
    pub digest: String,
    pub namespace: String,
    pub steps: Vec<Course>,
    /// The steps of the way back, where somebody turned the run around.
    pub back: Vec<Course>,
    /// What came while this was running.
    pub came: Vec<Kept>,
    /// Why it goes no further, in one sentence.
    pub told: String,
    /// What a person is asked.
    pub asked: Option<Question>,
}

/// What a person is asked, before the run goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    pub step: String,
    /// What an approval has to name; absent where nothing can be approved.
    pub digest: Option<String>,
    /// The act; absent where the step does nothing.
    pub act: Option<String>,
    /// `T2 destructive`; absent where the step does nothing.
    pub tier: Option<&'static str>,
    /// What the act would do, in one line.
    pub forecast: Option<String>,
    /// The exact request that would be sent.
    pub request: Option<String>,
    pub items: Vec<Asked>,
    /// What the runbook asks to be typed (`--type`).
    pub typed: Option<String>,
    /// The fact that is asked for (`--fact`).
    pub fact: Option<String>,
    /// Why it cannot be approved as it stands, besides what has to be answered.
    pub shut: Vec<String>,
}

/// An item of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// From 1: what `--attest` names.
    pub number: usize,
    pub title: String,
    pub value: String,
    pub state: &'static str,
    pub person: bool,
}

impl Question {
    /// Of the panel in front of an act.
    pub fn of_panel(step: &str, panel: &Panel) -> Self {
        let forecast = panel.forecast();
        Self {
            step: step.to_owned(),
            digest: panel.shown(),
            act: Some(panel.act().to_string()),
            tier: Some(panel.tier().word()),
            forecast: Some(format!("{}: {}", forecast.headline(), forecast.because)),
            request: Some(panel.request().to_owned()),
            items: asked(panel.items()),
            typed: panel.typed().map(|typed| typed.question().to_owned()),
            fact: panel.challenge().map(|fact| fact.question().to_owned()),
            shut: shut(panel.items()),
        }
    }

    /// Of a step that does nothing.
    pub fn of_sign_off(step: &str, sign_off: &SignOff) -> Self {
        Self {
            step: step.to_owned(),
            digest: Some(sign_off.shown()),
            act: None,
            tier: None,
            forecast: None,
            request: None,
            items: asked(sign_off.items()),
            typed: sign_off.typed().map(|typed| typed.question().to_owned()),
            fact: None,
            shut: shut(sign_off.items()),
        }
    }
}

fn asked(items: &[Item]) -> Vec<Asked> {
    let line = |(at, item): (usize, &Item)| Asked {
        number: at + 1,
        title: item.title.clone(),
        value: item.value.clone(),
        state: item.state.word(),
        person: item.asks_person(),
    };
    items.iter().enumerate().map(line).collect()
}

/// Items that no person can fill.
fn shut(items: &[Item]) -> Vec<String> {
    let wrong = items.iter().filter(|item| !item.asks_person() && !item.state.passes());
    wrong
        .map(|item| format!("{} – {}: {}", item.state.word(), item.title, item.value))
        .collect()
}

/// The report on a run, or on the fact that none has begun.
pub fn run(
    run: Option<&Run>,
    cluster: &ClusterIdentity,
    now: Now,
    exit: Exit,
    told: String,
    asked: Option<Question>,
) -> RunReport {
    let progress = run.map(|run| &run.progress);
    RunReport {
        api_version: API_VERSION,
        kind: "Run",
        at: now.second(),
        exit_code: exit.code(),
        cluster: format!("{} ({})", cluster.context, cluster.server),
        run: run.map(|run| run.id.clone()),
        runbook: progress.map(|progress| progress.runbook.clone()).unwrap_or_default(),
        digest: progress.map(|progress| progress.digest.clone()).unwrap_or_default(),
        namespace: run.map(|run| run.resolved.namespace.clone()).unwrap_or_default(),
        steps: progress.map(|progress| progress.steps.clone()).unwrap_or_default(),
        back: progress.map(|progress| progress.back.clone()).unwrap_or_default(),
        came: run.map(|run| run.came.clone()).unwrap_or_default(),
        told,
        asked,
    }
}

impl RunReport {
    /// The report as text of at most this many columns (words longer than a line excepted).
    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        if let Some(run) = &self.run {
            page.line("", &format!("run {run}: {} in {}", self.runbook, self.namespace));
            page.line("runbook: ", &format!("sha256 {}", self.digest));
        }
        page.line("cluster: ", &self.cluster);
        for course in &self.steps {
            step(&mut page, course);
        }
        if !self.back.is_empty() {
            page.line("", "the way back:");
        }
        for course in &self.back {
            step(&mut page, course);
        }
        if let Some(asked) = &self.asked {
            page.blank();
            question(&mut page, asked);
        }
        page.blank();
        page.line("", &self.told);
        page.into_text()
    }
}

fn step(page: &mut Page, course: &Course) {
    page.line(&format!("  {:<12}", course.state.word()), &course.id);
}

fn question(page: &mut Page, asked: &Question) {
    page.line("step ", &asked.step);
    if let (Some(act), Some(tier)) = (&asked.act, asked.tier) {
        page.line("  act: ", act);
        page.line("  tier: ", tier);
    }
    for (lead, said) in [("  would: ", &asked.forecast), ("  would send: ", &asked.request)] {
        if let Some(said) = said {
            page.line(lead, said);
        }
    }
    for item in &asked.items {
        let value = if item.value.is_empty() {
            String::new()
        } else {
            format!(": {}", item.value)
        };
        page.line(
            &format!("  {:>2} {:<12} ", item.number, item.state),
            &format!("{}{value}", item.title),
        );
    }
    for (lead, said) in [("  --type ", &asked.typed), ("  --fact ", &asked.fact)] {
        if let Some(said) = said {
            page.line(lead, said);
        }
    }
    for shut in &asked.shut {
        page.line("  ✗ ", shut);
    }
    if let Some(digest) = &asked.digest {
        page.line("  digest: ", digest);
    }
}
