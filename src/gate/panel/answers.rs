//! What a person puts into a panel: attestations, the typed fact, the held key, a reason to break the glass.

use super::{Challenge, HOLD_GAP, Hold, Panel, REASON, SETTLE};
use crate::gate::item::{ItemState, SECOND_PERSON};
use crate::journal::Waiver;
use crate::model::feed::Freshness;
use crate::model::{Moment, Now};

impl Panel {
    /// Signs the item at this index of [`Self::items`], or takes the signature back. Returns whether that was possible.
    pub fn attest(&mut self, index: usize, now: Now) -> bool {
        if self.unsettled(now.mono) {
            return false;
        }
        let Some(item) = self.items.get(index).filter(|item| item.attestable()) else {
            return false;
        };
        let id = item.id;
        if self.attested.remove(id).is_none() {
            self.attested.insert(id, now.mono);
        }
        self.fill_in(now.mono);
        self.settle(now.mono);
        true
    }

    /// One typed character of the fact.
    pub fn input(&mut self, letter: char, now: Now) {
        if self.unsettled(now.mono) {
            return;
        }
        if let Some(challenge) = self.asked() {
            challenge.input(letter, now.mono);
        }
        self.settle(now.mono);
    }

    /// What typed characters are for: first the runbook's text, which stands there to be read, then the fact.
    fn asked(&mut self) -> Option<&mut Challenge> {
        match &mut self.typed {
            Some(typed) if !typed.answered() || self.challenge.is_none() => Some(typed),
            Some(_) | None => self.challenge.as_mut(),
        }
    }

    /// Takes the last character back.
    pub fn erase(&mut self, now: Now) {
        if let Some(challenge) = self.asked() {
            challenge.erase();
        }
        self.settle(now.mono);
    }

    /// A paste is never taken for typing: what was typed so far goes, too.
    pub fn refuse_paste(&mut self, now: Now) {
        if let Some(challenge) = self.asked() {
            challenge.refuse_paste();
        }
        self.settle(now.mono);
    }

    /// The key of a T1 act is down, or repeats. Call it for every such event; a gap in them starts the hold anew.
    pub fn hold(&mut self, now: Now) {
        let now = now.mono;
        if self.unsettled(now) {
            return;
        }
        let since = self
            .hold
            .filter(|hold| hold.last.age(now) <= HOLD_GAP)
            .map_or(now, |hold| hold.since);
        self.hold = Some(Hold { since, last: now });
    }

    /// The key was let go, where the terminal tells.
    pub fn let_go(&mut self) {
        self.hold = None;
    }

    /// Breaks the glass: does without the second person, for a reason that is recorded and shown first in every report.
    ///
    /// # Errors
    /// When this act needs no second person, or the reason is too short.
    pub fn waive_second_person(&mut self, reason: &str, now: Now) -> Result<(), String> {
        let reason = reason.trim();
        if !self.items.iter().any(|item| item.id == SECOND_PERSON) {
            return Err("this act needs no second person".to_owned());
        }
        if self.unsettled(now.mono) {
            return Err("the panel has just opened: look first".to_owned());
        }
        if reason.chars().filter(|letter| !letter.is_whitespace()).count() < REASON {
            return Err(format!("a reason of at least {REASON} characters is needed"));
        }
        self.waiver = Some(Waiver {
            item: SECOND_PERSON.into(),
            person: self.operator.user.clone(),
            reason: reason.to_owned(),
        });
        self.fill_in(now.mono);
        self.settle(now.mono);
        Ok(())
    }

    /// The waiver, to be shown loudest.
    pub const fn waiver(&self) -> Option<&Waiver> {
        self.waiver.as_ref()
    }

    /// Keys that come now were meant for what stood here before.
    pub(super) fn unsettled(&self, now: Moment) -> bool {
        self.opened_at.age(now) < SETTLE
    }

    /// Writes what was answered into the items.
    pub(super) fn fill_in(&mut self, now: Moment) {
        for item in &mut self.items {
            if item.attestable() {
                let signed = self.attested.get(item.id);
                item.state = signed.map_or(ItemState::Unattested, |_| ItemState::Attested);
                item.value = signed.map_or_else(String::new, |_| format!("I attest, as {}", self.operator.user));
                item.freshness = Freshness::Live {
                    age: signed.map(|at| at.age(now)).unwrap_or_default(),
                };
            } else if item.id == SECOND_PERSON
                && let Some(waiver) = &self.waiver
            {
                item.state = ItemState::Waived;
                item.value = format!("GLASS BROKEN by {}: {}", waiver.person, waiver.reason);
            }
        }
    }
}
