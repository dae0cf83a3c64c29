//! What was found so far: one JSON line a case, appended as soon as it is known, so that an interrupted run loses nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::compare::Verdict;
use crate::slot::Played;

/// One case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) seed: u64,
    /// The digest of the rules it was played with.
    pub(crate) rules: String,
    pub(crate) steps: Vec<Counted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) void: Option<String>,
    pub(crate) seconds: f32,
    /// The case, where not all of it agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<String>,
}

/// One act of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) act: String,
    pub(crate) species: String,
    pub(crate) outcome: String,
    pub(crate) verdict: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// How many steps ended how.
pub(crate) type Row = BTreeMap<String, u64>;

/// Per kind of act and outcome of its target: verdict and count.
pub(crate) type Rows = BTreeMap<String, BTreeMap<String, Row>>;

/// Counts, as they are committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) cases: u64,
    pub(crate) acts: u64,
    /// Cases played with the rules as they are in this tree.
    pub(crate) cases_with_these_rules: u64,
    /// With the rules of this tree.
    pub(crate) rows: Rows,
    /// With earlier rules, which were corrected since where they were wrong.
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    pub(crate) earlier: Rows,
    /// What books told that were closed.
    #[serde(default)]
    pub(crate) closed: Closed,
}

/// Counts of books that are no more, all of them of earlier rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub(crate) cases: u64,
    pub(crate) acts: u64,
    pub(crate) rows: Rows,
}

impl Closed {
    /// Takes in what a book told.
    pub(crate) fn take(&mut self, tally: &Tally) {
        self.cases += tally.cases;
        self.acts += tally.acts;
        add(&mut self.rows, &tally.rows);
        add(&mut self.rows, &tally.earlier);
    }
}

/// Adds counts to counts.
pub(crate) fn add(to: &mut Rows, rows: &Rows) {
    for (species, outcomes) in rows {
        for (outcome, row) in outcomes {
            let sums = to
                .entry(species.clone())
                .or_default()
                .entry(outcome.clone())
                .or_default();
            for (verdict, count) in row {
                *sums.entry(verdict.clone()).or_default() += count;
            }
        }
    }
}

impl Entry {
    pub(crate) fn of(seed: u64, rules: &str, played: &Played, case: &Case) -> Self {
        let counted = played.steps.iter().map(|step| Counted {
            act: step.told.clone(),
            species: step.species.clone(),
            outcome: step.outcome.clone(),
            verdict: step.verdict.word().to_owned(),
            note: step.verdict.note().to_owned(),
        });
        Self {
            seed,
            rules: rules.to_owned(),
            steps: counted.collect(),
            void: played.void.clone(),
            seconds: played.took.as_secs_f32(),
            case: played
                .steps
                .iter()
                .any(|step| step.verdict != Verdict::Agreed)
                .then(|| case.to_string()),
        }
    }
}

/// The file, open at its end.
pub(crate) struct Book {
    file: File,
}

impl Book {
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(told)?;
        }
        let cut_off = fs::read(path).is_ok_and(|text| text.last().is_some_and(|last| *last != b'\n'));
        let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(told)?;
        if cut_off {
            file.write_all(b"\n").map_err(told)?;
        }
        Ok(Self { file })
    }

    pub(crate) fn add(&mut self, entry: &Entry) -> Result<(), String> {
        let mut line = serde_json::to_string(entry).map_err(|error| error.to_string())?;
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(|error| error.to_string())
    }
}

/// Every case told in a file, the latest of each seed; a last line that was cut off is passed over.
pub(crate) fn read(path: &Path) -> BTreeMap<u64, Entry> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    entries.map(|entry| (entry.seed, entry)).collect()
}

pub(crate) fn count<'e>(entries: impl Iterator<Item = &'e Entry>, rules: &str) -> Tally {
    let mut tally = Tally::default();
    for entry in entries {
        if entry.steps.is_empty() {
            continue; // there was nothing to act on
        }
        tally.cases += 1;
        tally.cases_with_these_rules += u64::from(entry.rules == rules);
        for step in &entry.steps {
            tally.acts += u64::from(step.species != "set up");
            let rows = if entry.rules == rules {
                &mut tally.rows
            } else {
                &mut tally.earlier
            };
            let row = rows.entry(step.species.clone()).or_default();
            *row.entry(step.outcome.clone())
                .or_default()
                .entry(step.verdict.clone())
                .or_default() += 1;
        }
    }
    tally
}

/// The verdicts, in the order they are told.
const VERDICTS: [&str; 5] = ["agreed", "disagreed", "unknown", "race", "unsettled"];

/// As a table in Markdown, which reads as plain text too.
pub(crate) fn table(rows: &Rows) -> String {
    let mut table = String::from(
        "| act | its target | agreed | disagreed | unknown | race | unsettled |\n|---|---|---:|---:|---:|---:|---:|\n",
    );
    let mut sums = [0; 5];
    for (species, outcomes) in rows {
        for (outcome, row) in outcomes {
            let counts = VERDICTS.map(|verdict| row.get(verdict).copied().unwrap_or_default());
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
            line(&mut table, species, outcome, counts);
        }
    }
    line(&mut table, "all", "", sums);
    table
}

fn line(table: &mut String, species: &str, outcome: &str, counts: [u64; 5]) {
    let told = counts.map(|count| count.to_string()).join(" | ");
    writeln!(table, "| {species} | {outcome} | {told} |").expect("to write into a string");
}
