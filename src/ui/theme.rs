//! How roles look: a theme gives each role a style. Themes are data (TOML): no includes, no code.
//!
//! Must not know what is drawn. Colours never carry meaning alone: every screen says the same with glyphs and words.

mod contrast;
mod parse;

pub(super) use contrast::rgb;
pub use parse::ThemeError;
use ratatui::style::Style;

/// What a piece of the screen is, for a theme to give it a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    Dim,
    Accent,
    Strong,
    Ok,
    Warn,
    Bad,
    Unknown,
    Key,
    /// The row under the cursor in the panel in focus.
    Selected,
    /// The row under the cursor of a panel out of focus.
    Resting,
    Border,
    /// The border of the panel in focus.
    Focus,
    Title,
    /// Titles of columns.
    Column,
    Header,
    /// The header's row while the server is lost.
    Lost,
    /// The panel in front of an act.
    Gate,
    GateBorder,
}

impl Role {
    pub const ALL: [Self; 19] = [
        Self::Text,
        Self::Dim,
        Self::Accent,
        Self::Strong,
        Self::Ok,
        Self::Warn,
        Self::Bad,
        Self::Unknown,
        Self::Key,
        Self::Selected,
        Self::Resting,
        Self::Border,
        Self::Focus,
        Self::Title,
        Self::Column,
        Self::Header,
        Self::Lost,
        Self::Gate,
        Self::GateBorder,
    ];

    /// The role's name in a theme file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Dim => "dim",
            Self::Accent => "accent",
            Self::Strong => "strong",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::Key => "key",
            Self::Selected => "selected",
            Self::Resting => "resting",
            Self::Border => "border",
            Self::Focus => "focus",
            Self::Title => "title",
            Self::Column => "column",
            Self::Header => "header",
            Self::Lost => "lost",
            Self::Gate => "gate",
            Self::GateBorder => "gate-border",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// A style for each role, in the order of [`Role::ALL`].
type Looks = [Style; Role::ALL.len()];

/// A look for every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: [Style; Role::ALL.len()],
    /// The same roles on a gate, with contrast forced.
    at_gate: [Style; Role::ALL.len()],
}

/// The themes in the program: name and file.
const SHIPPED: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("sixteen", include_str!("../../themes/sixteen.toml")),
    ("monochrome", include_str!("../../themes/monochrome.toml")),
];

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// `NO_COLOR` is set, or the terminal has none.
    None,
    /// The sixteen named colours.
    Sixteen,
    /// Everything.
    Full,
}

impl Theme {
    fn new(name: String, styles: &Looks) -> Self {
        Self {
            name,
            styles: *styles,
            at_gate: contrast::forced(styles),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads a theme from TOML. `file` is its name in error messages.
    ///
    /// # Errors
    /// The first thing wrong, with file, line, column and the fix.
    pub fn parse(file: &str, text: &str) -> Result<Self, ThemeError> {
        parse::parse(file, text)
    }

    /// The names of the themes in the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// A theme in the program, by name.
    pub fn shipped(name: &str) -> Option<Self> {
        let (name, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        Self::parse(&format!("themes/{name}.toml"), text).ok()
    }

    /// The theme to use when none is asked for, by what the terminal can show.
    pub fn usual(depth: Depth) -> Self {
        let name = match depth {
            Depth::None => "monochrome",
            Depth::Sixteen => "sixteen",
            Depth::Full => "dark",
        };
        // the shipped themes are read in a test; were one broken, a screen without looks is better than none
        Self::shipped(name).unwrap_or_else(|| Self::new(name.to_owned(), &Looks::default()))
    }

    /// The theme as far as a terminal can show it: named colours, or none.
    #[must_use]
    pub fn limited(self, depth: Depth) -> Self {
        match depth {
            Depth::Full => self,
            Depth::Sixteen if self.is_named_only() => self,
            Depth::Sixteen | Depth::None => Self::usual(depth),
        }
    }

    fn is_named_only(&self) -> bool {
        use ratatui::style::Color;
        let plain = |color: Option<Color>| !matches!(color, Some(Color::Rgb(..) | Color::Indexed(_)));
        self.styles.iter().all(|style| plain(style.fg) && plain(style.bg))
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role.index()).copied().unwrap_or_default()
    }

    /// A role's style on a gate: its own colour where that can be read there.
    pub fn gate(&self, role: Role) -> Style {
        self.at_gate.get(role.index()).copied().unwrap_or_default()
    }

    /// The style of the row under the cursor.
    pub fn selected(&self, focused: bool) -> Style {
        self.style(if focused { Role::Selected } else { Role::Resting })
    }

    /// A theme whose colours are the roles themselves, for pictures that test meaning: the n-th role is colour n.
    pub(super) fn of_roles() -> Self {
        use ratatui::style::Color;
        let mut styles = [Style::default(); Role::ALL.len()];
        for (at, (style, role)) in styles.iter_mut().zip(Role::ALL).enumerate() {
            let color = Color::Indexed(u8::try_from(at).unwrap_or(u8::MAX));
            *style = match role {
                Role::Selected | Role::Resting | Role::Header => Style::default().bg(color),
                Role::Gate => Style::default().fg(Color::Indexed(0)).bg(color),
                _ => Style::default().fg(color),
            };
        }
        let gate = Style::default().bg(Color::Indexed(u8::try_from(Role::Gate.index()).unwrap_or(u8::MAX)));
        let at_gate = styles.map(|style| style.patch(gate));
        Self {
            name: "roles".to_owned(),
            styles,
            at_gate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_in_the_program_reads_and_names_every_role() {
        for (name, text) in SHIPPED {
            let theme = Theme::parse(name, text).unwrap();
            assert_eq!(theme.name(), name);
            for role in Role::ALL {
                assert!(
                    text.contains(&format!("\n{} = ", role.name())),
                    "{name} has no {}",
                    role.name()
                );
            }
        }
    }

    #[test]
    fn no_color_means_no_color() {
        let theme = Theme::usual(Depth::None);
        for role in Role::ALL {
            for style in [theme.style(role), theme.gate(role)] {
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
        }
        assert!(Theme::usual(Depth::Sixteen).is_named_only());
        assert_eq!(Theme::usual(Depth::Full).limited(Depth::Sixteen).name(), "sixteen");
    }

    #[test]
    fn what_is_wrong_in_a_theme_is_said_with_its_place_and_the_fix() {
        for (text, said) in [
            (
                "[roles]\ntxet = \"red\"\n",
                "mine.toml:2:1: there is no role `txet`; the nearest is `text`",
            ),
            (
                "[roles]\ntext = \"rad\"\n",
                "mine.toml:2:8: `rad` is no colour; write a name (red, bright-blue), 0–255 or #rrggbb",
            ),
            (
                "[roles]\ntext = { fg = \"red\", blod = true }\n",
                "mine.toml:2:22: there is no `blod` in a style; write fg, bg, bold, dim, italic, underline or reverse",
            ),
            (
                "[roles]\ntext = { bold = 1 }\n",
                "mine.toml:2:17: `bold` is true or false",
            ),
            (
                "[roles]\ntext = [1]\n",
                "mine.toml:2:8: a role is a colour or a table such as { fg = \"red\", bold = true }",
            ),
            (
                "include = \"x\"\n",
                "mine.toml:1:1: there is no `include` in a theme; write name and [roles]",
            ),
            ("roles = 3\n", "mine.toml:1:9: roles is a table: write [roles]"),
            ("[roles\n", "mine.toml:1:7: "),
        ] {
            let error = Theme::parse("mine.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
