//! `pilothouse explain`: why an object is as it is, and the way out.

use super::page::Page;
use super::target::{TargetError, locate};
use super::{API_VERSION, Exit};
use crate::diagnose::{self, Explanation, Link};
use crate::laws::Conditions;
use crate::model::{Key, Now, World};
use serde::Serialize;
use std::time::Duration;

/// An explanation, as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was made.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Explains one object. An object that is not there, or whose kind is not in sight, is an error that says so.
pub fn explain(
    world: &World,
    key: &Key,
    conditions: &Conditions,
    now: Now,
    quiet: Duration,
) -> Result<ExplanationReport, TargetError> {
    let key = locate(world, key, now, quiet)?;
    let explanation = diagnose::explain(world, &key, conditions, now, quiet).ok_or_else(|| TargetError::NotFound {
        key: key.clone(),
        near: Vec::new(),
    })?;
    Ok(ExplanationReport {
        api_version: API_VERSION,
        kind: "Explanation",
        at: now.second(),
        exit_code: exit_of(&explanation).code(),
        explanation,
    })
}

const fn exit_of(explanation: &Explanation) -> Exit {
    if !explanation.way_out.is_empty() {
        Exit::Findings
    } else if !explanation.unknowns.is_empty() {
        Exit::Unknown
    } else {
        Exit::Clean
    }
}

impl ExplanationReport {
    pub const fn exit(&self) -> Exit {
        exit_of(&self.explanation)
    }

    /// The report as text of at most this many columns (words longer than a line excepted).
    pub fn text(&self, width: usize) -> String {
        let Explanation {
            object,
            sentence,
            chain,
            way_out,
            unknowns,
        } = &self.explanation;
        let mut page = Page::new(width);
        let place = if object.namespace.is_empty() {
            String::new()
        } else {
            format!(" in {}", object.namespace)
        };
        page.line("", &format!("{object}{place}"));
        let (glyph, word) = match self.exit() {
            Exit::Findings => ("✗", "to do"),
            Exit::Unknown => ("?", "unknown"),
            Exit::Clean | Exit::BadInput | Exit::Person => ("✓", "fine"),
        };
        page.line(&format!("{glyph} {word}: "), sentence);
        let below: Vec<&Link> = chain.iter().filter(|link| link.depth > 0).collect();
        if !below.is_empty() {
            page.blank();
            page.line("", "chain");
            for link in below {
                let head = format!("{}{}  ", "  ".repeat(link.depth), link.object);
                page.line(&head, &link.sentence);
            }
        }
        if !way_out.is_empty() {
            page.blank();
            page.line("", "way out, in this order");
            let digits = way_out.len().to_string().len();
            for (number, step) in way_out.iter().enumerate() {
                page.line(&format!("  {:>digits$}. ", number + 1), &step.sentence);
            }
        }
        if !unknowns.is_empty() {
            page.blank();
            page.line("", "not known");
            for unknown in unknowns {
                page.line("  ? ", unknown);
            }
        }
        page.into_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixture::{QUIET, conditions, denied, hasan_prod, now, stale};
    use crate::headless::parse_target;
    use crate::model::Kind;

    fn report(world: &World, target: &str) -> ExplanationReport {
        let key = parse_target(target, "shop").unwrap();
        explain(world, &key, &conditions(), now(), QUIET).unwrap()
    }

    #[test]
    fn the_stuck_claim_of_seed_000() {
        let report = report(&hasan_prod(), "pvc/shared-data");
        assert_eq!(report.exit(), Exit::Findings);
        let text = report.text(100);
        assert!(
            text.lines()
                .all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100),
            "{text}"
        );
        assert!(
            text.starts_with(
                "pvc/shared-data in shop\n✗ to do: Terminating 3h12m, held by 9 pods of 9 Jobs\n\nchain\n"
            )
        );
        for index in 0..9 {
            assert!(
                text.contains(&format!("pod/train-{index}-x  Running on n1 mounts it")),
                "{text}"
            );
            assert!(
                text.contains(&format!("job/train-{index}  active 3h40m, 1 pod · holds shared-data")),
                "{text}"
            );
            assert!(
                text.contains(&format!("delete Job train-{index} with Background")),
                "{text}"
            );
        }
        let logs = text.find("save the logs of 9 pods").unwrap();
        let job = text.find("delete Job train-0").unwrap();
        let strip = text.find("do not strip kubernetes.io/pvc-protection").unwrap();
        assert!(logs < job && job < strip);
        assert!(text.contains("wait until 9 Jobs"));
    }

    #[test]
    fn json_names_its_version_kind_and_acts() {
        let value = serde_json::to_value(report(&hasan_prod(), "pvc/shared-data")).unwrap();
        assert_eq!(value["apiVersion"], "pilothouse.dev/v1");
        assert_eq!(value["kind"], "Explanation");
        assert_eq!(value["exitCode"], 1);
        assert_eq!(value["object"]["name"], "shared-data");
        let acts: Vec<_> = value["wayOut"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["act"]["act"] == "delete")
            .collect();
        assert_eq!(acts.len(), 9);
        assert_eq!(acts[0]["act"]["target"]["uid"], "uid-train-0");
        assert_eq!(acts[0]["act"]["propagation"], "Background");
    }

    #[test]
    fn a_healthy_object_says_so_and_missing_facts_are_named() {
        let healthy = report(&hasan_prod(), "pvc/mysql-pvc");
        assert_eq!(healthy.exit(), Exit::Clean);
        assert!(healthy.text(80).contains("✓ fine: Bound · mysql-0"));
        let blind = report(&denied(&hasan_prod(), Kind::Pod), "pvc/mysql-pvc");
        assert_eq!(blind.exit(), Exit::Unknown);
        assert!(blind.text(80).contains("? unknown: Bound · pods are not in sight"));
        assert!(
            blind
                .text(80)
                .contains("not known\n  ? pods in shop: denied: forbidden")
        );
        let old = report(&stale(hasan_prod(), Kind::Pod), "pvc/mysql-pvc");
        assert_eq!(old.exit(), Exit::Unknown);
        assert!(old.text(80).contains("Bound · mysql-0 (as of 0s ago)"));
    }
}
