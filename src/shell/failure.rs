//! A failure as an operator should read it: what happened, to what, and what to try next.

use std::io::Write as _;
use std::process::ExitCode;

/// One sentence and one hint; exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    what: String,
    hint: String,
}

impl Failure {
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// A cluster's trouble; its sentence already ends with the next thing to try.
    pub fn of_cluster(error: &crate::cluster::ClusterError) -> Self {
        Self::new(error.to_string(), "")
    }

    /// Says it on standard error. Nothing is left to do when even that is closed.
    pub fn report(&self) -> ExitCode {
        let text = format!("pilothouse: {self}\n");
        match std::io::stderr().write_all(text.as_bytes()) {
            Ok(()) | Err(_) => ExitCode::from(2),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.hint.is_empty() {
            f.write_str(&self.what)
        } else {
            write!(f, "{}; {}", self.what, self.hint)
        }
    }
}

impl std::error::Error for Failure {}
