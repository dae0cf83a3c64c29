//! How acts of Helm's are read.

use super::super::{Deed, HelmAim, Slot};
use super::{Book, PROPAGATION, flag};
use crate::model::Propagation;
use crate::runbook::document::Node;
use crate::runbook::reading::{Fields, Reader};

impl Book<'_> {
    fn helm(self, reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<HelmAim> {
        let release = self.needed(reader, fields, "release", "write the release's name")?;
        Some(HelmAim {
            release,
            namespace: self.name(reader, fields, "namespace"),
            no_hooks: flag(reader, fields, "noHooks"),
        })
    }

    pub(super) fn uninstall(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["release", "namespace", "cascade", "keepHistory", "wait", "noHooks"];
        let fields = reader.fields(node, "`helmUninstall`", FIELDS)?;
        let cascade = match fields.get("cascade") {
            Some(node) => reader.word(node, "`cascade`", PROPAGATION)?,
            None => Propagation::Background,
        };
        Some(Deed::HelmUninstall {
            release: self.helm(reader, fields)?,
            cascade,
            keep_history: flag(reader, fields, "keepHistory"),
            wait: flag(reader, fields, "wait"),
        })
    }

    pub(super) fn upgrade(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &["release", "namespace", "rendered", "takeOwnership", "noHooks"];
        let fields = reader.fields(node, "`helmUpgrade`", FIELDS)?;
        let rendered = self.needed(
            reader,
            fields,
            "rendered",
            "write the file with the output of `helm template --is-upgrade`",
        );
        Some(Deed::HelmUpgrade {
            release: self.helm(reader, fields)?,
            rendered: rendered?,
            take_ownership: flag(reader, fields, "takeOwnership"),
        })
    }

    pub(super) fn rollback(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`helmRollback`", &["release", "namespace", "to", "noHooks"])?;
        let to = match fields.get("to") {
            Some(node) => self.number(reader, node, "`to`")?,
            None => Slot::Fixed(0),
        };
        Some(Deed::HelmRollback {
            release: self.helm(reader, fields)?,
            to,
        })
    }
}
