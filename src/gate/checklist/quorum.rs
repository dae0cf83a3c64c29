//! Raft: what the act does to a quorum. Known, or it blocks; a quorum that is lost is signed for.

use super::Sight;
use crate::diagnose::Found;
use crate::forecast::QuorumEnd;
use crate::gate::item::Item;
use crate::model::Kind;

/// What becomes of every quorum is known; nothing where no raft peer is touched.
pub(super) fn sensed(sight: Sight<'_>) -> Option<Item> {
    let told = &sight.forecast.quorum;
    if told.is_empty() {
        return None;
    }
    let unknown: Vec<&str> = told
        .iter()
        .filter_map(|told| match &told.end {
            QuorumEnd::Unknown { missing } => Some(missing.as_str()),
            QuorumEnd::Kept { .. } | QuorumEnd::Assumed { .. } | QuorumEnd::Broken | QuorumEnd::Lost => None,
        })
        .collect();
    let found = if unknown.is_empty() {
        let said = told.iter().map(|told| {
            let end = match &told.end {
                QuorumEnd::Kept { tolerance } => format!("kept, {tolerance} more may fail"),
                QuorumEnd::Assumed { tolerance, .. } => format!("kept if every pod votes, {tolerance} more may fail"),
                QuorumEnd::Broken => "BROKEN".to_owned(),
                QuorumEnd::Lost => "lost already".to_owned(),
                QuorumEnd::Unknown { .. } => String::new(),
            };
            format!(
                "{}: {} of {} voters left, {} decide: {end}",
                told.ensemble, told.left, told.voters, told.quorum
            )
        });
        Found::yes(said.collect::<Vec<_>>().join("; "))
    } else {
        Found::untold(unknown.join("; "))
    };
    Some(Item::sensed(
        "raft.quorum",
        "what becomes of the raft quorum is known",
        found,
        sight.fresh(&[Kind::Pod, Kind::StatefulSet]),
        "the peers themselves: raft configuration, health",
    ))
}

/// Every quorum that the act breaks, or that is lost already, has to be signed for.
pub(super) fn lost(sight: Sight<'_>) -> Option<Item> {
    let broken: Vec<&str> = sight
        .forecast
        .quorum
        .iter()
        .filter(|told| told.end.breaks())
        .map(|told| told.ensemble.as_str())
        .collect();
    (!broken.is_empty()).then(|| {
        Item::to_attest(
            "raft.quorum-lost",
            format!(
                "{} is meant to be without a quorum, and its data is safe elsewhere",
                broken.join(", ")
            ),
        )
    })
}
