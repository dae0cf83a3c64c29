//! How a StorageClass that is to be made is read.

use super::super::{ClassWords, Deed, NewClass};
use super::{Book, flag};
use crate::model::yaml::{Node, Word};
use crate::runbook::reading::{Fields, Reader};
use crate::runbook::template::Template;

/// What a class says, where it is not made as it was.
const WORDS: [&str; 8] = [
    "provisioner",
    "parameters",
    "reclaimPolicy",
    "volumeBindingMode",
    "allowVolumeExpansion",
    "mountOptions",
    "labels",
    "annotations",
];

impl Book<'_> {
    pub(super) fn class(self, reader: &mut Reader<'_>, node: &Node) -> Option<Deed> {
        const FIELDS: &[&str] = &[
            "name",
            "from",
            "provisioner",
            "parameters",
            "reclaimPolicy",
            "volumeBindingMode",
            "allowVolumeExpansion",
            "mountOptions",
            "labels",
            "annotations",
            "release",
            "releaseNamespace",
        ];
        let fields = reader.fields(node, "`createStorageClass`", FIELDS)?;
        let name = self.needed(reader, fields, "name", "write the class's name");
        if let Some(name) = &name {
            Self::judge_name(reader, name, "name");
        }
        let says = match fields.get("from") {
            Some(node) => {
                reader.word(node, "`from`", &[("live", ())])?;
                if let Some(word) = WORDS.iter().find(|word| fields.has(word)) {
                    let told = format!("the class is made as it was, and `{word}` says otherwise");
                    reader.fault(&node.at, told, "keep `from: live`, or say all of it");
                    return None;
                }
                None
            }
            None => Some(self.class_words(reader, fields)?),
        };
        Some(Deed::CreateStorageClass(Box::new(NewClass {
            says,
            release: self.optional(reader, fields, "release"),
            release_namespace: self.name(reader, fields, "releaseNamespace"),
            name: name?,
        })))
    }

    fn class_words(self, reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<ClassWords> {
        let fix = "write the class's provisioner, or `from: live` to make it as it was when the run began";
        let provisioner = self.needed(reader, fields, "provisioner", fix);
        let options = fields.get("mountOptions").map_or_else(Vec::new, |node| {
            let items = reader.list(node, "`mountOptions`");
            items
                .iter()
                .filter_map(|item| self.slot(reader, item, "a mount option"))
                .collect()
        });
        Some(ClassWords {
            parameters: self.pairs(reader, fields, "parameters"),
            reclaim_policy: self.one_of(reader, fields, "reclaimPolicy", &["Retain", "Delete"]),
            volume_binding_mode: self.one_of(
                reader,
                fields,
                "volumeBindingMode",
                &["Immediate", "WaitForFirstConsumer"],
            ),
            allow_volume_expansion: flag(reader, fields, "allowVolumeExpansion"),
            mount_options: options,
            labels: self.pairs(reader, fields, "labels"),
            annotations: self.pairs(reader, fields, "annotations"),
            provisioner: provisioner?,
        })
    }

    fn one_of(self, reader: &mut Reader<'_>, fields: Fields<'_>, name: &str, known: &[&str]) -> Option<Template> {
        let template = self.optional(reader, fields, name)?;
        if template.fixed() && !known.contains(&template.written()) {
            let word = Word {
                at: template.at.clone(),
                text: template.written().to_owned(),
            };
            reader.unknown(&word, &format!("`{name}` cannot be"), known);
        }
        Some(template)
    }
}
