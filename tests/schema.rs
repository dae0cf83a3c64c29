//! The published JSON schemas of forecasts, explanations, releases and traps, held against what the program says: every word, nothing besides.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "schema/explain.rs"]
mod explain;
#[path = "support/schema.rs"]
mod published;
#[path = "schema/raft.rs"]
mod raft;
#[path = "schema/release.rs"]
mod release;
#[path = "schema/runs.rs"]
mod runs;
#[path = "schema/traps.rs"]
mod traps;

use jsonschema::Validator;
use pilothouse::forecast::{Entry, Forecast, Holder, Other, Outcome, Recreation, Tier, Undo};
use pilothouse::headless;
use pilothouse::laws::{Conditions, Reason};
use pilothouse::model::act::task::{Count, Dump, LocalRun, RaftDeed, RaftTask, Restore, Snapshot, Task, Told};
use pilothouse::model::act::{ClassDraft, SetDraft};
use pilothouse::model::act::{HelmAct, Install, Means, Rollback, Source, Uninstall, Upgrade};
use pilothouse::model::helm::{Address, Driver, Home};
use pilothouse::model::storage::ReclaimPolicy;
use pilothouse::model::{Act, Draft, Key, Kind, Moment, Now, Pin, Propagation, ResourceVersion, Uid, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/forecast.v1.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What the schema says of a part of a report.
fn part(name: &str) -> Validator {
    let mut schema = schema();
    let wanted = json!({ "$ref": format!("#/$defs/{name}") });
    for field in ["properties", "required", "additionalProperties", "type"] {
        schema.as_object_mut().unwrap().remove(field);
    }
    schema["allOf"] = json!([wanted]);
    jsonschema::validator_for(&schema).unwrap()
}

fn fits(validator: &Validator, value: &Value) {
    let wrong: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{value:#}");
}

fn pin(kind: Kind) -> Pin {
    Pin {
        key: Key::new(kind, "shop", "x"),
        uid: Uid::new("u"),
        resource_version: ResourceVersion::new("1"),
    }
}

fn task(kind: Kind, task: Task) -> Act {
    Act::Task {
        target: pin(kind),
        task: Box::new(task),
    }
}

fn raft(asks: RaftDeed) -> Act {
    task(
        Kind::Pod,
        Task::Raft(RaftTask {
            cluster: "vault".into(),
            port: 8200,
            tls: Some(true),
            peers: vec!["vault-0".into()],
            asks,
            within: 60,
        }),
    )
}

fn tasks() -> Vec<Act> {
    vec![
        raft(RaftDeed::StepDown),
        raft(RaftDeed::RemovePeer { id: "vault-9".into() }),
        raft(RaftDeed::Snapshot {
            to: "vault.snap".into(),
        }),
        task(
            Kind::Pod,
            Task::Dump(Dump {
                command: vec!["dump".into()],
                to: "x.sql".into(),
                ..Dump::default()
            }),
        ),
        task(Kind::Pod, Task::Restore(Restore::default())),
        task(Kind::Pod, Task::Count(Count::default())),
        task(Kind::PersistentVolumeClaim, Task::Snapshot(Snapshot::default())),
        task(Kind::Namespace, Task::Run(LocalRun::default())),
        task(
            Kind::Namespace,
            Task::Run(LocalRun {
                identifier: Some(Told::Pattern("id=(.*)".into())),
                ..LocalRun::default()
            }),
        ),
    ]
}

fn acts() -> Vec<Act> {
    let volume = pin(Kind::PersistentVolume);
    let claim = pin(Kind::PersistentVolumeClaim);
    vec![
        Act::Delete {
            target: pin(Kind::Job),
            propagation: Propagation::Orphan,
        },
        Act::Evict { pod: pin(Kind::Pod) },
        Act::Scale {
            target: pin(Kind::Deployment),
            replicas: 0,
        },
        Act::RemoveFinalizer {
            target: claim.clone(),
            finalizer: "f".into(),
        },
        Act::SetReclaimPolicy {
            volume: volume.clone(),
            policy: ReclaimPolicy::Retain,
        },
        Act::ClearClaimRef { volume: volume.clone() },
        Act::RetargetClaimRef {
            volume,
            namespace: "shop".into(),
            name: "x".into(),
        },
        Act::Annotate {
            target: claim.clone(),
            annotation: "helm.sh/hook".into(),
            value: None,
        },
        Act::Stamp {
            target: claim.clone(),
            release: "eks".into(),
            namespace: "shop".into(),
        },
        Act::create_claim(
            claim.key,
            Draft {
                labels: [("a", "b")].into_iter().collect(),
                ..Draft::default()
            },
            "1",
        ),
        Act::create_class(
            "fast",
            ClassDraft {
                provisioner: "efs.csi.aws.com".into(),
                parameters: [("fileSystemId", "fs-1")].into_iter().collect(),
                ..ClassDraft::default()
            },
            "1",
        ),
        Act::create_set(Key::new(Kind::StatefulSet, "shop", "x"), SetDraft::default(), "1"),
        Act::install(
            &Home::new("shop", "app", Driver::Secret),
            Install {
                executor: "3.22.0".parse().ok(),
                rendered: "digest".into(),
                source: Some(source()),
                ..Install::default()
            },
        ),
        Act::Helm {
            release: pin(Kind::Release),
            helm: HelmAct::Upgrade(Upgrade {
                source: Some(source()),
                wait: true,
                ..Upgrade::default()
            }),
            means: Some(Means {
                program: "/usr/bin/helm".into(),
                timeout: 300,
            }),
        },
        helm(HelmAct::Uninstall(Uninstall::plain(None))),
        helm(HelmAct::Upgrade(Upgrade {
            executor: "v4.3.1".parse().ok(),
            rendered: "digest".into(),
            take_ownership: true,
            no_hooks: false,
            ..Upgrade::default()
        })),
        helm(HelmAct::Rollback(Rollback {
            executor: None,
            to: 0,
            no_hooks: true,
            ..Rollback::default()
        })),
    ]
}

fn source() -> Source {
    Source {
        chart: "/charts/client".into(),
        version: "1.2.3".into(),
        values: vec!["/values.yaml".into()],
    }
}

fn helm(helm: HelmAct) -> Act {
    Act::Helm {
        release: pin(Kind::Release),
        helm,
        means: None,
    }
}

fn outcomes() -> Vec<Outcome> {
    let handle = || "disk".to_owned();
    vec![
        Outcome::Deleted,
        Outcome::DeletedLater { by: "kubelet".into() },
        Outcome::Kept,
        Outcome::Hangs {
            holders: vec![Holder {
                object: pin(Kind::Pod).key,
                root: "Job x".to_owned(),
                finalizer: "f".into(),
                respawns: true,
            }],
        },
        Outcome::VolumeDestroyed { handle: handle() },
        Outcome::VolumeRetained { handle: handle() },
        Outcome::VolumeLeaked { handle: handle() },
        Outcome::Created,
        Outcome::Recreated {
            on: Recreation::SameClaim,
        },
        Outcome::Recreated {
            on: Recreation::NewClaim,
        },
        Outcome::Recreated {
            on: Recreation::NoClaim,
        },
        Outcome::Patched {
            fields: vec!["spec.replicas".to_owned()],
        },
        Outcome::Orphaned,
        Outcome::Rejected {
            error: "409".to_owned(),
        },
        Outcome::Unknown {
            missing: "pods".to_owned(),
        },
    ]
}

/// The words the schema knows under a tag.
fn words(part: &str, tag: &str) -> BTreeSet<String> {
    let schema = schema();
    let variants = schema["$defs"][part]["oneOf"].as_array().unwrap();
    let word = |variant: &Value| variant["properties"][tag]["const"].as_str().unwrap().to_owned();
    variants.iter().map(word).collect()
}

#[test]
fn every_act_is_in_the_schema_and_the_schema_has_no_other() {
    let validator = part("act");
    let mut said = BTreeSet::new();
    for act in acts().into_iter().chain(tasks()) {
        let value = json!(act);
        fits(&validator, &value);
        said.insert(value["act"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, words("act", "act"));
}

/// The fate of an object of a kind the world does not hold.
fn other(outcome: Outcome) -> Other {
    Other {
        object: Address {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            namespace: "shop".into(),
            name: "x".into(),
        },
        outcome,
        law: "helm_uninstall".into(),
        reason: Reason::new("why").seen(&pin(Kind::Release).key, "info.status", "deployed"),
    }
}

#[test]
fn every_outcome_is_in_the_schema_and_the_schema_has_no_other() {
    let validator = part("entry");
    let mut said = BTreeSet::new();
    for outcome in outcomes() {
        let key = pin(Kind::Pod).key;
        let entry = Entry {
            reason: Reason::new("why").seen(&key, "metadata.uid", "u").into(),
            object: key,
            uid: Uid::new("u"),
            outcome,
            law: "job".into(),
        };
        let value = json!(entry);
        fits(&validator, &value);
        said.insert(value["outcome"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, words("entry", "outcome"));
    let validator = part("other");
    for outcome in outcomes() {
        fits(&validator, &json!(other(outcome)));
    }
    assert_eq!(said, words("other", "outcome"));
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect();
    let schema = schema();
    let known = schema["$defs"]["kind"]["enum"].as_array().unwrap();
    let known: BTreeSet<String> = known.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect();
    assert_eq!(known, kinds);
}

#[test]
fn whole_reports_fit_and_a_word_too_many_is_noticed() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let now = Now {
        mono: Moment::default(),
        wall: jiff::Timestamp::UNIX_EPOCH,
    };
    for act in acts().into_iter().chain(tasks()) {
        // an empty world: everything is unknown or refused
        let report = headless::forecast(&World::default(), &act, &Conditions::default(), now, Duration::MAX);
        let value = json!(report);
        fits(&validator, &value);
        let mut more = value;
        more["surprise"] = json!(true);
        assert!(!validator.is_valid(&more));
    }
    let undo = part("undo");
    let how = || "so".to_owned();
    for way in [Undo::None, Undo::Lossless { how: how() }, Undo::Lossy { how: how() }] {
        fits(&undo, &json!(way));
    }
    let whole = Forecast {
        act: acts().remove(0),
        entries: outcomes()
            .into_iter()
            .map(|outcome| Entry {
                object: pin(Kind::Pod).key,
                uid: Uid::default(),
                outcome,
                law: "job".into(),
                reason: Reason::default().into(),
            })
            .collect(),
        others: outcomes().into_iter().map(other).collect(),
        quorum: Vec::new(),
        tier: Tier::T3,
        because: String::new(),
        undo: Undo::None,
        unknowns: Vec::new(),
    };
    let summary = json!(whole.summary());
    fits(&part("summary"), &summary);
    let told: usize = summary
        .as_object()
        .unwrap()
        .values()
        .map(|list| list.as_array().unwrap().len())
        .sum();
    assert_eq!(told, 2 * outcomes().len(), "each object under one question: {summary}");
}
