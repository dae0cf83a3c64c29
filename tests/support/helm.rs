//! The helms of the kit, the charts they are given, and what Pilothouse reads of a release before it forecasts. Knows no
//! trial and no case.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use pilothouse::cluster::{Connection, read};
use pilothouse::laws::Conditions;
use pilothouse::laws::helm::reach;
use pilothouse::model::act::HelmAct;
use pilothouse::model::helm::{Executor, Ledger, Manifest};
use pilothouse::model::{Key, Kind, Pin, World};
use serde_json::{Value, json};

/// A helm of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Helm {
    pub(crate) program: &'static str,
    pub(crate) executor: Executor,
}

pub(crate) const THREE: Helm = Helm {
    program: "helm3",
    executor: Executor::new(3, 22, 0),
};
pub(crate) const FOUR: Helm = Helm {
    program: "helm4",
    executor: Executor::new(4, 3, 1),
};

/// Fates in words, by the object they befall.
pub(crate) type Words = BTreeMap<String, BTreeSet<String>>;

/// Writes a chart of these templates, anew where there was one.
pub(crate) fn write_chart(chart: &Path, templates: &[Value]) {
    let directory = chart.join("templates");
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("the old templates to go");
    }
    fs::create_dir_all(&directory).expect("a directory for the chart");
    // JSON is YAML.
    let metadata = json!({"apiVersion": "v2", "name": "app", "version": "0.1.0"});
    fs::write(chart.join("Chart.yaml"), metadata.to_string()).expect("the chart's metadata");
    for (number, template) in templates.iter().enumerate() {
        fs::write(directory.join(format!("t{number}.yaml")), template.to_string()).expect("a template");
    }
}

/// What helm is asked for the manifest of an upgrade.
pub(crate) fn template<'a>(namespace: &'a str, release: &'a str, chart: &'a str) -> [&'a str; 6] {
    ["--namespace", namespace, "template", release, chart, "--is-upgrade"]
}

/// Revision, label status and pin of the newest record of a release.
pub(crate) fn newest(world: &World, namespace: &str, release: &str) -> Option<(u32, String, Pin)> {
    world
        .in_namespace(Kind::Release, namespace)
        .filter_map(|object| Some((object.body.release()?, object)))
        .filter(|(facts, _)| facts.name == release)
        .map(|(facts, object)| (facts.revision, facts.status.to_string(), object.pin()))
        .max_by_key(|(revision, ..)| *revision)
}

/// What Pilothouse reads on demand, through its own client, for an act on the release that the pin names.
pub(crate) async fn ledger(
    connection: &Connection,
    world: &World,
    release: &Pin,
    act: &HelmAct,
    rendered: Option<&str>,
) -> Result<Ledger, String> {
    let namespace = &release.key.namespace;
    let mut ledger = Ledger::default();
    let records: Vec<Key> = world
        .in_namespace(Kind::Release, namespace)
        .map(|object| object.key())
        .collect();
    for key in records {
        let (pin, reading) = read::record(connection, &key)
            .await
            .map_err(|error| error.to_string())?;
        if reading.record().is_none() {
            return Err(format!("{key}: {reading:?}"));
        }
        ledger.enter(pin, reading);
    }
    if let Some(rendered) = rendered {
        ledger.enter_rendered(Manifest::digest(rendered), Manifest::parse(rendered, namespace));
    }
    let conditions = Conditions {
        helm: Arc::new(ledger.clone()),
        ..Conditions::default()
    };
    let addresses = reach(release, act, &conditions, world);
    for (address, live) in read::live(connection, &addresses).await {
        ledger.enter_live(address, live);
    }
    Ok(ledger)
}

/// A forecast's words, without those that a look from outside cannot tell: a change that shows in no fact, a refusal.
pub(crate) fn seen_outside(words: &mut Words, fates: &Words) {
    words.retain(|object, words| {
        words.retain(|word| !word.starts_with("refused") && (word != "changed" || fates.contains_key(object)));
        !words.is_empty()
    });
}
