//! Peers that fall ill while somebody looks at the panel: the process gone, the disk empty, the leader stopped in its tracks, the
//! token revoked. The panel says which, within its deadline, and takes keys meanwhile.

use std::time::{Duration, Instant};

use pilothouse::app::Key as Press;
use pilothouse::cluster::raft::DEADLINE;
use pilothouse::model::raft::{Concern, Peer, PeerState, Picture, Silence, Vote};

use super::bed::{Bed, pod};
use crate::cockpit::fly;
use crate::flight::Flight;
use crate::support::vault::{Ids, PEERS};
use crate::trial::Trial;

/// The panel asks every 5 s, each peer gets its deadline, and drawing is not for free.
const TOLD: Duration = Duration::from_secs(5 + DEADLINE.as_secs() + 4);

pub(crate) fn bad_days(trial: &Trial<'_>) {
    let bed = Bed::new(trial, Ids::Fixed);
    let client = bed.vaults.client();
    fly(async {
        let mut flight = bed.cockpit().await;
        let (picture, concerns) = bed.seen(&flight);
        assert_eq!(
            (picture.tolerance(), concerns.as_slice()),
            (1, [].as_slice()),
            "{picture:#?}"
        );
        let leader = bed.vaults.leader().expect("a leader");
        let follower = (leader + 1) % PEERS;
        stopped(&bed, &mut flight, follower).await;
        emptied(&bed, &mut flight, follower).await;
        frozen(&bed, &mut flight).await;
        revoked(&bed, &mut flight).await;
    });
    let figures = client.finish(&bed.vaults);
    println!("{}: {figures}", trial.namespace);
    assert!(figures.lost.is_empty(), "{:?}", figures.lost);
    assert!(figures.written() > 50, "{figures}");
}

fn peer<'a>(picture: &'a Picture, name: &str) -> &'a Peer {
    picture
        .peer_of(name)
        .unwrap_or_else(|| panic!("no {name}: {picture:#?}"))
}

fn level(picture: &Picture, _: &[Concern]) -> bool {
    let well = |peer: &Peer| peer.vote == Vote::Voter && peer.state == PeerState::Up && peer.autopilot == Some(true);
    picture.confirmed() && picture.leader().is_some() && picture.peers.iter().all(well)
}

/// A follower whose process is gone refuses: one left to spare less.
async fn stopped(bed: &Bed<'_>, flight: &mut Flight, follower: usize) {
    let name = pod(follower);
    bed.vaults.hold(follower);
    bed.until(flight, "a refusal", |picture, concerns| {
        matches!(peer(picture, &name).state, PeerState::Silent(Silence::Refused { .. }))
            && concerns.contains(&Concern::NoSpare { healthy: 2, voters: 3 })
    })
    .await;
    bed.vaults.release(follower);
    bed.until(flight, "all well again", level).await;
}

/// A follower on an empty disk is sealed as long as nobody unseals it, though its id still votes; then it catches up.
async fn emptied(bed: &Bed<'_>, flight: &mut Flight, follower: usize) {
    let name = pod(follower);
    bed.vaults.unsealing(false);
    bed.vaults.wipe(follower);
    bed.until(flight, "a peer that waits for its key", |picture, concerns| {
        let told = peer(picture, &name);
        matches!(told.state, PeerState::Sealed { .. } | PeerState::Uninitialised)
            && told.vote == Vote::Voter
            && picture.tolerance() == 0
            && concerns
                .iter()
                .any(|concern| matches!(concern, Concern::Sealed { .. } | Concern::Uninitialised { .. }))
    })
    .await;
    bed.vaults.unsealing(true);
    bed.until(flight, "all well again", level).await;
    let (picture, _) = bed.seen(flight);
    assert_eq!((picture.voters, picture.peers.len()), (3, 3));
    assert_eq!(peer(&picture, &name).id, name.as_str(), "the same id came back");
}

/// The leader takes connections and says nothing: it is called stuck within the deadline, keys are taken meanwhile, and the next
/// leader is named.
async fn frozen(bed: &Bed<'_>, flight: &mut Flight) {
    let leader = bed.vaults.leader().expect("a leader");
    let name = pod(leader);
    bed.vaults.freeze(leader);
    let since = Instant::now();
    bed.until(flight, "a leader that is stuck", |picture, _| {
        matches!(peer(picture, &name).state, PeerState::Silent(Silence::Stuck { .. }))
    })
    .await;
    let took = since.elapsed();
    assert!(took <= TOLD, "it took {took:?} to say that the leader is stuck");
    let pressed = Instant::now();
    flight.keys("jk");
    assert!(pressed.elapsed() < Duration::from_secs(1), "keys wait for a dead peer");
    bed.until(flight, "another leader", |picture, concerns| {
        picture.leader().is_some_and(|leader| leader.name() != name)
            && picture.confirmed()
            && (picture.healthy(), picture.voters, picture.tolerance()) == (2, 3, 0)
            && concerns.contains(&Concern::NoSpare { healthy: 2, voters: 3 })
    })
    .await;
    println!(
        "a leader frozen: stuck told after {took:.1?}, another leader seen after {:.1?}",
        since.elapsed()
    );
    bed.vaults.thaw(leader);
    bed.until(flight, "all well again", level).await;
}

/// A token that is revoked while the panel is open is asked for again, and what it told is not kept as if it were known.
async fn revoked(bed: &Bed<'_>, flight: &mut Flight) {
    let token = bed.vaults.token_for("all", &["sys/*"]);
    flight.keys("T");
    flight.keys(&token);
    flight.key(Press::Enter);
    bed.until(flight, "all known by it", level).await;
    bed.vaults.revoke(&token);
    bed.until(flight, "nothing known by it", |picture, _| !picture.confirmed())
        .await;
    flight.until_told("is not valid, or no longer").await;
    flight.keys("T");
    flight.keys(bed.vaults.root());
    flight.key(Press::Enter);
    bed.until(flight, "all known again", level).await;
}
