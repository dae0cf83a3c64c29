//! Hooks: documents that Helm runs at an event and never counts among a release's own (`reference/semantics.md` §2.6).

use super::Document;
use crate::model::Text;

pub(super) const HOOK: &str = "helm.sh/hook";
pub(super) const WEIGHT: &str = "helm.sh/hook-weight";
pub(super) const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    PreInstall,
    PostInstall,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    PreDelete,
    PostDelete,
    Test,
}

impl Event {
    const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::PreDelete,
        Self::PostDelete,
        Self::Test,
    ];

    /// As the annotation says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::Test => "test",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        match word.as_str() {
            "test-success" => Some(Self::Test),
            word => Self::ALL.into_iter().find(|event| event.word() == word),
        }
    }

    /// The events of an annotation or of a record's list; `None` as soon as one is unknown: Helm then drops the whole
    /// document (`manifest_sorter.go`).
    pub(super) fn all<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Vec<Self>> {
        words.into_iter().map(Self::from_word).collect()
    }
}

/// When a hook's object is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeletePolicy {
    BeforeHookCreation,
    HookSucceeded,
    HookFailed,
}

impl DeletePolicy {
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeHookCreation => "before-hook-creation",
            Self::HookSucceeded => "hook-succeeded",
            Self::HookFailed => "hook-failed",
        }
    }

    /// Words Helm does not know are passed over.
    pub(super) fn all<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let known = [Self::BeforeHookCreation, Self::HookSucceeded, Self::HookFailed];
        words
            .into_iter()
            .filter_map(|word| {
                let word = word.trim().to_lowercase();
                known.into_iter().find(|policy| policy.word() == word)
            })
            .collect()
    }
}

/// How a hook went the last time: `hooks[].last_run`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// As Helm writes it: RFC 3339 or empty.
    pub started_at: Text,
    pub completed_at: Text,
    /// `Unknown`, `Running`, `Succeeded`, `Failed`.
    pub phase: Text,
}

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub document: Document,
    pub events: Vec<Event>,
    pub weight: i64,
    /// As written; see [`Hook::deletes`].
    pub delete_policies: Vec<DeletePolicy>,
    pub last_run: Option<Run>,
}

impl Hook {
    /// Whether its object is deleted at this point; a hook without a policy has `before-hook-creation`, and a
    /// `CustomResourceDefinition` is never deleted (`hooks.go` `deleteHookByPolicy`).
    pub fn deletes(&self, policy: DeletePolicy) -> bool {
        if self.document.address.kind == "CustomResourceDefinition" {
            return false;
        }
        match self.delete_policies.as_slice() {
            [] => policy == DeletePolicy::BeforeHookCreation,
            stated => stated.contains(&policy),
        }
    }

    pub fn runs_at(&self, event: Event) -> bool {
        self.events.contains(&event)
    }

    /// The words of its policies, for evidence: `before-hook-creation` where none is written.
    pub fn policy_words(&self) -> String {
        match self.delete_policies.as_slice() {
            [] => "none (before-hook-creation)".to_owned(),
            stated => stated.iter().map(|policy| policy.word()).collect::<Vec<_>>().join(","),
        }
    }
}
