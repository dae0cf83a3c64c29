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

/// Counts what a book tells, writes the committed tally, and the section from it. What closed books told stays.
pub(crate) fn write(book: &Path) -> Result<(), String> {
    let mut tally = tally::count(tally::read(book).values(), &rules::digest());
    tally.closed = read()?.closed;
    store(&tally)
}

/// Closes a book: what it tells is counted for good, as told under earlier rules, and the book itself is put aside.
pub(crate) fn close(book: &Path) -> Result<(), String> {
    let mut closed = read()?.closed;
    closed.take(&tally::count(tally::read(book).values(), ""));
    fs::rename(book, book.with_extension("closed")).map_err(|error| error.to_string())?;
    store(&Tally {
        closed,
        ..Tally::default()
    })
}

fn store(tally: &Tally) -> Result<(), String> {
    let text = toml::to_string(tally).map_err(|error| error.to_string())?;
    let text = format!("# Written by `cargo test --test conformance -- --write-docs`.\n{text}");
    fs::write(committed(), text).map_err(|error| error.to_string())?;
    let told = fs::read_to_string(document()).map_err(|error| error.to_string())?;
    fs::write(document(), with_section(&told, tally)?).map_err(|error| error.to_string())
}

fn read() -> Result<Tally, String> {
    let text = fs::read_to_string(committed()).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| error.to_string())
}

/// The document says what the committed tally says.
pub(crate) fn check() -> Result<(), String> {
    let tally = read()?;
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

fn section(tally: &Tally) -> String {
    let mut section = format!(
        "{} cases with {} acts were played, {} of the cases with the rules as they are now.\n\n### With the rules as they are\n\n{}",
        tally.cases + tally.closed.cases,
        tally.acts + tally.closed.acts,
        tally.cases_with_these_rules,
        tally::table(&tally.rows)
    );
    let mut earlier = tally.earlier.clone();
    tally::add(&mut earlier, &tally.closed.rows);
    if !earlier.is_empty() {
        section.push_str(
            "\n### Under earlier rules\n\nWhat disagreed here was corrected, in the rules or in the engine.\n\n",
        );
        section.push_str(&tally::table(&earlier));
    }
    section
}
