//! Which theme, and how much of it this terminal can show.

use super::failure::Failure;
use crate::ui::Theme;
use crate::ui::theme::Depth;

/// The theme of this name or file, or the usual one, as far as the terminal can show it.
pub(super) fn chosen(name: Option<&str>) -> Result<Theme, Failure> {
    let depth = depth(|variable| std::env::var(variable).ok());
    let Some(name) = name else {
        return Ok(Theme::usual(depth));
    };
    if let Some(theme) = Theme::shipped(name) {
        return Ok(theme.limited(depth));
    }
    let text = std::fs::read_to_string(name).map_err(|error| {
        let names: Vec<&str> = Theme::names().collect();
        Failure::new(
            format!("the theme {name} is not shipped and cannot be read as a file: {error}"),
            format!("use one of {}, or the path of a TOML file", names.join(", ")),
        )
    })?;
    Theme::parse(name, &text)
        .map(|theme| theme.limited(depth))
        .map_err(|error| Failure::new(error.to_string(), ""))
}

/// What the environment says of the terminal. `NO_COLOR` counts when it is not empty (no-color.org).
fn depth(variable: impl Fn(&str) -> Option<String>) -> Depth {
    if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Depth::None;
    }
    let term = variable("TERM").unwrap_or_default();
    if term.is_empty() || term == "dumb" {
        return Depth::None;
    }
    let rich = variable("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit")
        || term.contains("256color")
        || term.contains("direct");
    if rich { Depth::Full } else { Depth::Sixteen }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_what_can_be_shown() {
        for (variables, expected) in [
            (&[("TERM", "xterm-256color")][..], Depth::Full),
            (&[("TERM", "tmux-256color"), ("NO_COLOR", "1")], Depth::None),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], Depth::Sixteen),
            (&[("TERM", "xterm"), ("COLORTERM", "truecolor")], Depth::Full),
            (&[("TERM", "linux")], Depth::Sixteen),
            (&[("TERM", "dumb")], Depth::None),
            (&[], Depth::None),
        ] {
            let found = depth(|name| {
                variables
                    .iter()
                    .find(|(variable, _)| *variable == name)
                    .map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found, expected, "{variables:?}");
        }
    }
}
