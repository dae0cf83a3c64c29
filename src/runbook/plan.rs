//! What a runbook comes to: every step in order, each forecast on the world as the steps before it are forecast to leave it.
//!
//! Nothing is done. Says of each step what it rests on, so that nobody takes the tenth for as certain as the first.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

use crate::diagnose::Found;
mod records;

use super::condition::{Condition, Facts};
use super::deed::{Deed, Known, Unaimed};
use super::resolve::{Resolved, Setting};
use super::step::{Step, Undo};
use super::tenancy::Tenancy;
use super::value::spelled;
use crate::diagnose::Look;
use crate::forecast::{self, Forecast, Outcome, Tier};
use crate::laws::Conditions;
use crate::model::helm::Executor;
use crate::model::{Act, Key, Now, Text, World};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a plan is made on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub world: &'a World,
    pub conditions: &'a Conditions,
    pub now: Now,
    pub quiet: Duration,
    /// The version of the operator's helm.
    pub executor: Option<Executor>,
    /// The digests of rendered manifests, by the path the runbook names them with.
    pub rendered: &'a BTreeMap<String, Text>,
}

/// A runbook with its values, and what each step would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub runbook: String,
    pub version: String,
    /// SHA-256 of the runbook's text.
    pub digest: String,
    pub namespace: String,
    pub release: Option<String>,
    pub parameters: Vec<Setting>,
    pub steps: Vec<Planned>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    pub id: String,
    pub title: String,
    /// What everything said of the step rests on.
    pub rests_on: Footing,
    /// The step's `when`; absent where it is always needed.
    pub when: Option<Asked>,
    /// By the facts it rests on the step is not needed.
    pub skipped: bool,
    /// The worst of its acts' tiers, or what the runbook raises it to.
    pub tier: Tier,
    pub because: String,
    /// What each of its acts would do, in order.
    pub forecasts: Vec<Forecast>,
    pub sensed: Vec<Asked>,
    /// What a person will have to attest.
    pub attested: Vec<String>,
    /// What will have to be typed.
    pub typed: Option<String>,
    /// Whether the step's end would be seen on the world it is forecast to leave.
    pub verify: Option<Expected>,
    pub undo: Way,
    /// Why it could not be approved, were it its turn now.
    pub blocked: Vec<String>,
    /// What is not known, and would have to be.
    pub unknown: Vec<String>,
}

/// Which world a step is forecast on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "world")]
pub enum Footing {
    /// What was seen.
    Live,
    /// What the steps before are forecast to leave.
    After { steps: Vec<String> },
}

/// A question and what the facts say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    pub check: String,
    #[serde(flatten)]
    pub found: Found,
}

/// How a step's end is to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    pub all: Vec<Asked>,
    pub any: Vec<Asked>,
    /// As in `10m`.
    pub within: String,
    pub on_timeout: &'static str,
}

/// The way back, as the runbook says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "way")]
pub enum Way {
    /// What the forecast of the act says.
    Forecast,
    Rollback {
        steps: Vec<String>,
    },
    Manual {
        how: String,
    },
    None {
        why: String,
    },
}

impl Expected {
    /// Whether the end would be seen: `None` where the facts do not tell.
    pub fn reached(&self) -> Option<bool> {
        let all = kleene(self.all.iter(), false);
        let any = if self.any.is_empty() {
            Some(true)
        } else {
            kleene(self.any.iter(), true)
        };
        match (all, any) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            (None, _) | (_, None) => None,
        }
    }
}

/// `all` where `decides` is false, `any` where it is true.
fn kleene<'a>(asked: impl Iterator<Item = &'a Asked> + Clone, decides: bool) -> Option<bool> {
    if asked.clone().any(|one| one.found.holds == Some(decides)) {
        return Some(decides);
    }
    asked
        .into_iter()
        .all(|one| one.found.holds.is_some())
        .then_some(!decides)
}

/// Forecasts every step.
pub fn plan(resolved: &Resolved, ground: Ground<'_>) -> Plan {
    let mut world = ground.world.clone();
    let mut conditions = ground.conditions.clone();
    let mut lost = BTreeSet::new();
    let mut before = Vec::new();
    let mut steps = Vec::new();
    for step in &resolved.runbook.steps {
        let mut course = Course {
            resolved,
            ground,
            world,
            conditions,
            lost,
            step,
        };
        let mut planned = course.planned();
        planned.rests_on = if before.is_empty() {
            Footing::Live
        } else {
            Footing::After { steps: before.clone() }
        };
        if !planned.forecasts.is_empty() {
            before.push(step.id.clone());
        }
        Course {
            world,
            conditions,
            lost,
            ..
        } = course;
        steps.push(planned);
    }
    let runbook = &resolved.runbook;
    Plan {
        runbook: runbook.name.clone(),
        version: runbook.version.clone(),
        digest: runbook.digest.clone(),
        namespace: resolved.namespace.clone(),
        release: resolved.release.clone(),
        parameters: resolved.settings.clone(),
        steps,
    }
}

/// One step on its world.
struct Course<'a> {
    resolved: &'a Resolved,
    ground: Ground<'a>,
    world: World,
    /// What is taken as given, Helm's records as the steps before leave them.
    conditions: Conditions,
    /// Newest records of releases whose revisions a step before leaves unknown.
    lost: BTreeSet<Key>,
    step: &'a Step,
}

impl Course<'_> {
    fn tenancy(&self) -> Tenancy<'_> {
        Tenancy {
            look: Look {
                world: &self.world,
                conditions: &self.conditions,
                now: self.ground.now,
                quiet: self.ground.quiet,
            },
            namespace: &self.resolved.namespace,
            release: self.resolved.release.as_deref(),
        }
    }

    fn ask(&self, condition: &Condition, acts: &[Act]) -> Asked {
        let facts = Facts {
            tenancy: self.tenancy(),
            values: &self.resolved.values,
            acts,
        };
        Asked {
            check: condition.title(&self.resolved.values),
            found: condition.judge(facts),
        }
    }

    fn planned(&mut self) -> Planned {
        let step = self.step;
        let values = &self.resolved.values;
        let when = step.when.as_ref().map(|when| self.ask(when, &[]));
        let skipped = when.as_ref().is_some_and(|when| when.found.holds == Some(false));
        let mut planned = Planned {
            id: step.id.clone(),
            title: step.title.clone(),
            rests_on: Footing::Live,
            when,
            skipped,
            tier: Tier::T0,
            because: "nothing is done".to_owned(),
            forecasts: Vec::new(),
            sensed: Vec::new(),
            attested: step.gate.attested.iter().map(|item| item.fill(values)).collect(),
            typed: step.gate.typed.as_ref().map(|typed| typed.fill(values)),
            verify: None,
            undo: way(&step.undo),
            blocked: Vec::new(),
            unknown: Vec::new(),
        };
        if skipped {
            return planned;
        }
        let open = planned.when.iter().filter(|when| when.found.holds.is_none());
        let open: Vec<String> = open
            .map(|when| format!("whether it is needed: {}", told(when)))
            .collect();
        planned.unknown.extend(open);
        planned.sensed = step.gate.sensed.iter().map(|item| self.ask(item, &[])).collect();
        for item in &planned.sensed {
            match item.found.holds {
                Some(true) => {}
                Some(false) => planned.blocked.push(told(item)),
                None => planned.unknown.push(told(item)),
            }
        }
        let acts = step
            .deed
            .as_ref()
            .map_or_else(Vec::new, |deed| self.act(deed, &mut planned));
        self.weigh(&mut planned);
        planned.verify = step.verify.as_ref().map(|verify| Expected {
            all: verify.all.iter().map(|item| self.ask(item, &acts)).collect(),
            any: verify.any.iter().map(|item| self.ask(item, &acts)).collect(),
            within: spelled(verify.within.fill(values)),
            on_timeout: verify.on_timeout.word(),
        });
        planned
    }

    /// Forecasts the step's acts, one on the other's end.
    fn act(&mut self, deed: &Deed, planned: &mut Planned) -> Vec<Act> {
        let known = Known {
            tenancy: self.tenancy(),
            values: &self.resolved.values,
            executor: self.ground.executor,
            rendered: self.ground.rendered,
            step: &self.step.id,
        };
        let acts = match deed.acts(known) {
            Ok(acts) => acts,
            Err(Unaimed::Absent { what }) => {
                planned.blocked.push(format!("{what} is not there"));
                return Vec::new();
            }
            Err(Unaimed::Unseen { why }) => {
                planned.unknown.push(why);
                return Vec::new();
            }
            Err(Unaimed::Misfit { why }) => {
                planned.blocked.push(why);
                return Vec::new();
            }
        };
        let Ground { now, quiet, .. } = self.ground;
        for act in &acts {
            let (forecast, end) = forecast::foresee(&self.world, act, &self.conditions, now, quiet);
            let refused = forecast.entries.iter().find_map(|entry| {
                if let Outcome::Rejected { error } = &entry.outcome {
                    Some(format!("{}: the API server would refuse: {error}", entry.object))
                } else {
                    None
                }
            });
            planned.blocked.extend(refused);
            planned.unknown.extend(forecast.unknowns.iter().cloned());
            if self.lost.contains(&act.target().key) {
                let told = "which revisions there are: a step before it leaves them unknown";
                planned.unknown.push(told.to_owned());
            }
            self.world = end;
            if !records::after(&mut self.world, &mut self.conditions, &forecast) {
                self.lost.insert(act.target().key.clone());
            }
            planned.forecasts.push(forecast);
        }
        acts
    }

    /// The step's tier: the worst of its acts', never less than the runbook says.
    fn weigh(&self, planned: &mut Planned) {
        let worst = planned.forecasts.iter().max_by_key(|forecast| forecast.tier);
        if let Some(worst) = worst {
            planned.tier = worst.tier;
            planned.because = worst.because.clone();
        } else if self.step.deed.is_some() {
            "there is nothing to do it to".clone_into(&mut planned.because);
        }
        if let Some(raised) = self.step.gate.tier.filter(|raised| *raised > planned.tier) {
            planned.because = format!("raised by the runbook from {:?} ({})", planned.tier, planned.because);
            planned.tier = raised;
        }
        planned.unknown.sort();
        planned.unknown.dedup();
    }
}

pub(super) fn told(asked: &Asked) -> String {
    format!("{}: {}", asked.check, asked.found.value)
}

fn way(undo: &Undo) -> Way {
    match undo {
        Undo::Unsaid => Way::Forecast,
        Undo::Rollback(steps) => Way::Rollback { steps: steps.clone() },
        Undo::Manual(how) => Way::Manual { how: how.clone() },
        Undo::None(why) => Way::None { why: why.clone() },
    }
}
