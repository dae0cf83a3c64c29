//! The whole runbook: its head, its tenant, its parameters and steps, read in one pass that tells everything wrong.

use super::condition::Place;
use super::document;
use super::fault::{Faults, Source};
use super::parameter::Parameters;
use super::reading::{Fields, Reader};
use super::step::{Step, Undo};
use super::template::Template;
use super::value::is_name;
use crate::model::yaml::{Node, Tree};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The version of the format.
pub const API_VERSION: &str = "pilothouse.dev/v1";
const KIND: &str = "Runbook";
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "tenant",
    "parameters",
    "steps",
    "rollback",
];
const METADATA: &[&str] = &["name", "title", "version", "description"];
const TENANT: &[&str] = &["namespace", "release"];
/// Steps of one runbook, and of its way back.
const STEPS: usize = 64;

/// A runbook that was read and found sound.
#[derive(Clone, Debug)]
pub struct Runbook {
    pub source: Source,
    /// SHA-256 of the text, hexadecimal: which runbook was looked at.
    pub digest: String,
    pub name: String,
    pub title: String,
    pub version: String,
    pub description: String,
    pub parameters: Parameters,
    /// The tenant's namespace.
    pub namespace: Template,
    /// The tenant's Helm release.
    pub release: Option<Template>,
    pub steps: Vec<Step>,
    /// The steps of the way back; each is named by an `undo`.
    pub rollback: Vec<Step>,
}

impl Runbook {
    /// Some step goes by what raft peers say.
    pub fn asks_raft(&self) -> bool {
        self.steps.iter().chain(&self.rollback).any(Step::asks_raft)
    }
}

/// Reads a runbook.
pub fn parse(source: &Source) -> Result<Runbook, Faults> {
    let node = document::read(source)?;
    let mut reader = Reader::new(source);
    let runbook = read(&mut reader, &node);
    match (reader.end(), runbook) {
        (None, Some(runbook)) => Ok(runbook),
        (Some(faults), _) => Err(faults),
        (None, None) => Err(Faults::whole(source, "it is no runbook", "see docs/runbooks.md")),
    }
}

fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Runbook> {
    if !headed(reader, node) {
        return None;
    }
    let fields = reader.fields(node, "a runbook", FIELDS)?;
    let metadata = Metadata::read(reader, fields);
    let parameters = fields
        .get("parameters")
        .map(|node| Parameters::read(reader, node))
        .unwrap_or_default();
    let (namespace, release) = tenant(reader, fields, &parameters);
    let released = release.is_some();
    let mut place = Place {
        parameters: &parameters,
        released,
        inventoried: false,
        acts: false,
    };
    let steps = steps(reader, fields, "steps", place);
    // the way back is walked after whatever was taken down
    place.inventoried = steps.iter().any(|step| step.inventory.is_some());
    let rollback = steps_of(reader, fields.get("rollback"), "rollback", place);
    distinct(reader, steps.iter().chain(&rollback));
    undone(reader, fields, &rollback);
    let metadata = metadata?;
    Some(Runbook {
        source: reader.source.clone(),
        digest: digest(&reader.source.text),
        name: metadata.name,
        title: metadata.title,
        version: metadata.version,
        description: metadata.description,
        parameters,
        namespace: namespace?,
        release,
        steps,
        rollback,
    })
}

/// Another kind or version is told alone: nothing else in the file would make sense.
fn headed(reader: &mut Reader<'_>, node: &Node) -> bool {
    let Tree::Map(entries) = &node.tree else {
        let told = format!("a runbook is a map of fields, not {}", node.tree.noun());
        reader.fault(&node.at, told, "begin with `pilothouse runbook new`");
        return false;
    };
    let mut sound = true;
    for (field, wanted) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        let found = entries.iter().find(|(word, _)| word.text == field);
        match found {
            None => {
                reader.fault(
                    &node.at,
                    format!("a runbook lacks the field `{field}`"),
                    format!("write `{field}: {wanted}`"),
                );
                sound = false;
            }
            Some((_, node)) => {
                if let Some(said) = reader.text(node, &format!("`{field}`"))
                    && said.text != wanted
                {
                    let told = format!("this version reads {field} {wanted}, not `{}`", said.text);
                    reader.fault(&said.at, told, format!("write `{field}: {wanted}`"));
                    sound = false;
                }
            }
        }
    }
    sound
}

struct Metadata {
    name: String,
    title: String,
    version: String,
    description: String,
}

impl Metadata {
    fn read(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Self> {
        let node = fields.need(reader, "metadata", "it has `name`, `title` and `version`")?;
        let fields = reader.fields(node, "`metadata`", METADATA)?;
        let mut need = |field: &str, fix: &str| {
            let node = fields.need(reader, field, fix)?;
            reader.filled(node, &format!("`{field}`"))
        };
        let name = need("name", "a short name, as in helm-handover");
        let title = need("title", "what it does, in one line");
        let version = need("version", "a text in quotes, as in \"1\": raise it with each change");
        let description = fields
            .get("description")
            .and_then(|node| reader.text(node, "`description`"));
        let name = name?;
        if !is_name(&name.text) {
            let told = format!("`{}` is no name of a runbook", name.text);
            reader.fault(&name.at, told, "write lower-case letters, digits and `-`");
        }
        Some(Self {
            name: name.text,
            title: title?.text,
            version: version?.text,
            description: description.map(|said| said.text).unwrap_or_default(),
        })
    }
}

fn tenant(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    parameters: &Parameters,
) -> (Option<Template>, Option<Template>) {
    let fix = "checks and selections are about one tenant: write `tenant: { namespace: \"${namespace}\" }`";
    let Some(node) = fields.need(reader, "tenant", fix) else {
        return (None, None);
    };
    let Some(fields) = reader.fields(node, "`tenant`", TENANT) else {
        return (None, None);
    };
    let mut template = |node: &Node, field: &str| {
        let said = reader.filled(node, &format!("`{field}`"))?;
        let template = Template::read(reader, &said, parameters)?;
        if template.fixed() && !is_name(template.written()) {
            let told = format!("`{}` is no name of a Kubernetes object", template.written());
            reader.fault(&said.at, told, "write lower-case letters, digits, `-` and `.`");
        }
        Some(template)
    };
    let release = fields.get("release").and_then(|node| template(node, "release"));
    let namespace = fields.get("namespace").and_then(|node| template(node, "namespace"));
    fields.need(reader, "namespace", "write the tenant's namespace, or \"${namespace}\"");
    (namespace, release)
}

fn steps(reader: &mut Reader<'_>, fields: Fields<'_>, name: &str, place: Place<'_>) -> Vec<Step> {
    let node = fields.need(reader, name, "a runbook has at least one step");
    if let Some(node) = node
        && matches!(&node.tree, Tree::List(items) if items.is_empty())
    {
        reader.fault(
            &node.at,
            "the runbook has no step",
            "add one, or begin with `pilothouse runbook new`",
        );
    }
    steps_of(reader, node, name, place)
}

fn steps_of(reader: &mut Reader<'_>, node: Option<&Node>, name: &str, mut place: Place<'_>) -> Vec<Step> {
    let Some(node) = node else { return Vec::new() };
    let items = reader.list(node, &format!("`{name}`"));
    if items.len() > STEPS {
        let told = format!("the runbook has {} steps", items.len());
        reader.fault(
            &node.at,
            told,
            format!("nobody keeps more than {STEPS} in mind: make several of it"),
        );
    }
    let mut steps = Vec::new();
    for item in items.iter().take(STEPS) {
        if let Some(step) = Step::read(reader, item, place) {
            place.inventoried |= step.inventory.is_some();
            step.gate.judge(reader, &steps);
            steps.push(step);
        }
    }
    steps
}

/// Each id names one step.
fn distinct<'s>(reader: &mut Reader<'_>, steps: impl Iterator<Item = &'s Step>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for step in steps {
        if let Some(first) = seen.insert(&step.id, step.at.start) {
            let (line, _) = reader.source.place(first);
            let told = format!("the id `{}` is taken by the step on line {line}", step.id);
            reader.fault(&step.at, told, "give each step an id of its own");
        }
    }
}

/// Every way back leads somewhere, and every step of the way back is one.
fn undone(reader: &mut Reader<'_>, fields: Fields<'_>, rollback: &[Step]) {
    let known: Vec<&str> = rollback.iter().map(|step| step.id.as_str()).collect();
    let mut named: Vec<String> = Vec::new();
    if !fields.has("steps") {
        return;
    }
    for name in ["steps", "rollback"] {
        let Some(Tree::List(items)) = fields.get(name).map(|node| &node.tree) else {
            continue;
        };
        for item in items {
            let Tree::Map(entries) = &item.tree else { continue };
            let Some((word, undo)) = entries.iter().find(|(word, _)| word.text == "undo") else {
                continue;
            };
            if name == "rollback" {
                reader.fault(&word.at, "a step of the way back has no way back", "drop `undo`");
            }
            Undo::judge(reader, undo, &known);
            named.extend(ids(undo));
        }
    }
    for step in rollback.iter().filter(|step| !named.contains(&step.id)) {
        let told = format!("no `undo` leads to the step `{}` of `rollback`", step.id);
        reader.fault(&step.at, told, "name it under the `undo` of a step, or drop it");
    }
}

fn ids(undo: &Node) -> Vec<String> {
    let Tree::Map(entries) = &undo.tree else {
        return Vec::new();
    };
    let lists = entries.iter().filter(|(word, _)| word.text == "rollback");
    lists
        .filter_map(|(_, node)| {
            if let Tree::List(items) = &node.tree {
                Some(items)
            } else {
                None
            }
        })
        .flatten()
        .filter_map(|item| {
            if let Tree::Text(id) = &item.tree {
                Some(id.clone())
            } else {
                None
            }
        })
        .collect()
}

/// SHA-256 of a text, hexadecimal.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |mut digest, byte| {
            // writing to a String cannot fail
            write!(digest, "{byte:02x}").unwrap_or_default();
            digest
        })
}
