//! One act carried out on the store: what `laws::helm` says is done to each object, in its order; and the records of it.

use super::chart::{self, Chart};
use super::records::{Revision, documents, forget, record, revisions};
use super::words::{Verb, Words};
use super::{NAME, VERSION};
use crate::laws::Conditions;
use crate::laws::helm::{self, Deed, Heard, Step};
use crate::model::act::{HelmAct, Install, Rollback, Uninstall, Upgrade};
use crate::model::helm::{
    Address, Driver, Firm, Home, Ledger, Live, MANAGED_BY, Manifest, RELEASE_NAME, RELEASE_NAMESPACE, RESOURCE_POLICY,
    Reading, Stamp,
};
use crate::model::{Act, Object, Pin, Propagation, Uid, World};
use crate::sandbox::controllers::document as doc;
use crate::sandbox::resources::{self, Resource};
use crate::sandbox::store::{DeleteOptions, Objects as _, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// What is to be deployed.
pub(super) struct Rendered {
    chart: Chart,
    release: String,
    namespace: String,
    pub(super) revision: u32,
    values: Value,
    manifest: String,
}

impl Rendered {
    /// As a record's payload.
    pub(super) fn record(&self, status: &str, now: Timestamp) -> Value {
        let at = doc::stamp(now);
        json!({
            "name": self.release, "namespace": self.namespace, "version": self.revision,
            "info": {
                "first_deployed": at, "last_deployed": at, "deleted": "", "status": status,
                "description": "rehearsed by the laws of the sandbox; no helm was run",
            },
            "chart": {
                "metadata": { "apiVersion": "v2", "type": "application", "name": self.chart.name, "version": self.chart.version },
                "lock": null, "templates": [], "values": {}, "schema": null, "files": [],
            },
            "config": self.values, "manifest": self.manifest, "hooks": [],
        })
    }
}

/// Renders what the words bring.
pub(super) fn rendered(store: &Store, words: &Words, values: &Value) -> Result<Rendered, String> {
    let revisions = revisions(store, words);
    let stored = revisions
        .last()
        .map(|newest| documents(doc::text(&newest.release, "/manifest")));
    let chart = chart::rendered(
        (&words.chart, &words.version),
        (&words.release, &words.namespace),
        values,
        &stored.unwrap_or_default(),
    )?;
    deployable(chart, words, values.clone(), &revisions)
}

fn deployable(chart: Chart, words: &Words, values: Value, revisions: &[Revision]) -> Result<Rendered, String> {
    let mut manifest = String::new();
    for document in &chart.documents {
        let text = serde_saphyr::to_string(document).map_err(|error| error.to_string())?;
        let source = format!(
            "{}/templates/{}.yaml",
            chart.name,
            doc::text(document, "/kind").to_lowercase()
        );
        manifest.extend(["---\n# Source: ", &source, "\n", text.trim_end(), "\n"]);
    }
    Ok(Rendered {
        chart,
        release: words.release.clone(),
        namespace: words.namespace.clone(),
        revision: revisions.last().map_or(0, |newest| newest.number) + 1,
        values,
        manifest,
    })
}

/// Does it, and says what was done.
pub(super) fn carry_out(store: &mut Store, words: &Words, values: &Value) -> Result<String, String> {
    let revisions = revisions(store, words);
    let rendered = match words.verb {
        Verb::Install | Verb::Upgrade => Some(rendered(store, words, values)?),
        Verb::Rollback => Some(rolled_back(words, &revisions)?),
        Verb::Uninstall | Verb::ShowDefinitions => None,
    };
    if words.verb == Verb::Install && !revisions.is_empty() {
        return Err("INSTALLATION FAILED: cannot reuse a name that is still in use".to_owned());
    }
    if words.verb != Verb::Install && revisions.is_empty() {
        return Err(format!("release: not found: {}", words.release));
    }
    let steps = steps(store, words, rendered.as_ref(), &revisions)?;
    let mut said = vec![format!(
        "{NAME}: rehearsed by the laws of this sandbox; no helm was run"
    )];
    for step in &steps {
        said.extend(done(store, words, rendered.as_ref(), step)?);
    }
    match &rendered {
        Some(rendered) => record(store, words, rendered, &revisions)?,
        None => forget(store, words, &revisions),
    }
    let word = match words.verb {
        Verb::Install => "deployed",
        Verb::Upgrade => "upgraded",
        Verb::Rollback => "rolled back",
        Verb::Uninstall | Verb::ShowDefinitions => "uninstalled",
    };
    said.push(format!("release {:?} {word}", words.release));
    said.push(String::new());
    Ok(said.join("\n"))
}

/// What the laws say is done to each object; an error where they say that helm or the server refuses.
fn steps(
    store: &Store,
    words: &Words,
    rendered: Option<&Rendered>,
    revisions: &[Revision],
) -> Result<Vec<Step>, String> {
    let objects = store
        .all()
        .into_iter()
        .filter_map(|(key, value)| Object::from_value(key.kind, &value).ok());
    let mut world = World::of(objects);
    let mut ledger = Ledger::default();
    for revision in revisions {
        let json = revision.object.to_string();
        if let Ok(object) = Object::from_value(words.driver.kind(), &revision.object) {
            let reading = match words.driver {
                Driver::Secret => Reading::of_secret(json.as_bytes()),
                Driver::ConfigMap => Reading::of_config_map(json.as_bytes()),
            };
            ledger.enter(object.pin(), reading);
        }
    }
    let digest = rendered.map(|rendered| {
        let digest = Manifest::digest(&rendered.manifest);
        ledger.enter_rendered(digest.clone(), Manifest::parse(&rendered.manifest, &rendered.namespace));
        digest
    });
    let (release, act) = asked(&world, words, digest.unwrap_or_default(), revisions)?;
    let conditions = |ledger: &Ledger| Conditions {
        helm: Arc::new(ledger.clone()),
        now: Some(store.now()),
        ..Conditions::default()
    };
    for address in helm::reach(&release, &act, &conditions(&ledger), &world) {
        if let Some(firm) = firm(store, &address) {
            ledger.enter_firm(address.clone(), Ok(firm));
        }
        let live = live(store, &address);
        ledger.enter_live(address, live);
    }
    let mut steps = Vec::new();
    helm::act(&mut world, &release, &act, &conditions(&ledger), &mut |_, heard| {
        if let Heard::Helm(step) = heard {
            steps.push(step.clone());
        }
    });
    for step in &steps {
        match &step.deed {
            Deed::Refuse { error } => return Err(error.clone()),
            Deed::Unknown { missing } => return Err(format!("{}: the laws cannot tell: {missing}", step.address)),
            Deed::Delete | Deed::Hang { .. } | Deed::Absent | Deed::Keep | Deed::Create | Deed::Patch { .. } => {}
        }
    }
    Ok(steps)
}

fn asked(
    world: &World,
    words: &Words,
    rendered: crate::model::Text,
    revisions: &[Revision],
) -> Result<(Pin, HelmAct), String> {
    let executor = Some(VERSION);
    let home = Home::new(&words.namespace, &words.release, words.driver);
    let newest = revisions.last().map(|newest| home.record(newest.number));
    let pin = newest.and_then(|key| world.get(&key)).map(|object| object.pin());
    let there = || {
        pin.clone()
            .ok_or_else(|| format!("release: not found: {}", words.release))
    };
    Ok(match words.verb {
        Verb::Install => {
            let install = Install {
                executor,
                rendered,
                take_ownership: words.take_ownership,
                ..Install::default()
            };
            let act = HelmAct::Install(install.clone());
            (Act::install(&home, install).target().clone(), act)
        }
        Verb::Upgrade => {
            let upgrade = Upgrade {
                executor,
                rendered,
                take_ownership: words.take_ownership,
                ..Upgrade::default()
            };
            (there()?, HelmAct::Upgrade(upgrade))
        }
        Verb::Rollback => {
            let rollback = Rollback {
                executor,
                to: words.to,
                ..Rollback::default()
            };
            (there()?, HelmAct::Rollback(rollback))
        }
        Verb::Uninstall | Verb::ShowDefinitions => {
            let uninstall = Uninstall {
                keep_history: words.keep_history,
                ..Uninstall::plain(executor)
            };
            (there()?, HelmAct::Uninstall(uninstall))
        }
    })
}

fn rolled_back(words: &Words, revisions: &[Revision]) -> Result<Rendered, String> {
    let newest = revisions.last().map_or(0, |newest| newest.number);
    let to = if words.to == 0 {
        newest.saturating_sub(1)
    } else {
        words.to
    };
    let target = revisions.iter().find(|revision| revision.number == to);
    let target = target.ok_or_else(|| format!("release has no {to} version"))?;
    let chart = Chart {
        name: "eks",
        version: "1.0.4",
        documents: documents(doc::text(&target.release, "/manifest")),
    };
    let values = target.release.get("config").cloned().unwrap_or_default();
    deployable(chart, words, values, revisions)
}

/// Carries one step out; a line where helm has one.
fn done(store: &mut Store, words: &Words, rendered: Option<&Rendered>, step: &Step) -> Result<Option<String>, String> {
    let address = &step.address;
    if step.key.as_ref().is_some_and(|key| key.kind.is_record()) {
        return Ok(None);
    }
    let Some(resource) = resources::by_kind(&address.api_version, &address.kind) else {
        return Err(format!(
            "no matches for kind {:?} in version {:?}",
            address.kind, address.api_version
        ));
    };
    match &step.deed {
        Deed::Delete | Deed::Hang { .. } => {
            let options = DeleteOptions {
                propagation: Some(Propagation::Background),
                ..DeleteOptions::default()
            };
            match store.erase(resource, &address.namespace, &address.name, &options) {
                Ok(_) => Ok(None),
                Err(error) => {
                    tracing::debug!(%error, "what is gone already needs no deletion");
                    Ok(None)
                }
            }
        }
        Deed::Keep => Ok(Some(format!("kept: {address}"))),
        Deed::Create | Deed::Patch { .. } => {
            let documents = rendered.map_or(&[][..], |rendered| &rendered.chart.documents);
            let Some(document) = documents.iter().find(|document| same(document, address)) else {
                return Ok(None);
            };
            written(store, resource, stamped(document, words, resource), address).map(|()| None)
        }
        Deed::Absent | Deed::Refuse { .. } | Deed::Unknown { .. } => Ok(None),
    }
}

fn same(document: &Value, address: &Address) -> bool {
    let named = doc::name(document) == address.name && doc::text(document, "/kind") == address.kind;
    let namespace = doc::namespace(document);
    named && (address.namespace.is_empty() || namespace.is_empty() || namespace == address.namespace)
}

/// With the release's marks, as helm writes them on what it applies.
fn stamped(document: &Value, words: &Words, resource: &Resource) -> Value {
    let mut object = document.clone();
    if resource.namespaced && doc::namespace(&object).is_empty() {
        doc::put(&mut object, &["metadata", "namespace"], words.namespace.as_str());
    }
    doc::put(&mut object, &["metadata", "labels", MANAGED_BY], "Helm");
    doc::put(
        &mut object,
        &["metadata", "annotations", RELEASE_NAME],
        words.release.as_str(),
    );
    doc::put(
        &mut object,
        &["metadata", "annotations", RELEASE_NAMESPACE],
        words.namespace.as_str(),
    );
    object
}

fn written(store: &mut Store, resource: &'static Resource, object: Value, address: &Address) -> Result<(), String> {
    let live = store.fetch(resource, &address.namespace, &address.name).cloned();
    let answer = match live {
        None => store.create(object).map(drop),
        Some(live) => {
            let mut merged = (*live).clone();
            doc::merge(&mut merged, &object);
            store.replace(merged)
        }
    };
    answer.map_err(|error| format!("{address}: {}", error.message))
}

/// What of a live object cannot change.
fn firm(store: &Store, address: &Address) -> Option<(Uid, Firm)> {
    let resource = resources::by_kind(&address.api_version, &address.kind)?;
    let object = store.fetch(resource, &address.namespace, &address.name)?;
    let uid = object
        .pointer("/metadata/uid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some((Uid::new(uid), Firm::of(address, object)?))
}

/// A live object as helm would find it.
fn live(store: &Store, address: &Address) -> Live {
    let Some(resource) = resources::by_kind(&address.api_version, &address.kind) else {
        return Live::Unserved;
    };
    let Some(object) = store.fetch(resource, &address.namespace, &address.name) else {
        return Live::Absent;
    };
    let of = |map: &str, key: &str| {
        let held = object.pointer(&format!("/metadata/{map}")).and_then(|all| all.get(key));
        held.and_then(Value::as_str).map(Into::into)
    };
    let finalizers = doc::list(object, "/metadata/finalizers")
        .iter()
        .filter_map(Value::as_str);
    Live::There(Stamp {
        managed_by: of("labels", MANAGED_BY),
        release_name: of("annotations", RELEASE_NAME),
        release_namespace: of("annotations", RELEASE_NAMESPACE),
        policy: of("annotations", RESOURCE_POLICY),
        deleting: doc::deleting(object),
        finalizers: finalizers.map(Into::into).collect(),
    })
}
