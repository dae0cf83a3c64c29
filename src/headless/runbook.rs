//! A runbook as text and JSON: what it asks for, what each step does, and what is wrong with those that do not load.

use super::API_VERSION;
use super::page::Page;
use crate::runbook::step::{Step, Undo};
use crate::runbook::value::Value;
use crate::runbook::{FaultLine, Faults, Runbook, Values};
use serde::Serialize;

/// A runbook, as `runbook show` prints it. What stands in it is as written, parameters and all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunbookReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub name: String,
    pub title: String,
    pub version: String,
    pub description: String,
    /// The file's path, or `shipped:NAME`.
    pub source: String,
    /// SHA-256 of its text.
    pub digest: String,
    pub namespace: String,
    pub release: Option<String>,
    pub parameters: Vec<ParameterLine>,
    pub steps: Vec<StepLine>,
    pub rollback: Vec<StepLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterLine {
    pub name: String,
    /// `duration of 1m to 1h`.
    pub shape: String,
    /// Absent: whoever runs it has to say.
    pub default: Option<String>,
    pub description: String,
    /// Where the value is found.
    pub origin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepLine {
    pub id: String,
    pub title: String,
    pub description: String,
    pub when: Option<String>,
    /// Absent: the step looks, waits or asks a person.
    pub act: Option<String>,
    /// The least its tier can be, as in `T2`.
    pub tier: String,
    pub sensed: Vec<String>,
    pub attested: Vec<String>,
    pub typed: Option<String>,
    pub verify: Option<VerifyLine>,
    /// For how long the tenant is watched, and for what.
    pub soak: Option<String>,
    pub undo: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyLine {
    pub all: Vec<String>,
    pub any: Vec<String>,
    pub within: String,
    pub on_timeout: &'static str,
}

/// What `runbook check` found, runbook by runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub items: Vec<CheckLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckLine {
    pub source: String,
    /// Absent where it does not load.
    pub name: Option<String>,
    pub title: Option<String>,
    pub version: Option<String>,
    pub digest: Option<String>,
    pub faults: Vec<FaultLine>,
}

/// Each parameter as it is written: what stands where a value will.
fn unfilled(runbook: &Runbook) -> Values {
    let names = runbook.parameters.iter().map(|parameter| &parameter.name);
    names
        .map(|name| (name.clone(), Value::Text(format!("${{{name}}}"))))
        .collect()
}

pub fn described(runbook: &Runbook) -> RunbookReport {
    let values = unfilled(runbook);
    let parameters = runbook.parameters.iter().map(|parameter| ParameterLine {
        name: parameter.name.clone(),
        shape: parameter.shape(),
        default: parameter.default.as_ref().map(ToString::to_string),
        description: parameter.description.clone(),
        origin: parameter.origin.clone(),
    });
    let steps = |steps: &[Step]| steps.iter().map(|step| line(step, &values)).collect();
    RunbookReport {
        api_version: API_VERSION,
        kind: "RunbookDescription",
        name: runbook.name.clone(),
        title: runbook.title.clone(),
        version: runbook.version.clone(),
        description: runbook.description.clone(),
        source: runbook.source.name.clone(),
        digest: runbook.digest.clone(),
        namespace: runbook.namespace.fill(&values),
        release: runbook.release.as_ref().map(|release| release.fill(&values)),
        parameters: parameters.collect(),
        steps: steps(&runbook.steps),
        rollback: steps(&runbook.rollback),
    }
}

fn line(step: &Step, values: &Values) -> StepLine {
    let titles = |conditions: &[crate::runbook::condition::Condition]| {
        conditions
            .iter()
            .map(|condition| condition.title(values))
            .collect::<Vec<_>>()
    };
    StepLine {
        id: step.id.clone(),
        title: step.title.clone(),
        description: step.description.clone(),
        when: step.when.as_ref().map(|when| when.title(values)),
        act: step.deed.as_ref().map(ToString::to_string),
        tier: format!("{:?}", step.floor()),
        sensed: titles(&step.gate.sensed),
        attested: step.gate.attested.iter().map(|item| item.fill(values)).collect(),
        typed: step.gate.typed.as_ref().map(|typed| typed.fill(values)),
        soak: step.soak.as_ref().map(|soak| soak.written(values)),
        verify: step.verify.as_ref().map(|verify| VerifyLine {
            all: titles(&verify.all),
            any: titles(&verify.any),
            within: verify.within.written(),
            on_timeout: verify.on_timeout.word(),
        }),
        undo: match &step.undo {
            Undo::Unsaid => "as the forecast says".to_owned(),
            Undo::Rollback(ids) => format!("rollback: {}", ids.join(", ")),
            Undo::Manual(how) => format!("by hand: {how}"),
            Undo::None(why) => format!("none: {why}"),
        },
    }
}

impl RunbookReport {
    /// The report as text of at most this many columns.
    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        page.line("", &format!("{}: {}", self.name, self.title));
        page.line(
            "",
            &format!("version {} · {} · sha256 {}", self.version, self.source, self.digest),
        );
        if !self.description.is_empty() {
            page.blank();
            page.line("", &self.description);
        }
        page.blank();
        let release = self
            .release
            .as_ref()
            .map_or_else(String::new, |release| format!(" · release {release}"));
        page.line("tenant: ", &format!("namespace {}{release}", self.namespace));
        if !self.parameters.is_empty() {
            page.blank();
            page.line("", "parameters");
            for parameter in &self.parameters {
                let default = match &parameter.default {
                    Some(default) => format!("default {default}"),
                    None => "required".to_owned(),
                };
                page.line("  ", &format!("{}: {}, {default}", parameter.name, parameter.shape));
                page.line("      ", &parameter.description);
                if !parameter.origin.is_empty() {
                    page.line("      find it with: ", &parameter.origin);
                }
            }
        }
        for (heading, steps) in [("steps", &self.steps), ("rollback", &self.rollback)] {
            if !steps.is_empty() {
                page.blank();
                page.line("", heading);
                for (at, step) in steps.iter().enumerate() {
                    step.write(&mut page, at + 1);
                }
            }
        }
        page.into_text()
    }
}

impl StepLine {
    fn write(&self, page: &mut Page, number: usize) {
        page.line(&format!("{number:>3}. "), &format!("{} — {}", self.id, self.title));
        let mut line = |head: &str, body: &str| {
            if !body.is_empty() {
                page.line(&format!("     {head:<9} "), body);
            }
        };
        line("", &self.description);
        line("when", self.when.as_deref().unwrap_or_default());
        line(
            "act",
            self.act.as_deref().unwrap_or("none: it looks, waits or asks a person"),
        );
        line("tier", &format!("at least {}; the forecast may say more", self.tier));
        for item in &self.sensed {
            line("sensed", item);
        }
        for item in &self.attested {
            line("attested", item);
        }
        line("typed", self.typed.as_deref().unwrap_or_default());
        if let Some(verify) = &self.verify {
            let any = if verify.any.is_empty() {
                String::new()
            } else {
                format!(" one of {}", verify.any.join(", "))
            };
            let told = format!(
                "{}{any} within {}, else {}",
                verify.all.join(", "),
                verify.within,
                verify.on_timeout
            );
            line("verify", &told);
        }
        if let Some(soak) = &self.soak {
            line("soak", soak);
        }
        line("undo", &self.undo);
    }
}

/// `8 steps, 4 parameters, sha256 0f3a…`: what is said of a runbook that loads.
pub fn sound(runbook: &Runbook) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    format!(
        "{}, {}, version {}, sha256 {}",
        count(runbook.steps.len(), "step"),
        count(runbook.parameters.iter().count(), "parameter"),
        super::escaped(&runbook.version),
        runbook.digest
    )
}

/// Each runbook by its source, loaded or not.
pub fn checked(read: &[(String, Result<Runbook, Faults>)]) -> CheckReport {
    let items = read.iter().map(|(source, read)| {
        let sound = read.as_ref().ok();
        CheckLine {
            source: source.clone(),
            name: sound.map(|runbook| runbook.name.clone()),
            title: sound.map(|runbook| runbook.title.clone()),
            version: sound.map(|runbook| runbook.version.clone()),
            digest: sound.map(|runbook| runbook.digest.clone()),
            faults: read.as_ref().err().map(Faults::lines).unwrap_or_default(),
        }
    });
    CheckReport {
        api_version: API_VERSION,
        kind: "RunbookList",
        items: items.collect(),
    }
}

/// The list as text: name, version, digest and title; of those that do not load, why.
pub fn listed(read: &[(String, Result<Runbook, Faults>)], width: usize) -> String {
    let rows: Vec<Vec<String>> = read
        .iter()
        .map(|(source, read)| match read {
            Ok(runbook) => {
                let digest: String = runbook.digest.chars().take(12).collect();
                vec![
                    runbook.name.clone(),
                    runbook.version.clone(),
                    digest,
                    runbook.title.clone(),
                ]
            }
            Err(faults) => vec![source.clone(), String::new(), "✗".to_owned(), faults.to_string()],
        })
        .collect();
    let mut page = Page::new(width);
    page.table(0, &rows);
    page.into_text()
}
