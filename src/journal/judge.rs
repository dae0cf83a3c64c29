//! After a crash: what an observation says about a step that was under way (`reference/safety-and-performance.md` A4).
//!
//! Nothing here ever sends again. A step that was not applied goes back to the gate and is approved anew.

mod helm;
mod task;

use super::steps::{Stage, StepEntry};
use crate::model::act::{After, Means, STEP, Standing};
use crate::model::time::short_span;
use crate::model::{Act, Moment, Now, Object, Operator, Pin, ResourceVersion, Text, Uid};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an API server may still be working on a request whose client is gone (`--request-timeout`, 1 m by default).
pub const REQUEST_DEADLINE: Duration = Duration::from_mins(1);

/// What was found where the step's target lives, read from the server itself and not from a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// 404.
    Absent,
    Object {
        uid: Uid,
        resource_version: ResourceVersion,
        deleting: bool,
        finalizers: Vec<Text>,
        /// For a patch: the object is as the patch would have left it.
        image_equal: bool,
    },
    /// All records of the release that an act of Helm's was about; none: it is gone.
    Release { records: Vec<Standing> },
    /// What a task left: here, in the pod, or in the cluster.
    Task { after: After },
    /// No answer, or one that says nothing: 403, 5xx.
    Unreachable { why: String },
}

impl Observed {
    /// What a read-through GET of the act's target found; `None` is a 404.
    pub fn of(act: &Act, object: Option<&Object>) -> Self {
        let Some(object) = object else {
            return Self::Absent;
        };
        Self::Object {
            uid: object.meta.uid.clone(),
            resource_version: object.meta.resource_version.clone(),
            deleting: object.meta.deleting(),
            finalizers: object.meta.finalizers.to_vec(),
            image_equal: act.leaves(object),
        }
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ruling {
    /// The change is there. By whose hand cannot always be told.
    Done,
    /// The change is not there and no request is under way.
    NotApplied,
    /// Deletion is accepted and waits.
    Accepted,
    /// The object is another one, or was changed otherwise: stop and ask.
    Conflict,
    StillInDoubt,
}

impl Ruling {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotApplied => "not applied",
            Self::Accepted => "accepted",
            Self::Conflict => "conflict",
            Self::StillInDoubt => "in doubt",
        }
    }
}

/// A step's verdict with its evidence: made by [`judge`] from an observation, or by a person who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    intent: u64,
    ruling: Ruling,
    evidence: String,
    by: Option<Operator>,
}

impl Verdict {
    fn new(step: &DoubtfulStep, ruling: Ruling, evidence: impl Into<String>) -> Self {
        Self {
            intent: step.entry.intent,
            ruling,
            evidence: evidence.into(),
            by: None,
        }
    }

    /// A person's word where no observation can settle it. `reason` says what they looked at.
    pub fn by_person(step: &DoubtfulStep, ruling: Ruling, person: &Operator, reason: &str) -> Self {
        Self {
            by: Some(person.clone()),
            ..Self::new(step, ruling, format!("{} says: {reason}", person.user))
        }
    }

    pub const fn intent(&self) -> u64 {
        self.intent
    }

    pub const fn ruling(&self) -> &Ruling {
        &self.ruling
    }

    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// Who settled it, when it was a person.
    pub const fn by(&self) -> Option<&Operator> {
        self.by.as_ref()
    }
}

/// A step of which the journal does not know the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubtfulStep {
    pub(super) entry: StepEntry,
    /// When the doubt was found, on this run's clock: a wall clock set back must not keep a doubt alive for ever.
    pub(super) found: Moment,
    /// Since when it is known that no helm of this step is at work.
    pub(super) helmless: Option<Moment>,
}

impl DoubtfulStep {
    pub const fn entry(&self) -> &StepEntry {
        &self.entry
    }

    pub const fn act(&self) -> &Act {
        &self.entry.act
    }

    /// What the journal knows, in one sentence.
    pub fn stood(&self) -> &'static str {
        match &self.entry.stage {
            Stage::Intended => "approved and never cleared: it did not leave",
            Stage::Cleared => "cleared; that it was about to leave is not recorded",
            Stage::Sent => "sent; no answer is recorded",
            Stage::Ended(_) | Stage::Voided { .. } | Stage::Settled { .. } => "sent; the answer did not tell",
        }
    }

    /// What has to be looked at, in one sentence.
    pub fn observe(&self) -> String {
        if self.entry.stage == Stage::Intended {
            return "nothing: the journal itself is the evidence".to_owned();
        }
        let target = self.entry.act.target();
        match &self.entry.act {
            Act::Helm { helm, .. } => helm::observe(target, helm),
            Act::Task { task, .. } => task::observe(target, task),
            Act::Delete { .. } | Act::Evict { .. } => format!(
                "whether {} still exists with uid {}, and whether its deletionTimestamp is set",
                target.key, target.uid
            ),
            Act::ClearClaimRef { .. } => format!(
                "whether {} is still at resourceVersion {}, and whether its claimRef has a uid",
                target.key, target.resource_version
            ),
            Act::CreateClaim { step, .. } | Act::CreateClass { step, .. } | Act::CreateSet { step, .. } => {
                format!(
                    "whether {} exists, and whether its annotation {STEP} is {step}",
                    target.key
                )
            }
            Act::Scale { .. }
            | Act::RemoveFinalizer { .. }
            | Act::SetReclaimPolicy { .. }
            | Act::RetargetClaimRef { .. }
            | Act::Annotate { .. }
            | Act::Stamp { .. } => format!(
                "whether {} is still at resourceVersion {}, and whether it is as was asked: {}",
                target.key, target.resource_version, self.entry.act
            ),
        }
    }

    /// How long what was sent may go on when nobody waits for it: a request as long as a server works on one, helm until it
    /// has waited for everything it waits for.
    fn deadline(&self) -> Duration {
        match &self.entry.act {
            // it has ended, and what it asked for last may still be carried out
            Act::Helm { .. } if matches!(self.entry.stage, Stage::Ended(_)) => REQUEST_DEADLINE,
            Act::Helm { means, .. } => {
                let usual = Means {
                    program: Text::default(),
                    timeout: Means::TIMEOUT,
                };
                means.as_ref().unwrap_or(&usual).deadline() + REQUEST_DEADLINE
            }
            Act::Task { task, .. } => task.deadline() + REQUEST_DEADLINE,
            Act::Delete { .. }
            | Act::Evict { .. }
            | Act::Scale { .. }
            | Act::RemoveFinalizer { .. }
            | Act::SetReclaimPolicy { .. }
            | Act::ClearClaimRef { .. }
            | Act::RetargetClaimRef { .. }
            | Act::Annotate { .. }
            | Act::Stamp { .. }
            | Act::CreateClaim { .. }
            | Act::CreateClass { .. }
            | Act::CreateSet { .. } => REQUEST_DEADLINE,
        }
    }

    /// How long the server may still be busy with the request. Zero when it cannot be any more.
    fn may_be_under_way(&self, now: Now) -> Duration {
        let since = self.entry.sent.unwrap_or(self.entry.asked);
        let waited = now.since(since).max(self.found.age(now.mono));
        let left = self.deadline().saturating_sub(waited);
        match self.helmless {
            Some(gone) => left.min(REQUEST_DEADLINE.saturating_sub(gone.age(now.mono))),
            None => left,
        }
    }
}

/// The table of A4, row by row.
pub fn judge(step: &DoubtfulStep, observed: &Observed, now: Now) -> Verdict {
    if step.entry.stage == Stage::Intended {
        return Verdict::new(step, Ruling::NotApplied, "it was never cleared, so no request left");
    }
    let target = step.entry.act.target();
    match &step.entry.act {
        Act::Helm { helm, .. } => helm::judge(step, helm, observed, now),
        Act::Task { task, .. } => task::judge(step, task, observed, now),
        Act::Delete { .. } | Act::Evict { .. } => judge_delete(step, target, observed, now),
        Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => {
            judge_create(step, target, observed, now)
        }
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. } => judge_patch(step, target, observed, now),
    }
}

fn judge_delete(step: &DoubtfulStep, target: &Pin, observed: &Observed, now: Now) -> Verdict {
    let key = &target.key;
    match observed {
        Observed::Absent => Verdict::new(step, Ruling::Done, format!("{key} is gone; by whose hand is not known")),
        Observed::Object { uid, .. } if *uid != target.uid => Verdict::new(
            step,
            Ruling::Conflict,
            format!(
                "{key} with uid {} is gone, and another one with uid {uid} has its name: nothing is deleted, look first",
                target.uid
            ),
        ),
        Observed::Object {
            deleting: true,
            finalizers,
            ..
        } => Verdict::new(
            step,
            Ruling::Accepted,
            if finalizers.is_empty() {
                format!("{key} is Terminating; its kubelet has not confirmed yet")
            } else {
                format!("{key} is Terminating and waits for {}", finalizers.join(", "))
            },
        ),
        Observed::Object { uid, .. } => not_applied(
            step,
            now,
            &format!("{key} still has uid {uid} and no deletionTimestamp"),
        ),
        Observed::Release { .. } | Observed::Task { .. } => {
            unreachable_target(step, "something else was read in its place")
        }
        Observed::Unreachable { why } => unreachable_target(step, why),
    }
}

fn judge_patch(step: &DoubtfulStep, target: &Pin, observed: &Observed, now: Now) -> Verdict {
    let key = &target.key;
    match observed {
        // the last finalizer of what is being deleted takes the object with it
        Observed::Absent if matches!(step.entry.act, Act::RemoveFinalizer { .. }) => {
            Verdict::new(step, Ruling::Done, format!("{key} is gone; by whose hand is not known"))
        }
        Observed::Absent => Verdict::new(
            step,
            Ruling::Conflict,
            format!("{key} is gone, which the patch did not ask"),
        ),
        Observed::Object { uid, .. } if *uid != target.uid => Verdict::new(
            step,
            Ruling::Conflict,
            format!("another object with uid {uid} has the name of {key}"),
        ),
        Observed::Object { resource_version, .. } if *resource_version == target.resource_version => not_applied(
            step,
            now,
            &format!("{key} is still at resourceVersion {resource_version}"),
        ),
        Observed::Object {
            resource_version,
            image_equal: true,
            ..
        } => Verdict::new(
            step,
            Ruling::Done,
            format!("{key} is as the patch asked, at resourceVersion {resource_version}"),
        ),
        Observed::Object { resource_version, .. } => Verdict::new(
            step,
            Ruling::Conflict,
            format!(
                "{key} was changed otherwise: it is at resourceVersion {resource_version} and not as the patch asked"
            ),
        ),
        Observed::Release { .. } | Observed::Task { .. } => {
            unreachable_target(step, "something else was read in its place")
        }
        Observed::Unreachable { why } => unreachable_target(step, why),
    }
}

/// A create is told from another's by the step that is written on what it made.
fn judge_create(step: &DoubtfulStep, target: &Pin, observed: &Observed, now: Now) -> Verdict {
    let key = &target.key;
    match observed {
        Observed::Absent => not_applied(step, now, &format!("there is no {key}")),
        Observed::Object {
            uid, image_equal: true, ..
        } => Verdict::new(step, Ruling::Done, format!("{key}, uid {uid}, bears this step")),
        Observed::Object { uid, .. } => Verdict::new(
            step,
            Ruling::Conflict,
            format!("{key}, uid {uid}, is there and was not made by this step"),
        ),
        Observed::Release { .. } | Observed::Task { .. } => {
            unreachable_target(step, "something else was read in its place")
        }
        Observed::Unreachable { why } => unreachable_target(step, why),
    }
}

/// Nothing has changed: so it was not applied, unless the server is still at it. It cannot be when the journal has no
/// `sent`, which is on disk before a request may leave.
fn not_applied(step: &DoubtfulStep, now: Now, seen: &str) -> Verdict {
    if step.entry.stage == Stage::Cleared {
        return Verdict::new(
            step,
            Ruling::NotApplied,
            format!("{seen}, and no request left: `sent` is on disk before one does"),
        );
    }
    let left = step.may_be_under_way(now);
    if left.is_zero() {
        return Verdict::new(
            step,
            Ruling::NotApplied,
            format!("{seen}, and the request's deadline has passed"),
        );
    }
    Verdict::new(
        step,
        Ruling::StillInDoubt,
        format!(
            "{seen}; the server may still be working on the request, look again in {}",
            short_span(left + Duration::from_millis(999))
        ),
    )
}

fn unreachable_target(step: &DoubtfulStep, why: &str) -> Verdict {
    Verdict::new(
        step,
        Ruling::StillInDoubt,
        format!("{} could not be read: {why}", step.entry.act.target().key),
    )
}
