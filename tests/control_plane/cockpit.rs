//! An operator at the cockpit, on a real control plane: what he sees, what he is let do, and what the server sees of it.

use std::time::{Duration, Instant};

use pilothouse::app::{self, Ending, Phase, Step};
use pilothouse::journal;
use pilothouse::model::feed::PROMISE;
use pilothouse::model::{Act, Key, Kind, Propagation};
use serde_json::{Value, json};

use crate::cut::{Cut, Wire};
use crate::flight::{Flight, screen};
use crate::support::persons::Person;
use crate::trial::{Trial, is_terminating, pod_spec, uid};

/// A foreign Job holds a claim that is going. The operator asks why, deletes the Job through its panel, and the claim goes.
pub(crate) fn incident(trial: &Trial<'_>) {
    let claim = bound(trial);
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train-7"},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": pod_spec("data")["containers"], "volumes": pod_spec("data")["volumes"],
        }}},
    }));
    fly(async {
        let mut flight = anna(trial).await;
        flight
            .until("the Job's pod to run", |state| pod_runs(state, &trial.namespace))
            .await;
        trial.delete_now("pvc/data");
        flight
            .until("the claim to be going", |state| {
                let claim = state.world().get(&claim);
                claim.is_some_and(|claim| claim.meta.deleting())
            })
            .await;

        flight.find(&trial.namespace, Kind::PersistentVolumeClaim, "data");
        flight.keys("x");
        let told = flight.text();
        assert!(told.contains("why pvc/data is as it is"), "{told}");
        assert!(told.contains("Job train-7"), "nobody is named:\n{told}");

        let step = delete(&mut flight, trial, Kind::Job, "train-7").await;
        let said: Vec<&str> = step.log.iter().map(|(_, said)| said.as_str()).collect();
        assert!(
            matches!(said[..4], ["requested", "on disk in the journal", _, "sent"]) && said.len() >= 5,
            "{said:?}"
        );
        flight
            .until("the Job to be seen gone", |state| {
                state
                    .steps()
                    .all(|step| matches!(step.phase, Phase::Over(Ending::Observed { .. })))
            })
            .await;
        flight
            .until("the claim to go by itself", |state| state.world().get(&claim).is_none())
            .await;
        assert_recorded(&flight, &["intent", "sent", "outcome"]);
    });
}

/// While a pod that is not the claim's own holds it, APPROVE stays shut, and ctrl-y sends nothing.
pub(crate) fn refused_while_held(trial: &Trial<'_>) {
    let claim = bound(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    let before = trial.claim("data");
    fly(async {
        let mut flight = anna(trial).await;
        flight
            .until("the pod to run", |state| pod_runs(state, &trial.namespace))
            .await;
        let act = deletion(&flight, &claim);
        flight.open_panel(&trial.namespace, &act);
        assert!(
            flight.answer(&trial.namespace).await.is_err(),
            "open:\n{}",
            flight.text()
        );
        assert!(
            flight.text().contains("the delete would hang: 1 pod (user)"),
            "{}",
            flight.text()
        );

        flight.key(app::Key::Ctrl('y'));
        flight.live(Duration::from_secs(1)).await;
        assert!(flight.state().at_gate(), "{}", flight.text());
        assert_eq!(flight.state().steps().count(), 0);
        assert_recorded(&flight, &["opened"]);
    });
    assert_eq!(trial.claim("data"), before, "the server saw something");
}

/// What kubectl changes under an open panel voids its answers, and says so.
pub(crate) fn changed_under_the_panel(trial: &Trial<'_>) {
    let claim = bound(trial);
    fly(async {
        let mut flight = anna(trial).await;
        let act = deletion(&flight, &claim);
        flight.open_panel(&trial.namespace, &act);
        flight.answer(&trial.namespace).await.expect("an open panel");

        trial.kubectl(&["label", "pvc/data", "somebody=else"]).ok();
        flight.until_shown("changed under the panel").await;
        assert!(!flight.is_open(), "{}", flight.text());
        flight.key(app::Key::Ctrl('y'));
        flight.live(Duration::from_secs(1)).await;
        assert_eq!(flight.state().steps().count(), 0, "{}", flight.text());

        // looked at again and answered anew, it is an act like any other
        flight.answer(&trial.namespace).await.expect("an open panel");
        flight.approve(&trial.namespace).await;
        flight
            .until("the claim to be gone", |state| state.world().get(&claim).is_none())
            .await;
    });
}

/// What has changed without the cockpit having heard of it is seen by the fresh read: the approval is void.
pub(crate) fn changed_behind_the_approval(trial: &Trial<'_>) {
    let claim = bound(trial);
    fly(async {
        let mut flight = anna(trial).await;
        let act = deletion(&flight, &claim);
        flight.open_panel(&trial.namespace, &act);
        flight.answer(&trial.namespace).await.expect("an open panel");

        trial.kubectl(&["label", "pvc/data", "somebody=else"]).ok();
        // the cockpit takes no event in between: as far as it knows, all is as it was
        let step = flight.approve(&trial.namespace).await;
        assert!(matches!(step.phase, Phase::Over(Ending::Voided { .. })), "{step:?}");
        flight.until_shown("the approval is void, nothing was sent").await;
        assert!(flight.state().at_gate(), "{}", flight.text());
        assert_recorded(&flight, &["intent", "voided"]);
    });
    let left = trial.claim("data").expect("the claim");
    assert!(!is_terminating(&left), "{left}");
}

/// A user who may not see volumes is told so, and no act that needs them can be approved.
pub(crate) fn volumes_denied(trial: &Trial<'_>) {
    let claim = bound(trial);
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": trial.namespace},
        "rules": [
            {"apiGroups": [""], "resources": ["namespaces", "nodes", "pods", "secrets", "configmaps"], "verbs": ["*"]},
            {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["*"]},
            {"apiGroups": ["apps", "batch", "policy", "storage.k8s.io"], "resources": ["*"], "verbs": ["*"]},
        ],
    });
    trial.plane.create(&role);
    let role = format!("--clusterrole={}", trial.namespace);
    trial
        .kubectl(&["create", "clusterrolebinding", &trial.namespace, &role, "--user=dora"])
        .ok();
    crate::trial::wait(
        "dora may",
        || {
            Some(json!(
                trial.plane.run(Person::Dora, "kubectl", &["get", "pods"], "").success
            ))
        },
        |may| *may == true,
    );
    let before = trial.claim("data");
    fly(async {
        let mut flight = Flight::on_cluster(trial.plane.kubeconfig(Person::Dora)).await;
        flight.find(&trial.namespace, Kind::PersistentVolumeClaim, "data");
        let told = flight.text();
        assert!(told.contains("denied"), "{told}");
        assert!(told.contains("feeds 15/16 live · 1 denied"), "{told}");
        flight.command("pv");
        let told = flight.text();
        assert!(told.contains("denied: persistentvolumes"), "{told}");
        assert!(!told.contains("none"), "denied looks like empty:\n{told}");

        let act = deletion(&flight, &claim);
        flight.open_panel(&trial.namespace, &act);
        assert!(
            flight.answer(&trial.namespace).await.is_err(),
            "open:\n{}",
            flight.text()
        );
        assert!(flight.text().contains("persistentvolumes"), "{}", flight.text());
        flight.key(app::Key::Ctrl('y'));
        flight.live(Duration::from_secs(1)).await;
        assert_eq!(flight.state().steps().count(), 0);
    });
    assert_eq!(trial.claim("data"), before, "the server saw something");
}

/// The request was carried out and the answer lost: it is in doubt until the cluster itself is asked, and nothing is sent
/// twice.
pub(crate) fn answer_lost(trial: &Trial<'_>) {
    let claim = bound(trial);
    let (step, deletes) = through_a_cut_wire(trial, &claim, Cut::Answer, &["done", "accepted"]);
    assert_eq!(deletes, 1, "{step:?}");
    // it was on its way already where the doubt was settled as accepted
    crate::trial::wait_gone("the claim", || trial.claim("data"));
}

/// The request never arrived. Nobody can know that at once: it may still be on its way, and until its time has run out the
/// doubt stands and nothing else may be done. Then the cluster's answer settles it.
pub(crate) fn request_lost(trial: &Trial<'_>) {
    let claim = bound(trial);
    let before = trial.claim("data").expect("the claim");
    let (step, deletes) = through_a_cut_wire(trial, &claim, Cut::Request, &["not applied"]);
    assert_eq!(deletes, 1, "{step:?}");
    assert_eq!(trial.claim("data").expect("the claim"), before);
}

/// The API server is killed while a gate is open: within a second the header says so, and the gate is shut.
pub(crate) fn server_killed_at_a_gate(trial: &Trial<'_>) {
    let claim = bound(trial);
    fly(async {
        let mut flight = anna(trial).await;
        let act = deletion(&flight, &claim);
        flight.open_panel(&trial.namespace, &act);
        flight.answer(&trial.namespace).await.expect("an open panel");

        let killed = Instant::now();
        trial.plane.stop_api_server();
        flight
            .until("the loss to be seen", |state| {
                let shown = screen(state);
                shown.contains("SERVER LOST") && !shown.contains("APPROVE is open")
            })
            .await;
        let after = killed.elapsed();
        eprintln!("the cockpit said that the killed server is lost after {after:?}");
        assert!(after < Duration::from_secs(1), "after {after:?}");
        flight.key(app::Key::Ctrl('y'));
        assert_eq!(flight.state().steps().count(), 0, "{}", flight.text());

        trial.plane.start_api_server();
        let back = Instant::now();
        flight
            .until("every feed to be live again", |state| {
                !screen(state).contains("SERVER LOST") && screen(state).contains("feeds 16/16 live")
            })
            .await;
        eprintln!(
            "all feeds are live {:?} after the server was ready again",
            back.elapsed()
        );
        flight.key(app::Key::Esc);
        let step = delete(&mut flight, trial, Kind::PersistentVolumeClaim, "data").await;
        flight
            .until("the claim to be gone", |state| state.world().get(&claim).is_none())
            .await;
        assert!(!matches!(step.phase, Phase::Over(Ending::InDoubt { .. })), "{step:?}");
    });
}

/// The API server hangs while a gate is open: no connection ends, and yet the gate is shut within the promise.
pub(crate) fn server_frozen_at_a_gate(trial: &Trial<'_>) {
    let claim = bound(trial);
    fly(async {
        let mut flight = anna(trial).await;
        let act = deletion(&flight, &claim);
        flight.open_panel(&trial.namespace, &act);
        flight.answer(&trial.namespace).await.expect("an open panel");

        let frozen = Instant::now();
        trial.plane.freeze_api_server();
        flight
            .until("the gate to be shut", |state| {
                !screen(state).contains("APPROVE is open")
            })
            .await;
        let after = frozen.elapsed();
        eprintln!("the gate was shut {after:?} after the server froze");
        assert!(after < PROMISE + Duration::from_secs(1), "after {after:?}");
        flight.until_shown("stale").await;
        flight.key(app::Key::Ctrl('y'));
        assert_eq!(flight.state().steps().count(), 0, "{}", flight.text());

        trial.plane.thaw_api_server();
        flight.until_shown("feeds 16/16 live").await;
    });
    let left = trial.claim("data").expect("the claim");
    assert!(!is_terminating(&left), "{left}");
}

/// Deletes the claim over a wire that is cut at the DELETE; how the doubt is settled, in one of these words.
fn through_a_cut_wire(trial: &Trial<'_>, claim: &Key, cut: Cut, verdicts: &[&str]) -> (Step, usize) {
    fly(async {
        let kubeconfig = trial.plane.path(&format!("{}.kubeconfig", trial.namespace));
        let wire = Wire::lay(trial.plane.door_socket(), kubeconfig, cut).await;
        let mut flight = Flight::on_cluster(wire.kubeconfig.clone()).await;
        let act = deletion(&flight, claim);
        flight.open_panel(&trial.namespace, &act);
        flight.answer(&trial.namespace).await.expect("an open panel");
        let step = flight.approve(&trial.namespace).await;
        assert!(matches!(step.phase, Phase::Over(Ending::InDoubt { .. })), "{step:?}");

        flight.key(app::Key::Esc);
        if matches!(cut, Cut::Request) {
            flight.open_panel(&trial.namespace, &act);
            assert!(
                flight.answer(&trial.namespace).await.is_err(),
                "open:\n{}",
                flight.text()
            );
            assert!(flight.text().contains("in doubt"), "{}", flight.text());
            flight.key(app::Key::Esc);
        }
        flight.command("doubts");
        if matches!(cut, Cut::Request) {
            flight
                .until_shown("the server may still be working on the request")
                .await;
            flight.live(journal::REQUEST_DEADLINE).await;
            flight.keys("r");
        }
        flight.until_shown("settled").await;
        let shown = flight.text();
        assert!(verdicts.iter().any(|verdict| shown.contains(verdict)), "{shown}");
        assert_recorded(&flight, &["intent", "sent", "settled"]);
        // long enough for a repetition, if there were one
        flight.live(Duration::from_secs(2)).await;
        (step, wire.deletes())
    })
}

/// Runs a flight to its end.
pub(crate) fn fly<T>(flight: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(flight)
}

async fn anna(trial: &Trial<'_>) -> Flight {
    Flight::on_cluster(trial.plane.kubeconfig(Person::Anna)).await
}

/// A claim `data`, bound to a volume that is kept.
fn bound(trial: &Trial<'_>) -> Key {
    trial.create_class();
    trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    let claim: Value = trial.wait_bound("data");
    assert!(!uid(&claim).is_empty());
    Key::new(Kind::PersistentVolumeClaim, &trial.namespace, "data")
}

fn deletion(flight: &Flight, key: &Key) -> Act {
    let object = flight.state().world().get(key);
    Act::Delete {
        target: object.unwrap_or_else(|| panic!("no {key}")).pin(),
        propagation: Propagation::Background,
    }
}

/// The whole way, from the fleet to the server's answer.
async fn delete(flight: &mut Flight, trial: &Trial<'_>, kind: Kind, name: &str) -> Step {
    let act = deletion(flight, &Key::new(kind, &trial.namespace, name));
    flight.open_panel(&trial.namespace, &act);
    let answered = flight.answer(&trial.namespace).await;
    assert!(answered.is_ok(), "{answered:?}\n{}", flight.text());
    flight.approve(&trial.namespace).await
}

fn pod_runs(state: &app::State, namespace: &str) -> bool {
    let mut pods = state.world().in_namespace(Kind::Pod, namespace);
    pods.any(|object| object.body.pod().is_some_and(pilothouse::model::workload::Pod::ready))
}

/// The journal verifies, and its records are of these kinds, in this order, others left out.
fn assert_recorded(flight: &Flight, kinds: &[&str]) {
    let path = flight.journal();
    journal::verify(&path).unwrap_or_else(|tampered| panic!("{tampered}"));
    let shown = journal::show(&path).unwrap_or_else(|tampered| panic!("{tampered}"));
    let text = shown.text();
    let recorded: Vec<String> = shown.entries.iter().map(|record| record.kind.to_string()).collect();
    let mut left = recorded.iter();
    for kind in kinds {
        assert!(
            left.any(|record| record == kind),
            "no {kind} among {recorded:?}\n{text}"
        );
    }
    let intents = recorded.iter().filter(|kind| *kind == "intent").count();
    assert_eq!(
        intents,
        kinds.iter().filter(|kind| **kind == "intent").count(),
        "{text}"
    );
}
