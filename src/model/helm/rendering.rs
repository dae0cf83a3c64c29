//! What helm would apply, rendered and not done; and what of it another rendering, or the record made of it, has otherwise.

use super::hook::{DeletePolicy, Event};
use super::manifest::{Document, Manifest};
use super::record::Stored;
use super::{Address, Chart, Print, Undecodable};
use crate::model::Text;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The release that `--dry-run=server -o json` prints. No value of a Secret and no user value is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// SHA-256 of the manifest's and the hooks' text, hexadecimal.
    pub digest: Text,
    pub manifest: Manifest,
    pub chart: Chart,
    /// What helm was given to render it with, by file or by what the release was given before: paths and fingerprints.
    pub given: BTreeMap<String, Print>,
}

impl Rendering {
    pub fn read(json: &[u8]) -> Result<Self, Undecodable> {
        #[derive(Deserialize)]
        struct Texts {
            #[serde(default)]
            manifest: String,
            #[serde(default)]
            hooks: Option<Vec<Hook>>,
        }
        #[derive(Deserialize)]
        struct Hook {
            #[serde(default)]
            manifest: String,
        }
        let texts: Texts = serde_json::from_slice(json).map_err(|error| Undecodable::at(&error))?;
        let mut text = texts.manifest;
        for hook in texts.hooks.iter().flatten() {
            text.push_str("---\n");
            text.push_str(&hook.manifest);
        }
        let record = Stored::of_json(json)?.record();
        Ok(Self {
            digest: Manifest::digest(&text),
            chart: record.chart,
            given: record.values,
            manifest: Manifest {
                hooks: record.hooks,
                ..record.manifest
            },
        })
    }
}

/// When a hook runs, and when its object goes.
type Timing<'a> = (&'a [Event], i64, &'a [DeletePolicy]);

impl Manifest {
    /// What another rendering of the same chart, or what was stored of it, has otherwise: each document that is not the
    /// same in both, with what differs. Where this one is known to be another each time, it is passed over.
    pub fn strays(&self, other: &Self) -> Vec<String> {
        let (own, others) = (self.all(), other.all());
        let mut told = Vec::new();
        for (address, (document, rest)) in &own {
            match others.get(address) {
                _ if self.unsteady.contains(*address) => {}
                None => told.push(format!("{address} is missing")),
                Some((held, more)) if held.whole == document.whole && rest == more => {}
                Some((held, _)) => {
                    let fields = document.differences(held);
                    let fields: Vec<&str> = fields.into_iter().map(Text::as_str).collect();
                    let fields = if fields.is_empty() {
                        "its head".to_owned()
                    } else {
                        fields.join(", ")
                    };
                    told.push(format!("{address} differs in {fields}"));
                }
            }
        }
        let added = others.keys().filter(|address| !own.contains_key(*address));
        told.extend(added.map(|address| format!("{address} is there besides")));
        told
    }

    /// The documents that are another in a second rendering of the same chart.
    pub fn learn_unsteady(&mut self, second: &Self) {
        let (own, others) = (self.all(), second.all());
        let unsteady = own
            .iter()
            .filter(|(address, (document, _))| {
                others
                    .get(*address)
                    .is_some_and(|(held, _)| held.whole != document.whole)
            })
            .map(|(address, _)| Address::clone(address));
        self.unsteady = unsteady.collect();
    }

    /// Every document by its address; of a hook, also when it runs and goes.
    fn all(&self) -> BTreeMap<&Address, (&Document, Option<Timing<'_>>)> {
        let hooks = self.hooks.iter().map(|hook| {
            let timing = (hook.events.as_slice(), hook.weight, hook.delete_policies.as_slice());
            (&hook.document.address, (&hook.document, Some(timing)))
        });
        let documents = self.documents.iter();
        documents
            .map(|document| (&document.address, (document, None)))
            .chain(hooks)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rendered(password: &str, image: &str) -> Rendering {
        let manifest = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{password: {password}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{image: {image}}}\n"
        );
        let hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: setup}\nspec: {}\n";
        let json = json!({
            "name": "app", "namespace": "shop", "version": 1, "info": {"status": "pending-install"}, "manifest": manifest,
            "chart": {"metadata": {"name": "client", "version": "1.2.3"}}, "config": {"password": password},
            "hooks": [{"manifest": hook, "events": ["pre-install"], "weight": 0}],
        });
        Rendering::read(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_rendering_is_known_by_its_text_and_keeps_no_secret() {
        let one = rendered("canary-7f3a", "a");
        assert_eq!(one.digest, rendered("canary-7f3a", "a").digest);
        assert_ne!(one.digest, rendered("canary-7f3a", "b").digest);
        assert_eq!((one.manifest.documents.len(), one.manifest.hooks.len()), (2, 1));
        assert_eq!(one.chart.version, "1.2.3");
        assert!(!format!("{one:?}").contains("canary"));
    }

    #[test]
    fn what_another_rendering_has_otherwise_is_told_without_its_values() {
        let (mut one, other) = (rendered("one", "a"), rendered("other", "b"));
        let told = ["ConfigMap/app differs in data", "Secret/db differs in stringData"];
        assert_eq!(one.manifest.strays(&other.manifest), told);
        one.manifest.learn_unsteady(&rendered("another", "a").manifest);
        assert_eq!(one.manifest.strays(&other.manifest), told[..1]);
        let mut less = rendered("one", "a").manifest;
        less.hooks.clear();
        assert_eq!(
            one.manifest.strays(&less),
            ["Job/setup is missing"].map(|told| told.replace("Job", "job"))
        );
        assert_eq!(less.strays(&one.manifest), ["job/setup is there besides"]);
    }
}
