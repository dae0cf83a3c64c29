//! What a value looks like that nobody has filled in (seed 000: `<…>`, `REPLACE_ME`, `changeme`, `__FOO__`; trap 53).

use regex::Regex;
use std::sync::LazyLock;

/// `<your bucket>`, `REPLACE_ME`, `replace-me`, `changeme`, `change_me`, `__DOCKER_TOKEN__`, `TODO`; not `a < b` or `x->y`.
static SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)<[a-z][^<>\n]*>|<\.\.\.>|<…>|\breplace[-_ ]?me\b|\bchange[-_ ]?me\b|\b__[a-z0-9]+(?:_[a-z0-9]+)*__|(?-i:\bTODO\b)",
    )
    .ok()
});
/// What stands in no script or page that a chart brings along either.
static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\breplace[-_ ]?me\b|\bchange[-_ ]?me\b|(?-i:\b__[A-Z0-9]+(?:_[A-Z0-9]+)*__)").ok()
});

/// The first placeholder left in a value.
pub fn find(value: &str) -> Option<&str> {
    SHAPES.as_ref()?.find(value).map(|found| found.as_str())
}

/// The first placeholder left in what a chart renders: of a text of several lines, a script or a page, only what cannot be
/// part of its language.
pub fn find_rendered(value: &str) -> Option<&str> {
    if value.trim_end().contains('\n') || value.contains("</") || value.contains("/>") {
        PLAIN.as_ref()?.find(value).map(|found| found.as_str())
    } else {
        find(value)
    }
}

/// As it may be shown wherever it stood: what is between angle brackets could be somebody's.
pub fn shown(found: &str) -> &str {
    if found.starts_with('<') { "<…>" } else { found }
}

#[cfg(test)]
mod tests {
    use super::{find, find_rendered};

    #[test]
    fn what_waits_to_be_filled_in_is_seen() {
        for (value, left) in [
            ("<your-release>", Some("<your-release>")),
            ("s3://<BUCKET NAME>/dump", Some("<BUCKET NAME>")),
            ("<...>", Some("<...>")),
            ("REPLACE_ME", Some("REPLACE_ME")),
            ("replace-me-please", Some("replace-me")),
            ("ChangeMe", Some("ChangeMe")),
            (
                "__DOCKER_HUB_PERSONAL_ACCESS_TOKEN__",
                Some("__DOCKER_HUB_PERSONAL_ACCESS_TOKEN__"),
            ),
            ("TODO: ask anna", Some("TODO")),
            ("hasan-prod", None),
            ("todo-list", None),
            ("1 < 2 and 3 > 2", None),
            ("exchange-member", None),
            ("a__b", None),
            ("", None),
        ] {
            assert_eq!(find(value), left, "{value}");
        }
    }

    #[test]
    fn a_script_or_a_page_is_no_placeholder() {
        for (value, left) in [
            ("<your-release>", Some("<your-release>")),
            ("import x\nif __name__ == '__main__':  # TODO\n", None),
            ("<p>hello</p>", None),
            ("user=root\npassword=__ROOT_PW__\n", Some("__ROOT_PW__")),
        ] {
            assert_eq!(find_rendered(value), left, "{value}");
        }
    }
}
