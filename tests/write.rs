//! The whole path of a write against a scripted server: panel, approval, journal, fresh reading, clearance, request.
//! What a single request's answers prove is tried one by one in `src/cluster/write/tests.rs`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "support/scripted.rs"]
mod scripted;

use pilothouse::cluster::{Clock, ConnectOptions, Connection, connect, read, write};
use pilothouse::diagnose::Look;
use pilothouse::forecast::forecast;
use pilothouse::gate::{Approved, Clearance, Fresh, ItemState, Panel, Voided, clear};
use pilothouse::journal::{Logged, Opened, Outcome, Saved, open};
use pilothouse::laws::Conditions;
use pilothouse::model::{Act, Key, Kind, Moment, Now, Object, Propagation, World};
use scripted::{Asked, Reply, Scripted, basics, list, status_body};
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(15);
const PATH: &str = "/apis/batch/v1/namespaces/n/jobs/train";

/// A Job that has ended: its deletion is disruptive and no more (T1).
fn job(version: u64) -> serde_json::Value {
    serde_json::json!({
        "metadata": { "name": "train", "namespace": "n", "uid": "5b1e0f0a-9c1f-4b6a-8c11-0123456789ab", "resourceVersion": version.to_string() },
        "spec": { "parallelism": 1, "completions": 1 },
        "status": { "succeeded": 1, "conditions": [{ "type": "Complete", "status": "True" }] },
    })
}

fn world(version: u64) -> World {
    World::of([Object::from_value(Kind::Job, &job(version)).expect("a job")])
}

fn act(world: &World) -> Act {
    let key = Key::new(Kind::Job, "n", "train");
    Act::Delete {
        target: world.get(&key).expect("the job").pin(),
        propagation: Propagation::Background,
    }
}

fn at(millis: u64) -> Now {
    Now {
        mono: Moment::from_millis(millis),
        wall: "2026-11-20T12:00:00Z".parse().expect("a time"),
    }
}

async fn reach(server: &Scripted) -> Connection {
    let (_directory, path) = server.kubeconfig("{}");
    let options = ConnectOptions {
        kubeconfig: Some(path),
        ..ConnectOptions::default()
    };
    connect(&options, Clock::system()).await.expect("a connection")
}

/// A person looks, signs what there is to sign, and holds the key.
fn approve(connection: &Connection, world: &World) -> Approved {
    let looked = forecast(world, &act(world), &Conditions::default(), at(0), QUIET);
    let look = Look {
        world,
        conditions: &Conditions::default(),
        now: at(0),
        quiet: QUIET,
    };
    let mut panel = Panel::open(looked, look, connection.identity(), connection.operator(), 7);
    for index in 0..panel.items().len() {
        if panel
            .items()
            .get(index)
            .is_some_and(|item| item.state == ItemState::Unattested)
        {
            panel.attest(index, at(1_000));
        }
    }
    for repeat in 0..=11 {
        panel.hold(at(1_000 + repeat * 100));
    }
    panel.approve(at(2_100)).expect("an approval")
}

fn record(connection: &Connection, approved: Approved, directory: &std::path::Path) -> Logged<Approved> {
    let Opened::Settled(mut journal) = open(directory, connection.operator(), at(2_200)).expect("a journal") else {
        panic!("a new journal in doubt")
    };
    let saved = Saved::new().with(Key::new(Kind::Job, "n", "train"), job(7).to_string());
    journal.record(approved, &saved, at(2_200)).expect("recorded")
}

/// Reads through what is and clears.
async fn cleared(connection: &Connection) -> Result<Clearance, Voided> {
    let shown = world(7);
    let directory = tempfile::tempdir().expect("a directory");
    let logged = record(
        connection,
        approve(connection, &shown),
        &directory.path().join("journal"),
    );
    let reading = read::fresh(connection, &act(&shown), &[], QUIET)
        .await
        .expect("a reading");
    let mut now = World::of([]);
    for object in reading.objects.iter().filter_map(|(_, object)| object.clone()) {
        now.put(object);
    }
    let fresh = Fresh {
        forecast: forecast(&now, &act(&shown), &Conditions::default(), at(2_300), QUIET),
        objects: reading.objects,
        cluster: reading.cluster,
    };
    clear(logged, &fresh, at(2_300))
}

/// A server that holds the Job at this version and answers a write with this.
async fn server(version: u64, write: impl Fn() -> Reply + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked: &Asked| {
        basics(asked).unwrap_or_else(|| match (asked.method.as_str(), asked.path.as_str()) {
            ("DELETE", _) => write(),
            (_, PATH) => Reply::json(200, &job(version).to_string()),
            _ => list(9, "", &[]),
        })
    })
    .await
}

fn writes(server: &Scripted) -> Vec<Asked> {
    let asked = server.asked().into_iter();
    asked
        .filter(|asked| asked.method != "GET" && asked.method != "POST")
        .collect()
}

#[tokio::test]
async fn a_cleared_act_is_sent_once_as_it_was_shown() {
    let server = server(7, || Reply::json(200, &status_body(200, "", ""))).await;
    let connection = reach(&server).await;
    let clearance = cleared(&connection).await.expect("a clearance");
    let shown = String::from_utf8_lossy(clearance.request().http().expect("an HTTP request").body()).into_owned();
    let outcome = write::perform(clearance, &connection, Duration::from_secs(5)).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    let sent = writes(&server);
    assert_eq!(sent.len(), 1);
    let sent = sent.first().expect("one");
    assert_eq!(
        (sent.method.as_str(), sent.path.as_str(), sent.body.as_str()),
        ("DELETE", PATH, shown.as_str())
    );
    assert!(
        sent.body.contains("\"propagationPolicy\":\"Background\""),
        "{}",
        sent.body
    );
    assert!(
        sent.body.contains("5b1e0f0a-9c1f-4b6a-8c11-0123456789ab"),
        "{}",
        sent.body
    );
}

#[tokio::test]
async fn an_object_that_changed_under_the_panel_voids_the_approval_and_nothing_is_sent() {
    let server = server(8, || Reply::json(200, "{}")).await;
    let connection = reach(&server).await;
    let voided = cleared(&connection).await.expect_err("voided");
    assert!(
        voided.changes.iter().any(|line| line.contains("resourceVersion 8")),
        "{:?}",
        voided.changes
    );
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn a_clearance_for_another_cluster_is_not_sent_to_this_one() {
    let here = server(7, || Reply::json(200, "{}")).await;
    let there = server(7, || Reply::json(200, "{}")).await;
    let clearance = cleared(&reach(&here).await).await.expect("a clearance");
    let outcome = write::perform(clearance, &reach(&there).await, Duration::from_secs(5)).await;
    assert!(matches!(outcome, Outcome::NotApplied { .. }), "{outcome:?}");
    assert!(writes(&here).is_empty() && writes(&there).is_empty());
}
