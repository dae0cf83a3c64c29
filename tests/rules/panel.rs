//! A panel is read back from its screen, and the next key towards an open one is told; never the one that approves.

use crate::panel::*;

const SCREEN: &str = "\
 Pilothouse  load ▸ 127.0.0.1:1   as operator   OPERATING   feeds 14/14 live · oldest 0s   03:58:33Z
─ T2 destructive ── delete job/train-7f (Background) in onyx-prod ─────
 ✓ job/train-7f is as shown, and not being deleted
     uid 3bfc048c-342f-4198-95ce-6f06508bc89e · resourceVersion 48027737
 ✓ what its pods do and hold is known
     2 pods, 1 active: train-7f-8ks9h on node-1.internal; they name pvc/dataset-4
▸☐ the pods' logs are not needed, or are saved  I attest, as operator

 type the last six of the uid of
 job/train-7f:  8bc▏
 APPROVE is closed: 1 not attested";

#[test]
fn a_panel_is_read_back() {
    assert_eq!(object(SCREEN), Some("train-7f"));
    assert_eq!(versions(SCREEN), ["48027737"]);
    assert_eq!(open(SCREEN), Some(false));
    assert_eq!(open(&SCREEN.replace("is closed", "is open")), Some(true));
    assert_eq!(open(" fleet"), None);
    assert!(destructive(SCREEN) && !destructive(&SCREEN.replace("T2 destructive", "T1 disruptive")));
}

#[test]
fn the_next_key_types_what_is_asked_for_and_then_attests() {
    assert_eq!(next_key(SCREEN).as_deref(), Some("8"));
    let typed = |text: &str| SCREEN.replace("8bc▏", &format!("{text}▏"));
    assert_eq!(next_key(&typed("")).as_deref(), Some("8"));
    assert_eq!(next_key(&typed("x")).as_deref(), Some("\x7f"), "a wrong one is erased");
    assert_eq!(next_key(&typed("8bc89e")).as_deref(), Some(" "));
    let attested = typed("8bc89e").replace("▸☐", "▸☑");
    assert_eq!(next_key(&attested).as_deref(), Some("\x1b[B"), "on to the next item");
    for (question, first) in [("how many pods", "2"), ("the node that the pods of", "n")] {
        let asked = typed("").replace("the last six of the uid of", question);
        assert_eq!(next_key(&asked).as_deref(), Some(first), "{question}");
    }
    let unknown = typed("").replace("the last six of the uid of", "your name,");
    assert_eq!(next_key(&unknown), None);
}

#[test]
fn no_key_approves() {
    for screen in [SCREEN.to_owned(), SCREEN.replace("is closed", "is open"), String::new()] {
        assert_ne!(next_key(&screen).as_deref(), Some("\x19"));
    }
}
