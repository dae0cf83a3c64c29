//! `runbook check|show|list|new`: finds runbooks, reads them, and says what is wrong. Asks no cluster.

use super::args::{Output, RunbookCommand};
use super::config::runbook_dir;
use super::report::width;
use super::sandbox::say;
use crate::headless::{self, escaped};
use crate::runbook::{self, Faults, Runbook, SHIPPED, Source};
use crate::shell::Failure;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// More of a file than this is not read: a runbook that is larger is refused.
const CAP: u64 = 1 << 20;

pub(super) fn run(command: &RunbookCommand) -> Result<ExitCode, Failure> {
    match command {
        RunbookCommand::Check { runbooks, output } => check(runbooks, *output),
        RunbookCommand::Show {
            runbook,
            source,
            output,
        } => show(runbook, *source, *output),
        RunbookCommand::List { output } => list(*output),
        RunbookCommand::New { name, file } => begin(name, file.as_deref()),
    }
}

/// The text of the runbook that is meant: a shipped one, one of the person's own, or a file.
pub(super) fn source(name: &str) -> Result<Source, Failure> {
    let file = Path::new(name);
    let by_path = name.contains('/') || file.extension().is_some_and(|end| end == "yaml" || end == "yml");
    if by_path {
        return read(file);
    }
    if let Some(source) = runbook::shipped(name) {
        return Ok(source);
    }
    if let Some(own) = own()
        .into_iter()
        .find(|path| path.file_stem().is_some_and(|stem| stem == name))
    {
        return read(&own);
    }
    Err(Failure::new(
        format!("there is no runbook {:?}", escaped(name)),
        "`pilothouse runbook list` tells which there are; a file is named by its path",
    ))
}

/// A text of the file system, told by its path.
pub(super) fn read(path: &Path) -> Result<Source, Failure> {
    let shown = path.display().to_string();
    let broken = |error: std::io::Error| {
        let told = format!("{} cannot be read: {error}", escaped(&shown));
        Failure::new(told, "check the path")
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(broken)?;
    file.take(CAP).read_to_string(&mut text).map_err(broken)?;
    Ok(Source::new(shown, text))
}

/// The files of the person's own runbooks, by name.
fn own() -> Vec<PathBuf> {
    let entries = runbook_dir().and_then(|directory| std::fs::read_dir(directory).ok());
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"))
        .collect();
    files.sort();
    files
}

/// Everything wrong with a text, on standard error; exit code 2.
pub(super) fn refused(faults: &Faults) -> ExitCode {
    let lines: Vec<String> = faults.text().lines().map(escaped).collect();
    let text = format!("{}\n", lines.join("\n"));
    match std::io::stderr().write_all(text.as_bytes()) {
        // nothing is left to do when even that is closed
        Ok(()) | Err(_) => ExitCode::from(2),
    }
}

fn check(names: &[String], output: Output) -> Result<ExitCode, Failure> {
    let sources = if names.is_empty() {
        let own = own();
        if own.is_empty() {
            let place = runbook_dir().map_or_else(|| "a home directory".to_owned(), |path| path.display().to_string());
            return Err(Failure::new(
                format!("there is no runbook in {place}"),
                "name one, or begin one with `pilothouse runbook new NAME`",
            ));
        }
        own.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?
    } else {
        names.iter().map(|name| source(name)).collect::<Result<Vec<_>, _>>()?
    };
    let read: Vec<(String, Result<Runbook, Faults>)> = sources
        .iter()
        .map(|source| (source.name.clone(), runbook::parse(source)))
        .collect();
    let report = headless::checked(&read);
    let sound = read.iter().all(|(_, read)| read.is_ok());
    match output {
        Output::Json => say(&format!("{}\n", json(&report)?))?,
        Output::Text => {
            for (name, read) in &read {
                match read {
                    Ok(runbook) => say(&format!("✓ {}: {}\n", escaped(name), headless::sound(runbook)))?,
                    Err(faults) => {
                        refused(faults);
                    }
                }
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn json(report: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(report)
        .map_err(|error| Failure::new(format!("the report cannot be written as JSON: {error}"), "use -o text"))
}

fn show(name: &str, verbatim: bool, output: Output) -> Result<ExitCode, Failure> {
    let source = source(name)?;
    let runbook = match runbook::parse(&source) {
        Ok(runbook) => runbook,
        Err(faults) => return Ok(refused(&faults)),
    };
    if verbatim {
        say(&source.text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = headless::described(&runbook);
    match output {
        Output::Text => say(&format!("{}\n", report.text(width()).trim_end()))?,
        Output::Json => say(&format!("{}\n", json(&report)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(output: Output) -> Result<ExitCode, Failure> {
    let shipped = SHIPPED.iter().filter_map(|(name, _)| runbook::shipped(name));
    let own = own().iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let read: Vec<(String, Result<Runbook, Faults>)> = shipped
        .chain(own)
        .map(|source| (source.name.clone(), runbook::parse(&source)))
        .collect();
    match output {
        Output::Text => say(&format!("{}\n", headless::listed(&read, width()).trim_end()))?,
        Output::Json => say(&format!("{}\n", json(&headless::checked(&read))?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn begin(name: &str, file: Option<&Path>) -> Result<ExitCode, Failure> {
    // many write the file where the name is asked for
    let name = name.strip_suffix(".yaml").unwrap_or(name);
    let text = runbook::skeleton(name);
    let path = file.map_or_else(|| PathBuf::from(format!("{name}.yaml")), Path::to_owned);
    let shown = path.display().to_string();
    // a name that is none would make a runbook that does not load
    if let Err(faults) = runbook::parse(&Source::new(&*shown, &*text)) {
        return Ok(refused(&faults));
    }
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let told = format!("{} cannot be written: {error}", escaped(&shown));
        Failure::new(told, "name another file; one that is there is not overwritten")
    })?;
    let shown = escaped(&shown);
    say(&format!("{shown}\nCheck it with `pilothouse runbook check {shown}`.\n"))?;
    Ok(ExitCode::SUCCESS)
}
