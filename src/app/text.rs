//! Text that may be hostile, made visible: the one place where names and messages from a cluster become text for a screen.
//!
//! Knows characters and their widths; must not know colours or a terminal. Control characters, bidirectional overrides,
//! zero-width characters and combining marks are written out as `\u{…}`, so that nothing on a screen is there unseen
//! and what is seen is what is there (`reference/safety-and-performance.md` A5 faults 30 and 31).

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text with every character that a terminal would not show as itself written out.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_typewritten(text) || text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(written(text, is_plain))
}

/// Printable ASCII throughout, as almost every name is: a column a byte, and nothing hidden.
fn is_typewritten(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// As [`visible`], and everything outside printable ASCII written out too: for identities at a gate, where two
/// characters that look alike must not read alike.
pub fn ascii(text: &str) -> String {
    written(text, |character| {
        matches!(character, ' '..='~') || OUR_SIGNS.contains(character)
    })
}

/// Signs that our own sentences are written with and that look like no letter.
const OUR_SIGNS: &str = "·…–→▸✓✗☐☑?";

/// Whether a terminal shows this character as itself, in the columns its width says.
pub fn is_plain(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    let invisible = matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{10ffff}');
    !character.is_control() && !invisible && character.width().is_some_and(|width| width > 0)
}

fn written(text: &str, plain: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{1b}' => out.push_str("\\e"),
            plain_one if plain(plain_one) => out.push(plain_one),
            other => out.extend([format!("\\u{{{:x}}}", u32::from(other))]),
        }
    }
    out
}

/// How many columns a text takes that has already been made [`visible`].
pub fn width(text: &str) -> usize {
    if is_typewritten(text) {
        return text.len();
    }
    text.width()
}

/// The text in at most `columns`, its middle replaced by `…`: beginnings and endings are what tells names apart.
pub fn middle(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let room = columns - 1;
    let tail = room / 2;
    let head = room - tail;
    format!("{}…{}", prefix(text, head), suffix(text, tail)).into()
}

/// The text in at most `columns`, its end replaced by `…`: for sentences, which say the main thing first.
pub fn end(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    columns
        .checked_sub(1)
        .map_or_else(String::new, |room| format!("{}…", prefix(text, room)))
        .into()
}

fn prefix(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

fn suffix(text: &str, columns: usize) -> String {
    let mut used = 0;
    let backwards: Vec<char> = text
        .chars()
        .rev()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect();
    backwards.into_iter().rev().collect()
}

/// The text in lines of at most `columns`, broken at spaces, and inside a word only when the word alone is too long.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) <= columns {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            if width(&line) + character.width().unwrap_or(0) > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        for (hostile, shown) in [
            ("plain", "plain"),
            ("a\u{1b}[2Jb", "a\\e[2Jb"),
            ("a\u{9b}31mb", "a\\u{9b}31mb"),
            ("x\r\ny", "x\\r\\ny"),
            ("ad\u{202e}nim", "ad\\u{202e}nim"),
            ("pay\u{200b}pal", "pay\\u{200b}pal"),
            ("e\u{301}\u{301}", "e\\u{301}\\u{301}"),
            ("Zürich 日本", "Zürich 日本"),
            ("👩\u{200d}🚀", "👩\\u{200d}🚀"),
        ] {
            assert_eq!(visible(hostile), shown);
        }
        assert_eq!(ascii("pаypal"), "p\\u{430}ypal");
        assert_eq!(ascii("deleted 1 · kept 2"), "deleted 1 · kept 2");
    }

    #[test]
    fn a_cut_name_keeps_both_its_ends() {
        assert_eq!(middle("pvc-0f0a5b1e-9c1f-4b6a", 11), "pvc-0…-4b6a");
        assert_eq!(middle("short", 11), "short");
        assert_eq!(middle("日本語日本語", 5), "日…語");
        assert_eq!(middle("abc", 0), "");
        assert_eq!(end("held by nine pods", 8), "held by…");
    }

    #[test]
    fn lines_break_at_spaces_and_lose_nothing() {
        assert_eq!(wrap("held by nine pods", 8), ["held by", "nine", "pods"]);
        assert_eq!(wrap("0123456789abcdef x", 6), ["012345", "6789ab", "cdef x"]);
        assert_eq!(wrap("", 6), [""]);
        assert_eq!(wrap("ab", 0), ["a", "b"]);
    }
}
