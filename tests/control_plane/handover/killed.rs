//! C, and the program killed with SIGKILL's effect after every step, and on both sides of what helm does.

use super::courses::{Course, Way};
use super::operator::{Operator, Told};
use crate::helm_acts::FOUR;
use crate::trial::Trial;

/// The end of a step is reached within so many calls, or not at all.
const CALLS: usize = 24;
/// The approval is on disk, and nothing else; the answer has come, and is not yet written. Between the two helm goes on by
/// itself, and what became of it is not judged before its deadline, which is longer than a trial.
const AROUND: [&str; 2] = ["J2", "J5"];

pub(crate) fn after_every_step(trial: &Trial<'_>) {
    let course = Course::prepared(trial, FOUR, Way::Retain);
    let operator = Operator::of(course.tenant);
    let steps: Vec<String> = Course::runbook().steps.iter().map(|step| step.id.clone()).collect();
    let mut killing = Killing {
        course: &course,
        operator: &operator,
        words: course.words(),
        last: None,
        deaths: Vec::new(),
    };
    // the last one's end is the run's: there is nothing to take up after it
    let (last, others) = steps.split_last().expect("steps");
    for step in others {
        killing.at_step(step);
    }
    let deaths = killing.deaths;
    let told = course.through(&operator, operator.resume());
    for step in others {
        let dead = deaths.contains(&format!("R1:verified:{step} of {step}"));
        assert!(
            dead || told.state(step) == "notNeeded",
            "{step}, {deaths:?}\n{}",
            told.text
        );
    }
    assert_eq!(told.state(last), "done");
    let around = deaths.iter().filter(|point| point.starts_with('J')).count();
    assert_eq!(around, AROUND.len() * 2, "an uninstall and an install: {deaths:?}");
    eprintln!("killed {} times: {deaths:?}", deaths.len());
}

struct Killing<'a, 'trial> {
    course: &'a Course<'trial>,
    operator: &'a Operator<'trial>,
    /// What is called next.
    words: Vec<String>,
    /// What was told last; nothing after a death.
    last: Option<Told>,
    deaths: Vec<String>,
}

impl Killing<'_, '_> {
    /// Goes on, approving, and dies around each act of helm's and at the step's end; to that end, or until the step has
    /// passed without it.
    fn at_step(&mut self, step: &str) {
        let verified = format!("R1:verified:{step}");
        let mut around = AROUND.into_iter();
        for _ in 0..CALLS {
            let last = self.last.as_ref();
            if last.is_some_and(|last| matches!(last.state(step), "done" | "notNeeded")) {
                return;
            }
            // the points of the journal are those of any act: of this step's, and helm's alone
            let helm = last.is_some_and(|last| {
                let request = last.report["asked"]["request"].as_str().unwrap_or_default();
                last.code == Some(4) && last.step() == step && request.contains("/helm")
            });
            let before = helm.then(|| around.next()).flatten();
            let point = before.unwrap_or(&verified);
            let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
            let told = self.operator.run_to(point, &words);
            if told.code.is_some() {
                self.words = self.operator.next(&told);
                self.last = Some(told);
                continue;
            }
            self.deaths.push(format!("{point} of {step}"));
            self.course.before.assert_all_there(self.course.tenant.trial);
            self.words = vec!["--resume".to_owned()];
            self.last = None;
            if before.is_none() {
                return;
            }
        }
        panic!("the end of {step} is not reached: {:?}", self.deaths);
    }
}
