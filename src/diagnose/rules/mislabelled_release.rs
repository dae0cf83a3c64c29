//! Traps 22 and 23: a record's label says another status than its payload. Found of the newest revisions whose records were
//! read; of others it is not known.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::standing::mislabelled;
use super::super::ward::Ward;
use super::finding;
use super::pending_release::newest;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    newest(look, ward)
        .into_iter()
        .filter_map(|object| {
            let release = object.body.release()?;
            let record = look.conditions.helm.record(&object.pin())?.record()?;
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
