//! A claim or a class that is not there yet: whether the server makes it, and which volume a claim gets.

use super::super::course::Futures;
use super::super::{Entry, Outcome};
use crate::laws::Reason;
use crate::laws::absence::lists;
use crate::model::storage::{ClaimPhase, ReclaimPolicy};
use crate::model::{Act, Key, Kind, Object, Uid, World};

/// Why the server would refuse to make it; `lacks` is what it finds wrong with the object itself.
pub(super) fn refusal(world: &World, key: &Key, lacks: Option<&'static str>) -> Option<(Outcome, Reason)> {
    let refused = |error: String, reason: Reason| Some((Outcome::Rejected { error }, reason));
    if let Some(held) = world.get(key) {
        let reason = Reason::new(format!("{key} is there already, and a create never replaces"));
        return refused(
            format!("409 AlreadyExists: {} {:?} already exists", key.kind.plural(), key.name),
            reason.seen(key, "metadata.uid", held.meta.uid.to_string()),
        );
    }
    if !lists(world, key.kind, &key.namespace) {
        let missing = format!("whether {key} exists");
        return Some((
            Outcome::Unknown { missing },
            Reason::new("a create is refused when something of its name is there"),
        ));
    }
    let invalid = || {
        let reason = Reason::new(format!("the API server validates {}", key.kind.plural()));
        lacks.and_then(|why| refused(format!("422 Invalid: {why}"), reason))
    };
    if key.namespace.is_empty() {
        return invalid();
    }
    let namespace = Key::cluster(Kind::Namespace, &key.namespace);
    match world.get(&namespace) {
        Some(held) if held.meta.deleting() => {
            let reason = Reason::new(format!("{namespace} is being deleted and takes nothing new"));
            refused(
                format!(
                    "403 Forbidden: unable to create new content in namespace {} because it is being terminated",
                    key.namespace
                ),
                reason.seen(&namespace, "status.phase", "Terminating"),
            )
        }
        None if lists(world, Kind::Namespace, "") => refused(
            format!("404 NotFound: namespaces {:?} not found", key.namespace),
            Reason::new(format!("{namespace} does not exist")),
        ),
        Some(_) | None => invalid(),
    }
}

/// What the new claim, class or set comes to.
pub(in crate::forecast) fn created(futures: &Futures<'_>, object: &Object) -> Entry {
    let key = object.key();
    if let Act::CreateClass { draft, .. } = futures.act {
        return Entry {
            object: key,
            uid: Uid::default(),
            outcome: Outcome::Created,
            law: "api_server".into(),
            reason: Reason::new(format!(
                "claims of this class get their disks from {}; what is bound already stays as it is",
                draft.provisioner
            ))
            .into(),
        };
    }
    if let Act::CreateSet { draft, .. } = futures.act
        && key.kind == Kind::StatefulSet
    {
        let classes = draft.classes();
        let classes = classes
            .iter()
            .map(|(name, class)| format!("{name} of class {}", class.unwrap_or("by default")));
        return Entry {
            object: key,
            uid: Uid::default(),
            outcome: Outcome::Created,
            law: "api_server".into(),
            reason: Reason::new(format!(
                "it adopts the pods of its name and selector as they run; claims that are there stay, and one that is made from now \
                 on is {}",
                classes.collect::<Vec<_>>().join(", ")
            ))
            .into(),
        };
    }
    let facts = object.body.claim();
    let wanted = facts.map(|claim| claim.spec.volume_name.clone()).unwrap_or_default();
    let bound = facts.is_some_and(|claim| claim.status.phase == ClaimPhase::Bound);
    let volume = Key::cluster(Kind::PersistentVolume, &wanted);
    let reason = match (bound, futures.before.get(&volume)) {
        (true, Some(held)) => {
            let handle = held
                .body
                .volume()
                .map(|volume| volume.spec.handle())
                .unwrap_or_default();
            let reason = Reason::new(format!(
                "it is bound to {volume} and has the disk {handle}, with what is on it"
            ));
            match held.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref()) {
                Some(claim) => reason.seen(&volume, "spec.claimRef", format!("{}/{}", claim.namespace, claim.name)),
                None => reason.seen(&volume, "status.phase", "Available"),
            }
        }
        (true, None) => {
            let made = futures.after.get(&volume).and_then(|held| held.body.volume());
            let policy = made.map_or(ReclaimPolicy::Unknown, |made| {
                made.spec.persistent_volume_reclaim_policy
            });
            Reason::new(format!(
                "a new, empty disk is provisioned for it ({}); its policy is {}",
                made.map(|made| made.spec.storage_class_name.as_str())
                    .unwrap_or_default(),
                policy.word()
            ))
        }
        (false, _) => Reason::new(waits(futures, &wanted)),
    };
    Entry {
        object: key,
        uid: Uid::default(),
        outcome: Outcome::Created,
        law: "binding".into(),
        reason: reason.into(),
    }
}

/// Why it stays Pending, in words.
fn waits(futures: &Futures<'_>, wanted: &str) -> String {
    if wanted.is_empty() {
        return "it stays Pending: no volume fits it, and nothing provisions one now".to_owned();
    }
    let key = Key::cluster(Kind::PersistentVolume, wanted);
    let volume = futures.before.get(&key).and_then(|held| held.body.volume());
    match volume {
        None => format!("it stays Pending: it asks for {key}, which is not there"),
        Some(volume) => match &volume.spec.claim_ref {
            Some(claim) => format!(
                "it stays Pending: it asks for {key}, which belongs to {}/{}",
                claim.namespace, claim.name
            ),
            None => format!(
                "it stays Pending: it asks for {key}, which does not fit it (class, size, modes) or is not Available"
            ),
        },
    }
}
