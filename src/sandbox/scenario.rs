//! Scenarios: whole clusters as small YAML files, with a header and ordinary manifests (`docs` below). Knows how a file
//! becomes JSON objects; knows no store, no task, and takes the time as a value.
//!
//! A file is a stream of YAML documents. The first is the header:
//!
//! ```yaml
//! scenario: calm                     # its name
//! title: Four tenants, nothing wrong
//! story: Shown before the screen opens.
//! server: "1.36"                     # the version the API server gives itself
//! attachless: [efs.csi.aws.com]      # CSI drivers without attach
//! exec:                              # what commands in pods answer: no program is run
//!   - {pod: mysql-0, command: [mysqldump, --all-databases], bytes: 9000000, takes: 2, out: …, said: …, exit: 0,
//!      then: {command: [count], out: "a 1"}}
//! ```
//!
//! Each other document is a manifest, with `status` where it matters, and with what keeps files small:
//!
//! - Times (`creationTimestamp`, `…Time`, `…Timestamp`, `startedAt`) may be spans before now: `-41d`, `-3h12m`, `-0s`.
//! - `repeat: 9` or `repeat: [{name: 7f}, …]` with `documents: […]` gives every document once for each item;
//!   `${name}` stands for the item's value, `${n}` for its number from 1. `$${` is a plain `${`.
//! - `${uid pvc/hasan-prod/mysql-pvc}` is the uid that object has (`${uid pv/efs-data}` for what has no namespace).
//! - `release: stg/stg` stamps the object as owned by that Helm release (namespace/name).
//! - `grow: {}` on a workload makes its pods as its controller would have, running and ready, as old as it is;
//!   `grow: {pods: [{suffix, node, age, phase}]}` tells them one by one.
//! - `kind: HelmRelease` of `sandbox.pilothouse.dev/v1` becomes the release's records, one Secret a revision.
//!
//! What admission and controllers would have filled in long ago is filled in: uids, protection finalizers, the phases
//! and annotations of bound pairs, attachments, statuses of workloads.

mod expand;
mod grow;
mod page;
mod release;
mod scripts;

#[cfg(test)]
mod tests;

pub(super) use self::release::payload;

use self::page::Node;
use super::exec::Script;
use crate::laws::Conditions;
use jiff::Timestamp;
use serde_json::Value;
use std::fmt;
use std::path::Path;

/// The scenarios inside the program: name and text.
const SHIPPED: [(&str, &str); 3] = [
    ("hasan-prod", include_str!("scenarios/hasan-prod.yaml")),
    ("calm", include_str!("scenarios/calm.yaml")),
    ("vault-raft", include_str!("scenarios/vault-raft.yaml")),
];

/// A cluster to be, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    /// One line for a list.
    pub title: String,
    /// What happened before the screen opens.
    pub story: String,
    /// The version the API server gives itself (`1.36`).
    pub server: String,
    /// CSI drivers that do not attach.
    pub attachless: Vec<String>,
    file: String,
    documents: Vec<Node>,
    scripts: Vec<Script>,
}

/// A file that cannot be loaded: where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    pub file: String,
    /// From 1; 0 when no place can be told.
    pub line: u64,
    /// From 1; 0 when no place can be told.
    pub column: u64,
    pub problem: String,
    pub fix: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}; {}", self.problem, self.fix)
    }
}

impl std::error::Error for ScenarioError {}

/// Reads a scenario by its shipped name, or from a file. It is checked whole: what loads can be served.
pub fn load(name_or_path: &str) -> Result<Scenario, ScenarioError> {
    if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
        return parse(&format!("{name}.yaml"), text);
    }
    let text = std::fs::read_to_string(Path::new(name_or_path)).map_err(|error| {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        ScenarioError {
            file: name_or_path.to_owned(),
            line: 0,
            column: 0,
            problem: format!("there is no scenario of this name, and no file can be read there ({error})"),
            fix: format!("name one of {}, or the path of a scenario file", names.join(", ")),
        }
    })?;
    parse(name_or_path, &text)
}

/// The shipped scenarios: name and title.
pub fn shipped() -> Vec<(String, String)> {
    SHIPPED
        .iter()
        .map(|(name, text)| {
            let title = parse(name, text).map(|scenario| scenario.title).unwrap_or_default();
            ((*name).to_owned(), title)
        })
        .collect()
}

/// Reads a scenario from text; `file` is the name errors give.
pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let mut documents = page::read(file, text)?.into_iter();
    let Some(header) = documents.next() else {
        return Err(missing_header(file, 0, 0));
    };
    let scenario = header.text("scenario").map(str::to_owned);
    let Some(name) = scenario else {
        return Err(missing_header(file, header.line, header.column));
    };
    let field = |field: &str, otherwise: &str| header.text(field).unwrap_or(otherwise).trim().to_owned();
    for (key, _) in header.entries() {
        if !["scenario", "title", "story", "server", "attachless", "exec"].contains(&key.text.as_str()) {
            return Err(key.wrong(
                file,
                format!("the header has no field \"{}\"", key.text),
                "use scenario, title, story, server, attachless and exec; manifests begin after the first ---",
            ));
        }
    }
    let attachless = header.field("attachless").map(Node::texts).unwrap_or_default();
    let scenario = Scenario {
        name,
        title: field("title", ""),
        story: field("story", ""),
        server: field("server", "1.36"),
        attachless,
        file: file.to_owned(),
        documents: documents.collect(),
        scripts: scripts::read(file, header.field("exec"))?,
    };
    scenario.objects(Timestamp::UNIX_EPOCH)?;
    Ok(scenario)
}

fn missing_header(file: &str, line: u64, column: u64) -> ScenarioError {
    ScenarioError {
        file: file.to_owned(),
        line,
        column,
        problem: "the first document is not a scenario's header".to_owned(),
        fix: "begin the file with `scenario: NAME` and `title: …`, then `---`".to_owned(),
    }
}

impl Scenario {
    /// Every object of the cluster as it is at `now`, namespaces first, each complete with uid, times and status.
    pub fn objects(&self, now: Timestamp) -> Result<Vec<Value>, ScenarioError> {
        let sheets = expand::expand(&self.file, &self.documents, now)?;
        grow::grow(&self.file, sheets, &self.conditions(), now)
    }

    /// What commands in its pods answer.
    pub fn scripts(&self) -> Vec<Script> {
        self.scripts.clone()
    }

    /// What the laws take as given in this cluster.
    pub fn conditions(&self) -> Conditions {
        Conditions {
            server_minor: self.server.split('.').nth(1).and_then(|minor| minor.parse().ok()),
            attachless_drivers: self.attachless.iter().map(|driver| driver.as_str().into()).collect(),
            ..Conditions::default()
        }
    }
}
