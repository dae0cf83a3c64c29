//! What a forecast says of the quorum, and what a client then sees: a pod, a claim and the set deleted, with all peers well and
//! with one of them away.

use pilothouse::forecast::{Forecast, QuorumEnd, Tier, forecast};
use pilothouse::model::feed::PROMISE;
use pilothouse::model::{Act, Key, Kind, Propagation};

use super::bed::{Bed, pod};
use crate::cockpit::fly;
use crate::flight::Flight;
use crate::support::vault::{Client, Ids, PEERS, set};
use crate::trial::{Trial, uid, wait, wait_gone};

pub(crate) fn forecasts(trial: &Trial<'_>) {
    let bed = Bed::new(trial, Ids::OfTheDisk);
    let client = bed.vaults.client();
    fly(async {
        let mut flight = bed.cockpit().await;
        follower_deleted(&bed, &mut flight, &client).await;
        claim_first(&bed, &mut flight, &client).await;
        one_too_many(&bed, &mut flight, &client).await;
        all_of_them(&bed, &mut flight, &client).await;
    });
    let figures = client.finish(&bed.vaults);
    println!("{}: {figures}", trial.namespace);
    assert!(figures.lost.is_empty(), "{:?}", figures.lost);
}

/// What the cockpit foretells of a deletion now.
fn foretold(bed: &Bed<'_>, flight: &Flight, kind: Kind, name: &str) -> Forecast {
    let key = Key::new(kind, &bed.trial.namespace, name);
    let state = flight.state();
    let target = state.world().get(&key).unwrap_or_else(|| panic!("no {key}")).pin();
    let propagation = Propagation::Background;
    let act = Act::Delete { target, propagation };
    forecast(state.world(), &act, state.conditions(), state.now(), PROMISE)
}

fn quorum(told: &Forecast) -> &QuorumEnd {
    assert_eq!(told.quorum.len(), 1, "{:?}", told.quorum);
    &told.quorum[0].end
}

async fn well(bed: &Bed<'_>, flight: &mut Flight) {
    bed.vaults.until_voters();
    bed.until(flight, "all well", |picture, concerns| {
        picture.confirmed() && picture.healthy() == PEERS && picture.leader().is_some() && concerns.is_empty()
    })
    .await;
}

/// Kept, and nobody of the client notices.
async fn follower_deleted(bed: &Bed<'_>, flight: &mut Flight, client: &Client) {
    well(bed, flight).await;
    let leader = bed.vaults.leader().expect("a leader");
    let name = pod((leader + 1) % PEERS);
    let told = foretold(bed, flight, Kind::Pod, &name);
    assert_eq!(quorum(&told), &QuorumEnd::Kept { tolerance: 0 }, "{:?}", told.quorum);
    let before = bed.trial.wait_running(&name);
    bed.trial.delete_now(&format!("pod/{name}"));
    client.until_it_writes(&bed.vaults);
    let after = wait(
        "the pod made anew",
        || bed.trial.pod(&name),
        |pod| uid(pod) != uid(&before),
    );
    assert_ne!(uid(&before), uid(&after));
    assert_eq!(bed.vaults.leader(), Some(leader), "nobody else leads for that");
    well(bed, flight).await;
}

/// The claim waits for its pod and the peer for its restart: T2, emptied, quorum kept. It comes back on an empty disk under a new id.
async fn claim_first(bed: &Bed<'_>, flight: &mut Flight, client: &Client) {
    let leader = bed.vaults.leader().expect("a leader");
    let name = pod((leader + 2) % PEERS);
    let claim = format!("data-{name}");
    let (picture, _) = bed.seen(flight);
    let id = picture.peer_of(&name).expect("a peer").id.clone();
    let told = foretold(bed, flight, Kind::PersistentVolumeClaim, &claim);
    assert_eq!(quorum(&told), &QuorumEnd::Kept { tolerance: 0 }, "{:?}", told.quorum);
    assert_eq!(told.quorum[0].emptied, [name.as_str()], "{:?}", told.quorum);
    assert!(told.tier >= Tier::T2, "{:?}", told.tier);
    let before = bed.trial.wait_bound(&claim);
    bed.trial.delete_now(&format!("pvc/{claim}"));
    bed.trial.delete_now(&format!("pod/{name}"));
    client.until_it_writes(&bed.vaults);
    let after = wait(
        "another claim",
        || bed.trial.claim(&claim),
        |claim| uid(claim) != uid(&before) && claim["status"]["phase"] == "Bound",
    );
    assert_ne!(after["spec"]["volumeName"], before["spec"]["volumeName"]);
    client.until_it_writes(&bed.vaults);
    well(bed, flight).await;
    let (picture, _) = bed.seen(flight);
    assert_ne!(
        picture.peer_of(&name).expect("a peer").id,
        id,
        "an empty disk, another id"
    );
    assert_eq!((picture.voters, picture.peers.len()), (PEERS, PEERS));
}

/// With one peer away, one more is an outage: T3 in the first line, and nothing can be written until it is back.
async fn one_too_many(bed: &Bed<'_>, flight: &mut Flight, client: &Client) {
    let leader = bed.vaults.leader().expect("a leader");
    let (away, next) = ((leader + 1) % PEERS, (leader + 2) % PEERS);
    bed.vaults.hold(away);
    bed.until(flight, "one away", |picture, _| {
        picture.confirmed() && picture.tolerance() == 0
    })
    .await;
    client.until_it_writes(&bed.vaults);
    let name = pod(next);
    let told = foretold(bed, flight, Kind::Pod, &name);
    assert_eq!(
        (quorum(&told), told.tier),
        (&QuorumEnd::Broken, Tier::T3),
        "{:?}",
        told.quorum
    );
    bed.vaults.keep_down(next);
    bed.trial.delete_now(&format!("pod/{name}"));
    client.until_it_cannot_write(&bed.vaults);
    bed.vaults.release(next);
    client.until_it_writes(&bed.vaults);
    bed.vaults.release(away);
    well(bed, flight).await;
}

/// The set with all its pods: broken, T3. Made again it stands on the same claims, and everything that was acknowledged is there.
async fn all_of_them(bed: &Bed<'_>, flight: &mut Flight, client: &Client) {
    let told = foretold(bed, flight, Kind::StatefulSet, "vault");
    assert_eq!(
        (quorum(&told), told.tier),
        (&QuorumEnd::Broken, Tier::T3),
        "{:?}",
        told.quorum
    );
    bed.trial.delete_now("statefulset/vault");
    for peer in 0..PEERS {
        wait_gone("the pods", || bed.trial.pod(&pod(peer)));
    }
    client.until_it_cannot_write(&bed.vaults);
    bed.trial
        .create(set(&format!("{}-old", bed.trial.namespace), Ids::OfTheDisk));
    client.until_it_writes(&bed.vaults);
    well(bed, flight).await;
}
