//! What a run comes to next, by the facts at hand: what it records by itself, what waits for a person, what it waits for.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

use super::super::condition::{Condition, Facts};
use super::super::deed::{Deed, Known, Unaimed};
use super::super::plan::{Asked, Expected, Ground, told};
use super::super::progress::{Course, Event, State, Went};
use super::super::step::{Step, Verify};
use super::super::tenancy::Tenancy;
use super::super::value::spelled;
use super::Run;
use crate::diagnose::Look;
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
    /// How its end is seen, with what is seen now.
    pub verify: Option<Expected>,
    /// How much of the step's time is left, while its end is waited for.
    pub left: Option<Duration>,
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
            verify: None,
            left: None,
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
        match &self.step.deed {
            Some(deed) => self.aimed(deed),
            None => self.unaimed(&standing.sensed),
        }
    }

    /// A step that does nothing: it passes when what is sensed holds, and where a person is asked, when he says so.
    fn unaimed(&self, sensed: &[Asked]) -> Due {
        let gate = &self.step.gate;
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

    fn aimed(&self, deed: &Deed) -> Due {
        let acts = deed.acts(Known {
            tenancy: self.tenancy(),
            values: &self.run.resolved.values,
            executor: self.ground.executor,
            rendered: self.ground.rendered,
            step: &self.step.id,
        });
        match acts {
            Ok(acts) if acts.is_empty() => Due::Come(Event::Began { acts }),
            Ok(acts) => Due::Begin(acts),
            // it was there when the step began the first time
            Err(Unaimed::Absent { .. }) if !self.course.acts.is_empty() => Due::Come(Event::Began { acts: Vec::new() }),
            Err(Unaimed::Absent { what }) => Due::Blocked(format!("{what} is not there")),
            Err(Unaimed::Unseen { why }) => Due::Unknown(why),
            Err(Unaimed::Misfit { why }) => Due::Blocked(why),
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
                        None => Due::Act(at),
                    };
                }
            }
        }
        Due::Come(Event::Acted)
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
            Act::Helm { .. } => None,
            Act::CreateClaim { .. }
            | Act::Scale { .. }
            | Act::RemoveFinalizer { .. }
            | Act::SetReclaimPolicy { .. }
            | Act::ClearClaimRef { .. }
            | Act::RetargetClaimRef { .. }
            | Act::Annotate { .. }
            | Act::Stamp { .. } => live
                .is_some_and(|live| act.leaves(live))
                .then(|| format!("{key} is as asked already; nothing was sent")),
        }
    }

    fn verifying(&self, since: Timestamp, standing: &mut Standing) -> Due {
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
