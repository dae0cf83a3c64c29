//! How a claim that is to be made is read.

use super::super::{Deed, INVENTORY_CLAIMS, NewClaim, Remake};
use super::Book;
use crate::model::quantity::Quantity;
use crate::model::yaml::{Node, Tree, Word};
use crate::runbook::reading::{Fields, Reader, Said};
use crate::runbook::template::Template;

impl Book<'_> {
    pub(super) fn create(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &[
            "each",
            "name",
            "namespace",
            "size",
            "volume",
            "class",
            "accessModes",
            "volumeMode",
            "labels",
            "annotations",
        ];
        let fields = reader.fields(node, "`createClaim`", FIELDS)?;
        if let Some(each) = fields.get("each") {
            return self.remake(reader, fields, each);
        }
        let name = self.needed(reader, fields, "name", "write the claim's name");
        if let Some(name) = &name {
            Self::judge_name(reader, name, "name");
        }
        let size = self.needed(reader, fields, "size", "write what it asks for, as in 10Gi");
        if let Some(size) = size.as_ref().filter(|size| size.fixed())
            && Quantity(size.written().into()).bytes().is_none_or(|bytes| bytes == 0)
        {
            reader.fault(
                &size.at,
                format!("`{}` is no size", size.written()),
                "write it as in 10Gi",
            );
        }
        let modes = fields.need(reader, "accessModes", "write a list, as in [ReadWriteOnce]");
        let modes: Vec<Template> = modes.map_or_else(Vec::new, |node| {
            let items = reader.list(node, "`accessModes`");
            if items.is_empty() {
                reader.fault(
                    &node.at,
                    "a claim names at least one access mode",
                    "write a list, as in [ReadWriteOnce]",
                );
            }
            let modes = items.iter().filter_map(|item| self.mode(reader, item));
            modes.collect()
        });
        let class = match fields.get("class") {
            // no class at all is something else than the default class
            Some(node) if matches!(&node.tree, Tree::Text(text) if text.is_empty()) => {
                let nothing = Said {
                    at: node.at.clone(),
                    text: String::new(),
                };
                self.template(reader, &nothing)
            }
            Some(_) => self.optional(reader, fields, "class"),
            None => None,
        };
        let volume_mode = fields.get("volumeMode").and_then(|node| {
            let known = [("Filesystem", "Filesystem"), ("Block", "Block")];
            reader.word(node, "`volumeMode`", &known)
        });
        Some(Deed::CreateClaim(Box::new(NewClaim {
            namespace: self.name(reader, fields, "namespace"),
            volume: self.name(reader, fields, "volume"),
            class,
            access_modes: modes,
            volume_mode: volume_mode.map(str::to_owned),
            labels: self.pairs(reader, fields, "labels"),
            annotations: self.pairs(reader, fields, "annotations"),
            name: name?,
            size: size?,
        })))
    }

    /// `each: inventory.claims`: everything but labels and annotations is as it was taken down.
    fn remake(self, reader: &mut Reader<'_>, fields: Fields<'_>, each: &Node) -> Option<Deed> {
        let said = reader.text(each, "`each`")?;
        if said.text != INVENTORY_CLAIMS {
            let told = format!("`createClaim` makes no claim of `{}`", said.text);
            reader.fault(&said.at, told, format!("write `each: {INVENTORY_CLAIMS}`"));
            return None;
        }
        self.inventoried(reader, each)?;
        for field in [
            "name",
            "namespace",
            "size",
            "volume",
            "class",
            "accessModes",
            "volumeMode",
        ] {
            if let Some(node) = fields.get(field) {
                let told = format!("`{field}` of each claim is as it was taken down");
                reader.fault(&node.at, told, "drop it");
            }
        }
        Some(Deed::RemakeClaims(Remake {
            labels: self.pairs(reader, fields, "labels"),
            annotations: self.pairs(reader, fields, "annotations"),
        }))
    }

    fn mode(self, reader: &mut Reader<'_>, node: &Node) -> Option<Template> {
        const MODES: [&str; 4] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
        let template = self.slot(reader, node, "an access mode")?;
        if template.fixed() && !MODES.contains(&template.written()) {
            let word = Word {
                at: template.at.clone(),
                text: template.written().to_owned(),
            };
            reader.unknown(&word, "there is no access mode", &MODES);
        }
        Some(template)
    }

    pub(super) fn pairs(self, reader: &mut Reader<'_>, fields: Fields<'_>, name: &str) -> Vec<(String, Template)> {
        let Some(node) = fields.get(name) else {
            return Vec::new();
        };
        let entries = reader.map(node, &format!("`{name}`"));
        entries
            .iter()
            .filter_map(|(word, node)| Some((word.text.clone(), self.slot(reader, node, &format!("`{}`", word.text))?)))
            .collect()
    }
}
