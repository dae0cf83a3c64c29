//! The phase that upgrade and rollback share: every target made or changed, then what dropped out deleted
//! (`reference/semantics.md` §2.4; `pkg/kube/client.go` `update`).

mod drift;
mod target;

use super::Deed;
use super::hands::Hands;
use super::uninstall::evident;
use crate::laws::Reason;
use crate::model::helm::{Document, Live, Manifest, RESOURCE_POLICY, Record};
use crate::model::{Kind, Object, Propagation, Text};
use target::{Target, target};

/// What the phase goes by.
pub(super) struct Course<'a> {
    /// What was applied before, objects that were adopted now among it.
    pub(super) old: &'a Manifest,
    pub(super) new: &'a Manifest,
    /// Whose the objects become.
    pub(super) owner: &'a Record,
    /// The server applies (`ssa`): what another field manager has set since is a conflict.
    pub(super) server_side: bool,
    /// What the old manifest does not list is patched from its live state, not from the new manifest.
    pub(super) from_live: bool,
}

/// Why Helm cannot even build the objects: a kind of the old or the new manifest that the server does not serve.
pub(super) fn unserved(hands: &mut Hands<'_>, manifest: &Manifest, prefix: &str) -> bool {
    let missing = manifest
        .documents
        .iter()
        .find(|document| hands.look(&document.address) == Live::Unserved);
    let Some(document) = missing else { return false };
    let address = &document.address;
    let missing = format!(
        "whether the operator's helm still has {} {} in its discovery cache (~/.kube/cache, kept for hours)",
        address.api_version, address.kind
    );
    let text = format!(
        "{address} is of an API that is not served any more: unless its cache still knows it, helm gives up with \"{prefix}\""
    );
    hands.about_release(Deed::Unknown { missing }, Reason::new(text));
    true
}

/// `--wait`: everybody else goes on, and what helm waits for is taken to become ready in time.
pub(super) fn waited(hands: &mut Hands<'_>) {
    hands.wait();
    hands.grant("what --wait waits for; it is taken to be ready within its timeout");
}

/// Carries it out. An error is Helm's own: what was done until then stays done, nothing is deleted.
pub(super) fn update(hands: &mut Hands<'_>, course: &Course<'_>) -> Result<(), String> {
    let mut errors = Vec::new();
    let mut contested = false;
    for document in &course.new.documents {
        match hands.look(&document.address) {
            Live::Absent => {
                let text = if course.old.find(&document.address).is_some() {
                    "the manifest lists it and it is not there: helm makes it again"
                } else {
                    "it is new in the manifest"
                };
                hands
                    .create(document, Some(course.owner), Reason::new(text))
                    .map_err(|error| format!("failed to create resource: {error}"))?;
            }
            Live::There(stamp) => match target(hands, course, document, &stamp) {
                Target::Done => {}
                Target::Refused(error) => errors.push(error),
                Target::Contested => contested = true,
            },
            Live::Unserved => {}
            Live::Unknown { why } => {
                let reason = Reason::new("whether it is made or changed depends on whether it is there");
                hands.step(document, Deed::Unknown { missing: why }, reason);
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors.join(" && "));
    }
    for document in &course.old.documents {
        if course.new.find(&document.address).is_none() {
            if contested {
                doubted(hands, document);
            } else {
                dropped(hands, course, document);
            }
        }
    }
    if contested {
        let missing = "whether the server takes what the manifest changes".to_owned();
        let reason = Reason::new("what it does not take fails the revision, and nothing that it drops is deleted");
        hands.about_release(Deed::Unknown { missing }, reason);
    }
    Ok(())
}

/// Whether what the new manifest drops is deleted depends on a conflict that cannot be foretold.
fn doubted(hands: &mut Hands<'_>, document: &Document) {
    if matches!(hands.look(&document.address), Live::There(_)) {
        let missing = "whether the server takes the change of another object".to_owned();
        let reason = Reason::new("the new manifest drops it, and a revision that fails deletes nothing");
        hands.step(document, Deed::Unknown { missing }, reason);
    }
}

/// An object that the new manifest does not list any more: here alone the *live* annotation counts, to the letter.
fn dropped(hands: &mut Hands<'_>, course: &Course<'_>, document: &Document) {
    let live = hands.look(&document.address);
    let flipped = course.new.find_hook(&document.address).is_some();
    match &live {
        Live::Absent | Live::Unserved => {}
        Live::Unknown { why } => {
            let reason = Reason::new("the new manifest drops it, and its live policy decides");
            hands.step(document, Deed::Unknown { missing: why.clone() }, reason);
        }
        Live::There(stamp) if stamp.policy.as_deref() == Some("keep") => {
            let reason = policy_seen(
                "the new manifest drops it, and the live object says keep",
                document,
                stamp.policy.as_ref(),
            );
            hands.step(document, Deed::Keep, reason);
        }
        Live::There(stamp) => {
            let text = match (&stamp.policy, flipped) {
                (_, true) => "it is a hook in the new revision and was a plain object in the old one: the update deletes what bears its name, the hook's own object".to_owned(),
                (Some(policy), false) => format!("the new manifest drops it, and its live policy {policy:?} is not exactly \"keep\""),
                (None, false) => "the new manifest drops it, and the live object does not say keep; whose it is, nobody asks".to_owned(),
            };
            let reason = evident(policy_seen(&text, document, stamp.policy.as_ref()), document, &live);
            if let Some(race) = raced(hands, document) {
                hands.grant(race);
            }
            hands.delete(document, Propagation::Background, reason);
        }
    }
}

/// A claim that is dropped under pods of a template that changed just before: the first of them may be placed before it is being
/// deleted, as a Deployment's were in five plays of five (seen by conformance), and no fact decides it.
fn raced(hands: &Hands<'_>, document: &Document) -> Option<String> {
    let claim = document
        .address
        .key()
        .filter(|key| key.kind == Kind::PersistentVolumeClaim)?;
    let names = |object: &Object| {
        let set = object.body.replicated().filter(|set| set.spec.foreseen);
        set.is_some_and(|set| {
            let mut volumes = set.spec.template.spec.volumes.iter();
            volumes.any(|volume| {
                let named = volume.persistent_volume_claim.as_ref();
                named.is_some_and(|named| named.claim_name == claim.name)
            })
        })
    };
    let mut sets = [Kind::Deployment, Kind::DaemonSet]
        .into_iter()
        .flat_map(|kind| hands.world.in_namespace(kind, &claim.namespace));
    let set = sets.find(|object| names(object))?;
    Some(format!(
        "whether the first new pods of {} are placed before {claim} is being deleted; they are taken to wait for it",
        set.key()
    ))
}

fn policy_seen(text: &str, document: &Document, policy: Option<&Text>) -> Reason {
    let reason = Reason::new(text);
    match document.address.key() {
        Some(key) => reason.seen(
            &key,
            &format!("metadata.annotations[{RESOURCE_POLICY}]"),
            policy.map_or("(absent)", |policy| policy.as_str()),
        ),
        None => reason,
    }
}
