//! Facts of a real Kubernetes control plane, each shown by kubectl alone. `SEEN.md` is the table of what they show.
//!
//! One control plane serves all trials of a run. Trials that stop or freeze the API server come last, one by one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test harness: failing loudly is its job"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed};

use support::kit::Kit;
use support::plane::ControlPlane;
use trial::Trial;

mod claims;
#[path = "../support/support.rs"]
mod support;
mod trial;

/// The namespace of a trial is its number and its name.
type Story = (&'static str, fn(&Trial<'_>));

/// Trials that leave the control plane alone.
const SHARED: &[Story] = &[("claim-held-by-a-running-pod", claims::held_by_a_running_pod)];

/// Trials that take the API server away from everybody.
const EXCLUSIVE: &[Story] = &[];

/// Started by the first trial that needs it; a listing or a filter that matches nothing never starts it.
#[derive(Default)]
struct Shared(OnceLock<Result<ControlPlane, String>>);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let kit = match Kit::find() {
        Ok(kit) => kit,
        Err(missing) => {
            println!("{}", missing.message("the control plane suite"));
            if std::env::var_os("CI").is_some() {
                return ExitCode::FAILURE;
            }
            let ignored = SHARED.len() + EXCLUSIVE.len();
            println!("\ntest result: ok. 0 passed; 0 failed; {ignored} ignored; 0 measured; 0 filtered out\n");
            return ExitCode::SUCCESS;
        }
    };

    let shared = Arc::new(Shared::default());
    let together = libtest_mimic::run(&arguments, trials(SHARED, &kit, &shared));
    let alone = Arguments { test_threads: Some(1), ..arguments };
    let one_by_one = libtest_mimic::run(&alone, trials(EXCLUSIVE, &kit, &shared));
    if together.has_failed() { together.exit_code() } else { one_by_one.exit_code() }
}

fn trials(stories: &'static [Story], kit: &Kit, shared: &Arc<Shared>) -> Vec<libtest_mimic::Trial> {
    let trial = |(name, tell): &'static Story| {
        let (kit, shared) = (kit.clone(), Arc::clone(shared));
        libtest_mimic::Trial::test(*name, move || {
            let plane = shared.0.get_or_init(|| ControlPlane::start(kit));
            let plane = plane.as_ref().map_err(|why| format!("the control plane did not start: {why}"))?;
            // Trials share nothing that a panic could leave half done.
            catch_unwind(AssertUnwindSafe(|| tell(&Trial::new(plane, name))))
                .map_err(|panic| Failed::from(format!("{}\n{}", message(&*panic), plane.tails())))
        })
    };
    stories.iter().map(trial).collect()
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}
