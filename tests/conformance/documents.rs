//! The figures in `docs/fidelity.md`: written by the run's own command, out of a tally that is committed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rules;
use crate::tally::{self, Tally};

const BEGIN: &str = "<!-- conformance: written by `cargo test --test conformance -- --write-docs` -->";
const END: &str = "<!-- conformance: end -->";

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn committed() -> PathBuf {
    place("tests/conformance/tally.toml")
}

fn document() -> PathBuf {
    place("docs/fidelity.md")
}

/// Counts a book into the committed tally, writes the section from it, and puts the book aside: it has been counted.
pub(crate) fn write(book: &Path, day: &str) -> Result<(), String> {
    let entries = tally::read(book);
    let mut tally = read()?;
    tally.take(&entries, &rules::digest(), day);
    store(&tally)?;
    if entries.is_empty() {
        return Ok(());
    }
    let aside = book.with_extension(format!("before-{}.jsonl", tally.next_seed));
    fs::rename(book, &aside).map_err(|error| error.to_string())
}

/// Writes tally and document; refuses where a figure would become less.
fn store(tally: &Tally) -> Result<(), String> {
    if let Some(less) = tally.lowers(&read()?) {
        return Err(format!("the figures that are committed are never lowered: {less}"));
    }
    let text = toml::to_string(tally).map_err(|error| error.to_string())?;
    let text = format!("# Written by `cargo test --test conformance -- --write-docs`.\n{text}");
    fs::write(committed(), text).map_err(|error| error.to_string())?;
    let told = fs::read_to_string(document()).map_err(|error| error.to_string())?;
    fs::write(document(), with_section(&told, tally)?).map_err(|error| error.to_string())
}

/// What was counted so far.
pub(crate) fn read() -> Result<Tally, String> {
    let text = fs::read_to_string(committed()).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| error.to_string())
}

/// The document says what the committed tally says, and each act stands in one row.
pub(crate) fn check() -> Result<(), String> {
    let tally = read()?;
    let all = tally.all();
    if all.told() != all.acts {
        return Err(format!(
            "{} acts are counted, and {} stand in the rows",
            all.acts,
            all.told()
        ));
    }
    let told = fs::read_to_string(document()).map_err(|error| error.to_string())?;
    if with_section(&told, &tally)? == told {
        Ok(())
    } else {
        Err("docs/fidelity.md does not say what tests/conformance/tally.toml says: run --write-docs".to_owned())
    }
}

fn with_section(told: &str, tally: &Tally) -> Result<String, String> {
    let missing = || format!("docs/fidelity.md has no place between {BEGIN} and {END}");
    let (before, rest) = told.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", section(tally)))
}

/// Names the rules by their digest, and never calls any those of today: it is written once and read at every commit after.
pub(crate) fn section(tally: &Tally) -> String {
    let (all, newest) = (tally.all(), &tally.newest);
    let mut section = format!(
        "{} cases with {} acts were played and counted. {} of the cases, counted last on {}, were played with the newest rules\n\
         that any were played with, those of the digest `{}`; all others with earlier ones. What was changed in the rules since\n\
         then was not played in this table: `--report` tells the digest of the tree it is run in, and how many of the counted cases\n\
         were played with it.\n\n\
         ### With the rules `{}`, of {}\n\n{}",
        all.cases,
        all.acts,
        newest.counts.cases,
        newest.day,
        newest.rules,
        newest.rules,
        newest.day,
        tally::table(&newest.counts.rows)
    );
    if !tally.earlier.rows.is_empty() {
        section.push_str(
            "\n### With earlier rules\n\nWhat disagreed here was corrected, in the rules or in the engine.\n\n",
        );
        section.push_str(&tally::table(&tally.earlier.rows));
    }
    section
}
