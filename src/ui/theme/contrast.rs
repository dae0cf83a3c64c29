//! Forced contrast: on a gate, nothing can be the colour of its background, whatever a theme says.
//!
//! Source: WCAG 2.2, relative luminance and contrast ratio (success criterion 1.4.3: 4.5 to 1).

use super::Role;
use ratatui::style::{Color, Style};

/// The least ratio between a text and what it stands on.
const LEAST: f64 = 4.5;

/// The styles of all roles as they are on a gate.
pub(super) fn forced(styles: &[Style; Role::ALL.len()]) -> [Style; Role::ALL.len()] {
    let base = styles.get(Role::Gate.index()).copied().unwrap_or_default();
    let colored = styles.iter().any(|style| style.fg.is_some() || style.bg.is_some());
    if !colored {
        return styles.map(|style| base.patch(style));
    }
    let ground = base.bg.filter(|color| *color != Color::Reset).unwrap_or(Color::Black);
    let ink = readable(base.fg, ground).unwrap_or_else(|| opposite(ground));
    styles.map(|style| {
        let own = readable(style.fg, ground).unwrap_or(ink);
        style.fg(own).bg(ground)
    })
}

/// The colour, if it can be read on this ground.
fn readable(color: Option<Color>, ground: Color) -> Option<Color> {
    color.filter(|color| *color != Color::Reset && ratio(*color, ground) >= LEAST)
}

/// Black or white, whichever can be read on this ground.
fn opposite(ground: Color) -> Color {
    let (black, white) = (Color::Indexed(16), Color::Indexed(231));
    if matches!(ground, Color::Rgb(..) | Color::Indexed(_)) {
        return if ratio(black, ground) > ratio(white, ground) {
            black
        } else {
            white
        };
    }
    if ratio(Color::Black, ground) > ratio(Color::White, ground) {
        Color::Black
    } else {
        Color::White
    }
}

pub(super) fn ratio(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: Color) -> f64 {
    let (red, green, blue) = rgb(color);
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// A colour's red, green and blue; named ones as xterm shows them.
pub(in crate::ui) fn rgb(color: Color) -> (u8, u8, u8) {
    match color {
        Color::Reset | Color::Black => (0, 0, 0),
        Color::Red => (205, 0, 0),
        Color::Green => (0, 205, 0),
        Color::Yellow => (205, 205, 0),
        Color::Blue => (0, 0, 238),
        Color::Magenta => (205, 0, 205),
        Color::Cyan => (0, 205, 205),
        Color::Gray => (229, 229, 229),
        Color::DarkGray => (127, 127, 127),
        Color::LightRed => (255, 0, 0),
        Color::LightGreen => (0, 255, 0),
        Color::LightYellow => (255, 255, 0),
        Color::LightBlue => (92, 92, 255),
        Color::LightMagenta => (255, 0, 255),
        Color::LightCyan => (0, 255, 255),
        Color::White => (255, 255, 255),
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Indexed(index) => indexed(index),
    }
}

/// The xterm palette of 256.
fn indexed(index: u8) -> (u8, u8, u8) {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match index {
        0..=15 => rgb(NAMED.get(usize::from(index)).copied().unwrap_or(Color::Black)),
        16..=231 => {
            let cell = index - 16;
            (step(cell / 36), step(cell / 6 % 6), step(cell % 6))
        }
        232..=255 => {
            let gray = 8 + (index - 232) * 10;
            (gray, gray, gray)
        }
    }
}

const fn step(level: u8) -> u8 {
    if level == 0 { 0 } else { 55 + level * 40 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Theme;
    use proptest::prelude::*;

    #[test]
    fn black_on_white_is_21_to_1() {
        assert!((ratio(Color::Indexed(16), Color::Indexed(231)) - 21.0).abs() < 0.01);
        assert!((ratio(Color::Red, Color::Red) - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_theme_cannot_hide_a_gate() {
        let hostile = "[roles]\ngate = { fg = \"#101010\", bg = \"#101010\" }\ntext = \"#101010\"\nbad = \"#111111\"\n";
        let theme = Theme::parse("hostile.toml", hostile).unwrap();
        for role in Role::ALL {
            let style = theme.gate(role);
            assert!(ratio(style.fg.unwrap(), style.bg.unwrap()) >= LEAST, "{role:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_colours_a_gate_can_be_read(ink: [u8; 3], ground: [u8; 3], bad: u8) {
            let text = format!(
                "[roles]\ngate = {{ fg = \"#{:02x}{:02x}{:02x}\", bg = \"#{:02x}{:02x}{:02x}\" }}\nbad = {bad}\n",
                ink[0], ink[1], ink[2], ground[0], ground[1], ground[2],
            );
            let theme = Theme::parse("any.toml", &text).unwrap();
            for role in Role::ALL {
                let style = theme.gate(role);
                prop_assert!(ratio(style.fg.unwrap(), style.bg.unwrap()) >= LEAST);
            }
        }
    }
}
