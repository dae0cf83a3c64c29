//! Reading a theme from TOML, with errors that name file, line, column and the fix.

use super::{Role, Theme};
use ratatui::style::{Color, Modifier, Style};
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong in a theme file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeError {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl fmt::Display for ThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)
    }
}

impl std::error::Error for ThemeError {}

/// A complaint about a part of the text.
struct Wrong {
    at: Range<usize>,
    what: String,
}

fn wrong<T>(at: Range<usize>, what: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, what: what.into() })
}

pub(super) fn parse(file: &str, text: &str) -> Result<Theme, ThemeError> {
    read(file, text).map_err(|wrong| {
        let before: String = text
            .char_indices()
            .take_while(|(at, _)| *at < wrong.at.start)
            .map(|(_, character)| character)
            .collect();
        ThemeError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|character| *character != '\n').count() + 1,
            what: wrong.what,
        }
    })
}

fn read(file: &str, text: &str) -> Result<Theme, Wrong> {
    let table = DeTable::parse(text).map_err(|error| Wrong {
        at: error.span().unwrap_or(0..0),
        what: error.message().to_owned(),
    })?;
    let mut name = file.to_owned();
    let mut styles = [Style::default(); Role::ALL.len()];
    for (key, value) in table.get_ref() {
        match key.get_ref().as_ref() {
            "name" => match value.get_ref().as_str() {
                Some(text) => text.clone_into(&mut name),
                None => return wrong(value.span(), "name is a text"),
            },
            "roles" => match value.get_ref().as_table() {
                Some(roles) => read_roles(roles, &mut styles)?,
                None => return wrong(value.span(), "roles is a table: write [roles]"),
            },
            other => {
                return wrong(
                    key.span(),
                    format!("there is no `{other}` in a theme; write name and [roles]"),
                );
            }
        }
    }
    Ok(Theme::new(name, &styles))
}

fn read_roles(roles: &DeTable<'_>, styles: &mut [Style; Role::ALL.len()]) -> Result<(), Wrong> {
    for (key, value) in roles {
        let name = key.get_ref().as_ref();
        let Some(role) = Role::ALL.into_iter().find(|role| role.name() == name) else {
            return wrong(key.span(), format!("there is no role `{name}`; {}", nearest(name)));
        };
        if let Some(style) = styles.get_mut(role.index()) {
            *style = read_style(value)?;
        }
    }
    Ok(())
}

/// The role whose name shares the most letters with what was written.
fn nearest(name: &str) -> String {
    let shared = |role: &str| {
        let letters = role.chars().filter(|letter| name.contains(*letter)).count() * 2;
        letters.saturating_sub(role.len().abs_diff(name.len()))
    };
    Role::ALL
        .into_iter()
        .max_by_key(|role| shared(role.name()))
        .map_or_else(String::new, |role| format!("the nearest is `{}`", role.name()))
}

fn read_style(value: &Spanned<DeValue<'_>>) -> Result<Style, Wrong> {
    match value.get_ref() {
        DeValue::String(_) | DeValue::Integer(_) => Ok(Style::default().fg(read_color(value)?)),
        DeValue::Table(parts) => read_parts(parts),
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => wrong(
            value.span(),
            "a role is a colour or a table such as { fg = \"red\", bold = true }",
        ),
    }
}

fn read_parts(parts: &DeTable<'_>) -> Result<Style, Wrong> {
    let mut style = Style::default();
    for (key, value) in parts {
        let name = key.get_ref().as_ref();
        let modifier = match name {
            "fg" => {
                style = style.fg(read_color(value)?);
                continue;
            }
            "bg" => {
                style = style.bg(read_color(value)?);
                continue;
            }
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            other => {
                return wrong(
                    key.span(),
                    format!("there is no `{other}` in a style; write fg, bg, bold, dim, italic, underline or reverse"),
                );
            }
        };
        match value.get_ref().as_bool() {
            Some(true) => style = style.add_modifier(modifier),
            Some(false) => {}
            None => return wrong(value.span(), format!("`{name}` is true or false")),
        }
    }
    Ok(style)
}

fn read_color(value: &Spanned<DeValue<'_>>) -> Result<Color, Wrong> {
    let written = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            return wrong(value.span(), "a colour is a text or a number from 0 to 255");
        }
    };
    let shown = crate::app::text::visible(&written);
    written.parse().or_else(|_| {
        wrong(
            value.span(),
            format!("`{shown}` is no colour; write a name (red, bright-blue), 0–255 or #rrggbb"),
        )
    })
}
