//! How does each object of a release's stored manifest stand: there or gone, whose, kept or not, and who else names it?
//!
//! On the record of one revision, what is live, and what other releases' records name. Says `keep` where it counts and
//! where it does not. Sources: `reference/semantics.md` §2.2, §2.3, §2.5, traps 1–5, 14–18.

use super::finding::Severity;
use super::look::Look;
use super::phrase;
use crate::model::helm::{Address, Claims, Document, Home, Live, Record, Stamp};
use crate::model::{Kind, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One object of a stored manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub object: Address,
    pub life: Life,
    pub keep: Keep,
    /// Other releases whose deployed manifest names it too.
    pub claimed_by: Vec<Home>,
    /// What is to be known of it, the worst first.
    pub notes: Vec<Note>,
}

/// Whether it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Life {
    Live,
    Deleting,
    Gone,
    /// The server does not serve its API: helm refuses the whole release (trap 12).
    Unserved,
    /// Denied, not answered, not listed: it is not known.
    Unknown {
        why: String,
    },
}

impl Life {
    /// One word for a table.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Deleting => "Terminating",
            Self::Gone => "gone",
            Self::Unserved => "not served",
            Self::Unknown { .. } => "not known",
        }
    }
}

/// `helm.sh/resource-policy`, where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", content = "value", rename_all = "camelCase")]
pub enum Keep {
    None,
    /// In the stored manifest: an uninstall leaves the object.
    Stored,
    /// In the stored manifest, but not the word `keep`: an uninstall leaves the object and says nothing of it.
    StoredOther(Text),
    /// On the live object alone: an uninstall does not read it.
    LiveOnly(Text),
}

impl Keep {
    /// One word for a table.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "–",
            Self::Stored => "keep",
            Self::StoredOther(_) => "odd",
            Self::LiveOnly(_) => "live only",
        }
    }
}

/// One thing to be known, and how much it matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub severity: Severity,
    pub sentence: String,
}

/// Every object of a record's manifest, in the manifest's order. `asked` holds those of kinds the world does not hold.
pub fn standings(
    look: Look<'_>,
    home: &Home,
    record: &Record,
    asked: &BTreeMap<Address, Live>,
    claims: &Claims,
) -> Vec<Standing> {
    record
        .manifest
        .documents
        .iter()
        .map(|document| standing(look, home, document, asked, claims))
        .collect()
}

fn standing(
    look: Look<'_>,
    home: &Home,
    document: &Document,
    asked: &BTreeMap<Address, Live>,
    claims: &Claims,
) -> Standing {
    let live = live(look, &document.address, asked);
    let stamp = match &live {
        Live::There(stamp) => Some(stamp),
        Live::Absent | Live::Unserved | Live::Unknown { .. } => None,
    };
    let keep = keep(document, stamp);
    let claimed_by = claims.of(&document.address, home);
    let mut notes = Vec::new();
    let mut note = |severity, sentence: Option<String>| {
        notes.extend(sentence.map(|sentence| Note { severity, sentence }));
    };
    note(Severity::Blocked, rivals(home, &claimed_by, stamp));
    note(Severity::Warned, policy(&keep));
    note(Severity::Warned, stamp.and_then(|stamp| stranger(home, stamp)));
    note(Severity::Warned, takes_others(look, home, document));
    note(Severity::Clean, (keep == Keep::Stored).then(|| kept(document, stamp)));
    if let Live::Unknown { why } = &live {
        note(Severity::Clean, Some(why.clone()));
    }
    Standing {
        object: document.address.clone(),
        life: life(live),
        keep,
        claimed_by,
        notes,
    }
}

/// The live object, from the world where it holds the kind, else from what was asked.
pub fn live(look: Look<'_>, address: &Address, asked: &BTreeMap<Address, Live>) -> Live {
    let Some(key) = address.key() else {
        return asked.get(address).cloned().unwrap_or_else(|| Live::Unknown {
            why: "not looked at yet".to_owned(),
        });
    };
    match look.world.get(&key) {
        Some(object) => Live::There(Stamp::of(&object.meta)),
        None if look.gone(&key) => Live::Absent,
        None => Live::Unknown {
            why: look.gap(key.kind, &key.namespace).unwrap_or_default(),
        },
    }
}

fn life(live: Live) -> Life {
    match live {
        Live::There(stamp) if stamp.deleting => Life::Deleting,
        Live::There(_) => Life::Live,
        Live::Absent => Life::Gone,
        Live::Unserved => Life::Unserved,
        Live::Unknown { why } => Life::Unknown { why },
    }
}

fn keep(document: &Document, stamp: Option<&Stamp>) -> Keep {
    match (&document.policy, stamp.and_then(|stamp| stamp.policy.as_ref())) {
        (Some(_), _) if document.kept() => Keep::Stored,
        (Some(policy), _) => Keep::StoredOther(policy.clone()),
        (None, Some(live)) => Keep::LiveOnly(live.clone()),
        (None, None) => Keep::None,
    }
}

fn policy(keep: &Keep) -> Option<String> {
    match keep {
        Keep::None | Keep::Stored => None,
        Keep::StoredOther(policy) => Some(format!(
            "the stored policy is {policy:?} and not keep: an uninstall leaves it, and helm does not say so"
        )),
        Keep::LiveOnly(policy) => Some(format!(
            "{policy} stands on the live object only, where an uninstall does not read it: an uninstall DELETES it; only an \
             upgrade or rollback that drops it would leave it"
        )),
    }
}

/// Kept by the stored manifest, and where that does not help.
fn kept(document: &Document, stamp: Option<&Stamp>) -> String {
    let live = stamp.and_then(|stamp| stamp.policy.as_ref());
    let exact = live.is_some_and(|policy| policy == "keep");
    let stored = document.policy.as_deref().unwrap_or_default();
    match (stamp.is_some(), exact) {
        (true, false) => format!(
            "an uninstall leaves it ({stored:?} is stored); an upgrade or rollback that drops it reads the live object, which \
             does not say keep, and deletes it"
        ),
        _ => "keep is stored: an uninstall leaves it".to_owned(),
    }
}

/// Another release names the object as well: whichever is uninstalled first takes it from the other.
fn rivals(home: &Home, claimed_by: &[Home], stamp: Option<&Stamp>) -> Option<String> {
    if claimed_by.is_empty() {
        return None;
    }
    let mut all: Vec<String> = claimed_by.iter().map(ToString::to_string).collect();
    all.insert(0, home.to_string());
    let owner = match stamp.and_then(|stamp| Some((stamp.release_namespace.as_ref()?, stamp.release_name.as_ref()?))) {
        Some((namespace, name)) => format!("it bears the stamp of {namespace}/{name}"),
        None => "it bears no release's stamp".to_owned(),
    };
    Some(format!(
        "{} name it in what they have deployed: an uninstall of one takes it from the other (helm up to 4.2 whoever's stamp \
         it bears); {owner}",
        phrase::and(&all)
    ))
}

/// The live object is not this release's by its label and annotations.
fn stranger(home: &Home, stamp: &Stamp) -> Option<String> {
    let why = stamp.disowned(&home.name, &home.namespace)?;
    let whose = match (&stamp.release_namespace, &stamp.release_name) {
        (Some(namespace), Some(name)) if (name, namespace) != (&home.name, &home.namespace) => {
            format!("is {namespace}/{name}'s by its stamp")
        }
        _ => "does not bear this release's stamp".to_owned(),
    };
    Some(format!(
        "{whose}: helm 3 and helm 4 before 4.3 delete it all the same with an uninstall, helm 4.3 leaves it ({why})"
    ))
}

/// A class that stands in one release's manifest and serves others.
fn takes_others(look: Look<'_>, home: &Home, document: &Document) -> Option<String> {
    let address = &document.address;
    if !address.namespace.is_empty() || document.kept() {
        return None;
    }
    if address.key().is_some_and(|key| key.kind == Kind::StorageClass) {
        let users: Vec<&Text> = look
            .world
            .of_kind(Kind::PersistentVolumeClaim)
            .filter(|claim| claim.meta.namespace != home.namespace)
            .filter(|claim| {
                let class = claim
                    .body
                    .claim()
                    .and_then(|claim| claim.spec.storage_class_name.as_ref());
                class == Some(&address.name)
            })
            .map(|claim| &claim.meta.namespace)
            .collect();
        let places: BTreeSet<&&Text> = users.iter().collect();
        return (!users.is_empty()).then(|| {
            format!(
                "it serves the whole cluster: {} in {} name this class, and an uninstall takes it from them",
                phrase::count(users.len(), "claim"),
                phrase::names(places, 3)
            )
        });
    }
    match address.kind.as_str() {
        "CustomResourceDefinition" => {
            Some("an uninstall deletes it, and with it every object of its kind in every namespace".to_owned())
        }
        "Namespace" => Some("an uninstall deletes the namespace, and with it everything that lives in it".to_owned()),
        _ => None,
    }
}

/// The label of a record says one status and its payload another: helm lists by the label and decides by the payload
/// (traps 22 and 23).
pub fn mislabelled(label: &str, record: &Record) -> Option<String> {
    (label != record.status).then(|| {
        format!(
            "its label says {label:?} and its payload {:?}: helm finds it by the label, and what may be done next goes by the \
             payload",
            record.status
        )
    })
}

#[cfg(test)]
mod tests;
