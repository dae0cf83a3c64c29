//! Feeds that are denied, lost or not yet listed: what this tenant's verdict cannot vouch for.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::{Look, Sight};
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let Some(first) = ward.namespaces().first() else {
        return Vec::new();
    };
    Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            // the worst-seen of the tenant's namespaces speaks for the kind
            let gap = if kind.namespaced() {
                ward.namespaces().iter().find_map(|namespace| look.gap(kind, namespace))
            } else {
                look.gap(kind, "")
            }?;
            let namespace = if kind.namespaced() { first.as_str() } else { "" };
            let blind = matches!(look.sight(kind, namespace), Sight::Blind { .. });
            let subject = Key::cluster(Kind::Namespace, first);
            Some(finding(
                "feeds",
                Severity::Warned,
                subject.clone(),
                format!("unknown: {gap}"),
                Reason::new(if blind {
                    "what is not listed is not known to be absent"
                } else {
                    "what was heard last may have changed"
                })
                .seen(&subject, kind.plural(), gap.as_str()),
                Gist::new("feed", "not live: the verdict cannot be vouched for"),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{denied, stale, world};
    use super::super::said;
    use crate::model::Kind;

    #[test]
    fn what_cannot_be_seen_is_said() {
        let healthy = world("[]");
        assert!(said(&healthy, "feeds").is_empty());
        assert_eq!(
            said(&denied(&healthy, Kind::PersistentVolume), "feeds"),
            ["Warned namespace/shop: unknown: PVs: denied: forbidden"]
        );
        assert_eq!(
            said(&stale(healthy, Kind::Pod), "feeds"),
            ["Warned namespace/shop: unknown: pods in shop: as of 0s ago, connection reset"]
        );
    }
}
