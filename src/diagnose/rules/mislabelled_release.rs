//! Trap 22: a record's label says another status than its payload. Found of the newest revisions whose records were
//! read; of others it is not known.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::standing::mislabelled;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.opened(look)
        .filter_map(|(object, record)| {
            let release = object.body.release()?;
            let wrong = mislabelled(&release.status, record)?;
            Some(finding(
                "mislabelled_release",
                Severity::Warned,
                object.key(),
                format!("release {} r{}: {wrong}", release.name, release.revision),
                Reason::new("helm lists by the label and decides by the payload")
                    .seen(&object.key(), "metadata.labels.status", release.status.as_str())
                    .seen(&object.key(), "payload info.status", record.status.as_str()),
                Gist::new("release", "labelled otherwise than its payload says"),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::release_read;
    use super::super::{said, said_given};

    const RULE: &str = "mislabelled_release";
    const SAID: &str = "Warned release/sh.helm.release.v1.eks.v7: release eks r7: its label says \"failed\" and its payload \"deployed\": helm finds it by the label, and what may be done next goes by the payload";

    #[test]
    fn only_a_record_that_was_read_tells() {
        let (world, conditions) = release_read();
        assert!(said(&world, RULE).is_empty(), "the payload was not read");
        assert_eq!(said_given(&world, RULE, &conditions), [SAID]);
    }
}
