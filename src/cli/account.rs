//! `pilothouse report`: the account of a run, from a journal that is read without taking its lock.

use super::args::Output;
use super::journal::files;
use super::sandbox::say;
use crate::headless;
use crate::journal;
use crate::model::Now;
use crate::runbook::chronicle::Story;
use crate::shell::Failure;
use std::path::Path;
use std::process::ExitCode;

/// Prints the account of the run of this name, of the newest run of this runbook, or of the newest run.
pub(super) fn run(name: Option<&str>, path: Option<&Path>, output: Output, now: Now) -> Result<ExitCode, Failure> {
    let mut newest: Option<(Story, journal::Shown)> = None;
    for file in files(path)? {
        let shown = journal::show(&file)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display()), "name another file"))?;
        if let Some(tampered) = &shown.tampered {
            let told = format!("{} does not verify: {tampered}", file.display());
            return Err(Failure::new(
                told,
                "`pilothouse journal verify` says where; nothing is reported from it",
            ));
        }
        let meant = |story: &&Story| name.is_none_or(|name| story.id == name || story.opening.runbook == name);
        let Some(story) = shown.runs.iter().filter(meant).max_by_key(|story| story.began).cloned() else {
            continue;
        };
        if newest.as_ref().is_none_or(|(held, _)| held.began < story.began) {
            newest = Some((story, shown));
        }
    }
    let Some((story, shown)) = newest else {
        let told = match name {
            Some(name) => format!("no journal holds a run {:?}", headless::escaped(name)),
            None => "no journal holds a run".to_owned(),
        };
        return Err(Failure::new(told, "`pilothouse journal show` tells what there is"));
    };
    let account = headless::account(&story, &shown.steps, now).map_err(|why| {
        Failure::new(
            format!("the run {} cannot be told: {why}", story.id),
            "use the version that ran it",
        )
    })?;
    match output {
        Output::Text => say(&account.markdown())?,
        Output::Json => {
            let json = serde_json::to_string_pretty(&account)
                .map_err(|error| Failure::new(format!("the report cannot be written: {error}"), ""))?;
            say(&format!("{json}\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
