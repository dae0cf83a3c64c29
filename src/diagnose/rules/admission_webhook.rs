//! Trap 50: an admission webhook that refuses when it is not answered, and nobody stands behind it: changes and deletes fail.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::survey::Backing;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let Some(home) = ward.namespaces().first() else {
        return Vec::new();
    };
    let subject = Key::cluster(Kind::Namespace, home);
    look.conditions
        .survey
        .webhooks
        .seen()
        .iter()
        .filter_map(|webhook| {
            let why = match &webhook.backing {
                Backing::NoService => "which is not there",
                Backing::NoEndpoints => "behind which no pod is ready",
                Backing::Ready | Backing::Unknown { .. } | Backing::NotAsked => return None,
            };
            Some(finding(
                "admission_webhook",
                Severity::Warned,
                subject.clone(),
                format!(
                    "{} refuses what it cannot ask about: webhook {} calls service {}, {why}",
                    webhook.configuration, webhook.name, webhook.service
                ),
                Reason::new("with failurePolicy Fail a request that the webhook does not answer is refused")
                    .seen(
                        &subject,
                        &format!("{} {} failurePolicy", webhook.configuration, webhook.name),
                        "Fail",
                    )
                    .seen(&subject, &format!("service {}", webhook.service), why),
                Gist::new("webhook", "with nobody behind them"),
            ))
        })
        .collect()
}
