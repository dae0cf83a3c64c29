//! One target of an update that is there: how it differs from the manifest, and what comes of changing it.

use super::Course;
use super::drift::{drift, shown};
use crate::laws::Reason;
use crate::laws::helm::hands::{Before, Hands};
use crate::laws::helm::{Deed, immutable, marks};
use crate::model::helm::{Document, Stamp, firm};
use crate::model::{Object, Text};
use std::sync::Arc;

/// Labels and annotations, as a field.
const MARKS: &str = "metadata.annotations";

/// What became of a target that is there.
pub(super) enum Target {
    Done,
    /// The server refuses the change, with helm's words for it.
    Refused(String),
    /// Nobody can say which of the two it is.
    Contested,
}

pub(super) fn target(hands: &mut Hands<'_>, course: &Course<'_>, document: &Document, stamp: &Stamp) -> Target {
    let found = Finding::of(hands, course, document, stamp);
    if found.fields.is_empty() {
        return Target::Done;
    }
    if course.server_side && !found.others.is_empty() {
        return Target::Refused(conflict(hands, document, &found.others));
    }
    if let Some(error) = found.refusal(hands) {
        let reason = Reason::new(
            "the manifest changes a field that the API server does not let change; the other objects are changed all the same, nothing is deleted, and the new revision is failed",
        );
        hands.step(document, Deed::Refuse { error: error.clone() }, reason);
        return Target::Refused(format!(
            "cannot patch {:?} with kind {}: {error}",
            document.address.name, document.address.kind
        ));
    }
    if let Some(missing) = found.unseen(hands) {
        let reason = Reason::new("it is adopted, and what the manifest says of such a field must be what is there");
        hands.step(document, Deed::Unknown { missing }, reason);
        return Target::Contested;
    }
    if let Some(missing) = found.contest(course) {
        let reason = Reason::new("the live value is not that of the stored manifest");
        hands.step(document, Deed::Unknown { missing }, reason);
        return Target::Contested;
    }
    let before = match found.original {
        Some(original) => Before::Stated(original),
        None if found.from_live => Before::Live,
        None => Before::Nothing,
    };
    hands.patch(document, before, course.owner, &found.fields, found.reason());
    Target::Done
}

/// A live object against the manifests.
struct Finding<'a> {
    document: &'a Document,
    original: Option<&'a Document>,
    live: Option<Arc<Object>>,
    /// What the manifest changes: everything, where it lists the object for the first time.
    changed: Vec<Text>,
    /// What hands have changed since.
    drifted: Vec<Text>,
    /// Marks are not as helm states them.
    marked: bool,
    /// Marks that somebody else has set to another value.
    others: Vec<String>,
    /// All that an update sets.
    fields: Vec<Text>,
    /// It is being deleted.
    going: bool,
    /// The patch is made from the live object: what the document does not state is taken out.
    from_live: bool,
}

impl<'a> Finding<'a> {
    fn of(hands: &Hands<'_>, course: &Course<'a>, document: &'a Document, stamp: &Stamp) -> Self {
        let live = document.address.key().and_then(|key| hands.world.get(&key).cloned());
        let original = course.old.find(&document.address);
        let changed: Vec<Text> = match original {
            Some(original) => original.differences(document).into_iter().cloned().collect(),
            None => document.prints.keys().cloned().collect(),
        };
        let drifted = live.as_deref().map(|live| drift(live, document)).unwrap_or_default();
        let held = marks::Found {
            live: live.as_deref(),
            stamp,
        };
        let marked = marks::drift(&held, original, document, course.owner);
        let mut fields = changed.clone();
        fields.extend(drifted.iter().filter(|field| !changed.contains(field)).cloned());
        if !marked.is_empty() && !fields.iter().any(|field| field == MARKS) {
            fields.push(MARKS.into());
        }
        Self {
            document,
            original,
            live,
            changed,
            drifted,
            marked: !marked.is_empty(),
            others: marked.others,
            fields,
            going: stamp.deleting,
            from_live: course.from_live && !course.server_side && original.is_none(),
        }
    }

    /// The server's refusal, if it refuses.
    fn refusal(&self, hands: &Hands<'_>) -> Option<String> {
        let change = immutable::Change {
            live: self.live.as_deref(),
            firm: hands.firm(&self.document.address).and_then(Result::ok),
            before: self.original,
            document: self.document,
            fields: &self.changed,
        };
        change.refusal(hands.world).or_else(|| {
            let live = self.live.as_deref().filter(|_| self.from_live)?;
            immutable::stripped(live, self.document)
        })
    }

    /// What is missing to tell whether the server takes the change of a field that cannot change, where the live object was
    /// asked for and did not come.
    fn unseen(&self, hands: &Hands<'_>) -> Option<String> {
        let kind = self.document.address.kind.as_str();
        let firm = self.original.is_none() && self.changed.iter().any(|field| firm::frozen(kind, field));
        let why = hands.firm(&self.document.address)?.err().filter(|_| firm)?;
        Some(format!(
            "what of {} the API server does not let change: {why}",
            self.document.address
        ))
    }

    /// What is missing to tell whether a server-side apply ends in a conflict, where it may.
    fn contest(&self, course: &Course<'_>) -> Option<String> {
        let by_hand = self.drifted.iter().filter(|field| !self.changed.contains(field));
        let by_hand: Vec<&str> = by_hand.map(Text::as_str).collect();
        (course.server_side && self.original.is_some() && !by_hand.is_empty()).then(|| {
            format!(
                "which field manager set {} of {}: if it was not helm, the server-side apply ends in a conflict",
                by_hand.join(", "),
                self.document.address
            )
        })
    }

    fn reason(&self) -> Reason {
        let mut by_hand: Vec<&str> = self.drifted.iter().map(Text::as_str).collect();
        by_hand.extend(self.marked.then_some(MARKS));
        let text = match (self.original.is_some(), by_hand.is_empty()) {
            (false, _) => "it is adopted: the manifest lists it for the first time, and it is there already".to_owned(),
            (true, true) => "the manifest changes it".to_owned(),
            (true, false) => format!(
                "the manifest sets it, and what was changed by hand ({}) goes back to the manifest's",
                by_hand.join(", ")
            ),
        };
        let mut reason = Reason::new(text);
        if self.from_live && self.going {
            reason.text.push_str(
                "; it is patched from its live state, which takes off every finalizer that the manifest does not state: it is being deleted, and goes at once, whoever uses it",
            );
        }
        let Some(live) = self.live.as_deref() else {
            return reason;
        };
        for field in &self.drifted {
            reason = reason.seen(&live.key(), field, shown(live, field));
        }
        reason
    }
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
