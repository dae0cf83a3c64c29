//! How many revisions helm keeps: before the record of the next one is written, the oldest go (`pkg/storage/storage.go`
//! `Create`, `removeLeastRecent`), and with them what could be rolled back to. An upgrade and a rollback do so, an install does not.
//!
//! The limit is `--history-max`, else `HELM_MAX_HISTORY`, else 10. Pilothouse sends no `--history-max`, and its helm hears no
//! `HELM_MAX_HISTORY` of the operator's (`cluster::process`): it is always 10.

use super::hands::{Hands, revisions};
use crate::laws::Reason;
use crate::model::Key;

/// `defaultMaxHistory` in `pkg/cli/environment.go`, of helm 3 and 4.
pub(crate) const LIMIT: usize = 10;

/// Makes room for one more record: the oldest go, whatever their status, but never the last that is labelled deployed.
pub(super) fn make_room(hands: &mut Hands<'_>) {
    let all: Vec<(u32, Key, bool)> = revisions(hands.world, hands.release)
        .filter_map(|object| {
            let facts = object.body.release()?;
            Some((facts.revision, object.key(), facts.status == "deployed"))
        })
        .collect();
    let deployed = all.iter().rev().find(|(.., deployed)| *deployed);
    let deployed = deployed.map(|(revision, ..)| *revision);
    let surplus = (all.len() + 1).saturating_sub(LIMIT);
    let count = all.len().to_string();
    let oldest = all.iter().filter(|(revision, ..)| Some(*revision) != deployed);
    for (revision, key, _) in oldest.take(surplus) {
        let text = format!(
            "helm keeps {LIMIT} revisions and makes room for the next one: nobody can roll back to revision {revision} any more"
        );
        let reason = Reason::new(text)
            .seen(key, "metadata.labels[version]", revision.to_string())
            .seen(&hands.release.key, "revisions", count.clone());
        hands.purge(key, reason);
    }
}
