//! Raft peers asked through the real client: every answer a Vault on a bad day gives, over a port-forward of the sandbox.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

use pilothouse::cluster::raft::{DEADLINE, Means, Source, fetch, sweep};
use pilothouse::cluster::{Clock, ConnectOptions, Connection, connect};
use pilothouse::model::raft::described::{Asks, Described};
use pilothouse::model::raft::{
    Concern, EnsembleId, Gap, Member, Peer, Picture, Reply, Roster, Silence, Sounding, Soundings, Sweep, System, Vote,
};
use pilothouse::model::{Key, Kind, Uid};
use pilothouse::sandbox::raft::{Illness, POOR_TOKEN, TOKEN};
use pilothouse::sandbox::{Clock as Time, Denial, Objects as _, Options, Sandbox, Script, scenario};
use std::time::{Duration, Instant};

struct Bed {
    sandbox: Sandbox,
    connection: Connection,
    roster: Roster,
    soundings: Soundings,
}

impl Bed {
    async fn new() -> Self {
        let scenario = scenario::load("vault-raft").unwrap();
        let sandbox = Sandbox::start(Options::of(&scenario, Time::Real, 1).unwrap()).unwrap();
        let options = ConnectOptions {
            kubeconfig: Some(sandbox.kubeconfig().to_owned()),
            ..ConnectOptions::default()
        };
        let connection = connect(&options, Clock::system()).await.unwrap();
        let member = |pod: &str| {
            let key = Key::new(Kind::Pod, "vault", pod);
            let object = sandbox.read(|store| store.get(&key)).unwrap();
            let uid = object.pointer("/metadata/uid").unwrap().as_str().unwrap();
            Member {
                pod: pod.into(),
                uid: Uid::new(uid),
                node: "n".into(),
                leaving: false,
                running: true,
                claims: Vec::new(),
            }
        };
        let roster = Roster {
            id: EnsembleId {
                namespace: "vault".into(),
                name: "vault".into(),
            },
            system: System::Vault,
            port: 8200,
            tls: Some(false),
            fixed_id: Some(true),
            replicas: Some(3),
            members: ["vault-0", "vault-1", "vault-2"].map(member).to_vec(),
        };
        Self {
            sandbox,
            connection,
            roster,
            soundings: Soundings::default(),
        }
    }

    fn befall(&self, pod: &str, illness: Illness) {
        self.sandbox.raft().befall("vault", pod, Some(illness));
    }

    async fn ask(&mut self, token: Option<&str>) -> (Picture, Vec<Concern>) {
        let means = Means {
            token: token.map(|token| token.to_owned().into()),
            ..Means::default()
        };
        let swept = sweep(&self.connection, &self.roster, &means).await;
        self.soundings.enter(self.roster.clone(), swept);
        let sounding = self.sounding();
        let picture = Picture::of(&self.roster, sounding).expect("asked");
        let concerns = picture.concerns(sounding);
        (picture, concerns)
    }

    fn sounding(&self) -> &Sounding {
        self.soundings.get(&self.roster.id).expect("asked")
    }

    fn reply(&self, pod: &str) -> &Reply {
        let latest: &Sweep = self.sounding().latest().expect("asked");
        &latest
            .answers
            .iter()
            .find(|answer| answer.pod == pod)
            .expect("an answer")
            .reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_voters_say_all_there_is_to_say() {
    let mut bed = Bed::new().await;
    let (picture, concerns) = bed.ask(Some(TOKEN)).await;
    assert_eq!(concerns, []);
    assert_eq!((picture.voters, picture.healthy(), picture.tolerance()), (3, 3, 1));
    assert_eq!(picture.autopilot_tolerance, Some(1));
    assert_eq!(picture.leader().map(Peer::name), Some("vault-2"));
    assert_eq!(picture.gaps, Vec::<String>::new());
    let peer = picture.peer_of("vault-0").unwrap();
    assert_eq!(
        (peer.vote, peer.last_log, peer.autopilot),
        (Vote::Voter, Some(2_730_010), Some(true))
    );
    assert_eq!(peer.last_contact, Some(Duration::from_micros(678_600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_much_is_still_said_and_a_poor_one_is_told_what_it_lacks() {
    let mut bed = Bed::new().await;
    let (picture, concerns) = bed.ask(None).await;
    assert_eq!(concerns, []);
    assert_eq!((picture.unconfirmed.clone(), picture.voters), (Some(Gap::NoToken), 3));
    assert_eq!(picture.leader().map(Peer::name), Some("vault-2"));
    let (picture, _) = bed.ask(Some(POOR_TOKEN)).await;
    assert!(picture.confirmed());
    let lacking: Vec<&String> = picture
        .gaps
        .iter()
        .filter(|gap| gap.contains("lacks read on"))
        .collect();
    assert_eq!(lacking.len(), 2, "{:?}", picture.gaps);
    let (picture, _) = bed.ask(Some("hvs.another")).await;
    assert_eq!(picture.unconfirmed, Some(Gap::Lapsed));
    bed.sandbox.raft().revoke(true);
    let (picture, _) = bed.ask(Some(TOKEN)).await;
    assert_eq!(picture.unconfirmed, Some(Gap::Lapsed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_hangs_delays_nobody() {
    let mut bed = Bed::new().await;
    bed.ask(Some(TOKEN)).await;
    bed.befall("vault-2", Illness::Stuck);
    let began = Instant::now();
    let (picture, concerns) = bed.ask(Some(TOKEN)).await;
    assert!(began.elapsed() < DEADLINE * 2, "{:?}", began.elapsed());
    let pod = "vault-2".into();
    let how = Silence::Stuck { after: DEADLINE };
    assert!(concerns.contains(&Concern::LeaderSilent { pod, how }), "{concerns:?}");
    assert_eq!(picture.healthy(), 2);
    assert!(matches!(bed.reply("vault-0"), Reply::Said(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_answers_only_for_itself_is_up_and_the_rest_is_not_known() {
    let mut bed = Bed::new().await;
    bed.befall("vault-2", Illness::HalfStuck);
    let (picture, concerns) = bed.ask(Some(TOKEN)).await;
    assert_eq!(picture.leader().map(Peer::name), Some("vault-2"));
    assert!(!picture.confirmed());
    let told = |concern: &Concern| matches!(concern, Concern::Odd { pod, fault } if *pod == "vault-2" && fault.why.contains("no answer within 2s"));
    assert!(concerns.iter().any(told), "{concerns:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_finding_on_that_peer_and_on_no_other() {
    for (illness, told) in [
        (Illness::Malformed, "not the JSON it must be"),
        (Illness::Huge, "larger than 1024 KiB"),
        (Illness::Redirecting, "sends us to http://169.254.169.254/"),
    ] {
        let mut bed = Bed::new().await;
        bed.befall("vault-0", illness);
        let (picture, concerns) = bed.ask(Some(TOKEN)).await;
        let odd = |concern: &&Concern| matches!(concern, Concern::Odd { pod, fault } if *pod == "vault-0" && fault.why.contains(told));
        assert!(
            concerns.iter().any(|concern| odd(&concern)),
            "{illness:?}: {concerns:?}"
        );
        assert_eq!(picture.healthy(), 2, "{illness:?}");
        assert!(
            concerns
                .iter()
                .all(|concern| !matches!(concern, Concern::Odd { pod, .. } if *pod != "vault-0")),
            "{illness:?}: {concerns:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_cursors_is_spelled_out() {
    let mut bed = Bed::new().await;
    bed.befall("vault-2", Illness::Hostile);
    let (picture, _) = bed.ask(Some(TOKEN)).await;
    let told = format!("{picture:?}");
    assert!(
        !told.contains('\u{1b}') && !told.contains('\u{202e}') && !told.contains('\u{7}'),
        "{told}"
    );
    assert!(picture.peers.iter().any(|peer| peer.id.contains("\\u{1b}")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_a_peer_is_told_apart() {
    type Fits = fn(&Concern) -> bool;
    let cases: [(&str, Illness, Fits); 8] = [
        ("vault-0", Illness::Sealed, |concern| {
            matches!(
                concern,
                Concern::Sealed {
                    given: Some((1, 3)),
                    ..
                }
            )
        }),
        ("vault-0", Illness::Uninitialised, |concern| {
            matches!(concern, Concern::Uninitialised { .. })
        }),
        ("vault-0", Illness::Removed, |concern| {
            matches!(concern, Concern::Removed { .. })
        }),
        ("vault-0", Illness::Usurper, |concern| {
            matches!(concern, Concern::TwoLeaders { .. })
        }),
        ("vault-0", Illness::Stranger, |concern| {
            matches!(concern, Concern::OtherCluster { .. })
        }),
        ("vault-0", Illness::Loopback, |concern| {
            matches!(concern, Concern::Loopback { .. })
        }),
        ("vault-0", Illness::LeftBehind, |concern| {
            matches!(concern, Concern::NoSpare { voters: 2, .. })
        }),
        ("vault-2", Illness::Silenced, |_| true),
    ];
    for (pod, illness, fits) in cases {
        let mut bed = Bed::new().await;
        bed.befall(pod, illness);
        let (picture, concerns) = bed.ask(Some(TOKEN)).await;
        assert_eq!(picture.peers.len(), 3, "{illness:?}");
        if illness == Illness::Silenced {
            assert!(
                picture.gaps.iter().any(|gap| gap.starts_with("autopilot")),
                "{:?}",
                picture.gaps
            );
        } else {
            assert!(concerns.iter().any(fits), "{illness:?}: {concerns:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_port_forwards_are_forbidden_the_proxy_is_asked_and_never_given_a_token() {
    let mut bed = Bed::new().await;
    bed.sandbox.access().deny(Denial::of("*", "pods/portforward"));
    let (picture, concerns) = bed.ask(Some(TOKEN)).await;
    assert_eq!(picture.leader().map(Peer::name), Some("vault-2"));
    assert_eq!(picture.unconfirmed, Some(Gap::NoToken), "{concerns:?}");
    bed.sandbox.access().deny(Denial::of("*", "pods/proxy"));
    let (picture, _) = bed.ask(Some(TOKEN)).await;
    assert_eq!(picture.healthy(), 0);
    assert!(
        matches!(bed.reply("vault-0"), Reply::Silent(Silence::Forbidden { .. })),
        "{:?}",
        bed.reply("vault-0")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_nobody_listens_on_is_told() {
    let mut bed = Bed::new().await;
    bed.roster.port = 9_999;
    bed.ask(None).await;
    let Reply::Silent(Silence::Refused { why }) = bed.reply("vault-0") else {
        panic!("{:?}", bed.reply("vault-0"));
    };
    assert!(!why.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_without_an_authority_is_said_and_nothing_is_sent() {
    let mut bed = Bed::new().await;
    bed.roster.tls = Some(true);
    bed.ask(Some(TOKEN)).await;
    let Reply::Silent(Silence::Tls { why }) = bed.reply("vault-0") else {
        panic!("{:?}", bed.reply("vault-0"));
    };
    assert!(why.contains("authority"), "{why}");
}

#[tokio::test]
async fn a_token_never_stands_in_what_is_printed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("token");
    std::fs::write(&path, "hvs.the-very-secret").unwrap();
    let token = fetch(&Source::File(path)).await.unwrap();
    let means = Means {
        token: Some(token),
        ..Means::default()
    };
    assert!(!format!("{means:?}").contains("very-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_described_system_is_asked_by_a_command_in_each_pod() {
    let bed = Bed::new().await;
    let argv = ["rqlite", "-f", "json", "it's; $(one) argument"];
    let script = |pod: &str, script: Script| {
        bed.sandbox.execs().script(Script {
            pod: pod.to_owned(),
            ..script
        });
    };
    let answer = |id: &str, role: &str| format!(r#"{{"node":{{"id":"{id}","state":"{role}"}},"log":{{"last":"42"}}}}"#);
    script("vault-0", Script::says(&argv, &answer("one", "Leader")));
    script("vault-1", Script::says(&argv, &answer("two", "Follower")));
    script(
        "vault-2",
        Script {
            said: "connection refused".to_owned(),
            exit: 3,
            ..Script::says(&argv, &answer("three", "Follower"))
        },
    );
    let described = Described {
        name: "rqlite".into(),
        set: "vault".into(),
        namespace: None,
        asks: Asks::Exec {
            argv: argv.map(Into::into).to_vec(),
            container: "".into(),
        },
        id: "/node/id".into(),
        role: "/node/state".into(),
        index: "/log/last".into(),
    };
    let roster = Roster {
        system: System::Described("rqlite".into()),
        ..bed.roster.clone()
    };
    let means = Means {
        token: Some(TOKEN.to_owned().into()),
        described: Some(described),
        ..Means::default()
    };
    let asked = async || {
        let mut soundings = Soundings::default();
        soundings.enter(roster.clone(), sweep(&bed.connection, &roster, &means).await);
        let sounding = soundings.get(&roster.id).expect("asked");
        let picture = Picture::of(&roster, sounding).expect("asked");
        (
            picture.concerns(sounding),
            picture,
            sounding.latest().expect("asked").answers.clone(),
        )
    };
    let (concerns, picture, answers) = asked().await;
    assert_eq!(picture.leader().map(Peer::name), Some("vault-0"));
    let ids: Vec<&str> = picture.peers.iter().map(|peer| peer.id.as_str()).collect();
    assert!(ids.contains(&"one") && ids.contains(&"two"), "{ids:?}");
    assert_eq!(picture.peer_of("vault-1").unwrap().last_log, Some(42));
    let told = format!("{concerns:?}");
    assert!(told.contains("exit code 3: connection refused"), "{told}");
    assert_eq!(answers.len(), 3);
    // the very arguments, and nothing of ours
    assert!(bed.sandbox.execs().asked().iter().all(|asked| asked == &argv));

    script("vault-1", Script::pours(&argv, 3 << 20));
    let (concerns, ..) = asked().await;
    assert!(format!("{concerns:?}").contains("larger than 1024 KiB"), "{concerns:?}");

    bed.sandbox.access().deny(Denial::of("*", "pods/exec"));
    let (_, _, answers) = asked().await;
    for answer in answers {
        assert!(
            matches!(answer.reply, Reply::Silent(Silence::Forbidden { .. })),
            "{answer:?}"
        );
    }
}
