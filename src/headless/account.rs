//! `pilothouse report`: what a run of a runbook did, as its journal has it: who approved what, what was forecast and what came,
//! what is left to do and since when. As Markdown for people who were not there, and as JSON.

mod left;
mod markdown;

pub use left::Left;

use super::API_VERSION;
use crate::journal::{Stage, StepEntry};
use crate::model::{Act, Key, Now};
use crate::runbook::chronicle::{KeptSetting, Story};
use crate::runbook::progress::{Course, Event, State, Went, Word};
use crate::runbook::{Inventory, Run};
use jiff::Timestamp;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

/// The account of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub run: String,
    pub runbook: String,
    pub version: String,
    /// SHA-256 of the runbook's text.
    pub digest: String,
    pub namespace: String,
    pub release: Option<String>,
    pub cluster: Option<String>,
    pub began: Timestamp,
    /// When the last record came.
    pub last: Timestamp,
    pub by: String,
    /// How it stands, in one sentence.
    pub standing: String,
    pub over: bool,
    /// What was waived, skipped or left in doubt: a report begins with it.
    pub loose: Vec<String>,
    pub parameters: Vec<KeptSetting>,
    pub inventory: Option<Inventory>,
    pub steps: Vec<Told>,
    pub timeline: Vec<Line>,
    pub left: Vec<Left>,
}

/// One step of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub id: String,
    pub title: String,
    pub state: &'static str,
    /// What was seen of its end, or why it stands as it does.
    pub seen: String,
    pub acts: Vec<Deed>,
}

/// One act of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deed {
    pub act: String,
    /// Who approved it; `None`: nothing was sent.
    pub approved_by: Option<String>,
    pub asked: Option<Timestamp>,
    pub sent: Option<Timestamp>,
    pub tier: Option<String>,
    /// What was forecast for each object, as it was approved.
    pub forecast: Vec<String>,
    /// What a person signed.
    pub signed: Vec<String>,
    /// What came of it.
    pub came: String,
    /// What was saved before, with SHA-256.
    pub saved: Vec<Kept>,
}

/// An object that was saved before it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    pub object: String,
    pub file: String,
    pub sha256: String,
}

/// One record of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub at: Timestamp,
    pub step: Option<String>,
    pub by: String,
    pub what: String,
}

/// The account of a run, from the records of its journal.
///
/// # Errors
/// A sentence, when the run's own records make no sense in this version.
pub fn account(story: &Story, entries: &[StepEntry], now: Now) -> Result<Account, String> {
    let run = Run::take_up(story, now)?;
    let courses = run.progress.steps.iter().chain(&run.progress.back);
    let steps: Vec<Told> = courses.map(|course| told(&run, course, entries)).collect();
    let standing = if run.over() {
        run.ending()
    } else {
        let on = run
            .progress
            .current()
            .map(|course| format!("{} ({})", course.id, course.state.word()));
        format!("not over: at step {}", on.unwrap_or_default())
    };
    let own = |entry: &&StepEntry| approvals(&run).any(|approval| *approval == entry.approval);
    let cluster = entries.iter().find(own).map(|entry| {
        let cluster = &entry.cluster;
        format!(
            "{} ({}), kube-system {}",
            cluster.context, cluster.server, cluster.kube_system
        )
    });
    let opening = &story.opening;
    Ok(Account {
        api_version: API_VERSION,
        kind: "RunAccount",
        run: story.id.clone(),
        runbook: opening.runbook.clone(),
        version: opening.version.clone(),
        digest: opening.digest.clone(),
        namespace: opening.namespace.clone(),
        release: opening.release.clone(),
        cluster,
        began: story.began,
        last: story.came.last().map_or(story.began, |kept| kept.at),
        by: story.by.clone(),
        standing,
        over: run.over(),
        loose: loose(&run, entries),
        parameters: opening.parameters.clone(),
        inventory: run.progress.inventory().cloned(),
        left: left::left(&run, story),
        steps,
        timeline: story.came.iter().map(line).collect(),
    })
}

fn line(kept: &crate::runbook::chronicle::Kept) -> Line {
    Line {
        at: kept.at,
        step: kept.step.clone(),
        by: kept.by.clone(),
        what: kept.event.to_string(),
    }
}

/// Digests of everything this run had approved.
fn approvals(run: &Run) -> impl Iterator<Item = &String> {
    run.came.iter().filter_map(|kept| {
        if let Event::Sending { approval, .. } = &kept.event {
            Some(approval)
        } else {
            None
        }
    })
}

/// What a reader has to know first: waivers, what was left out, what is in doubt.
fn loose(run: &Run, entries: &[StepEntry]) -> Vec<String> {
    let mut loose = Vec::new();
    let said = |word: &Word| format!("by {}: {}", word.by, word.reason);
    for course in run.progress.steps.iter().chain(&run.progress.back) {
        match &course.state {
            State::Waived { word, seen } => {
                loose.push(format!(
                    "step {} was waived {}; seen was: {seen}",
                    course.id,
                    said(word)
                ));
            }
            State::Skipped { word } => loose.push(format!("step {} was left out {}", course.id, said(word))),
            State::InDoubt { seen } => loose.push(format!("step {} is in doubt; seen was: {seen}", course.id)),
            State::Stopped { seen, .. } => loose.push(format!("step {} is stopped: {seen}", course.id)),
            State::Waiting | State::NotNeeded { .. } | State::Acting | State::Verifying { .. } | State::Done => {}
        }
    }
    for entry in entries
        .iter()
        .filter(|entry| approvals(run).any(|approval| *approval == entry.approval))
    {
        for waiver in &entry.waived {
            loose.push(format!(
                "{}: {} was waived by {}: {}",
                entry.step, waiver.item, waiver.person, waiver.reason
            ));
        }
    }
    loose
}

fn told(run: &Run, course: &Course, entries: &[StepEntry]) -> Told {
    let title = run.named(&course.id).map(|step| step.title.clone());
    let last = run.came.iter().rev().find(|kept| {
        let own = kept.step.as_deref() == Some(course.id.as_str());
        own && !matches!(kept.event, Event::Changed { .. })
    });
    let acts = course.acts.iter().enumerate();
    Told {
        id: course.id.clone(),
        title: title.unwrap_or_default(),
        state: course.state.word(),
        seen: last.map(|kept| kept.event.to_string()).unwrap_or_default(),
        acts: acts
            .map(|(at, taken)| deed(run, course, at, &taken.act, &taken.went, entries))
            .collect(),
    }
}

fn deed(run: &Run, course: &Course, at: usize, act: &Act, went: &Went, entries: &[StepEntry]) -> Deed {
    let sent = run
        .came
        .iter()
        .rev()
        .filter(|kept| kept.step.as_deref() == Some(course.id.as_str()));
    let sent = sent.filter_map(|kept| match &kept.event {
        Event::Sending {
            act, approval, word, ..
        } if *act == at => Some((kept, approval, word)),
        _ => None,
    });
    let sent = sent.into_iter().next();
    let entry = sent.and_then(|(_, approval, _)| entries.iter().find(|entry| entry.approval == *approval));
    let approved_by = sent.map(|(kept, _, word)| match word {
        Some(word) => format!("{} ({})", word.by, word.reason),
        None => kept.by.clone(),
    });
    let how = match went {
        Went::Ahead => "not done".to_owned(),
        Went::Sent { .. } => "under way".to_owned(),
        Went::Over { how } => how.clone(),
    };
    let came = match entry.map(|entry| &entry.stage) {
        Some(Stage::Ended(outcome)) => format!("{how} (answered: {}, {})", outcome.word(), outcome.evidence()),
        Some(Stage::Settled { ruling, evidence }) => format!("{how} (settled: {}, {evidence})", ruling.word()),
        Some(Stage::Voided { changes }) => format!("{how} (void: {})", changes.join("; ")),
        Some(Stage::Intended | Stage::Cleared | Stage::Sent) | None => how,
    };
    let answers = entry.map_or(&Value::Null, |entry| &entry.answers);
    Deed {
        act: act.to_string(),
        approved_by,
        asked: entry.map(|entry| entry.asked),
        sent: entry.and_then(|entry| entry.sent),
        tier: answers.get("tier").and_then(Value::as_str).map(str::to_owned),
        forecast: forecast(answers),
        signed: signed(answers),
        came,
        saved: entry
            .map(|entry| entry.saved.iter().map(kept).collect())
            .unwrap_or_default(),
    }
}

fn kept(saved: &crate::journal::SavedObject) -> Kept {
    Kept {
        object: saved.object.to_string(),
        file: saved.file.clone(),
        sha256: saved.sha256.clone(),
    }
}

/// `pvc/data: deleted`, for each object of the forecast that was approved.
fn forecast(answers: &Value) -> Vec<String> {
    let entries = answers.get("forecast").and_then(Value::as_array).into_iter().flatten();
    let told = entries.filter_map(|entry| {
        let [object, _, outcome] = entry.as_array()?.as_slice() else {
            return None;
        };
        Some(format!("{}: {}", name(object), outcome_word(outcome)))
    });
    told.collect()
}

fn name(object: &Value) -> String {
    Key::deserialize(object).map_or_else(|_error| object.to_string(), |key| key.to_string())
}

fn outcome_word(outcome: &Value) -> String {
    match outcome {
        Value::String(word) => word.clone(),
        Value::Object(fields) => {
            let word = fields.get("outcome").and_then(Value::as_str);
            let word = word.or_else(|| fields.keys().next().map(String::as_str));
            word.unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// The items that a person signed.
fn signed(answers: &Value) -> Vec<String> {
    let items = answers.get("items").and_then(Value::as_array).into_iter().flatten();
    let signed = items.filter(|item| item.get("byPerson").and_then(Value::as_bool) == Some(true));
    signed
        .filter_map(|item| item.get("title").and_then(Value::as_str).map(str::to_owned))
        .collect()
}
