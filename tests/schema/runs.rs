//! `docs/schema/{run,report,preflight,unstick}.v1.json`, held against every word that those reports can say. Whole reports, as
//! the program prints them, are held against them in `tests/unattended/runs.rs`, `tests/plan.rs` and `tests/cli.rs`.

use crate::published::{fits, fits_its_own, published};
use jsonschema::Validator;
use pilothouse::headless;
use pilothouse::headless::{Exit, PreflightLine};
use pilothouse::model::helm::{ValueOrigin, Valued};
use pilothouse::model::{Act, ClusterIdentity, Kind, Moment, Now, Propagation, Uid};
use pilothouse::runbook::Inventory;
use pilothouse::runbook::plan::Asked;
use pilothouse::runbook::progress::{Course, Event, State, Taken, Went, Word};
use pilothouse::runbook::soak::{Baseline, Binding, Restarts, Watched};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RUN: &str = "run.v1.json";

/// What a schema says of a part of a report.
fn part(file: &str, name: &str) -> Validator {
    let part = json!({ "$ref": format!("#/$defs/{name}"), "$defs": published(file)["$defs"] });
    jsonschema::validator_for(&part).unwrap()
}

fn word() -> Word {
    Word {
        by: "anna@desk".to_owned(),
        reason: "seen on the console".to_owned(),
    }
}

fn act() -> Act {
    Act::Delete {
        target: super::pin(Kind::Job),
        propagation: Propagation::Background,
    }
}

fn inventory() -> Inventory {
    let entry = json!({"claim": "data", "claimUid": "c", "becomes": "data", "volume": "pv", "volumeUid": "v", "handle": "efs fs-1",
        "class": null, "accessModes": ["ReadWriteOnce"], "volumeMode": null, "size": "1Gi"});
    serde_json::from_value(json!({ "namespace": "shop", "claims": [entry] })).unwrap()
}

fn watched() -> Vec<Watched> {
    let baseline = Baseline {
        pods: [(
            "db-0".to_owned(),
            Restarts {
                uid: "p".to_owned(),
                count: 2,
            },
        )]
        .into(),
        claims: [(
            "data".to_owned(),
            Binding {
                uid: "c".to_owned(),
                volume: "pv".to_owned(),
            },
        )]
        .into(),
    };
    let quiet = Watched {
        baseline: None,
        broken: None,
        rows: None,
    };
    let first = Watched {
        baseline: Some(Box::new(baseline)),
        rows: Some("orders 3".to_owned()),
        ..quiet.clone()
    };
    let broken = Watched {
        broken: Some("db-0 restarted".to_owned()),
        ..quiet.clone()
    };
    vec![quiet, first, broken]
}

fn events() -> Vec<Event> {
    let text = || "x".to_owned();
    let digest = || "0123456789abcdef".repeat(4);
    let sending = |word| Event::Sending {
        act: 0,
        approval: digest(),
        shown: Box::new(act()),
        word,
    };
    let mut all = vec![
        Event::NotNeeded { why: text() },
        Event::Began { acts: vec![act()] },
        Event::Signed { answers: vec![text()] },
        sending(None),
        sending(Some(word())),
        Event::Returned { act: 0, why: text() },
        Event::Ended { act: 0, how: text() },
        Event::Inventoried {
            inventory: Box::new(inventory()),
        },
        Event::Renewed {
            step: text(),
            why: text(),
        },
        Event::Acted,
        Event::Verified { seen: text() },
        Event::TimedOut { seen: text() },
        Event::Failed { seen: text() },
        Event::Changed { digest: digest() },
        Event::Noted {
            name: text(),
            value: text(),
        },
        Event::Halted { word: word() },
        Event::Resumed { word: word() },
        Event::Skipped { word: word() },
        Event::Waived { word: word() },
        Event::TurnedBack {
            word: word(),
            steps: vec![text()],
        },
        Event::Aborted { word: word() },
    ];
    all.extend(watched().into_iter().map(|look| Event::Watched { look }));
    all
}

fn states() -> Vec<State> {
    let seen = || "x".to_owned();
    vec![
        State::Waiting,
        State::NotNeeded { why: seen() },
        State::Acting,
        State::Verifying {
            again: true,
            since: jiff::Timestamp::UNIX_EPOCH,
        },
        State::Done,
        State::InDoubt { seen: seen() },
        State::Stopped {
            seen: seen(),
            unseen: false,
        },
        State::Skipped { word: word() },
        State::Waived {
            word: word(),
            seen: seen(),
        },
    ]
}

/// The words that a part of the schema knows under this tag.
fn known(name: &str, tag: &str) -> BTreeSet<String> {
    let schema = published(RUN);
    let variants = schema["$defs"][name]["oneOf"].as_array().unwrap().clone();
    let word = |variant: &Value| variant["properties"][tag]["const"].as_str().unwrap().to_owned();
    variants.iter().map(word).collect()
}

#[test]
fn every_event_of_a_run_is_in_the_schema_and_the_schema_has_no_other() {
    let validator = part(RUN, "event");
    let mut told = BTreeSet::new();
    for event in events() {
        fits(&validator, &json!(event));
        told.insert(event.name().to_owned());
    }
    assert_eq!(told, known("event", "event"));
}

#[test]
fn every_state_of_a_step_is_in_both_schemas() {
    let account = published("report.v1.json");
    let words = account["$defs"]["step"]["properties"]["state"]["enum"]
        .as_array()
        .unwrap();
    let (validator, mut told) = (part(RUN, "course"), BTreeSet::new());
    let wents = [
        Went::Ahead,
        Went::Sent {
            approval: "ab".repeat(32),
        },
        Went::Over {
            how: "observed".to_owned(),
        },
    ];
    for state in states() {
        let value = json!(state);
        told.insert(value["state"].as_str().unwrap().to_owned());
        assert!(words.contains(&json!(state.word())), "{}", state.word());
        let acts = wents.iter().map(|went| Taken {
            act: act(),
            went: went.clone(),
        });
        let course = Course {
            id: "end".to_owned(),
            state,
            acts: acts.collect(),
            inventory: Some(Box::new(inventory())),
        };
        fits(&validator, &json!(course));
    }
    assert_eq!(told, known("state", "state"));
    assert_eq!(words.len(), told.len());
}

#[test]
fn a_run_that_has_not_begun_fits_with_every_exit_code() {
    let cluster = ClusterIdentity {
        context: "prod".into(),
        server: "https://prod".into(),
        ca: "".into(),
        kube_system: Uid::new("k"),
        user: "anna".into(),
    };
    let now = Now {
        mono: Moment::default(),
        wall: jiff::Timestamp::UNIX_EPOCH,
    };
    for exit in [Exit::Clean, Exit::Findings, Exit::Unknown, Exit::Person] {
        let report = headless::run(None, &cluster, now, exit, "nothing began".to_owned(), None);
        fits_its_own(&json!(report));
    }
}

#[test]
fn a_value_and_a_question_fit_whatever_is_known_of_them() {
    let line = part("preflight.v1.json", "check");
    for holds in [None, Some(true), Some(false)] {
        let value = json!(PreflightLine {
            step: "install".to_owned(),
            asked: Asked {
                check: "fields.can-change".to_owned(),
                found: pilothouse::diagnose::Found {
                    holds,
                    value: "x".to_owned(),
                },
            },
        });
        fits(&line, &value);
    }
    let origins = [
        ValueOrigin::Chart,
        ValueOrigin::File("values.yaml:3:9".into()),
        ValueOrigin::Revision(4),
        ValueOrigin::Fetched,
    ];
    for origin in origins {
        for value in [None, Some("8.0".into())] {
            let one = Valued {
                path: "image.tag".into(),
                value,
                origin: origin.clone(),
            };
            fits(&part("preflight.v1.json", "valued"), &json!(one));
            fits(&part("plan.v1.json", "valued"), &json!(one));
        }
    }
}

/// What several schemas say of the same thing they say in the same words.
#[test]
fn what_is_in_several_schemas_is_the_same_in_each() {
    let forecast = published("forecast.v1.json");
    for file in [RUN, "unstick.v1.json", "explain.v1.json"] {
        let schema = published(file);
        let own = [
            "act",
            "helm",
            "pin",
            "key",
            "task",
            "draft",
            "classDraft",
            "source",
            "means",
            "kind",
            "executor",
        ];
        for name in own {
            let held = &schema["$defs"][name];
            assert!(held.is_object() || file == "unstick.v1.json", "{file} has no {name}");
            assert_eq!(held, &forecast["$defs"][name], "{name} of {file}");
        }
    }
    let plan = published("plan.v1.json");
    for (file, name) in [
        (RUN, "inventory"),
        ("report.v1.json", "inventory"),
        ("preflight.v1.json", "valued"),
    ] {
        assert_eq!(published(file)["$defs"][name], plan["$defs"][name], "{name} of {file}");
    }
}
