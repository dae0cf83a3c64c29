//! Flights on the sandbox: keys in, pictures and journal out, through the real client over a real socket.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a flight that cannot go on has failed"
)]

#[path = "../support/flight.rs"]
mod flight;

mod acts;
mod asked;
mod changes;
mod claims;
mod deeds;
mod doubts;
mod handover;
mod hands;
mod helm;
mod keys;
mod looks;
mod losses;
mod pods;
mod raft;
mod releases;
mod roll;
mod runs;
mod sight;
mod traps;
mod unstick;

use flight::Flight;

/// Compares the screen with the picture of this name: glyphs, and under them the role of each.
fn picture(flight: &Flight, name: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, flight.picture());
    });
}
