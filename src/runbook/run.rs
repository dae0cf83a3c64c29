//! A run: a resolved runbook, how far it has come, and what it comes to next in a world.
//!
//! Pure: it is shown a world and says what is due; it is told what happened. It sends nothing and approves nothing.
//! Whatever it was told can be told again from a journal, so that a run is taken up where it was left.

mod standing;

pub use standing::{Due, Standing};

use super::chronicle::{Kept, KeptSetting, Opening, Story};
use super::fault::Source;
use super::format::parse;
use super::parameter::Origin;
use super::progress::{Course, Event, Misplaced, Progress, State, on_timeout};
use super::resolve::{Given, Resolved, resolve};
use super::step::{Step, Undo};
use crate::model::redact::redact;
use crate::model::{Kind, Moment, Now, Pin, World};
use jiff::Timestamp;

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
            entered: now.mono,
        })
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
        let on_timeout = on_timeout(self.step());
        self.progress.apply(kept.event.clone(), on_timeout, kept.at)?;
        let after = self
            .progress
            .current()
            .map(|course| (course.id.clone(), course.state.clone()));
        if before != after {
            self.entered = now.mono;
        }
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

    /// The newest record of the tenant's release.
    pub fn newest_record(&self, world: &World) -> Option<Pin> {
        let release = self.resolved.release.as_deref()?;
        let records = world.in_namespace(Kind::Release, &self.resolved.namespace);
        let revisions = records.filter_map(|object| {
            let facts = object.body.release().filter(|facts| facts.name == release)?;
            Some((facts.revision, object))
        });
        revisions
            .max_by_key(|(revision, _)| *revision)
            .map(|(_, object)| object.pin())
    }

    /// How long the step has been in its state: by both clocks, whichever says more.
    fn waited(&self, since: Timestamp, now: Now) -> std::time::Duration {
        now.since(since).max(self.entered.age(now.mono))
    }

    /// What the event is about: the step that is on, or the run.
    pub fn about(&self, event: &Event) -> Option<String> {
        match event {
            Event::Aborted { .. } | Event::TurnedBack { .. } | Event::Changed { .. } => None,
            Event::NotNeeded { .. }
            | Event::Began { .. }
            | Event::Signed { .. }
            | Event::Sending { .. }
            | Event::Returned { .. }
            | Event::Ended { .. }
            | Event::Acted
            | Event::Verified { .. }
            | Event::TimedOut { .. }
            | Event::Failed { .. }
            | Event::Halted { .. }
            | Event::Resumed { .. }
            | Event::Skipped { .. }
            | Event::Waived { .. } => self.progress.current().map(|course| course.id.clone()),
        }
    }
}
