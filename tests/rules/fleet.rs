//! The cockpit's screens are read back as they were meant.

use crate::fleet::*;

const WHOLE: &str = "\
 Pilothouse  prod-eks ▸ eu-central-1  as anna@corp    OPERATING   feeds 14/14 live · oldest 1s   14:02:01Z
 fleet
 tenants 2   ● 1 blocked  ▲ 0 warned  ✓ 1 clean     filter: –   sort: risk
┌ fleet ── 1,500 ────────────────────────────────────────────────────────────────── live 1s ┐
│TENANT           PODS  VOLUMES    JOBS       RAFT  RELEASE       VERDICT                  │
│● hasan-prod        3  3 · 1 ✗    2 foreign  –     eks r7        PVC shared-data Terminating 3h12m, held│
│✓ acme              –  1          –          –     –             nothing is stuck         │
│                                                                                          │
└──────────────────────────────────────────────────────────────────────────────────────────┘
 <enter> open  <x> explain";

#[test]
fn a_complete_picture_is_told_from_every_incomplete_one() {
    assert!(complete(WHOLE));
    for (from, to) in [
        ("14/14 live", "13/14 live"),
        ("2 foreign", "…        "),
        (" live 1s ┐", " listing 1,200 pods … ┐"),
        ("│● hasan-prod", "└● hasan-prod"),
    ] {
        let broken = WHOLE.replacen(from, to, 1);
        assert_ne!(broken, WHOLE);
        assert!(!complete(&broken), "{to}");
    }
    assert!(!complete(""));
}

#[test]
fn a_verdict_that_was_cut_is_not_taken_for_a_waiting_cell() {
    assert!(complete(&WHOLE.replacen(", held│", ", he…│", 1)));
}

#[test]
fn the_screen_is_read_back_as_it_was_meant() {
    assert_eq!(feeds(WHOLE), Some((14, 14)));
    assert_eq!(tenants(WHOLE), Some(1500));
    let rows = rows(WHOLE);
    assert_eq!(rows.len(), 2);
    assert_eq!(tenant(&rows[0]), Some("hasan-prod"));
    assert_eq!((jobs(&rows[0]), jobs(&rows[1])), (2, 0));
    assert!(useful(WHOLE));
    assert!(!useful(" Pilothouse\n"));
    let later = WHOLE.replace("3h12m", "3h13m");
    assert_eq!(timeless(WHOLE), timeless(&later));
    assert_ne!(timeless(WHOLE), timeless(&WHOLE.replace("2 foreign", "1 foreign")));
    // tenants below the screen's end are judged: nothing moves but the counts
    assert_ne!(timeless(WHOLE), timeless(&WHOLE.replace("1 clean", "2 clean")));
}
