//! Death at every point J0 to J6, in a process of its own, and a torn last record.

use super::super::failpoint::{Point, VARIABLE};
use super::super::{FILE, Observed, Opened, Outcome, Ruling, judge, open, show, verify};
use super::{advance, anna, at, delete_claim, fresh, settled};
use std::path::Path;
use std::process::{Command, Stdio};

const DIRECTORY: &str = "PILOTHOUSE_CRASH_TEST_DIRECTORY";

/// One act from beginning to end, which the failpoint cuts short.
fn act(dir: &Path) {
    let mut journal = settled(dir, at(0));
    let ticket = advance(&mut journal, delete_claim(), 2);
    let evidence = "404".to_owned();
    journal.close(&ticket, Outcome::Done { evidence }, at(4)).unwrap();
}

/// The test runs itself once for each point, in a process that dies there.
#[test]
fn after_death_at_any_point_the_next_start_knows_where_the_step_stood() {
    if let Some(dir) = std::env::var_os(DIRECTORY) {
        return act(Path::new(&dir));
    }
    for point in Point::ALL {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("j");
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "journal::tests::crash::after_death_at_any_point_the_next_start_knows_where_the_step_stood",
            ])
            .env(DIRECTORY, &journal)
            .env(VARIABLE, point.name())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "{point:?} did not kill the process");
        verify(&journal).unwrap();
        let stood = match open(&journal, &anna(), at(100)).unwrap() {
            Opened::Settled(journal) => journal.steps().next().map(|entry| entry.stage.word()),
            Opened::InDoubt(doubt) => {
                let verdict = judge(&doubt.steps()[0], &Observed::Absent, at(100));
                Some(match verdict.ruling() {
                    Ruling::NotApplied => "never left",
                    Ruling::Done => "observed gone",
                    Ruling::Accepted | Ruling::Conflict | Ruling::StillInDoubt => "wrong",
                })
            }
        };
        let expected = match point {
            Point::J0 => None,
            Point::J1 | Point::J2 => Some("never left"),
            Point::J3 | Point::J4 | Point::J5 => Some("observed gone"),
            Point::J6 => Some("done"),
        };
        assert_eq!(stood, expected, "{point:?}");
    }
}

/// A crash in the middle of each write: the file is cut at every byte, and opened again.
#[test]
fn a_torn_record_is_cut_and_reported_and_the_rest_stands() {
    let (dir, mut journal) = fresh();
    let path = dir.path().join("j").join(FILE);
    advance(&mut journal, delete_claim(), 2);
    let trimmed = journal.finish(at(4));
    assert!(trimmed.is_ok());
    let whole = std::fs::read(&path).unwrap();
    for at_byte in (0..whole.len()).step_by(17) {
        // A torn write may stand in room that was reserved before it.
        let mut bytes = whole[..at_byte].to_vec();
        bytes.extend_from_slice(&vec![b' '; at_byte % 3 * 100]);
        std::fs::write(&path, &bytes).unwrap();
        let torn = verify(&path).unwrap().torn;
        let opened = open(&dir.path().join("j"), &anna(), at(10)).unwrap();
        let found = match &opened {
            Opened::Settled(journal) => journal.torn().cloned(),
            Opened::InDoubt(doubt) => doubt.torn().cloned(),
        };
        assert_eq!(found, torn, "cut at {at_byte}");
        drop(opened);
        let after = show(&path).unwrap();
        assert_eq!((&after.torn, &after.tampered), (&None, &None), "cut at {at_byte}");
        assert_eq!(after.text().contains("was cut"), torn.is_some());
    }
}
