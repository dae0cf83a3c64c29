//! `docs/schema/release.v1.json`, held against every word that a report on a release can say.

use super::fits;
use jsonschema::Validator;
use pilothouse::diagnose::standing::{Keep, Life, Note, Standing};
use pilothouse::diagnose::{Look, Severity};
use pilothouse::headless::{self, RevisionLine};
use pilothouse::laws::Conditions;
use pilothouse::model::helm::{
    Address, Claims, Contents, Difference, Driver, Home, How, Leaves, Live, Opening, Side, Whole,
};
use pilothouse::model::{Kind, Moment, Now, Object, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/release.v1.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn part(name: &str) -> Validator {
    let mut schema = schema();
    schema["oneOf"] = json!([{ "$ref": format!("#/$defs/{name}") }]);
    jsonschema::validator_for(&schema).unwrap()
}

/// The words the schema knows under a tag.
fn words(part: &str, tag: &str) -> BTreeSet<String> {
    let schema = schema();
    let variants = match schema["$defs"][part]["oneOf"].as_array() {
        Some(variants) => variants.clone(),
        None => schema["$defs"][part]["properties"][tag]["oneOf"]
            .as_array()
            .unwrap()
            .clone(),
    };
    let word = |variant: &Value| variant["properties"][tag]["const"].as_str().unwrap().to_owned();
    variants.iter().map(word).collect()
}

fn now() -> Now {
    Now {
        mono: Moment::default(),
        wall: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn home() -> Home {
    Home::new("shop", "eks", Driver::ConfigMap)
}

fn address() -> Address {
    Address::new("v1", "ConfigMap", "", "app", "shop")
}

#[test]
fn every_word_is_in_the_schema_and_the_schema_has_no_other() {
    let lives = [
        Life::Live,
        Life::Deleting,
        Life::Gone,
        Life::Unserved,
        Life::Unknown {
            why: "denied".to_owned(),
        },
    ];
    let keeps = [
        Keep::None,
        Keep::Stored,
        Keep::StoredOther("retain".into()),
        Keep::LiveOnly("keep".into()),
    ];
    let (mut of_life, mut of_keep) = (BTreeSet::new(), BTreeSet::new());
    let validator = part("standing");
    for life in lives {
        for keep in &keeps {
            let value = json!(Standing {
                object: address(),
                life: life.clone(),
                keep: keep.clone(),
                claimed_by: vec![home()],
                notes: [Severity::Clean, Severity::Warned, Severity::Blocked]
                    .map(|severity| Note {
                        severity,
                        sentence: "so".to_owned()
                    })
                    .to_vec(),
            });
            fits(&validator, &value);
            of_life.insert(value["life"]["is"].as_str().unwrap().to_owned());
            of_keep.insert(value["keep"]["is"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((of_life, of_keep), (words("life", "is"), words("keep", "is")));

    let sides = [Side::Absent, Side::Hidden, Side::Shown("x".into())];
    let validator = part("side");
    let mut said = BTreeSet::new();
    for side in &sides {
        fits(&validator, &json!(side));
        said.insert(json!(side)["is"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, words("side", "is"));

    let difference = Difference {
        path: "a".into(),
        before: Side::Absent,
        after: Side::Hidden,
    };
    let validator = part("change");
    let mut said = BTreeSet::new();
    let all = [
        How::Added,
        How::Removed,
        How::Changed(vec![difference]),
        How::BecameHook,
        How::BecamePlain,
    ];
    for how in all {
        let value = json!(pilothouse::model::helm::Change {
            object: address(),
            hook: true,
            how
        });
        fits(&validator, &value);
        said.insert(value["how"]["how"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, words("change", "how"));
}

fn record(status: &str) -> Object {
    let record = json!({"metadata": {"name": "sh.helm.release.v1.eks.v7", "namespace": "shop", "uid": "u",
        "creationTimestamp": "2026-04-27T12:00:00Z", "labels": {"owner": "helm", "name": "eks", "version": "7", "status": status}}});
    Object::from_value(Kind::Release, &record).unwrap()
}

fn opening() -> Opening {
    let stored = json!({
        "name": "eks", "namespace": "shop", "version": 7, "apply_method": "ssa",
        "info": {"status": "deployed", "first_deployed": "2026-04-27T12:00:00Z", "description": "Upgrade complete"},
        "chart": {"metadata": {"name": "eks", "version": "1.0.4", "appVersion": "8"}},
        "config": {"env": "prod", "password": "hunter2"},
        "manifest": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {a: b}\n",
        "hooks": [{"name": "setup", "kind": "Job", "manifest": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: setup}",
            "events": ["pre-upgrade", "test"], "weight": -2, "delete_policies": ["hook-succeeded", "hook-failed"],
            "last_run": {"started_at": "2026-04-01T00:00:00Z", "completed_at": "", "phase": "Running"}}],
    });
    let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, stored.to_string());
    Opening::of_config_map(json!({"data": {"release": payload}}).to_string().as_bytes())
}

#[test]
fn whole_reports_fit_and_a_word_too_many_is_noticed() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let (world, conditions) = (World::default(), Conditions::default());
    let look = Look {
        world: &world,
        conditions: &conditions,
        now: now(),
        quiet: Duration::MAX,
    };
    let live: BTreeMap<Address, Live> = [(address(), Live::Absent)].into();
    let claims = Claims {
        by: [(Home::new("stg", "stg", Driver::Secret), vec![address()])].into(),
        left: [(Home::new("stg", "x", Driver::Secret), "denied".to_owned())].into(),
    };
    let mut reports = Vec::new();
    for answer in [Ok(opening()), Ok(Opening::of_secret(b"{}")), Err("denied".to_owned())] {
        for values in [false, true] {
            let object = record("failed");
            let report = headless::show(look, &home(), (&object, &answer), (&live, &claims), values);
            assert!(!report.text(100).contains("hunter2"));
            reports.push(json!(report));
        }
        let told = RevisionLine::of(&record("deployed"), &answer);
        let report = headless::history(&home(), vec![told], now());
        assert!(report.text(80).contains("r7"));
        reports.push(json!(report));
    }
    let contents = opening().opened().unwrap().contents.clone();
    let other = Contents::default();
    let revised = headless::revised(&home(), (6, &other), (7, &contents), now());
    assert!(revised.text(80).contains("+ ConfigMap/app"), "{}", revised.text(80));
    reports.push(json!(revised));
    for whole in [
        Whole::There(Leaves::default()),
        Whole::Absent,
        Whole::Unserved,
        Whole::Unknown {
            why: "denied".to_owned(),
        },
    ] {
        let found: BTreeMap<Address, Whole> = [(address(), whole)].into();
        let report = headless::drifted(&home(), (7, &contents), &found, now());
        assert!(!report.text(80).is_empty());
        reports.push(json!(report));
    }
    for report in reports {
        fits(&validator, &report);
        assert!(!report.to_string().contains("hunter2"), "{report:#}");
        let mut more = report;
        more["surprise"] = json!(true);
        assert!(!validator.is_valid(&more));
    }
}

#[test]
fn the_exit_code_says_what_is_wrong_before_what_is_missing() {
    let code = |status: &str, answer: Result<Opening, String>| {
        let line = RevisionLine::of(&record(status), &answer);
        json!(headless::history(&home(), vec![line], now()))["exitCode"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(code("deployed", Ok(opening())), 0);
    assert_eq!(code("failed", Ok(opening())), 1, "the label says otherwise");
    assert_eq!(code("deployed", Ok(Opening::of_secret(b"{}"))), 3);
    assert_eq!(code("deployed", Err("denied".to_owned())), 3);
}
