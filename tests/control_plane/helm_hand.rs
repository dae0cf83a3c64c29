//! Helm through the cockpit's own panel: installed, upgraded, rolled back and uninstalled by the operator's helm on a real
//! control plane, each end held against its forecast; and helm killed, or the API server gone, while it is at work.

use std::time::Duration;

use pilothouse::app::{Ending, Phase, Step};
use pilothouse::forecast::forecast;
use pilothouse::model::Kind;
use pilothouse::model::storage::Volume;
use serde_json::{Value, json};

use crate::cockpit::fly;
use crate::flight::Flight;
use crate::helm_acts::{FOUR, Helm, THREE, chart, claim, config, deployment, hook};
use crate::picture::{self, Frame};
use crate::support::helm::seen_outside;
use crate::support::persons::Person;
use crate::support::wait::until;
use crate::trial::{Trial, wait};

/// Helm gives up waiting after this, in seconds, unless a trial says otherwise.
const PATIENCE: &str = "timeout=60";

async fn anna(trial: &Trial<'_>, helm: Helm) -> Flight {
    let program = trial.plane.programs().kit.program(helm.program);
    Flight::with_helm(trial.plane.kubeconfig(Person::Anna), program).await
}

/// Types the line, waits for the panel, answers it. The panel's request is on the screen then.
async fn panel(flight: &mut Flight, trial: &Trial<'_>, line: &str) {
    flight.take(pilothouse::app::Event::Resize {
        width: 170,
        height: 100,
    });
    flight.key(pilothouse::app::Key::Esc);
    flight.command("fleet");
    flight.command(&format!("tenant {}", trial.namespace));
    flight.command(line);
    flight.until("the panel", pilothouse::app::State::at_gate).await;
    let answered = flight.answer(&trial.namespace).await;
    assert!(answered.is_ok(), "{line}: {answered:?}\n{}", flight.text());
}

/// Carries a line out, and holds what came against its forecast. The claims and volumes are compared one by one.
async fn carried(flight: &mut Flight, trial: &Trial<'_>, line: &str) -> Step {
    panel(flight, trial, line).await;
    let before = flight.state().world().clone();
    let conditions = flight.state().conditions().clone();
    let (now, quiet) = (flight.state().now(), flight.state().quiet());
    let lost = picture::without_disk(&before);
    flight.approve(&trial.namespace).await;
    flight
        .until("the step to be over", |state| {
            state.steps().last().is_some_and(Step::over)
        })
        .await;
    let step = flight.state().steps().last().expect("a step").clone();
    let frame = Frame::Namespace(trial.namespace.clone());
    let books = trial.plane.disks();
    let disk = |volume: &Volume| picture::disk(volume, &books);
    let told = forecast(&before, &step.act, &conditions, now, quiet);
    // what helm set off comes to its end within a while
    let came = flight
        .within(Duration::from_secs(30), |state| {
            let fates = picture::fates(&before, state.world(), &frame, &disk, &lost);
            let mut words = picture::foretold(&told, &frame);
            seen_outside(&mut words, &fates);
            words.retain(|object, _| !object.starts_with("release") && !object.starts_with("storageclass/"));
            let mut fates = fates;
            fates.retain(|object, _| !object.starts_with("release"));
            words == fates
        })
        .await;
    let fates = picture::fates(&before, flight.state().world(), &frame, &disk, &lost);
    assert!(
        came,
        "{line}\nforetold: {:#?}\ncame: {fates:#?}",
        picture::foretold(&told, &frame)
    );
    step
}

fn observed(step: &Step) -> &str {
    match &step.phase {
        Phase::Over(Ending::Observed { what }) => what,
        other => panic!("{other:?}: {:?} {:?}", step.said, step.log),
    }
}

/// The status of the newest record, as helm's own label tells.
fn status(trial: &Trial<'_>, revision: u32) -> Option<Value> {
    trial
        .plane
        .get(&trial.path("secrets", &format!("sh.helm.release.v1.app.v{revision}")))
        .map(|secret| secret["metadata"]["labels"]["status"].clone())
}

/// Installed on an adopted claim, upgraded, rolled back, uninstalled.
fn course(trial: &Trial<'_>, helm: Helm) {
    trial.create_class();
    let disk = trial.create_volume("disk");
    let path = chart(
        trial,
        &[claim(trial, Some("keep")), deployment("data"), config("settings")],
    );
    fly(async {
        let mut flight = anna(trial, helm).await;
        let step = carried(&mut flight, trial, &format!("install app {path} {PATIENCE}")).await;
        assert!(observed(&step).contains("revision 1 of app is deployed"), "{step:?}");
        trial.wait_bound("data");
        trial.wait_phase(&disk, "Bound");

        chart(
            trial,
            &[claim(trial, Some("keep")), deployment("data"), config("renamed")],
        );
        flight.until_shown("app").await;
        let step = carried(
            &mut flight,
            trial,
            &format!("upgrade release/app {path} wait {PATIENCE}"),
        )
        .await;
        assert!(observed(&step).contains("revision 2 of app is deployed"), "{step:?}");
        assert!(
            step.said
                .iter()
                .any(|line| line.contains("is the one that was rendered")),
            "{:?}",
            step.said
        );
        trial.kubectl(&["get", "configmap/renamed"]).ok();
        assert!(!trial.kubectl(&["get", "configmap/settings"]).success);

        let step = carried(&mut flight, trial, &format!("rollback release/app 1 {PATIENCE}")).await;
        assert!(observed(&step).contains("revision 3 of app is deployed"), "{step:?}");
        trial.kubectl(&["get", "configmap/settings"]).ok();
        assert!(!trial.kubectl(&["get", "configmap/renamed"]).success);

        let step = carried(&mut flight, trial, &format!("uninstall release/app {PATIENCE}")).await;
        assert!(observed(&step).contains("no record any more"), "{step:?}");
        assert_eq!(trial.claim("data").expect("the kept claim")["status"]["phase"], "Bound");
        assert!(!trial.kubectl(&["get", "deployment/web"]).success);
        let journal = std::fs::read_to_string(flight.journal()).expect("the journal");
        for word in [
            "install app",
            "upgrade app",
            "rollback app 1",
            "uninstall app",
            "helm said",
        ] {
            assert!(journal.contains(word), "{word}");
        }
    });
}

pub(crate) fn course_three(trial: &Trial<'_>) {
    course(trial, THREE);
}

pub(crate) fn course_four(trial: &Trial<'_>) {
    course(trial, FOUR);
}

/// What somebody installed by hand with `HELM_DRIVER=configmap`: seen, upgraded, rolled back and uninstalled, each time by a helm
/// that is told where its records are; and beside it a release of the same name in a Secret.
fn config_maps(trial: &Trial<'_>, helm: Helm) {
    trial.create_class();
    let disk = trial.create_volume("disk");
    let path = chart(
        trial,
        &[claim(trial, Some("keep")), deployment("data"), config("settings")],
    );
    let by_hand = |driver: &str, arguments: &[&str]| {
        let arguments = [&["--namespace", &trial.namespace], arguments].concat();
        let kubeconfig = trial.plane.kubeconfig(Person::Anna);
        trial
            .plane
            .run_with(&kubeconfig, helm.program, &arguments, "", &[("HELM_DRIVER", driver)])
    };
    by_hand("configmap", &["install", "app", &path]).ok();
    trial.wait_bound("data");
    trial.wait_phase(&disk, "Bound");
    let secrets = |trial: &Trial<'_>| trial.kubectl(&["get", "secrets", "-o", "name"]).ok().stdout.clone();
    fly(async {
        let mut flight = anna(trial, helm).await;
        flight
            .until("the record", |state| {
                state.world().in_namespace(Kind::ReleaseMap, &trial.namespace).count() == 1
            })
            .await;
        // helm would not see it, and take its objects for the new one's
        shut(
            &mut flight,
            trial,
            &format!("install app {path} {PATIENCE}"),
            "driver=configmap",
        )
        .await;

        chart(
            trial,
            &[claim(trial, Some("keep")), deployment("data"), config("renamed")],
        );
        let step = carried(&mut flight, trial, &format!("upgrade release/app {path} {PATIENCE}")).await;
        assert!(observed(&step).contains("revision 2 of app is deployed"), "{step:?}");
        assert!(
            step.said
                .iter()
                .any(|line| line.contains("is the one that was rendered")),
            "{:?}",
            step.said
        );
        let step = carried(&mut flight, trial, &format!("rollback release/app 1 {PATIENCE}")).await;
        assert!(observed(&step).contains("revision 3 of app is deployed"), "{step:?}");
        trial.kubectl(&["get", "configmap/settings"]).ok();
        assert!(!trial.kubectl(&["get", "configmap/renamed"]).success);

        // another of its name, in a Secret: which one is meant has to be said
        let empty = trial.plane.path("charts").join(format!("{}-empty", trial.namespace));
        crate::support::helm::write_chart(&empty, &[config("other")]);
        by_hand("secret", &["install", "app", &empty.display().to_string()]).ok();
        flight
            .until("the other one", |state| {
                state.world().in_namespace(Kind::Release, &trial.namespace).count() == 1
            })
            .await;
        flight.command(&format!("uninstall release/app {PATIENCE}"));
        flight.until_told("is there twice").await;
        assert!(!flight.state().at_gate(), "{}", flight.text());

        let step = carried(
            &mut flight,
            trial,
            &format!("uninstall release-configmap/app {PATIENCE}"),
        )
        .await;
        assert!(observed(&step).contains("no record any more"), "{step:?}");
    });
    assert_eq!(trial.claim("data").expect("the kept claim")["status"]["phase"], "Bound");
    assert!(!trial.kubectl(&["get", "deployment/web"]).success);
    let maps = trial.kubectl(&["get", "configmaps", "-l", "owner=helm", "-o", "name"]);
    assert_eq!(maps.ok().stdout.trim(), "");
    assert_eq!(secrets(trial).trim(), "secret/sh.helm.release.v1.app.v1");
    trial.kubectl(&["get", "configmap/other"]).ok();
    // one that the cockpit installs where the line says
    fly(async {
        let mut flight = anna(trial, helm).await;
        let third = trial.plane.path("charts").join(format!("{}-third", trial.namespace));
        crate::support::helm::write_chart(&third, &[config("third")]);
        let line = format!("install third {} driver=configmap {PATIENCE}", third.display());
        let step = carried(&mut flight, trial, &line).await;
        assert!(observed(&step).contains("revision 1 of third is deployed"), "{step:?}");
    });
    let maps = trial.kubectl(&["get", "configmaps", "-l", "owner=helm", "-o", "name"]);
    assert_eq!(maps.ok().stdout.trim(), "configmap/sh.helm.release.v1.third.v1");
}

/// Types the line, and finds the panel shut for a reason that says this.
async fn shut(flight: &mut Flight, trial: &Trial<'_>, line: &str, why: &str) {
    flight.take(pilothouse::app::Event::Resize {
        width: 170,
        height: 100,
    });
    flight.command(&format!("tenant {}", trial.namespace));
    flight.command(line);
    flight.until("the panel", pilothouse::app::State::at_gate).await;
    flight.looked_at().await;
    assert!(flight.line().contains(why), "{}", flight.text());
    assert!(flight.answer(&trial.namespace).await.is_err(), "{}", flight.text());
    flight.key(pilothouse::app::Key::Esc);
}

pub(crate) fn config_maps_three(trial: &Trial<'_>) {
    config_maps(trial, THREE);
}

pub(crate) fn config_maps_four(trial: &Trial<'_>) {
    config_maps(trial, FOUR);
}

/// What is another's stops an install before anything is made, and the panel says so.
fn adoption(trial: &Trial<'_>, helm: Helm) {
    trial.create(config("settings"));
    let path = chart(trial, &[config("settings"), config("new")]);
    fly(async {
        let mut flight = anna(trial, helm).await;
        flight.take(pilothouse::app::Event::Resize {
            width: 170,
            height: 100,
        });
        flight.command(&format!("tenant {}", trial.namespace));
        flight.command(&format!("install app {path} {PATIENCE}"));
        flight.until("the panel", pilothouse::app::State::at_gate).await;
        flight.looked_at().await;
        let told = flight.line();
        assert!(
            told.contains("cannot be imported into the current release"),
            "{}",
            flight.text()
        );
        assert!(flight.answer(&trial.namespace).await.is_err(), "{}", flight.text());
    });
    assert_eq!(status(trial, 1), None);
    // taken over by the operator's word, it goes
    fly(async {
        let mut flight = anna(trial, helm).await;
        let step = carried(
            &mut flight,
            trial,
            &format!("install app {path} take-ownership {PATIENCE}"),
        )
        .await;
        assert!(observed(&step).contains("deployed"), "{step:?}");
    });
}

pub(crate) fn adoption_three(trial: &Trial<'_>) {
    adoption(trial, THREE);
}

pub(crate) fn adoption_four(trial: &Trial<'_>) {
    adoption(trial, FOUR);
}

/// An upgrade whose hook never ends, in the middle of it.
async fn stuck(flight: &mut Flight, trial: &Trial<'_>, helm: Helm) {
    let path = chart(trial, &[config("settings")]);
    trial
        .plane
        .run(
            Person::Anna,
            helm.program,
            &["--namespace", &trial.namespace, "install", "app", &path],
            "",
        )
        .ok();
    flight
        .until("the release", |state| {
            state.world().in_namespace(Kind::Release, &trial.namespace).count() == 1
        })
        .await;
    chart(
        trial,
        &[config("settings"), hook("endless", "pre-upgrade", None, &json!({}))],
    );
    panel(flight, trial, &format!("upgrade release/app {path} wait timeout=100")).await;
    flight.give_yes(&trial.namespace).await;
    flight
        .until("the pending revision", |state| {
            state
                .world()
                .in_namespace(Kind::Release, &trial.namespace)
                .any(|object| {
                    object
                        .body
                        .release()
                        .is_some_and(|facts| facts.revision == 2 && facts.status == "pending-upgrade")
                })
        })
        .await;
}

/// The process of helm that is at work in the trial's namespace.
fn at_work(trial: &Trial<'_>) -> u32 {
    let wanted = format!("--namespace={}", trial.namespace);
    until("helm to be at work", Duration::from_secs(20), || {
        let processes = std::fs::read_dir("/proc").map_err(|error| error.to_string())?;
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .find(|id| {
                let words = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
                let words: Vec<String> = words
                    .split(|byte| *byte == 0)
                    .map(|word| String::from_utf8_lossy(word).into_owned())
                    .collect();
                words.contains(&wanted)
                    && words.contains(&"upgrade".to_owned())
                    && !words.contains(&"--dry-run=server".to_owned())
            })
            .ok_or_else(|| "no such process".to_owned())
    })
    .unwrap_or_else(|why| panic!("{why}"))
}

/// SIGKILL of helm in the middle of an upgrade: said so, the release pending, and the way out goes through the panel, too.
pub(crate) fn killed_in_the_middle(trial: &Trial<'_>) {
    fly(async {
        let mut flight = anna(trial, THREE).await;
        stuck(&mut flight, trial, THREE).await;
        let helm = rustix::process::Pid::from_raw(i32::try_from(at_work(trial)).expect("an id")).expect("a process");
        rustix::process::kill_process(helm, rustix::process::Signal::KILL).expect("killed");
        flight
            .until("the step to be over", |state| {
                state.steps().last().is_some_and(Step::over)
            })
            .await;
        let step = flight.state().steps().last().expect("a step").clone();
        let Phase::Over(Ending::Otherwise { what }) = &step.phase else {
            panic!("{step:?}")
        };
        assert!(
            what.contains("revision 2 of app is pending-upgrade now") && what.contains("was killed by signal 9"),
            "{what}"
        );
        // an upgrade is refused by the panel, a rollback leads out of it
        trial.kubectl(&["delete", "job/endless", "--ignore-not-found"]).ok();
        let step = carried(&mut flight, trial, &format!("rollback release/app 1 {PATIENCE}")).await;
        assert!(observed(&step).contains("revision 3 of app is deployed"), "{step:?}");
    });
}

/// The API server goes while helm is at work: in doubt, and settled by the records when it is back.
pub(crate) fn server_gone_in_the_middle(trial: &Trial<'_>) {
    fly(async {
        let mut flight = anna(trial, THREE).await;
        stuck(&mut flight, trial, THREE).await;
        trial.plane.stop_api_server();
        let gone = tokio::time::timeout(Duration::from_secs(150), async {
            while !flight.state().steps().last().is_some_and(Step::over) {
                flight.live(Duration::from_millis(500)).await;
            }
        })
        .await;
        let step = flight.state().steps().last().expect("a step").clone();
        trial.plane.start_api_server();
        assert!(gone.is_ok(), "{step:?}");
        assert!(matches!(step.phase, Phase::Over(Ending::InDoubt { .. })), "{step:?}");
        let settled = flight
            .within(Duration::from_mins(2), |state| {
                state
                    .steps()
                    .last()
                    .is_some_and(|step| !matches!(step.phase, Phase::Over(Ending::InDoubt { .. })))
            })
            .await;
        let step = flight.state().steps().last().expect("a step").clone();
        assert!(settled, "{step:?}\n{}", flight.text());
        let Phase::Over(Ending::Otherwise { what }) = &step.phase else {
            panic!("{step:?}")
        };
        assert!(what.contains("revision 2 of app is"), "{what}");
    });
    // whatever hook of that upgrade is left goes with the trial's namespace
    let seen = wait(
        "the record",
        || status(trial, 2).map(|status| json!({"status": status})),
        |_| true,
    );
    assert!(
        matches!(seen["status"].as_str(), Some("pending-upgrade" | "failed")),
        "{seen}"
    );
}
