//! One picture a screen and size.

use crate::app::Mode;
use crate::app::fixture::{cockpit, press};
use crate::ui::picture::letters;

/// The sizes every screen is drawn at.
const SIZES: [(u16, u16); 4] = [(20, 5), (80, 24), (120, 40), (300, 100)];

/// Draws the screen these keys lead to at every size.
fn pictures(name: &str, keys: &str) {
    for (width, height) in SIZES {
        let mut state = cockpit(Mode::Operating, (width, height));
        press(&mut state, keys);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), letters(&state));
        });
    }
}

#[test]
fn the_fleet() {
    pictures("fleet", "");
}

#[test]
fn a_tenant() {
    pictures("tenant", ":tenant has<enter>");
}

#[test]
fn a_tenants_jobs() {
    pictures("jobs", ":tenant has<enter><tab>");
}

#[test]
fn the_chain_of_a_dying_claim() {
    pictures("chain", ":tenant has<enter>jj<enter>");
}

#[test]
fn why_a_claim_is_stuck() {
    pictures("explain", ":tenant has<enter>jjx");
}

#[test]
fn what_deleting_a_claim_would_do() {
    pictures("forecast", ":tenant has<enter>jf");
}

#[test]
fn all_keys() {
    pictures("help", "?");
}

#[test]
fn the_panel_in_front_of_deleting_a_job() {
    pictures("gate-job", ":tenant has<enter><tab><ctrl-d>");
}

#[test]
fn the_panel_in_front_of_deleting_a_claim() {
    pictures("gate-claim", ":tenant has<enter>j<ctrl-d>");
}

#[test]
fn the_panel_in_front_of_clearing_a_claim_ref() {
    pictures("gate-claimref", ":tenant has<enter>Gc");
}
