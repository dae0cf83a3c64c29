//! Tables of what peers say and what each answer is then: true cases and near misses.

use super::*;
use crate::laws::Conditions;
use crate::laws::fixture::world;
use crate::model::raft::{Answer, Autopilot, Cleanup, Configuration, Health, Reply, Said, Server, Silence, Soundings};
use crate::model::{Moment, Now, World};
use std::fmt::Write as _;
use std::sync::Arc;

fn cluster() -> World {
    let mut yaml = String::from(
        "
- {apiVersion: v1, kind: Namespace, metadata: {name: a}, status: {phase: Active}}
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: v, namespace: a, uid: set}, spec: {replicas: 3, selector: {matchLabels: {app: v}}, template: {spec: {containers: [{image: \"vault:1.21.0\"}]}}}}",
    );
    for at in 0..3 {
        write!(yaml,
            "
- {{apiVersion: v1, kind: Pod, metadata: {{name: v-{at}, namespace: a, uid: pod{at}, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: set, controller: true}}]}}, status: {{phase: Running}}}}"
        ).unwrap();
    }
    world(&yaml)
}

/// What one of them is made to say.
type Change = fn(&mut [Said; 3]);

/// What is asked of them.
type Judge = fn(&Sight<'_>) -> Found;

fn calm(_: &mut [Said; 3]) {}

/// The three as they say when all is well: `v-2` leads.
fn well(index: u64) -> [Said; 3] {
    let servers = (0..3).map(|at| Server {
        id: format!("v-{at}").into(),
        address: format!("v-{at}.v-internal:8201").into(),
        voter: true,
        ..Server::default()
    });
    let health = |at: usize| {
        let health = Health {
            healthy: true,
            last_contact: Some(Duration::from_millis(400)),
            last_term: Some(17),
            ..Health::default()
        };
        (Text::from(format!("v-{at}")), health)
    };
    let mut all = [(); 3].map(|()| Said {
        initialised: Some(true),
        sealed: Some(false),
        storage: "raft".into(),
        cluster: "one".into(),
        leads: Some(false),
        leader: "https://v-2.v-internal:8201".into(),
        last_log: Some(index),
        applied: Some(index),
        ..Said::default()
    });
    all[2].leads = Some(true);
    all[2].configuration = Known::Told(Configuration {
        servers: servers.collect(),
    });
    all[2].autopilot = Known::Told(Autopilot {
        healthy: true,
        tolerance: Some(1),
        servers: (0..3).map(health).collect(),
    });
    all[2].cleanup = Known::Told(Cleanup::default());
    all
}

/// Sweeps at these seconds, with these changes; looked at in the second after the last.
fn judged(sweeps: &[(u64, u64, Change)], judge: impl FnOnce(&Sight<'_>) -> Found) -> Found {
    let world = cluster();
    let mut soundings = Soundings::default();
    let roster = soundings.rosters(&world, "a").remove(0);
    for (second, index, change) in sweeps {
        let mut said = well(*index);
        change(&mut said);
        let answers = roster.members.iter().zip(said).map(|(member, said)| Answer {
            pod: member.pod.clone(),
            uid: member.uid.clone(),
            reply: if said.storage == "stuck" {
                Reply::Silent(Silence::Stuck {
                    after: Duration::from_secs(3),
                })
            } else {
                Reply::Said(Box::new(said))
            },
        });
        let sweep = Sweep {
            at: Moment::from_millis(second * 1_000),
            answers: answers.collect(),
        };
        soundings.enter(roster.clone(), sweep);
    }
    let last = sweeps.last().map_or(0, |(second, ..)| second + 1);
    let conditions = Conditions {
        raft: Arc::new(soundings),
        ..Conditions::default()
    };
    let look = Look {
        world: &world,
        conditions: &conditions,
        now: Now {
            mono: Moment::from_millis(last * 1_000),
            wall: jiff::Timestamp::UNIX_EPOCH,
        },
        quiet: Duration::from_secs(5),
    };
    match Sight::of(look, roster) {
        Ok(sight) => judge(&sight),
        Err(untold) => untold,
    }
}

/// For how long a peer may be away.
const AWAY: Duration = Duration::from_mins(30);

/// Clean-up that is on, after so many hours, down to so many voters.
fn cleanup(hours: Option<u64>, keeps: u64) -> Known<Cleanup> {
    Known::Told(Cleanup {
        on: true,
        after: hours.map(Duration::from_hours),
        keeps,
    })
}

fn twice(change: Change) -> [(u64, u64, Change); 2] {
    [(0, 1_000, calm), (2, 1_010, change)]
}

#[test]
fn all_is_well_with_three_that_say_so() {
    for (name, judge) in [
        ("whole", (|sight| sight.whole()) as Judge),
        ("quorum", |sight| sight.quorum_after_one()),
        ("healthy", |sight| sight.all_healthy()),
        ("caught up", |sight| sight.caught_up()),
        ("moving", |sight| sight.moving()),
        ("cleanup", |sight| sight.cleanup_waits(AWAY)),
        ("unsealed", |sight| sight.unsealed()),
        ("voters", |sight| sight.all_voters()),
        ("dead", |sight| sight.no_dead_peers()),
        ("identity", |sight| sight.identity()),
        ("undisturbed", |sight| sight.undisturbed()),
        ("confirmed", |sight| sight.confirmed()),
    ] {
        let found = judged(&twice(calm), judge);
        assert_eq!(found.holds, Some(true), "{name}: {}", found.value);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_answer_turns_on_what_it_is_about() {
    let no_token: Change = |said| {
        said[2].configuration = Known::Untold(Gap::NoToken);
        said[2].autopilot = Known::Untold(Gap::NoToken);
        said[2].cleanup = Known::Untold(Gap::NoToken);
    };
    let sealed: Change = |said| {
        said[0].sealed = Some(true);
        said[0].unsealing = Some((1, 3));
    };
    let stuck: Change = |said| said[2].storage = "stuck".into();
    let behind: Change = |said| said[1].last_log = Some(900);
    let short: Change = |said| said[1].last_log = Some(999);
    let no_vote: Change = |said| {
        if let Known::Told(told) = &mut said[2].configuration {
            told.servers[0].voter = false;
        }
    };
    let orphan: Change = |said| {
        if let Known::Told(told) = &mut said[2].configuration {
            told.servers.push(Server {
                id: "old".into(),
                address: "10.0.0.9:8201".into(),
                voter: true,
                ..Server::default()
            });
        }
    };
    let loopback: Change = |said| {
        if let Known::Told(told) = &mut said[2].configuration {
            told.servers[1].address = "127.0.0.1:8201".into();
        }
    };
    let other_cluster: Change = |said| said[0].cluster = "two".into();
    let other_leader: Change = |said| said[0].leader = "https://v-1.v-internal:8201".into();
    let none_may: Change = |said| {
        if let Known::Told(told) = &mut said[2].autopilot {
            told.tolerance = Some(0);
        }
    };
    let silent: Change = |said| said[2].autopilot = Known::Untold(Gap::NotAsked);
    let cleaning: Change = |said| said[2].cleanup = cleanup(Some(24), 3);
    let hasty: Change = |said| said[2].cleanup = cleanup(Some(2), 3);
    let timeless: Change = |said| said[2].cleanup = cleanup(None, 3);
    let boundless: Change = |said| said[2].cleanup = cleanup(Some(24), 0);
    let back: Change = |said| said[1].last_log = Some(990);
    let cases: &[(&str, Change, Judge, Option<bool>, &str)] = &[
        ("no token", no_token, |sight| sight.whole(), None, "no token was given"),
        (
            "no token",
            no_token,
            |sight| sight.quorum_after_one(),
            None,
            "no token was given",
        ),
        (
            "no token",
            no_token,
            |sight| sight.cleanup_waits(AWAY),
            None,
            "no token",
        ),
        ("no token", no_token, |sight| sight.confirmed(), Some(false), "no token"),
        (
            "a sealed one",
            sealed,
            |sight| sight.all_healthy(),
            Some(false),
            "v-0: sealed, 1 of 3 key shares given",
        ),
        (
            "a sealed one",
            sealed,
            |sight| sight.unsealed(),
            Some(false),
            "gives them to it, never here",
        ),
        (
            "a sealed one",
            sealed,
            |sight| sight.quorum_after_one(),
            Some(false),
            "2 of 3 voters healthy: none may go down",
        ),
        (
            "a stuck leader",
            stuck,
            |sight| sight.whole(),
            Some(false),
            "the leader v-2 takes the connection and says nothing",
        ),
        (
            "a stuck leader",
            stuck,
            |sight| sight.quorum_after_one(),
            Some(false),
            "may be stuck",
        ),
        (
            "far behind",
            behind,
            |sight| sight.caught_up(),
            Some(false),
            "v-1 is 110 entries behind",
        ),
        (
            "short of what was",
            short,
            |sight| sight.caught_up(),
            Some(false),
            "v-1 is 11 entries behind",
        ),
        (
            "no vote",
            no_vote,
            |sight| sight.all_voters(),
            Some(false),
            "v-0 is non-voter",
        ),
        ("no vote", no_vote, |sight| sight.whole(), Some(false), "2 voters"),
        (
            "an orphan",
            orphan,
            |sight| sight.no_dead_peers(),
            Some(false),
            "old counts, and no pod stands behind it",
        ),
        ("an orphan", orphan, |sight| sight.whole(), Some(false), "4 voters"),
        (
            "loopback",
            loopback,
            |sight| sight.whole(),
            Some(false),
            "127.0.0.1:8201",
        ),
        (
            "another cluster",
            other_cluster,
            |sight| sight.whole(),
            Some(false),
            "belongs to another cluster",
        ),
        (
            "two opinions",
            other_leader,
            |sight| sight.whole(),
            Some(false),
            "do not follow the same leader",
        ),
        (
            "autopilot says none",
            none_may,
            |sight| sight.quorum_after_one(),
            Some(false),
            "autopilot says that none may fail",
        ),
        (
            "autopilot is silent",
            silent,
            |sight| sight.quorum_after_one(),
            None,
            "autopilot does not say",
        ),
        (
            "clean-up is on, and slow",
            cleaning,
            |sight| sight.cleanup_waits(AWAY),
            Some(true),
            "nothing of it for 1d",
        ),
        (
            "clean-up is on, and as fast as four times",
            hasty,
            |sight| sight.cleanup_waits(AWAY),
            Some(false),
            "and 2h00m are asked for",
        ),
        (
            "clean-up does not say when",
            timeless,
            |sight| sight.cleanup_waits(AWAY),
            None,
            "it does not say",
        ),
        (
            "clean-up goes on below three voters",
            boundless,
            |sight| sight.cleanup_waits(AWAY),
            Some(false),
            "min_quorum is 0",
        ),
        (
            "gone back",
            back,
            |sight| sight.moving(),
            Some(false),
            "the log of v-1 has gone back",
        ),
    ];
    for (case, change, judge, holds, told) in cases {
        let found = judged(&twice(*change), judge);
        assert_eq!(found.holds, *holds, "{case}: {}", found.value);
        assert!(found.value.contains(told), "{case}: {}", found.value);
    }
}

#[test]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of what borrows is not general enough"
)]
fn what_was_asked_once_or_long_ago_is_not_known() {
    let once: [(u64, u64, Change); 1] = [(0, 1_000, calm)];
    assert_eq!(judged(&once, |sight| sight.caught_up()).holds, None);
    assert_eq!(judged(&once, |sight| sight.moving()).holds, None);
    assert_eq!(judged(&[], |sight| sight.whole()).holds, None);
}

#[test]
fn a_leader_is_steady_when_it_was_seen_so_for_long_enough() {
    let span = Duration::from_mins(1);
    let taken: Change = |said| {
        said[2].leads = Some(false);
        said[1].leads = Some(true);
    };
    let newer: Change = |said| {
        if let Known::Told(told) = &mut said[2].autopilot {
            told.servers
                .iter_mut()
                .for_each(|(_, health)| health.last_term = Some(18));
        }
    };
    let sweeps = |first: u64, change: Change| [(first, 1_000, change), (40, 1_000, calm), (70, 1_000, calm)];
    for (case, first, change, holds) in [
        ("for 61 s", 10, calm as Change, Some(true)),
        ("for 51 s only", 20, calm, None),
        ("another one before", 10, taken, Some(false)),
        ("another one long before", 2, taken, Some(true)),
        ("a newer term", 10, newer, Some(false)),
    ] {
        let found = judged(&sweeps(first, change), |sight| sight.steady(span));
        assert_eq!(found.holds, holds, "{case}: {}", found.value);
    }
}

#[test]
fn a_leader_that_says_since_when_it_leads_need_not_be_watched_for_so_long() {
    let long: Change = |said| said[2].led = Some(Duration::from_secs(59));
    let short: Change = |said| said[2].led = Some(Duration::from_secs(7));
    let of_another: Change = |said| said[0].led = Some(Duration::from_mins(9));
    for (case, change, holds, told) in [
        (
            "its word, and what has passed since",
            long,
            Some(true),
            "nobody else for 1m00s",
        ),
        (
            "not for long enough",
            short,
            Some(false),
            "v-2 has led for 8s; it has to for 1m00s",
        ),
        ("another's word", of_another, None, "it has to be seen for 1m00s"),
    ] {
        // looked at a second after its last word
        let found = judged(&[(1, 1_000, change), (3, 1_000, change)], |sight| {
            sight.steady(Duration::from_mins(1))
        });
        assert_eq!(found.holds, holds, "{case}: {}", found.value);
        assert!(found.value.contains(told), "{case}: {}", found.value);
    }
    let nobody: Change = |said| said[2].leads = Some(false);
    for (case, last, holds) in [
        ("its word covers a sweep without it", long, true),
        ("without its word", calm as Change, false),
    ] {
        let found = judged(&[(1, 1_000, nobody), (3, 1_000, last)], |sight| {
            sight.steady(Duration::from_mins(1))
        });
        assert_eq!(found.holds, Some(holds), "{case}: {}", found.value);
    }
    let taken: Change = |said| {
        said[2].leads = Some(false);
        said[1].leads = Some(true);
    };
    let ever: Change = |said| said[2].led = Some(Duration::from_hours(9));
    let found = judged(&[(1, 1_000, taken), (3, 1_000, ever)], |sight| {
        sight.steady(Duration::from_mins(1))
    });
    assert_eq!(
        found.holds,
        Some(false),
        "what was seen stands over its word: {}",
        found.value
    );
}

#[test]
fn only_an_entry_that_can_never_come_back_as_it_is_may_be_removed() {
    let orphan: Change = |said| {
        if let Known::Told(told) = &mut said[2].configuration {
            told.servers.push(Server {
                id: "old".into(),
                address: "10.0.0.9:8201".into(),
                voter: true,
                ..Server::default()
            });
        }
        said[0].removed = true;
        said[1].sealed = Some(true);
    };
    for (id, holds) in [
        ("old", true),
        ("v-0", true),
        ("v-1", false),
        ("v-2", false),
        ("nobody", false),
    ] {
        let found = judged(&twice(orphan), |sight| sight.removable(id));
        assert_eq!(found.holds, Some(holds), "{id}: {}", found.value);
    }
}
