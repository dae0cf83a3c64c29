//! A run: a resolved runbook, how far it has come, and what it comes to next in a world.
//!
//! Pure: it is shown a world and says what is due; it is told what happened. It sends nothing and approves nothing.
//! Whatever it was told can be told again from a journal, so that a run is taken up where it was left.

mod soak;
mod standing;

pub use standing::{Due, Standing};

use super::chronicle::{Kept, KeptSetting, Opening, Story};
use super::fault::Source;
use super::format::parse;
use super::parameter::Origin;
use super::progress::{Course, Event, Misplaced, Progress, State, on_timeout};
use super::resolve::{Given, Resolved, resolve};
use super::saved::Saved;
use super::step::{Step, Undo};
use crate::diagnose::Found;
use crate::model::helm::Home;
use crate::model::redact::redact;
use crate::model::{Key, Moment, Now, Pin, World};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// An answer of a pod's, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    pub at: Moment,
    /// Whether it is as it was; the rest of it in words.
    pub found: Found,
}

/// A run of a runbook.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name in the journal: the runbook's, and when it began.
    pub id: String,
    pub resolved: Resolved,
    pub progress: Progress,
    pub began: Timestamp,
    /// Who began it, `user@host`.
    pub by: String,
    /// Everything that came, oldest first.
    pub came: Vec<Kept>,
    /// The newest raft snapshot it took.
    pub saved: Option<Saved>,
    /// What a soak's rows were when they were last counted.
    pub probed: Option<Probed>,
    /// What the server says of every act that the run would come to, asked in this session before anything was begun (trap 60).
    pub rights: Option<Found>,
    /// When the step came into its state, on this session's clock: a wall clock set back must not stretch a wait.
    entered: Moment,
}

impl Run {
    /// A run that begins now.
    ///
    /// # Errors
    /// When the runbook's text holds what the journal would not keep: then it could not be taken up again.
    pub fn begin(resolved: Resolved, by: &str, now: Now) -> Result<Self, String> {
        let text = &resolved.runbook.source.text;
        let settings = resolved.settings.iter().map(|setting| setting.value.to_string());
        if settings
            .chain([text.clone()])
            .any(|text| redact(text.clone().into()) != text)
        {
            return Err(
                "its text or a value holds something that looks like a secret, and the journal keeps both: take it out"
                    .to_owned(),
            );
        }
        Ok(Self {
            id: format!("{}-{}", resolved.runbook.name, now.wall.strftime("%Y%m%dT%H%M%S%.3fZ")),
            progress: Progress::begin(&resolved.runbook),
            resolved,
            began: now.wall,
            by: by.to_owned(),
            came: Vec::new(),
            saved: None,
            probed: None,
            rights: None,
            entered: now.mono,
        })
    }

    /// Nothing was begun, and nobody has left anything out: what would stop the run half way is asked now.
    pub fn unbegun(&self) -> bool {
        let first = |state: &State| match state {
            State::Waiting | State::NotNeeded { .. } => true,
            State::Acting
            | State::Verifying { .. }
            | State::Done
            | State::InDoubt { .. }
            | State::Stopped { .. }
            | State::Skipped { .. }
            | State::Waived { .. } => false,
        };
        let progress = &self.progress;
        progress.turned.is_none() && !self.over() && progress.steps.iter().all(|course| first(&course.state))
    }

    /// Takes a name that none of these runs has: two can begin in one millisecond, and by its name a run's records are known.
    pub fn named_apart_from(&mut self, others: &BTreeSet<String>) {
        let name = self.id.clone();
        let mut names = (2_u32..).map(|number| format!("{name}-{number}"));
        while others.contains(&self.id) {
            let Some(next) = names.next() else { return };
            self.id = next;
        }
    }

    /// What the journal keeps of the beginning.
    pub fn opening(&self) -> Opening {
        let runbook = &self.resolved.runbook;
        let kept = self.resolved.settings.iter().map(|setting| KeptSetting {
            name: setting.name.clone(),
            text: setting.value.to_string(),
            origin: setting.origin.to_string(),
        });
        Opening {
            runbook: runbook.name.clone(),
            version: runbook.version.clone(),
            digest: runbook.digest.clone(),
            source: runbook.source.name.clone(),
            text: runbook.source.text.clone(),
            parameters: kept.collect(),
            namespace: self.resolved.namespace.clone(),
            release: self.resolved.release.clone(),
        }
    }

    /// Takes a run up as the journal tells it, with the text and the values it began with.
    ///
    /// # Errors
    /// When the text is not the one of the digest, does not load in this version, or the events make no sense.
    pub fn take_up(story: &Story, now: Now) -> Result<Self, String> {
        let opening = &story.opening;
        let source = Source::new(&*opening.source, &*opening.text);
        let runbook = parse(&source).map_err(|faults| format!("its text does not load in this version: {faults}"))?;
        if runbook.digest != opening.digest {
            return Err("the text in the journal is not the one the run began with".to_owned());
        }
        let given = opening.parameters.iter().map(|kept| Given {
            name: kept.name.clone(),
            text: kept.text.clone(),
            origin: Origin::Kept(kept.origin.clone()),
        });
        let resolved = resolve(&runbook, &given.collect::<Vec<_>>()).map_err(|wrong| wrong.to_string())?;
        let mut run = Self {
            id: story.id.clone(),
            progress: Progress::begin(&runbook),
            resolved,
            began: story.began,
            by: story.by.clone(),
            came: Vec::new(),
            saved: None,
            probed: None,
            rights: None,
            entered: now.mono,
        };
        for kept in &story.came {
            run.take(kept.clone(), now)
                .map_err(|misplaced| format!("its records make no sense: {misplaced}"))?;
        }
        Ok(run)
    }

    /// Takes in what came.
    ///
    /// # Errors
    /// When it cannot follow; nothing is changed then.
    pub fn take(&mut self, kept: Kept, now: Now) -> Result<(), Misplaced> {
        let before = self
            .progress
            .current()
            .map(|course| (course.id.clone(), course.state.clone()));
        let saved = self
            .progress
            .current()
            .and_then(|course| Saved::of(course, &kept.event, kept.at));
        let on_timeout = on_timeout(self.step());
        self.progress.apply(kept.event.clone(), on_timeout, kept.at)?;
        let after = self
            .progress
            .current()
            .map(|course| (course.id.clone(), course.state.clone()));
        if before != after {
            self.entered = now.mono;
        }
        self.saved = saved.or_else(|| self.saved.take());
        self.came.push(kept);
        Ok(())
    }

    /// The step that is on, as the runbook has it.
    pub fn step(&self) -> Option<&Step> {
        self.progress.current().and_then(|course| self.named(&course.id))
    }

    /// A step of the runbook or of its way back.
    pub fn named(&self, id: &str) -> Option<&Step> {
        let runbook = &self.resolved.runbook;
        runbook.steps.iter().chain(&runbook.rollback).find(|step| step.id == id)
    }

    /// The run is over: complete, walked back, or aborted.
    pub fn over(&self) -> bool {
        self.progress.current().is_none()
    }

    /// What stands when the run is over, in one sentence.
    pub fn ending(&self) -> String {
        if let Some(word) = &self.progress.aborted {
            return format!("aborted by {}: {}", word.by, word.reason);
        }
        let of = |course: &&Course| !matches!(course.state, State::Done | State::NotNeeded { .. });
        let way = if self.progress.turned.is_some() {
            &self.progress.back
        } else {
            &self.progress.steps
        };
        let loose: Vec<String> = way
            .iter()
            .filter(of)
            .map(|course| format!("{} {}", course.id, course.state.word()))
            .collect();
        let whole = if self.progress.turned.is_some() {
            "the way back was walked"
        } else {
            "complete"
        };
        if loose.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}, but {}", loose.join(", "))
        }
    }

    /// The steps of the way back from where the run stands: of each step that may have left something, the last first,
    /// what its `undo` names.
    pub fn way_back(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for course in self.progress.steps.iter().rev().filter(|course| course.left_traces()) {
            if let Some(Undo::Rollback(steps)) = self.named(&course.id).map(|step| &step.undo) {
                for id in steps {
                    if !ids.contains(id) {
                        ids.push(id.clone());
                    }
                }
            }
        }
        ids
    }

    /// What has to be kept before the first step, and is not yet.
    pub fn unnoted(&self) -> impl Iterator<Item = Key> {
        let noted = &self.progress.noted;
        let remembered = self.resolved.remembered();
        remembered.filter(move |key| !noted.contains_key(&super::deed::noted(key)))
    }

    /// The newest records that checks rest on: of the tenant's release, and of those the step that is on asks after by name.
    pub fn newest_records(&self, world: &World) -> Vec<Pin> {
        let values = &self.resolved.values;
        let asked = self.step().into_iter().flat_map(|step| {
            let verified = step
                .verify
                .iter()
                .flat_map(|verify| verify.all.iter().chain(&verify.any));
            let conditions = step.when.iter().chain(&step.gate.sensed).chain(verified);
            conditions.flat_map(|condition| condition.releases(values))
        });
        let mut names: Vec<String> = self.resolved.release.iter().cloned().chain(asked).collect();
        names.sort();
        names.dedup();
        let home = |name: &String| Home::called(world, &self.resolved.namespace, name).ok().flatten();
        let homes = names.iter().filter_map(home);
        homes
            .filter_map(|home| home.newest(world).map(|object| object.pin()))
            .collect()
    }

    /// How long the step has been in its state: by both clocks, whichever says more.
    fn waited(&self, since: Timestamp, now: Now) -> std::time::Duration {
        now.since(since).max(self.entered.age(now.mono))
    }

    /// What the event is about: the step that is on, or the run.
    pub fn about(&self, event: &Event) -> Option<String> {
        match event {
            Event::Aborted { .. } | Event::TurnedBack { .. } | Event::Changed { .. } | Event::Noted { .. } => None,
            Event::NotNeeded { .. }
            | Event::Began { .. }
            | Event::Signed { .. }
            | Event::Sending { .. }
            | Event::Returned { .. }
            | Event::Ended { .. }
            | Event::Inventoried { .. }
            | Event::Acted
            | Event::Verified { .. }
            | Event::Watched { .. }
            | Event::TimedOut { .. }
            | Event::Failed { .. }
            | Event::Renewed { .. }
            | Event::Halted { .. }
            | Event::Resumed { .. }
            | Event::Skipped { .. }
            | Event::Waived { .. } => self.progress.current().map(|course| course.id.clone()),
        }
    }
}
