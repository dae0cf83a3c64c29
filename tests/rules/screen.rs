//! Frames are told apart as a terminal would show them.

use crate::clock::Instant;
use crate::screen::*;
use std::sync::{Arc, Mutex};

fn recording(screen: &mut Screen) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    screen.watch(
        1,
        Box::new(move |shown| {
            sink.lock().unwrap().push(shown.text());
            false
        }),
    );
    seen
}

#[test]
fn a_frame_is_shown_at_its_end_wherever_the_reads_cut_it() {
    let text = b"\x1b[?2026hone\x1b[?2026l\x1b[?2026h two\x1b[?2026l";
    for cut in 0..=text.len() {
        let mut screen = Screen::new(20, 3);
        let seen = recording(&mut screen);
        screen.feed(&text[..cut], Instant(1));
        screen.feed(&text[cut..], Instant(2));
        let mut frames = seen.lock().unwrap().clone();
        frames.dedup();
        frames.retain(|frame| !frame.is_empty());
        assert_eq!(frames, ["one", "one two"], "cut at {cut}");
    }
}

#[test]
fn a_frame_has_the_instant_of_its_last_byte() {
    let mut screen = Screen::new(20, 3);
    screen.watch(7, Box::new(|shown| shown.row(0) == "late"));
    screen.feed(b"\x1b[?2026hla", Instant(10));
    screen.feed(b"te", Instant(20));
    assert_eq!(screen.seen(7), None, "a terminal holds it back");
    screen.feed(b"\x1b[?2026l", Instant(30));
    assert_eq!(screen.seen(7), Some(Instant(30)));
    screen.forget(7);
    assert_eq!(screen.seen(7), None);
}

#[test]
fn a_program_that_does_not_synchronize_shows_each_read() {
    let mut screen = Screen::new(20, 3);
    let seen = recording(&mut screen);
    screen.feed(b"a", Instant(1));
    screen.feed(b"b", Instant(2));
    assert_eq!(*seen.lock().unwrap(), ["a", "ab"]);
    assert_eq!(screen.bytes, 2);
}

#[test]
fn questions_are_answered_once_wherever_the_reads_cut_them() {
    let text = b"xy\x1b[6n\x1b[c\x1b]11;?\x07";
    let expected = b"\x1b[1;3R\x1b[?62;22c\x1b]11;rgb:1010/1010/1010\x07".to_vec();
    for cut in 0..=text.len() {
        let mut screen = Screen::new(20, 3);
        let mut said = screen.feed(&text[..cut], Instant(1));
        said.extend(screen.feed(&text[cut..], Instant(2)));
        assert_eq!(said, expected, "cut at {cut}");
    }
}

#[test]
fn the_row_under_the_cursor_is_the_one_with_another_ground() {
    let mut screen = Screen::new(20, 9);
    screen.feed(b"head\r\n\r\n\r\n\r\nrow a\r\n\x1b[44mrow b\x1b[0m", Instant(1));
    assert_eq!(screen.now().marked(), Some(5));
    assert_eq!(screen.now().row(5), "row b");
    screen.feed(b"\x1b[2J", Instant(2));
    assert_eq!(screen.now().marked(), None);
}
