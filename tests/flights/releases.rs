//! Looking into a Helm release: its revisions, objects, hooks, values, changes and drift, wherever Helm keeps its records.

use super::flight::{Flight, Plan};
use super::picture;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pilothouse::app::{Event, Key};
use pilothouse::sandbox::Denial;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

/// What must never be seen or kept.
const CANARY: &str = "kanarienvogel-9Rz";

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_looked_into_section_by_section() {
    let mut flight = Plan::of("hasan-prod").adapted(|objects| eventful(objects)).fly().await;
    go(&mut flight, "eks").await;
    flight.until_shown("Upgrade complete").await;
    all_read(&mut flight).await;
    flight.fresh().await;
    both(&mut flight, "release-revisions");
    assert!(flight.text().contains("kept as Secrets in hasan-prod (driver secret)"));
    flight.key(Key::Tab);
    flight.until_shown("compared with").await;
    flight.fresh().await;
    both(&mut flight, "release-objects");
    for told in [
        "24 objects",
        "keep stands on the live object only",
        "efs-sc  live  cluster-scoped",
    ] {
        assert!(everything(&mut flight).contains(told), "{told}:\n{}", flight.text());
    }
    flight.keys("G");
    flight.key(Key::Tab);
    flight.until_shown("pre-upgrade").await;
    both(&mut flight, "release-hooks");
    assert!(
        flight.line().contains("last run Succeeded 40d ago, took 12s"),
        "{}",
        flight.text()
    );

    flight.key(Key::Tab);
    flight.until_shown("v shows them").await;
    assert!(
        !flight.text().contains("env: prod"),
        "values are shown on demand only:\n{}",
        flight.text()
    );
    flight.keys("v");
    flight.until_shown("env: prod").await;
    both(&mut flight, "release-values");
    assert!(
        flight.text().contains("hidden: it looks like a secret"),
        "{}",
        flight.text()
    );

    flight.key(Key::Tab);
    flight.until_shown("from r6 to r7").await;
    both(&mut flight, "release-changes");
    for told in ["+ ", "replicas", "became-hook"] {
        assert!(everything(&mut flight).contains(told), "{told}:\n{}", flight.text());
    }
    flight.key(Key::Tab);
    flight.until_shown("not as r7 says: ").await;
    flight.fresh().await;
    both(&mut flight, "release-drift");
    flight.key(Key::Tab);
    flight.until_shown("Upgrade complete").await;
    flight.keys("[");
    flight.until_shown("r6 superseded").await;
    flight.keys("]");
    flight.until_shown("r7 deployed, the newest").await;
    flight.key(Key::Esc);
    flight.until_shown("finalizers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_cannot_be_decoded_is_a_state_of_its_own() {
    let spoilt = |objects: &mut Vec<Value>| {
        let gzip = STANDARD
            .decode(STANDARD.decode(text(record(objects, 5), "/data/release")).unwrap())
            .unwrap();
        let cut = STANDARD.encode(STANDARD.encode(&gzip[..gzip.len() / 2]));
        for (revision, payload) in [
            (4, STANDARD.encode("%%%")),
            (5, cut),
            (6, packed(&json!({"name": "x"}))),
        ] {
            record(objects, revision)["data"]["release"] = json!(payload);
        }
        record(objects, 7)["metadata"]["labels"]["status"] = json!("failed");
    };
    let mut flight = Plan::of("hasan-prod").adapted(spoilt).fly().await;
    go(&mut flight, "eks").await;
    for told in [
        "undecodable: the payload is no base64",
        "undecodable: the gzip stream is cut short",
        "undecodable: it is no release: it has no name or revision",
        "its label says \"failed\" and its payload \"deployed\"",
    ] {
        flight.until_told(told).await;
    }
    all_read(&mut flight).await;
    flight.fresh().await;
    both(&mut flight, "release-undecodable");
    flight.keys("]");
    flight.keys("[");
    flight.keys("[");
    flight.until_shown("r5 superseded").await;
    flight.key(Key::Tab);
    flight
        .until_told("r5 is undecodable: the gzip stream is cut short")
        .await;
    flight.keys("[[");
    flight.until_shown("r3 superseded").await;
    flight.until_shown("objects").await;
    flight.until_shown("pvc/mysql-pvc").await;
    // what was read makes rules of its own
    flight.order("fleet");
    flight.order("tenant hasan-prod");
    flight.order("findings");
    flight.take(Event::Resize {
        width: 300,
        height: 100,
    });
    flight.keys("/label says");
    flight.key(Key::Enter);
    flight
        .until_told("its label says \"failed\" and its payload \"deployed\"")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_in_config_maps_is_looked_into_as_well() {
    let mapped = |objects: &mut Vec<Value>| {
        let maps: Vec<Value> = (6..=7)
            .map(|revision| as_config_map(record(objects, revision), "maps"))
            .collect();
        objects.extend(maps);
    };
    let mut flight = Plan::of("hasan-prod").adapted(mapped).fly().await;
    go(&mut flight, "maps").await;
    flight
        .until_shown("2 kept as ConfigMaps in hasan-prod (driver configmap)")
        .await;
    all_read(&mut flight).await;
    flight.fresh().await;
    both(&mut flight, "release-config-map");
    flight.keys("n");
    flight.key(Key::Tab);
    flight
        .until_told("hasan-prod/maps (configmap) and hasan-prod/eks-1.0.4 name it in what they have deployed")
        .await;

    let denied = |sandbox: &pilothouse::sandbox::Sandbox| sandbox.access().deny(Denial::of("list", "configmaps"));
    let mut flight = Plan::of("hasan-prod").prepared(denied).fly().await;
    flight.order("tenant hasan-prod");
    flight.until_shown("? those in ConfigMaps: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_in_config_maps_are_watched_also_where_secrets_are_denied() {
    let mapped = |objects: &mut Vec<Value>| {
        let map = as_config_map(record(objects, 7), "maps");
        objects.push(map);
    };
    let denied = |sandbox: &pilothouse::sandbox::Sandbox| sandbox.access().deny(Denial::of("list", "secrets"));
    let mut flight = Plan::of("hasan-prod").adapted(mapped).prepared(denied).fly().await;
    // before anybody opens a tenant
    flight.until_shown("maps r7").await;
    flight.order("tenant hasan-prod");
    flight.until_shown("? those in Secrets: ").await;
    // what becomes of it is seen as it comes, and judged
    let newest = pilothouse::model::Key::new(
        pilothouse::model::Kind::ReleaseMap,
        "hasan-prod",
        "sh.helm.release.v1.maps.v7",
    );
    flight.meddle(&newest, |map| {
        map["metadata"]["labels"]["status"] = json!("pending-upgrade");
    });
    flight.until_shown("pending-upgrade").await;
    flight.order("findings");
    // as far as the panel has room for it
    flight.until_told("release maps r7 is pe").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_two_releases_name_is_told_with_both_names() {
    let twin = |objects: &mut Vec<Value>| {
        let mut twin = record(objects, 7).clone();
        twin["metadata"]["namespace"] = json!("stg");
        twin["metadata"]["name"] = json!("sh.helm.release.v1.twin.v1");
        twin["metadata"]["uid"] = json!("00000000-0000-4000-8000-00000000aaaa");
        twin["metadata"]["labels"]["name"] = json!("twin");
        twin["metadata"]["labels"]["version"] = json!("1");
        objects.push(twin);
    };
    let mut flight = Plan::of("hasan-prod").adapted(twin).fly().await;
    go(&mut flight, "eks").await;
    flight.key(Key::Tab);
    flight
        .until_told("hasan-prod/eks-1.0.4 and stg/twin name it in what they have deployed")
        .await;
    assert!(everything(&mut flight).contains("claimed twice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_is_not_known_and_never_gone() {
    let denied = |sandbox: &pilothouse::sandbox::Sandbox| sandbox.access().deny(Denial::of("get", "services"));
    let mut flight = Plan::of("hasan-prod").prepared(denied).fly().await;
    go(&mut flight, "eks").await;
    flight.key(Key::Tab);
    flight.until_shown("compared with").await;
    flight
        .until("the live objects to be looked at", |state| {
            !super::flight::screen(state).contains("looking at the live objects")
        })
        .await;
    let all = everything(&mut flight);
    assert!(all.contains("denied: ") && all.contains("5 not known"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_a_secret_is_shown_or_kept() {
    let hide = |objects: &mut Vec<Value>| {
        for revision in [6, 7] {
            change(record(objects, revision), |stored| {
                stored["config"]["mysql"] =
                    json!({"rootPassword": format!("{CANARY}{revision}"), "url": format!("db://a:{CANARY}@b")});
                stored["info"]["notes"] = json!(CANARY);
                let manifest = stored["manifest"].as_str().unwrap();
                stored["manifest"] = json!(format!(
                    "{manifest}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: login}}\nstringData: {{any: {CANARY}{revision}}}\n"
                ));
            });
        }
        objects.push(json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": "login", "namespace": "hasan-prod"},
            "data": {"any": STANDARD.encode(format!("{CANARY}other"))},
        }));
    };
    let mut flight = Plan::of("hasan-prod").adapted(hide).fly().await;
    flight.film = Some(Vec::new());
    go(&mut flight, "eks").await;
    flight.until_shown("Upgrade complete").await;
    for told in [
        "Secret/login",
        "no hooks",
        "v shows them",
        "from r6 to r7",
        "Secret/login",
    ] {
        flight.key(Key::Tab);
        flight
            .until("the section", move |state| {
                let text = super::flight::screen(state);
                text.contains(told) || text.contains("not as r7 says: ") || text.contains("compared with")
            })
            .await;
        flight.keys("v");
        everything(&mut flight);
        if told == "v shows them" {
            assert!(
                everything(&mut flight).contains("hidden: it looks like a secret"),
                "{}",
                flight.text()
            );
        } else {
            flight.keys("v");
        }
    }
    let all = everything(&mut flight);
    assert!(
        all.contains("differs; it looks like a secret"),
        "the live Secret is another one:\n{all}"
    );
    let film = flight.film.take().unwrap();
    let encoded = STANDARD.encode(CANARY);
    for screen in &film {
        assert!(!screen.contains(CANARY) && !screen.contains(&encoded[..20]), "{screen}");
    }
    assert!(!format!("{:?}", flight.state()).contains(CANARY), "the state holds it");
}

/// Goes to the release of hasan-prod that begins like this.
async fn go(flight: &mut Flight, release: &str) {
    flight.choose("hasan-prod", "releases", release).await;
    flight.until_shown(&format!("│{release}")).await;
    flight.keys("g");
    flight.key(Key::Enter);
    flight.until_shown("[revisions]").await;
}

/// Waits until every revision was read.
async fn all_read(flight: &mut Flight) {
    flight
        .until("every revision to be read", |state| {
            let text = super::flight::screen(state);
            !text.contains("reading its record") && !text.contains("enter reads")
        })
        .await;
}

/// Pictures of the screen at 120x40 and at 80x24.
fn both(flight: &mut Flight, name: &str) {
    flight.keys("g");
    picture(flight, &format!("{name}-120x40"));
    flight.take(Event::Resize { width: 80, height: 24 });
    picture(flight, &format!("{name}-80x24"));
    flight.take(Event::Resize { width: 120, height: 40 });
}

/// The whole page, screen by screen.
fn everything(flight: &mut Flight) -> String {
    flight.keys("g");
    for _ in 0..20 {
        flight.key(Key::PageUp);
    }
    let mut all = flight.text();
    for _ in 0..8 {
        flight.key(Key::PageDown);
        all.push_str(&flight.text());
    }
    all
}

/// The record of a revision of eks-1.0.4.
fn record(objects: &mut [Value], revision: u32) -> &mut Value {
    let name = format!("sh.helm.release.v1.eks-1.0.4.v{revision}");
    objects
        .iter_mut()
        .find(|object| object["metadata"]["name"] == name.as_str())
        .unwrap()
}

fn text<'a>(object: &'a Value, at: &str) -> &'a str {
    object.pointer(at).and_then(Value::as_str).unwrap()
}

fn packed(stored: &Value) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(stored.to_string().as_bytes()).unwrap();
    STANDARD.encode(STANDARD.encode(gzip.finish().unwrap()))
}

/// Changes what a record holds.
fn change(record: &mut Value, change: impl FnOnce(&mut Value)) {
    let inner = STANDARD.decode(text(record, "/data/release")).unwrap();
    let gzip = STANDARD.decode(inner).unwrap();
    let mut json = String::new();
    GzDecoder::new(gzip.as_slice()).read_to_string(&mut json).unwrap();
    let mut stored: Value = serde_json::from_str(&json).unwrap();
    change(&mut stored);
    record["data"]["release"] = json!(packed(&stored));
}

/// The same record as Helm keeps it with `HELM_DRIVER=configmap`, for a release of another name.
pub(super) fn as_config_map(record: &Value, name: &str) -> Value {
    let inner = STANDARD.decode(text(record, "/data/release")).unwrap();
    let mut map = record.clone();
    let revision = text(record, "/metadata/labels/version").to_owned();
    map["kind"] = json!("ConfigMap");
    map["metadata"]["name"] = json!(format!("sh.helm.release.v1.{name}.v{revision}"));
    map["metadata"]["labels"]["name"] = json!(name);
    map["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-00000000000{revision}"));
    map["data"]["release"] = json!(String::from_utf8(inner).unwrap());
    map.as_object_mut().unwrap().remove("type");
    map
}

/// Gives the newest two revisions something to tell: hooks, changed fields, an object that became a hook.
fn eventful(objects: &mut [Value]) {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: became-hook}\nspec: {backoffLimit: 1}\n";
    change(record(objects, 6), |stored| {
        let manifest = stored["manifest"]
            .as_str()
            .unwrap()
            .replace("replicas: 1", "replicas: 2");
        stored["manifest"] = json!(format!(
            "{manifest}---\n{job}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: old}}\n"
        ));
        stored["config"]["env"] = json!("stage");
    });
    change(record(objects, 7), |stored| {
        let manifest = stored["manifest"].as_str().unwrap().to_owned();
        stored["manifest"] = json!(format!(
            "{manifest}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: new}}\ndata: {{a: b}}\n"
        ));
        stored["config"]["mysql"] = json!({"rootPassword": "hunter2"});
        let deployed: jiff::Timestamp = stored["info"]["last_deployed"].as_str().unwrap().parse().unwrap();
        let done = deployed + std::time::Duration::from_secs(12);
        stored["hooks"] = json!([{
            "name": "became-hook", "kind": "Job", "path": "t.yaml", "weight": -5,
            "manifest": format!("{job}"), "events": ["pre-upgrade", "post-install"],
            "delete_policies": ["before-hook-creation", "hook-succeeded"],
            "last_run": {"started_at": deployed.to_string(), "completed_at": done.to_string(), "phase": "Succeeded"},
        }]);
    });
}
