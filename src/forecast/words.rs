//! How outcomes are said: one word, one sentence, one headline.

use super::{Entry, Forecast, Holder, Other, Outcome, Recreation};
use crate::laws::Reason;
use crate::model::Key;

/// What becomes of one object, of whatever kind, as it is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate<'f> {
    pub outcome: &'f Outcome,
    pub sentence: String,
    pub reason: &'f Reason,
}

impl Outcome {
    /// The word in the first column, in the screens' capitals.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Deleted | Self::DeletedLater { .. } => "DELETED",
            Self::Kept => "KEPT",
            Self::Hangs { .. } => "HANGS",
            Self::VolumeDestroyed { .. } => "DESTROYED",
            Self::VolumeRetained { .. } => "RELEASED",
            Self::VolumeLeaked { .. } => "LEAKED",
            Self::Created => "CREATED",
            Self::Recreated { .. } => "RECREATED",
            Self::Patched { .. } => "CHANGED",
            Self::Orphaned => "ORPHANED",
            Self::Rejected { .. } => "REJECTED",
            Self::Unknown { .. } => "UNKNOWN",
        }
    }

    /// How bad it is, worst first.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Rejected { .. } => 0,
            Self::VolumeDestroyed { .. } => 1,
            Self::VolumeLeaked { .. } => 2,
            Self::Unknown { .. } => 3,
            Self::Hangs { .. } => 4,
            Self::Recreated {
                on: Recreation::NewClaim,
            } => 5,
            Self::Deleted => 6,
            Self::DeletedLater { .. } => 7,
            Self::VolumeRetained { .. } => 8,
            Self::Orphaned => 9,
            Self::Patched { .. } => 10,
            Self::Created => 11,
            Self::Recreated {
                on: Recreation::SameClaim | Recreation::NoClaim,
            } => 12,
            Self::Kept => 13,
        }
    }
}

impl Entry {
    /// What becomes of this object, in one sentence.
    pub fn sentence(&self) -> String {
        let object = &self.object;
        match &self.outcome {
            Outcome::Deleted => format!("{object} is deleted: {}", self.reason.text),
            Outcome::DeletedLater { by } => format!("{object} goes too, by the {by}: {}", self.reason.text),
            Outcome::Kept => format!("{object} stays: {}", self.reason.text),
            Outcome::Hangs { holders } if holders.is_empty() => format!("{object} hangs: {}", self.reason.text),
            Outcome::Hangs { holders } => format!("{object} hangs, held by {}: {}", holder(holders), self.reason.text),
            Outcome::VolumeDestroyed { handle } => {
                format!("the disk {handle} behind {object} is destroyed: {}", self.reason.text)
            }
            Outcome::VolumeRetained { handle } => {
                format!(
                    "{object} loses its claim and keeps the disk {handle}: {}",
                    self.reason.text
                )
            }
            Outcome::VolumeLeaked { handle } => {
                format!(
                    "{object} goes and the disk {handle} is left behind: {}",
                    self.reason.text
                )
            }
            Outcome::Created => format!("{object} is made: {}", self.reason.text),
            Outcome::Recreated { on } => format!("{object} is made anew {}: {}", on.phrase(), self.reason.text),
            Outcome::Patched { fields } => format!("{object} changes ({}): {}", fields.join(", "), self.reason.text),
            Outcome::Orphaned => format!("{object} stays and belongs to nobody: {}", self.reason.text),
            Outcome::Rejected { error } => format!("the server refuses: {error}: {}", self.reason.text),
            Outcome::Unknown { missing } => format!("{object}: nobody can say ({missing}); {}", self.reason.text),
        }
    }
}

impl Other {
    /// What becomes of this object, in one sentence.
    pub fn sentence(&self) -> String {
        let (object, why) = (&self.object, &self.reason.text);
        match &self.outcome {
            Outcome::Kept => format!("{object} stays: {why}"),
            Outcome::Patched { fields } => format!("{object} changes ({}): {why}", fields.join(", ")),
            Outcome::Created | Outcome::Recreated { .. } => format!("{object} is made: {why}"),
            Outcome::Rejected { error } => format!("refused: {error}: {why}"),
            Outcome::Unknown { missing } => format!("{object}: nobody can say ({missing}); {why}"),
            Outcome::Deleted
            | Outcome::DeletedLater { .. }
            | Outcome::Hangs { .. }
            | Outcome::VolumeDestroyed { .. }
            | Outcome::VolumeRetained { .. }
            | Outcome::VolumeLeaked { .. }
            | Outcome::Orphaned => format!("{object} is deleted: {why}"),
        }
    }
}

impl Recreation {
    pub const fn phrase(&self) -> &'static str {
        match self {
            Self::SameClaim => "on the same claim",
            Self::NewClaim => "on a new claim",
            Self::NoClaim => "without a claim",
        }
    }
}

impl Forecast {
    /// What becomes of every object, those of kinds the world does not hold among the others, worst first.
    pub fn fates(&self) -> Vec<Fate<'_>> {
        let entries = self.entries.iter().map(|entry| Fate {
            outcome: &entry.outcome,
            sentence: entry.sentence(),
            reason: &entry.reason,
        });
        let others = self.others.iter().map(|other| Fate {
            outcome: &other.outcome,
            sentence: other.sentence(),
            reason: &other.reason,
        });
        let mut fates: Vec<Fate<'_>> = entries.chain(others).collect();
        fates.sort_by_key(|fate| fate.outcome.rank());
        fates
    }

    /// The counts, worst first: `destroys 1 disk · hangs 1 · deletes 18 objects · releases 2 volumes`.
    pub fn headline(&self) -> String {
        let outcomes = || {
            let others = self.others.iter().map(|other| &other.outcome);
            self.entries.iter().map(|entry| &entry.outcome).chain(others)
        };
        let count = |word: &str| outcomes().filter(|outcome| outcome.word() == word).count();
        let parts: Vec<String> = [
            ("REJECTED", "refused by the server", ""),
            ("DESTROYED", "destroys", "disk"),
            ("LEAKED", "leaks", "disk"),
            ("UNKNOWN", "unknown:", "object"),
            ("HANGS", "hangs", "object"),
            ("DELETED", "deletes", "object"),
            ("RELEASED", "releases", "volume"),
            ("ORPHANED", "orphans", "object"),
            ("CHANGED", "changes", "object"),
            ("CREATED", "makes", "object"),
            ("RECREATED", "recreates", "object"),
            ("KEPT", "keeps", "object"),
        ]
        .into_iter()
        .filter_map(|(word, verb, noun)| match (count(word), noun) {
            (0, _) => None,
            (_, "") => Some(verb.to_owned()),
            (1, noun) => Some(format!("{verb} 1 {noun}")),
            (many, noun) => Some(format!("{verb} {many} {noun}s")),
        })
        .collect();
        if parts.is_empty() {
            "changes nothing".to_owned()
        } else {
            parts.join(" · ")
        }
    }
}

/// The holders in a sentence: the first three, and how many more.
pub(super) fn holder(holders: &[Holder]) -> String {
    let named: Vec<String> = holders
        .iter()
        .take(3)
        .map(|holder| {
            let object = holder.object.to_string();
            let itself = format!("{} {}", holder.object.kind.name(), holder.object.name);
            if holder.root == itself {
                object
            } else if holder.root.starts_with("the ") || holder.root.starts_with("provisioner ") {
                holder.root.clone()
            } else {
                format!("{object} of {}", holder.root)
            }
        })
        .collect();
    match holders.len().saturating_sub(named.len()) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Whose hand a law is.
pub(super) fn controller(law: &str) -> &'static str {
    match law {
        "garbage_collection" => "garbage collector",
        "pvc_protection" => "pvc-protection controller",
        "pv_protection" => "pv-protection controller",
        "stateful_set" => "StatefulSet controller",
        "replicas" => "ReplicaSet controller",
        "job" => "Job controller",
        "namespace" => "namespace controller",
        "attachment" => "attach/detach controller",
        "release" | "binding" => "volume controller",
        "reclaim" | "storage_class" => "provisioner",
        "pod_lifecycle" => "kubelet",
        _ => "API server",
    }
}

pub(super) fn namespace(key: &Key) -> &str {
    if key.namespace.is_empty() {
        &key.name
    } else {
        &key.namespace
    }
}
