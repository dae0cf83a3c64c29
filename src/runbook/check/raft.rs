//! Checks of the tenant's raft cluster (`reference/raft.md` §5d–§5g): what its peers said a moment ago, and whose turn it is
//! while its claims move to the class that its StatefulSet names.

use super::super::saved::Saved;
use super::super::tenancy::Tenancy;
use super::super::value;
use super::{About, Check, none_of};
use crate::diagnose::Found;
use crate::diagnose::raft::{FRESH, Sight};
use crate::model::raft::{FileSeen, Roster, Turn, next_turn, turns};
use crate::model::time::short_span;
use crate::model::{Kind, Text};
use std::time::Duration;

/// A snapshot is as good as new within this span (§5e G7). That it is of the peer that leads now is §5h's: before a volume
/// of the old ones goes, the peer that serves meanwhile has shown that it can give all of its data. A run that has to wait
/// for a person takes another one by itself (`renew` in the step's gate).
const NEW: Duration = Duration::from_mins(15);
/// And within so many log entries.
const NEAR: u64 = 10_000;

/// What is read besides the peers' own words.
const SETS: &[Kind] = &[Kind::StatefulSet, Kind::Pod];
const CLAIMS: &[Kind] = &[Kind::StatefulSet, Kind::Pod, Kind::PersistentVolumeClaim];

pub(super) static CHECKS: &[Check] = &[
    Check::of(
        About::Tenant,
        "raft.whole",
        "the tenant has one Vault or OpenBao cluster of an odd number of three or more voters, each of them one of its pods, at an \
         address of its own, in one cluster, and all follow the same leader",
        SETS,
        |tenancy, _| asked(tenancy, Sight::whole),
    ),
    Check::of(
        About::Tenant,
        "raft.identity-known",
        "it is known how a pod with an empty volume comes back (A to D of `reference/raft.md` §5b)",
        SETS,
        |tenancy, _| asked(tenancy, Sight::identity),
    ),
    Check::of(
        About::Tenant,
        "raft.quorum-after-one",
        "one more voter may go down, by the peers and by autopilot",
        SETS,
        |tenancy, _| asked(tenancy, Sight::quorum_after_one),
    ),
    Check::of(
        About::Tenant,
        "raft.all-healthy",
        "every voter answers, is unsealed, was heard of within 10 s, and is healthy by autopilot",
        SETS,
        |tenancy, _| asked(tenancy, Sight::all_healthy),
    ),
    Check::of(
        About::Tenant,
        "raft.caught-up",
        "every voter has what the leader had when it was asked before, and is within 50 entries of it",
        SETS,
        |tenancy, _| asked(tenancy, Sight::caught_up),
    ),
    Check::of(
        About::Span,
        "raft.leader-steady",
        "the same peer has led, in the same term, for this long: `raft.leader-steady: 60s`, at most 80s",
        SETS,
        |tenancy, span| {
            asked(tenancy, |sight| {
                sight.steady(value::duration(&span.name).unwrap_or_default())
            })
        },
    ),
    Check::of(
        About::Tenant,
        "raft.moving",
        "no peer's log goes back, and where the leader's gains entries none stays behind",
        SETS,
        |tenancy, _| asked(tenancy, Sight::moving),
    ),
    Check::of(
        About::Span,
        "raft.cleanup-waits",
        "autopilot removes no dead servers, or waits for more than four times this long and keeps at least three voters: \
         `raft.cleanup-waits: 30m`",
        SETS,
        |tenancy, span| {
            asked(tenancy, |sight| {
                sight.cleanup_waits(value::duration(&span.name).unwrap_or(Duration::MAX))
            })
        },
    ),
    Check::of(
        About::Tenant,
        "raft.undisturbed",
        "no pod of it is going or away, and none of its nodes is cordoned",
        &[Kind::StatefulSet, Kind::Pod],
        |tenancy, _| asked(tenancy, Sight::undisturbed),
    ),
    Check::of(
        About::Tenant,
        "raft.unsealed",
        "every pod of it is initialised and unsealed",
        SETS,
        |tenancy, _| asked(tenancy, Sight::unsealed),
    ),
    Check::of(
        About::Tenant,
        "raft.all-voters",
        "every pod of it is a voter",
        SETS,
        |tenancy, _| asked(tenancy, Sight::all_voters),
    ),
    Check::of(
        About::Tenant,
        "raft.no-dead-peers",
        "every entry of the configuration has a pod behind it",
        SETS,
        |tenancy, _| asked(tenancy, Sight::no_dead_peers),
    ),
    Check::of(
        About::Tenant,
        "raft.template-sound",
        "the pod template of its StatefulSet has an `fsGroup`, without which a new block volume is root's alone",
        &[Kind::StatefulSet],
        |tenancy, _| template(tenancy),
    ),
    Check::of(
        About::Tenant,
        "raft.snapshot-fresh",
        "this run took a raft snapshot from the peer that leads now, at most 15 minutes and 10000 entries ago, and its file is still \
         what it was",
        SETS,
        |tenancy, _| snapshot(tenancy),
    ),
    Check::of(
        About::Tenant,
        "raft.turn-left",
        "a peer has claims on another class than its StatefulSet names",
        CLAIMS,
        |tenancy, _| {
            of_turns(tenancy, |turns, _| match next_turn(turns, None) {
                Some(turn) if turn.begun() => Found::yes(format!("{} has begun to move", turn.pod)),
                Some(_) => Found::yes(format!("still to move: {}", left(turns))),
                None => Found::no("all have moved"),
            })
        },
    ),
    Check::of(
        About::Tenant,
        "raft.all-moved",
        "every claim is there, on the class that its StatefulSet names, and no peer is between two volumes",
        CLAIMS,
        |tenancy, _| {
            of_turns(tenancy, |turns, _| {
                let open: Vec<String> = turns
                    .iter()
                    .filter(|turn| !turn.over())
                    .map(|turn| turn.pod.to_string())
                    .collect();
                none_of(&open, format!("{} peers have moved", turns.len()), "not moved")
            })
        },
    ),
    Check::of(
        About::Tenant,
        "raft.turn-follows",
        "the peer whose turn it is does not lead",
        CLAIMS,
        |tenancy, _| {
            of_turns(tenancy, |turns, leader| {
                match (next_turn(turns, Some(leader)), leader) {
                    (None, _) => Found::no("no peer has a turn"),
                    (Some(turn), leader) if turn.pod == leader => Found::no(format!("{leader} leads")),
                    (Some(turn), leader) => Found::yes(format!("{} follows {leader}", turn.pod)),
                }
            })
        },
    ),
    Check::of(
        About::Tenant,
        "raft.turn-leads",
        "only the leader is left to move, and it has not begun",
        CLAIMS,
        |tenancy, _| {
            of_turns(tenancy, |turns, leader| match next_turn(turns, Some(leader)) {
                Some(turn) if turn.pod == leader && !turn.begun() => Found::yes(format!("{leader} leads, and is left")),
                Some(turn) => Found::no(format!("{} comes first", turn.pod)),
                None => Found::no("all have moved"),
            })
        },
    ),
    Check::of(
        About::Tenant,
        "raft.turn-begun",
        "the claims of one peer on the old class are all being deleted, and its pod holds them",
        CLAIMS,
        |tenancy, _| match between(tenancy) {
            Err(untold) => untold,
            Ok(turns) => match turns.iter().find(|turn| !turn.going.is_empty()) {
                Some(turn) if turn.ahead.is_empty() && turn.there => {
                    Found::yes(format!("{} are being deleted", turn.going.join(", ")))
                }
                Some(turn) if !turn.there => Found::no(format!("{} is gone already", turn.pod)),
                Some(turn) => Found::no(format!("{} is not being deleted yet", turn.ahead.join(", "))),
                None => Found::no("no claim is being deleted"),
            },
        },
    ),
    Check::of(
        About::Tenant,
        "raft.turn-back",
        "no peer is between two volumes: every claim is bound or still as it was, none is being deleted, every pod is there and runs",
        CLAIMS,
        |tenancy, _| back(tenancy),
    ),
    Check::of(
        About::Tenant,
        "raft.led-by-moved",
        "the peer that leads is on the class that its StatefulSet names",
        CLAIMS,
        |tenancy, _| {
            of_turns(tenancy, |turns, leader| {
                match turns.iter().find(|turn| turn.pod == leader) {
                    Some(turn) if turn.over() => Found::yes(format!("{leader} leads, and has moved")),
                    Some(_) => Found::no(format!("{leader} leads, and has not moved")),
                    None => Found::untold(format!("{leader} is no pod of its StatefulSet")),
                }
            })
        },
    ),
];

/// The tenant's only Vault or OpenBao cluster, as its peers said a moment ago.
pub(in crate::runbook) fn ensemble(tenancy: Tenancy<'_>) -> Result<Sight<'_>, Found> {
    Sight::of(tenancy.look, roster(tenancy)?)
}

fn roster(tenancy: Tenancy<'_>) -> Result<Roster, Found> {
    let look = tenancy.look;
    let all = look.conditions.raft.rosters(look.world, tenancy.namespace).into_iter();
    let mut all = all.filter(|roster| roster.system.is_vault());
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (Some(one), Some(other)) => Err(Found::no(format!(
            "{} and {} are two raft clusters: a run goes by one",
            one.id, other.id
        ))),
        (None, _) => Err(Found::no(format!(
            "{} has no Vault or OpenBao cluster",
            tenancy.namespace
        ))),
    }
}

fn asked<'a>(tenancy: Tenancy<'a>, judge: impl FnOnce(&Sight<'a>) -> Found) -> Found {
    ensemble(tenancy).map_or_else(|untold| untold, |sight| judge(&sight))
}

/// The ordinals and how far each is, whoever leads.
pub(in crate::runbook) fn between(tenancy: Tenancy<'_>) -> Result<Vec<Turn>, Found> {
    turns(tenancy.look.world, &roster(tenancy)?).map_err(Found::untold)
}

/// The same, and who leads.
pub(in crate::runbook) fn led(tenancy: Tenancy<'_>) -> Result<(Vec<Turn>, Text), Found> {
    let sight = ensemble(tenancy)?;
    let leader = sight.picture.leader().map(|peer| Text::from(peer.name()));
    let leader = leader.ok_or_else(|| Found::untold("no peer leads"))?;
    Ok((between(tenancy)?, leader))
}

fn of_turns(tenancy: Tenancy<'_>, judge: impl FnOnce(&[Turn], &str) -> Found) -> Found {
    led(tenancy).map_or_else(|untold| untold, |(turns, leader)| judge(&turns, &leader))
}

fn left(turns: &[Turn]) -> String {
    let left = turns.iter().filter(|turn| !turn.over());
    left.map(|turn| turn.pod.as_str()).collect::<Vec<_>>().join(", ")
}

fn template(tenancy: Tenancy<'_>) -> Found {
    let roster = match roster(tenancy) {
        Ok(roster) => roster,
        Err(untold) => return untold,
    };
    let set = tenancy
        .look
        .world
        .find(Kind::StatefulSet, tenancy.namespace, &roster.id.name);
    let template = set.and_then(|set| set.body.stateful_set()?.spec.template.raft.as_deref());
    match template {
        None => Found::untold(format!("the pod template of {} is not known", roster.id)),
        Some(template) => match &template.fs_group {
            Some(group) => Found::yes(format!("fsGroup {group}")),
            None => Found::no(format!(
                "the pod template of {} has no fsGroup: a new volume belongs to root, and the process may not write to it",
                roster.id
            )),
        },
    }
}

fn snapshot(tenancy: Tenancy<'_>) -> Found {
    let Some(saved) = tenancy.saved else {
        return if tenancy.saving {
            Found::untold("a step before takes a snapshot: how fresh it is then is seen then")
        } else {
            Found::no("no snapshot was taken in this run")
        };
    };
    if tenancy.look.now.since(saved.at) > NEW {
        return Found::no(format!("the newest snapshot is older than {}", short_span(NEW)));
    }
    let kept = kept(tenancy, saved);
    if kept.holds != Some(true) {
        return kept;
    }
    asked(tenancy, |sight| {
        let Some(leader) = sight.picture.leader() else {
            return Found::untold("no peer leads");
        };
        let was = &saved.was;
        if was.leader != leader.name() {
            return Found::no(format!(
                "the newest snapshot was taken from {}, and {} leads now",
                was.leader,
                leader.name()
            ));
        }
        match leader.last_log {
            None => Found::untold(format!("{} does not say how far its log is", leader.name())),
            Some(log) if log < was.index => Found::no(format!(
                "the log of {} ends before the newest snapshot does: that is of another history",
                leader.name()
            )),
            Some(log) if log - was.index > NEAR => {
                Found::no(format!("more than {NEAR} entries came since the newest snapshot"))
            }
            Some(_) => Found::yes(format!(
                "index {} from {}, sha256 {}…",
                was.index,
                was.leader,
                was.sha256.get(..12).unwrap_or_default()
            )),
        }
    })
}

/// Its file is what it was when it was read to its end as an archive.
fn kept(tenancy: Tenancy<'_>, saved: &Saved) -> Found {
    let file = &saved.file;
    match tenancy.look.conditions.raft.file(file) {
        None => Found::untold(format!("{file} has not been looked at yet")),
        Some((at, _)) if at.age(tenancy.look.now.mono) > FRESH => {
            Found::untold(format!("{file} was looked at too long ago"))
        }
        Some((_, FileSeen { seen: Err(why), .. })) => Found::no(why.to_string()),
        Some((_, FileSeen { seen: Ok(now), .. })) => {
            if (now.bytes, &now.sha256) == (saved.was.bytes, &saved.was.sha256) {
                Found::yes("its file is what it was")
            } else if now.bytes == saved.was.bytes {
                Found::no(format!("{file} holds something else than was saved"))
            } else {
                Found::no(format!("{file} has {} bytes, and had {}", now.bytes, saved.was.bytes))
            }
        }
    }
}

fn back(tenancy: Tenancy<'_>) -> Found {
    let (turns, roster) = match (between(tenancy), roster(tenancy)) {
        (Ok(turns), Ok(roster)) => (turns, roster),
        (Err(untold), _) | (_, Err(untold)) => return untold,
    };
    let mut wrong = Vec::new();
    for turn in &turns {
        wrong.extend(turn.going.iter().map(|claim| format!("{claim} is still being deleted")));
        wrong.extend(turn.missing.iter().map(|claim| format!("{claim} is not there yet")));
        wrong.extend(turn.unbound.iter().map(|claim| format!("{claim} is not bound yet")));
        if !turn.there {
            wrong.push(format!("{} is not there", turn.pod));
        }
    }
    let stopped = roster.members.iter().filter(|member| !member.running);
    wrong.extend(stopped.map(|member| format!("{} does not run yet", member.pod)));
    none_of(&wrong, "every claim is bound and every pod runs", "not back")
}
