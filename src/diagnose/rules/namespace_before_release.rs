//! Trap 49: a namespace is being deleted with a release in it: its records go before anybody can uninstall it.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::Kind;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let going = |name: &str| {
        let space = look.world.find(Kind::Namespace, "", name)?;
        Some((space, space.meta.deletion_timestamp?))
    };
    if !ward.namespaces().iter().any(|name| going(name).is_some()) {
        return Vec::new();
    }
    ward.newest(look)
        .filter_map(|record| {
            let (space, since) = going(&record.meta.namespace)?;
            let release = record.body.release()?;
            if release.status == "uninstalled" {
                return None;
            }
            Some(finding(
                "namespace_before_release",
                Severity::Blocked,
                record.key(),
                format!(
                    "namespace {} is being deleted with {} in it: its records go, its delete hooks do not run, and what it has outside stays",
                    space.meta.name, release.name
                ),
                Reason::new("a namespace takes the records along, by which alone helm knows what a release made")
                    .seen(&space.key(), "metadata.deletionTimestamp", since.to_string())
                    .seen(&record.key(), "metadata.labels[status]", release.status.as_str()),
                Gist::new("release", "in a namespace that is being deleted"),
            ))
        })
        .collect()
}
