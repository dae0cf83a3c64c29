//! An explanation while it is being told: links, steps, and the facts it could not see.
//!
//! Knows the shape of an explanation, nothing of any kind. Every feed an answer rests on is named with [`Story::needs`].

use super::finalizer::{self, FinalizerOwner, OwnerLife};
use super::finding::{Explanation, Link, Step};
use super::look::{Look, Sight};
use crate::laws::Reason;
use crate::model::storage::ReclaimPolicy;
use crate::model::time::short_span;
use crate::model::{Act, Key, Kind, Object, Propagation};
use std::time::Duration;

pub(crate) struct Story<'a> {
    pub(crate) look: Look<'a>,
    object: Key,
    chain: Vec<Link>,
    way_out: Vec<Step>,
    unknowns: Vec<String>,
    oldest: Option<Duration>,
}

impl<'a> Story<'a> {
    pub(crate) fn of(look: Look<'a>, object: &Object) -> Self {
        let mut story = Self::about(look, object.key());
        story.needs(object.kind(), &object.meta.namespace);
        story
    }

    pub(crate) const fn about(look: Look<'a>, object: Key) -> Self {
        Self {
            look,
            object,
            chain: Vec::new(),
            way_out: Vec::new(),
            unknowns: Vec::new(),
            oldest: None,
        }
    }

    /// The answer rests on this kind: if it is not current, say so.
    pub(crate) fn needs(&mut self, kind: Kind, namespace: &str) {
        if let Sight::AsOf { age, .. } = self.look.sight(kind, namespace) {
            self.oldest = self.oldest.max(Some(age));
        }
        if let Some(gap) = self.look.gap(kind, namespace) {
            self.unknown(gap);
        }
    }

    pub(crate) fn unknown(&mut self, what: String) {
        if !self.unknowns.contains(&what) {
            self.unknowns.push(what);
        }
    }

    pub(crate) fn link(&mut self, depth: usize, object: Key, sentence: impl Into<String>, reason: Reason) {
        self.chain.push(Link {
            object,
            depth,
            sentence: sentence.into(),
            reason,
        });
    }

    pub(crate) fn links(&mut self, links: impl IntoIterator<Item = Link>) {
        self.chain.extend(links);
    }

    pub(crate) fn step(&mut self, sentence: impl Into<String>) {
        let step = Step {
            sentence: sentence.into(),
            act: None,
            later: false,
        };
        if !self.way_out.contains(&step) {
            self.way_out.push(step);
        }
    }

    /// A step that Pilothouse can take itself.
    pub(crate) fn act(&mut self, sentence: impl Into<String>, act: Act) {
        self.take(sentence.into(), act, false);
    }

    /// A step that Pilothouse can take itself once those before it have come true; of what is no act, only the sentence.
    pub(crate) fn later(&mut self, sentence: impl Into<String>, act: Option<Act>) {
        match act {
            Some(act) => self.take(sentence.into(), act, true),
            None => self.step(sentence),
        }
    }

    fn take(&mut self, sentence: String, act: Act, later: bool) {
        if !self.way_out.iter().any(|step| step.act.as_ref() == Some(&act)) {
            self.way_out.push(Step {
                sentence,
                act: Some(act),
                later,
            });
        }
    }

    pub(crate) fn delete(&mut self, sentence: impl Into<String>, target: &Object) {
        self.act(
            sentence,
            Act::Delete {
                target: target.pin(),
                propagation: Propagation::Background,
            },
        );
    }

    /// One link for a finalizer: owner, life, what it waits for.
    pub(crate) fn finalizer(&mut self, depth: usize, object: &Object, name: &str) -> FinalizerOwner {
        let owner = finalizer::owned(self.look, object, name);
        let mut reason = Reason::new(format!("{}: {}", owner.life.word(), owner.because)).seen(
            &object.key(),
            "metadata.finalizers",
            name,
        );
        reason.evidence.extend(owner.evidence.iter().cloned());
        self.link(
            depth,
            object.key(),
            format!(
                "finalizer {name} · {} ({}) · waits for {}",
                owner.controller,
                owner.life.word(),
                owner.waits_for
            ),
            reason,
        );
        owner
    }

    /// Whatever else holds an object that is being deleted: one link for each finalizer, its owner to wait for, and what a
    /// strip would lose.
    pub(crate) fn held_by_finalizers(&mut self, object: &Object) {
        for name in &object.meta.finalizers {
            let owner = self.finalizer(1, object, name);
            self.wait_for(&owner);
            self.no_strip(name, &owner);
        }
    }

    /// The owner of a finalizer is the one to take it off; where it is gone, it has to come back.
    pub(crate) fn wait_for(&mut self, owner: &FinalizerOwner) {
        self.step(match owner.life {
            OwnerLife::Dead => format!(
                "bring {} back: nobody else ends this ({})",
                owner.controller, owner.because
            ),
            OwnerLife::Alive | OwnerLife::Unknown => {
                format!("let {} finish: it waits for {}", owner.controller, owner.waits_for)
            }
        });
    }

    /// What is being deleted and held is never told without a way out, however young the deletion is.
    fn wait_for_owners(&mut self) {
        let Some(object) = self
            .look
            .world
            .get(&self.object)
            .filter(|object| object.meta.deleting())
        else {
            return;
        };
        let (look, finalizers) = (self.look, &object.meta.finalizers);
        let owners: Vec<_> = finalizers
            .iter()
            .map(|name| finalizer::owned(look, object, name))
            .collect();
        for owner in &owners {
            self.wait_for(owner);
        }
        for (name, owner) in finalizers.iter().zip(&owners) {
            self.no_strip(name, owner);
        }
    }

    /// Sets a volume's policy to Retain: what spares its disk.
    pub(crate) fn retain(&mut self, sentence: impl Into<String>, volume: &Object) {
        let policy = ReclaimPolicy::Retain;
        let volume = volume.pin();
        self.act(sentence, Act::SetReclaimPolicy { volume, policy });
    }

    /// Says of a finalizer what a strip would lose, and that it is not to be stripped; only of an object that is being
    /// deleted, and whose finalizer's controller is known to be gone for good, a strip is offered, as the last step
    /// (`reference/semantics.md` §3.11).
    pub(crate) fn no_strip(&mut self, name: &str, owner: &FinalizerOwner) {
        let going = self
            .look
            .world
            .get(&self.object)
            .filter(|object| object.meta.deleting());
        if owner.life == OwnerLife::Dead
            && let Some(object) = going
        {
            let sentence = format!(
                "only if {} never comes back, take {name} off: {}",
                owner.controller, owner.strip_loses
            );
            let act = Act::RemoveFinalizer {
                target: object.pin(),
                finalizer: name.into(),
            };
            self.act(sentence, act);
            return;
        }
        self.step(format!(
            "do not strip {name}: {}. Pilothouse offers no strip; {}",
            owner.strip_loses, owner.proof
        ));
    }

    pub(crate) const fn needs_doing(&self) -> bool {
        !self.way_out.is_empty()
    }

    /// Ends the story. The sentence says itself how old it is when a feed it rests on is stale.
    pub(crate) fn told(mut self, sentence: String, reason: Reason) -> Explanation {
        if self.way_out.is_empty() {
            self.wait_for_owners();
        }
        let sentence = match self.oldest {
            Some(age) => format!("{sentence} (as of {} ago)", short_span(age)),
            None => sentence,
        };
        self.chain.insert(
            0,
            Link {
                object: self.object.clone(),
                depth: 0,
                sentence: sentence.clone(),
                reason,
            },
        );
        Explanation {
            object: self.object,
            sentence,
            chain: self.chain,
            way_out: self.way_out,
            unknowns: self.unknowns,
        }
    }
}
