//! A journal to read: entries for text and JSON, also of a file that another cockpit holds, that a newer program wrote,
//! or that does not verify from some record on.

use super::chain::{self, Head, Tampered, Torn};
use super::record::{Record, RecordKind};
use super::runs::Runs;
use super::steps::{StepEntry, Steps};
use crate::runbook::chronicle::{Chapter, Story};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// What can be read of a journal.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub entries: Vec<Record>,
    pub steps: Vec<StepEntry>,
    /// Runs of runbooks, in the order they began.
    pub runs: Vec<Story>,
    pub head: Head,
    pub torn: Option<Torn>,
    /// Where verification ended; entries are those before it.
    pub tampered: Option<Tampered>,
}

/// Reads a journal, a file or the directory that holds one, without taking its lock.
///
/// # Errors
/// Only when the file cannot be read at all; a damaged one is shown up to the damage.
pub fn show(path: &Path) -> Result<Shown, Tampered> {
    let (_, scan) = chain::read(path)?;
    let (mut steps, mut runs) = (Steps::default(), Runs::default());
    let mut tampered = scan.tampered;
    for sealed in &scan.records {
        if let Err(what) = steps.take(&sealed.record).and_then(|()| runs.take(&sealed.record))
            && tampered.is_none()
        {
            tampered = Some(Tampered {
                seq: sealed.record.seq,
                offset: sealed.offset,
                what,
            });
        }
    }
    Ok(Shown {
        entries: scan.records.into_iter().map(|sealed| sealed.record).collect(),
        steps: steps.iter().cloned().collect(),
        runs: runs.iter().cloned().collect(),
        head: scan.head,
        torn: scan.torn,
        tampered,
    })
}

impl Shown {
    /// The whole journal as text: waivers first, because a report's first line belongs to them, then one line a record.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for record in &self.entries {
            if record.known_kind() == Some(RecordKind::Waived) {
                append(&mut text, format_args!("WAIVED {}", line(record)));
            }
        }
        for record in &self.entries {
            append(&mut text, format_args!("{}", line(record)));
        }
        for entry in self.steps.iter().filter(|entry| entry.stage.in_doubt()) {
            append(
                &mut text,
                format_args!("IN DOUBT #{} {}", entry.intent, plain(&entry.step)),
            );
        }
        if let Some(torn) = &self.torn {
            append(&mut text, format_args!("{torn}"));
        }
        match &self.tampered {
            Some(tampered) => append(
                &mut text,
                format_args!("DOES NOT VERIFY: {}", plain(&tampered.to_string())),
            ),
            None => append(&mut text, format_args!("head {}", self.head)),
        }
        text
    }
}

fn append(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    writeln!(text, "{line}").unwrap_or_default();
}

/// One record as a line: `#12 2026-01-01T14:02:11Z outcome delete pvc/x (Background): done, … · anna@laptop`.
pub fn line(record: &Record) -> String {
    let said = sentence(record);
    let colon = if said.is_empty() || record.step.is_empty() {
        ""
    } else {
        ": "
    };
    plain(&format!(
        "#{} {} {:8} {}{colon}{said} · {}",
        record.seq,
        record.wall.strftime("%Y-%m-%dT%H:%M:%SZ"),
        record.kind,
        record.step,
        record.actor,
    ))
}

fn sentence(record: &Record) -> String {
    let field = |name: &str| record.payload.get(name).and_then(Value::as_str).unwrap_or_default();
    match record.known_kind() {
        Some(RecordKind::Opened) => match record.payload.get("cut") {
            Some(Value::Object(cut)) => format!(
                "an unfinished record at byte {} was cut",
                cut.get("offset").unwrap_or(&Value::Null)
            ),
            _ => format!("pilothouse {}", field("version")),
        },
        Some(RecordKind::Intent) => field("request").lines().next().unwrap_or_default().to_owned(),
        Some(RecordKind::Outcome) => {
            let outcome: Option<super::Outcome> = serde::Deserialize::deserialize(&record.payload).ok();
            outcome.map_or_else(String::new, |outcome| {
                format!("{}, {}", outcome.word(), outcome.evidence())
            })
        }
        Some(RecordKind::Settled) => format!("{}, {}", field("ruling"), field("evidence")),
        Some(RecordKind::Voided) => record.payload.get("changes").map(Value::to_string).unwrap_or_default(),
        Some(RecordKind::Waived) => format!("{} by {}, because {}", field("item"), field("person"), field("reason")),
        Some(RecordKind::Note) => field("text").to_owned(),
        Some(RecordKind::Run) => {
            let chapter: Option<Chapter> = serde::Deserialize::deserialize(&record.payload).ok();
            chapter.map_or_else(String::new, |chapter| chapter.sentence())
        }
        Some(RecordKind::Cleared | RecordKind::Sent | RecordKind::Closed) => String::new(),
        None => format!("(written by a newer pilothouse, version {})", record.v),
    }
}

/// Text that no terminal can take for a command: control, direction and invisible characters are written out.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        let invisible = matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        if letter.is_control() || invisible {
            safe.extend(letter.escape_unicode());
        } else {
            safe.push(letter);
        }
    }
    safe
}
