//! What a value looks like that nobody has filled in (seed 000: `<…>`, `REPLACE_ME`, `changeme`, `__FOO__`).

use regex::Regex;
use std::sync::LazyLock;

/// `<your bucket>`, `REPLACE_ME`, `replace-me`, `changeme`, `change_me`, `__DOCKER_TOKEN__`; not `a < b` or `x->y`.
static SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)<[a-z][^<>\n]*>|<\.\.\.>|<…>|\breplace[-_ ]?me\b|\bchange[-_ ]?me\b|\b__[a-z0-9]+(?:_[a-z0-9]+)*__",
    )
    .ok()
});

/// The first placeholder left in a value.
pub(super) fn find(value: &str) -> Option<&str> {
    SHAPES.as_ref()?.find(value).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::find;

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
            ("hasan-prod", None),
            ("1 < 2 and 3 > 2", None),
            ("exchange-member", None),
            ("a__b", None),
            ("", None),
        ] {
            assert_eq!(find(value), left, "{value}");
        }
    }
}
