//! `pilothouse raft` beside Vault's own answers: with no token, with one that may all, with one that lacks a right, with one
//! that was revoked.

use serde_json::Value;

use super::bed::{Bed, Told, pod};
use crate::support::vault::{Ids, PEERS};
use crate::trial::{Trial, text};

const READ: [&str; 4] = [
    "sys/storage/raft/configuration",
    "sys/storage/raft/autopilot/configuration",
    "sys/ha-status",
    "sys/storage/raft/autopilot/state",
];

pub(crate) fn peers(trial: &Trial<'_>) {
    let bed = Bed::new(trial, Ids::Fixed);
    let client = bed.vaults.client();
    client.until_it_writes(&bed.vaults);
    without_a_token(&bed);
    with_a_token(&bed);
    with_less(&bed);
    let figures = client.finish(&bed.vaults);
    assert!(figures.lost.is_empty(), "{figures}: {:?}", figures.lost);
    assert_eq!(figures.changes(), 0, "to ask changes nothing: {:?}", figures.leaders);
}

/// Anybody may know who leads, who is sealed and how far each log is; who votes is assumed, and said so.
fn without_a_token(bed: &Bed<'_>) {
    let leader = pod(bed.vaults.leader().expect("a leader"));
    let told = bed.told(&[], &[]);
    assert_eq!(told.code, Some(3), "{}", told.text);
    assert!(told.unknowns().contains("no token was given"), "{}", told.text);
    assert_eq!(told.cluster["told"]["leader"], leader.as_str(), "{}", told.text);
    assert_eq!(told.cluster["told"]["confirmed"], false);
    assert!(
        told.peers().iter().all(|peer| peer["vote"] == "voter?"),
        "{}",
        told.text
    );
}

/// From the environment or from the file that `vault login` writes, all of it is what Vault says itself.
fn with_a_token(bed: &Bed<'_>) {
    let root = bed.vaults.root().to_owned();
    let before = own_words(bed);
    let told = bed.told(&[("VAULT_TOKEN", &root)], &["--with-token"]);
    agree(bed, &told, &before, &own_words(bed));

    std::fs::write(bed.home.path(".vault-token"), format!("{root}\n")).expect("a token file");
    let before = own_words(bed);
    let told = bed.told(&[], &["--with-token"]);
    agree(bed, &told, &before, &own_words(bed));
    assert!(!told.text.contains(&root));
    std::fs::remove_file(bed.home.path(".vault-token")).expect("a token file");
}

/// A right that is missing is named by its path; a token that is gone is told from one that lacks a right.
fn with_less(bed: &Bed<'_>) {
    let (missing, others) = READ.split_last().expect("four paths");
    let token = bed.vaults.token_for("less", others);
    let told = bed.told(&[("VAULT_TOKEN", &token)], &["--with-token"]);
    let said = told.unknowns();
    assert!(
        said.contains(&format!("the token's policy lacks read on {missing}")),
        "{}",
        told.text
    );
    assert_eq!(said.matches("lacks read").count(), 1, "{said}");
    assert_eq!(told.cluster["told"]["confirmed"], true, "{}", told.text);
    assert_eq!(told.cluster["told"]["autopilotTolerance"], Value::Null);

    let token = bed.vaults.token_for("none", &["kv/nothing"]);
    let told = bed.told(&[("VAULT_TOKEN", &token)], &["--with-token"]);
    for path in READ {
        assert!(
            told.unknowns().contains(&format!("lacks read on {path}")),
            "{}",
            told.text
        );
    }
    bed.vaults.revoke(&token);
    let told = bed.told(&[("VAULT_TOKEN", &token)], &["--with-token"]);
    assert_eq!(told.code, Some(3), "{}", told.text);
    assert!(
        told.unknowns().contains("the token is not valid, or no longer"),
        "{}",
        told.text
    );
    assert!(!told.unknowns().contains("lacks read"), "{}", told.text);
}

/// What Vault says of itself: configuration, autopilot, and each peer of its own log.
struct OwnWords {
    servers: Vec<Value>,
    autopilot: Value,
    logs: [Value; PEERS],
}

fn own_words(bed: &Bed<'_>) -> OwnWords {
    let led = |path: &str| {
        bed.vaults
            .until("an answer", || bed.vaults.led("GET", path, &Value::Null))
    };
    let configuration = led("/v1/sys/storage/raft/configuration");
    let servers = configuration.pointer("/data/config/servers").and_then(Value::as_array);
    OwnWords {
        servers: servers.expect("servers").clone(),
        autopilot: led("/v1/sys/storage/raft/autopilot/state")["data"].clone(),
        logs: std::array::from_fn(|peer| {
            bed.vaults
                .ask(peer, "GET", "/v1/sys/leader", &Value::Null)
                .expect("an answer")
        }),
    }
}

fn agree(bed: &Bed<'_>, told: &Told, before: &OwnWords, after: &OwnWords) {
    assert_eq!(told.code, Some(0), "{}", told.text);
    let cluster = &told.cluster["told"];
    let leader = pod(bed.vaults.leader().expect("a leader"));
    let expected = [
        ("confirmed", Value::from(true)),
        ("leader", Value::from(leader.as_str())),
        ("voters", Value::from(PEERS)),
        ("healthy", Value::from(PEERS)),
        ("tolerance", after.autopilot["failure_tolerance"].clone()),
        ("autopilotTolerance", after.autopilot["failure_tolerance"].clone()),
        ("identity", Value::from("A")),
        ("cleanup", Value::from(false)),
        ("cleanupAfter", Value::from(24 * 60 * 60)),
        ("minQuorum", Value::from(0)),
        ("unknowns", Value::Array(Vec::new())),
        ("worries", Value::Array(Vec::new())),
    ];
    for (field, value) in expected {
        assert_eq!(cluster[field], value, "{field}: {}", told.text);
    }
    assert_eq!(after.autopilot["healthy"], true);
    assert_eq!(
        (told.peers().len(), after.servers.len()),
        (PEERS, PEERS),
        "{}",
        told.text
    );
    for (peer, (was, is)) in before.logs.iter().zip(&after.logs).enumerate() {
        let name = pod(peer);
        let line = told.peers().iter().find(|line| line["pod"] == name.as_str());
        let line = line.unwrap_or_else(|| panic!("no {name}: {}", told.text));
        let server = after.servers.iter().find(|server| server["address"] == line["address"]);
        let server = server.unwrap_or_else(|| panic!("{name} has another address: {}", told.text));
        assert_eq!(line["id"], server["node_id"]);
        assert_eq!(
            line["vote"],
            if server["voter"] == true { "voter" } else { "non-voter" }
        );
        assert_eq!(line["leads"], server["leader"], "{}", told.text);
        assert_eq!(line["leads"], is["is_self"].as_bool().unwrap_or(false), "{is}");
        assert_eq!((&line["state"], text(&line["version"])), (&Value::from("up"), "1.21.0"));
        let health = &after.autopilot["servers"][text(&line["id"])];
        assert_eq!(line["autopilotHealthy"], health["healthy"], "{health}");
        // the client goes on writing: what it says lies between what Vault said before and after
        for (field, own) in [("lastLog", "raft_committed_index"), ("applied", "raft_applied_index")] {
            let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{own} of {name}: {value}"));
            let seen = number(&line[field]);
            assert!(
                (number(&was[own])..=number(&is[own])).contains(&seen),
                "{name} {field}: {seen}, Vault {was} and {is}"
            );
        }
        assert!(
            line["moved"].as_i64().is_some_and(|moved| moved > 0),
            "{name}: {}",
            told.text
        );
        assert_eq!(line["toleranceWithout"], 0);
    }
}
