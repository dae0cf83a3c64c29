//! Feeds: where facts come from, and how current they are. "Denied" and "not yet listed" are never "empty".

use super::{Kind, Moment, Text};
use std::fmt;
use std::time::Duration;

/// A feed is silent for this long only when its watch is lost: past it, its facts are unknown to a gate
/// (`reference/safety-and-performance.md` A3 rule 1).
pub const PROMISE: Duration = Duration::from_secs(5);

/// The part of the cluster one watch covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Cluster,
    Namespace(Text),
}

/// One watch: a kind over the cluster, or over one namespace where the user may see no more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId {
    pub kind: Kind,
    pub scope: Scope,
}

impl FeedId {
    pub const fn cluster(kind: Kind) -> Self {
        Self {
            kind,
            scope: Scope::Cluster,
        }
    }

    /// Whether an object of this kind and namespace comes through this feed.
    pub fn covers(&self, kind: Kind, namespace: &str) -> bool {
        self.kind == kind
            && match &self.scope {
                Scope::Cluster => true,
                Scope::Namespace(own) => own == namespace,
            }
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Cluster => f.write_str(match self.kind {
                Kind::Release => "releases",
                Kind::ReleaseMap => "releases in ConfigMaps",
                kind => kind.plural(),
            }),
            Scope::Namespace(namespace) => write!(f, "{} in {namespace}", self.kind.plural()),
        }
    }
}

/// How current a feed is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// Asked for; nothing has come yet.
    Waiting { since: Moment },
    /// The first list is under way; `seen` objects so far.
    Listing { since: Moment, seen: usize },
    /// Listed, and the watch is open.
    Live,
    /// The watch is lost; the last facts are kept and shown with their age.
    Stale { since: Moment, why: Text },
    /// The server refuses this user. Not the same as empty.
    Denied { since: Moment, why: Text },
    /// The server does not serve this kind.
    Unserved { since: Moment },
}

/// A feed's state and when the server was last heard on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub state: FeedState,
    /// When the last byte, bookmark or answered heartbeat proved that the watch is alive.
    pub heard: Moment,
    /// A complete list has been seen at least once: absence from the world means absence from the cluster as of `heard`.
    pub listed: bool,
}

/// What a reader may say about facts of some kind and namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Current as of this long ago, within the promise.
    Live {
        age: Duration,
    },
    /// Known once; not current.
    Stale {
        age: Duration,
        why: Text,
    },
    Denied {
        why: Text,
    },
    Listing {
        seen: usize,
        since: Moment,
    },
    Waiting {
        since: Moment,
    },
    Unserved,
}

impl Freshness {
    /// A gate may rely on it. Everything else is unknown, and unknown blocks.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

impl Feed {
    pub const fn waiting(since: Moment) -> Self {
        Self {
            state: FeedState::Waiting { since },
            heard: since,
            listed: false,
        }
    }

    /// The state as of `now`. A live feed that broke its promise is stale even before its connection admits it;
    /// `quiet` is how long a healthy but idle feed may go unheard (the heartbeat's rhythm and its deadline).
    pub fn freshness(&self, now: Moment, quiet: Duration) -> Freshness {
        match &self.state {
            FeedState::Waiting { since } => Freshness::Waiting { since: *since },
            FeedState::Listing { since, seen } => Freshness::Listing {
                seen: *seen,
                since: *since,
            },
            FeedState::Live if self.heard.age(now) <= quiet => Freshness::Live {
                age: self.heard.age(now),
            },
            FeedState::Live => Freshness::Stale {
                age: self.heard.age(now),
                why: "nothing heard from the server".into(),
            },
            FeedState::Stale { why, .. } => Freshness::Stale {
                age: self.heard.age(now),
                why: why.clone(),
            },
            FeedState::Denied { why, .. } => Freshness::Denied { why: why.clone() },
            FeedState::Unserved { .. } => Freshness::Unserved,
        }
    }
}
