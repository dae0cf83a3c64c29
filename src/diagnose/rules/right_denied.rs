//! Trap 60: the user may do some of what a migration does in a namespace and not all of it: a procedure ends half way. Who may do
//! nothing observes, and nothing of his is left half done.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let rights = look.conditions.survey.rights.seen();
    ward.namespaces()
        .iter()
        .filter_map(|home| {
            let here = || rights.iter().filter(|right| right.home == *home);
            let denied: Vec<String> = here().filter(|right| !right.allowed).map(ToString::to_string).collect();
            if denied.is_empty() || here().all(|right| !right.allowed) {
                return None;
            }
            let subject = Key::cluster(Kind::Namespace, home);
            let mut reason =
                Reason::new("the server said so (SelfSubjectAccessReview); a procedure that needs it ends half way");
            for right in here() {
                let said = if right.allowed { "allowed" } else { "denied" };
                reason = reason.seen(&subject, &format!("may {right}"), said);
            }
            Some(finding(
                "right_denied",
                Severity::Warned,
                subject,
                format!("this user may act in {home} and may not {}", phrase::names(denied, 3)),
                reason,
                Gist::new("namespace", "in which this user may do only half"),
            ))
        })
        .collect()
}
