//! Objects that cannot be read: no rule judges them, so they are findings themselves.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    look.world
        .malformed()
        .filter(|malformed| {
            let key = &malformed.key;
            if key.kind.namespaced() {
                ward.namespaces().contains(&key.namespace)
            } else {
                // a volume that cannot be read may be anybody's: everybody is told
                true
            }
        })
        .map(|malformed| {
            finding(
                "malformed",
                Severity::Warned,
                malformed.key.clone(),
                format!("{} cannot be read: {}", malformed.key, malformed.why),
                Reason::new("an object that cannot be read cannot be judged").seen(
                    &malformed.key,
                    "object",
                    malformed.why.as_str(),
                ),
                Gist::new("object", "cannot be read"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{key, world};
    use super::super::said;
    use crate::model::{FeedId, Kind, Malformed, Moment, Observation};

    #[test]
    fn an_object_that_cannot_be_read_is_a_finding() {
        let mut world = world("[]");
        assert!(said(&world, "malformed").is_empty());
        for name in ["pod/odd", "pv/odd"] {
            let key = key(name);
            world.apply(Observation::Malformed {
                feed: FeedId::cluster(key.kind),
                malformed: Malformed {
                    key,
                    why: "spec.nodeName: expected a string".into(),
                },
                at: Moment::default(),
            });
        }
        assert_eq!(
            said(&world, "malformed"),
            [
                "Warned pv/odd: pv/odd cannot be read: spec.nodeName: expected a string",
                "Warned pod/odd: pod/odd cannot be read: spec.nodeName: expected a string"
            ]
        );
        let mut other = key("pod/odd");
        other.namespace = "acme".into();
        let mut elsewhere = super::super::super::fixture::world("[]");
        elsewhere.apply(Observation::Malformed {
            feed: FeedId::cluster(Kind::Pod),
            malformed: Malformed {
                key: other,
                why: "x".into(),
            },
            at: Moment::default(),
        });
        assert!(said(&elsewhere, "malformed").is_empty());
    }
}
