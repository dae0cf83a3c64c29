//! The whole handover of seed 000 with the same keys as on a cluster: hasan-prod from its old chart to the new one over kept
//! volumes (path C), and charite with its claims kept (path A). In place of helm stands the sandbox's own.

use super::flight::{Flight, Plan};
use super::{hands, releases, runs};
use pilothouse::app::run::{Order, Wanted};
use pilothouse::app::{Event, Key, State};
use pilothouse::gate::{Item, ItemState};
use pilothouse::model::helm::Ledger;
use pilothouse::model::{self, Kind};
use pilothouse::runbook::run::Due;
use pilothouse::runbook::{Given, Origin, parse, resolve, shipped};
use pilothouse::sandbox::Script;
use pilothouse::sandbox::helm::NAME;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// As the template came, below the repository: the place of what is not filled in is the same on every machine.
const TEMPLATE: &str = "docs/handover/hasan-prod.yaml";
/// The same for charite, which has nothing left to fill in.
const CHARITE: &str = "docs/handover/charite.yaml";
/// The heart beats each second of the machine's, so that nobody waits long for fresh facts.
const QUIET: Duration = Duration::from_secs(3);
/// So many rounds of waiting are more than any step takes.
const ROUNDS: usize = 150;

/// The program that stands in for helm, under its own name.
fn stand_in(home: &Path) -> PathBuf {
    let program = home.join(NAME);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pilothouse"), &program).unwrap();
    program
}

/// How much time went by is no part of a picture: how often a watch is waited for is the machine's.
fn steady(text: &str) -> String {
    let mut shown: Vec<char> = runs::timeless(text).chars().collect();
    for at in 0..shown.len().saturating_sub(6) {
        let digits = |places: &[usize]| places.iter().all(|place| shown[at + place].is_ascii_digit());
        let is = |place: usize, sign: char| shown[at + place] == sign;
        if digits(&[0, 1, 3, 4]) && is(2, ':') && is(5, 'Z') {
            shown[at..at + 5].copy_from_slice(&['1', '4', ':', '0', '0']);
        } else if digits(&[0, 2, 3]) && is(1, 'm') && is(4, 's') {
            shown[at..at + 5].copy_from_slice(&['2', 'm', '3', '0', 's']);
        }
    }
    shown.into_iter().collect()
}

/// Compares the screen with the picture of this name, and with the one in `docs`; `PILOTHOUSE_WRITE_DOCS=1` writes the latter.
fn drawn(flight: &Flight, name: &str) {
    let shown = steady(&flight.picture());
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, shown);
    });
    let made = steady(&flight.svg(&pilothouse::ui::Theme::shipped("dark").unwrap()));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{name}.svg"));
    if std::env::var_os("PILOTHOUSE_WRITE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(path, made).unwrap();
        return;
    }
    let held = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        held == made,
        "docs/pictures/{name}.svg is out of date: write it anew with PILOTHOUSE_WRITE_DOCS=1 cargo test --test flights handover"
    );
}

/// Begins the handover with these values.
async fn begin(flight: &mut Flight, given: &[(&str, &str)]) {
    let runbook = parse(&shipped("helm-handover").unwrap()).unwrap_or_else(|faults| panic!("{}", faults.text()));
    let given = given.iter().map(|(name, text)| Given {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        origin: Origin::Flag,
    });
    let resolved = resolve(&runbook, &given.collect::<Vec<_>>()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let order = Order {
        wanted: Wanted::New(Box::new(resolved)),
        executor: Some("4.3.1".parse().unwrap()),
        rendered: BTreeMap::new(),
        ledger: Ledger::default(),
        unattended: false,
        with_token: false,
        approver: None,
    };
    flight.take(Event::RunAsked(Box::new(order)));
    flight
        .until("a run to be on", |state| state.runs().on().is_some())
        .await;
    flight.fresh().await;
    flight.rights_asked().await;
}

fn due(flight: &Flight) -> Due {
    flight.state().runs().on().expect("a run").standing.due.clone()
}

fn step(flight: &Flight) -> String {
    let run = &flight.state().runs().on().expect("a run").run;
    run.progress
        .current()
        .map_or_else(String::new, |course| course.id.clone())
}

/// Signs the items of a step that does nothing.
pub(super) fn sign(flight: &mut Flight) {
    let on = flight.state().runs().on().unwrap();
    let sensed = on.run.step().unwrap().gate.sensed.len();
    let all = sensed + on.run.step().unwrap().gate.attested.len();
    // nobody signs what he cannot have looked at
    flight.pass(Duration::from_secs(1));
    for at in sensed..all {
        flight.item(at);
        flight.keys(" ");
    }
    flight.key(Key::Ctrl('y'));
}

fn items(flight: &Flight) -> &[Item] {
    flight.state().panel().expect("a panel").items()
}

/// Passes the panel of the next act as a person does: signs, types the runbook's text and the fact, or holds the key.
async fn pass(flight: &mut Flight, texts: &BTreeMap<&str, &str>) {
    let id = step(flight);
    flight.keys("a");
    flight.until(&format!("the panel of {id}"), State::at_gate).await;
    flight
        .until("the journal to be open", |state| {
            !super::flight::line(state).contains("the journal is not open")
        })
        .await;
    flight.pass(Duration::from_millis(800));
    for at in 0..items(flight).len() {
        if items(flight)[at].state == ItemState::Unattested {
            flight.keys(" ");
        }
        flight.key(Key::Down);
    }
    if let Some(text) = texts.get(id.as_str()) {
        flight.type_in(text);
    }
    let line = flight.line();
    if line.contains(" type the ") || line.contains(" type how ") {
        let fact = flight.fact();
        flight.type_in(&fact);
    }
    let before = flight.state().steps().count();
    if line.contains("hold the key") {
        for _ in 0..items(flight).len() {
            flight.key(Key::Up);
        }
        flight.hold();
    } else {
        flight.approve();
    }
    assert_eq!(flight.state().steps().count(), before + 1, "{id}:\n{}", flight.text());
    if id == "snapshot-volumes" {
        // its controller looks when time passes
        flight
            .until("the snapshot to be asked for", |state| {
                let step = state.steps().last();
                step.is_some_and(|step| step.said.iter().any(|line| line.contains("is there")))
            })
            .await;
        flight.pass(Duration::from_secs(1));
    }
    flight.until_over().await;
    flight.key(Key::Esc);
}

/// Walks the run to its end. `between` looks at the screen before each step.
async fn walk(flight: &mut Flight, texts: &BTreeMap<&str, &str>, mut between: impl FnMut(&Flight, &str)) {
    let mut rounds = 0;
    while !flight.state().runs().on().unwrap().run.over() {
        let id = step(flight);
        match due(flight) {
            Due::Sign => {
                between(flight, &id);
                sign(flight);
                assert_ne!(step(flight), id, "it was not signed:\n{}", flight.text());
            }
            Due::Begin(_) | Due::Act(_) => {
                between(flight, &id);
                pass(flight, texts).await;
                rounds = 0;
            }
            Due::Decide(why) | Due::Blocked(why) => panic!("{id}: {why}\n{}", flight.text()),
            Due::Come(_) | Due::UnderWay(_) | Due::Unknown(_) | Due::Wait | Due::Over => {
                rounds += 1;
                assert!(
                    rounds < ROUNDS,
                    "{id} does not end: {:?}\n{}",
                    due(flight),
                    flight.text()
                );
                between(flight, &id);
                if id == "soak" {
                    flight.pass_by(Duration::from_secs(150), Duration::from_secs(10));
                } else {
                    flight.pass(Duration::from_secs(2));
                }
                flight.heard().await;
            }
        }
        flight.fresh().await;
    }
}

fn claim(flight: &Flight, namespace: &str, name: &str) -> Value {
    let key = model::Key::new(Kind::PersistentVolumeClaim, namespace, name);
    flight.server_has(&key).unwrap_or_else(|| panic!("no claim {name}"))
}

fn uids(flight: &Flight, namespace: &str, names: &[&str]) -> Vec<Value> {
    let uid = |name: &&str| claim(flight, namespace, name)["metadata"]["uid"].clone();
    names.iter().map(uid).collect()
}

/// The claim is bound to this volume, and the volume names it by uid.
fn bound(flight: &Flight, namespace: &str, name: &str, volume: &str) {
    let claim = claim(flight, namespace, name);
    let disk = flight
        .server_has(&hands::volume(volume))
        .unwrap_or_else(|| panic!("no volume {volume}"));
    assert_eq!(claim["status"]["phase"], "Bound", "{claim:#}");
    assert_eq!(claim["spec"]["volumeName"], volume);
    assert_eq!(disk["spec"]["claimRef"]["uid"], claim["metadata"]["uid"], "{disk:#}");
    assert_eq!(disk["spec"]["persistentVolumeReclaimPolicy"], "Retain", "{disk:#}");
}

/// On a tall screen, where a whole panel is seen.
async fn flight(home: &Path, adapt: impl FnOnce(&mut Vec<Value>)) -> Flight {
    let mut flight = Plan::of("hasan-prod")
        .with_helm(stand_in(home))
        .beating(QUIET)
        .adapted(adapt)
        .fly()
        .await;
    flight.take(Event::Resize { width: 140, height: 50 });
    flight
}

const HASAN: [(&str, &str); 8] = [
    ("namespace", "hasan-prod"),
    ("release", "eks-1.0.4"),
    ("newRelease", "hasan-prod"),
    ("path", "retain"),
    ("chart", "client"),
    ("storageClass", "efs-sc"),
    ("soak", "10m"),
    ("settle", "15m"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_value_nobody_filled_in_stops_the_handover_first_and_is_mended() {
    let home = tempfile::tempdir().unwrap();
    let mut flight = flight(home.path(), |_| {}).await;
    begin(&mut flight, &[&HASAN[..], &[("values", TEMPLATE)][..]].concat()).await;
    flight
        .until_told("docs/handover/hasan-prod.yaml:3:41 database.password: REPLACE_ME")
        .await;
    flight.fresh().await;
    drawn(&flight, "handover-placeholder");
    flight.say('X', "a value is to be filled in");
    flight.until_told("the run is over: aborted").await;

    // the same with a copy, which is mended while the run stands there: begun in the same moment, it is another run
    let values = home.path().join("values.yaml");
    let template = std::fs::read_to_string(TEMPLATE).unwrap();
    std::fs::write(&values, &template).unwrap();
    let first = flight.state().runs().on().unwrap().run.id.clone();
    begin(
        &mut flight,
        &[&HASAN[..], &[("values", values.to_str().unwrap())][..]].concat(),
    )
    .await;
    assert_ne!(flight.state().runs().on().unwrap().run.id, first);
    flight.until_told("database.password: REPLACE_ME").await;
    std::fs::write(&values, template.replace("REPLACE_ME", "canary-7f3a")).unwrap();
    flight.keys("a");
    flight.until_told("The data is saved before anything is changed").await;
    assert_eq!(step(&flight), "save");
}

/// The third element of a command of the shipped runbook: the line that `sh -c` runs, the n-th of them.
fn line(nth: usize) -> String {
    let text = shipped("helm-handover").unwrap().text;
    let mut lines = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("command: [sh, -c, '")?;
        rest.strip_suffix("']").map(str::to_owned)
    });
    lines.nth(nth).expect("a command of the runbook")
}

/// The database answers: a dump, and the rows of two tables.
fn database(flight: &Flight) {
    let execs = flight.sandbox.as_ref().unwrap().execs();
    execs.script(Script::pours(&["sh", "-c", &line(0)], 9_000_000));
    execs.script(Script::says(
        &["sh", "-c", &line(1)],
        "tracebloc.jobs 41\ntracebloc.runs 977\n",
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_handed_over_its_kept_volumes() {
    let home = tempfile::tempdir().unwrap();
    let values = home.path().join("values.yaml");
    let template = std::fs::read_to_string(TEMPLATE).unwrap();
    std::fs::write(&values, template.replace("REPLACE_ME", "canary-7f3a")).unwrap();
    // of the nine foreign Jobs two are enough here: another flight ends them all
    let ended = |object: &Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        object["kind"] == "Job" && name.starts_with("train-") && !["train-7f", "train-80"].contains(&name)
    };
    let mut flight = flight(home.path(), |objects| objects.retain(|object| !ended(object))).await;
    database(&flight);
    let dump = home.path().join("hasan-prod.sql");
    let given = [
        &HASAN[..],
        &[
            ("values", values.to_str().unwrap()),
            ("engine", "mysql"),
            ("databasePod", "mysql-0"),
            ("newDatabasePod", "hasan-prod-mysql-0"),
            ("dumpTo", dump.to_str().unwrap()),
            ("backup", "snapshot"),
        ][..],
    ];
    begin(&mut flight, &given.concat()).await;
    let names = ["mysql-pvc", "shared-data", "model-cache", "client-logs", "logs-pvc"];
    let before = uids(&flight, "hasan-prod", &names);
    let texts = BTreeMap::from([
        ("end-foreign-jobs", "hasan-prod"),
        ("uninstall-retain", "eks-1.0.4"),
        ("delete-claims", "hasan-prod"),
        ("reserve", "hasan-prod"),
        ("install", "hasan-prod"),
    ]);
    let mut pictured = Vec::new();
    walk(&mut flight, &texts, |flight, id| {
        if !pictured.contains(&id.to_owned()) && ["uninstall-retain", "make-claims"].contains(&id) {
            pictured.push(id.to_owned());
            drawn(flight, &format!("handover-{id}"));
        }
    })
    .await;
    flight.until_told("the run is over: complete").await;
    let volumes = [
        "pvc-9f1c2e54-6a0b-4c8e-9d57-3b1f60a2c7de",
        "efs-data",
        "efs-models",
        "efs-client-logs",
        "efs-logs",
    ];
    for (at, (name, volume)) in names.into_iter().zip(volumes).enumerate() {
        bound(&flight, "hasan-prod", name, volume);
        assert_ne!(
            uids(&flight, "hasan-prod", &[name])[0],
            before[at],
            "{name} was made again"
        );
    }
    // the class that went with the release is there again, as it was and nobody's
    let class = model::Key::cluster(Kind::StorageClass, "efs-sc");
    let class = flight.server_has(&class).expect("the class");
    assert_eq!(class["parameters"]["fileSystemId"], "fs-06b3faf51675ff9f9");
    assert_eq!(class["metadata"]["annotations"].get("meta.helm.sh/release-name"), None);
    // nobody else's claim was touched, no disk was destroyed, and the dump is here
    claim(&flight, "hasan-prod", "notebooks");
    claim(&flight, "hasan-prod", "train-scratch");
    assert_eq!(flight.sandbox.as_ref().unwrap().destroyed(), Vec::<String>::new());
    assert_eq!(std::fs::metadata(&dump).unwrap().len(), 9_000_000);
    let journal = std::fs::read_to_string(flight.journal()).unwrap();
    assert!(
        !journal.contains("canary") && journal.contains("no helm was run"),
        "{journal}"
    );
    told(
        &flight,
        &[
            "# helm-handover of hasan-prod",
            "Claims and volumes, as they were taken down",
            "| mysql-pvc | mysql-pvc | pvc-9f1c2e54",
            "pv/efs-logs was set to Retain",
            "uninstall",
            "1018 rows in 2 tables",
            "volumesnapshot/before-hasan-prod-mysql-pvc of pvc/mysql-pvc is ready",
            "volumesnapshot/before-hasan-prod-logs-pvc of pvc/logs-pvc is ready",
            "approved by",
        ],
    );
}

/// The report tells all of it, and no secret.
fn told(flight: &Flight, all: &[&str]) {
    let shown = flight.recorded();
    let story = shown.runs.last().unwrap();
    let account = pilothouse::headless::account(story, &shown.steps, flight.state().now()).unwrap();
    let page = account.markdown();
    for told in all {
        assert!(page.contains(told), "{told}:\n{page}");
    }
    assert!(!page.contains("canary"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_handed_over_with_its_claims_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut flight = flight(home.path(), |_| {}).await;
    let claims = ["mysql-pvc", "client-data", "client-logs"];
    let before = uids(&flight, "charite", &claims);
    begin(
        &mut flight,
        &[
            ("namespace", "charite"),
            ("release", "charite"),
            ("newRelease", "charite-client"),
            ("path", "keep"),
            ("chart", "client"),
            ("values", CHARITE),
            ("keepChart", "eks"),
            ("keepVersion", "1.0.5"),
            ("keepValues", CHARITE),
            ("backup", "command"),
            ("backupCommand", "docs/handover/back-up"),
            ("backupCheck", "docs/handover/check-backup"),
            ("soak", "10m"),
        ],
    )
    .await;
    let texts = BTreeMap::from([("uninstall-keep", "charite"), ("install", "charite-client")]);
    let mut upgraded = false;
    let mut soaks = 0;
    walk(&mut flight, &texts, |flight, id| {
        // the stored manifest does not know keep before the upgrade, and does after it
        if id == "keep" && !upgraded {
            upgraded = true;
            drawn(flight, "handover-keep");
        }
        if id == "soak" {
            soaks += 1;
            if soaks == 2 {
                drawn(flight, "handover-soak");
            }
        }
    })
    .await;
    assert!(upgraded);
    flight.until_told("the run is over: complete").await;
    for (at, (name, volume)) in claims
        .into_iter()
        .zip(["charite-mysql", "charite-data", "charite-logs"])
        .enumerate()
    {
        bound(&flight, "charite", name, volume);
        let claim = claim(&flight, "charite", name);
        assert_eq!(claim["metadata"]["uid"], before[at], "{name} stayed");
        assert_eq!(
            claim["metadata"]["annotations"]["meta.helm.sh/release-name"],
            "charite-client"
        );
    }
    assert_eq!(flight.sandbox.as_ref().unwrap().destroyed(), Vec::<String>::new());
    told(
        &flight,
        &[
            "# helm-handover of charite",
            "upgrade",
            "identifier rehearsed-charite; its check ended with exit code 0",
            "3 claims are safe",
            "approved by",
        ],
    );
}

/// The same with every release of the tenant kept in `ConfigMap`s, the new one by the runbook's word: each helm is told so, and
/// no record is made anywhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_releases_are_kept_in_config_maps_is_handed_over() {
    let home = tempfile::tempdir().unwrap();
    let kept = |objects: &mut Vec<Value>| {
        for object in objects {
            let own = object["type"] == "helm.sh/release.v1" && object["metadata"]["namespace"] == "charite";
            if own {
                *object = releases::as_config_map(object, "charite");
            }
        }
    };
    let mut flight = flight(home.path(), kept).await;
    let claims = ["mysql-pvc", "client-data", "client-logs"];
    let before = uids(&flight, "charite", &claims);
    begin(
        &mut flight,
        &[
            ("namespace", "charite"),
            ("release", "charite"),
            ("newRelease", "charite-client"),
            ("newDriver", "configmap"),
            ("path", "keep"),
            ("chart", "client"),
            ("values", CHARITE),
            ("keepChart", "eks"),
            ("keepVersion", "1.0.5"),
            ("keepValues", CHARITE),
            ("soak", "10m"),
        ],
    )
    .await;
    let texts = BTreeMap::from([("uninstall-keep", "charite"), ("install", "charite-client")]);
    walk(&mut flight, &texts, |_, _| {}).await;
    flight.until_told("the run is over: complete").await;
    for (at, name) in claims.into_iter().enumerate() {
        let claim = claim(&flight, "charite", name);
        assert_eq!(claim["metadata"]["uid"], before[at], "{name} stayed");
    }
    let world = flight.state().world();
    let records: Vec<String> = world
        .records_in("charite")
        .map(|object| object.key().to_string())
        .collect();
    assert_eq!(records, ["release-configmap/sh.helm.release.v1.charite-client.v1"]);
    let journal = std::fs::read_to_string(flight.journal()).unwrap();
    assert!(
        journal.contains("HELM_DRIVER=configmap") && !journal.contains("HELM_DRIVER=secret"),
        "{journal}"
    );
}
