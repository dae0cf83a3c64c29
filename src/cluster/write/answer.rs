//! What an answer proves about an act: for a success the body decides, not the code (`reference/semantics.md` §3.1).

use crate::cluster::said::{self, Status};
use crate::journal::Outcome;
use crate::model::{Act, Object, Pin, Text};

/// A 2xx.
pub(super) fn succeeded(act: &Act, body: &[u8]) -> Outcome {
    match act {
        Act::Delete { target, .. } => deleted(target, body),
        Act::Evict { .. } => evicted(body),
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::CreateClaim { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. } => changed(act, body),
        Act::Helm { .. } | Act::Task { .. } => Outcome::InDoubt {
            why: "no single request of ours does that".to_owned(),
        },
    }
}

/// 404. Only a `Status` that names the target says that the target is gone; a path that leads nowhere says nothing.
pub(super) fn absent(act: &Act, body: &[u8], words: String) -> Outcome {
    let about_target = Status::read(body).is_some_and(|status| status.details.name == act.target().key.name.as_str());
    if !about_target {
        return Outcome::Refused { code: 404, why: words };
    }
    match act {
        Act::Delete { .. } | Act::Evict { .. } => Outcome::Done {
            evidence: format!("it was gone already, by whom is unknown: {words}"),
        },
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. } => Outcome::NotApplied {
            why: format!("the object is gone: {words}"),
        },
        Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => {
            Outcome::Refused { code: 404, why: words }
        }
        Act::Helm { .. } | Act::Task { .. } => Outcome::NotApplied { why: words },
    }
}

/// For a 422: that a `test` of a JSON patch did not hold is said without a name and without a reason, as seen on v1.36.3 and in
/// `apiserver/pkg/endpoints/handlers/patch.go`, `applyJSPatch`. What names the object is about its content.
pub(super) fn unprocessable(act: &Act, body: &[u8], words: String) -> Outcome {
    let nameless = Status::read(body).is_some_and(|status| status.details.name.is_empty());
    match act {
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
            if nameless =>
        {
            Outcome::Conflict {
                why: format!("a test in the patch did not hold, the object is not as it was shown: {words}"),
            }
        }
        Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::CreateClaim { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::Evict { .. }
        | Act::Helm { .. }
        | Act::Task { .. }
        | Act::Delete { .. } => Outcome::Refused { code: 422, why: words },
    }
}

/// An eviction is refused with 500 when more than one budget selects the pod.
pub(super) fn two_budgets(act: &Act, words: &str) -> bool {
    matches!(act, Act::Evict { .. }) && words.contains("more than one PodDisruptionBudget")
}

/// 2xx to an eviction. It is the answer to a `DELETE` that somebody else carries out: the pod is there until its node has
/// stopped it, unless nothing held it.
fn evicted(body: &[u8]) -> Outcome {
    match Status::read(body) {
        Some(status) if status.status == "Success" => Outcome::Accepted {
            evidence: "the eviction is granted".to_owned(),
            waits_for: vec![Text::from("its node to stop it")],
        },
        Some(_) | None => Outcome::InDoubt {
            why: format!("a success that does not say so: {}", said::words(body)),
        },
    }
}

/// 2xx to a patch or a create: the object that comes back is as was asked.
fn changed(act: &Act, body: &[u8]) -> Outcome {
    let doubt = |why: String| Outcome::InDoubt { why };
    let target = act.target();
    let object = match Object::decode(target.key.kind, body) {
        Ok(object) => object,
        Err(error) => return doubt(format!("the answer cannot be read: {error}")),
    };
    let uid = &object.meta.uid;
    if uid.is_empty() || object.meta.name != target.key.name || (!act.creates() && *uid != target.uid) {
        return doubt(format!("the answer is about uid {uid}, not {}", target.uid));
    }
    if !act.leaves(&object) {
        return doubt("the object came back without the change that was asked for".to_owned());
    }
    Outcome::Done {
        evidence: format!(
            "uid {uid} is as asked, resourceVersion {}",
            object.meta.resource_version
        ),
    }
}

/// 2xx to a DELETE. Source: `apiserver/pkg/registry/generic/registry/store.go`, `Delete`.
fn deleted(target: &Pin, body: &[u8]) -> Outcome {
    if let Some(status) = Status::read(body) {
        return if status.status == "Success" {
            Outcome::Done {
                evidence: "the server removed it".to_owned(),
            }
        } else {
            Outcome::InDoubt {
                why: format!(
                    "a success that says {:?}: {}",
                    said::plain(&status.status),
                    said::words(body)
                ),
            }
        };
    }
    let meta = match Object::decode(target.key.kind, body) {
        Ok(object) if object.meta.uid == target.uid => object.meta,
        Ok(object) => {
            return Outcome::InDoubt {
                why: format!("the answer is about uid {}, not {}", object.meta.uid, target.uid),
            };
        }
        Err(error) => {
            return Outcome::InDoubt {
                why: format!("the answer cannot be read: {error}"),
            };
        }
    };
    let grace = meta.deletion_grace_period_seconds.unwrap_or(0);
    let Some(since) = meta.deletion_timestamp else {
        return Outcome::Done {
            evidence: "the server removed it and returned its last state".to_owned(),
        };
    };
    if meta.finalizers.is_empty() && grace == 0 {
        return Outcome::Done {
            evidence: format!("the server removed it at {since} and returned its last state"),
        };
    }
    let mut waits_for = meta.finalizers.to_vec();
    if grace > 0 {
        waits_for.insert(0, Text::from(format!("its node to stop it, within {grace}s")));
    }
    Outcome::Accepted {
        evidence: format!("deletionTimestamp {since}"),
        waits_for,
    }
}
