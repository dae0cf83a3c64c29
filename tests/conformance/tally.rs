//! What was found so far. The book: one JSON line a case, appended as soon as it is known, so that an interrupted run loses
//! nothing; it lies beside the builds and may be lost with them. The tally: counts, committed, into which books are counted.
//! Counts in a tally never become less.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

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
    /// All seeds that were counted are below it: on whatever machine, `--cases` begins here.
    pub(crate) next_seed: u64,
    /// With the newest rules that cases were played with.
    pub(crate) newest: Round,
    /// With all earlier ones, which were corrected since where they were wrong.
    #[serde(default)]
    pub(crate) earlier: Counts,
}

/// What was played with one state of the rules. They have most likely changed since: the digest tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Round {
    /// The digest of the rules.
    pub(crate) rules: String,
    /// The day on which it was counted last: `2026-11-21`.
    pub(crate) day: String,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// Cases, their acts, and how those ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) cases: u64,
    pub(crate) acts: u64,
    #[serde(default)]
    pub(crate) rows: Rows,
}

impl Tally {
    /// Counts a book in. What it holds of seeds that were counted before, in a book that was put aside too late, is passed
    /// over.
    pub(crate) fn take(&mut self, book: &BTreeMap<u64, Entry>, rules: &str, day: &str) {
        let first = self.next_seed;
        let new = || book.range(first..).map(|(_, entry)| entry);
        if self.newest.rules != rules && new().any(|entry| entry.rules == rules) {
            let before = std::mem::replace(&mut self.newest, Round::of(rules));
            self.earlier.add(&before.counts);
        }
        let (newest, earlier): (Vec<&Entry>, Vec<&Entry>) = new().partition(|entry| entry.rules == self.newest.rules);
        if !newest.is_empty() {
            day.clone_into(&mut self.newest.day);
        }
        self.newest.counts.add(&count(newest));
        self.earlier.add(&count(earlier));
        if let Some((last, _)) = book.range(first..).next_back() {
            self.next_seed = last + 1;
        }
    }

    /// Everything that was counted.
    pub(crate) fn all(&self) -> Counts {
        let mut all = self.earlier.clone();
        all.add(&self.newest.counts);
        all
    }

    /// How many of the counted cases were played with these rules.
    pub(crate) fn with_rules(&self, rules: &str) -> u64 {
        if self.newest.rules == rules {
            self.newest.counts.cases
        } else {
            0
        }
    }

    /// The first count that is more in an earlier tally than in this one.
    pub(crate) fn lowers(&self, earlier: &Self) -> Option<String> {
        let (now, before) = (self.all(), earlier.all());
        let whole = [
            ("the next seed", self.next_seed, earlier.next_seed),
            ("cases", now.cases, before.cases),
            ("acts", now.acts, before.acts),
        ];
        let whole = whole.map(|(what, now, before)| (what.to_owned(), now, before));
        let rows = before.each().map(|(species, outcome, verdict, count)| {
            let row = now.rows.get(species).and_then(|outcomes| outcomes.get(outcome));
            let left = row.and_then(|row| row.get(verdict)).copied().unwrap_or_default();
            (format!("{species}, {outcome}, {verdict}"), left, count)
        });
        let mut all = whole.into_iter().chain(rows);
        let (what, now, before) = all.find(|(_, now, before)| now < before)?;
        Some(format!("{what}: {before} would become {now}"))
    }
}

impl Round {
    fn of(rules: &str) -> Self {
        Self {
            rules: rules.to_owned(),
            ..Self::default()
        }
    }
}

impl Counts {
    fn add(&mut self, more: &Self) {
        self.cases += more.cases;
        self.acts += more.acts;
        add(&mut self.rows, &more.rows);
    }

    /// Kind of act, outcome of its target, verdict, and how often.
    fn each(&self) -> impl Iterator<Item = (&str, &str, &str, u64)> {
        self.rows.iter().flat_map(|(species, outcomes)| {
            outcomes.iter().flat_map(move |(outcome, row)| {
                let row = row.iter();
                row.map(move |(verdict, count)| (species.as_str(), outcome.as_str(), verdict.as_str(), *count))
            })
        })
    }

    /// The acts that the rows tell, which are those that were counted.
    pub(crate) fn told(&self) -> u64 {
        let acts = self.each().filter(|(species, ..)| *species != SET_UP);
        acts.map(|(_, _, _, count)| count).sum()
    }
}

/// The setting up of a world, which is no act.
pub(crate) const SET_UP: &str = "set up";

/// Adds rows to rows.
fn add(to: &mut Rows, rows: &Rows) {
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

/// The first seed to draw: none that was counted, here or on another machine, and none that stands in the book.
pub(crate) fn first(next_seed: u64, book: &BTreeMap<u64, Entry>, asked: Option<u64>) -> Result<u64, String> {
    let after = book.keys().next_back().map_or(0, |seed| seed + 1);
    match asked {
        Some(asked) if asked < next_seed => Err(format!(
            "seeds below {next_seed} were drawn and counted before; --seed plays one of them again"
        )),
        Some(asked) => Ok(asked),
        None => Ok(after.max(next_seed)),
    }
}

/// What cases came to.
pub(crate) fn count<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Counts {
    let mut counts = Counts::default();
    // where there are no steps there was nothing to act on
    for entry in entries.into_iter().filter(|entry| !entry.steps.is_empty()) {
        counts.cases += 1;
        for step in &entry.steps {
            counts.acts += u64::from(step.species != SET_UP);
            let row = counts.rows.entry(step.species.clone()).or_default();
            *row.entry(step.outcome.clone())
                .or_default()
                .entry(step.verdict.clone())
                .or_default() += 1;
        }
    }
    counts
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
