//! Helm through its panel, on the sandbox. The program is a script that says what a test wants and waits until the test has
//! done to the sandbox what helm would have: no helm is needed here.

use super::flight::{Flight, Plan, line};
use pilothouse::app::{Ending, Key, Phase, State};
use pilothouse::journal::RecordKind::{Intent, Note, Opened};
use pilothouse::model::{self, Kind};
use pilothouse::sandbox::Objects as _;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A helm that says a secret, waits for `go`, and ends as told.
pub(super) fn fake(home: &Path, code: u8) -> PathBuf {
    let program = home.join("helm");
    let here = home.display();
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = version ]; then echo v3.22.0; exit 0; fi\necho \"$@\" > {here}/asked\n\
         echo 'Rolling back, password=canary-7f3a'\n: > {here}/started\ncount=0\n\
         while [ ! -e {here}/go ] && [ $count -lt 400 ]; do sleep 0.1; count=$((count+1)); done\necho bye\nexit {code}\n"
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn record(revision: u32) -> model::Key {
    let name = format!("sh.helm.release.v1.eks-1.0.4.v{revision}");
    model::Key::new(Kind::Release, "hasan-prod", &name)
}

/// What helm does to its records when it rolls back.
fn roll_back(flight: &Flight) {
    let sandbox = flight.sandbox.as_ref().expect("on the sandbox");
    let mut made = flight.server_has(&record(7)).expect("revision 7");
    let meta = made["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        meta.remove(field);
    }
    meta["name"] = json!(record(8).name.as_str());
    meta["labels"]["version"] = json!("8");
    sandbox.change(|store| {
        store.create(made).unwrap();
    });
    flight.meddle(&record(7), |record| {
        record["metadata"]["labels"]["status"] = json!("superseded");
    });
}

/// Goes to the tenant, types the line, and waits for its panel.
async fn panel(flight: &mut Flight, words: &str) {
    flight.take(pilothouse::app::Event::Resize { width: 150, height: 70 });
    flight.until_shown("hasan-prod").await;
    flight.order("tenant hasan-prod");
    flight.order(words);
    flight.until("the panel", State::at_gate).await;
    flight
        .until("the journal to be open", |state| {
            !line(state).contains("the journal is not open")
        })
        .await;
    flight.fresh().await;
    flight.pass(Duration::from_millis(800));
}

/// Signs what is to be signed and holds the key; waits until the program is at work.
async fn begun(flight: &mut Flight, home: &Path) {
    flight.attest_all();
    flight.fresh().await;
    flight.hold();
    assert!(!flight.state().at_gate(), "the panel is still open:\n{}", flight.text());
    let started = home.join("started");
    flight.until("helm to be at work", move |_| started.exists()).await;
}

async fn over(flight: &mut Flight) -> Phase {
    flight
        .until("helm's end", |state| {
            state
                .steps()
                .last()
                .is_some_and(|step| step.over() || step.phase == Phase::Accepted)
        })
        .await;
    flight.heard().await;
    flight.pass(Duration::from_secs(2));
    flight.step().phase.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_rolled_back_through_its_panel_and_nothing_secret_is_heard() {
    let home = tempfile::tempdir().unwrap();
    let program = fake(home.path(), 0);
    let mut flight = Plan::of("hasan-prod").with_helm(program.clone()).fly().await;
    panel(&mut flight, "rollback release/eks-1.0.4 6 timeout=30").await;
    let told = flight.line();
    let argv = "rollback eks-1.0.4 6 --namespace=hasan-prod --timeout=30s";
    assert!(
        told.contains(argv) && told.contains("HELM_DRIVER=secret"),
        "{}",
        flight.text()
    );
    assert!(told.contains("helm 3.22.0, "), "{}", flight.text());
    assert_eq!(flight.kinds(), [Opened]);
    begun(&mut flight, home.path()).await;
    flight.until_told("helm: Rolling back, password=<redacted>").await;
    roll_back(&flight);
    std::fs::write(home.path().join("go"), "").unwrap();
    let phase = over(&mut flight).await;
    assert!(
        matches!(&phase, Phase::Over(Ending::Observed { what }) if what.contains("revision 8 of eks-1.0.4 is deployed")),
        "{phase:?}"
    );
    assert_eq!(std::fs::read_to_string(home.path().join("asked")).unwrap().trim(), argv);
    flight.until_recorded(Note, 2).await;
    let journal = std::fs::read_to_string(flight.journal()).unwrap();
    assert!(journal.contains("bye") && journal.contains(argv), "{journal}");
    assert!(
        !journal.contains("canary") && !flight.text().contains("canary"),
        "{journal}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_code_is_not_the_outcome() {
    for (code, acts) in [(0, false), (1, true)] {
        let home = tempfile::tempdir().unwrap();
        let program = fake(home.path(), code);
        let mut flight = Plan::of("hasan-prod").with_helm(program).fly().await;
        panel(&mut flight, "rollback release/eks-1.0.4 6 timeout=30").await;
        begun(&mut flight, home.path()).await;
        if acts {
            roll_back(&flight);
        }
        std::fs::write(home.path().join("go"), "").unwrap();
        let phase = over(&mut flight).await;
        let came = match &phase {
            Phase::Over(Ending::Observed { what }) => acts && what.contains("revision 8"),
            Phase::Over(Ending::Otherwise { what }) => !acts && what.contains("although helm ended with exit code 0"),
            _ => false,
        };
        assert!(came, "exit code {code}: {phase:?}\n{}", flight.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_stays_shut_while_somebody_else_holds_what_goes() {
    let home = tempfile::tempdir().unwrap();
    let program = fake(home.path(), 0);
    let mut flight = Plan::of("hasan-prod").with_helm(program).fly().await;
    flight.choose("hasan-prod", "releases", "eks").await;
    flight.take(pilothouse::app::Event::Resize { width: 150, height: 70 });
    flight.key(Key::Ctrl('d'));
    flight.until("the panel", State::at_gate).await;
    flight.fresh().await;
    flight.pass(Duration::from_millis(800));
    let told = flight.line();
    for word in [
        "pvc/shared-data by Job train-",
        "these claims are not kept in the stored manifest",
        "uninstall eks-1.0.4 --cascade=background --namespace=hasan-prod --timeout=300s",
        "APPROVE is closed",
    ] {
        assert!(told.contains(word), "{word}:\n{}", flight.text());
    }
    flight.attest_all();
    flight.approve();
    assert!(flight.state().at_gate() && flight.state().steps().count() == 0);
    assert!(!flight.kinds().contains(&Intent));
    assert!(!home.path().join("asked").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helm_that_is_not_there_is_said_with_what_to_do() {
    let mut flight = Plan::of("hasan-prod").fly().await;
    flight.until_shown("hasan-prod").await;
    flight.order("tenant hasan-prod");
    flight.order("uninstall release/eks-1.0.4");
    flight.until_told("there is no helm at /no/helm/in/flights").await;
    assert!(!flight.state().at_gate());
}
