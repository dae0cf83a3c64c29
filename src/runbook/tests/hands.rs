//! A run moved on by hand, in worlds and at times of a test's own.

use crate::diagnose::Found;
use crate::diagnose::fixture::{QUIET, conditions, now};
use crate::model::{Moment, Now, World};
use crate::runbook::Run;
use crate::runbook::chronicle::Kept;
use crate::runbook::plan::Ground;
use crate::runbook::progress::Event;
use crate::runbook::run::{Due, Standing};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn later(seconds: u64) -> Now {
    Now {
        mono: Moment::from_millis(seconds * 1_000),
        wall: now().wall + Duration::from_secs(seconds),
    }
}

/// A run that the server has said this user may do all of.
pub(super) fn granted(mut run: Run) -> Run {
    run.rights = Some(Found::yes("all of it"));
    run
}

pub(super) fn look(run: &Run, world: &World, now: Now) -> Standing {
    run.standing(Ground {
        world,
        conditions: &conditions(),
        now,
        quiet: QUIET + now.mono.0,
        executor: None,
        rendered: &BTreeMap::new(),
    })
}

pub(super) fn tell(run: &mut Run, event: Event, now: Now) {
    let kept = Kept {
        at: now.wall,
        by: "anna@laptop".to_owned(),
        step: run.about(&event),
        event,
    };
    run.take(kept, now).unwrap();
}

/// Goes on as far as nobody has to be asked; gives what is due then.
pub(super) fn go_on(run: &mut Run, world: &World, now: Now) -> Due {
    loop {
        match look(run, world, now).due {
            Due::Come(event) => tell(run, event, now),
            due => return due,
        }
    }
}
