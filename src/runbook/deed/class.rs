//! A StorageClass that a runbook makes: from what it says, or as it was when the run began.

use super::super::template::Template;
use super::acts::{Known, Unaimed, misfit, placed};
use crate::model::act::ClassDraft;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::{Act, Key, Kind, Labels, Text, World};
use crate::runbook::value::is_name;

/// A class that is to be made.
#[derive(Clone, Debug)]
pub struct NewClass {
    pub(super) name: Template,
    /// `None`: as it was when the run began.
    pub(super) says: Option<ClassWords>,
    /// The release that is to own it; `None`: nobody does.
    pub(super) release: Option<Template>,
    pub(super) release_namespace: Option<Template>,
}

/// What it says.
#[derive(Clone, Debug)]
pub struct ClassWords {
    pub(super) provisioner: Template,
    pub(super) parameters: Vec<(String, Template)>,
    pub(super) reclaim_policy: Option<Template>,
    pub(super) volume_binding_mode: Option<Template>,
    pub(super) allow_volume_expansion: bool,
    pub(super) mount_options: Vec<Template>,
    pub(super) labels: Vec<(String, Template)>,
    pub(super) annotations: Vec<(String, Template)>,
}

/// The name under which a run keeps what an object was.
pub fn noted(key: &Key) -> String {
    format!("{}/{}", key.kind.name().to_ascii_lowercase(), key.name)
}

impl NewClass {
    /// The class whose state has to be kept when the run begins.
    pub(super) fn remembered(&self, values: &super::Values) -> Option<Key> {
        let name = self.name.fill(values);
        (self.says.is_none() && is_name(&name)).then(|| Key::cluster(Kind::StorageClass, &name))
    }

    pub(super) fn act(&self, known: Known<'_>) -> Result<Act, Unaimed> {
        let name = self.name.fill(known.values);
        if !is_name(&name) {
            return Err(misfit(format!("{name:?} is no name of a StorageClass")));
        }
        let mut draft = match &self.says {
            Some(words) => words.draft(known),
            None => remembered(&name, known)?,
        };
        draft.labels = draft.labels.with(MANAGED_BY, None);
        draft.annotations = draft.annotations.with(RELEASE_NAME, None).with(RELEASE_NAMESPACE, None);
        if let Some(release) = &self.release {
            let namespace = placed(self.release_namespace.as_ref(), known)?;
            draft.labels = draft.labels.with(MANAGED_BY, Some("Helm"));
            let annotations = draft.annotations.with(RELEASE_NAME, Some(&release.fill(known.values)));
            draft.annotations = annotations.with(RELEASE_NAMESPACE, Some(&namespace));
        }
        Ok(Act::create_class(&name, draft, known.step))
    }
}

impl ClassWords {
    fn draft(&self, known: Known<'_>) -> ClassDraft {
        let fill = |template: &Template| Text::from(template.fill(known.values));
        let pairs = |pairs: &[(String, Template)]| -> Labels {
            let filled: Vec<(String, String)> = pairs
                .iter()
                .map(|(key, value)| (key.clone(), value.fill(known.values)))
                .collect();
            filled
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect()
        };
        ClassDraft {
            provisioner: fill(&self.provisioner),
            parameters: pairs(&self.parameters),
            reclaim_policy: self.reclaim_policy.as_ref().map(fill).unwrap_or_default(),
            volume_binding_mode: self.volume_binding_mode.as_ref().map(fill).unwrap_or_default(),
            allow_volume_expansion: self.allow_volume_expansion,
            mount_options: self.mount_options.iter().map(fill).collect(),
            allowed_topologies: Text::default(),
            labels: pairs(&self.labels),
            annotations: pairs(&self.annotations),
        }
    }
}

/// As the run kept it.
fn remembered(name: &str, known: Known<'_>) -> Result<ClassDraft, Unaimed> {
    let unseen = |why: String| Unaimed::Unseen { why };
    let kept = known.noted.get(&noted(&Key::cluster(Kind::StorageClass, name)));
    let kept = kept.ok_or_else(|| unseen(format!("storageclass/{name} was not read when the run began")))?;
    serde_json::from_str(kept).map_err(|_error| {
        unseen(format!(
            "storageclass/{name} when the run began: {kept}; give its fields"
        ))
    })
}

/// What a plan, which reads nothing, takes for it: the facts at hand.
pub(in crate::runbook) fn foreseen(world: &World, key: &Key) -> Option<String> {
    let facts = world.get(key)?.body.class()?;
    let draft = ClassDraft {
        provisioner: facts.provisioner.clone(),
        reclaim_policy: facts
            .reclaim_policy
            .map(|policy| policy.word().into())
            .unwrap_or_default(),
        volume_binding_mode: facts.volume_binding_mode.clone().unwrap_or_default(),
        allow_volume_expansion: facts.allow_volume_expansion.unwrap_or(false),
        ..ClassDraft::default()
    };
    serde_json::to_string(&draft).ok()
}
