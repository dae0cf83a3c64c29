//! The phase that upgrade and rollback share: every target made or changed, then what dropped out deleted
//! (`reference/semantics.md` §2.4; `pkg/kube/client.go` `update`).

use super::hands::{Before, Hands};
use super::uninstall::evident;
use super::{Deed, immutable, marks};
use crate::laws::Reason;
use crate::model::helm::{Document, Live, Manifest, RESOURCE_POLICY, Record, Stamp};
use crate::model::{Object, Propagation, Text};
use std::sync::Arc;

/// Labels and annotations, as a field.
const MARKS: &str = "metadata.annotations";

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
        let missing = "whether a server-side apply ends in a conflict".to_owned();
        let reason = Reason::new("a conflict fails the revision, and nothing that it drops is deleted");
        hands.about_release(Deed::Unknown { missing }, reason);
    }
    Ok(())
}

/// What became of a target that is there.
enum Target {
    Done,
    /// The server refuses the change, with helm's words for it.
    Refused(String),
    /// Nobody can say which of the two it is.
    Contested,
}

/// Whether what the new manifest drops is deleted depends on a conflict that cannot be foretold.
fn doubted(hands: &mut Hands<'_>, document: &Document) {
    if matches!(hands.look(&document.address), Live::There(_)) {
        let missing = "whether a server-side apply of another object ends in a conflict".to_owned();
        let reason = Reason::new("the new manifest drops it, and a revision that fails deletes nothing");
        hands.step(document, Deed::Unknown { missing }, reason);
    }
}

/// One target that is there.
fn target(hands: &mut Hands<'_>, course: &Course<'_>, document: &Document, stamp: &Stamp) -> Target {
    let live = document.address.key().and_then(|key| hands.world.get(&key).cloned());
    let original = course.old.find(&document.address);
    let changed: Vec<Text> = match original {
        Some(original) => original.differences(document).into_iter().cloned().collect(),
        None => document.prints.keys().cloned().collect(),
    };
    let mut drifted = live.as_deref().map(|live| drift(live, document)).unwrap_or_default();
    let found = marks::Found {
        live: live.as_deref(),
        stamp,
    };
    let marked = marks::drift(&found, original, document, course.owner);
    let mut fields: Vec<Text> = changed
        .iter()
        .cloned()
        .chain(drifted.iter().filter(|field| !changed.contains(field)).cloned())
        .collect();
    if !marked.is_empty() && !fields.iter().any(|field| field == MARKS) {
        fields.push(MARKS.into());
    }
    if fields.is_empty() {
        return Target::Done;
    }
    if course.server_side && !marked.others.is_empty() {
        return Target::Refused(conflict(hands, document, &marked.others));
    }
    let stripped = course.from_live && !course.server_side && original.is_none();
    let refusal =
        immutable::refusal(hands.world, live.as_deref(), document, &changed, original.is_none()).or_else(|| {
            let live = live.as_deref().filter(|_| stripped)?;
            immutable::stripped(live, document)
        });
    if let Some(error) = refusal {
        let reason = Reason::new(
            "the manifest changes a field that the API server does not let change; the other objects are changed all the same, nothing is deleted, and the new revision is failed",
        );
        hands.step(document, Deed::Refuse { error: error.clone() }, reason);
        return Target::Refused(format!(
            "cannot patch {:?} with kind {}: {error}",
            document.address.name, document.address.kind
        ));
    }
    let by_hand: Vec<Text> = drifted
        .iter()
        .filter(|field| original.is_none() || !changed.contains(field))
        .cloned()
        .collect();
    if course.server_side && original.is_some() && !by_hand.is_empty() {
        let missing = format!(
            "which field manager set {} of {}: if it was not helm, the server-side apply ends in a conflict",
            by_hand.iter().map(Text::as_str).collect::<Vec<_>>().join(", "),
            document.address
        );
        hands.step(
            document,
            Deed::Unknown { missing },
            Reason::new("the live value is not that of the stored manifest"),
        );
        return Target::Contested;
    }
    if !marked.is_empty() {
        drifted.push(MARKS.into());
    }
    let text = match (original.is_some(), drifted.is_empty()) {
        (false, _) => "it is adopted: the manifest lists it for the first time, and it is there already".to_owned(),
        (true, true) => "the manifest changes it".to_owned(),
        (true, false) => format!(
            "the manifest sets it, and what was changed by hand ({}) goes back to the manifest's",
            drifted.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")
        ),
    };
    let mut reason = Reason::new(text);
    if stripped && live.as_deref().is_some_and(|live| live.meta.deleting()) {
        reason.text.push_str(
            "; it is patched from its live state, which takes off every finalizer that the manifest does not state: it is being deleted, and goes at once, whoever uses it",
        );
    }
    if let Some(live) = &live {
        for field in drifted.iter().filter(|field| *field != MARKS) {
            reason = reason.seen(&live.key(), field, shown(live, field));
        }
    }
    let before = match original {
        Some(original) => Before::Stated(original),
        None if stripped => Before::Live,
        None => Before::Nothing,
    };
    hands.patch(document, before, course.owner, &fields, reason);
    Target::Done
}

/// Marks that somebody else has set since belong to him: the server does not let helm set them otherwise.
fn conflict(hands: &mut Hands<'_>, document: &Document, others: &[String]) -> String {
    let address = &document.address;
    let error = format!(
        "conflict occurred while applying object {}/{} {}, Kind={}: Apply failed with {} conflicts: {}",
        address.namespace,
        address.name,
        address.api_version,
        address.kind,
        others.len(),
        others.join(", ")
    );
    let reason = Reason::new(
        "somebody else has set what the manifest states otherwise; the other objects are changed all the same, nothing is deleted, and the new revision is failed",
    );
    hands.step(document, Deed::Refuse { error: error.clone() }, reason);
    error
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
            hands.delete(document, Propagation::Background, reason);
        }
    }
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

/// The fields in which the live object is not as the document states, of those that facts tell.
fn drift(live: &Object, document: &Document) -> Vec<Text> {
    let Some(facts) = &document.object else {
        return Vec::new();
    };
    let mut laid = Object::clone(live);
    super::merge::onto(&mut laid, facts, false);
    [
        ("spec.replicas", differs(live, &laid, replicas)),
        ("spec.resources", differs(live, &laid, requested)),
        ("spec.persistentVolumeReclaimPolicy", differs(live, &laid, policy)),
        ("spec.suspend", differs(live, &laid, suspended)),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(field, _)| Text::from(field))
    .collect()
}

fn differs<T: PartialEq>(one: &Object, other: &Object, read: impl Fn(&Object) -> T) -> bool {
    read(one) != read(other)
}

fn replicas(object: &Object) -> Option<u32> {
    let set = object.body.stateful_set().map(|set| set.spec.replicas);
    set.unwrap_or_else(|| object.body.replicated().and_then(|set| set.spec.replicas))
}

fn requested(object: &Object) -> Option<crate::model::storage::Resources> {
    object.body.claim().map(|claim| claim.spec.resources.clone())
}

fn policy(object: &Object) -> Option<&'static str> {
    let volume = object.body.volume();
    volume.map(|volume| volume.spec.persistent_volume_reclaim_policy.word())
}

fn suspended(object: &Object) -> Option<bool> {
    let job = object.body.job().map(|job| job.spec.suspend);
    job.or_else(|| object.body.cron_job().map(|cron| cron.spec.suspend))
}

/// A live value as evidence.
fn shown(live: &Arc<Object>, field: &str) -> String {
    match field {
        "spec.replicas" => replicas(live).map_or_else(|| "(absent)".to_owned(), |count| count.to_string()),
        "spec.suspend" => suspended(live).unwrap_or(false).to_string(),
        "spec.persistentVolumeReclaimPolicy" => policy(live).unwrap_or("(absent)").to_owned(),
        _ => format!("{:?}", requested(live).and_then(|asked| asked.requests.storage)),
    }
}
