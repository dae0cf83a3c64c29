//! What a runbook adds to a gate: conditions sensed live, sentences to sign, a text to type, a raised tier. It adds, and
//! never takes away.

use super::challenge::Challenge;
use super::item::Item;
use crate::diagnose::Look;
use crate::forecast::{Forecast, Tier};
use crate::model::feed::Freshness;
use crate::runbook::condition::{Condition, Facts};
use crate::runbook::step::Step;
use crate::runbook::{Inventory, Run, Saved, Tenancy, Values};
use serde_json::{Value, json};

/// Ids of a runbook's items: the parser lets no gate have more.
const SENSED: [&str; 9] = [
    "runbook.sensed-1",
    "runbook.sensed-2",
    "runbook.sensed-3",
    "runbook.sensed-4",
    "runbook.sensed-5",
    "runbook.sensed-6",
    "runbook.sensed-7",
    "runbook.sensed-8",
    "runbook.sensed-9",
];
const ATTESTED: [&str; 9] = [
    "runbook.attested-1",
    "runbook.attested-2",
    "runbook.attested-3",
    "runbook.attested-4",
    "runbook.attested-5",
    "runbook.attested-6",
    "runbook.attested-7",
    "runbook.attested-8",
    "runbook.attested-9",
];

/// The gate of a step of a run, as its runbook has it.
#[derive(Clone, Debug)]
pub struct Demand {
    run: String,
    digest: String,
    step: String,
    place: String,
    tier: Option<Tier>,
    sensed: Vec<Condition>,
    attested: Vec<String>,
    typed: Option<String>,
    values: Values,
    namespace: String,
    release: Option<String>,
    inventory: Option<Inventory>,
    saved: Option<Saved>,
}

impl Demand {
    /// What this step asks for.
    pub fn of(run: &Run, step: &Step) -> Self {
        let resolved = &run.resolved;
        let values = &resolved.values;
        let steps = if run.progress.turned.is_some() {
            &run.progress.back
        } else {
            &run.progress.steps
        };
        let at = steps.iter().position(|course| course.id == step.id).unwrap_or(0) + 1;
        Self {
            run: run.id.clone(),
            digest: resolved.runbook.digest.clone(),
            step: step.id.clone(),
            place: format!("step {at} of {} · {}", steps.len(), resolved.runbook.name),
            tier: step.gate.tier,
            sensed: step.gate.sensed.clone(),
            attested: step.gate.attested.iter().map(|item| item.fill(values)).collect(),
            typed: step.gate.typed.as_ref().map(|typed| typed.fill(values)),
            values: values.clone(),
            namespace: resolved.namespace.clone(),
            release: resolved.release.clone(),
            inventory: run.progress.inventory().cloned(),
            saved: run.saved.clone(),
        }
    }

    /// `step 2 of 5 · unstick`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The run it belongs to.
    pub fn run(&self) -> &str {
        &self.run
    }

    pub fn step(&self) -> &str {
        &self.step
    }

    /// What an approval is bound to besides the act: which run of which text, and which step.
    pub(super) fn binding(&self) -> Value {
        json!({ "run": self.run, "runbook": self.digest, "step": self.step, "typed": self.typed })
    }

    /// The items that are sensed, as the facts have them now.
    pub(super) fn sensed(&self, look: Look<'_>) -> Vec<Item> {
        let facts = Facts {
            tenancy: Tenancy {
                look,
                namespace: &self.namespace,
                release: self.release.as_deref(),
                inventory: self.inventory.as_ref(),
                saved: self.saved.as_ref(),
                saving: false,
            },
            values: &self.values,
            acts: &[],
        };
        let items = self.sensed.iter().zip(SENSED).map(|(condition, id)| {
            // what cannot be seen the condition itself tells as unknown
            Item::sensed(
                id,
                condition.title(&self.values),
                condition.judge(facts),
                self.fresh(condition, look),
                &format!("step {}: a check of the runbook", self.step),
            )
        });
        items.collect()
    }

    /// The items that wait for a person.
    pub(super) fn attested(&self) -> Vec<Item> {
        let items = self.attested.iter().zip(ATTESTED);
        items.map(|(title, id)| Item::to_attest(id, title.clone())).collect()
    }

    /// The text to type.
    pub(super) fn typed(&self) -> Option<Challenge> {
        let text = self.typed.as_ref()?;
        Some(Challenge::text(&self.step, text))
    }

    /// The forecast with the tier that the runbook raises it to.
    pub(super) fn raise(&self, forecast: Forecast) -> Forecast {
        raised(forecast, self.tier)
    }

    pub(super) const fn tier(&self) -> Option<Tier> {
        self.tier
    }

    /// How old the oldest of the facts is that a condition reads.
    fn fresh(&self, condition: &Condition, look: Look<'_>) -> Freshness {
        let mut age = std::time::Duration::ZERO;
        for kind in condition.reads() {
            let namespace = if kind.namespaced() { self.namespace.as_str() } else { "" };
            let freshness = look.world.freshness(kind, namespace, look.now.mono, look.quiet);
            if let Freshness::Live { age: own } = freshness {
                age = age.max(own);
            } else {
                return freshness;
            }
        }
        Freshness::Live { age }
    }
}

/// A forecast whose tier is at least this one. A runbook raises, it never lowers.
pub(super) fn raised(mut forecast: Forecast, tier: Option<Tier>) -> Forecast {
    if let Some(tier) = tier.filter(|tier| *tier > forecast.tier) {
        forecast.because = format!(
            "raised by the runbook from {} ({})",
            forecast.tier.word(),
            forecast.because
        );
        forecast.tier = tier;
    }
    forecast
}
