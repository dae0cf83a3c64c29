//! How long is waited for rest after which act. Knows how often the controllers look that no event wakes.

use std::time::Duration;

use pilothouse::model::storage::VolumePhase;
use pilothouse::model::{Key, Kind, World};

use crate::case::{Deed, Verb};
use crate::mirror::Patience;

/// The binder looks at everything again every second; what has not moved for longer, and is as the laws leave it, rests.
pub(super) const PATIENCE: Patience = Patience {
    quiet: Duration::from_millis(1500),
    // a Job makes its next pod ten seconds after one has failed, twenty after the second, forty after the third
    grace: Duration::from_secs(45),
    deadline: Duration::from_mins(2),
};
/// Pod garbage collection looks every 20 s, and waits 40 s for a node to come back.
const NODE_PATIENCE: Patience = Patience {
    grace: Duration::from_secs(90),
    deadline: Duration::from_mins(3),
    ..PATIENCE
};
/// The attach/detach controller looks once a minute whether what it attached is attached still.
const ATTACHMENT_PATIENCE: Patience = Patience {
    quiet: Duration::from_secs(75),
    grace: Duration::from_secs(80),
    deadline: Duration::from_mins(4),
};
/// The attach/detach controller looks once a minute whether the pods it attached volumes for are there.
const FORSAKEN_PATIENCE: Patience = Patience {
    grace: Duration::from_secs(80),
    deadline: Duration::from_mins(4),
    ..PATIENCE
};

/// What counts as rest after an act.
pub(super) fn patience(deed: &Deed, before: &World) -> Patience {
    match (&deed.verb, deed.kind) {
        (Verb::Delete(_), Kind::Node) => NODE_PATIENCE,
        (Verb::Delete(_), Kind::VolumeAttachment) => ATTACHMENT_PATIENCE,
        _ if forsaken(before) => FORSAKEN_PATIENCE,
        _ => PATIENCE,
    }
}

/// Whether a volume is attached whose claim it has lost: when its pod goes, the attach/detach controller cannot tell at once
/// which volume that had.
fn forsaken(world: &World) -> bool {
    let mut attachments = world.of_kind(Kind::VolumeAttachment);
    attachments.any(|object| {
        let attachment = object.body.attachment().expect("an attachment");
        let name = &attachment.spec.source.persistent_volume_name;
        let volume = world.get(&Key::cluster(Kind::PersistentVolume, name));
        let volume = volume.and_then(|object| object.body.volume());
        volume.is_none_or(|volume| volume.status.phase != VolumePhase::Bound)
    })
}
