//! `raft-roll`, and the program killed with SIGKILL's effect at the end of every step: taken up, it does nothing twice.

use super::roll::{Pace, Roll};
use crate::support::vault::Ids;
use crate::trial::{Trial, text};

/// The steps that three peers with ids of their own need, but for the last, after which there is nothing to take up. At the end
/// of each of them it dies: that the end was seen is on disk, and nothing after it.
const KILLED: [&str; 30] = [
    "ready",
    "people",
    "inventory",
    "snapshot-before",
    "set-leaves",
    "set-comes",
    "rest-1",
    "claims-1",
    "pod-1",
    "back-1",
    "whole-1",
    "settle-1",
    "rest-2",
    "claims-2",
    "pod-2",
    "back-2",
    "whole-2",
    "settle-2",
    "rest-3",
    "step-down-3",
    "snapshot-3",
    "claims-3",
    "pod-3",
    "back-3",
    "whole-3",
    "settle-3",
    "back-4",
    "whole-4",
    "back-5",
    "whole-5",
];
const LAST: &str = "moved";
/// The end of a step is reached within so many calls, or not at all.
const CALLS: usize = 16;

pub(crate) fn after_every_step(trial: &Trial<'_>) {
    let roll = Roll::prepared(trial, Ids::Fixed);
    let mut words = roll.words(Pace::Brisk);
    for step in KILLED {
        let point = format!("R1:verified:{step}");
        let dead = (0..CALLS).any(|_| {
            let called: Vec<&str> = words.iter().map(String::as_str).collect();
            let said = roll.operator.run_to(&point, &called);
            words = match said.code {
                None => vec!["--resume".to_owned()],
                Some(_) => roll.operator.next(&said),
            };
            said.code.is_none()
        });
        assert!(dead, "the end of {step} is not reached\n{}", roll.bed.vaults.tails());
    }
    let told = roll.operator.run(&words);
    let steps = told.report["steps"].as_array().expect("steps");
    let of = |state: &str| -> Vec<&str> {
        let such = steps.iter().filter(|step| step["state"]["state"] == state);
        such.map(|step| text(&step["id"])).collect()
    };
    let (done, idle) = (of("done"), of("notNeeded"));
    eprintln!("killed at the end of {} steps; not needed: {idle:?}", KILLED.len());
    // whatever was done had an end to die at, and nothing else was begun
    let all = KILLED.into_iter().chain([LAST]).collect::<Vec<_>>();
    assert_eq!(done, all, "{}", told.text);
    assert_eq!(done.len() + idle.len(), steps.len(), "{}", told.text);
    roll.through(told);
}
