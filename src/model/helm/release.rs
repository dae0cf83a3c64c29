//! How a record is called: `sh.helm.release.v1.<release>.v<revision>` (`pkg/storage/storage.go` `makeKey`).

const PREFIX: &str = "sh.helm.release.v1.";

/// The name of a revision's record.
pub fn record_name(release: &str, revision: u32) -> String {
    format!("{PREFIX}{release}.v{revision}")
}

/// Release and revision of a record's name; `None` for a name that Helm would not give.
pub fn record_parts(name: &str) -> Option<(&str, u32)> {
    let (release, revision) = name.strip_prefix(PREFIX)?.rsplit_once(".v")?;
    let revision = revision.parse().ok().filter(|revision| *revision > 0)?;
    (!release.is_empty()).then_some((release, revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_records_name_tells_release_and_revision() {
        assert_eq!(record_parts(&record_name("eks-1.0.4", 12)), Some(("eks-1.0.4", 12)));
        assert_eq!(record_parts("sh.helm.release.v1.a.v1.v2"), Some(("a.v1", 2)));
        for name in [
            "x",
            "sh.helm.release.v1.v1",
            "sh.helm.release.v1.a.v0",
            "sh.helm.release.v1.a.vx",
        ] {
            assert_eq!(record_parts(name), None, "{name}");
        }
    }
}
