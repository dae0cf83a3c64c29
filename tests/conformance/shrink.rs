//! Makes a failing case small: parts are left out one by one, for as long as it still fails on the real control plane.

use crate::case::Case;
use crate::slot::Slot;

/// The smallest case found that still goes wrong.
pub(crate) async fn shrink(slot: &Slot, case: &Case) -> Result<Case, String> {
    let mut case = case.clone();
    while let Some(smaller) = smaller(slot, &case).await? {
        case = smaller;
    }
    Ok(case)
}

async fn smaller(slot: &Slot, case: &Case) -> Result<Option<Case>, String> {
    for candidate in candidates(case) {
        if slot.play(&candidate, &|_| {}).await?.wrong().is_some() {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// Everything that has one part less: acts from the end, objects, fields. Several objects at once come first.
fn candidates(case: &Case) -> Vec<Case> {
    let mut found = Vec::new();
    for at in (0..case.acts.len()).rev() {
        let mut less = case.clone();
        less.acts.remove(at);
        if !less.acts.is_empty() {
            found.push(less);
        }
    }
    for many in [case.lines.len() / 2, case.lines.len() / 4, 1] {
        for at in (0..case.lines.len()).step_by(many.max(1)).rev() {
            if many > 1 || case.lines.len() > 1 {
                let mut less = case.clone();
                less.lines.drain(at..(at + many.max(1)).min(case.lines.len()));
                found.push(less);
            }
        }
    }
    for at in (0..case.hands.len()).rev() {
        let mut less = case.clone();
        less.hands.remove(at);
        found.push(less);
    }
    for at in (0..case.members.len()).rev() {
        let mut less = case.clone();
        less.members.remove(at);
        found.push(less);
    }
    for (at, member) in case.members.iter().enumerate() {
        for field in 0..member.fields.len() {
            let mut less = case.clone();
            less.members[at].fields.remove(field);
            found.push(less);
        }
    }
    for (at, line) in case.lines.iter().enumerate() {
        for field in 0..line.fields.len() {
            let mut less = case.clone();
            less.lines[at].fields.remove(field);
            found.push(less);
        }
    }
    found.dedup();
    found
}
