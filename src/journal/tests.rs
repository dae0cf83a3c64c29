//! The journal as its users meet it: whole runs, crashes, tampering, failing disks, doubts.

mod crash;
mod doubts;
mod lifecycle;
mod runs;
mod tampering;

use super::{Intent, Journal, Opened, Saved, Ticket, Waiver, open};
use crate::model::{Act, ClusterIdentity, Key, Kind, Moment, Now, Operator, Pin, Propagation, ResourceVersion, Uid};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// The instant `seconds` after the tests' beginning of time, on both clocks.
fn at(seconds: u64) -> Now {
    let wall: jiff::Timestamp = "2026-01-01T14:02:11Z".parse().unwrap();
    Now {
        mono: Moment::from_millis(seconds * 1_000),
        wall: wall + std::time::Duration::from_secs(seconds),
    }
}

fn anna() -> Operator {
    Operator {
        user: "anna@corp".into(),
        host: "laptop".into(),
    }
}

fn claim() -> Key {
    Key::new(Kind::PersistentVolumeClaim, "hasan-prod", "shared-data")
}

fn pin(key: Key, uid: &str) -> Pin {
    Pin {
        key,
        uid: Uid::new(uid),
        resource_version: ResourceVersion::new("41"),
    }
}

fn delete_claim() -> Act {
    Act::Delete {
        target: pin(claim(), "uid-1"),
        propagation: Propagation::Background,
    }
}

fn clear_claim_ref() -> Act {
    Act::ClearClaimRef {
        volume: pin(Key::cluster(Kind::PersistentVolume, "efs-data"), "uid-1"),
    }
}

/// An approved act, without the gate.
#[derive(Debug)]
struct Approval {
    act: Act,
    operator: Operator,
    cluster: ClusterIdentity,
    waivers: Vec<Waiver>,
}

impl Approval {
    fn of(act: Act) -> Self {
        Self {
            act,
            operator: anna(),
            cluster: ClusterIdentity {
                context: "prod-eks".into(),
                server: "https://10.0.0.1".into(),
                ca: "ab".into(),
                kube_system: Uid::new("ks-1"),
                user: "anna@corp".into(),
            },
            waivers: Vec::new(),
        }
    }
}

impl Intent for Approval {
    fn step(&self) -> String {
        self.act.to_string()
    }
    fn act(&self) -> &Act {
        &self.act
    }
    fn request(&self) -> &'static str {
        "DELETE /api/v1/namespaces/hasan-prod/persistentvolumeclaims/shared-data\n{}"
    }
    fn digest(&self) -> String {
        "d1".to_owned()
    }
    fn operator(&self) -> &Operator {
        &self.operator
    }
    fn cluster(&self) -> &ClusterIdentity {
        &self.cluster
    }
    fn answers(&self) -> Value {
        json!({"env": [{"name": "DB_PASSWORD", "value": "canary-7f3a"}]})
    }
    fn waivers(&self) -> Vec<Waiver> {
        self.waivers.clone()
    }
}

fn fresh() -> (TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let journal = settled(&dir.path().join("j"), at(0));
    (dir, journal)
}

fn settled(dir: &Path, now: Now) -> Journal {
    match open(dir, &anna(), now).unwrap() {
        Opened::Settled(journal) => journal,
        Opened::InDoubt(doubt) => panic!("in doubt: {:?}", doubt.steps()),
    }
}

fn saved(act: &Act) -> Saved {
    Saved::new().with(act.target().key.clone(), "kind: PersistentVolumeClaim\n".to_owned())
}

/// Records an act up to a stage: 0 intent, 1 cleared, 2 sent.
fn advance(journal: &mut Journal, act: Act, stage: usize) -> Ticket {
    let saved = saved(&act);
    let (_, ticket) = journal.record(Approval::of(act), &saved, at(1)).unwrap().into_parts();
    if stage >= 1 {
        journal.cleared(&ticket, at(2)).unwrap();
    }
    if stage >= 2 {
        journal.sent(&ticket, at(3)).unwrap();
    }
    ticket
}
