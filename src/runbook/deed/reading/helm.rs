//! How acts of Helm's are read.

use super::super::{Deed, HelmAim, Slot};
use super::Brings;
use super::{Book, PROPAGATION, flag};
use crate::model::Propagation;
use crate::model::helm::Driver;
use crate::model::yaml::Node;
use crate::runbook::reading::{Fields, Reader};
use crate::runbook::template::Template;

/// The fields of what brings a manifest.
const BRINGING: &[&str] = &[
    "release",
    "namespace",
    "chart",
    "version",
    "values",
    "rendered",
    "takeOwnership",
    "wait",
    "noHooks",
];
/// And of what brings the first one, where it is kept.
const INSTALLING: &[&str] = &[
    "release",
    "namespace",
    "chart",
    "version",
    "values",
    "rendered",
    "takeOwnership",
    "wait",
    "noHooks",
    "driver",
];

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

    pub(super) fn install(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`helmInstall`", INSTALLING)?;
        let brings = self.brings(reader, fields, "helmInstall");
        Some(Deed::HelmInstall {
            release: self.helm(reader, fields)?,
            brings: brings?,
            take_ownership: flag(reader, fields, "takeOwnership"),
            wait: flag(reader, fields, "wait"),
            driver: self.driver(reader, fields),
        })
    }

    /// `driver`: what is written is one of two words; what a parameter says is looked at when it is filled in.
    fn driver(self, reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Template> {
        let node = fields.get("driver")?;
        let driver = self.optional(reader, fields, "driver")?;
        if driver.fixed() && Driver::from_word(driver.written()).is_none() {
            let told = format!("`{}` is no driver of helm's", driver.written());
            reader.fault(&node.at, told, "write `secret` or `configmap`");
            return None;
        }
        Some(driver)
    }

    pub(super) fn upgrade(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(node, "`helmUpgrade`", BRINGING)?;
        let brings = self.brings(reader, fields, "helmUpgrade");
        Some(Deed::HelmUpgrade {
            release: self.helm(reader, fields)?,
            brings: brings?,
            take_ownership: flag(reader, fields, "takeOwnership"),
            wait: flag(reader, fields, "wait"),
        })
    }

    /// `chart`, with `version` and `values`; or `rendered` alone.
    fn brings(self, reader: &mut Reader<'_>, fields: Fields<'_>, act: &str) -> Option<Brings> {
        let (chart, rendered) = (fields.get("chart"), fields.get("rendered"));
        match (chart, rendered) {
            (None, None) => {
                reader.fault(
                    fields.at,
                    format!("`{act}` brings nothing"),
                    "write `chart: PATH`, or `rendered: FILE` with the output of `helm template`",
                );
                None
            }
            (Some(_), Some(node)) => {
                reader.fault(
                    &node.at,
                    format!("`{act}` brings a chart and a rendered file"),
                    "keep one of them",
                );
                None
            }
            (None, Some(_)) => {
                for field in ["version", "values"] {
                    if let Some(node) = fields.get(field) {
                        let told = format!("`{field}` is nothing for what is rendered already");
                        reader.fault(&node.at, told, "drop it");
                    }
                }
                self.optional(reader, fields, "rendered").map(Brings::Rendered)
            }
            (Some(_), None) => {
                let nodes = fields
                    .get("values")
                    .map(|node| reader.list(node, "`values`"))
                    .unwrap_or_default();
                let values: Vec<_> = nodes
                    .iter()
                    .filter_map(|node| self.slot(reader, node, "a values file"))
                    .collect();
                let version = self.optional(reader, fields, "version");
                Some(Brings::Chart {
                    chart: self.optional(reader, fields, "chart")?,
                    version,
                    values,
                })
            }
        }
    }

    pub(super) fn rollback(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        let fields = reader.fields(
            node,
            "`helmRollback`",
            &["release", "namespace", "to", "wait", "noHooks"],
        )?;
        let to = match fields.get("to") {
            Some(node) => self.number(reader, node, "`to`")?,
            None => Slot::Fixed(0),
        };
        Some(Deed::HelmRollback {
            release: self.helm(reader, fields)?,
            to,
            wait: flag(reader, fields, "wait"),
        })
    }
}
