//! Why APPROVE is closed, in words, and what opening it gives.

use super::{APPROVED_BEFORE, Approved, COOL_DOWN, HOLD, HOLD_GAP, Panel, SETTLE, Shown, Tier, feed};
use crate::model::{Moment, Now};
use std::time::Duration;

impl Panel {
    /// Every reason why APPROVE is closed, in words. Empty: it is open.
    pub fn closed(&self, now: Now) -> Vec<String> {
        let mut reasons = self.lacking(now.mono);
        if reasons.is_empty()
            && let Some(left) = self.cool_down_left(now.mono)
        {
            reasons.push(format!("cool-down: {} s to think", left.as_millis().div_ceil(1_000)));
        }
        reasons
    }

    /// The yes. Never bound to Enter. Takes everything the panel was, once.
    ///
    /// # Errors
    /// With the reasons of [`Self::closed`].
    pub fn approve(&mut self, now: Now) -> Result<Approved, Vec<String>> {
        self.settle(now.mono);
        let reasons = self.closed(now);
        if !reasons.is_empty() {
            return Err(reasons);
        }
        let request = self.request.as_ref().map_err(|why| vec![why.to_string()])?;
        self.spent = true;
        let shown = Shown {
            forecast: &self.forecast,
            request,
            pins: self.pins.clone(),
            items: &self.items,
            question: self.challenge.as_ref().map(super::Challenge::question),
            cluster: &self.cluster,
            operator: &self.operator,
            waiver: self.waiver.clone(),
            demand: self.demand.as_ref(),
        };
        Ok(Approved::new(shown, now.mono))
    }

    /// Keeps the time since when nothing but the cool-down is missing.
    pub(super) fn settle(&mut self, now: Moment) {
        if self.lacking(now).is_empty() {
            self.complete_since.get_or_insert(now);
        } else {
            self.complete_since = None;
        }
    }

    /// How long the cool-down of a T3 act still runs.
    pub fn cool_down_left(&self, now: Moment) -> Option<Duration> {
        if self.forecast.tier < Tier::T3 {
            return None;
        }
        let run = self.complete_since.map(|since| since.age(now)).unwrap_or_default();
        Some(COOL_DOWN.saturating_sub(run)).filter(|left| !left.is_zero())
    }

    /// How far the key of a T1 act has been held, of [`HOLD`].
    pub fn held(&self, now: Moment) -> Duration {
        self.hold
            .filter(|hold| hold.last.age(now) <= HOLD_GAP)
            .map(|hold| hold.since.age(now))
            .unwrap_or_default()
            .min(HOLD)
    }

    /// Everything that is missing but the cool-down.
    fn lacking(&self, now: Moment) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.spent {
            reasons.push(APPROVED_BEFORE.to_owned());
        }
        if let Err(why) = &self.request {
            reasons.push(why.to_string());
        }
        if self.opened_at.age(now) < SETTLE {
            reasons.push("it has just opened, or opened anew: look first".to_owned());
        }
        if self.sensed_at.age(now) > feed::PROMISE {
            reasons.push("the items were not sensed for more than 5 s".to_owned());
        }
        for item in &self.items {
            if !item.state.passes() {
                let value = if item.value.is_empty() {
                    String::new()
                } else {
                    format!(": {}", item.value)
                };
                reasons.push(format!("{} – {}{value}", item.state.word(), item.title));
            }
        }
        self.lacking_answers(now, &mut reasons);
        reasons
    }

    fn lacking_answers(&self, now: Moment, reasons: &mut Vec<String>) {
        if let Some(typed) = self.typed.as_ref().filter(|typed| !typed.answered()) {
            reasons.push(format!("{} is not typed as it is", typed.question()));
        }
        match self.forecast.tier {
            Tier::T0 => {}
            Tier::T1 => {
                let held = self.held(now);
                if held < HOLD {
                    reasons.push(format!(
                        "hold the key for 1 s ({}.{} s so far)",
                        held.as_secs(),
                        held.subsec_millis() / 100
                    ));
                }
            }
            Tier::T2 | Tier::T3 => match &self.challenge {
                None => reasons.push("there is no fact to type, so nobody can show that they looked".to_owned()),
                // The same words for nothing, half and wrong: the sentence must not help guessing.
                Some(challenge) if !challenge.answered() => {
                    reasons.push(format!("{} is not typed as it is", challenge.question()));
                }
                Some(_) => {}
            },
        }
    }
}
