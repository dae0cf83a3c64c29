//! Words of others made safe to pass on: one line, no character that moves a cursor or hides, and no longer than asked.

use std::fmt::Write as _;

/// One line of printable text: white space folded, control, bidirectional and zero-width characters spelled out
/// (`reference/safety-and-performance.md` A5 fault 30), cut at `longest` characters.
pub fn plain(text: &str, longest: usize) -> String {
    let mut line = String::with_capacity(text.len().min(longest));
    let mut gap = false;
    for (count, character) in text.trim().chars().enumerate() {
        if count >= longest {
            line.push('…');
            break;
        }
        if matches!(character, ' ' | '\t' | '\n' | '\r') {
            gap = true;
            continue;
        }
        if gap {
            line.push(' ');
            gap = false;
        }
        if character.is_control() || hidden(character) {
            // writing to a String cannot fail
            write!(line, "\\u{{{:x}}}", u32::from(character)).unwrap_or_default();
        } else {
            line.push(character);
        }
    }
    line
}

/// Characters that change how their neighbours look without being seen.
const fn hidden(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
