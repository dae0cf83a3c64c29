//! How much of a soak somebody watched.

use crate::runbook::value::spelled;
use jiff::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;

/// So many gaps are told one by one.
const TOLD: usize = 3;

/// How far a soak is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What counts.
    pub watched: Duration,
    /// Spans that nobody watched: since when, and how long.
    pub gaps: Vec<(Timestamp, Duration)>,
    pub looks: usize,
}

impl Tally {
    /// Counts looks, oldest first.
    pub fn of(looks: impl IntoIterator<Item = Timestamp>, gap: Duration) -> Self {
        let mut tally = Self::default();
        let mut before: Option<Timestamp> = None;
        for at in looks {
            if let Some(before) = before {
                // a clock that was set back counts nothing
                let span = Duration::try_from(at.duration_since(before)).unwrap_or_default();
                if span <= gap {
                    tally.watched += span;
                } else {
                    tally.gaps.push((before, span));
                }
            }
            before = Some(at);
            tally.looks += 1;
        }
        tally
    }

    /// `3h of 24h watched in 181 looks; nobody watched 2h10m from 2026-…`.
    pub fn sentence(&self, span: Duration) -> String {
        let whole = |time: Duration| spelled(Duration::from_secs(time.as_secs()));
        let mut told = format!(
            "{} of {} watched in {} looks",
            whole(self.watched),
            whole(span),
            self.looks
        );
        for (since, long) in self.gaps.iter().take(TOLD) {
            // writing to a String cannot fail
            let since = since.strftime("%Y-%m-%d %H:%M:%SZ");
            write!(told, "; nobody watched for {} from {since}", whole(*long)).unwrap_or_default();
        }
        if self.gaps.len() > TOLD {
            write!(told, "; and {} gaps more", self.gaps.len() - TOLD).unwrap_or_default();
        }
        told
    }
}
