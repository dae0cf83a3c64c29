//! How acts are read off the tree: which fields each has, and which words are for later.

mod claim;
mod class;
mod helm;
mod raft;
mod task;

use super::super::condition::Place;
use super::super::parameter::Parameters;
use super::super::reading::{Fields, Reader, Said, listed};
use super::super::selection::{SELECTIONS, Selection};
use super::super::template::Template;
use super::super::value::{Type, is_name};
use super::{Aim, Brings, Deed, INVENTORY_CLAIMS, INVENTORY_VOLUMES, NewCount, Slot};
use crate::model::storage::ReclaimPolicy;
use crate::model::yaml::{Node, Tree, Word};
use crate::model::{Act, Kind, Propagation, meta};

/// The words of `act`.
const WORDS: &[&str] = &[
    "delete",
    "evict",
    "scale",
    "setReclaimPolicy",
    "clearClaimRef",
    "reserve",
    "annotate",
    "stamp",
    "createClaim",
    "createStorageClass",
    "createStatefulSet",
    "stepDown",
    "removePeer",
    "raftSnapshot",
    "dump",
    "restore",
    "countRows",
    "snapshot",
    "run",
    "helmInstall",
    "helmUninstall",
    "helmUpgrade",
    "helmRollback",
];
/// Words that are kept for what is to come.
const LATER: &[&str] = &["exec", "copy", "suspend"];
const PROPAGATION: &[(&str, Propagation)] = &[
    ("Background", Propagation::Background),
    ("Foreground", Propagation::Foreground),
    ("Orphan", Propagation::Orphan),
];

/// What is known while acts are read.
#[derive(Clone, Copy, Debug)]
struct Book<'p> {
    parameters: &'p Parameters,
    /// A step before takes an inventory.
    inventoried: bool,
}

/// A whole number.
pub(in crate::runbook) fn count_of(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<u32> {
    if let Tree::Number(number) = node.tree
        && let Ok(number) = u32::try_from(number)
    {
        return Some(number);
    }
    reader.fault(
        &node.at,
        format!("{what} is a number, 0 or more"),
        "write a whole number",
    );
    None
}

/// Reads what counts rows.
pub(in crate::runbook) fn read_count(
    reader: &mut Reader<'_>,
    node: &Node,
    parameters: &Parameters,
) -> Option<NewCount> {
    let book = Book {
        parameters,
        inventoried: false,
    };
    book.counts(reader, node)
}

/// Reads `act`.
pub(in crate::runbook) fn read(reader: &mut Reader<'_>, node: &Node, place: Place<'_>) -> Option<Deed> {
    let entries = reader.map(node, "`act`");
    let [(word, body)] = entries else {
        if matches!(node.tree, Tree::Map(_)) {
            let told = format!("a step has one act, not {}", entries.len());
            reader.fault(&node.at, told, "give each act a step of its own, with its own gate");
        }
        return None;
    };
    let book = Book {
        parameters: place.parameters,
        inventoried: place.inventoried,
    };
    match word.text.as_str() {
        "delete" => book.delete(reader, body),
        "evict" => book.evict(reader, body),
        "scale" => book.scale(reader, body),
        "setReclaimPolicy" => book.policy(reader, body),
        "clearClaimRef" => book.clear(reader, body),
        "reserve" => book.reserve(reader, body),
        "annotate" => book.annotate(reader, body),
        "stamp" => book.stamp(reader, body),
        "createClaim" => book.create(reader, body),
        "createStorageClass" => book.class(reader, body),
        "createStatefulSet" => book.remake_set(reader, body),
        "stepDown" => Book::step_down(reader, body),
        "removePeer" => book.remove_peer(reader, body),
        "raftSnapshot" => book.raft_snapshot(reader, body),
        "dump" => book.dump(reader, body),
        "restore" => book.restore(reader, body),
        "countRows" => book.count(reader, body),
        "snapshot" => book.snapshot(reader, body),
        "run" => book.run(reader, body),
        "helmInstall" => book.install(reader, body),
        "helmUninstall" => book.uninstall(reader, body),
        "helmUpgrade" => book.upgrade(reader, body),
        "helmRollback" => book.rollback(reader, body),
        _ => {
            refuse(reader, word);
            None
        }
    }
}

fn refuse(reader: &mut Reader<'_>, word: &Word) {
    let name = word.text.as_str();
    if name == "removeFinalizer" {
        reader.fault(
            &word.at,
            "no runbook takes a finalizer off",
            "find what its controller waits for (`pilothouse explain`), and make that the step",
        );
    } else if LATER.contains(&name) {
        let told = format!("`{name}` is not available yet in this version");
        reader.fault(
            &word.at,
            told,
            "leave the step out, or make it one without an act that a person attests",
        );
    } else {
        reader.unknown(word, "there is no act", WORDS);
    }
}

impl Book<'_> {
    fn template(self, reader: &mut Reader<'_>, said: &Said) -> Option<Template> {
        Template::read(reader, said, self.parameters)
    }

    fn slot(self, reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Template> {
        let said = reader.filled(node, what)?;
        self.template(reader, &said)
    }

    fn needed(self, reader: &mut Reader<'_>, fields: Fields<'_>, name: &str, fix: &str) -> Option<Template> {
        let node = fields.need(reader, name, fix)?;
        self.slot(reader, node, &format!("`{name}`"))
    }

    fn optional(self, reader: &mut Reader<'_>, fields: Fields<'_>, name: &str) -> Option<Template> {
        let node = fields.get(name)?;
        self.slot(reader, node, &format!("`{name}`"))
    }

    /// The name of an object or a namespace: what is not a parameter has to be one.
    fn name(self, reader: &mut Reader<'_>, fields: Fields<'_>, field: &str) -> Option<Template> {
        let template = self.optional(reader, fields, field)?;
        Self::judge_name(reader, &template, field);
        Some(template)
    }

    fn judge_name(reader: &mut Reader<'_>, template: &Template, field: &str) {
        if template.fixed() && !is_name(&template.fill(&super::Values::new())) {
            let told = format!("`{field}`: `{}` is no name of a Kubernetes object", template.written());
            reader.fault(&template.at, told, "write lower-case letters, digits, `-` and `.`");
        }
    }

    /// `target: pvc/data`, or `each: jobs.foreign`.
    fn aim(self, reader: &mut Reader<'_>, fields: Fields<'_>, act: &str, kinds: &[Kind]) -> Option<Aim> {
        let aim = match (fields.get("target"), fields.get("each")) {
            (Some(node), None) => self.one(reader, fields, node)?,
            (None, Some(node)) if let Some(kind) = taken_down(node) => {
                self.inventoried(reader, node)?;
                Aim::Inventoried(kind)
            }
            (None, Some(node)) => Aim::Each(each(reader, node)?),
            (Some(_), Some(node)) => {
                reader.fault(
                    &node.at,
                    format!("`{act}` has a target and a selection"),
                    "keep `target` or `each`",
                );
                return None;
            }
            (None, None) => {
                reader.fault(
                    fields.at,
                    format!("`{act}` says nothing to do it to"),
                    "add `target: KIND/NAME`, or `each: SELECTION`",
                );
                return None;
            }
        };
        if let (Aim::Each(_) | Aim::Inventoried(_), Some(node)) = (&aim, fields.get("namespace")) {
            reader.fault(&node.at, "a selection is always the tenant's", "drop `namespace`");
        }
        if !kinds.is_empty() && !kinds.contains(&aim.kind()) {
            let at = fields
                .get("target")
                .or_else(|| fields.get("each"))
                .map_or(fields.at, |node| &node.at);
            let words: Vec<&str> = kinds.iter().map(|kind| kind.short()).collect();
            let told = format!("`{act}` is nothing for a {}", aim.kind());
            reader.fault(at, told, format!("it is for {}", listed(&words)));
            return None;
        }
        Some(aim)
    }

    /// What was taken down can be named only after a step that takes it down.
    fn inventoried(self, reader: &mut Reader<'_>, node: &Node) -> Option<()> {
        if !self.inventoried {
            reader.fault(
                &node.at,
                "no step before takes an inventory",
                "add `inventory: { of: claims.all }` to a step before anything is done",
            );
            return None;
        }
        Some(())
    }

    fn one(self, reader: &mut Reader<'_>, fields: Fields<'_>, node: &Node) -> Option<Aim> {
        let said = reader.filled(node, "`target`")?;
        let Some((word, name)) = said.text.split_once('/') else {
            let told = format!("`{}` names no object", said.text);
            reader.fault(&said.at, told, "write KIND/NAME, as in pvc/mysql-pvc");
            return None;
        };
        let Some(kind) = Kind::from_word(word).filter(|kind| !kind.is_record()) else {
            let known = Kind::ALL.iter().filter(|kind| !kind.is_record());
            let words: Vec<&str> = known.map(|kind| kind.short()).collect();
            let at = reader.source.within(&said.at, word);
            let word = Word {
                at,
                text: word.to_owned(),
            };
            reader.unknown(&word, "there is no kind", &words);
            return None;
        };
        let name = Said {
            at: said.at.clone(),
            text: name.to_owned(),
        };
        let name = self.template(reader, &name)?;
        Self::judge_name(reader, &name, "target");
        let namespace = self.name(reader, fields, "namespace");
        if !kind.namespaced()
            && let Some(node) = fields.get("namespace")
        {
            reader.fault(&node.at, format!("a {kind} lives in no namespace"), "drop `namespace`");
        }
        Some(Aim::One { kind, name, namespace })
    }

    fn number(self, reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Slot<u32>> {
        if let Tree::Number(number) = node.tree {
            if let Ok(number) = u32::try_from(number) {
                return Some(Slot::Fixed(number));
            }
            reader.fault(&node.at, format!("{what} is 0 or more"), "write a whole number");
            return None;
        }
        let template = self.slot(reader, node, what)?;
        let of_int = template.only().filter(|name| {
            let parameter = self.parameters.get(name);
            parameter.is_some_and(|parameter| parameter.kind == Type::Int)
        });
        if of_int.is_none() {
            let told = format!("{what} is a number, or a parameter of type int");
            reader.fault(&node.at, told, "write 0, or \"${replicas}\" with `type: int`");
        }
        of_int.map(|name| Slot::Parameter(name.to_owned()))
    }

    fn delete(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["target", "each", "namespace", "propagation"];
        let fields = reader.fields(node, "`delete`", FIELDS)?;
        let aim = self.aim(reader, fields, "delete", &[]);
        let fix = "Background, Foreground or Orphan: what happens to what the object owns is never left to a default";
        let node = fields.need(reader, "propagation", fix)?;
        let propagation = reader.word(node, "`propagation`", PROPAGATION)?;
        Some(Deed::Delete { aim: aim?, propagation })
    }

    fn evict(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`evict`", &["target", "each", "namespace"])?;
        let aim = self.aim(reader, fields, "evict", &[Kind::Pod])?;
        Some(Deed::Evict { aim })
    }

    fn scale(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`scale`", &["target", "each", "namespace", "replicas"])?;
        let aim = self.aim(reader, fields, "scale", &Act::SCALED);
        let node = fields.need(reader, "replicas", "say how many pods it is to have")?;
        let replicas = self.number(reader, node, "`replicas`")?;
        Some(Deed::Scale { aim: aim?, replicas })
    }

    fn policy(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`setReclaimPolicy`", &["target", "each", "policy"])?;
        let aim = self.aim(reader, fields, "setReclaimPolicy", &[Kind::PersistentVolume]);
        let node = fields.need(reader, "policy", "Retain or Delete")?;
        let known = [("Retain", ReclaimPolicy::Retain), ("Delete", ReclaimPolicy::Delete)];
        let policy = reader.word(node, "`policy`", &known)?;
        Some(Deed::SetReclaimPolicy { aim: aim?, policy })
    }

    fn clear(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`clearClaimRef`", &["target", "each"])?;
        let aim = self.aim(reader, fields, "clearClaimRef", &[Kind::PersistentVolume])?;
        Some(Deed::ClearClaimRef { aim })
    }

    fn reserve(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`reserve`", &["target", "each", "claim"])?;
        let aim = self.aim(reader, fields, "reserve", &[Kind::PersistentVolume]);
        if matches!(aim, Some(Aim::Each(_) | Aim::Inventoried(_))) {
            if let Some(node) = fields.get("claim") {
                let told = "several volumes are not reserved for one claim";
                reader.fault(
                    &node.at,
                    told,
                    "drop `claim`: each is reserved for the claim that was on it",
                );
            }
            if !matches!(aim, Some(Aim::Inventoried(_))) {
                let fix = format!("write `each: {INVENTORY_VOLUMES}`, of which it is known which claim was on each");
                reader.fault(fields.at, "nobody knows for which claims these volumes are", fix);
            }
            return Some(Deed::Reserve { aim: aim?, claim: None });
        }
        let claim = self.needed(reader, fields, "claim", "write NAMESPACE/NAME")?;
        if claim.fixed() && crate::model::act::words::placed(claim.written()).is_none() {
            reader.fault(
                &claim.at,
                format!("`{}` names no claim", claim.written()),
                "write NAMESPACE/NAME",
            );
        }
        Some(Deed::Reserve {
            aim: aim?,
            claim: Some(claim),
        })
    }

    fn annotate(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["target", "each", "namespace", "key", "value", "remove"];
        let fields = reader.fields(node, "`annotate`", FIELDS)?;
        let aim = self.aim(reader, fields, "annotate", &[]);
        let key = self.needed(
            reader,
            fields,
            "key",
            "write the annotation, as in helm.sh/resource-policy",
        )?;
        if !meta::reads(key.head()) {
            reader.fault(
                &key.at,
                format!("Pilothouse does not read the annotation `{}`", key.written()),
                "nobody could say whether the change came: set it with kubectl, as a step that a person attests",
            );
        }
        let remove = fields.get("remove").and_then(|node| reader.flag(node, "`remove`")) == Some(true);
        if fields.has("value") == remove {
            reader.fault(
                fields.at,
                "`annotate` sets a value or removes it",
                "write `value: …` or `remove: true`",
            );
            return None;
        }
        let value = self.optional(reader, fields, "value");
        if !remove && value.is_none() {
            return None;
        }
        Some(Deed::Annotate { aim: aim?, key, value })
    }

    fn stamp(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["target", "each", "namespace", "release", "releaseNamespace"];
        let fields = reader.fields(node, "`stamp`", FIELDS)?;
        let aim = self.aim(reader, fields, "stamp", &[]);
        let release = self.needed(reader, fields, "release", "write the release that is to own it")?;
        let namespace = self.name(reader, fields, "releaseNamespace");
        Some(Deed::Stamp {
            aim: aim?,
            release,
            namespace,
        })
    }
}

fn flag(reader: &mut Reader<'_>, fields: Fields<'_>, name: &str) -> bool {
    let node = fields.get(name);
    node.and_then(|node| reader.flag(node, &format!("`{name}`")))
        .unwrap_or(false)
}

/// The kind of what was taken down, where `each` means that.
fn taken_down(node: &Node) -> Option<Kind> {
    let Tree::Text(text) = &node.tree else { return None };
    match text.as_str() {
        INVENTORY_VOLUMES => Some(Kind::PersistentVolume),
        INVENTORY_CLAIMS => Some(Kind::PersistentVolumeClaim),
        _ => None,
    }
}

fn each(reader: &mut Reader<'_>, node: &Node) -> Option<&'static Selection> {
    let said = reader.text(node, "`each`")?;
    let found = Selection::named(&said.text);
    if found.is_none() {
        let words: Vec<&str> = SELECTIONS.iter().map(|selection| selection.name).collect();
        let word = Word {
            at: said.at.clone(),
            text: said.text,
        };
        reader.unknown(&word, "there is no selection", &words);
    }
    found
}
