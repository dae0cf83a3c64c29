//! What a runbook comes to: every step in order, each forecast on the world as the steps before it are forecast to leave it.
//!
//! Nothing is done. Says of each step what it rests on, so that nobody takes the tenth for as certain as the first.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

mod foresight;
mod records;
mod step;

pub use step::{Asked, Expected, Footing, May, Planned, RIGHTS, Renders, Way, rights};

use super::condition::{Condition, Facts};
use super::deed::{Deed, Known, foreseen, noted};
use super::inventory::{Inventory, Wanted};
use super::resolve::{Resolved, Setting};
use super::saved;
use super::step::{Step, Undo};
use super::tenancy::Tenancy;
use super::value::spelled;
use crate::diagnose::Look;
use crate::forecast::{self, Outcome, Tier};
use crate::laws::Conditions;
use crate::model::helm::Executor;
use crate::model::{Act, Key, Now, Text, World};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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

impl Plan {
    /// Every act of every step that is needed, as far as it can be told now.
    pub fn acts(&self) -> impl Iterator<Item = &Act> {
        let needed = self.steps.iter().filter(|step| !step.skipped);
        needed.flat_map(|step| step.forecasts.iter().map(|forecast| &forecast.act))
    }
}

/// Forecasts every step.
pub fn plan(resolved: &Resolved, ground: Ground<'_>) -> Plan {
    let mut world = ground.world.clone();
    let mut conditions = ground.conditions.clone();
    let mut lost = BTreeSet::new();
    let noted = resolved.remembered().filter_map(|key| {
        let kept = foreseen(ground.world, &key)?;
        Some((noted(&key), kept))
    });
    let noted: BTreeMap<String, String> = noted.collect();
    let mut before = Vec::new();
    let mut inventory = None;
    let mut saving = false;
    let mut steps = Vec::new();
    for step in &resolved.runbook.steps {
        let mut course = Course {
            resolved,
            ground,
            world,
            conditions,
            lost,
            inventory,
            saving,
            noted: &noted,
            step,
        };
        let mut planned = course.planned();
        if let Some(renders) = &mut planned.renders {
            renders.after.clone_from(&before);
        }
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
            inventory,
            saving,
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
    /// What a step before is forecast to take down.
    inventory: Option<Inventory>,
    /// A step before takes a raft snapshot.
    saving: bool,
    /// What a run would keep of objects when it begins.
    noted: &'a BTreeMap<String, String>,
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
            inventory: self.inventory.as_ref(),
            saved: None,
            saving: self.saving,
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
            foreseen: Vec::new(),
            renders: None,
            values: Vec::new(),
            inventory: None,
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
        if let Some(wanted) = &step.inventory {
            self.take_down(wanted, &mut planned);
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

    /// Takes the claims down as they are forecast to be when the step is on.
    fn take_down(&mut self, wanted: &Wanted, planned: &mut Planned) {
        match wanted.take(self.tenancy(), &self.resolved.values) {
            Ok(inventory) => {
                planned.inventory = Some(inventory.clone());
                self.inventory = Some(inventory);
            }
            Err(unaimed) => planned.unaimed(&unaimed),
        }
    }

    /// Forecasts the step's acts, one on the other's end.
    fn act(&mut self, deed: &Deed, planned: &mut Planned) -> Vec<Act> {
        let known = Known {
            tenancy: self.tenancy(),
            values: &self.resolved.values,
            executor: self.ground.executor,
            rendered: self.ground.rendered,
            step: &self.step.id,
            noted: self.noted,
            stands: &[],
        };
        let name = deed
            .rendering(known)
            .filter(|name| !self.ground.rendered.contains_key(name));
        planned.renders = name.and_then(|name| {
            let why = self.conditions.helm.unrendered(&name)?.to_string();
            let (_, chart) = name.split_once(": ")?;
            Some(Renders {
                chart: chart.to_owned(),
                after: Vec::new(),
                why,
            })
        });
        let acts = match deed.acts(known) {
            Ok(acts) => acts,
            Err(unaimed) => {
                planned.unaimed(&unaimed);
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
            planned.judge(foresight::foresee(act, &forecast, &self.world, &self.conditions));
            planned.values.extend_from_slice(self.conditions.helm.valued_of(act));
            if self.lost.contains(&act.target().key) {
                let told = "which revisions there are: a step before it leaves them unknown";
                planned.unknown.push(told.to_owned());
            }
            self.world = end;
            if saves(act) {
                self.saving = true;
            } else if !marks(act) {
                // what they said is of their pods and disks as they are now
                Arc::make_mut(&mut self.conditions.raft).forget();
            }
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

/// It takes a raft snapshot, which changes nothing.
fn saves(act: &Act) -> bool {
    matches!(act, Act::Task { task, .. } if saved::file(task).is_some())
}

/// It writes on an object, and no pod and no disk notices.
const fn marks(act: &Act) -> bool {
    matches!(
        act,
        Act::SetReclaimPolicy { .. } | Act::Annotate { .. } | Act::Stamp { .. }
    )
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
