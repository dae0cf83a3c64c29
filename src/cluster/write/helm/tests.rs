//! Helm at work: whatever the program does, what is said of it is what its records prove, and nothing secret is heard.
//! The program is a script here; the records are a scripted server's.

use super::*;
use crate::cluster::write::tests::scripted::{Asked, Reply, Scripted, basics, list};
use crate::cluster::{Clock, ConnectOptions, connect};
use crate::gate::{Carrier, Request};
use crate::model::act::{Install, Means, Uninstall, Upgrade};
use crate::model::helm::Executor;
use crate::model::{Key, Object, ResourceVersion, Uid};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

const UID: &str = "5b1e0f0a-9c1f-4b6a-8c11-0123456789ab";
const RECORD: &str = "sh.helm.release.v1.app.v2";

fn record(revision: u32, status: &str, version: &str) -> Value {
    json!({ "metadata": {
        "name": format!("sh.helm.release.v1.app.v{revision}"), "namespace": "shop", "uid": UID, "resourceVersion": version,
        "labels": { "owner": "helm", "name": "app", "version": revision.to_string(), "status": status },
    }})
}

/// A helm that says this version and then does this.
fn fake(directory: &Path, version: &str, body: &str) -> PathBuf {
    let path = directory.join("helm");
    let text = format!("#!/bin/sh\nif [ \"$1\" = version ]; then echo {version}; exit 0; fi\n{body}\n");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A server that shows these records once helm is at work; none: it does not answer.
async fn server(records: Option<Vec<Value>>, driver: Driver) -> Scripted {
    Scripted::start(move |asked: &Asked| {
        basics(asked).unwrap_or_else(|| match &records {
            Some(records) if asked.path.ends_with(driver.kind().plural()) => list(9, "", records),
            _ => Reply::status(503, "ServiceUnavailable", "no"),
        })
    })
    .await
}

struct Case {
    helm: HelmAct,
    version: &'static str,
    body: &'static str,
    records: Option<Vec<Value>>,
    mask: Mask,
    driver: Driver,
}

impl Case {
    fn of(body: &'static str, records: Option<Vec<Value>>) -> Self {
        Self {
            helm: HelmAct::Uninstall(Uninstall::plain(Some(Executor::new(3, 22, 0)))),
            version: "v3.22.0+g1",
            body,
            records,
            mask: Mask::default(),
            driver: Driver::Secret,
        }
    }

    /// Lets it be carried out; what became of it, and what was heard.
    async fn carried(self) -> (Outcome, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let program = fake(directory.path(), self.version, self.body);
        let server = server(self.records, self.driver).await;
        let (_held, path) = server.kubeconfig("{}");
        let options = ConnectOptions {
            kubeconfig: Some(path),
            ..ConnectOptions::default()
        };
        let connection = connect(&options, Clock::system()).await.unwrap();
        let act = Act::Helm {
            release: Pin {
                key: Key::new(self.driver.kind(), "shop", RECORD),
                uid: Uid::new(UID),
                resource_version: ResourceVersion::new("7"),
            },
            helm: self.helm,
            means: Some(Means {
                program: program.display().to_string().into(),
                timeout: 5,
            }),
        };
        let held = Object::from_value(self.driver.kind(), &record(2, "deployed", "7")).unwrap();
        let request = Request::of(&act, Some(&held)).unwrap();
        let Carrier::Helm(command) = request.carrier() else {
            panic!("no command: {request:?}")
        };
        let mut heard = Vec::new();
        let mut hear = |line| heard.push(line);
        let terms = Terms {
            deadline: Duration::from_secs(2),
            mask: &self.mask,
            lifeline: None,
        };
        let outcome = carry(&act, command, &connection, terms, &mut hear).await;
        (outcome, heard)
    }
}

#[tokio::test]
async fn helm_is_told_where_its_records_are_and_they_are_looked_for_there() {
    for driver in [Driver::Secret, Driver::ConfigMap] {
        let case = Case {
            driver,
            ..Case::of("echo records in $HELM_DRIVER", Some(vec![]))
        };
        let (outcome, heard) = case.carried().await;
        assert_eq!(outcome.word(), "done", "{outcome:?}");
        assert_eq!(heard, [format!("records in {}", driver.word())]);
    }
}

#[tokio::test]
async fn the_records_decide_and_not_what_the_program_says() {
    let untouched = || Some(vec![record(2, "deployed", "7")]);
    let halfway = || Some(vec![record(2, "uninstalling", "8")]);
    for (body, records, word, told) in [
        ("echo done", Some(vec![]), "done", "no record any more"),
        (
            "echo Error: x >&2; exit 1",
            Some(vec![]),
            "done",
            "although helm ended with exit code 1: Error: x",
        ),
        (
            "echo done",
            untouched(),
            "failed",
            "although helm ended with exit code 0",
        ),
        ("echo Error: x >&2; exit 1", untouched(), "not applied", "Error: x"),
        ("exit 1", halfway(), "failed", "uninstalling now"),
        ("sleep 60", halfway(), "failed", "was stopped after 2 s"),
        (
            "trap '' TERM; while :; do sleep 1; done",
            halfway(),
            "failed",
            "was killed after 2 s",
        ),
        ("sleep 60", untouched(), "in doubt", "was stopped after 2 s"),
        ("kill -9 $$", halfway(), "failed", "was killed by signal 9"),
        ("kill -9 $$", untouched(), "in doubt", "was killed by signal 9"),
        ("echo done", None, "in doubt", "records cannot be read"),
    ] {
        let (outcome, heard) = Case::of(body, records).carried().await;
        let said = outcome.evidence();
        assert!(
            outcome.word() == word && said.contains(told),
            "{body}: {outcome:?} {heard:?}"
        );
    }
}

#[tokio::test]
async fn a_program_that_is_another_version_now_is_not_started() {
    let case = Case {
        version: "v4.3.1",
        ..Case::of("echo started", Some(vec![]))
    };
    let (outcome, heard) = case.carried().await;
    assert!(
        matches!(&outcome, Outcome::NotApplied { why } if why.contains("is helm 4.3.1 now")) && heard.is_empty(),
        "{outcome:?} {heard:?}"
    );
}

#[tokio::test]
async fn what_is_heard_holds_nothing_secret_and_moves_no_cursor() {
    let mut mask = Mask::default();
    mask.hide_values(&json!({"db": {"password": "canary-7f3a"}}));
    let case = Case {
        mask,
        ..Case::of(
            "printf 'a canary-7f3a b\\033[2Jc\\n'; echo 'token=canary-2' >&2; printf 'no end'; head -c 100000 /dev/zero | tr '\\0' x; echo; echo last",
            Some(vec![]),
        )
    };
    let (outcome, heard) = case.carried().await;
    let all = heard.join("\n");
    assert!(
        !all.contains("canary") && !outcome.evidence().contains("canary"),
        "{all}"
    );
    assert!(all.contains("a <redacted> b\\u{1b}[2Jc"), "{all}");
    assert!(
        heard.iter().all(|line| line.chars().count() < 1_000),
        "a line is bounded"
    );
    assert!(heard.iter().any(|line| line == "last"), "{all}");
}

#[tokio::test]
async fn helm_is_given_one_cluster_and_no_shell() {
    let body = "echo kubeconfig $KUBECONFIG; ls -l $KUBECONFIG | cut -c1-10; grep -c current-context $KUBECONFIG; \
        echo driver $HELM_DRIVER; for word in \"$@\"; do echo \"word $word\"; done; readlink /proc/self/fd/0";
    let case = Case {
        helm: HelmAct::Upgrade(Upgrade {
            executor: Some(Executor::new(3, 22, 0)),
            rendered: "digest".into(),
            source: Some(crate::model::act::Source {
                chart: "/charts/a b;$(id)".into(),
                version: "1.2.3".into(),
                values: vec!["/v.yaml".into()],
            }),
            take_ownership: true,
            wait: true,
            no_hooks: true,
        }),
        ..Case::of(body, Some(vec![record(3, "deployed", "9")]))
    };
    let (outcome, heard) = case.carried().await;
    assert_eq!(outcome.word(), "done", "{outcome:?}");
    let file = heard.iter().find_map(|line| line.strip_prefix("kubeconfig ")).unwrap();
    assert!(
        file.ends_with(".kubeconfig") && !Path::new(file).exists(),
        "{file} stays behind"
    );
    assert!(heard.contains(&"-rw-------".to_owned()), "{heard:?}");
    assert!(heard.contains(&"driver secret".to_owned()), "{heard:?}");
    let words: Vec<&str> = heard.iter().filter_map(|line| line.strip_prefix("word ")).collect();
    assert_eq!(
        words,
        [
            "upgrade",
            "app",
            "/charts/a b;$(id)",
            "--version=1.2.3",
            "--values=/v.yaml",
            "--take-ownership",
            "--namespace=shop",
            "--wait",
            "--no-hooks",
            "--timeout=5s",
        ]
    );
}

#[test]
fn records_and_the_end_of_helm_together_prove_an_outcome() {
    let uninstall = HelmAct::Uninstall(Uninstall::plain(None));
    let install = HelmAct::Install(Install::default());
    let stopped = End::Stopped {
        after: Duration::from_secs(9),
        killed: true,
    };
    let seen = || "seen".to_owned();
    for (after, end, helm, word) in [
        (After::Reached(seen()), End::Exited(0), &uninstall, "done"),
        (After::Reached(seen()), End::Exited(1), &uninstall, "done"),
        (After::Reached(seen()), stopped, &uninstall, "done"),
        (After::Untouched(seen()), End::Exited(0), &uninstall, "failed"),
        (After::Untouched(seen()), End::Exited(1), &uninstall, "not applied"),
        (After::Untouched(seen()), End::Exited(1), &install, "failed"),
        (After::Untouched(seen()), stopped, &uninstall, "in doubt"),
        (After::Untouched(seen()), End::Signalled(9), &uninstall, "in doubt"),
        (After::Halfway(seen()), End::Exited(1), &uninstall, "failed"),
        (After::Halfway(seen()), End::Signalled(9), &uninstall, "failed"),
        (After::Otherwise(seen()), End::Exited(0), &uninstall, "failed"),
    ] {
        let ran = Ran {
            end,
            stdout: Vec::new(),
            tail: vec!["Error: x".to_owned()],
        };
        let told = format!("{after:?} {end:?}");
        let outcome = judge(after, &ran, helm);
        assert_eq!(outcome.word(), word, "{told}");
        assert!(outcome.evidence().contains("seen"), "{told}");
    }
}
