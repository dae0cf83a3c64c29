//! A scenario brought to life: its objects to begin with, and the laws as its controllers.

use super::controllers::{self, ControllerState};
use super::scenario::{Scenario, ScenarioError};
use super::{Clock, Objects, Options, Reconcile};
use crate::laws::Conditions;
use jiff::Timestamp;

/// The controllers of one sandbox.
#[derive(Debug)]
struct Living {
    state: ControllerState,
    conditions: Conditions,
}

impl Reconcile for Living {
    fn tick(&mut self, objects: &mut dyn Objects) -> Option<Timestamp> {
        controllers::tick(objects, &mut self.state, &self.conditions)
    }
}

impl Options {
    /// A sandbox that plays this scenario; the same seed gives the same uids, names and delays.
    pub fn playing(scenario: &Scenario, clock: Clock, seed: u64) -> Result<Self, ScenarioError> {
        Ok(Self {
            objects: scenario.objects(clock.now())?,
            clock,
            seed,
            port: 0,
            controllers: Some(Box::new(Living {
                state: ControllerState::new(seed),
                conditions: scenario.conditions(),
            })),
        })
    }
}
