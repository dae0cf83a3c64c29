//! Why a message cannot be read: what stood there, and in which field.

use std::fmt;

/// What can be wrong with bytes, whatever they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Cut,
    LongNumber,
    NoForm,
    NoBytes,
    NoNumber,
    NoText,
    NoTime,
    TooDeep,
}

impl Flaw {
    const fn words(self) -> &'static str {
        match self {
            Self::Cut => "it ends within a field",
            Self::LongNumber => "a number longer than 64 bits",
            Self::NoForm => "a field of no known form",
            Self::NoBytes => "a number where bytes should be",
            Self::NoNumber => "bytes where a number should be",
            Self::NoText => "text that is not UTF-8",
            Self::NoTime => "a time that there is not",
            Self::TooDeep => "messages within messages without end",
        }
    }
}

/// What was wrong, and the path of fields to where it was: `spec.volumes: text that is not UTF-8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Trouble>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Trouble {
    why: String,
    /// From the innermost field outwards.
    path: Vec<&'static str>,
}

impl Error {
    #[cold]
    pub(super) fn new(why: impl fmt::Display) -> Self {
        Self(Box::new(Trouble {
            why: why.to_string(),
            path: Vec::new(),
        }))
    }

    /// The same, met in this field.
    #[cold]
    pub(super) fn within(mut self, field: &'static str) -> Self {
        self.0.path.push(field);
        self
    }
}

impl From<Flaw> for Error {
    #[cold]
    fn from(flaw: Flaw) -> Self {
        Self::new(flaw.words())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, field) in self.0.path.iter().rev().enumerate() {
            f.write_str(if nth == 0 { "" } else { "." })?;
            f.write_str(field)?;
        }
        let gap = if self.0.path.is_empty() { "" } else { ": " };
        write!(f, "{gap}{}", self.0.why)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self::new(why)
    }
}
