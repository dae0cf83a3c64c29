//! The documents that are made, not written: the keys, the traps, the command line, and the pictures of the real screens. Here they
//! are compared with what the program says of itself; with `PILOTHOUSE_WRITE_DOCS=1` they are written instead.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/flight.rs"]
mod flight;

use clap::CommandFactory as _;
use flight::Flight;
use pilothouse::app::{Key, keys};
use pilothouse::cli::Cli;
use pilothouse::ui::Theme;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// Columns of the help texts, whatever terminal the test runs in.
const COLUMNS: usize = 100;

/// Compares a file below `docs` with what it should be, or writes it.
fn document(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("PILOTHOUSE_WRITE_DOCS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
        return;
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    let apart = held.lines().zip(made.lines()).find(|(held, made)| held != made);
    assert!(
        held == made,
        "docs/{name} is not what the program says (first: {apart:?}); write it anew with PILOTHOUSE_WRITE_DOCS=1 cargo test --test documents"
    );
}

#[test]
fn the_keys() {
    document("keys.md", &keys::markdown());
}

#[test]
fn the_traps() {
    document("traps.md", &pilothouse::diagnose::traps::markdown());
}

#[test]
fn the_command_line() {
    let mut page = String::from(
        "# Command line\n\nMade from the program's own help (`pilothouse help COMMAND`) by `tests/documents.rs`.\n",
    );
    let mut root = Cli::command().term_width(COLUMNS);
    root.build();
    describe(&mut page, &mut root, "");
    document("command-line.md", &page);
}

/// A command's long help, then those of its own commands.
fn describe(page: &mut String, command: &mut clap::Command, above: &str) {
    let name = format!("{above} {}", command.get_name()).trim().to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(page, "\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()).unwrap();
    for inner in command.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
        describe(page, inner, &name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pictures() {
    let theme = Theme::shipped("dark").unwrap();
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let drawn = |flight: &Flight, name: &str| document(&format!("pictures/{name}.svg"), &flight.svg(&theme));
    flight.fresh().await;
    drawn(&flight, "fleet");

    flight.keys(":tenant hasan-prod");
    flight.key(Key::Enter);
    flight.until_shown("shared-data").await;
    drawn(&flight, "tenant");

    flight.keys("/shared");
    flight.key(Key::Enter);
    flight.keys("gx");
    flight.until_shown("why pvc/shared-data").await;
    drawn(&flight, "explain");

    flight.key(Key::Esc);
    flight.keys(":jobs");
    flight.key(Key::Enter);
    flight.keys("/");
    flight.key(Key::Ctrl('u'));
    flight.keys("train-7f");
    flight.key(Key::Enter);
    flight.keys("gf");
    flight.until_shown("forecast: delete job/train-7f").await;
    drawn(&flight, "forecast");

    flight.key(Key::Ctrl('d'));
    flight
        .until("the journal to be open", |state| {
            !flight::line(state).contains("the journal is not open")
        })
        .await;
    flight.fresh().await;
    flight.pass(Duration::from_millis(800));
    drawn(&flight, "gate");
}
