//! One sentence for many findings: the worst rule's, its findings counted together.

use super::finding::{Finding, Gist, Severity};
use serde::Serialize;

/// What a line in the fleet says of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub severity: Severity,
    pub sentence: String,
}

/// The verdict on findings that are sorted worst first, as [`findings`](super::findings) gives them.
pub fn verdict(findings: &[Finding]) -> Verdict {
    let Some(worst) = findings.first().filter(|worst| worst.severity > Severity::Clean) else {
        return Verdict {
            severity: Severity::Clean,
            sentence: "nothing is stuck".to_owned(),
        };
    };
    let alike: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.rule == worst.rule && finding.severity == worst.severity)
        .collect();
    let sentence = match alike.as_slice() {
        [only] => only.sentence.clone(),
        _ => Gist::together(alike.iter().map(|finding| &finding.gist)),
    };
    Verdict {
        severity: worst.severity,
        sentence,
    }
}
