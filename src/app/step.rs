//! A step of this session: what was asked, how far it has come, what it waits for and until when.
//!
//! Must not know how a request is sent; it is told, and it watches the world for the step's own post-condition.

use crate::app::event::{StepNumber, StepProgress};
use crate::forecast::{Forecast, Outcome as Fate};
use crate::journal::{Outcome, Ruling};
use crate::model::act::{After, HelmAct, Standing};
use crate::model::helm::record_parts;
use crate::model::{Act, Key, Kind, Moment, Now, Object, Pin, Uid, World};
use jiff::Timestamp;
use std::time::Duration;

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Handed to the journal.
    Requested,
    /// On disk.
    Recorded,
    /// Checked against what is.
    Cleared,
    /// The request has left.
    Sent,
    /// The server took it; its effect is awaited.
    Accepted,
    Over(Ending),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The post-condition was observed: the object is gone, or changed as asked.
    Observed { what: String },
    /// What is differed from what was approved; nothing was sent.
    Voided { changes: Vec<String> },
    /// The server or the journal refused; nothing changed.
    NotDone { why: String },
    /// It was carried out and came to another end than was forecast: what was done stays done.
    Otherwise { what: String },
    /// Nobody can say whether the request was carried out.
    InDoubt { why: String },
    /// Accepted, and its effect was not seen in time. The request stands.
    TimedOut { waits_for: String },
}

/// A step under way or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub number: StepNumber,
    pub act: Act,
    /// The uid in the volume's `claimRef` when the step began, for an act that clears it.
    held: Option<Uid>,
    pub phase: Phase,
    /// What happened when, oldest first.
    pub log: Vec<(Timestamp, String)>,
    /// When it is given up waiting.
    pub deadline: Moment,
    /// How long is waited in all.
    pub patience: Duration,
    /// Of an act of Helm's, what its forecast says of objects that are there: gone, or still there.
    fates: Vec<(Key, Uid, bool)>,
    /// What helm itself has said, the newest last.
    pub said: Vec<String>,
}

/// So many lines of helm's are shown.
const SAID: usize = 12;

/// How long the effect of an act is awaited before the step says that it was not seen.
const fn patience(act: &Act) -> Duration {
    match act {
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::CreateClaim { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. } => Duration::from_secs(15),
        // its outcome ends it
        Act::Evict { .. } | Act::Task { .. } => Duration::from_mins(1),
        // helm has ended by then: what is awaited is that everything it set off is seen
        Act::Helm { .. } => Duration::from_mins(2),
        Act::Delete { target, .. } => match target.key.kind {
            // a pod's usual grace period of 30 s, and as much again for its node
            Kind::Pod => Duration::from_mins(1),
            Kind::Job | Kind::PersistentVolumeClaim => Duration::from_secs(90),
            Kind::Namespace
            | Kind::Node
            | Kind::StorageClass
            | Kind::PersistentVolume
            | Kind::VolumeAttachment
            | Kind::CronJob
            | Kind::StatefulSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::DaemonSet
            | Kind::PodDisruptionBudget
            | Kind::Release
            | Kind::ReleaseMap => Duration::from_mins(2),
        },
    }
}

/// How long helm, or a task, may be at work before that.
fn helms(act: &Act) -> Duration {
    if let Act::Helm { means: Some(means), .. } = act {
        means.deadline()
    } else if let Act::Task { task, .. } = act {
        task.deadline()
    } else {
        Duration::ZERO
    }
}

/// The uid in a volume's `claimRef`, if there is one.
fn claim_uid(volume: &Object) -> Option<Uid> {
    let claim = volume.body.volume()?.spec.claim_ref.as_ref()?;
    (!claim.uid.is_empty()).then(|| claim.uid.clone())
}

impl Step {
    pub fn begun(number: StepNumber, forecast: &Forecast, world: &World, now: Now) -> Self {
        let act = forecast.act.clone();
        let patience = patience(&act) + helms(&act);
        let held = match &act {
            Act::ClearClaimRef { volume } => world.pinned(volume).and_then(|object| claim_uid(object)),
            _ => None,
        };
        let mut step = Self {
            number,
            act,
            held,
            phase: Phase::Requested,
            log: Vec::new(),
            deadline: now.mono + patience,
            patience,
            fates: fates(forecast),
            said: Vec::new(),
        };
        step.note(now, "requested");
        step
    }

    pub const fn over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// What the step waits for now; empty when it is over.
    pub fn waits_for(&self) -> String {
        match &self.phase {
            Phase::Requested => "the journal to have it on disk".to_owned(),
            Phase::Recorded => "a fresh read of what is".to_owned(),
            Phase::Cleared => "the request to leave".to_owned(),
            Phase::Sent => "the server's answer".to_owned(),
            Phase::Accepted => self.post_condition(),
            Phase::Over(_) => String::new(),
        }
    }

    /// What must be seen in the cluster before the step is done.
    pub fn post_condition(&self) -> String {
        match &self.act {
            Act::Delete { target, .. } | Act::Evict { pod: target } => {
                format!("{} (uid …{}) to be gone", target.key, target.uid.tail(6))
            }
            Act::ClearClaimRef { volume } => format!("claimRef of {} to be without uid", volume.key),
            Act::CreateClaim { claim, .. }
            | Act::CreateClass { class: claim, .. }
            | Act::CreateSet { set: claim, .. } => {
                format!("{} to be there", claim.key)
            }
            Act::Task { task, .. } => format!("the {} to come to its end", task.word()),
            Act::Scale { target, .. }
            | Act::RemoveFinalizer { target, .. }
            | Act::SetReclaimPolicy { volume: target, .. }
            | Act::RetargetClaimRef { volume: target, .. }
            | Act::Annotate { target, .. }
            | Act::Stamp { target, .. } => format!("{} to be as asked: {}", target.key, self.act),
            Act::Helm { helm, release, .. } => {
                let name = record_parts(&release.key.name).map_or("", |(name, _)| name);
                format!(
                    "the records of {name} to say that the {} is done, and what it deletes to be gone",
                    helm.word()
                )
            }
        }
    }

    /// Takes in how far it has come.
    pub fn progress(&mut self, progress: StepProgress, now: Now) {
        if self.over() {
            return;
        }
        match progress {
            StepProgress::Recorded => self.move_to(Phase::Recorded, "on disk in the journal", now),
            StepProgress::Cleared => self.move_to(Phase::Cleared, "read afresh: still what was approved", now),
            StepProgress::Sent => {
                self.deadline = now.mono + self.patience;
                self.move_to(Phase::Sent, "sent", now);
            }
            StepProgress::Said { line } => {
                self.said.push(line);
                let surplus = self.said.len().saturating_sub(SAID);
                self.said.drain(..surplus);
                // what still speaks is at work
                if self.phase == Phase::Sent {
                    self.deadline = now.mono + self.patience;
                }
            }
            StepProgress::Voided { changes } => self.end(Ending::Voided { changes }, now),
            StepProgress::Failed { why } => self.end(Ending::NotDone { why }, now),
            StepProgress::Answered(outcome) => self.answered(&outcome, now),
        }
    }

    /// Looks for the post-condition in the world, and at the clock. Returns whether the step has just ended.
    pub fn observe(&mut self, world: &World, now: Now) -> bool {
        if self.phase != Phase::Accepted {
            return false;
        }
        let what = self.came(world);
        if let Some(what) = self.strayed(world, what.is_some() || now.mono >= self.deadline) {
            self.end(Ending::Otherwise { what }, now);
        } else if let Some(what) = what {
            self.end(Ending::Observed { what }, now);
        } else if now.mono >= self.deadline {
            let waits_for = self.post_condition();
            self.end(Ending::TimedOut { waits_for }, now);
        }
        self.over()
    }

    /// The post-condition, in words, when it is there.
    fn came(&self, world: &World) -> Option<String> {
        let target = self.act.target();
        let key = &target.key;
        if let Act::Helm { release, helm, .. } = &self.act {
            return self.helped(world, release, helm);
        }
        let Some(object) = world.get(key) else {
            return (!self.act.creates()).then(|| format!("{key} is gone"));
        };
        match &self.act {
            // its records were looked at before; a task's own outcome is its end
            Act::Helm { .. } | Act::Task { .. } => None,
            Act::Delete { .. } | Act::Evict { .. } => (object.meta.uid != target.uid).then(|| {
                format!(
                    "{key} is gone; another of its name took its place (uid …{})",
                    object.meta.uid.tail(6)
                )
            }),
            Act::ClearClaimRef { .. } => match claim_uid(object) {
                None => Some(format!("claimRef of {key} carries no uid")),
                Some(uid) if self.held.as_ref() != Some(&uid) => {
                    Some(format!("{key} was claimed anew (uid …{})", uid.tail(6)))
                }
                Some(_) => None,
            },
            Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => self
                .act
                .leaves(object)
                .then(|| format!("{key} is there (uid …{})", object.meta.uid.tail(6))),
            Act::Scale { .. }
            | Act::RemoveFinalizer { .. }
            | Act::SetReclaimPolicy { .. }
            | Act::RetargetClaimRef { .. }
            | Act::Annotate { .. }
            | Act::Stamp { .. } => self
                .act
                .leaves(object)
                .then(|| format!("{key} is as asked: {}", self.act)),
        }
    }

    /// Of an act of Helm's: its records say so, and what it was to delete is gone.
    fn helped(&self, world: &World, release: &Pin, helm: &HelmAct) -> Option<String> {
        let After::Reached(seen) = helm.after(release, &Standing::all(world, release)) else {
            return None;
        };
        let there = |key: &Key, uid: &Uid| world.get(key).is_some_and(|object| object.meta.uid == *uid);
        let mut going = self.fates.iter().filter(|(_, _, stays)| !stays);
        let all = going.all(|(key, uid, _)| !there(key, uid));
        all.then(|| format!("{seen}, and what it deletes is gone"))
    }

    /// Of an act of Helm's that is at its end: what was forecast to stay and is gone.
    fn strayed(&self, world: &World, at_end: bool) -> Option<String> {
        let gone: Vec<String> = self
            .fates
            .iter()
            .filter(|(key, uid, stays)| *stays && world.get(key).is_none_or(|object| object.meta.uid != *uid))
            .map(|(key, ..)| key.to_string())
            .collect();
        (at_end && !gone.is_empty()).then(|| format!("forecast to stay, and gone: {}", gone.join(", ")))
    }

    fn move_to(&mut self, phase: Phase, note: &str, now: Now) {
        self.phase = phase;
        self.note(now, note);
    }

    fn end(&mut self, ending: Ending, now: Now) {
        self.note(now, ending.sentence());
        self.phase = Phase::Over(ending);
    }

    fn note(&mut self, now: Now, note: impl Into<String>) {
        self.log.push((now.wall, note.into()));
    }

    fn answered(&mut self, outcome: &Outcome, now: Now) {
        let said = format!("{}: {}", outcome.word(), outcome.evidence());
        match outcome {
            Outcome::Done { evidence } if matches!(self.act, Act::Task { .. }) => {
                let what = evidence.clone();
                self.end(Ending::Observed { what }, now);
            }
            Outcome::Done { .. } | Outcome::Accepted { .. } => {
                self.move_to(Phase::Accepted, &said, now);
            }
            Outcome::NotApplied { .. } | Outcome::Refused { .. } => self.end(Ending::NotDone { why: said }, now),
            Outcome::Conflict { .. } => self.end(Ending::Voided { changes: vec![said] }, now),
            Outcome::Failed { why } => self.end(Ending::Otherwise { what: why.clone() }, now),
            Outcome::InDoubt { why } => self.end(Ending::InDoubt { why: why.clone() }, now),
        }
    }

    /// A doubt about it was settled: by an observation, or by a person.
    pub fn settle(&mut self, ruling: &str, evidence: &str, now: Now) {
        if !matches!(self.phase, Phase::Over(Ending::InDoubt { .. })) {
            return;
        }
        let said = format!("settled, {ruling}: {evidence}");
        if ruling == Ruling::Accepted.word() {
            self.deadline = now.mono + self.patience;
            self.move_to(Phase::Accepted, &said, now);
        } else if ruling == Ruling::Done.word() {
            self.end(Ending::Observed { what: said }, now);
        } else if ruling == Ruling::Conflict.word() && matches!(self.act, Act::Helm { .. } | Act::Task { .. }) {
            self.end(Ending::Otherwise { what: said }, now);
        } else {
            self.end(Ending::NotDone { why: said }, now);
        }
    }
}

/// What a forecast of an act of Helm's says of claims, volumes and whatever else is there: gone, or still there.
fn fates(forecast: &Forecast) -> Vec<(Key, Uid, bool)> {
    if !matches!(forecast.act, Act::Helm { .. }) {
        return Vec::new();
    }
    let entries = forecast.entries.iter().filter(|entry| {
        // pods come and go by themselves, and records are looked at by themselves
        !entry.uid.is_empty() && !matches!(entry.object.kind, Kind::Release | Kind::ReleaseMap | Kind::Pod)
    });
    entries
        .filter_map(|entry| {
            let stays = match &entry.outcome {
                Fate::Deleted => false,
                Fate::Kept | Fate::Patched { .. } | Fate::VolumeRetained { .. } => true,
                Fate::DeletedLater { .. }
                | Fate::Hangs { .. }
                | Fate::VolumeDestroyed { .. }
                | Fate::VolumeLeaked { .. }
                | Fate::Created
                | Fate::Recreated { .. }
                | Fate::Orphaned
                | Fate::Rejected { .. }
                | Fate::Unknown { .. } => return None,
            };
            Some((entry.object.clone(), entry.uid.clone(), stays))
        })
        .collect()
}

impl Ending {
    pub fn sentence(&self) -> String {
        match self {
            Self::Observed { what } => what.clone(),
            Self::Voided { changes } => format!("the approval is void, nothing was sent: {}", changes.join("; ")),
            Self::NotDone { why } => format!("not done: {why}"),
            Self::Otherwise { what } => format!("it came otherwise: {what}"),
            Self::InDoubt { why } => format!("in doubt: {why}"),
            Self::TimedOut { waits_for } => {
                format!("accepted, but still waiting for {waits_for}; the request stands and nothing more is sent")
            }
        }
    }
}
