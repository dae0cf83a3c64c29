//! `docs/schema/explain.v1.json`, held against every act, tier and kind that an explanation can name.

use super::{acts, fits, pin};
use crate::published::published;
use jsonschema::Validator;
use pilothouse::diagnose::Step;
use pilothouse::forecast::Tier;
use pilothouse::headless::{self, ExplanationReport, Outlook, StepReport};
use pilothouse::laws::Conditions;
use pilothouse::model::{Kind, Moment, Now, Object, World};
use serde_json::{Value, json};
use std::time::Duration;

fn validator() -> Validator {
    jsonschema::validator_for(&published("explain.v1.json")).unwrap()
}

/// A claim that is going with the disk that it holds, and the pod that keeps it.
fn report() -> ExplanationReport {
    let object = |kind, value: Value| Object::from_value(kind, &value).unwrap();
    let world = World::of([
        object(
            Kind::PersistentVolumeClaim,
            json!({"metadata": {"name": "x", "namespace": "shop", "uid": "c", "resourceVersion": "1",
                "deletionTimestamp": "1970-01-01T00:00:00Z", "finalizers": ["kubernetes.io/pvc-protection"]},
                "spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}}),
        ),
        object(
            Kind::PersistentVolume,
            json!({"metadata": {"name": "pv", "uid": "v", "resourceVersion": "1"}, "status": {"phase": "Bound"},
                "spec": {"claimRef": {"namespace": "shop", "name": "x", "uid": "c"}, "persistentVolumeReclaimPolicy": "Delete"}}),
        ),
        object(
            Kind::Pod,
            json!({"metadata": {"name": "p", "namespace": "shop", "uid": "p", "resourceVersion": "1"}, "status": {"phase": "Running"},
                "spec": {"nodeName": "n1", "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "x"}}]}}),
        ),
    ]);
    let now = Now {
        mono: Moment::default(),
        wall: jiff::Timestamp::UNIX_EPOCH,
    };
    let key = pin(Kind::PersistentVolumeClaim).key;
    headless::explain(&world, &key, &Conditions::default(), now, Duration::from_secs(15)).unwrap()
}

#[test]
fn every_act_and_tier_fits() {
    let mut report = report();
    let whole = json!(report);
    fits(&validator(), &whole);
    let steps = whole["wayOut"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["act"].is_null()) && steps.iter().any(|step| !step["forecast"].is_null()));
    assert!(steps.iter().any(|step| step["later"] == true), "{whole:#}");

    let tiers = [Tier::T0, Tier::T1, Tier::T2, Tier::T3];
    let step = |(act, tier): (_, &Tier)| StepReport {
        step: Step {
            sentence: "x".to_owned(),
            act: Some(act),
            later: false,
        },
        forecast: Some(Outlook {
            tier: *tier,
            because: "x".to_owned(),
            headline: "x".to_owned(),
            unknowns: vec!["x".to_owned()],
        }),
    };
    report.way_out = acts().into_iter().zip(tiers.iter().cycle()).map(step).collect();
    for kind in Kind::ALL {
        report.object = pin(kind).key;
        fits(&validator(), &json!(report));
    }
}

#[test]
fn no_field_is_missing_from_the_schema_and_none_is_optional() {
    let whole = json!(report());
    for place in [
        "",
        "/chain/0",
        "/chain/0/reason",
        "/wayOut/0",
        "/wayOut/0/forecast",
        "/object",
    ] {
        let part = whole.pointer(place).unwrap().as_object().unwrap().clone();
        assert!(!part.is_empty());
        for field in part.keys() {
            let mut less = whole.clone();
            less.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(field);
            assert!(!validator().is_valid(&less), "{place}/{field} may be left out");
        }
        let mut more = whole.clone();
        more.pointer_mut(place).unwrap()["wish"] = json!(true);
        assert!(!validator().is_valid(&more), "{place} may hold anything");
    }
}
