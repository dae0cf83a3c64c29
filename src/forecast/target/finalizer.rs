//! One finalizer taken off by hand: what its controller had still to do is never done (§3.11).

use super::super::course::Futures;
use super::super::{Outcome, holders, volume};
use crate::laws::Reason;
use crate::laws::change::{FOREGROUND, ORPHAN};
use crate::model::storage::{
    EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, PV_CONTROLLER, PV_PROTECTION, PVC_PROTECTION,
};
use crate::model::workload::JOB_TRACKING;
use crate::model::{Object, Text};

/// The finalizers whose loss the laws can tell.
const MODELLED: [&str; 7] = [
    PVC_PROTECTION,
    PV_PROTECTION,
    EXTERNAL_PROVISIONER,
    PV_CONTROLLER,
    FOREGROUND,
    ORPHAN,
    JOB_TRACKING,
];

/// The finalizer remembers that a disk may still be attached: without it two nodes may write to one disk.
pub(in crate::forecast) fn loses_attachment(finalizer: &str) -> bool {
    finalizer.starts_with(EXTERNAL_ATTACHER_PREFIX)
}

/// Why the patch would be refused.
pub(super) fn refusal(object: &Object, finalizer: &Text) -> Option<(Outcome, Reason)> {
    let key = object.key();
    if !object.meta.has_finalizer(finalizer) {
        let held = object.meta.finalizers.join(", ");
        let error = format!("422 Invalid: the patch tests metadata.finalizers, and {finalizer} is not there");
        let reason = Reason::new(format!("{key} does not carry it")).seen(&key, "metadata.finalizers", held);
        return Some((Outcome::Rejected { error }, reason));
    }
    None
}

/// What nobody can say of a finalizer's loss: whether its controller had still something to clean up. What the laws make of
/// the object without it they tell all the same.
pub(in crate::forecast) fn untold(finalizer: &str) -> Option<String> {
    let told = MODELLED.contains(&finalizer) || loses_attachment(finalizer);
    (!told).then(|| format!("what the controller of {finalizer} has still to do"))
}

/// What becomes of the object itself.
pub(super) fn stripped(futures: &Futures<'_>, object: &Object, finalizer: &Text) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let seen = |text: String| Reason::new(text).seen(&key, "metadata.finalizers", object.meta.finalizers.join(", "));
    let law = futures.trace.last(&key).map_or("api_server", |step| step.law);
    let Some(then) = futures.then(object) else {
        if let Some((outcome, reason)) = object
            .body
            .volume()
            .and_then(|facts| volume::fate(futures, object, facts))
        {
            return (
                outcome,
                law,
                reason.seen(&key, "metadata.finalizers", finalizer.as_str()),
            );
        }
        let text = format!("with {finalizer} goes what held its deletion; {}", lost(finalizer));
        return (Outcome::Deleted, law, seen(text));
    };
    if then.meta.has_finalizer(finalizer) {
        let text = format!("its controller puts {finalizer} back at once: nothing is gained");
        return (Outcome::Kept, law, seen(text));
    }
    if then.meta.deleting() {
        let holders = holders::of(&futures.after, futures.conditions, then);
        let text = format!("{finalizer} goes and others hold it still; {}", lost(finalizer));
        return (Outcome::Hangs { holders }, law, seen(text));
    }
    let fields = vec![format!("metadata.finalizers: without {finalizer}")];
    (Outcome::Patched { fields }, law, seen(lost(finalizer).to_owned()))
}

/// What a strip loses, in one clause.
fn lost(finalizer: &str) -> &'static str {
    match finalizer {
        PVC_PROTECTION => "pods that use the claim go on without it, and its volume's policy runs while they write",
        PV_PROTECTION => "a claim that is bound to it is Lost",
        EXTERNAL_PROVISIONER | PV_CONTROLLER => "the disk behind it is left, and nothing in the cluster remembers it",
        FOREGROUND => "its dependents are deleted after it, in the background",
        ORPHAN => "dependents that were not let go yet are deleted",
        JOB_TRACKING => "its Job may miscount and run one pod more",
        attacher if loses_attachment(attacher) => {
            "that it may still be attached is forgotten: two nodes may write to one disk"
        }
        _ => "Pilothouse does not know its controller: whatever that had still to clean up is never done",
    }
}
