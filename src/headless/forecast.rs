//! `pilothouse forecast`: what an act would do, per object, with reason and evidence.

use super::page::Page;
use super::{API_VERSION, Exit};
use crate::forecast::{self, Fate, Forecast, Outcome, Summary, Tier, Undo};
use crate::laws::Conditions;
use crate::model::{Act, Now, World};
use serde::Serialize;
use std::time::Duration;

/// A forecast, as it is printed. Its JSON form is `docs/schema/forecast.v1.json`; a change that would break a reader
/// raises [`API_VERSION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecastReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was made.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    /// The counts, worst first.
    pub headline: String,
    /// All objects by the questions they answer.
    pub summary: Summary,
    #[serde(flatten)]
    pub forecast: Forecast,
}

/// Says what an act would do. It changes nothing and asks nobody.
pub fn forecast(world: &World, act: &Act, conditions: &Conditions, now: Now, quiet: Duration) -> ForecastReport {
    let forecast = forecast::forecast(world, act, conditions, now, quiet);
    ForecastReport {
        api_version: API_VERSION,
        kind: "Forecast",
        at: now.second(),
        exit_code: exit_of(&forecast).code(),
        headline: forecast.headline(),
        summary: forecast.summary(),
        forecast,
    }
}

fn exit_of(forecast: &Forecast) -> Exit {
    let outcomes = || {
        let others = forecast.others.iter().map(|other| &other.outcome);
        forecast.entries.iter().map(|entry| &entry.outcome).chain(others)
    };
    if !forecast.unknowns.is_empty() || outcomes().any(|outcome| matches!(outcome, Outcome::Unknown { .. })) {
        return Exit::Unknown;
    }
    let bad = outcomes().any(|outcome| matches!(outcome, Outcome::Hangs { .. } | Outcome::Rejected { .. }));
    if bad || forecast.tier >= Tier::T2 {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

impl ForecastReport {
    pub fn exit(&self) -> Exit {
        exit_of(&self.forecast)
    }

    /// The report as text of at most this many columns (words longer than a line excepted).
    pub fn text(&self, width: usize) -> String {
        let forecast = &self.forecast;
        let target = &forecast.act.target().key;
        let place = if target.namespace.is_empty() {
            String::new()
        } else {
            format!(" in {}", target.namespace)
        };
        let mut page = Page::new(width);
        page.line("", &format!("forecast: {}{place}", forecast.act));
        page.line("", &self.headline);
        page.line(&format!("{}: ", forecast.tier.word()), &forecast.because);
        for told in &forecast.quorum {
            page.line("quorum: ", &told.sentence);
        }
        page.blank();
        for fate in forecast.fates() {
            line(&mut page, &fate);
        }
        page.blank();
        page.line("undo: ", &undo(&forecast.undo));
        if !forecast.unknowns.is_empty() {
            page.blank();
            page.line("", "not known: this forecast cannot be relied upon");
            for unknown in &forecast.unknowns {
                page.line("  ? ", unknown);
            }
        }
        page.into_text()
    }
}

/// One object's fate, and what it rests on.
fn line(page: &mut Page, fate: &Fate<'_>) {
    let glyph = match fate.outcome {
        Outcome::VolumeDestroyed { .. }
        | Outcome::VolumeLeaked { .. }
        | Outcome::Hangs { .. }
        | Outcome::Rejected { .. } => "✗",
        Outcome::Unknown { .. } => "?",
        Outcome::Deleted | Outcome::DeletedLater { .. } | Outcome::Recreated { .. } => "▲",
        Outcome::VolumeRetained { .. }
        | Outcome::Kept
        | Outcome::Patched { .. }
        | Outcome::Orphaned
        | Outcome::Created => " ",
    };
    page.line(&format!("{glyph} {:<10} ", fate.outcome.word()), &fate.sentence);
    for evidence in &fate.reason.evidence {
        page.line(
            "             · ",
            &format!("{} {} = {}", evidence.object, evidence.field, evidence.value),
        );
    }
}

fn undo(undo: &Undo) -> String {
    match undo {
        Undo::Lossless { how } => format!("complete: {how}"),
        Undo::Lossy { how } => format!("with loss: {how}"),
        Undo::None => "none: there is no way back".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixture::{QUIET, conditions, denied, hasan_prod, now};
    use crate::headless::{locate, parse_target};
    use crate::model::Kind;

    fn report(world: &World, target: &str) -> ForecastReport {
        let key = parse_target(target, "shop").unwrap();
        let target = world.get(&locate(world, &key, now(), QUIET).unwrap()).unwrap().pin();
        let act = Act::Delete {
            target,
            propagation: crate::model::Propagation::Background,
        };
        forecast(world, &act, &conditions(), now(), QUIET)
    }

    #[test]
    fn a_claim_that_a_pod_holds_hangs() {
        let report = report(&hasan_prod(), "pvc/mysql-pvc");
        assert_eq!(report.exit(), Exit::Findings);
        let text = report.text(100);
        assert!(
            text.starts_with("forecast: delete pvc/mysql-pvc (Background) in shop\n"),
            "{text}"
        );
        assert!(
            text.contains("✗ HANGS      pvc/mysql-pvc hangs, held by pod/mysql-0"),
            "{text}"
        );
        assert!(
            text.lines()
                .all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100),
            "{text}"
        );
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (&value["kind"], &value["apiVersion"]),
            (&"Forecast".into(), &"pilothouse.dev/v1".into())
        );
        assert_eq!(value["exitCode"], 1);
        assert!(
            value["entries"]
                .as_array()
                .unwrap()
                .iter()
                .any(|entry| entry["outcome"] == "hangs"),
            "{value}"
        );
    }

    #[test]
    fn what_is_not_seen_makes_it_unreliable() {
        let report = report(&denied(&hasan_prod(), Kind::Pod), "pvc/mysql-pvc");
        assert_eq!(report.exit(), Exit::Unknown);
        assert!(report.text(100).contains("not known"), "{}", report.text(100));
    }

    #[test]
    fn a_job_takes_its_pod_along() {
        let report = report(&hasan_prod(), "job/train-0");
        let text = report.text(100);
        assert!(text.contains("DELETED    job/train-0 is deleted"), "{text}");
        assert!(text.contains("DELETED    pod/train-0-x goes too"), "{text}");
        assert!(
            text.contains("KEPT       pvc/shared-data stays: it was being deleted before"),
            "what hung before is not this act's doing: {text}"
        );
    }
}
