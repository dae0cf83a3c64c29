//! What a run comes to next, by the facts at hand: what it records by itself, what waits for a person, what it waits for.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

use super::super::condition::{Condition, Facts};
use super::super::deed::{Deed, Known, Unaimed};
use super::super::inventory::{Inventory, Wanted};
use super::super::plan::{Asked, Expected, Ground, RIGHTS, told};
use super::super::progress::{Course, Event, State, Went};
use super::super::step::{Step, Verify};
use super::super::tenancy::Tenancy;
use super::super::value::spelled;
use super::Run;
use crate::diagnose::{Found, Look};
use crate::model::Act;
use jiff::Timestamp;
use std::time::Duration;

/// Where the step that is on stands, and what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The step's `when`.
    pub when: Option<Asked>,
    /// What its gate senses, besides what the cockpit asks of the act anyway.
    pub sensed: Vec<Asked>,
    /// Before anything is begun: whether this user may do every act that the run would come to (trap 60).
    pub rights: Option<Asked>,
    /// How its end is seen, with what is seen now.
    pub verify: Option<Expected>,
    /// How much of the step's time is left, while its end is waited for.
    pub left: Option<Duration>,
    /// How far a soak is.
    pub soak: Option<String>,
    /// What has to be asked of a pod: row counts, by a command that only reads.
    pub ask: Option<Box<Act>>,
    pub due: Due,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The run itself goes on with this, once it is recorded.
    Come(Event),
    /// A person begins the step, which comes to these acts now.
    Begin(Vec<Act>),
    /// A person passes the gate of this act.
    Act(usize),
    /// This act was approved: what becomes of it is for its journal to tell.
    UnderWay(usize),
    /// A person passes the gate of a step that does nothing.
    Sign,
    /// What is sensed does not hold, or there is nothing to act on: it goes on by itself when that changes, or a person skips.
    Blocked(String),
    /// Facts are missing.
    Unknown(String),
    /// Its end is waited for.
    Wait,
    /// A person decides: anew, skip, waive where that can be, turn back, or abort.
    Decide(String),
    /// The run is over.
    Over,
}

impl Run {
    /// What the run comes to in this world.
    pub fn standing(&self, ground: Ground<'_>) -> Standing {
        let mut standing = Standing {
            when: None,
            sensed: Vec::new(),
            rights: None,
            verify: None,
            left: None,
            soak: None,
            ask: None,
            due: Due::Over,
        };
        let (Some(course), Some(step)) = (self.progress.current(), self.step()) else {
            return standing;
        };
        let sight = Sight {
            run: self,
            ground,
            course,
            step,
        };
        if let Some(key) = self.unnoted().next() {
            standing.due = Due::Unknown(format!("{key} is read first, since a step makes it again as it was"));
            return standing;
        }
        standing.due = match &course.state {
            State::Waiting => sight.waiting(&mut standing),
            State::Acting => {
                standing.sensed = sight.sensed();
                standing.verify = sight.expected();
                sight.acting()
            }
            State::Verifying { since, .. } => sight.verifying(*since, &mut standing),
            State::Stopped { seen, .. } => {
                standing.verify = sight.expected();
                Due::Decide(seen.clone())
            }
            State::NotNeeded { .. }
            | State::Done
            | State::InDoubt { .. }
            | State::Skipped { .. }
            | State::Waived { .. } => Due::Over,
        };
        standing
    }
}

/// What it cannot be done to.
fn out_of_sight(unaimed: Unaimed) -> Due {
    match unaimed {
        Unaimed::Absent { what } => Due::Blocked(format!("{what} is not there")),
        Unaimed::Unseen { why } => Due::Unknown(why),
        Unaimed::Misfit { why } => Due::Blocked(why),
    }
}

/// The step that is on, in a world.
struct Sight<'a> {
    run: &'a Run,
    ground: Ground<'a>,
    course: &'a Course,
    step: &'a Step,
}

impl Sight<'_> {
    fn tenancy(&self) -> Tenancy<'_> {
        Tenancy {
            look: Look {
                world: self.ground.world,
                conditions: self.ground.conditions,
                now: self.ground.now,
                quiet: self.ground.quiet,
            },
            namespace: &self.run.resolved.namespace,
            release: self.run.resolved.release.as_deref(),
            inventory: self.run.progress.inventory(),
            saved: self.run.saved.as_ref(),
            saving: false,
        }
    }

    fn ask(&self, condition: &Condition, acts: &[Act]) -> Asked {
        let values = &self.run.resolved.values;
        Asked {
            check: condition.title(values),
            found: condition.judge(Facts {
                tenancy: self.tenancy(),
                values,
                acts,
            }),
        }
    }

    fn sensed(&self) -> Vec<Asked> {
        let sensed = self.step.gate.sensed.iter();
        sensed.map(|item| self.ask(item, &[])).collect()
    }

    fn expected(&self) -> Option<Expected> {
        let acts: Vec<Act> = self.course.acts.iter().map(|taken| taken.act.clone()).collect();
        let verify: &Verify = self.step.verify.as_ref()?;
        Some(Expected {
            all: verify.all.iter().map(|item| self.ask(item, &acts)).collect(),
            any: verify.any.iter().map(|item| self.ask(item, &acts)).collect(),
            within: spelled(verify.within.fill(&self.run.resolved.values)),
            on_timeout: verify.on_timeout.word(),
        })
    }

    fn waiting(&self, standing: &mut Standing) -> Due {
        standing.when = self.step.when.as_ref().map(|when| self.ask(when, &[]));
        if let Some(when) = &standing.when {
            match when.found.holds {
                Some(true) => {}
                Some(false) => {
                    let why = told(when);
                    return Due::Come(Event::NotNeeded { why });
                }
                None => return Due::Unknown(format!("whether it is needed is not known: {}", told(when))),
            }
        }
        standing.sensed = self.sensed();
        if let Some(renewed) = self.worn() {
            return Due::Come(renewed);
        }
        let due = match &self.step.deed {
            Some(deed) => self.aimed(deed),
            None => self.unaimed(&standing.sensed),
        };
        if !self.run.unbegun() || matches!(due, Due::Blocked(_) | Due::Unknown(_)) {
            return due;
        }
        let rights = standing.rights.insert(self.rights());
        match rights.found.holds {
            Some(true) => due,
            Some(false) => Due::Blocked(told(rights)),
            None => Due::Unknown(told(rights)),
        }
    }

    fn rights(&self) -> Asked {
        let found = self.run.rights.clone();
        Asked {
            check: RIGHTS.to_owned(),
            found: found.unwrap_or_else(|| Found::untold("the server is being asked")),
        }
    }

    /// What the step before gave that this one's gate rests on has worn off, so that it is needed again. A person's word that
    /// it be left out stands.
    fn worn(&self) -> Option<Event> {
        let renew = &self.step.gate.renew.as_ref()?.text;
        let progress = &self.run.progress;
        let way = if progress.turned.is_some() {
            &progress.back
        } else {
            &progress.steps
        };
        let course = way.iter().find(|course| course.id == *renew)?;
        let when = self.run.named(renew)?.when.as_ref()?;
        let asked = self.ask(when, &[]);
        (course.state.ended_by_itself() && asked.found.holds == Some(true)).then(|| Event::Renewed {
            step: renew.clone(),
            why: told(&asked),
        })
    }

    /// A step that does nothing: it passes when what is sensed holds, and where a person is asked, when he says so.
    fn unaimed(&self, sensed: &[Asked]) -> Due {
        let gate = &self.step.gate;
        if let Some(wanted) = &self.step.inventory
            && let Err(unaimed) = self.inventory(wanted)
        {
            return out_of_sight(unaimed);
        }
        if !gate.attested.is_empty() || gate.typed.is_some() {
            return Due::Sign;
        }
        if let Some(unknown) = sensed.iter().find(|item| item.found.holds.is_none()) {
            return Due::Unknown(told(unknown));
        }
        match sensed.iter().find(|item| item.found.holds == Some(false)) {
            Some(wrong) => Due::Blocked(told(wrong)),
            None => Due::Come(Event::Began { acts: Vec::new() }),
        }
    }

    fn known(&self) -> Known<'_> {
        Known {
            tenancy: self.tenancy(),
            values: &self.run.resolved.values,
            executor: self.ground.executor,
            rendered: self.ground.rendered,
            step: &self.step.id,
            noted: &self.run.progress.noted,
            stands: &self.course.acts,
        }
    }

    fn aimed(&self, deed: &Deed) -> Due {
        match deed.acts(self.known()) {
            Ok(acts) if acts.is_empty() => Due::Come(Event::Began { acts }),
            Ok(acts) => Due::Begin(acts),
            // it was there when the step began the first time
            Err(Unaimed::Absent { .. }) if !self.course.acts.is_empty() => Due::Come(Event::Began { acts: Vec::new() }),
            Err(unaimed) => out_of_sight(unaimed),
        }
    }

    fn acting(&self) -> Due {
        for (at, taken) in self.course.acts.iter().enumerate() {
            match &taken.went {
                Went::Sent { .. } => return Due::UnderWay(at),
                Went::Over { .. } => {}
                Went::Ahead => {
                    return match self.needless(&taken.act) {
                        Some(how) => Due::Come(Event::Ended { act: at, how }),
                        None => self.worn().map_or(Due::Act(at), Due::Come),
                    };
                }
            }
        }
        if let Some(wanted) = self.step.inventory.as_ref().filter(|_| self.course.inventory.is_none()) {
            return match self.inventory(wanted) {
                Ok(inventory) => Due::Come(Event::Inventoried {
                    inventory: Box::new(inventory),
                }),
                Err(unaimed) => out_of_sight(unaimed),
            };
        }
        Due::Come(Event::Acted)
    }

    /// The tenant's claims as they are now, as this step takes them down.
    fn inventory(&self, wanted: &Wanted) -> Result<Inventory, Unaimed> {
        wanted.take(self.tenancy(), &self.run.resolved.values)
    }

    /// Why nothing has to be sent for an act: what it asks is so already. `None` also where that cannot be seen.
    fn needless(&self, act: &Act) -> Option<String> {
        let look = self.tenancy().look;
        let pin = act.target();
        let key = &pin.key;
        look.gap(key.kind, &key.namespace).is_none().then_some(())?;
        let live = if act.creates() {
            look.world.get(key)
        } else {
            look.world.pinned(pin)
        };
        match act {
            Act::Delete { .. } | Act::Evict { .. } => match live {
                None if look.world.get(key).is_some() => Some(format!(
                    "{key} with uid …{} is gone, another one has its name; nothing was sent",
                    pin.uid.tail(6)
                )),
                None if look.gone(key) => Some(format!("{key} is gone already; nothing was sent")),
                Some(live) if live.meta.deleting() => Some(format!("{key} is being deleted already; nothing was sent")),
                None | Some(_) => None,
            },
            Act::Helm { .. } | Act::Task { .. } => None,
            Act::CreateClass { .. } | Act::CreateSet { .. } => {
                live.map(|_| format!("{key} is there already; nothing was sent"))
            }
            Act::CreateClaim { .. }
            | Act::Scale { .. }
            | Act::RemoveFinalizer { .. }
            | Act::SetReclaimPolicy { .. }
            | Act::ClearClaimRef { .. }
            | Act::RetargetClaimRef { .. }
            | Act::Annotate { .. }
            | Act::Stamp { .. } => live
                .is_some_and(|live| act.stands(live, look.world))
                .then(|| format!("{key} is as asked already; nothing was sent")),
        }
    }

    fn verifying(&self, since: Timestamp, standing: &mut Standing) -> Due {
        if let Some(soak) = &self.step.soak {
            let soaking = self.run.soaking(soak, self.tenancy(), self.known(), self.ground.now);
            standing.left = Some(soaking.left);
            standing.soak = Some(soaking.told);
            standing.ask = soaking.ask.map(Box::new);
            return soaking.due;
        }
        standing.verify = self.expected();
        let (Some(expected), Some(verify)) = (&standing.verify, &self.step.verify) else {
            // a person's word, or what was sensed, is all there is to wait for
            return Due::Come(Event::Verified { seen: String::new() });
        };
        let seen = expected.all.iter().chain(&expected.any).map(told);
        let seen = seen.collect::<Vec<_>>().join("; ");
        if expected.reached() == Some(true) {
            return Due::Come(Event::Verified { seen });
        }
        let within = verify.within.fill(&self.run.resolved.values);
        let left = within.saturating_sub(self.run.waited(since, self.ground.now));
        if left.is_zero() {
            return Due::Come(Event::TimedOut { seen });
        }
        standing.left = Some(left);
        Due::Wait
    }
}
