//! What a terminal would show, and since when: bytes in, frames out, each with its instant. Knows escape sequences only
//! as far as a terminal must; knows nothing of pseudo-terminals and processes.

use super::clock::Instant;
use std::num::NonZeroU16;

const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// Below the cockpit's header, breadcrumbs, summary, border and column titles.
const FIRST_ROW: u16 = 5;

/// Asked once for every frame that a terminal would show; `true` ends the asking.
pub(crate) type Probe = Box<dyn FnMut(&Shown<'_>) -> bool + Send>;

/// One frame as a terminal would show it.
pub(crate) struct Shown<'a> {
    /// When its last byte was read.
    pub(crate) at: Instant,
    screen: &'a vt100::Screen,
}

impl Shown<'_> {
    pub(crate) fn text(&self) -> String {
        self.screen.contents()
    }

    /// One row, counted from 0, as text without trailing blanks.
    pub(crate) fn row(&self, row: u16) -> String {
        let columns = self.screen.size().1.get();
        let text = self.screen.rows(0, columns).nth(usize::from(row));
        text.map(|text| text.trim_end().to_owned()).unwrap_or_default()
    }

    /// What is being typed after `/`, in the last row.
    pub(crate) fn prompt(&self) -> Option<String> {
        let row = self.row(self.screen.size().0.get() - 1);
        let typed = row.trim_start().strip_prefix('/')?;
        typed.split_once('▏').map(|(typed, _)| typed.to_owned())
    }

    /// The row whose background differs from the row below the header: the one under the cursor.
    pub(crate) fn marked(&self) -> Option<u16> {
        let rows = self.screen.size().0.get();
        let inked = |row: u16, column: u16| {
            let cell = self.screen.cell(row, column)?;
            Some((cell.bgcolor(), cell.inverse()))
        };
        // a border is never marked: column 1 is the first inside it
        let column = 2;
        (FIRST_ROW..rows.saturating_sub(1)).find(|row| {
            let (here, ground) = (inked(*row, column), inked(1, column));
            here != ground
        })
    }
}

/// A terminal's memory of what it was sent.
pub(crate) struct Screen {
    parser: vt100::Parser,
    /// Inside a synchronized update (DEC 2026): a terminal shows nothing of it before its end.
    held: bool,
    /// The end of what was fed, where a sequence may have been cut.
    tail: Vec<u8>,
    probes: Vec<(u64, Probe)>,
    seen: Vec<(u64, Instant)>,
    /// Bytes and frames so far.
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
}

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let some = |count: u16| NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN);
        Self {
            parser: vt100::Parser::new(some(rows), some(columns), 0),
            held: false,
            tail: Vec::new(),
            probes: Vec::new(),
            seen: Vec::new(),
            bytes: 0,
            frames: 0,
        }
    }

    /// Takes in what was read at this instant; returns what a terminal would answer to it.
    pub(crate) fn feed(&mut self, bytes: &[u8], at: Instant) -> Vec<u8> {
        self.bytes += bytes.len() as u64;
        let mut carried = std::mem::take(&mut self.tail);
        let before = carried.len();
        carried.extend_from_slice(bytes);
        // cut at each mark, so that two frames in one read are two frames
        let mut begin = 0;
        for end in marks(&carried) {
            if end <= before {
                continue;
            }
            let part = carried.get(begin.max(before)..end).unwrap_or_default();
            self.parser.process(part);
            begin = end;
            let mark = carried.get(..end).unwrap_or_default();
            self.held = mark.ends_with(BEGIN_FRAME);
            if !self.held {
                self.show(at);
            }
        }
        let rest = carried.get(begin.max(before)..).unwrap_or_default();
        self.parser.process(rest);
        if !self.held && !rest.is_empty() && unfinished(&carried) == 0 {
            self.show(at);
        }
        let answers = answers(&carried, before, self.parser.screen().cursor_position());
        let keep = unfinished(&carried);
        self.tail = carried.split_off(carried.len() - keep);
        answers
    }

    fn show(&mut self, at: Instant) {
        self.frames += 1;
        let shown = Shown {
            at,
            screen: self.parser.screen(),
        };
        let seen = &mut self.seen;
        self.probes.retain_mut(|(number, probe)| {
            let done = probe(&shown);
            if done {
                seen.push((*number, at));
            }
            !done
        });
    }

    /// Asks for every frame from now on, until the probe says `true`.
    pub(crate) fn watch(&mut self, number: u64, probe: Probe) {
        self.probes.push((number, probe));
    }

    pub(crate) fn forget(&mut self, number: u64) {
        self.probes.retain(|(held, _)| *held != number);
        self.seen.retain(|(held, _)| *held != number);
    }

    /// When a probe said `true`.
    pub(crate) fn seen(&self, number: u64) -> Option<Instant> {
        self.seen.iter().find(|(held, _)| *held == number).map(|(_, at)| *at)
    }

    /// The screen as it stands.
    pub(crate) fn now(&self) -> Shown<'_> {
        Shown {
            at: Instant::now(),
            screen: self.parser.screen(),
        }
    }
}

/// Where synchronized updates begin and end: the ends of their marks.
fn marks(bytes: &[u8]) -> Vec<usize> {
    let length = BEGIN_FRAME.len();
    bytes
        .windows(length)
        .enumerate()
        .filter(|(_, window)| *window == BEGIN_FRAME || *window == END_FRAME)
        .map(|(at, _)| at + length)
        .collect()
}

/// How many bytes at the end may be the beginning of a sequence.
fn unfinished(bytes: &[u8]) -> usize {
    let longest = 32.min(bytes.len());
    let tail = bytes.get(bytes.len() - longest..).unwrap_or_default();
    let Some(escape) = tail.iter().rposition(|byte| *byte == 0x1b) else {
        return 0;
    };
    let sequence = tail.get(escape..).unwrap_or_default();
    let ended = match sequence.get(1) {
        None => false,
        Some(b'[') => sequence.iter().skip(2).any(|byte| (0x40..=0x7e).contains(byte)),
        Some(b']' | b'P') => sequence.contains(&0x07),
        Some(_) => true,
    };
    if ended { 0 } else { sequence.len() }
}

/// What a terminal of the xterm family answers to the questions in these bytes, those before `from` being answered.
fn answers(bytes: &[u8], from: usize, cursor: (u16, u16)) -> Vec<u8> {
    let position = format!("\x1b[{};{}R", cursor.0 + 1, cursor.1 + 1);
    let known: [(&[u8], &[u8]); 9] = [
        (b"\x1b[6n", position.as_bytes()),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[0c", b"\x1b[?62;22c"),
        (b"\x1b[>c", b"\x1b[>1;5400;0c"),
        (b"\x1b[?u", b"\x1b[?0u"),
        (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
        (b"\x1b]10;?", b"\x1b]10;rgb:d0d0/d0d0/d0d0\x07"),
        (b"\x1b]11;?", b"\x1b]11;rgb:1010/1010/1010\x07"),
    ];
    let mut asked: Vec<(usize, &[u8])> = Vec::new();
    for (question, answer) in known {
        let found = bytes
            .windows(question.len())
            .enumerate()
            .filter(|(_, window)| *window == question);
        let ends = found.map(|(at, _)| at + question.len());
        asked.extend(ends.filter(|end| *end > from).map(|end| (end, answer)));
    }
    asked.sort_by_key(|(end, _)| *end);
    asked.into_iter().flat_map(|(_, answer)| answer.to_vec()).collect()
}
