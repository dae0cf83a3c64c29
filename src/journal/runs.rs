//! What the records say about runs of runbooks: each run's opening and what came after, in order.

use super::record::{Record, RecordKind};
use crate::runbook::chronicle::{Chapter, Kept, Story, What};
use serde::Deserialize as _;

/// All runs of a journal, in the order they began.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(Vec<Story>);

impl Runs {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Story> {
        self.0.iter()
    }

    /// Why a record of a run cannot follow on what is known of it: to be asked before it is written.
    pub(super) fn misfit(&self, chapter: &Chapter) -> Option<String> {
        let known = self.0.iter().any(|story| story.id == chapter.run);
        match (&chapter.what, known) {
            (What::Opened(_), true) => Some(format!("opens the run {} a second time", chapter.run)),
            (What::Came(_), false) => Some(format!("is of the run {}, which was never opened", chapter.run)),
            (What::Opened(_), false) | (What::Came(_), true) => None,
        }
    }

    /// Takes a record in. An error says why it makes no sense after the records before it.
    pub(super) fn take(&mut self, record: &Record) -> Result<(), String> {
        if record.known_kind() != Some(RecordKind::Run) {
            return Ok(());
        }
        let chapter = Chapter::deserialize(&record.payload)
            .map_err(|error| format!("has a payload that cannot be read ({error})"))?;
        if let Some(why) = self.misfit(&chapter) {
            return Err(why);
        }
        match chapter.what {
            What::Opened(opening) => self.0.push(Story {
                id: chapter.run,
                began: record.wall,
                by: record.actor.to_string(),
                opening: *opening,
                came: Vec::new(),
            }),
            What::Came(event) => {
                if let Some(story) = self.0.iter_mut().find(|story| story.id == chapter.run) {
                    story.came.push(Kept {
                        at: record.wall,
                        by: record.actor.to_string(),
                        step: chapter.step,
                        event,
                    });
                }
            }
        }
        Ok(())
    }
}
