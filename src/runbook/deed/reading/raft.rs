//! How acts on a raft cluster, and on the StatefulSet behind it, are read.

use super::super::Deed;
use super::super::raft::{AskedOfRaft, RemadeSet};
use super::Book;
use crate::model::yaml::Node;
use crate::runbook::reading::Reader;

impl Book<'_> {
    pub(super) fn step_down(reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        reader.fields(node, "`stepDown`", &[])?;
        Some(Deed::AskRaft(AskedOfRaft::StepDown))
    }

    pub(super) fn remove_peer(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`removePeer`", &["id"])?;
        let id = match fields.get("id") {
            Some(_) => Some(self.optional(reader, fields, "id")?),
            None => None,
        };
        Some(Deed::AskRaft(AskedOfRaft::RemovePeer { id }))
    }

    pub(super) fn raft_snapshot(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`raftSnapshot`", &["to"])?;
        let to = self.needed(reader, fields, "to", "write the path of a file on this side")?;
        Some(Deed::AskRaft(AskedOfRaft::Snapshot { to }))
    }

    pub(super) fn remake_set(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["name", "namespace", "from", "class", "templates"];
        let fields = reader.fields(node, "`createStatefulSet`", FIELDS)?;
        let name = self.needed(reader, fields, "name", "write the set's name");
        if let Some(name) = &name {
            Self::judge_name(reader, name, "name");
        }
        let from = fields.need(
            reader,
            "from",
            "write `from: live`: a set is made again as it was when the run began",
        )?;
        reader.word(from, "`from`", &[("live", ())])?;
        let templates = fields.get("templates").map_or_else(Vec::new, |node| {
            let items = reader.list(node, "`templates`");
            let names = items.iter();
            names
                .filter_map(|item| self.slot(reader, item, "a claim template"))
                .collect()
        });
        let class = self.name(reader, fields, "class");
        if class.is_none()
            && let Some(node) = fields.get("templates")
        {
            reader.fault(
                &node.at,
                "`templates` says which get the class, and there is none",
                "add `class: NAME`",
            );
            return None;
        }
        Some(Deed::CreateStatefulSet(Box::new(RemadeSet {
            name: name?,
            namespace: self.name(reader, fields, "namespace"),
            class,
            templates,
        })))
    }
}
