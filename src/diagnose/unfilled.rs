//! Would an act of Helm's bring a value that nobody has filled in? (seed 000; trap 53)
//!
//! On what was read for the act: the files of values, what helm renders of them, what a record stores.

use super::found::Found;
use super::phrase;
use crate::model::Pin;
use crate::model::Text;
use crate::model::act::HelmAct;
use crate::model::helm::{Blank, Home, Ledger, Manifest};

/// What is left in everything the act would send; `None` for an uninstall, which sends nothing.
pub fn of_act(release: &Pin, helm: &HelmAct, ledger: &Ledger) -> Option<Found> {
    match helm {
        HelmAct::Uninstall(_) => None,
        HelmAct::Rollback(options) => {
            let target = Home::at(&release.key).map(|home| home.record(options.to));
            let reading = target.and_then(|target| ledger.last_reading(&target));
            let Some(record) = reading.and_then(|reading| reading.record()) else {
                return Some(Found::untold(format!("revision {} was not read", options.to)));
            };
            let left = blanks(&record.manifest);
            let told = left.map(|blank| format!("{blank}, stored in revision {}", options.to));
            Some(verdict(
                &told.collect::<Vec<_>>(),
                format!("revision {} holds none", options.to),
            ))
        }
        HelmAct::Install(_) | HelmAct::Upgrade(_) => Some(brought(release, helm, ledger)),
    }
}

/// What is left in the files of values that were read; of a file that could not be read it is not known.
pub fn of_files(ledger: &Ledger) -> Found {
    let (mut left, mut files) = (Vec::new(), 0_usize);
    // one that helm was given is known by its whole path besides
    let again = |file: &Text| {
        ledger
            .values()
            .any(|(other, _)| other != file && file.ends_with(other.as_str()))
    };
    for (file, read) in ledger.values().filter(|(file, _)| !again(file)) {
        match read {
            Ok(blanks) => left.extend(blanks.iter().map(ToString::to_string)),
            Err(why) => return Found::no(format!("{file}: {why}")),
        }
        files += 1;
    }
    if files == 0 {
        return Found::untold("no file of values was read yet");
    }
    verdict(&left, format!("none in {}", phrase::count(files, "file")))
}

fn brought(release: &Pin, helm: &HelmAct, ledger: &Ledger) -> Found {
    let Some(rendered) = helm.rendered().and_then(|digest| ledger.rendered(digest)) else {
        return Found::untold("what the chart comes to was not rendered yet");
    };
    let files: Vec<&Text> = helm
        .source()
        .map_or_else(Vec::new, |source| source.values.iter().collect());
    let mut own: Vec<&Blank> = Vec::new();
    for file in &files {
        match ledger.values().find(|(path, _)| path == file) {
            Some((_, Ok(blanks))) => own.extend(blanks),
            Some((_, Err(why))) => return Found::no(format!("{file}: {why}")),
            // one that helm fetches is seen in what is rendered of it
            None => {}
        }
    }
    let stored: Vec<&Blank> = ledger
        .record(release)
        .and_then(|reading| reading.record())
        .map_or_else(Vec::new, |record| blanks(&record.manifest).collect());
    let mut told: Vec<String> = own.iter().map(ToString::to_string).collect();
    for blank in blanks(rendered) {
        let of_file = own.iter().find(|own| own.what == blank.what);
        let origin = match of_file {
            Some(file) => format!("as {} has it", file.place),
            None if stored.contains(&blank) => "a default of the chart, in the stored revision too".to_owned(),
            None => "a default of the chart: none of the files says it".to_owned(),
        };
        told.push(format!("{blank} ({origin})"));
    }
    let fine = format!(
        "none in {} and {}",
        phrase::count(files.len(), "file"),
        phrase::count(rendered.documents.len() + rendered.hooks.len(), "object")
    );
    verdict(&told, fine)
}

fn blanks(manifest: &Manifest) -> impl Iterator<Item = &Blank> {
    let hooks = manifest.hooks.iter().map(|hook| &hook.document);
    manifest
        .documents
        .iter()
        .chain(hooks)
        .flat_map(|document| &document.blanks)
}

fn verdict(left: &[String], fine: String) -> Found {
    match left {
        [] => Found::yes(fine),
        left => Found::no(format!("not filled in: {}", phrase::names(left, 6))),
    }
}
