//! Trap 56: a `GitOps` engine keeps objects of the tenant and is not suspended: what is changed here it changes back, or does again.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let Some(home) = ward.namespaces().first() else {
        return Vec::new();
    };
    let subject = Key::cluster(Kind::Namespace, home);
    look.conditions
        .survey
        .engines
        .seen()
        .iter()
        .filter(|engine| !engine.suspended && engine.keeps.iter().any(|kept| ward.namespaces().contains(kept)))
        .map(|engine| {
            let name = format!("{} {}/{}", engine.kind, engine.namespace, engine.name);
            finding(
                "gitops_keeps",
                Severity::Warned,
                subject.clone(),
                format!(
                    "{name} keeps objects of this tenant and is not suspended: what is changed by hand it changes back"
                ),
                Reason::new("an engine that reconciles undoes what others do, and an uninstall it does again").seen(
                    &subject,
                    &format!("{name} spec"),
                    if engine.kind == "Application" {
                        "syncPolicy.automated"
                    } else {
                        "suspend is not true"
                    },
                ),
                Gist::new("GitOps object", "that change back what is done by hand"),
            )
        })
        .collect()
}
