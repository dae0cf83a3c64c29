//! Looking into releases that a real helm made, and what helm itself allows on one that hangs (semantics §2.1, §2.7).

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use pilothouse::cluster::{Clock, ConnectOptions, Connection, connect, read};
use pilothouse::diagnose::standing::{Keep, Life, Standing, standings};
use pilothouse::diagnose::{Look, way};
use pilothouse::model::Key;
use pilothouse::model::helm::{Changes, Claims, Driver, Home, Opened, Opening, Side, Whole, drift};
use serde_json::json;

use crate::flight::Flight;
use crate::helm_acts::{FOUR, Helm, THREE, chart, claim, config, deployment, ends, hook};
use crate::support::persons::Person;
use crate::support::run::Ran;
use crate::trial::{Trial, wait};

/// Where a trial's helm keeps its records.
#[derive(Clone, Copy)]
struct Hand<'a> {
    trial: &'a Trial<'a>,
    helm: Helm,
    driver: Driver,
}

impl Hand<'_> {
    fn run(&self, arguments: &[&str]) -> Ran {
        let plane = self.trial.plane;
        let arguments = [&["--namespace", &self.trial.namespace], arguments].concat();
        let variables = [("HELM_DRIVER", self.driver.word())];
        plane.run_with(
            &plane.kubeconfig(Person::Anna),
            self.helm.program,
            &arguments,
            "",
            &variables,
        )
    }

    fn home(&self) -> Home {
        Home::new(&self.trial.namespace, "app", self.driver)
    }

    /// Starts helm and kills it, with no chance to clean up, as soon as the record of this revision is there.
    fn killed(&self, arguments: &[&str], revision: u32) {
        let plane = self.trial.plane;
        let programs = plane.programs();
        let mut helm = Command::new(programs.kit.program(self.helm.program))
            .args([&["--namespace", &self.trial.namespace], arguments].concat())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &programs.home)
            .env("KUBECONFIG", plane.kubeconfig(Person::Anna))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("helm to start");
        let record = self.trial.path("secrets", &self.home().record(revision).name);
        let job = format!("/apis/batch/v1/namespaces/{}/jobs/waits", self.trial.namespace);
        wait("the record", || plane.get(&record), |_| true);
        wait("the hook's Job, for which helm waits", || plane.get(&job), |_| true);
        helm.kill().and_then(|()| helm.wait()).expect("helm to be killed");
    }
}

async fn connection(trial: &Trial<'_>) -> Connection {
    let options = ConnectOptions {
        kubeconfig: Some(trial.plane.kubeconfig(Person::Anna)),
        ..ConnectOptions::default()
    };
    connect(&options, Clock::system()).await.expect("a connection")
}

async fn opened(connection: &Connection, home: &Home, revision: u32) -> Opened {
    let (pin, opening) = read::open(connection, home, revision).await.expect("the record");
    assert!(!pin.uid.is_empty());
    match opening {
        Opening::Opened(opened) => *opened,
        Opening::Undecodable(why) => panic!("r{revision}: {why}"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Installs a release and upgrades it; then puts `keep` on its claim, live only.
fn made(hand: Hand<'_>) {
    let trial = hand.trial;
    trial.create_class();
    trial.create_volume("disk");
    let mut settings = config("settings");
    let templates = |settings: &serde_json::Value| {
        let login = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"any": "hunter2"}});
        vec![
            settings.clone(),
            claim(trial, None),
            deployment("data"),
            login,
            hook(
                "done",
                "post-install,post-upgrade",
                Some("before-hook-creation"),
                &ends(),
            ),
        ]
    };
    let values = ["--set", "env=prod", "--set", "db.password=hunter2"];
    let path = chart(trial, &templates(&settings));
    hand.run(&[&["install", "app", &path], values.as_slice()].concat()).ok();
    settings["data"]["a"] = json!("2");
    let path = chart(trial, &templates(&settings));
    hand.run(&[&["upgrade", "app", &path], values.as_slice()].concat()).ok();
    trial.wait_bound("data");
    trial
        .kubectl(&["annotate", "pvc/data", "helm.sh/resource-policy=keep"])
        .ok();
}

/// Everything a release holds, as helm wrote it and as it is live.
fn looked_into(trial: &Trial<'_>, helm: Helm, driver: Driver) {
    let hand = Hand { trial, helm, driver };
    made(hand);
    runtime().block_on(async {
        let connection = connection(trial).await;
        let listed = read::records(&connection, &Home::new(&trial.namespace, "app", Driver::ConfigMap))
            .await
            .expect("a list");
        let labels: Vec<(u32, String)> = listed
            .iter()
            .filter_map(|object| object.body.release())
            .map(|facts| (facts.revision, facts.status.to_string()))
            .collect();
        match driver {
            Driver::Secret => assert!(labels.is_empty(), "{labels:?}"),
            Driver::ConfigMap => assert_eq!(labels, [(1, "superseded".to_owned()), (2, "deployed".to_owned())]),
        }
        let home = hand.home();
        let (first, second) = (opened(&connection, &home, 1).await, opened(&connection, &home, 2).await);
        told(&second);
        let text = format!("{first:?} {second:?}");
        assert!(!text.contains("hunter2"), "a secret is kept");
        let changes = Changes::between(&first.contents, &second.contents);
        let objects: Vec<String> = changes.objects.iter().map(|change| change.object.to_string()).collect();
        assert_eq!(objects, ["ConfigMap/settings"], "{changes:?}");
        assert!(changes.values.is_empty(), "{changes:?}");

        let mut flight = Flight::on_cluster(trial.plane.kubeconfig(Person::Anna)).await;
        let key = Key::new(pilothouse::model::Kind::PersistentVolumeClaim, &trial.namespace, "data");
        flight
            .until("the annotation", |state| {
                let claim = state.world().get(&key);
                claim.is_some_and(|claim| claim.meta.annotations.get("helm.sh/resource-policy") == Some("keep"))
            })
            .await;
        let standing = stand(&connection, &flight, &home, &second).await;
        assert!(standing.iter().all(|one| one.life == Life::Live), "{standing:?}");
        for one in &standing {
            let keep = if one.object.kind == "PersistentVolumeClaim" {
                Keep::LiveOnly("keep".into())
            } else {
                Keep::None
            };
            assert_eq!(one.keep, keep, "{one:?}");
            assert!(
                !one.notes.iter().any(|note| note.sentence.contains("stamp")),
                "all of it is this release's: {one:?}"
            );
        }
        assert_eq!(
            apart(&connection, &second).await,
            Vec::<String>::new(),
            "what the server added is no drift"
        );
        trial
            .kubectl(&[
                "patch",
                "configmap/settings",
                "--type=merge",
                "-p",
                r#"{"data":{"a":"9"}}"#,
            ])
            .ok();
        trial
            .kubectl(&[
                "patch",
                "secret/login",
                "--type=merge",
                "-p",
                r#"{"stringData":{"any":"hunter3"}}"#,
            ])
            .ok();
        trial.kubectl(&["scale", "deployment/web", "--replicas=0"]).ok();
        assert_eq!(
            apart(&connection, &second).await,
            [
                "ConfigMap/settings data.a",
                "Secret/login data.any (hidden)",
                "deployment/web spec.replicas"
            ]
        );
    });
}

/// What the payload of the second revision says of itself.
fn told(opened: &Opened) {
    let record = &opened.record;
    assert_eq!((record.revision, record.status.as_str()), (2, "deployed"));
    assert_eq!(
        (record.chart.name.as_str(), record.chart.version.as_str()),
        ("app", "0.1.0")
    );
    assert_eq!(record.story.description, "Upgrade complete");
    let (first, last) = (
        record.story.first_deployed.unwrap(),
        record.story.last_deployed.unwrap(),
    );
    assert!(first < last && record.story.deleted.is_none(), "{:?}", record.story);
    let [hook] = record.hooks.as_slice() else {
        panic!("{:?}", record.hooks);
    };
    assert_eq!(hook.last_run.as_ref().unwrap().phase, "Succeeded");
    let values = &opened.contents.values;
    assert_eq!(values.get("env").unwrap().shown().unwrap(), "prod");
    assert!(values.get("db.password").unwrap().shown().is_none());
}

async fn stand(connection: &Connection, flight: &Flight, home: &Home, opened: &Opened) -> Vec<Standing> {
    let state = flight.state();
    let look = Look {
        world: state.world(),
        conditions: state.conditions(),
        now: state.now(),
        quiet: Duration::from_mins(1),
    };
    let documents = opened.record.manifest.documents.iter();
    let addresses: Vec<_> = documents.map(|document| document.address.clone()).collect();
    let live: BTreeMap<_, _> = read::live(connection, &addresses).await.into_iter().collect();
    standings(look, home, &opened.record, &live, &Claims::default())
}

/// Each leaf in which a live object is not as its document says.
async fn apart(connection: &Connection, opened: &Opened) -> Vec<String> {
    let documents = opened.contents.documents.iter();
    let found = read::whole(connection, documents.map(|(address, _)| address.clone()).collect()).await;
    let mut lines = Vec::new();
    for ((address, leaves), (_, whole)) in opened.contents.documents.iter().zip(&found) {
        let Whole::There(live) = whole else {
            panic!("{address}: {whole:?}");
        };
        for difference in drift(leaves, live) {
            let hidden = if difference.after == Side::Hidden {
                " (hidden)"
            } else {
                ""
            };
            lines.push(format!("{address} {}{hidden}", difference.path));
        }
    }
    lines.sort();
    lines
}

pub(crate) fn secrets_three(trial: &Trial<'_>) {
    looked_into(trial, THREE, Driver::Secret);
}

pub(crate) fn secrets_four(trial: &Trial<'_>) {
    looked_into(trial, FOUR, Driver::Secret);
}

pub(crate) fn config_maps_three(trial: &Trial<'_>) {
    looked_into(trial, THREE, Driver::ConfigMap);
}

pub(crate) fn config_maps_four(trial: &Trial<'_>) {
    looked_into(trial, FOUR, Driver::ConfigMap);
}

/// The way out of the release, as the cockpit plans it: its sentence and its acts.
fn planned(trial: &Trial<'_>, revision: u32, status: &str) -> (String, Vec<String>) {
    runtime().block_on(async {
        let mut flight = Flight::on_cluster(trial.plane.kubeconfig(Person::Anna)).await;
        let key = Home::new(&trial.namespace, "app", Driver::Secret).record(revision);
        let labelled = |state: &pilothouse::app::State| {
            let record = state.world().get(&key).and_then(|object| object.body.release());
            record.is_some_and(|facts| facts.status == status)
        };
        flight.until("the record", labelled).await;
        let state = flight.state();
        let look = Look {
            world: state.world(),
            conditions: state.conditions(),
            now: state.now(),
            quiet: Duration::from_mins(1),
        };
        let way = way(look, &key).expect("a way out");
        let acts = way.steps.iter().filter_map(|step| step.act.as_ref());
        let steps: Vec<&str> = way.steps.iter().map(|step| step.sentence.as_str()).collect();
        (steps.join("\n"), acts.map(ToString::to_string).collect())
    })
}

/// A hook whose Job never ends.
fn waits(events: &str) -> serde_json::Value {
    hook("waits", events, None, &json!({}))
}

/// An upgrade that was killed: upgrades are refused, a rollback is let in and frees the release.
fn upgrade_killed(trial: &Trial<'_>, helm: Helm) {
    let hand = Hand {
        trial,
        helm,
        driver: Driver::Secret,
    };
    hand.run(&["install", "app", &chart(trial, &[config("settings")])]).ok();
    let path = chart(trial, &[config("settings"), waits("pre-upgrade")]);
    hand.killed(&["upgrade", "app", &path], 2);
    let ran = hand.run(&["upgrade", "app", &chart(trial, &[config("settings")])]);
    assert!(!ran.success && ran.stderr.contains("another operation"), "{ran}");
    let (steps, acts) = planned(trial, 2, "pending-upgrade");
    assert!(steps.contains("a helm may still be at work"), "{steps}");
    assert!(
        acts.len() == 1 && acts[0].starts_with("rollback to revision 1 "),
        "{acts:?}"
    );
    hand.run(&["rollback", "app", "1"]).ok();
    let (steps, _) = planned(trial, 3, "deployed");
    assert_eq!(steps, "", "nothing is stuck any more");
    hand.run(&["upgrade", "app", &chart(trial, &[config("settings")])]).ok();
}

/// An install that was killed: installing and upgrading are refused, a rollback has nothing to go back to, an uninstall is
/// let in.
fn install_killed(trial: &Trial<'_>, helm: Helm) {
    let hand = Hand {
        trial,
        helm,
        driver: Driver::Secret,
    };
    let path = chart(trial, &[config("settings"), waits("pre-install")]);
    hand.killed(&["install", "app", &path], 1);
    for refused in [
        &["install", "app", &path][..],
        &["upgrade", "--install", "app", &path],
        &["rollback", "app"],
    ] {
        let ran = hand.run(refused);
        assert!(!ran.success, "{ran}");
    }
    let (_, acts) = planned(trial, 1, "pending-install");
    assert!(acts.len() == 1 && acts[0].starts_with("uninstall "), "{acts:?}");
    hand.run(&["uninstall", "app"]).ok();
    hand.run(&["install", "app", &chart(trial, &[config("settings")])]).ok();
}

/// The record of an upgrade that was killed, deleted by hand: helm goes on from the revision before.
fn record_deleted(trial: &Trial<'_>, helm: Helm) {
    let hand = Hand {
        trial,
        helm,
        driver: Driver::Secret,
    };
    hand.run(&["install", "app", &chart(trial, &[config("settings")])]).ok();
    let path = chart(trial, &[config("settings"), waits("pre-upgrade")]);
    hand.killed(&["upgrade", "app", &path], 2);
    trial.kubectl(&["delete", "secret", &hand.home().record(2).name]).ok();
    hand.run(&["upgrade", "app", &chart(trial, &[config("settings")])]).ok();
    let listed = hand.run(&["history", "app"]);
    assert!(listed.ok().stdout.contains("deployed"), "{listed}");
}

pub(crate) fn upgrade_killed_three(trial: &Trial<'_>) {
    upgrade_killed(trial, THREE);
}

pub(crate) fn upgrade_killed_four(trial: &Trial<'_>) {
    upgrade_killed(trial, FOUR);
}

pub(crate) fn install_killed_three(trial: &Trial<'_>) {
    install_killed(trial, THREE);
}

pub(crate) fn install_killed_four(trial: &Trial<'_>) {
    install_killed(trial, FOUR);
}

pub(crate) fn record_deleted_three(trial: &Trial<'_>) {
    record_deleted(trial, THREE);
}

pub(crate) fn record_deleted_four(trial: &Trial<'_>) {
    record_deleted(trial, FOUR);
}
