//! Three real etcds, asked as peers of raft: through the port-forward of the sandbox, whose pods they stand behind.

use crate::support::launch::free_ports;
use crate::support::process::{Room, Supervised};
use libtest_mimic::Failed;
use pilothouse::cluster::raft::{Means, sweep};
use pilothouse::cluster::{Clock, ConnectOptions, Connection, connect};
use pilothouse::model::raft::{
    Concern, EnsembleId, Member, Peer, PeerState, Picture, Roster, Silence, Soundings, System, Vote,
};
use pilothouse::model::{Key, Kind, Uid};
use pilothouse::sandbox::{Clock as Time, Objects as _, Options, Sandbox};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

pub(crate) const NAME: &str = "etcd-peers";
/// What etcd does of its own accord, it does within this, on a machine that also builds something.
const LIMIT: Duration = Duration::from_mins(1);

pub(crate) fn trial(etcd: &Path) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(story(etcd)).map_err(Failed::from)
}

struct Bed {
    // dropped in this order: the processes before the room they write to
    members: Vec<Supervised>,
    ports: [u16; 7],
    sandbox: Sandbox,
    connection: Connection,
    roster: Roster,
    soundings: Soundings,
    room: Room,
}

async fn story(etcd: &Path) -> Result<(), String> {
    let mut bed = Bed::new(etcd).await?;

    let (picture, concerns) = bed
        .until("three voters, none behind", |picture| {
            let level = |peer: &Peer| peer.vote == Vote::Voter && peer.state == PeerState::Up && peer.lag == Some(0);
            picture.healthy() == 3 && picture.leader().is_some() && picture.peers.iter().all(level)
        })
        .await;
    assert_eq!((picture.voters, picture.tolerance(), picture.confirmed()), (3, 1, true));
    assert!(
        picture
            .peers
            .iter()
            .all(|peer| !peer.id.is_empty() && peer.version.starts_with("3."))
    );
    // they do stand on loopback, all of them
    assert!(
        concerns
            .iter()
            .all(|concern| matches!(concern, Concern::Loopback { .. })),
        "{concerns:?}"
    );

    // a learner that was added and never started: counted nowhere, and without a pod
    let leader = bed.leader(&picture);
    let [.., spare] = bed.ports;
    let asked = json!({ "peerURLs": [format!("http://127.0.0.1:{}", spare)], "isLearner": true });
    bed.post(leader, "/v3/cluster/member/add", &asked).await?;
    let (picture, concerns) = bed.until("a learner", |picture| picture.peers.len() == 4).await;
    let learner = picture
        .peers
        .iter()
        .find(|peer| peer.vote == Vote::Learner)
        .expect("a learner");
    assert_eq!((picture.voters, &learner.state), (3, &PeerState::NoPod));
    assert!(
        concerns.iter().any(|concern| matches!(concern, Concern::NoPod { .. })),
        "{concerns:?}"
    );
    bed.post(
        leader,
        "/v3/cluster/member/remove",
        &json!({ "ID": learner.id.as_str() }),
    )
    .await?;

    // writes move every log
    bed.until("three peers again", |picture| picture.peers.len() == 3).await;
    for _ in 0..20 {
        bed.post(leader, "/v3/kv/put", &json!({ "key": "a2V5", "value": "dmFsdWU=" }))
            .await?;
    }
    let moved = |peer: &Peer| peer.movement.is_some_and(|movement| movement.by >= 20);
    bed.until("all logs to have moved", |picture| picture.peers.iter().all(moved))
        .await;

    // the leader takes connections and says nothing; the others elect another one
    bed.members[leader].freeze();
    let stuck = format!("etcd-{leader}");
    let (picture, concerns) = bed
        .until("another leader", |picture| {
            picture.leader().is_some_and(|peer| peer.name() != stuck)
        })
        .await;
    let peer = picture.peer_of(&stuck).expect("still a peer");
    assert!(
        matches!(peer.state, PeerState::Silent(Silence::Stuck { .. })),
        "{:?}",
        peer.state
    );
    assert_eq!((picture.voters, picture.healthy(), picture.tolerance()), (3, 2, 0));
    assert!(
        concerns.contains(&Concern::NoSpare { healthy: 2, voters: 3 }),
        "{concerns:?}"
    );

    // and one more is killed: nobody leads, and those who answer say so
    let next = bed.leader(&picture);
    bed.members[next].freeze();
    let (picture, _) = bed
        .until("no leader", |picture| {
            picture.leader().is_none() && !picture.confirmed()
        })
        .await;
    assert!(picture.healthy() <= 1, "{picture:?}");

    bed.members[leader].thaw();
    bed.members[next].thaw();
    let (picture, _) = bed
        .until("three voters again", |picture| {
            picture.healthy() == 3 && picture.leader().is_some()
        })
        .await;
    assert_eq!(picture.tolerance(), 1);

    // a peer whose process is gone refuses
    let gone = bed.leader(&picture);
    drop(bed.members.remove(gone));
    let name = format!("etcd-{gone}");
    let refused = |peer: &Peer| matches!(peer.state, PeerState::Silent(Silence::Refused { .. }));
    bed.until("a refusal", |picture| picture.peer_of(&name).is_some_and(refused))
        .await;
    Ok(())
}

impl Bed {
    async fn new(etcd: &Path) -> Result<Self, String> {
        let room = Room::new("pilothouse-etcd-")?;
        let ports: [u16; 7] = free_ports()?;
        let [a, b, c, pa, pb, pc, _spare] = ports;
        let cluster = format!("m0=http://127.0.0.1:{pa},m1=http://127.0.0.1:{pb},m2=http://127.0.0.1:{pc}");
        let mut members = Vec::new();
        for (at, (client, peer)) in [(a, pa), (b, pb), (c, pc)].into_iter().enumerate() {
            let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
            let arguments = [
                format!("--name=m{at}"),
                format!("--data-dir={}", room.path(&format!("m{at}")).display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster={cluster}"),
                "--unsafe-no-fsync".to_owned(),
            ];
            members.push(Supervised::start(&room, &format!("m{at}"), etcd, &arguments)?);
        }
        let objects: Vec<Value> = (0..3).map(pod).collect();
        let options = Options {
            objects,
            clock: Time::Real,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).map_err(|error| error.to_string())?;
        for (at, port) in [a, b, c].into_iter().enumerate() {
            let process = SocketAddr::from(([127, 0, 0, 1], port));
            sandbox
                .raft()
                .back("default", (&format!("etcd-{at}"), 2379), Some(process));
        }
        let options = ConnectOptions {
            kubeconfig: Some(sandbox.kubeconfig().to_owned()),
            ..ConnectOptions::default()
        };
        let connection = connect(&options, Clock::system())
            .await
            .map_err(|error| error.to_string())?;
        let member = |at: usize| {
            let key = Key::new(Kind::Pod, "default", &format!("etcd-{at}"));
            let object = sandbox.read(|store| store.get(&key)).expect("a pod");
            Member {
                pod: key.name,
                uid: Uid::new(object["metadata"]["uid"].as_str().unwrap_or_default()),
                node: "node-0".into(),
                leaving: false,
                running: true,
                claims: Vec::new(),
            }
        };
        let roster = Roster {
            id: EnsembleId {
                namespace: "default".into(),
                name: "etcd".into(),
            },
            system: System::Etcd,
            port: 2379,
            tls: Some(false),
            fixed_id: Some(false),
            replicas: Some(3),
            members: (0..3).map(member).collect(),
        };
        Ok(Self {
            members,
            ports,
            connection,
            roster,
            soundings: Soundings::default(),
            sandbox,
            room,
        })
    }

    async fn ask(&mut self) -> (Picture, Vec<Concern>) {
        let swept = sweep(&self.connection, &self.roster, &Means::default()).await;
        self.soundings.enter(self.roster.clone(), swept);
        let sounding = self.soundings.get(&self.roster.id).expect("asked");
        let picture = Picture::of(&self.roster, sounding).expect("asked");
        let concerns = picture.concerns(sounding);
        (picture, concerns)
    }

    /// Asks again and again until the peers say something.
    async fn until(&mut self, what: &str, known: impl Fn(&Picture) -> bool) -> (Picture, Vec<Concern>) {
        let (mut last, deadline) = (String::new(), std::time::Instant::now() + LIMIT);
        while std::time::Instant::now() < deadline {
            let (picture, concerns) = self.ask().await;
            if known(&picture) {
                return (picture, concerns);
            }
            last = format!("{picture:#?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let logs: Vec<String> = self.members.iter().map(|member| member.tail(5)).collect();
        panic!(
            "waited for {what}; the last picture was {last}\n{}\n{}",
            logs.join("\n"),
            self.room.path("").display()
        );
    }

    /// Which member leads.
    fn leader(&self, picture: &Picture) -> usize {
        let leader = picture.leader().expect("a leader").name().to_owned();
        assert!(self.sandbox.kubeconfig().exists());
        (0..3).find(|at| leader == format!("etcd-{at}")).expect("one of three")
    }

    /// What an operator does with etcdctl, again while etcd says that its peers have not met for long enough.
    async fn post(&self, member: usize, path: &str, body: &Value) -> Result<(), String> {
        let deadline = std::time::Instant::now() + LIMIT;
        loop {
            match self.post_once(member, path, body).await {
                Err(why) if why.contains("unhealthy cluster") && std::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                done => return done,
            }
        }
    }

    async fn post_once(&self, member: usize, path: &str, body: &Value) -> Result<(), String> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let body = body.to_string();
        let asked = async {
            let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.ports[member])).await?;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: m\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).await?;
            let mut said = String::new();
            stream.read_to_string(&mut said).await?;
            std::io::Result::Ok(said)
        };
        let said = tokio::time::timeout(Duration::from_secs(10), asked).await;
        let said = said
            .map_err(|_elapsed| format!("{path}: no answer"))?
            .map_err(|error| format!("{path}: {error}"))?;
        if said.starts_with("HTTP/1.1 200") {
            Ok(())
        } else {
            Err(format!("{path}: {said}"))
        }
    }
}

fn pod(at: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": format!("etcd-{at}"), "namespace": "default", "labels": { "app.kubernetes.io/name": "etcd" } },
        "spec": { "nodeName": "node-0", "containers": [{ "name": "etcd", "image": "etcd:3.6.1" }] },
        "status": { "phase": "Running" },
    })
}
