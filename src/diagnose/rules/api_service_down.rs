//! Trap 47 before it snaps: an API service that does not answer. A namespace that is deleted then stays Terminating.

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
    let going = look.world.get(&subject).is_some_and(|space| space.meta.deleting());
    look.conditions
        .survey
        .services
        .seen()
        .iter()
        .filter(|service| !service.answers())
        .map(|service| {
            finding(
                "api_service_down",
                if going { Severity::Blocked } else { Severity::Warned },
                subject.clone(),
                format!(
                    "APIService {} does not answer ({}): a namespace that is deleted stays Terminating",
                    service.name, service.reason
                ),
                Reason::new("the namespace controller must list every group before it lets a namespace go").seen(
                    &subject,
                    &format!("apiservice {} status.conditions[Available]", service.name),
                    service.available.as_str(),
                ),
                Gist::new("APIService", "that do not answer"),
            )
        })
        .collect()
}
