//! One look at the world: its facts, what is taken as given, the instant, and how far each fact can be relied on.
//!
//! "Denied", "not yet listed" and "stale" are told apart from "none" here, once, for every explanation and rule.

use super::phrase;
use crate::laws::Conditions;
use crate::model::feed::Freshness;
use crate::model::time::short_span;
use crate::model::{Feed, Key, Kind, Now, World};
use std::time::Duration;

/// What a diagnosis looks at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub world: &'a World,
    pub conditions: &'a Conditions,
    pub now: Now,
    /// How long an idle feed may go unheard before its facts are stale.
    pub quiet: Duration,
}

/// How far the facts of one kind in one namespace can be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// What is not in the world does not exist.
    Current,
    /// Complete once; true as of this long ago.
    AsOf { age: Duration, why: String },
    /// Never listed, denied or not served: absence from the world says nothing.
    Blind { why: String },
}

impl Sight {
    /// Absence from the world meant absence from the cluster, now or when last heard.
    pub const fn complete(&self) -> bool {
        matches!(self, Self::Current | Self::AsOf { .. })
    }
}

impl Look<'_> {
    /// How well a kind is seen in a namespace (`""` for cluster-scoped kinds). Where several feeds cover it, the best one counts.
    pub fn sight(&self, kind: Kind, namespace: &str) -> Sight {
        self.world
            .feeds()
            .filter(|(id, _)| id.covers(kind, namespace))
            .map(|(_, feed)| self.sight_of(feed))
            .min_by_key(|sight| match sight {
                Sight::Current => 0,
                Sight::AsOf { .. } => 1,
                Sight::Blind { .. } => 2,
            })
            .unwrap_or_else(|| Sight::Blind {
                why: "not watched".to_owned(),
            })
    }

    /// How well the feed itself is seen.
    pub fn sight_of(&self, feed: &Feed) -> Sight {
        match feed.freshness(self.now.mono, self.quiet) {
            Freshness::Live { .. } if feed.listed => Sight::Current,
            Freshness::Stale { age, why } if feed.listed => Sight::AsOf {
                age,
                why: why.to_string(),
            },
            Freshness::Live { .. } | Freshness::Waiting { .. } => Sight::Blind {
                why: "not yet listed".to_owned(),
            },
            Freshness::Stale { why, .. } => Sight::Blind {
                why: format!("not yet listed: {why}"),
            },
            Freshness::Denied { why } if why.is_empty() => Sight::Blind {
                why: "denied".to_owned(),
            },
            Freshness::Denied { why } => Sight::Blind {
                why: format!("denied: {why}"),
            },
            Freshness::Listing { seen, since } => Sight::Blind {
                why: format!("listing for {}, {seen} so far", short_span(since.age(self.now.mono))),
            },
            Freshness::Unserved => Sight::Blind {
                why: "not served by this cluster".to_owned(),
            },
        }
    }

    /// Whether a kind is complete in a namespace, as of now or of the last word.
    pub fn sees(&self, kind: Kind, namespace: &str) -> bool {
        self.sight(kind, namespace).complete()
    }

    /// What cannot be known of a kind in a namespace, as a line for `unknowns`; `None` when all is current.
    pub fn gap(&self, kind: Kind, namespace: &str) -> Option<String> {
        let whose = if namespace.is_empty() || !kind.namespaced() {
            phrase::plural(phrase::noun(kind))
        } else {
            format!("{} in {namespace}", phrase::plural(phrase::noun(kind)))
        };
        match self.sight(kind, namespace) {
            Sight::Current => None,
            Sight::AsOf { age, why } => Some(format!("{whose}: as of {} ago, {why}", short_span(age))),
            Sight::Blind { why } => Some(format!("{whose}: {why}")),
        }
    }

    /// Whether an object is certainly absent: not in the world, not malformed, and its kind is complete.
    pub fn gone(&self, key: &Key) -> bool {
        self.world.get(key).is_none()
            && self.sees(key.kind, &key.namespace)
            && !self.world.malformed().any(|malformed| malformed.key == *key)
    }
}
