//! Trap 20: the record of a release is gone while claims of it are still Terminating: nothing tells any more what it brought.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::release_of;
use super::finding;
use crate::laws::Reason;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME};
use crate::model::{Kind, Object};

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let since = object.meta.deletion_timestamp?;
    let release = release_of(object)?;
    let home = &object.meta.namespace;
    let recorded = look
        .world
        .records_in(home)
        .any(|record| record.body.release().is_some_and(|held| held.name == release));
    // the chart's own label alone is not proof of a release: who is stamped by helm had one
    let helms =
        object.meta.annotations.get(RELEASE_NAME).is_some() || object.meta.labels.get(MANAGED_BY) == Some("Helm");
    if recorded || !helms || !Kind::RECORDS.iter().all(|kind| look.sees(*kind, home)) {
        return None;
    }
    Some(finding(
        "purged_record",
        Severity::Warned,
        object.key(),
        format!(
            "PVC {} of release {release} is still Terminating, and no record of that release is left",
            object.meta.name
        ),
        Reason::new(
            "an uninstall purges its records although claims are still held: what it brought cannot be read any more",
        )
        .seen(&object.key(), "metadata.deletionTimestamp", since.to_string())
        .seen(
            &object.key(),
            "metadata.annotations[meta.helm.sh/release-name]",
            release,
        ),
        Gist::new("PVC", "outlive the record of their release"),
    ))
}
