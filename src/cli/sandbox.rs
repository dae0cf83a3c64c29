//! `demo` and `sandbox`: an embedded cluster, with or without the cockpit on it.

use super::config::state_dir;
use crate::cluster::ConnectOptions;
use crate::sandbox::helm::errand;
use crate::sandbox::{Clock, Options, Sandbox, scenario};
use crate::shell::{self, Config, Failure, JournalHome, Session};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Every demo of a scenario is the same cluster: its journal tells of all of them.
const SEED: u64 = 1;

/// The cockpit on a sandbox; it may act, because there is nothing to break.
pub(super) async fn demo(scenario: &str, config: &Config) -> Result<ExitCode, Failure> {
    let sandbox = start(scenario)?;
    let connect = ConnectOptions {
        kubeconfig: Some(sandbox.kubeconfig().to_owned()),
        ..ConnectOptions::default()
    };
    let mut config = config.clone();
    stand_in(&sandbox, &mut config);
    let session = Session::new(connect, &config).operating(JournalHome(state_dir()?));
    let ended = shell::run(session).await;
    drop(sandbox);
    ended
}

/// Where no helm is named, the sandbox stands in for one, under a name that says so: its charts are its own, and what is done is
/// what the laws say. A helm of the operator's own would find no chart of this scenario.
pub(super) fn stand_in(sandbox: &Sandbox, config: &mut Config) {
    if config.helm.is_some() {
        return;
    }
    let made = std::env::current_exe().and_then(|binary| sandbox.helm(&binary));
    match made {
        Ok(program) => config.helm = Some(program),
        Err(error) => tracing::warn!(%error, "nothing stands in for helm in this sandbox"),
    }
}

/// This program under the name of the sandbox's stand-in for helm.
pub(super) fn helm(words: &[String]) -> ExitCode {
    let kubeconfig = std::env::var_os("KUBECONFIG").map(PathBuf::from);
    let driver = std::env::var("HELM_DRIVER").unwrap_or_default();
    let came = errand::run(words, kubeconfig.as_deref(), &driver);
    let printed = say(&came.out).is_ok() && std::io::stderr().lock().write_all(came.err.as_bytes()).is_ok();
    if printed {
        ExitCode::from(came.code)
    } else {
        ExitCode::from(1)
    }
}

/// Only the API server, until Ctrl-C or SIGTERM. The first line of standard output is the kubeconfig's path.
pub(super) async fn serve(scenario: Option<&str>) -> Result<ExitCode, Failure> {
    let Some(scenario) = scenario else {
        let mut list = String::from("Scenarios:\n");
        for (name, title) in scenario::shipped() {
            list.extend(["  ", &name, " — ", &title, "\n"]);
        }
        list.push_str(
            "\nServe one with `pilothouse sandbox NAME`, or a file of your own with `pilothouse sandbox FILE`.\n",
        );
        say(&list)?;
        return Ok(ExitCode::SUCCESS);
    };
    let unheard = |error: std::io::Error| Failure::new(format!("signals cannot be received: {error}"), "try again");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(unheard)?;
    let sandbox = start(scenario)?;
    say(&format!("{}\n", sandbox.kubeconfig().display()))?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    drop(sandbox);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn start(name: &str) -> Result<Sandbox, Failure> {
    let told = |error: scenario::ScenarioError| Failure::new(error.to_string(), "");
    let scenario = scenario::load(name).map_err(told)?;
    let options = Options::of(&scenario, Clock::Real, SEED).map_err(told)?;
    Sandbox::start(options).map_err(|error| {
        Failure::new(
            format!("the sandbox cannot start: {error}"),
            "allow sockets on 127.0.0.1, or correct the scenario",
        )
    })
}

/// Writes to standard output at once: whoever reads the first line must not wait for a buffer.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new(format!("standard output is closed: {error}"), "keep the pipe open"))
}
