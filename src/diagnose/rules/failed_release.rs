//! The newest revision of a release failed: what it made and no other revision names stays as orphans (trap 24).

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
            (release.status == "failed").then(|| {
                finding(
                    "failed_release",
                    Severity::Warned,
                    object.key(),
                    format!(
                        "release {} r{} failed{} ago, by its label",
                        release.name,
                        release.revision,
                        phrase::aged(look.now, object.meta.creation_timestamp)
                    ),
                    Reason::new("the newest revision is the base of the next upgrade or uninstall").seen(
                        &object.key(),
                        "metadata.labels.status",
                        "failed",
                    ),
                    Gist::new("release", "failed"),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const RECORD: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, creationTimestamp: "2026-04-27T13:00:00Z", labels: {owner: helm, name: eks, version: "7", status: failed}}}"#;

    #[test]
    fn a_failed_newest_revision() {
        assert_eq!(
            said(&world(RECORD), "failed_release"),
            ["Warned release/sh.helm.release.v1.eks.v7: release eks r7 failed 1h00m ago, by its label"]
        );
        assert!(said(&world(&RECORD.replace("failed", "superseded")), "failed_release").is_empty());
    }
}
