//! Raft clusters: quorum, leader, and each peer, as they said when they were last asked.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::raft::{Worry, object, worries};
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::raft::Picture;
use std::time::Duration;

/// What was said longer ago says nothing of now.
pub(crate) const STALE: Duration = Duration::from_mins(1);

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    judged(look, ward, "raft", |worry| !worry.of_quorum)
}

/// What worries of the clusters of a ward, as findings of this rule, which tells some of the worries and not others.
pub(super) fn judged(look: Look<'_>, ward: &Ward<'_>, rule: &'static str, tells: fn(&Worry) -> bool) -> Vec<Finding> {
    let soundings = &look.conditions.raft;
    if soundings.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for namespace in ward.namespaces() {
        for roster in soundings.rosters(look.world, namespace) {
            let Some(sounding) = soundings.get(&roster.id) else {
                continue;
            };
            let Some(picture) = Picture::of(&roster, sounding).filter(|picture| picture.at.age(look.now.mono) < STALE)
            else {
                continue;
            };
            for worry in worries(&picture, &picture.concerns(sounding)).into_iter().filter(tells) {
                let key = object(&roster.id, &worry);
                let reason = Reason::new("what the peers themselves say").seen(
                    &key,
                    "raft",
                    super::super::raft::tolerance(&picture),
                );
                let gist = match worry.severity {
                    Severity::Blocked => Gist::new("raft alarm", "at once"),
                    Severity::Warned | Severity::Clean => Gist::new("raft finding", "on peers"),
                };
                found.push(finding(rule, worry.severity, key, worry.sentence, reason, gist));
            }
        }
    }
    found
}
