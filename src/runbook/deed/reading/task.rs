//! How acts beside the API's objects are read: commands as lists, never a line; files, bounds, identifiers.

use super::super::task::{InPod, NewCount, NewRun, NewSnapshot, PodAim};
use super::super::{Deed, Slot};
use super::Book;
use crate::model::Kind;
use crate::model::act::task::Told;
use crate::model::yaml::{Node, Tree};
use crate::runbook::reading::{Fields, Reader};
use crate::runbook::step::time;
use crate::runbook::template::Template;
use std::time::Duration;

/// Where a command's output stands in the pod when the runbook says nothing.
const STAGE: &str = "/tmp";
/// What `stage` says where the pod has no room.
const NONE: &str = "none";
/// Programs that read one of their arguments as a line of commands.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"];
const WORDS: usize = 64;

impl Book<'_> {
    pub(super) fn dump(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &[
            "pod",
            "selector",
            "namespace",
            "container",
            "command",
            "to",
            "stage",
            "quiet",
            "within",
            "rows",
        ];
        let fields = reader.fields(node, "`dump`", FIELDS)?;
        self.in_pod(reader, fields, "to").map(|read| Deed::Dump(Box::new(read)))
    }

    pub(super) fn restore(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &[
            "pod",
            "selector",
            "namespace",
            "container",
            "command",
            "from",
            "stage",
            "quiet",
            "within",
            "rows",
        ];
        let fields = reader.fields(node, "`restore`", FIELDS)?;
        let read = self.in_pod(reader, fields, "from")?;
        if read.stage.is_none()
            && let Some(node) = fields.get("stage")
        {
            reader.fault(
                &node.at,
                "what is restored is checked in the pod before the command sees it",
                "name a directory of the pod with room for it",
            );
            return None;
        }
        Some(Deed::Restore(Box::new(read)))
    }

    fn in_pod(self, reader: &mut Reader<'_>, fields: Fields<'_>, file: &str) -> Option<InPod> {
        let pod = self.pod(reader, fields);
        let command = self.command(reader, fields, "command");
        let file = self.needed(reader, fields, file, "write the path of a file on this side");
        let rows = match fields.get("rows") {
            Some(node) => {
                let fields = reader.fields(node, "`rows`", &["command"])?;
                self.command(reader, fields, "command")?
            }
            None => Vec::new(),
        };
        Some(InPod {
            pod: pod?,
            namespace: self.name(reader, fields, "namespace"),
            container: self.name(reader, fields, "container"),
            command: command?,
            file: file?,
            stage: self.stage(reader, fields)?,
            rows,
            quiet: self.time(reader, fields, "quiet")?,
            within: self.time(reader, fields, "within")?,
        })
    }

    /// `Some(None)`: streamed straight.
    #[expect(clippy::option_option, reason = "a fault, nothing, and a directory are three things")]
    fn stage(self, reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Option<Template>> {
        let Some(node) = fields.get("stage") else {
            return Template::read(
                reader,
                &crate::runbook::reading::Said {
                    at: fields.at.clone(),
                    text: STAGE.to_owned(),
                },
                self.parameters,
            )
            .map(Some);
        };
        let stage = self.slot(reader, node, "`stage`")?;
        if stage.fixed() && stage.written() == NONE {
            return Some(None);
        }
        if stage.fixed() && !stage.written().starts_with('/') {
            let told = format!("`{}` is no directory of a pod", stage.written());
            reader.fault(&stage.at, told, "write one that begins with /, or `none`");
            return None;
        }
        Some(Some(stage))
    }

    fn pod(self, reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<PodAim> {
        match (fields.get("pod"), fields.get("selector")) {
            (Some(_), None) => self.name(reader, fields, "pod").map(PodAim::Named),
            (None, Some(node)) => {
                let labels = self.pairs(reader, fields, "selector");
                if labels.is_empty() {
                    reader.fault(
                        &node.at,
                        "`selector` names no label",
                        "write `selector: { app: mysql }`",
                    );
                    return None;
                }
                Some(PodAim::Selected(labels))
            }
            (Some(_), Some(node)) => {
                reader.fault(&node.at, "a pod is named or selected", "keep `pod` or `selector`");
                None
            }
            (None, None) => {
                reader.fault(
                    fields.at,
                    "nothing says which pod",
                    "add `pod: NAME`, or `selector: { app: mysql }`",
                );
                None
            }
        }
    }

    /// Program and arguments, each by itself.
    fn command(self, reader: &mut Reader<'_>, fields: Fields<'_>, name: &str) -> Option<Vec<Template>> {
        let node = fields.need(reader, name, "write the program and each argument as an item of a list")?;
        self.argv(reader, node, name)
    }

    fn argv(self, reader: &mut Reader<'_>, node: &Node, name: &str) -> Option<Vec<Template>> {
        let Tree::List(items) = &node.tree else {
            reader.fault(
                &node.at,
                "a shell string is no command: what stands in a parameter could run as another",
                "write the program and each argument as an item of a list",
            );
            return None;
        };
        if items.is_empty() || items.len() > WORDS {
            let told = format!("`{name}` has {} words", items.len());
            reader.fault(
                &node.at,
                told,
                format!("write a program and at most {} arguments", WORDS - 1),
            );
            return None;
        }
        let words: Vec<Template> = items
            .iter()
            .filter_map(|item| self.slot(reader, item, "an argument"))
            .collect();
        if words.len() < items.len() {
            return None;
        }
        let program = words
            .first()
            .map(|word| word.written().rsplit('/').next().unwrap_or_default().to_owned());
        let line = words
            .iter()
            .position(|word| word.written().starts_with('-') && word.written().ends_with('c'));
        let of_shell = program.is_some_and(|program| SHELLS.contains(&program.as_str()));
        if let (true, Some(line)) = (of_shell, line)
            && let Some(open) = words
                .get(line + 1)
                .filter(|word| !word.fixed() || (name == "check" && word.written().contains("{}")))
        {
            reader.fault(
                &open.at,
                "what is pasted into a shell's line could run as another command",
                "hand it over as an argument: [sh, -c, 'pg_dump \"$1\"', sh, \"${database}\"]",
            );
            return None;
        }
        Some(words)
    }

    /// `Some(None)` where the runbook says nothing.
    #[expect(clippy::option_option, reason = "a fault, nothing, and a time are three things")]
    fn time(self, reader: &mut Reader<'_>, fields: Fields<'_>, name: &str) -> Option<Option<Slot<Duration>>> {
        match fields.get(name) {
            None => Some(None),
            Some(node) => time(reader, node, name, self.parameters).map(Some),
        }
    }

    pub(super) fn count(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        self.counts(reader, node).map(|count| Deed::CountRows(Box::new(count)))
    }

    pub(super) fn counts(self, reader: &mut Reader<'_>, node: &Node) -> Option<NewCount> {
        const FIELDS: &[&str] = &[
            "pod",
            "selector",
            "namespace",
            "container",
            "command",
            "like",
            "quiet",
            "within",
        ];
        let fields = reader.fields(node, "`countRows`", FIELDS)?;
        let pod = self.pod(reader, fields);
        let command = self.command(reader, fields, "command");
        Some(NewCount {
            namespace: self.name(reader, fields, "namespace"),
            container: self.name(reader, fields, "container"),
            like: self.optional(reader, fields, "like"),
            quiet: self.time(reader, fields, "quiet")?,
            within: self.time(reader, fields, "within")?,
            pod: pod?,
            command: command?,
        })
    }

    pub(super) fn snapshot(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["target", "each", "namespace", "name", "class", "within"];
        let fields = reader.fields(node, "`snapshot`", FIELDS)?;
        let aim = self.aim(reader, fields, "snapshot", &[Kind::PersistentVolumeClaim]);
        let name = self.needed(
            reader,
            fields,
            "name",
            "write what the claim's name is put behind, as in before-handover",
        );
        if let Some(name) = &name {
            Self::judge_name(reader, name, "name");
        }
        Some(Deed::Snapshot(Box::new(NewSnapshot {
            class: self.name(reader, fields, "class"),
            within: self.time(reader, fields, "within")?,
            aim: aim?,
            name: name?,
        })))
    }

    pub(super) fn run(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["command", "target", "namespace", "identifier", "check", "within"];
        if matches!(node.tree, Tree::Text(_)) {
            reader.fault(
                &node.at,
                "a shell string is no command: what stands in a parameter could run as another",
                "write `run: { command: [program, argument], … }`",
            );
            return None;
        }
        let fields = reader.fields(node, "`run`", FIELDS)?;
        let about = match fields.get("target") {
            Some(_) => Some(self.aim(reader, fields, "run", &[])?),
            None => None,
        };
        let command = self.command(reader, fields, "command");
        let identifier = match fields.get("identifier") {
            Some(node) => Some(told(reader, node)?),
            None => None,
        };
        let check = match fields.get("check") {
            Some(node) => self.argv(reader, node, "check")?,
            None => Vec::new(),
        };
        let named = check.iter().any(|word| word.written().contains("{}"));
        if let Some(node) = fields.get("check").filter(|_| identifier.is_none() || !named) {
            reader.fault(
                &node.at,
                "`check` asks after the identifier, and there is none in it",
                "say with `identifier` where it is printed, and write {} where it belongs",
            );
            return None;
        }
        Some(Deed::Run(Box::new(NewRun {
            about,
            identifier,
            check,
            within: self.time(reader, fields, "within")?,
            command: command?,
        })))
    }
}

/// `{ pattern: … }` or `{ json: /pointer }`.
fn told(reader: &mut Reader<'_>, node: &Node) -> Option<Told> {
    let fields = reader.fields(node, "`identifier`", &["pattern", "json"])?;
    match (fields.get("pattern"), fields.get("json")) {
        (Some(node), None) => {
            let said = reader.filled(node, "`pattern`")?;
            if let Err(why) = regex::RegexBuilder::new(&said.text).size_limit(1 << 20).build() {
                let why = why
                    .to_string()
                    .lines()
                    .next_back()
                    .unwrap_or_default()
                    .trim()
                    .trim_start_matches("error: ")
                    .to_owned();
                reader.fault(
                    &said.at,
                    format!("`pattern` is no regular expression: {why}"),
                    "see docs/runbooks.md",
                );
                return None;
            }
            Some(Told::Pattern(said.text.into()))
        }
        (None, Some(node)) => {
            let said = reader.filled(node, "`json`")?;
            if !said.text.starts_with('/') {
                reader.fault(&said.at, "`json` is a pointer", "write it as in /RecoveryPointArn");
                return None;
            }
            Some(Told::Pointer(said.text.into()))
        }
        _ => {
            reader.fault(
                fields.at,
                "`identifier` says one thing",
                "write `pattern: …` or `json: /…`",
            );
            None
        }
    }
}
