//! `journal verify` and `journal show`: read without taking any lock, so that a running cockpit is not disturbed.

use super::args::{JournalCommand, Output};
use super::config::state_dir;
use super::sandbox::say;
use crate::journal;
use crate::shell::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn run(command: &JournalCommand) -> Result<ExitCode, Failure> {
    match command {
        JournalCommand::Verify { path } => verify(&files(path.as_deref())?),
        JournalCommand::Show { path, output } => show(&files(path.as_deref())?, *output),
    }
}

/// The journals meant: the one named, or every journal of this user.
pub(super) fn files(named: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    if let Some(path) = named {
        let file = if path.is_dir() {
            path.join(journal::FILE)
        } else {
            path.to_owned()
        };
        return if file.is_file() {
            Ok(vec![file])
        } else {
            Err(Failure::new(
                format!("there is no journal at {}", file.display()),
                "name its file or its directory",
            ))
        };
    }
    let home = state_dir()?;
    let mut found: Vec<PathBuf> = std::fs::read_dir(&home)
        .map(|entries| {
            entries
                .filter_map(Result::ok)
                .map(|entry| entry.path().join(journal::FILE))
                .filter(|file| file.is_file())
                .collect()
        })
        .unwrap_or_default();
    found.sort();
    if found.is_empty() {
        return Err(Failure::new(
            format!("there is no journal under {}", home.display()),
            "a journal begins with the first session that may act (`pilothouse --operate`, `pilothouse demo`)",
        ));
    }
    Ok(found)
}

fn verify(files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut sound = true;
    for file in files {
        match journal::verify(file) {
            Ok(verified) => say(&sound_line(&verified))?,
            Err(tampered) => {
                sound = false;
                say(&format!("✗ {}: {tampered}\n", file.display()))?;
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What was verified, in one line, and what could not be judged.
fn sound_line(verified: &journal::Verified) -> String {
    let mut line = format!(
        "✓ {}: {} records and {} saved objects verify; head {}",
        verified.path.display(),
        verified.records,
        verified.saved,
        verified.head
    );
    if verified.torn.is_some() {
        line.push_str("; its last line was torn by a crash and will be cut at the next start");
    }
    if !verified.unknown.is_empty() {
        let newer = verified.unknown.len().to_string();
        line.extend(["; ", &newer, " records are of a newer version and were not judged"]);
    }
    line.push('\n');
    line
}

fn show(files: &[PathBuf], output: Output) -> Result<ExitCode, Failure> {
    let mut sound = true;
    let mut shown = Vec::new();
    for file in files {
        let journal = journal::show(file)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display()), "name another file"))?;
        sound &= journal.tampered.is_none();
        match output {
            Output::Text => say(&format!("{}\n{}\n", file.display(), journal.text()))?,
            Output::Json => shown.push(serde_json::json!({ "file": file, "journal": journal })),
        }
    }
    if output == Output::Json {
        let report = serde_json::json!({ "apiVersion": "pilothouse.dev/v1", "kind": "Journals", "items": shown });
        say(&format!("{report:#}\n"))?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
