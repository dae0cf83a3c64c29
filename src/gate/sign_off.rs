//! The gate of a step that does nothing: what is sensed, what a person signs and types. It gives no right to send
//! anything; what was answered is kept in the run's record.

use super::challenge::Challenge;
use super::demand::Demand;
use super::item::{Item, ItemState};
use super::panel::SETTLE;
use crate::diagnose::Look;
use crate::journal::sha256;
use crate::model::feed::{self, Freshness};
use crate::model::{Moment, Now, Operator};
use serde_json::json;
use std::collections::BTreeMap;

/// A checklist without an act.
#[derive(Debug)]
pub struct SignOff {
    demand: Demand,
    operator: Operator,
    items: Vec<Item>,
    attested: BTreeMap<&'static str, Moment>,
    typed: Option<Challenge>,
    opened_at: Moment,
    sensed_at: Moment,
}

impl SignOff {
    pub fn open(demand: Demand, look: Look<'_>, operator: &Operator) -> Self {
        let mut sign_off = Self {
            typed: demand.typed(),
            demand,
            operator: operator.clone(),
            items: Vec::new(),
            attested: BTreeMap::new(),
            opened_at: look.now.mono,
            sensed_at: look.now.mono,
        };
        sign_off.look(look);
        sign_off
    }

    /// Senses every item again. What was answered is void when a sensed item changed. Returns whether something was.
    pub fn resense(&mut self, look: Look<'_>) -> bool {
        let before: Vec<_> = self.sensed();
        self.look(look);
        if before == self.sensed() {
            return false;
        }
        let answered = !self.attested.is_empty() || self.typed.as_ref().is_some_and(|typed| !typed.typed().is_empty());
        self.attested.clear();
        self.typed = self.demand.typed();
        self.opened_at = look.now.mono;
        self.fill_in(look.now.mono);
        answered
    }

    /// Of what is sensed, whatever an answer rests on.
    fn sensed(&self) -> Vec<(&'static str, ItemState, String)> {
        let sensed = self.items.iter().filter(|item| !item.asks_person());
        sensed
            .map(|item| {
                let told = item.state != ItemState::Unknown;
                let value = if told { item.value.clone() } else { String::new() };
                (item.id, item.state, value)
            })
            .collect()
    }

    fn look(&mut self, look: Look<'_>) {
        self.items = self.demand.sensed(look);
        self.items.extend(self.demand.attested());
        self.sensed_at = look.now.mono;
        self.fill_in(look.now.mono);
    }

    fn fill_in(&mut self, now: Moment) {
        for item in self.items.iter_mut().filter(|item| item.attestable()) {
            let signed = self.attested.get(item.id);
            item.state = signed.map_or(ItemState::Unattested, |_| ItemState::Attested);
            item.value = signed.map_or_else(String::new, |_| format!("I attest, as {}", self.operator.user));
            item.freshness = Freshness::Live {
                age: signed.map(|at| at.age(now)).unwrap_or_default(),
            };
        }
    }

    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The text to type, where the runbook asks for one.
    pub const fn typed(&self) -> Option<&Challenge> {
        self.typed.as_ref()
    }

    pub const fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Signs the item at this index, or takes the signature back. Returns whether that was possible.
    pub fn attest(&mut self, index: usize, now: Now) -> bool {
        let unsettled = self.opened_at.age(now.mono) < SETTLE;
        let Some(item) = self.items.get(index).filter(|item| item.attestable() && !unsettled) else {
            return false;
        };
        let id = item.id;
        if self.attested.remove(id).is_none() {
            self.attested.insert(id, now.mono);
        }
        self.fill_in(now.mono);
        true
    }

    /// The text as a person typed it.
    pub fn type_in(&mut self, text: &str) {
        if let Some(typed) = &mut self.typed {
            typed.replace(text);
        }
    }

    /// Every reason why it cannot be signed yet. Empty: it can.
    pub fn closed(&self, now: Now) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.opened_at.age(now.mono) < SETTLE {
            reasons.push("it has just opened, or opened anew: look first".to_owned());
        }
        if self.sensed_at.age(now.mono) > feed::PROMISE {
            reasons.push("the items were not sensed for more than 5 s".to_owned());
        }
        for item in self.items.iter().filter(|item| !item.state.passes()) {
            reasons.push(format!("{} – {}", item.state.word(), item.title));
        }
        if let Some(typed) = self.typed.as_ref().filter(|typed| !typed.answered()) {
            reasons.push(format!("{} is not typed as it is", typed.question()));
        }
        reasons
    }

    /// The digest of what is shown, whatever was answered: which run and step, the items and what is sensed.
    pub fn shown(&self) -> String {
        let items = self.items.iter().map(|item| {
            if item.asks_person() {
                json!([item.id, item.title])
            } else {
                json!([item.id, item.title, item.state.word(), item.value])
            }
        });
        let substance = json!([self.demand.binding(), items.collect::<Vec<_>>(), self.operator.user]);
        sha256(substance.to_string().as_bytes())
    }

    /// Signs it: what was sensed, signed and typed, a sentence each.
    ///
    /// # Errors
    /// With the reasons of [`Self::closed`].
    pub fn sign(&self, now: Now) -> Result<Vec<String>, Vec<String>> {
        let closed = self.closed(now);
        if !closed.is_empty() {
            return Err(closed);
        }
        let items = self.items.iter().map(|item| {
            if item.asks_person() {
                format!("{}: {}", item.state.word(), item.title)
            } else {
                format!("{}: {} ({})", item.state.word(), item.title, item.value)
            }
        });
        let typed = self.typed.iter().map(|typed| format!("typed: {}", typed.typed()));
        Ok(items.chain(typed).collect())
    }
}
