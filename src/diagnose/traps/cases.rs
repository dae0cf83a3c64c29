//! For every trap that a rule tells: a world in which it is true, and one that differs in one word and in which it is not.

mod records;
mod surveys;
mod worlds;

use crate::diagnose::fixture::{conditions, now, objects};
use crate::laws::Conditions;
use crate::model::helm::{Address, Live, Reading};
use crate::model::raft::{Answer, Reply, Said, Soundings, Sweep};
use crate::model::{Kind, Survey, World};
use serde_json::{Value, json};
use std::sync::Arc;

/// A trap as it is, and what keeps it from being one.
pub(super) struct Case {
    pub(super) trap: u8,
    pub(super) rule: &'static str,
    pub(super) truth: Scene,
    /// Words of the scene that are replaced, wherever they stand.
    pub(super) near: Near,
}

/// The one difference.
pub(super) enum Near {
    Words(&'static str, &'static str),
    Survey(fn(&mut Survey)),
}

/// Everything that a rule may look at. Releases are `eks` r7, after r6 where there is one, and, where there is another, `other`
/// r1, all of namespace `shop`.
#[derive(Clone, Default)]
pub(super) struct Scene {
    /// Objects of the world.
    pub(super) world: &'static str,
    /// The newest record of `eks`: `info.status`, manifest, hooks as a YAML list.
    pub(super) record: Option<[&'static str; 3]>,
    /// The record of `eks` before that.
    pub(super) before: Option<[&'static str; 3]>,
    pub(super) apply_method: &'static str,
    /// The status by its label, where that is another than the record's own.
    pub(super) label: &'static str,
    /// The manifest of another release's deployed record.
    pub(super) other: &'static str,
    /// Objects of kinds the world does not hold: `apiVersion kind name`, and what the look gave.
    pub(super) asked: Vec<(&'static str, Live)>,
    pub(super) survey: Survey,
    /// What the peers of a raft cluster say: `v-0 well, v-1 sealed`.
    pub(super) peers: &'static str,
}

impl Case {
    fn of(trap: u8, rule: &'static str, truth: Scene, from: &'static str, to: &'static str) -> Self {
        Self {
            trap,
            rule,
            truth,
            near: Near::Words(from, to),
        }
    }

    pub(super) fn truth(&self) -> (World, Conditions) {
        self.truth.built(&|text| text.to_owned(), &|_| {})
    }

    pub(super) fn near(&self) -> (World, Conditions) {
        match &self.near {
            Near::Words(from, to) => {
                assert!(self.truth.says(from), "trap {}: {from} stands nowhere", self.trap);
                self.truth.built(&|text| text.replace(from, to), &|_| {})
            }
            Near::Survey(change) => self.truth.built(&|text| text.to_owned(), change),
        }
    }
}

/// A world alone.
fn seen(world: &'static str) -> Scene {
    Scene {
        world,
        ..Scene::default()
    }
}

/// A deployed release with this manifest and these hooks.
fn deployed(manifest: &'static str, hooks: &'static str) -> Scene {
    Scene {
        record: Some(["deployed", manifest, hooks]),
        ..Scene::default()
    }
}

impl Scene {
    fn says(&self, words: &str) -> bool {
        let records = self.record.into_iter().chain(self.before).flatten();
        [self.world, self.other, self.apply_method, self.peers]
            .into_iter()
            .chain(records)
            .any(|text| text.contains(words))
    }

    fn built(&self, told: &dyn Fn(&str) -> String, change: &dyn Fn(&mut Survey)) -> (World, Conditions) {
        let mut yaml = told(self.world);
        let record = self.record.map(|parts| parts.map(told));
        let other = (!self.other.is_empty()).then(|| told(self.other));
        let mut payloads = Vec::new();
        if let Some([status, manifest, hooks]) = &record {
            let label = if self.label.is_empty() { status } else { self.label };
            yaml.push_str(&secret("eks", 7, label));
            payloads.push(payload("eks", 7, [status, manifest, hooks], &told(self.apply_method)));
        }
        if let Some([status, manifest, hooks]) = &self.before.map(|parts| parts.map(told)) {
            yaml.push_str(&secret("eks", 6, status));
            payloads.push(payload("eks", 6, [status, manifest, hooks], ""));
        }
        if let Some(manifest) = &other {
            yaml.push_str(&secret("other", 1, "deployed"));
            payloads.push(payload("other", 1, ["deployed", manifest, ""], ""));
        }
        let world = World::of(objects(if yaml.trim().is_empty() { "[]" } else { &yaml }));
        let mut conditions = conditions();
        let helm = Arc::make_mut(&mut conditions.helm);
        for object in world.of_kind(Kind::Release) {
            for (_, payload) in payloads.iter().filter(|(of, _)| *of == object.meta.name.as_str()) {
                helm.enter(object.pin(), Reading::of_config_map(payload.to_string().as_bytes()));
            }
        }
        let mut survey = self.survey.clone();
        for (address, live) in &self.asked {
            let words: Vec<&str> = address.split(' ').collect();
            let address = Address::new(words[0], words[1], "", words[2], "shop");
            survey.live.insert(address, live.clone());
        }
        change(&mut survey);
        conditions.survey = Arc::new(survey);
        conditions.raft = Arc::new(asked(&world, &told(self.peers)));
        (world, conditions)
    }
}

/// What the peers of the raft clusters of `shop` say now, each by its word.
fn asked(world: &World, peers: &str) -> Soundings {
    let mut soundings = Soundings::default();
    for roster in soundings.rosters(world, "shop") {
        let answers = roster.members.iter().map(|member| {
            let says = |word: &str| peers.contains(&format!("{} {word}", member.pod));
            let said = Said {
                initialised: Some(true),
                sealed: Some(says("sealed")),
                leads: Some(says("leads")),
                ..Said::default()
            };
            Answer {
                pod: member.pod.clone(),
                uid: member.uid.clone(),
                reply: Reply::Said(Box::new(said)),
            }
        });
        let sweep = Sweep {
            at: now().mono,
            answers: answers.collect(),
        };
        soundings.enter(roster, sweep);
    }
    soundings
}

fn secret(name: &str, revision: u32, status: &str) -> String {
    format!(
        "\n- {{kind: Secret, metadata: {{name: sh.helm.release.v1.{name}.v{revision}, namespace: shop, creationTimestamp: \"2026-04-27T10:00:00Z\", labels: {{owner: helm, name: {name}, version: \"{revision}\", status: {status}}}}}}}\n"
    )
}

fn payload(name: &str, revision: u32, [status, manifest, hooks]: [&str; 3], method: &str) -> (String, Value) {
    let hooks: Value = match hooks {
        "" => json!([]),
        hooks => serde_saphyr::from_str(hooks).unwrap(),
    };
    let stored = json!({"name": name, "namespace": "shop", "version": revision, "info": {"status": status},
        "manifest": manifest, "hooks": hooks, "apply_method": method});
    let packed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, stored.to_string());
    let record = format!("sh.helm.release.v1.{name}.v{revision}");
    (record, json!({"data": {"release": packed}}))
}

pub(super) fn all() -> Vec<Case> {
    let mut all = worlds::cases();
    all.extend(records::cases());
    all.extend(surveys::cases());
    all
}
