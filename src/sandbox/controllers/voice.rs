//! Events without a flood: the same sentence about the same object is repeated no sooner than a minute later.
//! Knows no law; the store counts repetitions up as a real one does.

use super::carry_out::Said;
use crate::model::{Key, Uid};
use crate::sandbox::store::Objects;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// How long a sentence stays said.
const SILENCE: Duration = Duration::from_mins(1);
/// Above this many remembered sentences the old ones are forgotten.
const MEMORY: usize = 2_000;

/// What has been said, of whom, and when.
#[derive(Debug, Default)]
pub(super) struct Voice {
    said: HashMap<(Uid, &'static str, String), Timestamp>,
}

impl Voice {
    /// Records the Event unless it was recorded within the last minute.
    pub(super) fn say(&mut self, objects: &mut dyn Objects, about: &Key, uid: &Uid, said: &Said<'_>) {
        let now = objects.now();
        let fresh = |at: Timestamp| super::document::later(at, SILENCE) > now;
        let sentence = (uid.clone(), said.reason, said.message.to_owned());
        if self.said.get(&sentence).is_some_and(|at| fresh(*at)) {
            return;
        }
        if self.said.len() > MEMORY {
            self.said.retain(|_, at| fresh(*at));
        }
        self.said.insert(sentence, now);
        objects.emit_event(about, said.severity, said.reason, said.message, said.by);
    }

    /// Records the Event only if it was never recorded while this object is remembered.
    pub(super) fn say_once(&mut self, objects: &mut dyn Objects, about: &Key, uid: &Uid, said: &Said<'_>) {
        if !self
            .said
            .contains_key(&(uid.clone(), said.reason, said.message.to_owned()))
        {
            self.say(objects, about, uid, said);
        }
    }
}
