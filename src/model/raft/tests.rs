//! Pictures and concerns, from tables of what peers say.

use super::*;
use crate::model::{Moment, Uid};
use std::time::Duration;

fn member(pod: &str) -> Member {
    Member {
        pod: pod.into(),
        uid: Uid::new(pod),
        node: "n1".into(),
        leaving: false,
        running: true,
        claims: vec![(format!("data-{pod}").into(), "pv".into())],
    }
}

fn roster(system: System, fixed: bool) -> Roster {
    Roster {
        id: EnsembleId {
            namespace: "vault".into(),
            name: "vault".into(),
        },
        system,
        port: 8200,
        tls: Some(false),
        fixed_id: Some(fixed),
        replicas: Some(3),
        members: ["vault-0", "vault-1", "vault-2"].map(member).to_vec(),
    }
}

fn server(id: &str, address: &str) -> Server {
    Server {
        id: id.into(),
        address: address.into(),
        voter: true,
        ..Server::default()
    }
}

fn configured() -> Vec<Server> {
    let address = |pod: &str| server(pod, &format!("{pod}.vault-internal:8201"));
    ["vault-0", "vault-1", "vault-2"].map(address).to_vec()
}

/// A healthy peer; `vault-2` leads, and tells the configuration.
fn said(pod: &str, index: u64) -> Said {
    let leads = pod == "vault-2";
    Said {
        version: "1.21.0".into(),
        initialised: Some(true),
        sealed: Some(false),
        storage: "raft".into(),
        cluster: "c".into(),
        leads: Some(leads),
        leader: "https://vault-2.vault-internal:8201".into(),
        last_log: Some(index),
        applied: Some(index),
        configuration: if leads {
            Known::Told(Configuration { servers: configured() })
        } else {
            Known::default()
        },
        ..Said::default()
    }
}

fn sweep(second: u64, replies: Vec<(&str, Reply)>) -> Sweep {
    Sweep {
        at: Moment(Duration::from_secs(second)),
        answers: replies
            .into_iter()
            .map(|(pod, reply)| Answer {
                pod: pod.into(),
                uid: Uid::new(pod),
                reply,
            })
            .collect(),
    }
}

fn all(index: u64) -> Vec<(&'static str, Reply)> {
    ["vault-0", "vault-1", "vault-2"]
        .map(|pod| (pod, Reply::Said(Box::new(said(pod, index)))))
        .to_vec()
}

fn replaced(
    mut replies: Vec<(&'static str, Reply)>,
    pod: &str,
    change: impl FnOnce(&mut Said),
) -> Vec<(&'static str, Reply)> {
    for (name, reply) in &mut replies {
        if let (true, Reply::Said(said)) = (*name == pod, reply) {
            change(said);
            return replies;
        }
    }
    panic!("no {pod}");
}

fn silenced(mut replies: Vec<(&'static str, Reply)>, pod: &str) -> Vec<(&'static str, Reply)> {
    let stuck = Silence::Stuck {
        after: Duration::from_secs(3),
    };
    for (name, reply) in &mut replies {
        if *name == pod {
            *reply = Reply::Silent(stuck.clone());
        }
    }
    replies
}

fn of(roster: &Roster, sweeps: Vec<Sweep>) -> (Picture, Vec<Concern>) {
    let mut soundings = Soundings::default();
    for sweep in sweeps {
        soundings.enter(roster.clone(), sweep);
    }
    let sounding = soundings.get(&roster.id).expect("entered");
    let picture = Picture::of(roster, sounding).expect("asked");
    let concerns = picture.concerns(sounding);
    (picture, concerns)
}

#[test]
fn three_healthy_voters_may_lose_one() {
    let (picture, concerns) = of(
        &roster(System::Vault, true),
        vec![sweep(0, all(10)), sweep(90, all(12))],
    );
    assert_eq!(
        (picture.voters, picture.quorum(), picture.healthy(), picture.tolerance()),
        (3, 2, 3, 1)
    );
    assert_eq!(picture.leader().map(Peer::name), Some("vault-2"));
    assert_eq!(picture.tolerance_without(&["vault-0"]), 0);
    assert_eq!(picture.tolerance_without(&["vault-0", "vault-1"]), -1);
    assert!(picture.confirmed());
    let peer = picture.peer_of("vault-0").expect("a peer");
    let moved = Movement {
        by: 2,
        over: Duration::from_secs(90),
    };
    assert_eq!(
        (peer.movement, peer.lag, peer.vote),
        (Some(moved), Some(0), Vote::Voter)
    );
    assert_eq!(concerns, []);
}

#[test]
fn the_maths_counts_dead_voters_and_no_learners() {
    for (voters, expected) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)] {
        assert_eq!(quorum(voters), expected, "{voters}");
    }
    // the orphan trap: a fourth voter that nobody stands behind takes the spare one away
    let with_orphan = replaced(all(10), "vault-2", |said| {
        let mut servers = configured();
        servers.push(server("9f1c", "10.0.0.9:8201"));
        said.configuration = Known::Told(Configuration { servers });
    });
    let (picture, concerns) = of(&roster(System::Vault, true), vec![sweep(0, with_orphan)]);
    assert_eq!((picture.voters, picture.quorum(), picture.tolerance()), (4, 3, 0));
    assert!(
        concerns.contains(&Concern::NoSpare { healthy: 3, voters: 4 }),
        "{concerns:?}"
    );
    let orphan = Concern::NoPod {
        id: "9f1c".into(),
        address: "10.0.0.9:8201".into(),
    };
    assert!(concerns.contains(&orphan), "{concerns:?}");
}

#[test]
fn the_leader_that_takes_connections_and_is_dead() {
    let roster = roster(System::Vault, true);
    let (picture, concerns) = of(&roster, vec![sweep(0, all(10)), sweep(5, silenced(all(10), "vault-2"))]);
    let how = Silence::Stuck {
        after: Duration::from_secs(3),
    };
    let pod = "vault-2".into();
    assert!(concerns.contains(&Concern::LeaderSilent { pod, how }), "{concerns:?}");
    assert_eq!(
        (picture.healthy(), picture.leader(), picture.confirmed()),
        (2, None, false)
    );
    assert_eq!(picture.unconfirmed, Some(Gap::NoLeader));
}

#[test]
fn a_leader_that_applies_nothing_is_not_an_idle_one() {
    let roster = roster(System::Vault, true);
    let idle = vec![sweep(0, all(10)), sweep(90, all(10))];
    assert_eq!(of(&roster, idle).1, [], "an idle cluster is no trouble");
    let waits = || replaced(all(50), "vault-2", |said| said.applied = Some(10));
    let (_, concerns) = of(&roster, vec![sweep(0, waits()), sweep(20, waits())]);
    let unmoved = Concern::LeaderUnmoved {
        pod: "vault-2".into(),
        waiting: 40,
        over: Duration::from_secs(20),
    };
    assert_eq!(concerns, [unmoved]);
}

type Change = fn(&mut Said);

#[test]
fn what_is_wrong_with_one_peer() {
    let roster = roster(System::Vault, true);
    let cases: [(Change, Concern); 7] = [
        (
            |said| {
                said.sealed = Some(true);
                said.unsealing = Some((1, 3));
            },
            Concern::Sealed {
                pod: "vault-0".into(),
                given: Some((1, 3)),
            },
        ),
        (
            |said| said.initialised = Some(false),
            Concern::Uninitialised { pod: "vault-0".into() },
        ),
        (|said| said.removed = true, Concern::Removed { pod: "vault-0".into() }),
        (
            |said| said.cluster = "other".into(),
            Concern::OtherCluster { pod: "vault-0".into() },
        ),
        (
            |said| said.leads = Some(true),
            Concern::TwoLeaders {
                pods: vec!["vault-0".into(), "vault-2".into()],
            },
        ),
        (
            |said| said.storage = "file".into(),
            Concern::NotRaft {
                pod: "vault-0".into(),
                storage: "file".into(),
            },
        ),
        (
            |said| {
                said.faults.push(Fault {
                    asked: "sys/leader",
                    why: "garbled".into(),
                });
            },
            Concern::Odd {
                pod: "vault-0".into(),
                fault: Fault {
                    asked: "sys/leader",
                    why: "garbled".into(),
                },
            },
        ),
    ];
    for (change, expected) in cases {
        let (_, concerns) = of(&roster, vec![sweep(0, replaced(all(10), "vault-0", change))]);
        assert!(concerns.contains(&expected), "{expected:?} in {concerns:?}");
    }
    let back = replaced(all(10), "vault-0", |said| said.last_log = Some(4));
    let (_, concerns) = of(&roster, vec![sweep(0, all(10)), sweep(5, back)]);
    assert!(
        concerns.contains(&Concern::WentBack {
            pod: "vault-0".into(),
            by: 6
        }),
        "{concerns:?}"
    );
}

#[test]
fn what_is_wrong_with_the_configuration() {
    let roster = roster(System::Vault, true);
    let with = |servers: Vec<Server>| {
        let replies = replaced(all(10), "vault-2", |said| {
            said.configuration = Known::Told(Configuration { servers });
        });
        of(&roster, vec![sweep(0, replies)])
    };
    let mut servers = configured();
    servers[0].address = "127.0.0.1:8201".into();
    let (picture, concerns) = with(servers);
    let loopback = Concern::Loopback {
        id: "vault-0".into(),
        address: "127.0.0.1:8201".into(),
    };
    assert!(concerns.contains(&loopback), "{concerns:?}");
    assert_eq!(picture.peers.len(), 3, "the pod is found by the peer's name");

    let mut servers = configured();
    servers.push(server("old", "vault-0.vault-internal:8201"));
    let (_, concerns) = with(servers);
    let shared = Concern::SameAddress {
        address: "vault-0.vault-internal:8201".into(),
        ids: vec!["old".into(), "vault-0".into()],
    };
    assert!(
        concerns
            .iter()
            .any(|concern| matches!(concern, Concern::SameAddress { ids, .. } if ids.len() == 2)),
        "{shared:?} in {concerns:?}"
    );

    let (_, concerns) = with(configured()[1..].to_vec());
    assert!(
        concerns.contains(&Concern::Outside { pod: "vault-0".into() }),
        "{concerns:?}"
    );
}

#[test]
fn a_newcomer_without_a_vote_that_comes_no_nearer() {
    let roster = roster(System::Vault, true);
    let at = |own: u64, head: u64| {
        let replies = replaced(all(head), "vault-2", |said| {
            let mut servers = configured();
            servers[0].voter = false;
            said.configuration = Known::Told(Configuration { servers });
        });
        replaced(replies, "vault-0", |said| said.last_log = Some(own))
    };
    let stands = vec![sweep(0, at(100, 5_000)), sweep(30, at(100, 5_002))];
    let (picture, concerns) = of(&roster, stands);
    assert_eq!(
        (picture.voters, picture.tolerance()),
        (2, 0),
        "a non-voter counts nowhere"
    );
    assert!(
        concerns
            .iter()
            .any(|concern| matches!(concern, Concern::NotCatchingUp { lag: 4_902, .. })),
        "{concerns:?}"
    );
    let (_, concerns) = of(&roster, vec![sweep(0, at(100, 5_000)), sweep(30, at(3_000, 5_002))]);
    assert!(
        !concerns
            .iter()
            .any(|concern| matches!(concern, Concern::NotCatchingUp { .. })),
        "{concerns:?}"
    );
}

#[test]
fn identity_is_found_out_of_template_and_addresses() {
    for (fixed, address, expected) in [
        (true, "vault-0.vault-internal:8201", Identity::A),
        (false, "vault-0.vault-internal:8201", Identity::B),
        (false, "10.0.0.1:8201", Identity::C),
        (true, "10.0.0.1:8201", Identity::D),
        (true, "[fd00::1]:8201", Identity::D),
    ] {
        let replies = replaced(all(10), "vault-2", |said| {
            let servers = vec![server("9f1c", address)];
            said.configuration = Known::Told(Configuration { servers });
        });
        let (picture, _) = of(&roster(System::Vault, fixed), vec![sweep(0, replies)]);
        assert_eq!(picture.identity, Some(expected), "{fixed} {address}");
        assert_eq!(picture.removal_trap(), fixed, "1.21 has it");
    }
}

#[test]
fn without_a_token_the_voters_are_assumed_and_it_is_said_why() {
    let open = replaced(all(10), "vault-2", |said| {
        said.configuration = Known::Untold(Gap::NoToken);
    });
    let (picture, concerns) = of(&roster(System::Vault, true), vec![sweep(0, open)]);
    assert_eq!((picture.voters, picture.tolerance()), (3, 1));
    assert_eq!(picture.unconfirmed, Some(Gap::NoToken));
    assert!(picture.peers.iter().all(|peer| peer.vote == Vote::Assumed));
    assert!(picture.gaps[0].contains("no token"), "{:?}", picture.gaps);
    assert_eq!(concerns, []);
    let path = "sys/storage/raft/autopilot/state";
    let poor = replaced(all(10), "vault-2", |said| {
        said.autopilot = Known::Untold(Gap::Denied { path });
    });
    let (picture, _) = of(&roster(System::Vault, true), vec![sweep(0, poor)]);
    assert!(picture.gaps.iter().any(|gap| gap.contains(path)), "{:?}", picture.gaps);
}

#[test]
fn etcd_members_are_found_by_their_own_word() {
    let mut etcd = roster(System::Etcd, false);
    etcd.id.name = "etcd".into();
    let replies = replaced(all(10), "vault-2", |said| {
        said.id = "17".into();
        let mut learner = server("18", "http://10.0.0.4:2380");
        (learner.voter, learner.learner) = (false, true);
        let servers = vec![server("17", "http://10.0.0.1:2380"), learner];
        said.configuration = Known::Told(Configuration { servers });
    });
    let (picture, _) = of(&etcd, vec![sweep(0, replies)]);
    assert_eq!(picture.peer_of("vault-2").map(|peer| peer.id.as_str()), Some("17"));
    let learner = picture.peers.iter().find(|peer| peer.id == "18").expect("the learner");
    assert_eq!((learner.vote, &learner.pod), (Vote::Learner, &None));
    assert_eq!(picture.identity, None);
}

#[test]
fn another_pod_of_the_same_name_has_said_nothing() {
    let mut changed = roster(System::Vault, true);
    changed.members[0].uid = Uid::new("another");
    let mut soundings = Soundings::default();
    soundings.enter(roster(System::Vault, true), sweep(0, all(10)));
    let sounding = soundings.get(&changed.id).expect("entered");
    let picture = Picture::of(&changed, sounding).expect("asked");
    let peer = picture.peer_of("vault-0").expect("a peer");
    assert_eq!((&peer.state, peer.healthy()), (&PeerState::NotAsked, false));
}

#[test]
fn old_sweeps_are_let_go() {
    let mut soundings = Soundings::default();
    for second in (0..400).step_by(5) {
        soundings.enter(roster(System::Vault, true), sweep(second, all(second)));
    }
    let sounding = soundings.get(&roster(System::Vault, true).id).expect("entered");
    assert_eq!(sounding.sweeps.len(), 19, "90 s of them");
}
