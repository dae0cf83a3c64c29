//! The built binary with nobody at the keys, against a sandbox with a real socket between: runs as a script meets them, dumps
//! and restores, and a storage roll, each also with death in the middle.
//!
//! These stories spend their time waiting for what a runbook makes them wait for, so many of them go on side by side.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

mod deeds;
#[path = "../support/headless.rs"]
mod headless;
#[path = "../support/home.rs"]
mod home;
mod roll;
mod runs;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/wire.rs"]
mod wire;

/// So many at once.
const TOGETHER: usize = 7;

/// The longest first.
#[rustfmt::skip] // a table reads better with one row a line
const STORIES: &[(&str, fn())] = &[
    ("roll::a_cockpit_that_dies_at_every_act_is_taken_up_and_does_nothing_twice", roll::a_cockpit_that_dies_at_every_act_is_taken_up_and_does_nothing_twice),
    ("roll::the_roll_moves_every_peer_the_leader_last_and_keeps_every_old_volume", roll::the_roll_moves_every_peer_the_leader_last_and_keeps_every_old_volume),
    ("roll::a_newcomer_that_is_sealed_stops_the_roll_until_it_is_unsealed", roll::a_newcomer_that_is_sealed_stops_the_roll_until_it_is_unsealed),
    ("roll::a_newcomer_that_never_catches_up_stops_the_roll_until_it_votes", roll::a_newcomer_that_never_catches_up_stops_the_roll_until_it_votes),
    ("roll::a_plan_asks_the_peers_and_says_of_what_comes_later_that_nobody_has_asked_yet", roll::a_plan_asks_the_peers_and_says_of_what_comes_later_that_nobody_has_asked_yet),
    ("runs::an_approval_dies_when_what_was_shown_has_changed", runs::an_approval_dies_when_what_was_shown_has_changed),
    ("runs::a_run_that_dies_at_each_of_its_records_is_taken_up_at_the_right_step", runs::a_run_that_dies_at_each_of_its_records_is_taken_up_at_the_right_step),
    ("runs::a_run_that_dies_on_the_way_of_its_acts_settles_the_doubt_first_and_does_each_once", runs::a_run_that_dies_on_the_way_of_its_acts_settles_the_doubt_first_and_does_each_once),
    ("runs::a_run_stops_at_what_needs_a_person_and_goes_on_with_an_approval_of_what_was_shown", runs::a_run_stops_at_what_needs_a_person_and_goes_on_with_an_approval_of_what_was_shown),
    ("runs::a_persons_words_are_kept_and_an_aborted_run_is_over", runs::a_persons_words_are_kept_and_an_aborted_run_is_over),
    ("runs::a_changed_file_is_told_and_the_run_keeps_the_text_it_began_with", runs::a_changed_file_is_told_and_the_run_keeps_the_text_it_began_with),
    ("runs::words_that_make_no_sense_are_told_before_a_cluster_is_asked", runs::words_that_make_no_sense_are_told_before_a_cluster_is_asked),
    ("deeds::a_dump_is_brought_here_checked_on_both_ends_with_its_rows", deeds::a_dump_is_brought_here_checked_on_both_ends_with_its_rows),
    ("deeds::a_cockpit_killed_in_the_middle_of_a_dump_is_taken_up_and_the_dump_goes_on", deeds::a_cockpit_killed_in_the_middle_of_a_dump_is_taken_up_and_the_dump_goes_on),
    ("deeds::a_cockpit_killed_while_it_fetches_goes_on_behind_what_it_has", deeds::a_cockpit_killed_while_it_fetches_goes_on_behind_what_it_has),
    ("deeds::a_command_that_fails_leaves_nothing_that_looks_like_a_dump", deeds::a_command_that_fails_leaves_nothing_that_looks_like_a_dump),
    ("deeds::an_empty_dump_and_a_straight_one_are_dumps", deeds::an_empty_dump_and_a_straight_one_are_dumps),
    ("deeds::a_restore_is_checked_in_the_pod_and_its_rows_are_compared", deeds::a_restore_is_checked_in_the_pod_and_its_rows_are_compared),
    ("deeds::a_backup_point_of_a_program_is_found_and_checked", deeds::a_backup_point_of_a_program_is_found_and_checked),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TOGETHER);
    let trials = STORIES.iter().map(|(name, tell)| {
        Trial::test(*name, move || {
            tell();
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
