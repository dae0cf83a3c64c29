//! Whole runs: order, permissions, the lock, saved objects, waivers, and disks that fail.

use super::super::disk::Disk;
use super::super::{FILE, JournalError, Opened, Outcome, RecordKind, Saved, Waiver, open, show, verify};
use super::{Approval, advance, anna, at, claim, clear_claim_ref, delete_claim, fresh, saved, settled};
use crate::model::{Key, Kind};
use std::io;
use std::os::unix::fs::PermissionsExt as _;

fn done() -> Outcome {
    Outcome::Done {
        evidence: "404".to_owned(),
    }
}

#[test]
fn a_run_reads_back_record_by_record_over_two_openings() {
    let (dir, mut journal) = fresh();
    journal.heard_server("2026-01-01T14:02:10Z".parse().unwrap());
    let ticket = advance(&mut journal, delete_claim(), 2);
    journal.close(&ticket, done(), at(4)).unwrap();
    let head = journal.finish(at(5)).unwrap();
    let mut journal = settled(&dir.path().join("j"), at(100));
    journal.note("looked around", at(101)).unwrap();
    drop(journal);

    let shown = show(&dir.path().join("j")).unwrap();
    let kinds: Vec<&str> = shown.entries.iter().map(|record| record.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "opened", "intent", "cleared", "sent", "outcome", "closed", "opened", "note"
        ]
    );
    assert_eq!(shown.entries[5].seq, head.seq);
    assert_eq!(shown.entries[1].server, Some("2026-01-01T14:02:10Z".parse().unwrap()));
    assert_eq!(shown.entries[1].actor, "anna@corp@laptop");
    assert_ne!(shown.entries[1].run, shown.entries[6].run);
    assert_eq!(shown.steps.len(), 1);
    assert_eq!(shown.steps[0].stage.word(), "done");
    assert_eq!(shown.steps[0].sent, Some(at(3).wall));
    assert!(
        shown
            .text()
            .contains("outcome  delete pvc/shared-data (Background): done, 404")
    );
    let verified = verify(&dir.path().join("j")).unwrap();
    assert_eq!((verified.records, verified.saved, verified.torn), (8, 1, None));
}

#[test]
fn each_step_takes_one_way_only() {
    let (_dir, mut journal) = fresh();
    let ticket = advance(&mut journal, delete_claim(), 0);
    assert!(matches!(
        journal.sent(&ticket, at(2)),
        Err(JournalError::OutOfOrder { .. })
    ));
    assert!(matches!(
        journal.close(&ticket, done(), at(2)),
        Err(JournalError::OutOfOrder { .. })
    ));
    let second = journal.record(Approval::of(delete_claim()), &saved(&delete_claim()), at(2));
    assert!(matches!(second, Err(JournalError::Unfinished { .. })));
    journal.cleared(&ticket, at(2)).unwrap();
    assert!(matches!(
        journal.cleared(&ticket, at(2)),
        Err(JournalError::OutOfOrder { .. })
    ));
    journal.sent(&ticket, at(3)).unwrap();
    assert!(
        matches!(journal.sent(&ticket, at(3)), Err(JournalError::OutOfOrder { .. })),
        "never twice"
    );
    assert!(matches!(
        journal.voided(&ticket, &[], at(3)),
        Err(JournalError::OutOfOrder { .. })
    ));
    let accepted = Outcome::Accepted {
        evidence: "deletionTimestamp is set".to_owned(),
        waits_for: vec!["kubernetes.io/pvc-protection".into()],
    };
    journal.close(&ticket, accepted, at(4)).unwrap();
    journal.close(&ticket, done(), at(9)).unwrap();
    assert!(matches!(
        journal.close(&ticket, done(), at(9)),
        Err(JournalError::OutOfOrder { .. })
    ));
    advance(&mut journal, clear_claim_ref(), 2);
}

#[test]
fn a_voided_approval_ends_its_step() {
    let (dir, mut journal) = fresh();
    let ticket = advance(&mut journal, delete_claim(), 0);
    journal
        .voided(&ticket, &["- resourceVersion 41".to_owned()], at(2))
        .unwrap();
    assert!(matches!(
        journal.cleared(&ticket, at(3)),
        Err(JournalError::OutOfOrder { .. })
    ));
    drop(journal);
    settled(&dir.path().join("j"), at(10));
}

#[test]
fn an_outcome_in_doubt_shuts_the_journal_until_it_is_settled() {
    let (_dir, mut journal) = fresh();
    let ticket = advance(&mut journal, delete_claim(), 2);
    let why = "connection cut".to_owned();
    journal.close(&ticket, Outcome::InDoubt { why }, at(4)).unwrap();
    let next = journal.record(Approval::of(delete_claim()), &saved(&delete_claim()), at(5));
    assert!(matches!(next, Err(JournalError::Unfinished { .. })));
    assert!(matches!(journal.into_doubt(at(5)), Opened::InDoubt(doubt) if doubt.steps().len() == 1));
}

#[test]
fn files_and_directories_are_private_from_their_creation() {
    let (dir, mut journal) = fresh();
    advance(&mut journal, delete_claim(), 0);
    let mode = |name: &str| dir.path().join("j").join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("saved")), (0o700, 0o700));
    assert_eq!((mode(FILE), mode("lock")), (0o600, 0o600));
    assert_eq!(mode("saved/2-pvc-shared-data.yaml"), 0o600);
}

#[test]
fn a_link_or_an_open_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("j");
    drop(settled(&journal, at(0)));
    let elsewhere = dir.path().join("elsewhere");
    std::fs::rename(journal.join(FILE), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, journal.join(FILE)).unwrap();
    assert!(matches!(
        open(&journal, &anna(), at(1)),
        Err(JournalError::Unsafe { .. })
    ));
    std::fs::remove_file(journal.join(FILE)).unwrap();
    std::os::unix::fs::symlink(dir.path().join("nowhere"), journal.join(FILE)).unwrap();
    assert!(open(&journal, &anna(), at(1)).is_err());
    std::fs::remove_file(journal.join(FILE)).unwrap();
    std::fs::set_permissions(&journal, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(
        open(&journal, &anna(), at(1)),
        Err(JournalError::Unsafe { .. })
    ));
}

#[test]
fn a_second_cockpit_is_told_who_holds_the_journal() {
    let (dir, journal) = fresh();
    let Err(JournalError::Held { by: Some(by) }) = open(&dir.path().join("j"), &anna(), at(1)) else {
        panic!("two cockpits hold one journal");
    };
    assert_eq!((by.pid, by.user.as_str()), (std::process::id(), "anna@corp"));
    assert_eq!(by.since, "2026-01-01T14:02:11Z");
    assert!(show(&dir.path().join("j")).is_ok(), "it can still read it");
    drop(journal);
    settled(&dir.path().join("j"), at(2));
}

#[test]
fn nothing_is_destroyed_that_was_not_saved() {
    let (dir, mut journal) = fresh();
    let other = Saved::new().with(Key::new(Kind::Pod, "hasan-prod", "x"), "kind: Pod".to_owned());
    for kept in [Saved::new(), other, Saved::new().with(claim(), " \n".to_owned())] {
        let refused = journal.record(Approval::of(delete_claim()), &kept, at(1));
        assert!(matches!(refused, Err(JournalError::NotSaved { .. })));
    }
    let ticket = advance(&mut journal, delete_claim(), 2);
    journal.close(&ticket, done(), at(4)).unwrap();
    let file = dir.path().join("j/saved/2-pvc-shared-data.yaml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kind: PersistentVolumeClaim\n");
    std::fs::write(&file, "kind: other\n").unwrap();
    assert_eq!(verify(&dir.path().join("j")).unwrap_err().seq, 2);
}

#[test]
fn a_hostile_name_stays_in_the_directory() {
    let (dir, mut journal) = fresh();
    let mut act = delete_claim();
    if let crate::model::Act::Delete { target, .. } = &mut act {
        target.key.name = "../../../x\n\u{1b}[2J".into();
    }
    advance(&mut journal, act, 0);
    let names: Vec<_> = std::fs::read_dir(dir.path().join("j/saved"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["2-pvc-.._.._.._x___2J.yaml"]);
    assert!(!show(&dir.path().join("j")).unwrap().text().contains('\u{1b}'));
}

#[test]
fn a_waiver_stands_in_the_first_line() {
    let (dir, mut journal) = fresh();
    let mut approval = Approval::of(delete_claim());
    approval.waivers = vec![Waiver {
        item: "second-person".into(),
        person: "anna@corp".into(),
        reason: "nobody else is awake".to_owned(),
    }];
    let ticket = journal
        .record(approval, &saved(&delete_claim()), at(1))
        .unwrap()
        .ticket();
    assert_eq!(ticket.intent(), 3);
    let shown = show(&dir.path().join("j")).unwrap();
    assert_eq!(shown.entries[1].known_kind(), Some(RecordKind::Waived));
    let first = shown.text().lines().next().unwrap().to_owned();
    assert!(first.starts_with("WAIVED"), "{first}");
    assert!(
        first.contains("second-person by anna@corp, because nobody else is awake"),
        "{first}"
    );
}

#[test]
fn no_canary_reaches_the_file() {
    let (dir, mut journal) = fresh();
    advance(&mut journal, delete_claim(), 0);
    let text = std::fs::read_to_string(dir.path().join("j").join(FILE)).unwrap();
    assert!(text.contains("DB_PASSWORD") && !text.contains("canary-7f3a"));
}

#[test]
fn an_unknown_record_is_shown_and_stops_every_act() {
    use super::super::record::Record;
    let (dir, journal) = fresh();
    let head = journal.head().clone();
    drop(journal);
    let path = dir.path().join("j").join(FILE);
    for (v, kind) in [(1, "teleported"), (2, "note")] {
        let mut record: Record = show(&path).unwrap().entries[0].clone();
        (record.v, record.kind, record.seq, record.prev) = (v, kind.into(), 2, head.hash.clone());
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        std::fs::write(&path, format!("{first}\n{}", record.seal().unwrap().0)).unwrap();
        assert_eq!(verify(&path).unwrap().unknown, [2]);
        assert_eq!(show(&path).unwrap().entries.len(), 2);
        let refused = open(&dir.path().join("j"), &anna(), at(1));
        assert!(matches!(refused, Err(JournalError::Newer { seq: 2, .. })));
    }
}

/// A disk that refuses from some call on.
#[derive(Debug)]
struct Failing {
    inner: Box<dyn Disk>,
    writes_left: usize,
    syncs_left: usize,
}

impl Failing {
    fn refuse(left: &mut usize) -> io::Result<()> {
        *left = left
            .checked_sub(1)
            .ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
        Ok(())
    }
}

impl Disk for Failing {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        Self::refuse(&mut self.writes_left)?;
        self.inner.write_at(bytes, at)
    }
    fn sync(&mut self) -> io::Result<()> {
        Self::refuse(&mut self.syncs_left)?;
        self.inner.sync()
    }
    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.inner.set_len(length)
    }
}

fn failing(writes_left: usize, syncs_left: usize) -> (tempfile::TempDir, super::Journal) {
    let (dir, mut journal) = fresh();
    let inner = std::mem::replace(&mut journal.book.disk, Box::new(tempfile::tempfile().unwrap()));
    journal.book.disk = Box::new(Failing {
        inner,
        writes_left,
        syncs_left,
    });
    (dir, journal)
}

#[test]
fn a_full_disk_refuses_the_intent_before_a_byte_of_it_is_written() {
    let (dir, mut journal) = failing(0, 9);
    let refused = journal.record(Approval::of(delete_claim()), &saved(&delete_claim()), at(1));
    assert!(matches!(refused, Err(JournalError::NoRoom { .. })));
    assert_eq!(journal.read_only(), None, "nothing is lost, so it may be tried again");
    assert_eq!(journal.head().seq, 1);
    drop(journal);
    assert_eq!(verify(&dir.path().join("j")).unwrap().records, 1);
}

#[test]
fn a_failed_write_or_sync_is_the_last() {
    // Reserving takes one write and one sync; the intent one of each; cleared, sent, outcome one of each.
    for (writes, syncs) in [(1, 9), (9, 0), (9, 1)] {
        let (_dir, mut journal) = failing(writes, syncs);
        let refused = journal.record(Approval::of(delete_claim()), &saved(&delete_claim()), at(1));
        assert!(
            matches!(refused, Err(JournalError::Poisoned { .. })),
            "{writes} {syncs}"
        );
        assert!(journal.read_only().is_some());
        assert!(matches!(journal.note("x", at(2)), Err(JournalError::Poisoned { .. })));
        let again = journal.record(Approval::of(delete_claim()), &saved(&delete_claim()), at(1));
        assert!(matches!(again, Err(JournalError::Poisoned { .. })));
    }
    for (syncs, stage) in [(2, 0), (3, 1), (4, 2)] {
        let (dir, mut journal) = failing(9, syncs);
        let ticket = advance(&mut journal, delete_claim(), stage);
        let next = match stage {
            0 => journal.cleared(&ticket, at(5)),
            1 => journal.sent(&ticket, at(5)),
            _ => journal.close(&ticket, done(), at(5)),
        };
        assert!(matches!(next, Err(JournalError::Poisoned { .. })), "{stage}");
        drop(journal);
        assert!(
            open(&dir.path().join("j"), &anna(), at(9)).is_ok(),
            "a new process starts over"
        );
    }
}

#[test]
fn room_for_the_outcome_is_written_before_the_intent() {
    let (dir, mut journal) = fresh();
    let path = dir.path().join("j").join(FILE);
    let ticket = advance(&mut journal, delete_claim(), 0);
    let length = path.metadata().unwrap().len();
    let why = "\u{1}".repeat(100_000);
    journal.cleared(&ticket, at(2)).unwrap();
    journal.sent(&ticket, at(2)).unwrap();
    journal
        .close(&ticket, Outcome::Refused { code: 422, why }, at(2))
        .unwrap();
    assert_eq!(path.metadata().unwrap().len(), length, "three records found their room");
    journal.finish(at(3)).unwrap();
    let text = std::fs::read(&path).unwrap();
    assert_eq!(text.last(), Some(&b'\n'), "the room is given back");
}
