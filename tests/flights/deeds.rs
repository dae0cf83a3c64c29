//! Dumps, snapshots, classes and soaks in the cockpit, with what goes wrong on the way: a cut in the middle, a spoilt chunk, a
//! container that is started anew, a snapshot that cannot be made.

use super::flight::{Flight, Plan};
use pilothouse::app::{Key, Step};
use pilothouse::model::{self, Kind};
use pilothouse::sandbox::{Objects as _, Sandbox, Script};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Bytes of the dump: five chunks and a bit.
const BYTES: u64 = 21_000_000;

fn pod() -> model::Key {
    model::Key::new(Kind::Pod, "hasan-prod", "mysql-0")
}

fn container(restarts: u32) -> impl FnOnce(&Sandbox) {
    move |sandbox| {
        sandbox.change(|store| {
            let mut pod = store.get(&pod()).expect("the database's pod");
            pod["status"]["containerStatuses"] = json!([{
                "name": "mysql", "ready": true, "restartCount": restarts, "containerID": format!("containerd://{restarts}"),
            }]);
            store.replace(pod).expect("the pod is changed");
        });
    }
}

async fn flight() -> Flight {
    let plan = Plan::of("hasan-prod").prepared(|sandbox| {
        container(0)(sandbox);
        sandbox.execs().script(Script::pours(&["dump"], BYTES));
        sandbox
            .execs()
            .script(Script::says(&["count"], "accounts 3\norders 17\n"));
        sandbox.execs().script(Script {
            takes: Duration::from_mins(1),
            ..Script::pours(&["slow"], BYTES)
        });
    });
    plan.fly().await
}

impl Flight {
    fn file(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// Begins a run whose one step does this.
    async fn deed(&mut self, act: &str) {
        let text = format!(
            "apiVersion: pilothouse.dev/v1\nkind: Runbook\nmetadata: {{ name: own, title: Own, version: '1' }}\n\
             tenant: {{ namespace: hasan-prod, release: eks-1.0.4 }}\nsteps:\n  - id: it\n    title: It\n    {act}\n"
        );
        self.begin("own.yaml", &text).await;
    }

    async fn dump(&mut self, command: &str) {
        let to = self.file("db.sql");
        let to = to.display();
        self.deed(&format!(
            "act: {{ dump: {{ pod: mysql-0, command: [{command}], to: {to}, rows: {{ command: [count] }} }} }}"
        ))
        .await;
    }

    /// The panel of the act, passed.
    async fn passed(&mut self) {
        self.open_panel(Key::Char('a')).await;
        self.attest_all();
        for _ in 0..20 {
            self.key(Key::Up);
        }
        self.hold();
        assert!(!self.state().at_gate(), "{}", self.text());
    }

    /// Everything the step under way has said so far.
    fn so_far(&self) -> String {
        let step = self.state().steps().last();
        step.map_or_else(String::new, |step| step.said.join("\n"))
    }

    async fn until_heard(&mut self, words: &str) {
        let wanted = words.to_owned();
        self.until(&format!("{words:?} to be heard"), move |state| {
            state
                .steps()
                .last()
                .is_some_and(|step| step.said.iter().any(|line| line.contains(&wanted)))
        })
        .await;
    }

    /// The step's own last word.
    async fn ended(&mut self) -> String {
        self.until("the step to end", |state| state.steps().last().is_some_and(Step::over))
            .await;
        let step = self.state().steps().last().expect("a step");
        step.log.last().expect("a word").1.clone()
    }

    fn box_(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("a sandbox")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_is_cut_and_spoilt_in_the_middle_goes_on_by_itself() {
    let mut flight = flight().await;
    flight.dump("dump").await;
    flight.box_().execs().cut_after(9_000_000);
    flight.box_().execs().tell_in_words(true);
    flight.passed().await;
    let told = flight.ended().await;
    assert!(
        told.contains("received 21000000 bytes sha256"),
        "{told}\n{}",
        flight.so_far()
    );
    let heard = flight.so_far();
    assert!(heard.contains("going on after 8.0 MiB"), "{heard}");
    assert!(heard.contains("checksums equal on both ends"), "{heard}");
    let here = std::fs::read(flight.file("db.sql")).unwrap();
    assert!(here == Script::pours(&[], BYTES).output(), "every byte is the pod's");
    let asked = flight.box_().execs().asked();
    let fetches: Vec<&[String]> = asked
        .iter()
        .filter(|words| words[0] == "fetch")
        .map(|words| &words[2..])
        .collect();
    assert_eq!(
        fetches,
        [["0", "6", "64"], ["2", "6", "64"]],
        "what was fetched is not fetched again"
    );
    assert_eq!(flight.box_().execs().left(), 0, "nothing is left in the pod");
    flight.key(Key::Esc);
    flight.pass(Duration::from_secs(1));
    flight.until_told("the run is over: complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_with_another_checksum_is_fetched_again_and_not_for_ever() {
    let mut flight = flight().await;
    flight.dump("dump").await;
    flight.box_().execs().spoil(1);
    flight.passed().await;
    let told = flight.ended().await;
    assert!(told.contains("received 21000000 bytes"), "{told}");
    assert!(
        flight
            .so_far()
            .contains("chunk 1 of 6 has another checksum here than in the pod"),
        "{}",
        flight.so_far()
    );
    assert!(std::fs::read(flight.file("db.sql")).unwrap() == Script::pours(&[], BYTES).output());

    let mut flight = self::flight().await;
    flight.dump("dump").await;
    flight.box_().execs().spoil(9);
    flight.passed().await;
    let told = flight.ended().await;
    assert!(
        told.contains("another checksum here than in the pod, 3 times"),
        "{told}"
    );
    assert!(
        !flight.file("db.sql").exists(),
        "what is not whole has no name of a dump"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_started_anew_in_the_middle_is_noticed_and_the_dump_begins_anew() {
    let mut flight = flight().await;
    flight.dump("slow").await;
    flight.passed().await;
    flight.until_heard("counted 20 rows in 2 tables before").await;
    let execs = flight.box_().execs().clone();
    flight
        .until("the command to be looked at", move |_| {
            execs.asked().iter().any(|words| words[0] == "look")
        })
        .await;
    container(1)(flight.box_());
    flight
        .until_heard("was started anew (restarts 0 → 1): beginning anew")
        .await;
    let execs = flight.box_().execs().clone();
    flight
        .until("the command to be begun again", move |_| {
            execs.asked().iter().filter(|words| words[0] == "begin").count() == 2
        })
        .await;
    flight.pass(Duration::from_secs(70));
    let told = flight.ended().await;
    assert!(told.contains("received 21000000 bytes"), "{told}\n{}", flight.so_far());
    assert!(std::fs::read(flight.file("db.sql")).unwrap() == Script::pours(&[], BYTES).output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_ready_or_says_why_not() {
    let mut flight = flight().await;
    flight
        .deed("act: { snapshot: { target: pvc/mysql-pvc, name: before, within: 20s } }")
        .await;
    flight.passed().await;
    flight
        .until("the snapshot to be asked for", |state| {
            state
                .steps()
                .last()
                .is_some_and(|step| step.said.iter().any(|line| line.contains("is there")))
        })
        .await;
    flight.pass(Duration::from_secs(1));
    let told = flight.ended().await;
    assert!(
        told.contains("volumesnapshot/before-mysql-pvc of pvc/mysql-pvc is ready, 50Gi"),
        "{told}"
    );
    assert!(told.contains("handle snap-of-"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_is_gone_is_made_again_as_it_was_when_the_run_began() {
    let mut flight = flight().await;
    let class = model::Key::cluster(Kind::StorageClass, "efs-sc");
    let before = flight.server_has(&class).expect("the class");
    flight
        .begin(
            "own.yaml",
            "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: own, title: Own, version: '1' }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
steps:
  - id: gone
    title: It is gone
    verify: { all: [{ object.gone: sc/efs-sc }], within: 10m, onTimeout: stop }
  - id: again
    title: Make it again
    act: { createStorageClass: { name: efs-sc, from: live, release: client } }
",
        )
        .await;
    flight
        .until("the class to be kept", |state| {
            state
                .runs()
                .on()
                .is_some_and(|on| on.run.progress.noted.contains_key("storageclass/efs-sc"))
        })
        .await;
    flight.box_().change(|store| {
        let uid = model::Uid::new(before["metadata"]["uid"].as_str().unwrap());
        store.delete(&class, &uid, model::Propagation::Background).unwrap();
    });
    flight.fresh().await;
    flight.pass(Duration::from_secs(1));
    flight
        .until("the next step", |state| {
            state
                .runs()
                .on()
                .is_some_and(|on| on.run.progress.current().is_some_and(|course| course.id == "again"))
        })
        .await;
    flight.fresh().await;
    flight.passed().await;
    flight.until_over().await;
    let after = flight.server_has(&class).expect("the class is made");
    for field in ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["metadata"]["annotations"]["meta.helm.sh/release-name"], "client");
    assert_eq!(after["metadata"]["annotations"]["pilothouse.dev/step"], "again");
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soak_watches_and_is_broken_by_a_restart() {
    let mut flight = flight().await;
    flight.deed("soak: { for: 30s, every: 10s, gap: 2m }").await;
    flight.pass(Duration::from_secs(11));
    flight.until_shown("of 30s watched").await;
    container(2)(flight.box_());
    flight.fresh().await;
    flight.pass(Duration::from_secs(2));
    flight.until_shown("STOPPED: broken at").await;
    assert_eq!(flight.states(), ["stopped"]);
    flight.fresh().await;
    flight.say('r', "it was us");
    // facts that nobody has heard of for a while are not watched
    for _ in 0..60 {
        if flight.state().runs().on().is_some_and(|on| on.run.over()) {
            break;
        }
        flight.fresh().await;
        flight.pass(Duration::from_secs(5));
    }
    flight.until_told("the run is over: complete").await;
}
