//! How text is laid out: escaped, aligned, wrapped to a width. Knows nothing of what it says.

use crate::model::helm::Valued;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// The narrowest page that is laid out; a smaller width is taken for this one.
const NARROWEST: usize = 40;

/// Text under construction.
pub(super) struct Page {
    width: usize,
    text: String,
}

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width: width.max(NARROWEST),
            text: String::new(),
        }
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// One paragraph: `head` once, then `body` wrapped, its later lines indented by the width of `head`
    /// (by at most a third of the page, so that deep text still has room).
    pub(super) fn line(&mut self, head: &str, body: &str) {
        let head = escaped(head);
        let indent = head.width().min(self.width / 3);
        let mut line = head.clone();
        let mut fresh = true;
        for word in escaped(body).split_whitespace() {
            let gap = usize::from(!fresh);
            if !fresh && line.width() + gap + word.width() > self.width {
                self.push(&line);
                line = " ".repeat(indent);
                fresh = true;
            }
            if !fresh {
                line.push(' ');
            }
            line.push_str(word);
            fresh = false;
        }
        self.push(&line);
    }

    /// What a chart is rendered with, each value with its origin.
    pub(super) fn valued(&mut self, indent: usize, valued: &[Valued]) {
        let rows = valued.iter().map(|one| {
            let shown = one.shown().to_owned();
            vec![one.path.to_string(), shown, format!("from {}", one.origin)]
        });
        self.table(indent, &rows.collect::<Vec<_>>());
    }

    /// Rows of cells, each column as wide as its widest cell; the last one wraps.
    pub(super) fn table(&mut self, indent: usize, rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| escaped(cell)).collect())
            .collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                rows.iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for row in &rows {
            let Some((last, cells)) = row.split_last() else {
                continue;
            };
            let mut head = " ".repeat(indent);
            for (cell, width) in cells.iter().zip(&widths) {
                head.push_str(cell);
                head.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
            if head.width() > self.width / 2 {
                self.push(&head);
                self.line(&" ".repeat(indent + 2), last);
            } else {
                self.line(&head, last);
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// Text with every character that could move a cursor, colour a screen or turn a line around written as `\u{…}`.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if dangerous(letter) {
            // writing to a String cannot fail
            write!(safe, "{}", letter.escape_unicode()).unwrap_or_default();
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Controls (C0, C1, DEL) and the invisible characters that reorder or hide text.
fn dangerous(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        for (text, safe) in [
            ("plain-name.1", "plain-name.1"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("x\u{9b}31m", "x\\u{9b}31m"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("größe ✓", "größe ✓"),
        ] {
            assert_eq!(escaped(text), safe);
        }
    }

    #[test]
    fn long_lines_wrap_below_their_head() {
        let mut page = Page::new(40);
        page.line("  1. ", "one two three four five six seven eight nine ten eleven");
        assert_eq!(
            page.into_text(),
            "  1. one two three four five six seven\n     eight nine ten eleven\n"
        );
    }

    #[test]
    fn columns_align_and_no_line_is_too_long() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let mut page = Page::new(60);
        page.table(
            2,
            &[
                row(["a", "longer", "the first of two lines which is long enough to wrap"]),
                row(["bbbb", "x", "short"]),
            ],
        );
        let text = page.into_text();
        assert_eq!(
            text,
            "  a     longer  the first of two lines which is long enough\n                to wrap\n  bbbb  x       short\n"
        );
        assert!(text.lines().all(|line| line.width() <= 60));
    }
}
