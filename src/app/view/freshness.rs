//! How current a panel's facts are, in words that never stand for one another: live, stale, denied, listing, waiting.

use super::Look;
use crate::app::words::{Span, Tone};
use crate::model::feed::Freshness;
use crate::model::time::short_span;
use crate::model::{Kind, Tenant};

/// A kind's freshness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    pub kind: Kind,
    pub freshness: Freshness,
}

/// The least current of these kinds in a tenant's namespaces: a panel is no fresher than its worst feed.
pub fn worst(look: Look<'_>, tenant: Option<&Tenant>, kinds: &[Kind]) -> Of {
    let Some(tenant) = tenant else {
        return worst_of_all(look, kinds);
    };
    let mut worst: Option<Of> = None;
    for kind in kinds {
        for namespace in &tenant.namespaces {
            let freshness = look.world.freshness(*kind, namespace, look.now.mono, look.quiet);
            if worst
                .as_ref()
                .is_none_or(|held| badness(&freshness) > badness(&held.freshness))
            {
                worst = Some(Of { kind: *kind, freshness });
            }
        }
    }
    worst.unwrap_or(Of {
        kind: Kind::Namespace,
        freshness: Freshness::Waiting { since: look.now.mono },
    })
}

/// The least current of all feeds of these kinds, wherever they look.
fn worst_of_all(look: Look<'_>, kinds: &[Kind]) -> Of {
    look.world
        .feeds()
        .filter(|(feed, _)| kinds.contains(&feed.kind))
        .map(|(feed, entry)| Of {
            kind: feed.kind,
            freshness: entry.freshness(look.now.mono, look.quiet),
        })
        .max_by_key(|of| badness(&of.freshness))
        .unwrap_or(Of {
            kind: kinds.first().copied().unwrap_or(Kind::Namespace),
            freshness: Freshness::Waiting { since: look.now.mono },
        })
}

/// Worse is higher; among equals, the older.
fn badness(freshness: &Freshness) -> (u8, u128) {
    match freshness {
        Freshness::Live { age } => (0, age.as_millis()),
        Freshness::Listing { .. } => (1, 0),
        Freshness::Waiting { .. } => (2, 0),
        Freshness::Stale { age, .. } => (3, age.as_millis()),
        Freshness::Unserved => (4, 0),
        Freshness::Denied { .. } => (5, 0),
    }
}

/// The words for a panel's title. A live feed is within its promise, which is all that `live` says there: an age that
/// is told anew each second would write to an idle terminal for ever. At a gate, [`told`] says the second.
pub fn words(of: &Of, look: Look<'_>) -> Span {
    let what = match of.kind {
        Kind::Release => "releases",
        Kind::ReleaseMap => "releases in ConfigMaps",
        kind => kind.plural(),
    };
    match &of.freshness {
        Freshness::Live { .. } => Span::dim("live"),
        Freshness::Stale { .. }
        | Freshness::Denied { .. }
        | Freshness::Listing { .. }
        | Freshness::Waiting { .. }
        | Freshness::Unserved => told(what, &of.freshness, look),
    }
}

/// The words for anything that has a freshness.
pub fn told(what: &str, freshness: &Freshness, look: Look<'_>) -> Span {
    match freshness {
        Freshness::Live { age } => Span::dim(format!("live {}", short_span(*age))),
        Freshness::Stale { age, why } => Span::new(format!("stale {}: {why}", short_span(*age)), Tone::Warn),
        Freshness::Denied { why } => Span::new(denied(what, why), Tone::Bad),
        Freshness::Listing { seen, .. } => Span::new(format!("listing {} {what} …", grouped(*seen)), Tone::Unknown),
        Freshness::Waiting { since } => Span::new(
            format!("waiting {} for {what} …", short_span(since.age(look.now.mono))),
            Tone::Unknown,
        ),
        Freshness::Unserved => Span::new(format!("{what}: not served by this server"), Tone::Unknown),
    }
}

/// `denied: persistentvolumes is forbidden …`: the server's own words, and the resource when they do not name it.
fn denied(what: &str, why: &str) -> String {
    if why.contains(what) {
        format!("denied: {why}")
    } else {
        format!("denied: {what}: {why}")
    }
}

/// What stands where a panel has no rows: why there are none. Only a live feed may say "none".
pub fn emptiness(of: &Of, look: Look<'_>, none: &str) -> Span {
    if of.freshness.is_live() {
        Span::dim(none)
    } else {
        words(of, look)
    }
}

/// A count in a table's cell; what is not known is never shown as 0.
pub fn count(of: &Of, number: usize, text: String, tone: Tone) -> Span {
    match &of.freshness {
        Freshness::Live { .. } if number == 0 => Span::dim("–"),
        Freshness::Live { .. } => Span::new(text, tone),
        Freshness::Stale { .. } if number == 0 => Span::new("?", Tone::Unknown),
        Freshness::Stale { .. } => Span::new(format!("{text} ?"), Tone::Unknown),
        Freshness::Denied { .. } => Span::new("denied", Tone::Unknown),
        Freshness::Unserved => Span::new("n/a", Tone::Unknown),
        Freshness::Listing { .. } | Freshness::Waiting { .. } => Span::new("…", Tone::Unknown),
    }
}

/// `1,200`: a number with its thousands apart.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::Conditions;
    use crate::model::feed::{FeedId, FeedState};
    use crate::model::{Moment, Now, Observation, World};
    use std::time::Duration;

    fn words_of(state: FeedState) -> String {
        let mut world = World::default();
        let feed = FeedId::cluster(Kind::PersistentVolume);
        world.expect(feed.clone(), Moment::default());
        world.apply(Observation::Lost { feed, state });
        let conditions = Conditions::default();
        let look = Look {
            world: &world,
            conditions: &conditions,
            now: Now {
                mono: Moment::from_millis(14_000),
                wall: jiff::Timestamp::UNIX_EPOCH,
            },
            quiet: Duration::from_secs(15),
        };
        words(&worst(look, None, &[Kind::PersistentVolume]), look).text
    }

    #[test]
    fn no_state_of_a_feed_reads_like_another() {
        let since = Moment::from_millis(11_000);
        for (state, said) in [
            (FeedState::Live, "live"),
            (FeedState::Waiting { since }, "waiting 3s for persistentvolumes …"),
            (
                FeedState::Listing { since, seen: 1_200 },
                "listing 1,200 persistentvolumes …",
            ),
            (
                FeedState::Stale {
                    since,
                    why: "connection reset".into(),
                },
                "stale 14s: connection reset",
            ),
            (
                FeedState::Denied {
                    since,
                    why: "persistentvolumes is forbidden".into(),
                },
                "denied: persistentvolumes is forbidden",
            ),
            (
                FeedState::Unserved { since },
                "persistentvolumes: not served by this server",
            ),
        ] {
            assert_eq!(words_of(state), said);
        }
    }

    #[test]
    fn what_is_not_known_is_never_zero() {
        for freshness in [
            Freshness::Denied { why: "no".into() },
            Freshness::Waiting {
                since: Moment::default(),
            },
            Freshness::Listing {
                seen: 0,
                since: Moment::default(),
            },
            Freshness::Unserved,
            Freshness::Stale {
                age: Duration::ZERO,
                why: "x".into(),
            },
        ] {
            let of = Of {
                kind: Kind::Pod,
                freshness,
            };
            let cell = count(&of, 0, "0".to_owned(), Tone::Plain);
            assert!(!cell.text.contains('0') && cell.text != "–", "{cell:?}");
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
