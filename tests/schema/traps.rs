//! `docs/schema/traps.v1.json`, held against every word that a report on traps can say.

use super::fits;
use jsonschema::Validator;
use pilothouse::diagnose::traps::{Teller, catalogue};
use pilothouse::diagnose::{Finding, Look, Severity, Unjudged, findings};
use pilothouse::headless::{self, TrapsReport};
use pilothouse::laws::Conditions;
use pilothouse::model::survey::{ApiService, Asked};
use pilothouse::model::{ClusterIdentity, Kind, Moment, Now, Object, Survey, Tenant, Uid, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(15);

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/traps.v1.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn now() -> Now {
    Now {
        mono: Moment::default(),
        wall: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn world() -> World {
    let object = |kind, value: Value| Object::from_value(kind, &value).unwrap();
    World::of([
        object(
            Kind::Namespace,
            json!({"metadata": {"name": "shop", "uid": "n"}, "status": {"phase": "Active"}}),
        ),
        object(
            Kind::PersistentVolumeClaim,
            json!({"metadata": {"name": "data", "namespace": "shop", "uid": "c", "annotations": {"helm.sh/resource-policy": "KEEP"}}}),
        ),
        object(
            Kind::PersistentVolume,
            json!({"metadata": {"name": "pv", "uid": "v"}, "status": {"phase": "Released"},
                "spec": {"claimRef": {"namespace": "shop", "name": "old", "uid": "o"}, "persistentVolumeReclaimPolicy": "Delete"}}),
        ),
    ])
}

fn shop() -> Tenant {
    Tenant {
        name: "shop".into(),
        namespaces: vec!["shop".into()],
        release: None,
    }
}

fn report(conditions: &Conditions, tenants: &[Tenant]) -> TrapsReport {
    let world = world();
    let look = Look {
        world: &world,
        conditions,
        now: now(),
        quiet: QUIET,
    };
    let cluster = ClusterIdentity {
        context: "prod".into(),
        server: "https://prod".into(),
        ca: "".into(),
        kube_system: Uid::new("k"),
        user: "anna".into(),
    };
    headless::traps(look, tenants, Some(&cluster))
}

#[test]
fn a_report_fits_and_tells_number_severity_evidence_remedy_and_source() {
    let survey = Survey {
        services: Asked::Seen(vec![ApiService {
            name: "v1.acme.io".into(),
            available: "False".into(),
            reason: "ServiceNotFound".into(),
        }]),
        ..Survey::default()
    };
    let conditions = Conditions {
        survey: Arc::new(survey),
        ..Conditions::default()
    };
    let value = json!(report(&conditions, &[shop()]));
    fits(&validator(), &value);
    let traps = value["tenants"][0]["traps"].as_array().unwrap();
    let numbers: BTreeSet<u64> = traps.iter().map(|trap| trap["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [5, 47, 59].into());
    let words: BTreeSet<&str> = traps.iter().map(|trap| trap["severity"].as_str().unwrap()).collect();
    let schema = schema();
    let known = schema["$defs"]["trap"]["properties"]["severity"]["enum"]
        .as_array()
        .unwrap();
    assert_eq!(words, known.iter().map(|word| word.as_str().unwrap()).collect());
    assert_eq!(traps[0]["severity"], "blocked", "the worst first");
    for trap in traps {
        assert!(!trap["reason"]["evidence"].as_array().unwrap().is_empty(), "{trap:#}");
        assert!(!trap["remedy"].as_str().unwrap().is_empty() && !trap["source"].as_str().unwrap().is_empty());
    }
    assert_eq!((&value["exitCode"], &value["kind"]), (&json!(1), &json!("Traps")));
    let left = value["tenants"][0]["unjudged"].as_array().unwrap();
    assert!(left.iter().any(|left| left["traps"] == json!([50])), "{left:#?}");

    let nobody = json!(report(&Conditions::default(), &[]));
    fits(&validator(), &nobody);
    assert_eq!(nobody["exitCode"], 0);
}

/// Every number that a finding or an entry may have is in the catalogue; a finding of a trap is told as that trap.
#[test]
fn the_catalogue_fits_and_knows_every_word() {
    let whole = headless::trap_catalogue();
    let value = json!(whole);
    fits(&validator(), &value);
    let told: BTreeSet<&str> = whole.traps.iter().map(|entry| entry.told).collect();
    let schema = schema();
    let known = schema["$defs"]["entry"]["properties"]["told"]["enum"]
        .as_array()
        .unwrap();
    assert_eq!(told, known.iter().map(|word| word.as_str().unwrap()).collect());
    let found: Vec<Finding> = findings(&world(), &shop(), &Conditions::default(), now(), QUIET);
    let trapped = found.iter().filter(|finding| finding.severity > Severity::Clean);
    assert!(
        trapped
            .flat_map(|finding| finding.traps)
            .all(|number| (1..=60).contains(number))
    );
    let left = json!(Unjudged {
        traps: vec![61],
        why: "so".to_owned()
    });
    let mut part = self::schema();
    part["oneOf"] = json!([{ "$ref": "#/$defs/unjudged" }]);
    assert!(
        !jsonschema::validator_for(&part).unwrap().is_valid(&left),
        "there are sixty"
    );
}

/// What is told at the act has a test in this repository that shows it.
#[test]
fn each_trap_that_an_act_tells_of_is_shown_by_a_test() {
    let mut shown = 0;
    for trap in catalogue() {
        if let Some(Teller { test: (file, name), .. }) = trap.told.teller() {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.contains(&format!("#[test]\nfn {name}()")),
                "trap {}: {file} has no test {name}",
                trap.number
            );
            shown += 1;
        }
    }
    assert!(shown > 10, "{shown}");
}
