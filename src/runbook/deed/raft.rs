//! What a runbook asks of the tenant's raft cluster, and of the StatefulSet that makes its pods.

use super::super::check::ensemble;
use super::super::progress::{Taken, Went};
use super::super::saved::file;
use super::super::template::Template;
use super::super::value::is_name;
use super::acts::{Aimed, Known, Unaimed, misfit, pinned, placed};
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::act::{SetDraft, Task};
use crate::model::{Act, Key, Kind, Text};
use std::fmt;

/// What is asked of the tenant's one raft cluster, through the peer that leads it then.
#[derive(Clone, Debug)]
pub enum AskedOfRaft {
    StepDown,
    /// One entry by its raft id; `None`: each that no pod stands behind.
    RemovePeer {
        id: Option<Template>,
    },
    Snapshot {
        to: Template,
    },
}

/// A StatefulSet that is made again.
#[derive(Clone, Debug)]
pub struct RemadeSet {
    pub(super) name: Template,
    pub(super) namespace: Option<Template>,
    /// The class of its claim templates; `None`: as it was.
    pub(super) class: Option<Template>,
    /// Which of them; none: all.
    pub(super) templates: Vec<Template>,
}

impl AskedOfRaft {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::StepDown => "stepDown",
            Self::RemovePeer { .. } => "removePeer",
            Self::Snapshot { .. } => "raftSnapshot",
        }
    }

    pub(super) fn acts(&self, known: Known<'_>) -> Aimed {
        let unseen = |why: String| Unaimed::Unseen { why };
        let sight = ensemble(known.tenancy).map_err(|untold| unseen(untold.value))?;
        let roster = &sight.roster;
        let leader = sight.picture.leader().and_then(|peer| peer.pod.clone());
        let leader =
            leader.ok_or_else(|| unseen(format!("no peer leads {}, and only a leader can be asked", roster.id)))?;
        let deeds = match self {
            Self::StepDown => vec![RaftDeed::StepDown],
            Self::RemovePeer { id: Some(id) } => vec![RaftDeed::RemovePeer {
                id: id.fill(known.values).into(),
            }],
            Self::RemovePeer { id: None } => {
                if let Some(gap) = &sight.picture.unconfirmed {
                    return Err(unseen(gap.words()));
                }
                let dead = sight.dead().map(|peer| RaftDeed::RemovePeer { id: peer.id.clone() });
                dead.collect()
            }
            Self::Snapshot { to } => vec![RaftDeed::Snapshot {
                to: next(&to.fill(known.values), known.stands).into(),
            }],
        };
        let target = pinned(&Key::new(Kind::Pod, &roster.id.namespace, &leader), known)?;
        let acts = deeds.into_iter().map(|deed| {
            Ok(Act::Task {
                target: target.clone(),
                task: Box::new(Task::Raft(RaftTask::of(roster, deed).map_err(misfit)?)),
            })
        });
        acts.collect()
    }
}

/// Where a snapshot goes: a step that takes one anew takes it beside those that it took before.
fn next(to: &str, stands: &[Taken]) -> String {
    let taken = stands.iter().filter(|taken| matches!(taken.went, Went::Over { .. }));
    let before = taken.filter(|taken| matches!(&taken.act, Act::Task { task, .. } if file(task).is_some()));
    match (before.count() + 1, to.rsplit_once('.')) {
        (1, _) => to.to_owned(),
        (number, Some((stem, ending))) if !ending.contains('/') => format!("{stem}-{number}.{ending}"),
        (number, _) => format!("{to}-{number}"),
    }
}

impl RemadeSet {
    /// The set whose state has to be kept when the run begins.
    pub(super) fn remembered(&self, values: &super::Values, namespace: &str) -> Option<Key> {
        let name = self.name.fill(values);
        let namespace = self
            .namespace
            .as_ref()
            .map_or_else(|| namespace.to_owned(), |own| own.fill(values));
        is_name(&name).then(|| Key::new(Kind::StatefulSet, &namespace, &name))
    }

    pub(super) fn act(&self, known: Known<'_>) -> Result<Act, Unaimed> {
        let namespace = placed(self.namespace.as_ref(), known)?;
        let name = self.name.fill(known.values);
        if !is_name(&name) {
            return Err(misfit(format!("{name:?} is no name of a StatefulSet")));
        }
        let key = Key::new(Kind::StatefulSet, &namespace, &name);
        let noted = super::noted(&key);
        let unseen = |why: String| Unaimed::Unseen { why };
        let kept = known.noted.get(&noted);
        let kept = kept.ok_or_else(|| unseen(format!("{noted} was not read when the run began")))?;
        let draft: SetDraft =
            serde_json::from_str(kept).map_err(|_error| unseen(format!("{noted} when the run began: {kept}")))?;
        let draft = match &self.class {
            None => draft,
            Some(class) => {
                let named: Vec<Text> = self
                    .templates
                    .iter()
                    .map(|name| name.fill(known.values).into())
                    .collect();
                draft.on_class(&class.fill(known.values), &named).map_err(misfit)?
            }
        };
        Ok(Act::create_set(key, draft, known.step))
    }
}

/// As the runbook writes it.
impl fmt::Display for AskedOfRaft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StepDown => f.write_str("ask the raft leader to step down"),
            Self::RemovePeer { id: Some(id) } => write!(f, "remove raft peer {}", id.written()),
            Self::RemovePeer { id: None } => f.write_str("remove each raft peer without a pod"),
            Self::Snapshot { to } => write!(f, "raft snapshot into {}", to.written()),
        }
    }
}

impl fmt::Display for RemadeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "create statefulset/{} as it was", self.name.written())?;
        match &self.class {
            Some(class) => write!(f, ", its claims on class {}", class.written()),
            None => Ok(()),
        }
    }
}
