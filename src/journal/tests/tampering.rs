//! Mutations: every byte flipped, every line dropped, swapped, repeated, spliced; the file cut at every byte.

use super::super::chain::{Scan, scan};
use super::super::{FILE, Outcome, RecordKind, verify, verify_anchored};
use super::{advance, at, delete_claim, fresh};

/// A small journal with every kind of line that matters.
fn journal() -> Vec<u8> {
    let (dir, mut journal) = fresh();
    let ticket = advance(&mut journal, delete_claim(), 2);
    let evidence = "404".to_owned();
    journal.close(&ticket, Outcome::Done { evidence }, at(4)).unwrap();
    journal.finish(at(5)).unwrap();
    std::fs::read(dir.path().join("j").join(FILE)).unwrap()
}

/// The line number, from 1, and the offset of the line a byte lies in.
fn line_of(bytes: &[u8], at: usize) -> (u64, u64) {
    let before = &bytes[..at];
    let line = before.split(|byte| *byte == b'\n').count() as u64;
    let offset = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, offset as u64)
}

fn assert_names(scan: &Scan, line: u64, offset: u64, what: &str) {
    let tampered = scan.tampered.as_ref().unwrap_or_else(|| panic!("{what}: not seen"));
    assert_eq!((tampered.seq, tampered.offset), (line, offset), "{what}: {tampered}");
}

#[test]
fn the_small_journal_verifies() {
    let scan = scan(&journal());
    assert_eq!((scan.records.len(), scan.tampered, scan.torn), (6, None, None));
}

#[test]
fn every_flipped_byte_is_named() {
    let whole = journal();
    for at in 0..whole.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            let scan = scan(&bytes);
            let (line, offset) = line_of(&whole, at);
            assert_names(&scan, line, offset, &format!("byte {at} ^ {mask:x}"));
        }
    }
}

#[test]
fn the_last_newline_turned_into_room_loses_nothing() {
    let whole = journal();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() = b' ';
    let scan = scan(&bytes);
    assert_eq!(
        (scan.records.len(), scan.unterminated, scan.torn, scan.tampered),
        (6, true, None, None)
    );
}

#[test]
fn every_line_dropped_swapped_repeated_or_spliced_is_named() {
    let whole = journal();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let offset = |line: usize| lines[..line].concat().len() as u64;
    let foreign = journal();
    let foreign: Vec<&[u8]> = foreign.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let number = at as u64 + 1;
        if at + 1 < lines.len() {
            let mut dropped = lines.clone();
            dropped.remove(at);
            assert_names(&scan(&dropped.concat()), number, offset(at), "dropped");
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_names(&scan(&swapped.concat()), number, offset(at), "swapped");
        }
        let mut repeated = lines.clone();
        repeated.insert(at, lines[at]);
        assert_names(&scan(&repeated.concat()), number + 1, offset(at + 1), "repeated");
        let mut blank = lines.clone();
        blank.insert(at, b"\n");
        assert_names(&scan(&blank.concat()), number, offset(at), "an empty line");
        // A line of another journal with the same number, sealed in order after another past.
        if at > 0 {
            let mut spliced = lines.clone();
            let other = reseal_with_other_past(foreign[at]);
            spliced[at] = &other;
            assert_names(&scan(&spliced.concat()), number, offset(at), "spliced");
        }
    }
}

/// The same record as another journal would hold it: sealed in order, after another past.
fn reseal_with_other_past(line: &[u8]) -> Vec<u8> {
    use super::super::record::Record;
    let (mut record, _) = Record::unseal(line.strip_suffix(b"\n").unwrap()).unwrap();
    record.prev = super::super::sha256(b"another past");
    record.seal().unwrap().0.into_bytes()
}

#[test]
fn a_file_cut_anywhere_is_torn_or_shorter_never_tampered() {
    let whole = journal();
    for at in 0..whole.len() {
        let scan = scan(&whole[..at]);
        assert_eq!(scan.tampered, None, "cut at {at}");
        let (line, offset) = line_of(&whole, at);
        let at_line_end = offset == at as u64;
        let lacks_newline = whole[at] == b'\n';
        assert_eq!(scan.torn.is_some(), !at_line_end && !lacks_newline, "cut at {at}");
        assert_eq!(
            scan.records.len() as u64,
            if lacks_newline { line } else { line - 1 },
            "cut at {at}"
        );
        if let Some(torn) = scan.torn {
            let kept = whole[..at].trim_ascii_end().len() as u64;
            assert_eq!((torn.offset, torn.bytes), (offset, kept - offset), "cut at {at}");
        }
    }
}

#[test]
fn a_cut_in_the_middle_is_named() {
    let whole = journal();
    let second = whole.len() / 2
        - whole[..whole.len() / 2]
            .iter()
            .rev()
            .position(|byte| *byte == b'\n')
            .unwrap();
    for at in 1..second {
        let bytes = [&whole[..at], &whole[second..]].concat();
        let (line, offset) = line_of(&whole, at);
        assert_names(&scan(&bytes), line, offset, &format!("cut from {at} to {second}"));
    }
}

#[test]
fn a_missing_tail_is_caught_by_the_head_known_outside() {
    let (dir, mut journal) = fresh();
    journal.note("one", at(1)).unwrap();
    let early = journal.head().clone();
    journal.note("two", at(2)).unwrap();
    let head = journal.finish(at(3)).unwrap();
    let path = dir.path().join("j").join(FILE);
    let whole = std::fs::read_to_string(&path).unwrap();
    assert!(verify_anchored(&path, &head).is_ok());
    assert!(
        verify_anchored(&path, &early).is_ok(),
        "an older head is part of the chain"
    );

    let shorter: String = whole.split_inclusive('\n').take(3).collect();
    std::fs::write(&path, shorter).unwrap();
    assert!(verify(&path).is_ok(), "a chain alone cannot see it");
    assert_eq!(verify_anchored(&path, &head).unwrap_err().seq, 4);
}

#[test]
fn heads_read_as_words() {
    let (_dir, journal) = fresh();
    let words = journal.head().words();
    assert_eq!(words.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5]);
    let known = super::super::Head {
        seq: 1,
        hash: format!("7f000001{}", "0".repeat(56)),
    };
    assert_eq!(known.words(), "lusab-babad-babab", "127.0.0.1 in arXiv 0901.4016");
}

#[test]
fn every_kind_has_its_own_word() {
    for kind in RecordKind::ALL {
        assert_eq!(RecordKind::from_word(kind.word()), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
    }
}
