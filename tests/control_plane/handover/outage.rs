//! The API server is away for half a minute in the middle of C, while the old release is being uninstalled.

use std::time::Duration;

use super::courses::{Course, Way};
use super::operator::Operator;
use super::tenant::OLD;
use crate::helm_acts::THREE;
use crate::support::wait::until;
use crate::trial::Trial;

const AWAY: Duration = Duration::from_secs(30);

pub(crate) fn in_the_middle(trial: &Trial<'_>) {
    let course = Course::prepared(trial, THREE, Way::Retain);
    let operator = Operator::of(course.tenant);
    let told = operator.walk_to("uninstall-retain", operator.run(&course.words()));
    assert_eq!(told.step(), "uninstall-retain", "{}", told.text);
    let answers = operator.answers(&told);
    let told = std::thread::scope(|scope| {
        let uninstall = scope.spawn(|| operator.run(&answers));
        // the first thing that helm does
        let record = trial.path("secrets", &format!("sh.helm.release.v1.{}.v1", OLD.release));
        until("the uninstall to be at work", Duration::from_mins(1), || {
            match trial.plane.get(&record) {
                Some(record) if record["metadata"]["labels"]["status"] != "uninstalling" => {
                    Err("the release is as it was".to_owned())
                }
                _ => Ok(()),
            }
        })
        .unwrap_or_else(|why| panic!("{why}"));
        trial.plane.stop_api_server();
        // the length of the outage is what the trial is about
        std::thread::sleep(AWAY);
        trial.plane.start_api_server();
        uninstall.join().expect("a run that comes back")
    });
    eprintln!("after the outage: {:?} {}", told.code, told.sentence());
    course.before.assert_all_there(trial);
    if !told.sentence().contains("eks is uninstalling") {
        // helm was through before
        course.through(&operator, told);
        return;
    }
    // Nothing is begun anew by itself, and the step's own gate wants a release that is at rest: a person makes an end of what
    // helm left half done, as the run says, and leaves the step out.
    assert!(
        told.sentence().contains("explain tells the way out of it"),
        "{}",
        told.text
    );
    course.tenant.helm(&["uninstall", OLD.release, "--timeout=60s"]).ok();
    let words = [
        "--resume",
        "--decide",
        "skip",
        "--by",
        "berta",
        "--reason",
        "uninstalled by hand",
    ];
    let told = operator.run_to("", &words);
    let told = course.as_far_as_it_goes(&operator, told);
    assert!(
        told.sentence().starts_with("the run is over: complete, but"),
        "{}: {}",
        told.sentence(),
        told.text
    );
    assert_eq!(told.state("uninstall-retain"), "skipped");
    course.assert_handed_over();
}
