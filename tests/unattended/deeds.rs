//! Dumps, restores and backup points as a script meets them: the built binary, a sandbox with a real socket and a real
//! websocket between, files on a real disk, and death in the middle.

use crate::headless::{Bed, Told};
use crate::home::{Home, printed};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(90);

/// A tenant with a database of one pod.
const SHOP: &str = r#"scenario: shop
title: A database of one pod
server: "1.36"
exec:
  - { command: [count], out: "accounts 3\norders 17\n" }
  - { command: [dump], bytes: 21000000, takes: 1 }
  - { command: [slow], bytes: 9000000, takes: 600 }
  - { command: [big], bytes: 60000000 }
  - { command: [empty] }
  - { command: [fails], out: half, said: "access denied for user root", exit: 7 }
  - { command: [load], said: loaded }
  - { command: [lose], then: { command: [count], out: "accounts 3\norders 16\n" } }
---
apiVersion: v1
kind: Node
metadata: { name: node-1, creationTimestamp: -120d }
status:
  capacity: { cpu: "8", memory: 32Gi, pods: "110" }
  allocatable: { cpu: "8", memory: 31Gi, pods: "110" }
  conditions: [{ type: Ready, status: "True" }]
---
apiVersion: v1
kind: Namespace
metadata: { name: shop, creationTimestamp: -90d }
---
apiVersion: v1
kind: Pod
metadata: { name: db-0, namespace: shop, creationTimestamp: -40d, labels: { app: db } }
spec: { nodeName: node-1, containers: [{ name: db, image: db }] }
status:
  phase: Running
  conditions: [{ type: Ready, status: "True" }]
  containerStatuses: [{ name: db, ready: true, restartCount: 0, containerID: "containerd://1" }]
"#;

impl Bed {
    fn of_a_shop() -> Self {
        let home = Home::new();
        let scenario = home.path("shop.yaml");
        std::fs::write(&scenario, SHOP).unwrap();
        Self::in_home(home, scenario.to_str().unwrap(), "shop")
    }

    fn path(&self, name: &str) -> String {
        self.home.path(name).to_str().unwrap().to_owned()
    }

    /// A runbook of one step with this act.
    fn runbook(&self, act: &str) -> String {
        let verify = "verify: { all: [act.done], within: 5m, onTimeout: stop }";
        let text = format!(
            "apiVersion: pilothouse.dev/v1\nkind: Runbook\nmetadata: {{ name: one, title: One act, version: \"1\" }}\n\
             tenant: {{ namespace: shop }}\nsteps:\n  - id: it\n    title: It\n    act: {act}\n    {verify}\n"
        );
        let path = self.path("one.yaml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn dump(&self, command: &str, more: &str) -> String {
        let to = self.path("db.sql");
        self.runbook(&format!(
            "{{ dump: {{ selector: {{ app: db }}, command: {command}, to: {to}, rows: {{ command: [count] }}{more} }} }}"
        ))
    }

    /// Begins a run of a file and approves its act.
    fn approved(&self, file: &str) -> Told {
        let asked = self.run(&[file]);
        self.approve(&asked)
    }

    fn approve(&self, asked: &Told) -> Told {
        self.run(&self.approval(asked))
    }

    /// The same, left running.
    fn approving(&self, asked: &Told) -> Child {
        let words = self.arguments(&self.approval(asked));
        self.home.start(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn approval(&self, asked: &Told) -> Vec<String> {
        assert_eq!(asked.code, Some(4), "{}", asked.text);
        self.next(asked)
    }

    /// Begins a stopped step anew, up to its panel.
    fn again(&self) -> Told {
        let words = [
            "--resume",
            "--decide",
            "again",
            "--by",
            "berta",
            "--reason",
            "it was cut off",
        ];
        self.run(&words)
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.home.path("db.sql.manifest.json")).unwrap()).unwrap()
    }

    fn exists(&self, name: &str) -> bool {
        self.home.path(name).exists()
    }
}

/// Waits until something is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

fn digest(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    for byte in Sha256::digest(&bytes) {
        // writing to a String cannot fail
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

pub(crate) fn a_dump_is_brought_here_checked_on_both_ends_with_its_rows() {
    let bed = Bed::of_a_shop();
    let file = bed.dump("[dump]", "");
    let asked = bed.run(&[&file]);
    assert_eq!(asked.code, Some(4), "{}", asked.text);
    let shown = asked.report["asked"]["request"].as_str().unwrap();
    for word in ["exec", "rows: count", "run: dump", "db.sql", "/tmp"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    assert!(
        !bed.exists("db.sql.manifest.json"),
        "nothing begins before it is approved"
    );
    let told = bed.approve(&asked);
    assert_eq!(told.code, Some(0), "{}", told.text);
    let manifest = bed.manifest();
    assert_eq!(std::fs::metadata(bed.home.path("db.sql")).unwrap().len(), 21_000_000);
    assert_eq!(manifest["sha256"], digest(&bed.home.path("db.sql")));
    assert_eq!(
        (
            &manifest["state"],
            &manifest["size"],
            &manifest["exit"],
            &manifest["removed"]
        ),
        (&"whole".into(), &21_000_000.into(), &0.into(), &true.into())
    );
    assert_eq!(manifest["rows"], serde_json::json!({"accounts": 3, "orders": 17}));
    assert_eq!(manifest["command"], serde_json::json!(["dump"]));
    assert_eq!(manifest["container"]["containerId"], "containerd://1");
    let chunks = manifest["chunks"].as_array().unwrap();
    assert_eq!(chunks.len(), 6, "21 MB in chunks of 4 MiB");
    assert!(!bed.exists("db.sql.part"));
    let journal = printed(&bed.home.run(&["journal", "show"]));
    assert!(journal.contains("received 21000000 bytes sha256"), "{journal}");
    assert!(journal.contains("rows 20 in 2 tables"), "{journal}");
    assert!(journal.contains("chunk 6 of 6"), "{journal}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for name in ["db.sql", "db.sql.manifest.json"] {
            let mode = std::fs::metadata(bed.home.path(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    // a second one is never written over the first
    let again = bed.approved(&bed.dump("[dump]", ""));
    assert_eq!(again.code, Some(1), "{}", again.text);
    assert!(again.text.contains("holds a whole dump already"), "{}", again.text);
    assert_eq!(bed.manifest(), manifest);
}

pub(crate) fn a_cockpit_killed_in_the_middle_of_a_dump_is_taken_up_and_the_dump_goes_on() {
    let bed = Bed::of_a_shop();
    let asked = bed.run(&[&bed.dump("[slow]", "")]);
    let mut child = bed.approving(&asked);
    until("the command was begun", || bed.exists("db.sql.manifest.json"));
    crate::home::signal(child.id(), "KILL");
    child.wait().unwrap();
    let before = bed.manifest();
    assert_eq!(before["state"], "begun");
    // what became of it is told by what is here: nothing was done, and no person has to say so
    let stopped = bed.run(&["--resume"]);
    assert_eq!(stopped.code, Some(1), "{}", stopped.text);
    assert!(stopped.text.contains("goes on from it"), "{}", stopped.text);
    let panel = bed.again();
    let mut child = bed.approving(&panel);
    // the command that was begun before is the one that is looked at
    until("it goes on", || bed.manifest()["steps"].as_array().unwrap().len() == 2);
    assert_eq!(bed.manifest()["directory"], before["directory"]);
    crate::home::signal(child.id(), "KILL");
    child.wait().unwrap();
}

pub(crate) fn a_cockpit_killed_while_it_fetches_goes_on_behind_what_it_has() {
    let bed = Bed::of_a_shop();
    let asked = bed.run(&[&bed.dump("[big]", "")]);
    let mut child = bed.approving(&asked);
    until("some of it is here", || {
        std::fs::metadata(bed.home.path("db.sql.part")).is_ok_and(|part| part.len() > 4 << 20)
    });
    crate::home::signal(child.id(), "KILL");
    child.wait().unwrap();
    assert!(!bed.exists("db.sql"), "it was killed in the middle");
    let before = bed.manifest();
    assert_eq!(
        (&before["state"], &before["size"]),
        (&"begun".into(), &60_000_000.into())
    );
    // what was written behind the last record is nobody's
    let had = before["chunks"].as_array().unwrap().len();
    let stopped = bed.run(&["--resume"]);
    assert!(stopped.text.contains("goes on from it"), "{}", stopped.text);
    let panel = bed.again();
    let told = bed.approve(&panel);
    assert_eq!(told.code, Some(0), "{}", told.text);
    let after = bed.manifest();
    assert_eq!(after["sha256"], digest(&bed.home.path("db.sql")));
    assert_eq!(
        after["chunks"].as_array().unwrap()[..had],
        before["chunks"].as_array().unwrap()[..]
    );
    assert_eq!(after["directory"], before["directory"], "the command was not run again");
    let journal = printed(&bed.home.run(&["journal", "show"]));
    assert!(journal.contains("that were fetched and checked before"), "{journal}");
}

pub(crate) fn a_command_that_fails_leaves_nothing_that_looks_like_a_dump() {
    let bed = Bed::of_a_shop();
    let told = bed.approved(&bed.dump("[fails]", ""));
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(
        told.text.contains("exit code 7: access denied for user root"),
        "{}",
        told.text
    );
    assert!(!bed.exists("db.sql"));
    // no such program
    let told = bed.run(&[
        "--resume",
        "--decide",
        "abort",
        "--by",
        "berta",
        "--reason",
        "wrong command",
    ]);
    assert_eq!(told.code, Some(1), "{}", told.text);
    std::fs::remove_file(bed.home.path("db.sql.manifest.json")).unwrap();
    let told = bed.approved(&bed.dump("[nothing-of-that-name]", ""));
    assert!(told.text.contains("exit code 127"), "{}", told.text);
}

pub(crate) fn an_empty_dump_and_a_straight_one_are_dumps() {
    let bed = Bed::of_a_shop();
    let told = bed.approved(&bed.dump("[empty]", ""));
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(bed.manifest()["size"], 0);
    for name in ["db.sql", "db.sql.manifest.json"] {
        std::fs::remove_file(bed.home.path(name)).unwrap();
    }
    let told = bed.approved(&bed.dump("[dump]", ", stage: none"));
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(bed.manifest()["sha256"], digest(&bed.home.path("db.sql")));
    assert_eq!(bed.manifest()["size"], 21_000_000);
}

pub(crate) fn a_restore_is_checked_in_the_pod_and_its_rows_are_compared() {
    let bed = Bed::of_a_shop();
    let told = bed.approved(&bed.dump("[dump]", ""));
    assert_eq!(told.code, Some(0), "{}", told.text);
    let restore = |command: &str| {
        let from = bed.path("db.sql");
        bed.runbook(&format!(
            "{{ restore: {{ pod: db-0, command: {command}, from: {from}, rows: {{ command: [count] }} }} }}"
        ))
    };
    let told = bed.approved(&restore("[load]"));
    assert_eq!(told.code, Some(0), "{}", told.text);
    let journal = printed(&bed.home.run(&["journal", "show"]));
    assert!(journal.contains("rows equal to those of the dump"), "{journal}");
    let told = bed.approved(&restore("[lose]"));
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(told.text.contains("orders had 17, now 16"), "{}", told.text);
    let told = bed.run(&["--resume", "--decide", "abort", "--by", "berta", "--reason", "seen"]);
    assert_eq!(told.code, Some(1), "{}", told.text);

    // a file that was changed since is not given to anybody
    std::fs::write(bed.home.path("db.sql"), "something else").unwrap();
    let told = bed.approved(&restore("[load]"));
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(told.text.contains("it was changed since"), "{}", told.text);
}

pub(crate) fn a_backup_point_of_a_program_is_found_and_checked() {
    let bed = Bed::of_a_shop();
    let run = |check: &str| {
        bed.runbook(&format!(
            "{{ run: {{ target: pod/db-0, command: [echo, 'point=p-17'], identifier: {{ pattern: 'point=(.*)' }}, check: {check} }} }}"
        ))
    };
    let told = bed.approved(&run("[test, '{}', '=', p-17]"));
    assert_eq!(told.code, Some(0), "{}", told.text);
    let journal = printed(&bed.home.run(&["journal", "show"]));
    assert!(
        journal.contains("identifier p-17; its check ended with exit code 0"),
        "{journal}"
    );
    let told = bed.approved(&run("[test, '{}', '=', p-18]"));
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(told.text.contains("its check ended with exit code 1"), "{}", told.text);
}
