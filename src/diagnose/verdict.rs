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
pub fn verdict<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Verdict {
    let findings: Vec<&Finding> = findings.into_iter().collect();
    match findings.first() {
        Some(worst) if worst.severity > Severity::Clean => together(&findings, worst.rule, worst.severity),
        Some(_) | None => Verdict {
            severity: Severity::Clean,
            sentence: "nothing is stuck".to_owned(),
        },
    }
}

/// One verdict for each rule that found something, in the order given: alike findings are counted together.
pub fn gathered<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Verdict> {
    let findings: Vec<&Finding> = findings.into_iter().collect();
    let mut told: Vec<(&str, Severity)> = Vec::new();
    for finding in &findings {
        let id = (finding.rule, finding.severity);
        if !told.contains(&id) {
            told.push(id);
        }
    }
    told.into_iter()
        .map(|(rule, severity)| together(&findings, rule, severity))
        .collect()
}

/// What one rule found of one severity.
fn together(findings: &[&Finding], rule: &str, severity: Severity) -> Verdict {
    let alike: Vec<&Finding> = findings
        .iter()
        .copied()
        .filter(|finding| finding.rule == rule && finding.severity == severity)
        .collect();
    let sentence = match alike.as_slice() {
        [only] => only.sentence.clone(),
        _ => Gist::together(alike.iter().map(|finding| &finding.gist)),
    };
    Verdict { severity, sentence }
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::super::fixture::{QUIET, conditions, hasan_prod, now, with, world};
    use super::*;
    use crate::model::{Tenant, World};

    fn of(world: &World) -> Vec<Finding> {
        let tenant = Tenant {
            name: "shop".into(),
            namespaces: vec!["shop".into()],
            release: None,
        };
        findings(world, &tenant, &conditions(), now(), QUIET)
    }

    #[test]
    fn one_finding_speaks_for_itself() {
        let verdict = verdict(&of(&hasan_prod()));
        assert_eq!(verdict.severity, Severity::Blocked);
        assert_eq!(
            verdict.sentence,
            "PVC shared-data Terminating 3h12m, held by 9 pods of 9 Jobs"
        );
    }

    #[test]
    fn several_are_counted_together_and_their_holders_once() {
        let both = with(
            hasan_prod(),
            r#"
- {kind: PersistentVolumeClaim, metadata: {name: logs-pvc, namespace: shop, deletionTimestamp: "2026-04-27T11:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: Pod, metadata: {name: train-0-y, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: train-0, uid: uid-train-0, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: logs-pvc}}]}, status: {phase: Running}}"#,
        );
        let found = of(&both);
        assert_eq!(verdict(&found).sentence, "2 PVCs Terminating 3h12m, held by 9 Jobs");
        let all: Vec<String> = gathered(&found).into_iter().map(|verdict| verdict.sentence).collect();
        assert_eq!(
            all.get(1).map(String::as_str),
            Some("9 foreign Jobs hold PVCs of the release")
        );
    }

    #[test]
    fn nothing_found_is_clean() {
        let verdict = verdict(&of(&world("- {kind: Namespace, metadata: {name: shop}}")));
        assert_eq!(
            (verdict.severity, verdict.sentence.as_str()),
            (Severity::Clean, "nothing is stuck")
        );
    }
}
