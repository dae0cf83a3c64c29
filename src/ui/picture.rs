//! Pictures of the real screens: SVG for the README, and glyphs beside role letters for tests, where meaning is
//! tested apart from colours.
//!
//! Deterministic: the same state gives the same bytes.

use super::theme::{Role, Theme, rgb};
use crate::app::State;
use crate::app::view;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// Pixels of one cell.
const CELL: (usize, usize) = (9, 18);
/// Pixels around the screen.
const MARGIN: usize = 10;

/// The screen of this state, drawn with a theme into a buffer of the state's own size.
pub fn buffer(state: &State, theme: &Theme) -> Buffer {
    let (width, height) = state.size();
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    super::draw(&view::scene(state), theme, area, &mut buffer);
    buffer
}

/// The screen as text, and under it, cell for cell, a letter for the role each glyph is painted in. A capital letter
/// is on the row under the cursor; a blank has no glyph; plain text is a dot.
pub fn letters(state: &State) -> String {
    let buffer = buffer(state, &Theme::of_roles());
    let mut out = String::new();
    for glyphs in [true, false] {
        for y in buffer.area.top()..buffer.area.bottom() {
            let mut line = String::new();
            let mut x = buffer.area.left();
            while x < buffer.area.right() {
                let Some(cell) = buffer.cell((x, y)) else { break };
                let columns = u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
                if glyphs {
                    line.push_str(cell.symbol());
                } else {
                    line.push_str(&String::from(letter(cell)).repeat(usize::from(columns)));
                }
                x += columns;
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// The letter of the role a cell is painted in.
fn letter(cell: &Cell) -> char {
    if cell.symbol().trim().is_empty() {
        return ' ';
    }
    let role = |color: Color| match color {
        Color::Indexed(index) => Role::ALL.get(usize::from(index)).copied(),
        _ => None,
    };
    let letter = match role(cell.fg).unwrap_or(Role::Text) {
        Role::Text => '.',
        Role::Dim => 'd',
        Role::Accent => 'a',
        Role::Strong => 's',
        Role::Ok => 'o',
        Role::Warn => 'w',
        Role::Bad => 'b',
        Role::Unknown => 'u',
        Role::Key => 'k',
        Role::Border => '-',
        Role::Focus => '=',
        Role::Title => 't',
        Role::Column => 'c',
        Role::Lost => 'l',
        Role::GateBorder => 'g',
        Role::Selected | Role::Resting | Role::Header | Role::Gate => '?',
    };
    match role(cell.bg) {
        Some(Role::Selected) if letter == '.' => 'T',
        Some(Role::Selected) => letter.to_ascii_uppercase(),
        Some(Role::Resting) if letter == '.' => ':',
        _ => letter,
    }
}

/// The screen as an SVG picture.
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    let (width, height) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let ground = theme.style(Role::Gate).bg.unwrap_or(Color::Black);
    let ink = theme.style(Role::Text).fg.unwrap_or(Color::White);
    let (across, down) = (width * CELL.0 + 2 * MARGIN, height * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{across}\" height=\"{down}\" viewBox=\"0 0 {across} {down}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"14.95\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(ground),
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let run = run(buffer, x, y);
            piece(&mut out, buffer, (x, y), run, (ink, ground));
            x += run;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// How many cells from here on look alike.
fn run(buffer: &Buffer, x: u16, y: u16) -> u16 {
    let look = |x: u16| buffer.cell((x, y)).map(|cell| (cell.fg, cell.bg, cell.modifier));
    let first = look(x);
    let mut end = x + 1;
    while end < buffer.area.width && look(end) == first {
        end += 1;
    }
    end - x
}

/// A run of cells: its ground where it differs from the picture's, and its text, each glyph in its own column.
fn piece(out: &mut String, buffer: &Buffer, (x, y): (u16, u16), run: u16, (ink, ground): (Color, Color)) {
    let Some(cell) = buffer.cell((x, y)) else { return };
    let own = |color: Color, usual: Color| if color == Color::Reset { usual } else { color };
    let (mut front, mut back) = (own(cell.fg, ink), own(cell.bg, ground));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut front, &mut back);
    }
    let (left, top) = (MARGIN + usize::from(x) * CELL.0, MARGIN + usize::from(y) * CELL.1);
    let width = usize::from(run) * CELL.0;
    if back != ground {
        out.extend([format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>\n",
            CELL.1,
            hex(back)
        )]);
    }
    let text: String = (x..x + run)
        .filter_map(|x| buffer.cell((x, y)))
        .map(Cell::symbol)
        .collect();
    if text.trim().is_empty() {
        return;
    }
    let columns = text.width() * CELL.0;
    let mut looks = String::new();
    for (modifier, look) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.7\""),
    ] {
        if cell.modifier.contains(modifier) {
            looks.push_str(look);
        }
    }
    out.extend([format!(
        "<text x=\"{left}\" y=\"{}\" textLength=\"{columns}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" \
         fill=\"{}\"{looks}>{}</text>\n",
        top + CELL.1 - 5,
        hex(front),
        escaped(&text),
    )]);
}

fn hex(color: Color) -> String {
    let (red, green, blue) = rgb(color);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
