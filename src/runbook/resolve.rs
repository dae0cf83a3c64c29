//! The values of a run: defaults, files of values, what was said on the command line; which counts, and where it is from.

use super::document;
use super::fault::{Faults, Source};
use super::format::Runbook;
use super::parameter::{Origin, literal, meant};
use super::reading::Reader;
use super::template::Values;
use super::value::{Value, is_name};
use crate::model::yaml::Tree;
use crate::model::{Key, Text};
use serde::Serialize;
use std::fmt;

/// One value that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub name: String,
    pub text: String,
    pub origin: Origin,
}

/// A parameter with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    pub name: String,
    pub value: Value,
    /// Where the value comes from, in words.
    #[serde(serialize_with = "words")]
    pub origin: Origin,
}

fn words<S: serde::Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(origin)
}

/// A runbook whose every parameter has a value.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub runbook: Runbook,
    pub settings: Vec<Setting>,
    pub values: Values,
    pub namespace: String,
    pub release: Option<String>,
}

impl Resolved {
    /// The files of values that its steps give to helm.
    pub fn files(&self) -> Vec<Text> {
        let steps = self.runbook.steps.iter().chain(&self.runbook.rollback);
        let deeds = steps.filter_map(|step| step.deed.as_ref());
        let mut files: Vec<Text> = deeds.flat_map(|deed| deed.files(&self.values)).collect();
        files.sort();
        files.dedup();
        files
    }

    /// The files of rendered manifests that its steps go by.
    pub fn manifests(&self) -> Vec<String> {
        let steps = self.runbook.steps.iter().chain(&self.runbook.rollback);
        let deeds = steps.filter_map(|step| step.deed.as_ref());
        let mut files: Vec<String> = deeds.filter_map(|deed| deed.rendered(&self.values)).collect();
        files.sort();
        files.dedup();
        files
    }

    /// The objects whose state is kept when a run begins, since a step makes them again as they were.
    pub fn remembered(&self) -> impl Iterator<Item = Key> {
        let steps = self.runbook.steps.iter().chain(&self.runbook.rollback);
        steps.filter_map(|step| step.deed.as_ref()?.remembered(&self.values, &self.namespace))
    }
}

/// What is wrong with the values, a sentence each. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved(Vec<String>);

impl Unresolved {
    pub fn sentences(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Unresolved {}

/// Reads a file of values: one map of names and values.
pub fn read_values(source: &Source) -> Result<Vec<Given>, Faults> {
    let node = document::read(source)?;
    let mut reader = Reader::new(source);
    let mut given = Vec::new();
    if matches!(node.tree, Tree::Nothing) {
        return Ok(given);
    }
    for (word, node) in reader.map(&node, "a file of values") {
        if let Some(text) = literal(&mut reader, node, &format!("`{}`", word.text)) {
            given.push(Given {
                name: word.text.clone(),
                text,
                origin: Origin::File(source.locate(node.at.start)),
            });
        }
    }
    match reader.end() {
        None => Ok(given),
        Some(faults) => Err(faults),
    }
}

/// Gives every parameter its value. Of several values the last one given counts.
pub fn resolve(runbook: &Runbook, given: &[Given]) -> Result<Resolved, Unresolved> {
    let mut wrong = Vec::new();
    for one in given.iter().filter(|one| runbook.parameters.get(&one.name).is_none()) {
        let near = match meant(&one.name, &runbook.parameters) {
            Some(near) => format!(" (did you mean {near}?)"),
            None => String::new(),
        };
        wrong.push(format!(
            "{}: {} has no parameter {:?}{near}",
            one.origin, runbook.name, one.name
        ));
    }
    let mut settings = Vec::new();
    for parameter in runbook.parameters.iter() {
        let said = given.iter().rev().find(|one| one.name == parameter.name);
        let (value, origin) = match (said, &parameter.default) {
            (Some(said), _) if said.text.is_empty() && parameter.default.is_none() => {
                wrong.push(format!("{}: {} is required and empty", said.origin, parameter.name));
                continue;
            }
            (Some(said), _) => match parameter.judge(&said.text) {
                Ok(value) => (value, said.origin.clone()),
                Err(why) => {
                    wrong.push(format!("{}: {} {why}", said.origin, parameter.name));
                    continue;
                }
            },
            (None, Some(value)) => {
                let place = runbook.source.locate(parameter.default_at());
                (value.clone(), Origin::Default(place))
            }
            (None, None) => {
                let origin = match parameter.origin.as_str() {
                    "" => String::new(),
                    origin => format!("; find it with: {origin}"),
                };
                let shape = parameter.shape();
                wrong.push(format!(
                    "{} is required: --set {}=… ({shape}){origin}",
                    parameter.name, parameter.name
                ));
                continue;
            }
        };
        settings.push(Setting {
            name: parameter.name.clone(),
            value,
            origin,
        });
    }
    if !wrong.is_empty() {
        return Err(Unresolved(wrong));
    }
    let values: Values = settings
        .iter()
        .map(|setting| (setting.name.clone(), setting.value.clone()))
        .collect();
    let namespace = runbook.namespace.fill(&values);
    let release = runbook.release.as_ref().map(|release| release.fill(&values));
    for (what, name) in [("namespace", Some(&namespace)), ("release", release.as_ref())] {
        if let Some(name) = name.filter(|name| !is_name(name)) {
            wrong.push(format!(
                "the tenant's {what} comes to {name:?}, which is no name of a Kubernetes object"
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(Unresolved(wrong));
    }
    Ok(Resolved {
        runbook: runbook.clone(),
        settings,
        values,
        namespace,
        release,
    })
}
