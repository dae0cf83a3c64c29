//! Runs of runbooks: a record of their own for everything that comes, chained like the others and read back.

use super::super::{JournalError, Opened, Outcome, RecordKind, open, show, verify};
use super::{advance, anna, at, delete_claim, fresh, settled};
use crate::runbook::chronicle::{Chapter, KeptSetting, Opening, What};
use crate::runbook::progress::{Event, Word};

fn chapter(run: &str, what: What) -> Chapter {
    let step = matches!(what, What::Came(_)).then(|| "end".to_owned());
    Chapter {
        run: run.to_owned(),
        step,
        what,
    }
}

fn opened(run: &str) -> Chapter {
    let opening = Opening {
        runbook: "own".to_owned(),
        version: "1".to_owned(),
        digest: "d1".repeat(32),
        source: "own.yaml".to_owned(),
        text: "apiVersion: pilothouse.dev/v1\n# ä\n".to_owned(),
        parameters: vec![KeptSetting {
            name: "job".to_owned(),
            text: "train-7f".to_owned(),
            origin: "--set".to_owned(),
        }],
        namespace: "shop".to_owned(),
        release: None,
    };
    chapter(run, What::Opened(Box::new(opening)))
}

fn came(run: &str, event: Event) -> Chapter {
    chapter(run, What::Came(event))
}

fn began() -> Event {
    Event::Began {
        acts: vec![delete_claim()],
    }
}

fn aborted() -> Event {
    Event::Aborted {
        word: Word {
            by: "anna".to_owned(),
            reason: "the window is shut".to_owned(),
        },
    }
}

#[test]
fn a_run_reads_back_over_two_openings() {
    let (dir, mut journal) = fresh();
    journal.run(&opened("own-1"), at(1)).unwrap();
    journal.run(&came("own-1", began()), at(2)).unwrap();
    drop(journal);
    let mut journal = settled(&dir.path().join("j"), at(100));
    journal.run(&opened("own-2"), at(101)).unwrap();
    journal.run(&came("own-1", aborted()), at(102)).unwrap();
    let runs: Vec<(String, usize)> = journal
        .runs()
        .map(|story| (story.id.clone(), story.came.len()))
        .collect();
    assert_eq!(runs, [("own-1".to_owned(), 2), ("own-2".to_owned(), 0)]);
    drop(journal);
    let shown = show(&dir.path().join("j")).unwrap();
    let story = &shown.runs[0];
    assert_eq!(
        (story.began, story.by.as_str(), story.opening.text.as_str()),
        (at(1).wall, "anna@corp@laptop", "apiVersion: pilothouse.dev/v1\n# ä\n")
    );
    assert_eq!((story.came[0].at, &story.came[0].event), (at(2).wall, &began()));
    assert_eq!(story.came[1].event, aborted());
    let text = shown.text();
    assert!(text.contains("own-1: own 1 begins in shop"), "{text}");
    assert!(
        text.contains("end: the run is aborted by anna: the window is shut"),
        "{text}"
    );
    assert_eq!(verify(&dir.path().join("j")).unwrap().records, 6);
}

#[test]
fn what_does_not_follow_is_not_of_a_run() {
    for wrong in [came("nobody", began()), opened("own-1")] {
        let (dir, mut journal) = fresh();
        journal.run(&opened("own-1"), at(1)).unwrap();
        assert!(
            matches!(journal.run(&wrong, at(2)), Err(JournalError::Unreadable { .. })),
            "{wrong:?}"
        );
        // and nothing of it is on disk: the journal opens and goes on
        journal.run(&came("own-1", began()), at(3)).unwrap();
        drop(journal);
        let journal = settled(&dir.path().join("j"), at(10));
        assert_eq!(journal.runs().next().map(|story| story.came.len()), Some(1));
    }
}

/// Runs are told although a step is in doubt: the doubt is settled first, then they are taken up.
#[test]
fn runs_are_told_beside_a_doubt() {
    let (dir, mut journal) = fresh();
    journal.run(&opened("own-1"), at(1)).unwrap();
    let ticket = advance(&mut journal, delete_claim(), 2);
    let why = "cut".to_owned();
    journal.close(&ticket, Outcome::InDoubt { why }, at(4)).unwrap();
    drop(journal);
    let Opened::InDoubt(doubt) = open(&dir.path().join("j"), &anna(), at(10)).unwrap() else {
        panic!("it is in doubt");
    };
    assert_eq!(
        doubt.runs().map(|story| story.id.as_str()).collect::<Vec<_>>(),
        ["own-1"]
    );
    let entry = doubt.all_steps().next().unwrap();
    assert_eq!(entry.approval, "d1", "an act of a run is found by its approval");
}

/// A flipped byte of a run's record is seen like any other.
#[test]
fn an_altered_run_does_not_verify() {
    let (dir, mut journal) = fresh();
    journal.run(&opened("own-1"), at(1)).unwrap();
    drop(journal.finish(at(2)).unwrap());
    let path = dir.path().join("j").join(super::super::FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("train-7f", "train-80")).unwrap();
    assert_eq!(verify(&path).unwrap_err().seq, 2);
    assert_eq!(RecordKind::from_word("run"), Some(RecordKind::Run));
}
