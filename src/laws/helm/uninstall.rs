//! `helm uninstall` (`reference/semantics.md` §2.2, §2.8, §4; `pkg/action/uninstall.go`).

use super::hands::{Hands, revisions};
use super::{Deed, hooks, order, version};
use crate::laws::Reason;
use crate::model::act::Uninstall;
use crate::model::helm::{Address, Document, Event, Live, RESOURCE_POLICY, Record};
use crate::model::{Key, Pin, Text};

pub(super) fn uninstall(hands: &mut Hands<'_>, options: &Uninstall) {
    let release = hands.release;
    let all: Vec<Pin> = revisions(hands.world, release).map(|object| object.pin()).collect();
    if all.last().is_some_and(|newest| newest.key != release.key) {
        let error = "helm acts on the newest revision, and this is not it".to_owned();
        return hands.about_release(Deed::Refuse { error }, Reason::new("name the newest revision"));
    }
    let Some(record) = hands.record() else { return };
    hands.server_side = record.apply_method == "ssa";
    let all: Vec<Key> = all.into_iter().map(|pin| pin.key).collect();
    let status_seen = |text: String| Reason::new(text).seen(&release.key, "info.status", record.status.as_str());
    if record.status == "uninstalled" {
        if options.keep_history {
            let error = format!("the release named {:?} is already deleted", record.name);
            return hands.about_release(
                Deed::Refuse { error },
                status_seen("it was uninstalled before".to_owned()),
            );
        }
        return purge(
            hands,
            &all,
            &status_seen("it was uninstalled before: only its history goes".to_owned()),
        );
    }
    if !options.no_hooks
        && let Err(error) = hooks::run(hands, &record.hooks, Event::PreDelete, options.executor)
    {
        let text = format!(
            "{error}: nothing is deleted, and the release stays uninstalling; an upgrade is refused from then on"
        );
        return hands.mark(&release.key, "uninstalling", Reason::new(text));
    }
    let deleted = match delete_all(hands, &record, options) {
        Ok(Some(deleted)) => deleted,
        Ok(None) => return,
        Err(why) => {
            let text = format!("{why}: nothing is deleted, and the release stays uninstalling");
            return hands.mark(&release.key, "uninstalling", Reason::new(text));
        }
    };
    if options.wait {
        hands.wait();
        timed_out(hands, &deleted);
    }
    if !options.no_hooks
        && let Err(error) = hooks::run(hands, &record.hooks, Event::PostDelete, options.executor)
    {
        hands.grant(format!(
            "helm ends with an error ({error}); its record goes all the same"
        ));
    }
    remains(hands, &record);
    if options.keep_history {
        let reason =
            Reason::new("--keep-history: every record stays, and the name can be installed again with --replace");
        hands.mark(&release.key, "uninstalled", reason);
        for key in all.iter().filter(|key| **key != release.key) {
            let deployed = hands.world.get(key).and_then(|object| object.body.release());
            if deployed.is_some_and(|facts| facts.status == "deployed") {
                hands.mark(
                    key,
                    "superseded",
                    Reason::new("an older revision that was still called deployed"),
                );
            }
        }
    } else {
        purge(
            hands,
            &all,
            &Reason::new(
                "without --keep-history every revision's record goes, and with them what the release was made of",
            ),
        );
    }
}

fn purge(hands: &mut Hands<'_>, all: &[Key], reason: &Reason) {
    for key in all {
        hands.purge(key, reason.clone());
    }
}

/// Sorts the stored documents into kept, not owned and deleted, and deletes, which it gives back; an error leaves all of them
/// alone. Nothing: nobody can say which of the two it will be.
fn delete_all<'a>(
    hands: &mut Hands<'_>,
    record: &'a Record,
    options: &Uninstall,
) -> Result<Option<Vec<&'a Document>>, String> {
    if let Some(broken) = record.manifest.broken.first() {
        return Err(format!("the stored manifest is broken ({broken}), and helm gives up"));
    }
    let sorted = order::uninstall(&record.manifest.documents, options.executor);
    let going: Vec<&Document> = sorted
        .iter()
        .copied()
        .filter(|document| document.policy.is_none())
        .collect();
    for document in sorted.iter().filter(|document| document.policy.is_some()) {
        spared(hands, document);
    }
    let unserved = going
        .iter()
        .find(|document| hands.look(&document.address) == Live::Unserved);
    if let Some(lost) = unserved.map(|document| document.address.clone()) {
        unmapped(hands, &going, &lost);
        return Ok(None);
    }
    // 4.3 looks at all of them before it deletes the first
    let verdicts: Vec<(&Document, Verdict)> = going
        .into_iter()
        .map(|document| (document, verdict(hands, record, document, options)))
        .collect();
    let mut deleted = Vec::new();
    for (document, verdict) in verdicts {
        match verdict {
            Verdict::Delete(reason) => {
                hands.delete(document, options.cascade, reason);
                deleted.push(document);
            }
            Verdict::Leave(deed, reason) => hands.step(document, deed, reason),
        }
    }
    Ok(Some(deleted))
}

/// One kind is not served: a helm that must ask the server gives up before the first deletion; one whose discovery cache
/// still knows the kind gets a 404 for it, passes that over, and deletes the rest. Seen both ways on 3.22.0 and 4.3.1.
fn unmapped(hands: &mut Hands<'_>, going: &[&Document], lost: &Address) {
    let missing = format!(
        "whether the operator's helm still has {} {} in its discovery cache (~/.kube/cache, kept for hours)",
        lost.api_version, lost.kind
    );
    let text = format!(
        "{lost} is of an API that is not served any more: helm gives up with \"no matches for kind {:?}\" and deletes nothing, \
         unless its cache still knows it; then it deletes everything else",
        lost.kind
    );
    for document in going {
        let reason = Reason {
            text: text.clone(),
            ..manifest_names(hands.release, document)
        };
        let missing = missing.clone();
        hands.step(document, Deed::Unknown { missing }, reason);
    }
    hands.about_release(Deed::Unknown { missing }, Reason::new(text));
}

/// A document with a stored policy: `keep` is kept and said; anything else is in neither of Helm's lists.
fn spared(hands: &mut Hands<'_>, document: &Document) {
    let policy = document.policy.clone().unwrap_or_default();
    let text = if document.kept() {
        "the stored manifest says keep, which every version of helm honours at uninstall".to_owned()
    } else {
        format!(
            "the stored manifest's policy {policy:?} is neither absent nor keep: helm neither deletes it nor says so"
        )
    };
    let field = format!("manifest {} metadata.annotations[{RESOURCE_POLICY}]", document.address);
    let reason = Reason::new(text).seen(&hands.release.key, &field, policy.as_str());
    hands.step(document, Deed::Keep, reason);
}

enum Verdict {
    Delete(Reason),
    Leave(Deed, Reason),
}

/// Whether a document without a stored policy is deleted: the one point on which versions differ.
fn verdict(hands: &Hands<'_>, record: &Record, document: &Document, options: &Uninstall) -> Verdict {
    let live = hands.look(&document.address);
    let named = manifest_names(hands.release, document);
    let Some(executor) = options.executor else {
        return either(record, document, &live, named);
    };
    let keep = live_keep(&live);
    if !version::checks_ownership(executor) {
        let mut text = format!("the stored manifest lists it without a policy, and {executor} looks at nothing else");
        if disowned(record, &live).is_some() {
            text.push_str(": that the live object is not this release's any more is ignored before 4.3");
        }
        return Verdict::Delete(with_keep(Reason { text, ..named }, document, keep));
    }
    match &live {
        Live::Absent => Verdict::Leave(
            Deed::Absent,
            Reason {
                text: "it is gone already, which helm passes over".to_owned(),
                ..named
            },
        ),
        Live::Unknown { why } => Verdict::Leave(
            Deed::Unknown { missing: why.clone() },
            Reason {
                text: format!("{executor} deletes only what is this release's"),
                ..named
            },
        ),
        Live::Unserved | Live::There(_) => {
            if let Some(why) = disowned(record, &live) {
                let text = format!("{executor} leaves what is not this release's: {why}");
                return Verdict::Leave(Deed::Keep, evident(Reason { text, ..named }, document, &live));
            }
            let text = format!(
                "the stored manifest lists it without a policy, and the live object is this release's, which {executor} looks at"
            );
            Verdict::Delete(with_keep(Reason { text, ..named }, document, keep))
        }
    }
}

/// The version is not known: an answer only where all versions agree.
fn either(record: &Record, document: &Document, live: &Live, named: Reason) -> Verdict {
    match live {
        Live::Absent => Verdict::Leave(
            Deed::Absent,
            Reason {
                text: "it is gone already".to_owned(),
                ..named
            },
        ),
        Live::There(_) | Live::Unserved if disowned(record, live).is_none() => {
            let text = "the stored manifest lists it without a policy, and the live object is this release's: every version of helm deletes it";
            Verdict::Delete(with_keep(
                Reason {
                    text: text.to_owned(),
                    ..named
                },
                document,
                live_keep(live),
            ))
        }
        Live::There(_) | Live::Unserved | Live::Unknown { .. } => Verdict::Leave(
            Deed::Unknown {
                missing:
                    "the version of helm: before 4.3 it deletes this, from 4.3 on it leaves what is not the release's"
                        .to_owned(),
            },
            evident(named, document, live),
        ),
    }
}

/// `keep` on the live object alone saves it from no version's uninstall.
fn with_keep(mut reason: Reason, document: &Document, keep: Option<Text>) -> Reason {
    let Some(keep) = keep else { return reason };
    reason
        .text
        .push_str("; the live keep does not count at uninstall, in any version");
    match document.address.key() {
        Some(key) => reason.seen(&key, &format!("metadata.annotations[{RESOURCE_POLICY}]"), keep.as_str()),
        None => reason,
    }
}

fn live_keep(live: &Live) -> Option<Text> {
    match live {
        Live::There(stamp) => stamp.policy.clone(),
        Live::Absent | Live::Unserved | Live::Unknown { .. } => None,
    }
}

fn disowned(record: &Record, live: &Live) -> Option<String> {
    match live {
        Live::There(stamp) => stamp.disowned(&record.name, &record.namespace),
        Live::Absent | Live::Unserved | Live::Unknown { .. } => None,
    }
}

/// The stamp of the live object as evidence.
pub(super) fn evident(reason: Reason, document: &Document, live: &Live) -> Reason {
    use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
    let (Live::There(stamp), Some(key)) = (live, document.address.key()) else {
        return reason;
    };
    let said = |value: &Option<Text>| {
        value
            .as_ref()
            .map_or_else(|| "(absent)".to_owned(), ToString::to_string)
    };
    reason
        .seen(&key, &format!("metadata.labels[{MANAGED_BY}]"), said(&stamp.managed_by))
        .seen(
            &key,
            &format!("metadata.annotations[{RELEASE_NAME}]"),
            said(&stamp.release_name),
        )
        .seen(
            &key,
            &format!("metadata.annotations[{RELEASE_NAMESPACE}]"),
            said(&stamp.release_namespace),
        )
}

/// The stored document as evidence.
pub(super) fn manifest_names(release: &Pin, document: &Document) -> Reason {
    let policy = document.policy.as_ref().map_or("(absent)", |policy| policy.as_str());
    let field = format!("manifest {} metadata.annotations[{RESOURCE_POLICY}]", document.address);
    Reason::new("the stored manifest lists it").seen(&release.key, &field, policy)
}

/// `--wait` gives up after its timeout, and the record goes all the same.
fn timed_out(hands: &mut Hands<'_>, deleted: &[&Document]) {
    let left: Vec<String> = deleted
        .iter()
        .filter(|document| matches!(hands.look(&document.address), Live::There(stamp) if stamp.deleting))
        .map(|document| document.address.to_string())
        .collect();
    if !left.is_empty() {
        hands.grant(format!(
            "--wait gives up on {} after its timeout and ends with an error; the record goes all the same",
            left.join(", ")
        ));
    }
}

/// Objects of hooks, of whatever event, are nobody's: an uninstall leaves them (trap 9).
fn remains(hands: &mut Hands<'_>, record: &Record) {
    for hook in &record.hooks {
        let document = &hook.document;
        let listed = record.manifest.find(&document.address).is_some();
        let there = matches!(hands.look(&document.address), Live::There(stamp) if !stamp.deleting);
        if !listed && there {
            let events: Vec<&str> = hook.events.iter().map(|event| event.word()).collect();
            let field = format!("hooks {} events", document.address);
            let reason = Reason::new("it is a hook, and an uninstall never deletes hooks").seen(
                &hands.release.key,
                &field,
                events.join(","),
            );
            hands.step(document, Deed::Keep, reason);
        }
    }
}
