//! Scenario files: what they become, and what they say when they are wrong.

use super::{Scenario, ScenarioError, load, parse, shipped};
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::{Key, Kind, Object, Propagation};
use crate::sandbox::controllers::document as doc;
use crate::sandbox::{Clock, Objects as _, Options, Sandbox, Settled, TestClock};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use std::io::Read as _;
use std::time::Duration;

const HEADER: &str = "scenario: small\ntitle: A small one\n---\n";

fn now() -> Timestamp {
    "2026-04-27T14:02:11Z".parse().unwrap()
}

fn small(documents: &str) -> Result<Scenario, ScenarioError> {
    parse("small.yaml", &format!("{HEADER}{documents}"))
}

fn objects(documents: &str) -> Vec<Value> {
    let scenario = small(documents).unwrap_or_else(|error| panic!("{error}"));
    scenario.objects(now()).unwrap()
}

fn wrong(documents: &str) -> String {
    small(documents).unwrap_err().to_string()
}

#[test]
fn the_shipped_scenarios_have_titles_and_decode_as_facts() {
    let names: Vec<String> = shipped().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["hasan-prod", "calm", "vault-raft"]);
    for (name, title) in shipped() {
        assert!(!title.is_empty(), "{name}");
        let scenario = load(&name).unwrap();
        assert_eq!(scenario.name, name);
        assert!(!scenario.story.is_empty(), "{name}");
        assert_eq!(scenario.conditions().server_minor, Some(36));
        for object in scenario.objects(now()).unwrap() {
            if let Some(key) = doc::key(&object) {
                let told = Object::from_value(key.kind, &object);
                assert!(told.is_ok(), "{key}: {told:?}");
            }
        }
    }
}

#[test]
fn hasan_prod_is_as_the_seed_tells_it() {
    let objects = load("hasan-prod").unwrap().objects(now()).unwrap();
    let count = |kind: &str| {
        let own = objects
            .iter()
            .filter(|object| doc::text(object, "/kind") == kind && doc::namespace(object) == "hasan-prod");
        own.count()
    };
    assert_eq!((count("Pod"), count("PersistentVolumeClaim"), count("Job")), (22, 7, 9));
    let named = |kind: &str, name: &str| {
        objects
            .iter()
            .find(|object| doc::text(object, "/kind") == kind && doc::name(object) == name)
            .unwrap()
    };
    let claim = named("PersistentVolumeClaim", "shared-data");
    assert_eq!(doc::text(claim, "/metadata/deletionTimestamp"), "2026-04-27T10:50:11Z");
    let volume = named("PersistentVolume", "efs-data");
    assert_eq!(
        doc::text(volume, "/spec/claimRef/uid"),
        doc::text(claim, "/metadata/uid")
    );
    let stale = named("PersistentVolume", "efs-client-logs-2025");
    let live = named("PersistentVolumeClaim", "client-logs");
    assert_ne!(doc::text(stale, "/spec/claimRef/uid"), doc::text(live, "/metadata/uid"));
    let young = |pod: &&Value| {
        doc::name(pod).starts_with("train-")
            && doc::text(pod, "/metadata/creationTimestamp") > doc::text(claim, "/metadata/deletionTimestamp")
    };
    assert_eq!(
        objects.iter().filter(young).count(),
        0,
        "no pod is placed on a dying claim"
    );
}

/// The record inside a release's Secret, taken out as Helm does it.
fn record(secret: &Value) -> Value {
    let outer = STANDARD.decode(doc::text(secret, "/data/release")).unwrap();
    let packed = STANDARD.decode(outer).unwrap();
    assert_eq!(packed.get(..3), Some([0x1f, 0x8b, 0x08].as_slice()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_release_record_reads_as_helm_wrote_it() {
    let objects = load("hasan-prod").unwrap().objects(now()).unwrap();
    let records: Vec<&Value> = objects
        .iter()
        .filter(|object| doc::text(object, "/type") == RELEASE_SECRET_TYPE && doc::namespace(object) == "hasan-prod")
        .collect();
    assert_eq!(records.len(), 7);
    let last = records.last().unwrap();
    assert_eq!(doc::name(last), "sh.helm.release.v1.eks-1.0.4.v7");
    let lean = Object::from_value(Kind::Release, last).unwrap();
    let release = lean.body.release().unwrap();
    assert_eq!(
        (release.name.as_str(), release.revision, release.status.as_str()),
        ("eks-1.0.4", 7, "deployed")
    );
    let record = record(last);
    assert_eq!(doc::text(&record, "/info/status"), "deployed");
    assert_eq!(doc::text(&record, "/chart/metadata/name"), "eks");
    let manifest = doc::text(&record, "/manifest");
    assert_eq!(manifest.matches("---\n# Source: eks/templates/").count(), 23);
    assert!(
        !manifest.contains("resource-policy"),
        "keep stands on the live objects only"
    );
    assert!(!manifest.contains("meta.helm.sh"));
    let documents: Vec<Value> = serde_saphyr::from_multiple(manifest).unwrap();
    assert_eq!(documents.len(), 23);
    let live = objects.iter().filter(|object| {
        doc::namespace(object) == "hasan-prod"
            && object
                .pointer("/metadata/annotations")
                .is_some_and(|all| all.get("helm.sh/resource-policy").is_some())
    });
    assert_eq!(live.count(), 4);
}

#[test]
fn no_scenario_holds_a_secret_value() {
    for (name, _) in shipped() {
        for object in load(&name).unwrap().objects(now()).unwrap() {
            let secret = doc::text(&object, "/kind") == "Secret";
            assert!(!secret || doc::text(&object, "/type") == RELEASE_SECRET_TYPE, "{name}");
        }
    }
}

#[test]
fn a_repeat_fills_in_names_numbers_uids_and_times() {
    let made = objects(
        "repeat: [{name: a, born: -2d}, {name: b, extra: {deep: [1]}}]\n\
         documents:\n\
         - apiVersion: v1\n  \
           kind: ConfigMap\n  \
           metadata: {name: \"${name}-${n}\", namespace: x, creationTimestamp: \"${born}\", \
             annotations: {of: \"${uid pvc/x/${name}}\"}}\n  \
           data: {plain: \"$${HOME}\", startTime: -3h}\n  \
           extra: ${extra}\n",
    );
    let names: Vec<&str> = made.iter().map(doc::name).collect();
    assert_eq!(names, ["a-1", "b-2"]);
    assert_eq!(
        doc::text(&made[0], "/metadata/creationTimestamp"),
        "2026-04-25T14:02:11Z"
    );
    assert_eq!(doc::text(&made[0], "/data/plain"), "${HOME}");
    assert_eq!(
        doc::text(&made[0], "/data/startTime"),
        "-3h",
        "a ConfigMap's data is nobody's time"
    );
    assert_eq!(made[0].get("extra"), None, "a name only the other item gives is absent");
    assert_eq!(made[1].pointer("/extra/deep/0"), Some(&Value::from(1)));
    assert_eq!(
        doc::text(&made[1], "/metadata/annotations/of"),
        super::expand::uid_of("PersistentVolumeClaim", "x", "b")
    );
    let counted = objects(
        "repeat: 3\ndocuments: [{apiVersion: v1, kind: ConfigMap, metadata: {name: \"c${n}\", namespace: x}}]\n",
    );
    assert_eq!(counted.len(), 3);
}

#[test]
fn a_grown_deployment_has_its_replica_set_its_pods_and_its_status() {
    let made = objects(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\ngrow: {}\n\
         metadata: {name: web, namespace: x, creationTimestamp: -5d}\n\
         spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
         spec: {containers: [{name: web, image: \"web:1\"}]}}}\n",
    );
    let kinds: Vec<&str> = made.iter().map(|object| doc::text(object, "/kind")).collect();
    assert_eq!(kinds, ["Node", "Deployment", "ReplicaSet", "Pod", "Pod"]);
    assert_eq!(doc::number(&made[1], "/status/readyReplicas"), Some(2));
    assert_eq!(doc::text(&made[3], "/spec/nodeName"), "n1");
    assert_eq!(doc::text(&made[3], "/status/startTime"), "2026-04-22T14:02:11Z");
    assert_eq!(
        doc::text(&made[3], "/metadata/ownerReferences/0/uid"),
        doc::text(&made[2], "/metadata/uid")
    );
}

#[test]
fn errors_name_the_place_and_the_fix() {
    let config = |metadata: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n");
    for (told, expected) in [
        (
            wrong(&config("\n  name: a\n  creationTimestamp: -41x")),
            "small.yaml:8:22: \"-41x\" is no time; write a span before now (-41d, -3h12m, -90s) or a time \
             (2026-04-27T10:50:00Z)",
        ),
        (
            wrong(&config("{name: \"a-${who}\"}")),
            "small.yaml:6:18: nothing is called \"who\" here; only inside a repeat are there names to fill in; \
             write $${ for a plain ${",
        ),
        (
            wrong("kind: ConfigMap\nmetadata: {name: a}\n"),
            "small.yaml:4:1: this document is no manifest; give it apiVersion, kind and metadata.name (apiVersion is \
             missing)",
        ),
        (
            wrong(&config("{}")),
            "small.yaml:4:1: this manifest has no name; give it metadata.name",
        ),
        (
            wrong("repeat: many\ndocuments: []\n"),
            "small.yaml:4:9: repeat is neither a number nor a list; write a number (repeat: 9) or a list of mappings \
             (repeat: [{name: 7f}, {name: 80}])",
        ),
        (
            wrong("repeat: 2\ndocuments: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]\n"),
            "small.yaml:5:13: there is a second ConfigMap a in the cluster; give it another name or remove one of them",
        ),
        (
            wrong(
                "repeat: [{claim: a}]\ndocuments: [{apiVersion: v1, kind: ConfigMap, metadata: {name: \"${uid claim/x}\"}}]\n",
            ),
            "small.yaml:5:64: \"claim/x\" names no object; write ${uid pvc/NAMESPACE/NAME}, or ${uid pv/NAME} for what \
             has no namespace",
        ),
        (
            wrong("apiVersion: v1\nkind: Service\ngrow: {}\nmetadata: {name: a}\n"),
            "small.yaml:4:1: a Service makes no pods; use grow on a StatefulSet, Deployment, ReplicaSet, DaemonSet or Job",
        ),
        (
            wrong("apiVersion: v1\nkind: Service\nrelease: stg\nmetadata: {name: a}\n"),
            "small.yaml:4:1: this object's release is not told by namespace and name; write release: NAMESPACE/NAME",
        ),
    ] {
        assert_eq!(told, expected);
    }
    let broken = wrong("apiVersion: [v1\nkind: x\n");
    assert!(
        broken.starts_with("small.yaml:") && broken.contains("this is not YAML"),
        "{broken}"
    );
    let header = parse("x.yaml", "title: no name\n").unwrap_err().to_string();
    assert!(
        header.starts_with("x.yaml:1:1: the first document is not a scenario's header"),
        "{header}"
    );
    let header = parse("x.yaml", "scenario: a\ntitel: b\n").unwrap_err().to_string();
    assert!(
        header.starts_with("x.yaml:2:1: the header has no field \"titel\""),
        "{header}"
    );
}

#[test]
fn a_file_is_loaded_by_its_path_and_a_missing_one_says_what_there_is() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mine.yaml");
    std::fs::write(
        &path,
        format!("{HEADER}apiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"),
    )
    .unwrap();
    let scenario = load(path.to_str().unwrap()).unwrap();
    assert_eq!(scenario.title, "A small one");
    let error = load("hasan-pord").unwrap_err().to_string();
    assert!(error.contains("name one of hasan-prod, calm, vault-raft"), "{error}");
}

#[test]
fn a_scenario_starts_as_a_sandbox_and_its_destroyed_disks_are_told() {
    let clock = Clock::Test(TestClock::at(now()));
    let options = Options::of(&load("calm").unwrap(), clock, 1).unwrap();
    let sandbox = Sandbox::start(options).unwrap();
    assert_eq!(sandbox.settle(Duration::from_hours(1)), Settled::AtRest);
    sandbox.change(|store| {
        for (key, propagation) in [
            (Key::cluster(Kind::PersistentVolume, "beta-db"), None),
            (Key::new(Kind::StatefulSet, "beta", "db"), Some(Propagation::Background)),
            (
                Key::new(Kind::PersistentVolumeClaim, "beta", "data-db-0"),
                Some(Propagation::Background),
            ),
        ] {
            let mut object = store.get(&key).unwrap();
            if let Some(propagation) = propagation {
                store.delete(&key, &doc::uid(&object), propagation).unwrap();
            } else {
                doc::put(&mut object, &["spec", "persistentVolumeReclaimPolicy"], "Delete");
                store.replace(object).unwrap();
            }
        }
    });
    assert_eq!(sandbox.settle(Duration::from_hours(1)), Settled::AtRest);
    assert_eq!(sandbox.destroyed(), ["ebs.csi.aws.com vol-0beta77c1e0"]);
}
