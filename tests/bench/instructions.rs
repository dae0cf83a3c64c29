//! How many instructions the cockpit's work takes at full load, compared with the kept figures.
//!
//! `tests/bench/steady` fails when an entry of `tests/bench/instructions.toml` got dearer or cheaper than
//! its tolerance; `-- --write` keeps the new figures. Nothing is timed: the machine may be as busy as it likes.

#[path = "instructions/callgrind.rs"]
mod callgrind;
#[path = "../support/encode.rs"]
mod encode;
#[path = "instructions/hold.rs"]
mod hold;
#[path = "instructions/ledger.rs"]
mod ledger;
#[path = "instructions/measured.rs"]
mod measured;
#[path = "instructions/report.rs"]
mod report;
#[path = "shapes.rs"]
mod shapes;
#[path = "instructions/voyage.rs"]
mod voyage;

use hold::Hold;
use ledger::Ledger;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the measured functions live, as callgrind names them.
const MODULE: &str = concat!(module_path!(), "::measured");

/// The argument before the directory of the [`hold`]: this program is the one being measured.
const SAIL: &str = "sail";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    let outcome = match arguments.as_slice() {
        [] => compared(),
        ["--write"] => written(),
        [SAIL, directory] => Hold::open(Path::new(directory))
            .and_then(|hold| voyage::sail(&hold))
            .map(|()| true),
        other => Err(format!("{other:?}: give nothing to compare, or --write to keep the new figures").into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            let _unheard = writeln!(std::io::stderr(), "instructions: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and compares. Returns whether every entry is within its tolerance.
fn compared() -> Result<bool, Box<dyn Error>> {
    let verdicts = kept()?.compare(&measured()?);
    let mut out = std::io::stdout().lock();
    for (name, verdict) in &verdicts {
        writeln!(out, "{name:<32} {verdict}")?;
    }
    let good = verdicts.values().all(ledger::Verdict::good);
    if !good {
        writeln!(
            out,
            "\nThe work is not what it was kept as. When that is meant, keep the new figures and say why in the commit:\n  \
             tests/bench/steady --write"
        )?;
    }
    Ok(good)
}

/// Measures and writes the figures down.
fn written() -> Result<bool, Box<dyn Error>> {
    let ledger = if file().exists() { kept()? } else { Ledger::default() };
    let text = ledger.rewritten(&measured()?);
    std::fs::write(file(), &text)?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(true)
}

fn measured() -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    hold::load(scratch.path())?;
    let program = std::env::current_exe()?;
    let directory = scratch
        .path()
        .to_str()
        .ok_or("the target directory's path is not UTF-8")?;
    let output = scratch.path().join("report");
    Ok(callgrind::count(
        &program,
        &[SAIL, directory],
        MODULE,
        &measured::NAMES,
        &output,
    )?)
}

fn kept() -> Result<Ledger, Box<dyn Error>> {
    let text = std::fs::read_to_string(file())?;
    Ok(Ledger::parse(&text).map_err(|why| format!("{}: {why}", file().display()))?)
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/instructions.toml")
}
