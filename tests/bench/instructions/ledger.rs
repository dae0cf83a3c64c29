//! What each measured piece of work costs, and what it may: the kept figures, and their comparison with new ones.
//!
//! Must not know how a figure is taken, nor touch a disk: text in, verdicts and text out.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How far a new entry may be from its figure, in per cent, until somebody says otherwise in the file.
const USUAL_TOLERANCE: f64 = 5.0;

/// The head of the file.
const HEAD: &str = "\
# Instructions executed, counted by callgrind: what decoding, applying, judging, forecasting and drawing cost.
# Compared in both directions: an entry that got dearer or cheaper than its tolerance fails, so that the figures stay
# true. Taken and compared by `tests/bench/steady`, written anew by `tests/bench/steady --write`, which
# leaves the tolerances alone. What each entry is: docs/performance.md, section \"Steady\".
";

/// One kept figure.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Instructions for the whole piece of work, not for one object of it.
    pub(crate) instructions: u64,
    /// How far a new figure may be away, up or down, in per cent.
    pub(crate) tolerance: f64,
}

/// All kept figures, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ledger(BTreeMap<String, Entry>);

/// What a comparison says of one entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Within {
        kept: Entry,
        now: u64,
    },
    Dearer {
        kept: Entry,
        now: u64,
    },
    Cheaper {
        kept: Entry,
        now: u64,
    },
    /// Measured, and not in the file.
    Unkept {
        now: u64,
    },
    /// In the file, and no longer measured.
    Unmeasured {
        kept: Entry,
    },
}

impl Ledger {
    /// Reads the file; `Err` says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let entries: BTreeMap<String, Entry> = toml::from_str(text).map_err(|error| error.to_string())?;
        for (name, entry) in &entries {
            if !(entry.tolerance > 0.0 && entry.tolerance <= 50.0) || entry.instructions == 0 {
                return Err(format!(
                    "{name}: needs instructions above 0 and a tolerance above 0 and up to 50 per cent"
                ));
            }
        }
        Ok(Self(entries))
    }

    /// Compares new figures with the kept ones, entry by entry, by name.
    pub(crate) fn compare(&self, measured: &BTreeMap<String, u64>) -> BTreeMap<String, Verdict> {
        let news = measured.iter().map(|(name, now)| {
            let verdict = self
                .0
                .get(name)
                .map_or(Verdict::Unkept { now: *now }, |kept| kept.judge(*now));
            (name.clone(), verdict)
        });
        let lost = self
            .0
            .iter()
            .filter(|(name, _)| !measured.contains_key(*name))
            .map(|(name, kept)| (name.clone(), Verdict::Unmeasured { kept: kept.clone() }));
        news.chain(lost).collect()
    }

    /// The file with these figures in place of the old ones; tolerances stay.
    pub(crate) fn rewritten(&self, measured: &BTreeMap<String, u64>) -> String {
        let mut text = HEAD.to_owned();
        for (name, instructions) in measured {
            let tolerance = self.0.get(name).map_or(USUAL_TOLERANCE, |entry| entry.tolerance);
            // writing to a String cannot fail
            let _written = write!(
                text,
                "\n[{name}]\ninstructions = {}\ntolerance = {tolerance:?}\n",
                grouped(*instructions)
            );
        }
        text
    }
}

impl Entry {
    fn judge(&self, now: u64) -> Verdict {
        let (kept, change) = (self.clone(), change(self.instructions, now));
        if change.abs() <= self.tolerance {
            Verdict::Within { kept, now }
        } else if change > 0.0 {
            Verdict::Dearer { kept, now }
        } else {
            Verdict::Cheaper { kept, now }
        }
    }
}

impl Verdict {
    /// Nothing needs doing about it.
    pub(crate) const fn good(&self) -> bool {
        matches!(self, Self::Within { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = |kept: &Entry, now: u64, word: &str| {
            let (old, new) = (grouped(kept.instructions), grouped(now));
            let (change, tolerance) = (change(kept.instructions, now), kept.tolerance);
            write!(f, "{old:>15} → {new:>15}  {change:>+8.2} % (± {tolerance} %)  {word}")
        };
        match self {
            Self::Within { kept, now } => told(kept, *now, "as kept"),
            Self::Dearer { kept, now } => told(
                kept,
                *now,
                "DEARER: make it cheaper, or keep the new figure and say why",
            ),
            Self::Cheaper { kept, now } => told(kept, *now, "CHEAPER: keep the new figure, so that it stays"),
            Self::Unkept { now } => write!(f, "{:>15} → {:>15}  NOT KEPT yet", "none", grouped(*now)),
            Self::Unmeasured { kept } => {
                write!(
                    f,
                    "{:>15} → {:>15}  NOT MEASURED any more",
                    grouped(kept.instructions),
                    "none"
                )
            }
        }
    }
}

/// By how many per cent `now` differs from `kept`.
#[expect(clippy::cast_precision_loss, reason = "instruction counts are far below 2^52")]
fn change(kept: u64, now: u64) -> f64 {
    (now as f64 - kept as f64) * 100.0 / kept as f64
}

/// `1234567` as `1_234_567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
