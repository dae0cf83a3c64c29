//! `raft-roll` on bad days: at each turn's most dangerous moment, when the deletion of a peer's claims was shown and answered,
//! something else happens first. The yes then does nothing; when it is put right the run goes on to its end.

use std::path::PathBuf;

use crate::handover::operator::Told;
use crate::support::vault::{Ids, PEERS};
use crate::trial::{Trial, is_terminating, uid};

use super::bed::pod;
use super::roll::{Pace, Roll};

/// The leader frozen before the first turn's deletion, and a follower's disk emptied before the second's.
pub(crate) fn disturbed(trial: &Trial<'_>) {
    let roll = Roll::prepared(trial, Ids::Fixed);
    let mut told = roll.operator.run(&roll.words(Pace::Brisk));

    told = roll.walk_until(told, |told| asks(told, "claims-1"));
    let leader = roll.bed.vaults.leader().expect("a leader");
    roll.bed.vaults.freeze(leader);
    nothing_is_deleted(&roll, &told, "a leader that is frozen");
    roll.bed.vaults.thaw(leader);
    roll.bed.vaults.until_voters();

    told = roll.walk_until(roll.operator.resume(), |told| asks(told, "claims-2"));
    let leader = roll.bed.vaults.leader().expect("a leader");
    roll.bed.vaults.unsealing(false);
    roll.bed.vaults.wipe((leader + 1) % PEERS);
    nothing_is_deleted(&roll, &told, "a peer on an empty disk");
    roll.bed.vaults.unsealing(true);
    roll.bed.vaults.until_voters();

    told = roll.operator.resume();
    roll.through(told);
}

/// The token revoked before the first turn's deletion, and before the second's the snapshot cut short in its file: the run sees
/// that, and takes another one before it goes on.
pub(crate) fn distrusted(trial: &Trial<'_>) {
    let mut roll = Roll::prepared(trial, Ids::OfTheDisk);
    let root = roll.bed.vaults.root().to_owned();
    let token = roll.bed.vaults.token_for("roll", &["sys/*"]);
    let mut told = roll.operator.run(&roll.words(Pace::Brisk));

    told = roll.walk_until(told, |told| asks(told, "keep-disks") || asks(told, "set-leaves"));
    roll.operator.give(&token);
    told = roll.walk_until(told, |told| asks(told, "claims-1"));
    roll.bed.vaults.revoke(&token);
    nothing_is_deleted(&roll, &told, "a token that was revoked");
    roll.operator.give(&root);

    told = roll.walk_until(roll.operator.resume(), |told| asks(told, "claims-2"));
    let before = snapshots(&roll);
    let newest = before.last().expect("a snapshot");
    let whole = std::fs::metadata(newest).expect("its size").len();
    let file = std::fs::OpenOptions::new().write(true).open(newest).expect("the file");
    file.set_len(whole / 2).expect("cut short");
    let told = nothing_is_deleted(&roll, &told, "a snapshot that was cut short");
    assert_eq!(told.step(), "snapshot-2", "{}", told.text);
    assert!(told.text.contains("bytes, and had"), "{}", told.text);

    let told = roll.walk_until(told, |told| asks(told, "claims-2"));
    assert_eq!(snapshots(&roll).len(), before.len() + 1, "{}", told.text);
    roll.through(told);
}

/// The snapshots that were taken, the oldest first.
fn snapshots(roll: &Roll<'_>) -> Vec<PathBuf> {
    let files = std::fs::read_dir(roll.operator.path("backups")).expect("a directory");
    let files = files.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "snap"))
        .collect();
    files.sort_by_key(|path| {
        std::fs::metadata(path)
            .and_then(|there| there.modified())
            .expect("a time")
    });
    files
}

/// Somebody else deletes the leader's claim in the middle of the roll. Its pod holds it, and nothing of ours makes it worse: the
/// run says so and waits for a person. The client notices nothing.
pub(crate) fn claim_of_the_leader_deleted(trial: &Trial<'_>) {
    let roll = Roll::prepared(trial, Ids::OfTheDisk);
    let told = roll.walk_until(roll.operator.run(&roll.words(Pace::Brisk)), |told| {
        asks(told, "claims-1")
    });
    let leader = pod(roll.bed.vaults.leader().expect("a leader"));
    let claim = format!("data-{leader}");
    trial.delete_now(&format!("pvc/{claim}"));
    let before: Vec<String> = uids(trial);
    let told = roll.operator.approve(&told);
    assert_ne!(told.code, Some(0), "{}", told.text);
    let told = roll.operator.run(&roll.operator.next(&told));
    eprintln!(
        "the leader's claim was deleted by somebody: {:?} {}",
        told.code,
        told.sentence()
    );
    assert_eq!(uids(trial), before, "{}", told.text);
    let going = |peer: usize| is_terminating(&trial.claim(&format!("data-{}", pod(peer))).expect("a claim"));
    let going: Vec<String> = (0..PEERS).filter(|peer| going(*peer)).map(pod).collect();
    assert_eq!(going, [leader], "{}", told.text);
    roll.client.until_it_writes(&roll.bed.vaults);
    let figures = roll.client.finish(&roll.bed.vaults);
    assert!(
        figures.lost.is_empty() && figures.changes() == 0,
        "{figures}: {:?}",
        figures.lost
    );
}

fn asks(told: &Told, step: &str) -> bool {
    told.code == Some(4) && told.step() == step
}

fn uids(trial: &Trial<'_>) -> Vec<String> {
    let claim = |peer: usize| trial.claim(&format!("data-{}", pod(peer))).expect("a claim");
    (0..PEERS).map(|peer| uid(&claim(peer)).to_owned()).collect()
}

/// Approves what was asked before, and sees that no claim goes.
fn nothing_is_deleted(roll: &Roll<'_>, asked: &Told, what: &str) -> Told {
    let trial = roll.bed.trial;
    let before = uids(trial);
    let told = roll.operator.approve(asked);
    eprintln!("{what}: {:?} {}", told.code, told.sentence());
    assert_ne!(told.code, Some(0), "{what}: {}", told.text);
    assert_eq!(uids(trial), before, "{what}: {}", told.text);
    for peer in 0..PEERS {
        let claim = trial.claim(&format!("data-{}", pod(peer))).expect("a claim");
        assert!(!is_terminating(&claim), "{what}: {}", told.text);
    }
    told
}
