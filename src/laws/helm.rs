//! What does Helm do? Install, uninstall, upgrade and rollback, carried out on facts in Helm's own order, by the executor's version.
//!
//! A world and what was read of the release in; the requests Helm would send out, each with its reason, and the world as
//! they leave it. Between them the laws of Kubernetes run where Helm waits. Sources: `reference/semantics.md` §2 and §4,
//! `pkg/action/{install,uninstall,upgrade,rollback,hooks,validate}.go` and `pkg/kube/client.go` of Helm 3.22.0 and 4.3.1.

mod adoption;
mod hands;
mod history;
mod hooks;
mod immutable;
mod install;
mod marks;
mod merge;
mod order;
pub mod path_b;
mod rollback;
mod uninstall;
mod update;
mod upgrade;
mod version;

use super::{Conditions, Reaction, Reason};
use crate::model::act::HelmAct;
use crate::model::helm::{Address, Document};
use crate::model::{Key, Pin, Text, World};
use hands::Hands;
pub(crate) use history::LIMIT;

/// What Helm does to one object, or why it does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub address: Address,
    /// Where the world holds it, if it is of a kind the world holds; a record's own key.
    pub key: Option<Key>,
    pub deed: Deed,
    /// The law by its file: `helm_uninstall`.
    pub law: &'static str,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Delete,
    /// A DELETE is sent, and these finalizers hold it. Of a kind the world does not hold: of others the laws tell.
    Hang {
        finalizers: Vec<Text>,
    },
    /// It is not there: a 404 counts as done.
    Absent,
    Keep,
    Create,
    Patch {
        fields: Vec<Text>,
    },
    /// Helm or the API server refuses.
    Refuse {
        error: String,
    },
    /// A fact is missing on which the deed depends.
    Unknown {
        missing: String,
    },
}

/// What is heard while Helm is at work.
#[derive(Debug)]
pub enum Heard<'a> {
    Law(&'a Reaction),
    Helm(&'a Step),
    /// Something taken for granted that facts cannot tell.
    Granted(String),
}

/// Carries an act of Helm's out on the world.
pub fn act(
    world: &mut World,
    release: &Pin,
    act: &HelmAct,
    conditions: &Conditions,
    hear: &mut dyn FnMut(&World, Heard<'_>),
) {
    let law = match act {
        HelmAct::Install(_) => "helm_install",
        HelmAct::Uninstall(_) => "helm_uninstall",
        HelmAct::Upgrade(_) => "helm_upgrade",
        HelmAct::Rollback(_) => "helm_rollback",
    };
    let mut hands = Hands::new(world, conditions, release, law, hear);
    match act {
        HelmAct::Install(options) => install::install(&mut hands, options),
        HelmAct::Uninstall(options) => uninstall::uninstall(&mut hands, options),
        HelmAct::Upgrade(options) => upgrade::upgrade(&mut hands, options),
        HelmAct::Rollback(options) => rollback::rollback(&mut hands, options),
    }
}

/// What the API server says to the change of an object that is there, from one manifest's document of it to another's, as far
/// as what the world holds tells; `None` where it takes it, or nobody can tell.
pub fn refusal(world: &World, before: &Document, after: &Document) -> Option<String> {
    let fields: Vec<Text> = before.differences(after).into_iter().cloned().collect();
    let live = world.get(&after.address.key()?)?;
    immutable::Change {
        live: Some(live),
        firm: None,
        before: Some(before),
        document: after,
        fields: &fields,
    }
    .refusal(world)
}

/// Every object an act of Helm's may touch, as far as the records read name them: what has to be looked at live, and what
/// an excerpt of the world must hold.
pub fn reach(release: &Pin, act: &HelmAct, conditions: &Conditions, world: &World) -> Vec<Address> {
    let mut found = Vec::new();
    let mut take = |manifest: &crate::model::helm::Manifest, hooks: &[crate::model::helm::Hook]| {
        found.extend(manifest.documents.iter().map(|document| document.address.clone()));
        found.extend(hooks.iter().map(|hook| hook.document.address.clone()));
    };
    let ledger = &conditions.helm;
    let mut pins = vec![release.clone()];
    match act {
        HelmAct::Uninstall(_) => {}
        HelmAct::Install(options) => {
            if let Some(rendered) = ledger.rendered(&options.rendered) {
                take(rendered, &rendered.hooks);
                take(&crate::model::helm::Manifest::of(rendered.definitions.clone()), &[]);
            }
        }
        HelmAct::Upgrade(options) => {
            if let Some(rendered) = ledger.rendered(&options.rendered) {
                take(rendered, &rendered.hooks);
            }
            pins.extend(hands::revisions(world, release).map(|object| object.pin()));
        }
        HelmAct::Rollback(_) => pins.extend(hands::revisions(world, release).map(|object| object.pin())),
    }
    for pin in pins {
        if let Some(record) = ledger.record(&pin).and_then(|reading| reading.record()) {
            take(&record.manifest, &record.hooks);
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests;
