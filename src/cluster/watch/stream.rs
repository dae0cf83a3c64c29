//! The pieces of a watch: bytes in, one event a piece out, whatever the packets. JSON comes in lines, protobuf in frames.

use super::super::body::{CAP, Format};
use super::event::{self, Event};
use super::frame;
use crate::model::Kind;

/// Collects bytes into pieces.
#[derive(Debug)]
pub(super) struct Stream {
    format: Format,
    held: Vec<u8>,
    /// Of lines: how many of the held bytes are known to contain no end.
    scanned: usize,
}

impl Stream {
    pub(super) const fn of(format: Format) -> Self {
        Self {
            format,
            held: Vec::new(),
            scanned: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Hands every complete event to `each` until it returns `false`; keeps the rest for later.
    pub(super) fn drain(&mut self, kind: Kind, mut each: impl FnMut(Event) -> bool) {
        match self.format {
            Format::Json => self.lines(|line| each(event::decode(kind, line))),
            Format::Protobuf => self.frames(|frame| each(frame::decode(kind, frame))),
        }
    }

    fn lines(&mut self, mut each: impl FnMut(&[u8]) -> bool) {
        let mut begin = 0;
        let mut look = self.scanned;
        while let Some(length) = self
            .held
            .get(look..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let end = look + length;
            let line = self.held.get(begin..end).unwrap_or_default();
            begin = end + 1;
            look = begin;
            if !line.iter().all(u8::is_ascii_whitespace) && !each(line) {
                break;
            }
        }
        self.held.drain(..begin);
        self.scanned = self.held.len();
    }

    /// Each with its length before it, in four bytes (`apimachinery/pkg/util/framer`).
    fn frames(&mut self, mut each: impl FnMut(&[u8]) -> bool) {
        let mut rest = self.held.as_slice();
        while let Some((length, after)) = announced(rest) {
            let Some((frame, behind)) = after.split_at_checked(length) else {
                break;
            };
            rest = behind;
            if !frame.is_empty() && !each(frame) {
                break;
            }
        }
        let done = self.held.len() - rest.len();
        self.held.drain(..done);
    }

    /// Bytes of an event that has not ended.
    pub(super) const fn pending(&self) -> usize {
        self.held.len()
    }

    /// The event that has not ended is larger than is taken in.
    pub(super) fn overflown(&self) -> bool {
        self.held.len() > CAP
            || self.format == Format::Protobuf && announced(&self.held).is_some_and(|(length, _)| length > CAP)
    }
}

/// The length of the frame that begins here, and what follows it.
fn announced(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_frames_come_out_whole_wherever_the_packets_end() {
        let lines = b"one\n\ntwo two\nthree\nrest".to_vec();
        let frames = b"\0\0\0\x03one\0\0\0\0\0\0\0\x07two two\0\0\0\x05three\0\0\0\x09".to_vec();
        for (format, bytes) in [(Format::Json, lines), (Format::Protobuf, frames)] {
            for cut in 0..bytes.len() {
                let mut stream = Stream::of(format);
                let mut seen = Vec::new();
                for part in [&bytes[..cut], &bytes[cut..]] {
                    stream.push(part);
                    let each = |piece: &[u8]| {
                        seen.push(String::from_utf8_lossy(piece).into_owned());
                        true
                    };
                    match format {
                        Format::Json => stream.lines(each),
                        Format::Protobuf => stream.frames(each),
                    }
                }
                assert_eq!(seen, ["one", "two two", "three"], "{format:?} cut at {cut}");
                assert_eq!(stream.pending(), 4);
                assert!(!stream.overflown());
            }
        }
    }

    #[test]
    fn a_frame_that_will_be_too_long_is_not_waited_for() {
        let mut stream = Stream::of(Format::Protobuf);
        let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
        stream.push(&length(CAP));
        assert!(!stream.overflown());
        stream = Stream::of(Format::Protobuf);
        stream.push(&length(CAP + 1));
        stream.drain(Kind::Pod, |_| true);
        assert!(stream.overflown());
        // text, taken for a frame
        stream = Stream::of(Format::Protobuf);
        stream.push(b"{\"type\":\"ADDED\"}\n");
        assert!(stream.overflown());
    }
}
