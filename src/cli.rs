//! Which face do you want? The command line, and what each command starts. Knows every room; decides nothing.
//!
//! Exit codes: 0 done (and, for `status`, `traps` and `explain`, nothing is wrong); 1 something is wrong with the tenants asked
//! about; 2 bad input, or the cluster cannot be reached; 3 it cannot be said, because facts are missing; 4 a run waits for a
//! person.

mod account;
mod args;
mod asked;
mod config;
mod helm;
mod journal;
mod plan;
mod raft;
mod release;
mod report;
mod run;
mod runbook;
mod sandbox;
mod traps;

use crate::sandbox::helm::errand;
use crate::shell::{self, Failure, JournalHome, Session};
pub use args::Cli;
use args::Command;
use clap::Parser as _;
use std::process::ExitCode;

/// Parses the command line, runs the command, and says in one sentence what went wrong if anything did.
pub fn run() -> ExitCode {
    let mut words = std::env::args();
    if words.next().is_some_and(|program| errand::meant(&program)) {
        return sandbox::helm(&words.collect::<Vec<_>>());
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            let code = if usage.use_stderr() { 2 } else { 0 };
            return match usage.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::from(2),
            };
        }
    };
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { command, connect, look } = cli;
    match command {
        None => {
            shell::require_terminal()?;
            let mut config = config::load(&look)?;
            helm::Which::of(&connect, &config)?.acting(&mut config)?;
            let mut session = Session::new(connect.options(), &config);
            if connect.operate {
                session = session.operating(JournalHome(config::state_dir()?));
            }
            runtime()?.block_on(shell::run(session))
        }
        Some(Command::Demo { scenario }) => {
            shell::require_terminal()?;
            let config = config::load(&look)?;
            runtime()?.block_on(sandbox::demo(&scenario, &config))
        }
        Some(Command::Sandbox { scenario }) => runtime()?.block_on(sandbox::serve(scenario.as_deref())),
        Some(Command::Status { output }) => {
            let config = config::load(&look)?;
            runtime()?.block_on(report::status(&connect, &config, output))
        }
        Some(Command::Traps(asked)) if asked.catalogue => traps::catalogue(&asked),
        Some(Command::Traps(asked)) => {
            let config = config::load(&look)?;
            runtime()?.block_on(traps::run(&connect, &config, &asked))
        }
        Some(Command::Explain { target, output }) => {
            let config = config::load(&look)?;
            runtime()?.block_on(report::explain(&connect, &config, &target, output))
        }
        Some(Command::Unstick { target, output }) => {
            let config = config::load(&look)?;
            if let Some(output) = output {
                return runtime()?.block_on(report::unstick(&connect, &config, &target, output));
            }
            shell::require_terminal()?;
            let mut session = Session::new(connect.options(), &config);
            session.unstick = Some(report::meant(&target, &config)?);
            if connect.operate {
                session = session.operating(JournalHome(config::state_dir()?));
            }
            runtime()?.block_on(shell::run(session))
        }
        Some(Command::Release { command }) => {
            let config = config::load(&look)?;
            runtime()?.block_on(release::run(&connect, &config, &command))
        }
        Some(Command::Raft { args, output }) => {
            let config = config::load(&look)?;
            runtime()?.block_on(raft::run(&connect, &config, &args, output))
        }
        Some(Command::Forecast { act, output }) => {
            let config = config::load(&look)?;
            runtime()?.block_on(report::forecast(&connect, &config, &act, output))
        }
        Some(Command::Preflight {
            values,
            with_token,
            output,
        }) => {
            let config = config::load(&look)?;
            let asked = plan::Asked {
                values: &values,
                output,
                with_token,
                preflight: true,
            };
            runtime()?.block_on(plan::run(&connect, &config, asked))
        }
        Some(Command::Plan {
            values,
            with_token,
            output,
        }) => {
            let config = config::load(&look)?;
            let asked = plan::Asked {
                values: &values,
                output,
                with_token,
                preflight: false,
            };
            runtime()?.block_on(plan::run(&connect, &config, asked))
        }
        Some(Command::Run(asked)) => {
            if !asked.headless {
                shell::require_terminal()?;
            }
            let config = config::load(&look)?;
            runtime()?.block_on(run::run(&connect, &config, &asked))
        }
        Some(Command::Runbook { command }) => runbook::run(&command),
        Some(Command::Report { run, journal, output }) => {
            let now = crate::cluster::Clock::system().now();
            account::run(run.as_deref(), journal.as_deref(), output, now)
        }
        Some(Command::Journal { command }) => journal::run(&command),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // one core decodes while another draws; where there is only one, a second thread would only wake up for nothing
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(2))
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                format!("the async runtime could not start: {error}"),
                "free some memory or threads and try again",
            )
        })
}
