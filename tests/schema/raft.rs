//! `docs/schema/raft.v1.json`, held against what a report on raft clusters says.

use super::{fits, pin};
use pilothouse::forecast::{Quorum, QuorumEnd};
use pilothouse::headless::{self, RaftReport};
use pilothouse::model::raft::{
    Answer, Autopilot, Cleanup, Configuration, Health, Known, Member, Reply, Roster, Said, Server, Silence, Soundings,
    Sweep,
};
use pilothouse::model::{Kind, Moment, Now, Object, Tenant, World};
use serde_json::{Value, json};
use std::time::Duration;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/raft.v1.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn world() -> World {
    let object = |value: Value| pilothouse::cluster::decode_page(Kind::Pod, value.to_string().as_bytes()).unwrap();
    let pod = |name: &str| {
        json!({"metadata": {"name": name, "namespace": "vault", "uid": name,
            "labels": {"app.kubernetes.io/name": "vault", "component": "server"}}, "status": {"phase": "Running"}})
    };
    let page = object(
        json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"},
        "items": [pod("vault-0"), pod("vault-1")]}),
    );
    let objects: Vec<Object> = page.objects;
    World::of(objects)
}

fn report(reply: impl Fn(&Member) -> Reply) -> RaftReport {
    let world = world();
    let mut soundings = Soundings::default();
    let roster: Roster = soundings.rosters(&world, "vault").into_iter().next().unwrap();
    assert_eq!(roster.members.len(), 2);
    for second in [0, 5] {
        let answers = roster.members.iter().map(|member| Answer {
            pod: member.pod.clone(),
            uid: member.uid.clone(),
            reply: reply(member),
        });
        let at = Moment(Duration::from_secs(second));
        let answers = answers.collect();
        soundings.enter(roster.clone(), Sweep { at, answers });
    }
    let tenant = Tenant {
        name: "vault".into(),
        namespaces: vec!["vault".into()],
        release: None,
    };
    let now = Now {
        mono: Moment::default(),
        wall: jiff::Timestamp::UNIX_EPOCH,
    };
    headless::raft(&world, &[tenant], &soundings, now)
}

fn told(leads: bool) -> Said {
    Said {
        initialised: Some(true),
        sealed: Some(false),
        leads: Some(leads),
        last_log: Some(7),
        applied: Some(7),
        configuration: if leads {
            let server = Server {
                id: "vault-0".into(),
                address: "vault-0.vault-internal:8201".into(),
                voter: true,
                ..Server::default()
            };
            Known::Told(Configuration { servers: vec![server] })
        } else {
            Known::default()
        },
        autopilot: Known::Told(Autopilot {
            healthy: true,
            tolerance: Some(0),
            servers: vec![(
                "vault-0".into(),
                Health {
                    last_contact: Some(Duration::ZERO),
                    ..Health::default()
                },
            )],
        }),
        cleanup: Known::Told(Cleanup::default()),
        ..Said::default()
    }
}

#[test]
fn a_report_on_raft_fits_its_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let healthy = report(|member| Reply::Said(Box::new(told(member.pod == "vault-0"))));
    let silent = report(|_| Reply::Silent(Silence::NotRunning));
    for report in [&healthy, &silent] {
        let value = serde_json::to_value(report).unwrap();
        fits(&validator, &value);
        assert_eq!(value["clusters"][0]["system"], "vault");
    }
    let peers = serde_json::to_value(&healthy).unwrap()["clusters"][0]["told"]["peers"].clone();
    assert_eq!(
        (&peers[0]["vote"], &peers[1]["vote"]),
        (&json!("voter"), &json!("in no configuration"))
    );
    assert_eq!(peers[0]["movedOverMillis"], 5_000);
}

#[test]
fn every_end_of_a_quorum_is_in_the_forecasts_schema() {
    let validator = super::part("quorum");
    let missing = String::from("x");
    let ends = [
        QuorumEnd::Kept { tolerance: 1 },
        QuorumEnd::Assumed {
            tolerance: 0,
            missing: missing.clone(),
        },
        QuorumEnd::Broken,
        QuorumEnd::Lost,
        QuorumEnd::Unknown { missing },
    ];
    for end in ends {
        let told = Quorum {
            ensemble: "vault/vault".to_owned(),
            down: vec![pin(Kind::Pod).key.name],
            emptied: Vec::new(),
            voters: 3,
            quorum: 2,
            healthy: 3,
            left: 2,
            end,
            sentence: "x".to_owned(),
        };
        fits(&validator, &serde_json::to_value(&told).unwrap());
    }
}
