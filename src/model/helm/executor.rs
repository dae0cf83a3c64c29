//! The helm that would do it, by its version: what it does differs (`reference/semantics.md` §2.8).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The version of the operator's helm: `helm version --short`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Executor {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Executor {
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }
}

/// Reads `3.22.0`, `v4.3.1` and `v3.22.0+g1234567`; a missing patch is 0.
impl FromStr for Executor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is no version of helm; write for instance 3.22.0");
        let plain = text.trim().trim_start_matches('v');
        let plain = plain.split(['+', '-']).next().unwrap_or_default();
        let mut parts = plain
            .split('.')
            .map(|part| part.parse::<u32>().map_err(|_error| wrong()));
        let major = parts.next().ok_or_else(wrong)??;
        let minor = parts.next().ok_or_else(wrong)??;
        let patch = parts.next().transpose()?.unwrap_or(0);
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { major, minor, patch })
    }
}

impl fmt::Display for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "helm {}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_helm_writes_it() {
        for (text, expected) in [
            ("3.22.0", Some(Executor::new(3, 22, 0))),
            ("v4.3.1+gabcdef", Some(Executor::new(4, 3, 1))),
            ("v4.0.0-rc.1", Some(Executor::new(4, 0, 0))),
            ("4.3", Some(Executor::new(4, 3, 0))),
            ("four", None),
            ("3", None),
            ("3.1.2.3", None),
        ] {
            assert_eq!(text.parse::<Executor>().ok(), expected, "{text}");
        }
    }
}
