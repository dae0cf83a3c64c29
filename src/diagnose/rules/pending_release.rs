//! Traps 21 and 23: the newest revision of a release is pending, by its label. The payload decides, and is read on demand.

use super::super::explain::release::{PATIENCE, pending};
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.newest(look)
        .filter_map(|object| {
            let release = object.body.release()?;
            if !pending(&release.status) || release.status == "uninstalling" {
                return None;
            }
            let age = object.meta.creation_timestamp.map(|at| look.now.since(at));
            let stuck = age.is_none_or(|age| age > PATIENCE);
            Some(finding(
                "pending_release",
                if stuck { Severity::Blocked } else { Severity::Warned },
                object.key(),
                format!(
                    "release {} r{} is {}{} by its label: no upgrade can start, and helm 3 hides it from its list",
                    release.name,
                    release.revision,
                    release.status,
                    phrase::aged(look.now, object.meta.creation_timestamp)
                ),
                Reason::new("the label says so; the payload, which decides, is read for a forecast only").seen(
                    &object.key(),
                    "metadata.labels.status",
                    release.status.as_str(),
                ),
                Gist::new("release", "pending").aged(age),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{with, world};
    use super::super::said;

    fn record(revision: u32, status: &str, at: &str) -> String {
        format!(
            r#"
- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v{revision}, namespace: shop, creationTimestamp: "2026-04-27T{at}Z", labels: {{owner: helm, name: eks, version: "{revision}", status: {status}}}}}}}"#
        )
    }

    #[test]
    fn only_the_newest_revision_counts() {
        let stuck = world(&record(8, "pending-upgrade", "13:00:00"));
        assert_eq!(
            said(&stuck, "pending_release"),
            [
                "Blocked release/sh.helm.release.v1.eks.v8: release eks r8 is pending-upgrade 1h00m by its label: no upgrade can start, and helm 3 hides it from its list"
            ]
        );
        let young = world(&record(8, "pending-rollback", "13:59:00"));
        assert!(
            said(&young, "pending_release")
                .iter()
                .all(|said| said.starts_with("Warned"))
        );
        assert_eq!(said(&young, "pending_release").len(), 1);
        let over = with(stuck, &record(9, "deployed", "13:30:00"));
        assert!(said(&over, "pending_release").is_empty());
    }
}
