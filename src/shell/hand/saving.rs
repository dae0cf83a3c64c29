//! What is kept of a cluster before an act changes it.

use crate::gate::Approved;
use crate::journal::Intent as _;
use crate::model::{Act, Key, Kind};

/// What is kept before an act: its target; of a claim that is not there yet, the volume it asks for; of Helm's, what it
/// touches.
pub(super) fn worth(approved: &Approved) -> Vec<Key> {
    match approved.act() {
        Act::CreateClaim { draft, .. } => {
            let volume = &draft.volume_name;
            (!volume.is_empty())
                .then(|| Key::cluster(Kind::PersistentVolume, volume))
                .into_iter()
                .collect()
        }
        // nothing of it is there yet
        Act::CreateClass { .. } | Act::CreateSet { .. } => Vec::new(),
        // its newest record's metadata, and every claim and volume it touches
        Act::Helm { .. } => {
            let installs = approved.act().creates();
            let pins = approved.pins().iter().skip(usize::from(installs));
            pins.map(|pin| pin.key.clone()).collect()
        }
        act => vec![act.target().key.clone()],
    }
}
