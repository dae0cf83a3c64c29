//! Acts of Helm's on both sides of a stage: forecast from what Pilothouse reads of the release, performed by the real
//! helm, compared like every other act. Objects of kinds that the world does not hold are looked for by kubectl.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pilothouse::app::State;
use pilothouse::cluster::{self, Clock, ConnectOptions};
use pilothouse::forecast::{Forecast, Outcome, forecast};
use pilothouse::laws::Conditions;
use pilothouse::model::act::HelmAct;
use pilothouse::model::helm::{Driver, Home, Ledger};
use pilothouse::model::storage::Volume;
use pilothouse::model::{Act, Kind, World};

use super::{COMPARED, End, Side, Stage, assert_same, picture, rest};
use crate::picture::Frame;
use crate::support::helm::{self, Words, newest};
use crate::support::run::Ran;
use crate::trial::Trial;

/// The release of every trial.
const APP: &str = "app";

/// An act of Helm's as a trial tells it.
#[derive(Clone)]
pub(crate) struct Errand<'a> {
    /// `helm3` or `helm4`.
    pub(crate) program: &'static str,
    pub(crate) act: HelmAct,
    /// The rendered manifest of an upgrade.
    pub(crate) rendered: Option<String>,
    pub(crate) arguments: &'a [&'a str],
    /// Hooks that fail, by name.
    pub(crate) failing: &'a [&'a str],
}

/// What came of it on the real control plane.
pub(crate) struct Errands {
    pub(crate) forecast: Forecast,
    pub(crate) ran: Ran,
}

impl Errands {
    /// The reason of one object's fate, held or not, by `pvc/data` or `ConfigMap/app`.
    pub(crate) fn reason(&self, object: &str) -> String {
        let held = self
            .forecast
            .entries
            .iter()
            .find(|entry| entry.object.to_string() == object);
        let other = self
            .forecast
            .others
            .iter()
            .find(|other| other.object.to_string() == object);
        held.map(|entry| entry.reason.text.clone())
            .or_else(|| other.map(|other| other.reason.text.clone()))
            .unwrap_or_else(|| panic!("nothing said of {object}: {:#?}", self.forecast))
    }
}

impl Stage<'_> {
    /// Runs helm on both sides, without a forecast.
    pub(crate) fn helm_plain(&self, program: &'static str, arguments: &[&str]) {
        for side in [&self.real, &self.twin] {
            side.helm(self.trial, program, arguments).ok();
        }
    }

    /// Runs helm on both sides, where it fails.
    pub(crate) fn helm_in_vain(&self, program: &'static str, arguments: &[&str]) {
        for side in [&self.real, &self.twin] {
            let ran = side.helm(self.trial, program, arguments);
            assert!(!ran.success, "{ran}");
        }
    }

    /// Runs helm on both sides and kills it as soon as this pod of its hook runs.
    pub(crate) fn helm_killed(&mut self, program: &'static str, arguments: &[&str], pod: &str) {
        let programs = self.trial.plane.programs();
        let arguments = [&["--namespace", &self.trial.namespace], arguments].concat();
        let begun = [&self.real, &self.twin].map(|side| programs.begin(&side.kubeconfig, program, &arguments));
        self.until_running(pod);
        for mut helm in begun {
            helm.kill().and_then(|()| helm.wait()).expect("helm's end");
        }
    }

    /// Waits until both cockpits have seen this revision of the release `app`.
    pub(crate) fn until_revision(&mut self, revision: u32) {
        let namespace = self.trial.namespace.clone();
        self.until(&format!("revision {revision}"), |world| {
            newest(world, &namespace, APP)
                .is_some_and(|(seen, status, _)| seen == revision && !status.starts_with("pending"))
        });
    }

    /// The same on the real control plane alone, for what a sandbox has not: pods that fail, custom resources.
    pub(crate) fn errand_on_real(&mut self, errand: &Errand<'_>) -> Errands {
        let (real, ran) = self.real_end(errand);
        let told = &real.forecast.act;
        assert_same("the laws", &real.foretold, "the real control plane", &real.came, told);
        let fates = self.fates(&real);
        let words = self.said(&real.forecast, &fates);
        assert_same("the forecast", &words, "the real control plane", &fates, told);
        assert_others(&self.real, self.trial, &real.forecast);
        Errands {
            forecast: real.forecast,
            ran,
        }
    }

    /// For what cannot be foretold: the forecast, and helm's own end on the real side, with what its discovery cache in
    /// this home remembers, or with an empty one.
    pub(crate) fn errand_untold(&mut self, errand: &Errand<'_>, home: Option<&str>) -> (Forecast, Ran) {
        let conditions = self.runtime.block_on(read(&self.real, self.trial, errand));
        let state = self.real.flight.state();
        let act = act(state.world(), &self.trial.namespace, errand);
        let forecast = forecast(state.world(), &act, &conditions, state.now(), state.quiet());
        let forgetful = self.trial.plane.path(&format!("forgetful-{}", self.trial.namespace));
        let forgetful = forgetful.display().to_string();
        let mut arguments = vec!["--namespace", &self.trial.namespace];
        arguments.extend(errand.arguments);
        let variables = [("HOME", home.unwrap_or(&forgetful))];
        let plane = self.trial.plane;
        let ran = plane.run_with(&self.real.kubeconfig, errand.program, &arguments, "", &variables);
        (forecast, ran)
    }

    /// Whether a forecast that goes by another version of helm than the one that acts is told from what comes.
    pub(crate) fn notices_errand(&mut self, errand: &Errand<'_>) -> bool {
        let (real, _) = self.real_end(errand);
        let fates = self.fates(&real);
        self.said(&real.forecast, &fates) != fates && real.foretold != real.came
    }

    /// What became of each object on the real side.
    fn fates(&self, real: &End) -> Words {
        let books = self.trial.plane.disks();
        let disk = |volume: &Volume| picture::disk(volume, &books);
        let frame = Frame::Namespace(self.trial.namespace.clone());
        picture::fates(&real.before, &real.after, &frame, &disk, &real.lost)
    }

    /// The forecast's words, without those that a look from outside cannot tell: a change that shows in no fact, a refusal.
    fn said(&self, forecast: &Forecast, fates: &Words) -> Words {
        let mut words = picture::foretold(forecast, &Frame::Namespace(self.trial.namespace.clone()));
        helm::seen_outside(&mut words, fates);
        words.retain(|object, _| !object.starts_with("release/") && !object.starts_with("storageclass/"));
        words
    }

    fn real_end(&mut self, errand: &Errand<'_>) -> (End, Ran) {
        let conditions = self.runtime.block_on(read(&self.real, self.trial, errand));
        self.runtime
            .block_on(end(&mut self.real, self.trial, errand, conditions))
    }

    /// Waits until the real side's cockpit has seen this revision.
    pub(crate) fn until_real_revision(&mut self, revision: u32) {
        let namespace = self.trial.namespace.clone();
        let seen = |state: &State| {
            newest(state.world(), &namespace, APP)
                .is_some_and(|(seen, status, _)| seen == revision && !status.starts_with("pending"))
        };
        self.runtime.block_on(self.real.flight.until("the revision", seen));
    }

    /// Forecasts on both sides, has the real helm do it, and compares as [`Stage::act`] does.
    pub(crate) fn errand(&mut self, errand: &Errand<'_>) -> Errands {
        self.compare_now();
        let conditions = |side: &Side| self.runtime.block_on(read(side, self.trial, errand));
        let (of_real, of_twin) = (conditions(&self.real), conditions(&self.twin));
        let (real, twin) = (&mut self.real, &mut self.twin);
        let ((real, ran), (twin, _)) = self.runtime.block_on(async {
            tokio::join!(
                end(real, self.trial, errand, of_real),
                end(twin, self.trial, errand, of_twin)
            )
        });
        let told = &real.forecast.act;
        eprintln!("{}: {}", self.trial.namespace, real.forecast.headline());
        assert_same("the laws", &real.foretold, "the real control plane", &real.came, told);
        assert_same("the sandbox", &twin.came, "the real control plane", &real.came, told);
        let fates = self.fates(&real);
        let words = self.said(&real.forecast, &fates);
        assert_same("the forecast", &words, "the real control plane", &fates, told);
        let twins = self.said(&twin.forecast, &fates);
        assert_same(
            "the forecast on the sandbox",
            &twins,
            "that on the real control plane",
            &words,
            told,
        );
        for side in [&self.real, &self.twin] {
            let forecast = if side.name == "real" {
                &real.forecast
            } else {
                &twin.forecast
            };
            assert_others(side, self.trial, forecast);
        }
        COMPARED.fetch_add(1, Ordering::Relaxed);
        Errands {
            forecast: real.forecast,
            ran,
        }
    }
}

impl Side {
    pub(super) fn helm(&self, trial: &Trial<'_>, program: &str, arguments: &[&str]) -> Ran {
        let arguments = [&["--namespace", &trial.namespace], arguments].concat();
        trial.plane.run_on(&self.kubeconfig, program, &arguments, "")
    }
}

/// Every object of a kind the world does not hold is gone or there, as forecast.
fn assert_others(side: &Side, trial: &Trial<'_>, forecast: &Forecast) {
    for other in &forecast.others {
        let object = format!("{}/{}", other.object.kind, other.object.name);
        let found = side.kubectl(trial, &["get", &object, "-o", "name", "--ignore-not-found"], "");
        let there = !found.ok().stdout.trim().is_empty();
        let wanted = match &other.outcome {
            Outcome::Deleted => false,
            Outcome::Kept | Outcome::Patched { .. } | Outcome::Created | Outcome::Recreated { .. } => true,
            Outcome::Rejected { .. } => continue,
            outcome => panic!("{object}: {outcome:?}"),
        };
        assert_eq!(there, wanted, "{object} on the {} side: {:?}", side.name, other.outcome);
    }
}

/// What Pilothouse reads on demand, through its own client.
async fn read(side: &Side, trial: &Trial<'_>, errand: &Errand<'_>) -> Conditions {
    let state = side.flight.state();
    let mut ledger = ledger(&side.kubeconfig, state.world(), trial, errand).await;
    let hooks: Vec<_> = state
        .world()
        .in_namespace(Kind::Release, &trial.namespace)
        .filter_map(|object| ledger.record(&object.pin()).cloned())
        .filter_map(|reading| reading.record().map(|record| record.hooks.clone()))
        .flatten()
        .collect();
    for hook in hooks {
        if errand.failing.contains(&hook.document.address.name.as_str()) {
            ledger.let_fail(hook.document.address.clone());
        }
    }
    Conditions {
        helm: Arc::new(ledger),
        ..state.conditions().clone()
    }
}

async fn ledger(kubeconfig: &Path, world: &World, trial: &Trial<'_>, errand: &Errand<'_>) -> Ledger {
    let options = ConnectOptions {
        kubeconfig: Some(kubeconfig.to_owned()),
        ..ConnectOptions::default()
    };
    let connection = cluster::connect(&options, Clock::system()).await.expect("a connection");
    let act = act(world, &trial.namespace, errand);
    helm::ledger(
        &connection,
        world,
        act.target(),
        &errand.act,
        errand.rendered.as_deref(),
    )
    .await
    .expect("what is read of the release")
}

/// The act, on the newest record; an install, on the first, which is not there yet.
fn act(world: &World, namespace: &str, errand: &Errand<'_>) -> Act {
    if let HelmAct::Install(install) = &errand.act {
        return Act::install(&Home::new(namespace, APP, Driver::Secret), install.clone());
    }
    let (_, _, release) = newest(world, namespace, APP).expect("a release");
    Act::Helm {
        release,
        helm: errand.act.clone(),
        means: None,
    }
}

async fn end(side: &mut Side, trial: &Trial<'_>, errand: &Errand<'_>, conditions: Conditions) -> (End, Ran) {
    let namespace = &trial.namespace;
    let state = side.flight.state();
    let before = state.world().clone();
    let act = act(&before, namespace, errand);
    let forecast = forecast(&before, &act, &conditions, state.now(), state.quiet());
    let end = picture::end(&before, &act, &conditions);
    let foretold = picture::picture(&end, &before, &Frame::Namespace(namespace.clone()));
    let lost = picture::without_disk(&before);
    let ran = tokio::task::block_in_place(|| side.helm(trial, errand.program, errand.arguments));
    let came = rest(&mut side.flight, &before, namespace, Some(&foretold)).await;
    let end = End {
        forecast,
        foretold,
        came,
        after: side.flight.state().world().clone(),
        before,
        lost,
        by_cockpit: false,
    };
    (end, ran)
}
