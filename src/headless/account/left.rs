//! What is left to do after a run, each since when.

use crate::model::Act;
use crate::model::storage::ReclaimPolicy;
use crate::runbook::Run;
use crate::runbook::chronicle::Story;
use crate::runbook::deed::Deed;
use crate::runbook::progress::{Event, State, Went};
use crate::runbook::step::Undo;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How long what was kept for the way back is worth keeping before somebody looks at it again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One thing that is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// Since when it is so.
    pub since: Timestamp,
    /// When somebody should look at it.
    pub due: Timestamp,
    pub what: String,
}

/// What is left, the soonest first.
pub(super) fn left(run: &Run, story: &Story) -> Vec<Left> {
    let last = story.came.last().map_or(story.began, |kept| kept.at);
    let mut all = Vec::new();
    if let Some(course) = run.progress.current() {
        let told = format!(
            "the run is not over: step {} is {}; take it up with `pilothouse run --resume`",
            course.id,
            course.state.word()
        );
        all.push(now(last, told));
    }
    for course in &run.progress.steps {
        match &course.state {
            State::Skipped { .. } => all.push(now(
                last,
                format!("step {} was left out: what it does is undone", course.id),
            )),
            State::InDoubt { .. } | State::Waived { .. } => {
                all.push(now(
                    last,
                    format!("the end of step {} was not seen: look at it", course.id),
                ));
            }
            State::Waiting
            | State::NotNeeded { .. }
            | State::Acting
            | State::Verifying { .. }
            | State::Done
            | State::Stopped { .. } => {}
        }
        let done = course
            .acts
            .iter()
            .filter(|taken| matches!(taken.went, Went::Over { .. }));
        for taken in done {
            let at = ended(story, &course.id).unwrap_or(last);
            if let Some(what) = follow_up(&taken.act).or_else(|| old_volume(run, &taken.act)) {
                all.push(Left {
                    since: at,
                    due: at.checked_add(LOOK_AGAIN).unwrap_or(at),
                    what,
                });
            }
        }
        if course.left_traces()
            && run.progress.aborted.is_some()
            && let Some(Undo::Manual(how)) = run.named(&course.id).map(|step| &step.undo)
        {
            all.push(now(last, format!("the way back of step {}: {how}", course.id)));
        }
    }
    all.sort_by(|one, other| (one.due, &one.what).cmp(&(other.due, &other.what)));
    all
}

const fn now(at: Timestamp, what: String) -> Left {
    Left {
        since: at,
        due: at,
        what,
    }
}

/// When the step's last act stood.
fn ended(story: &Story, step: &str) -> Option<Timestamp> {
    let own = story
        .came
        .iter()
        .rev()
        .filter(|kept| kept.step.as_deref() == Some(step));
    own.filter(|kept| matches!(kept.event, Event::Ended { .. }))
        .map(|kept| kept.at)
        .next()
}

/// The volume that a claim leaves behind which is not made again on it, where an inventory tells which one it was.
fn old_volume(run: &Run, act: &Act) -> Option<String> {
    let Act::Delete { target, .. } = act else { return None };
    // a run that makes its claims again gives their volumes back to them
    let remade = run.resolved.runbook.steps.iter().filter_map(|step| step.deed.as_ref());
    if !run.resolved.runbook.asks_raft() || remade.into_iter().any(|deed| matches!(deed, Deed::RemakeClaims(_))) {
        return None;
    }
    let inventory = run.progress.inventory()?;
    let mut claims = inventory.claims.iter();
    let entry = claims.find(|entry| entry.claim_uid == target.uid)?;
    Some(format!(
        "{} of {} is kept, Released, by policy Retain: it holds what was there before; destroy it with released-pv-cleanup when \
         nobody needs it",
        entry.volume_key(),
        target.key
    ))
}

/// What an act leaves behind for somebody.
fn follow_up(act: &Act) -> Option<String> {
    let key = &act.target().key;
    match act {
        Act::SetReclaimPolicy {
            policy: ReclaimPolicy::Retain,
            ..
        } => Some(format!(
            "{key} was set to Retain: deleting its claim frees no disk any more; decide whether that stays so"
        )),
        Act::CreateClaim { .. } => Some(format!(
            "{key} was made by hand: check that the new release's next upgrade takes it as it is"
        )),
        Act::SetReclaimPolicy { .. }
        | Act::Delete { .. }
        | Act::Evict { .. }
        | Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Helm { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::Task { .. } => None,
    }
}
