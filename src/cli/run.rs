//! `pilothouse run`: a runbook in the cockpit, or, with `--headless`, without a screen until a person is needed.

use super::args::{ConnectArgs, Decision, RunArgs, RunbookValues};
use super::config::state_dir;
use super::helm::Which;
use super::plan::{self, Wrong};
use super::report::{print, width};
use super::runbook::{refused, source};
use super::sandbox;
use crate::app::run::{Order, Said, Wanted};
use crate::cluster::ConnectOptions;
use crate::model::helm::Ledger;
use crate::runbook::deed::Deed;
use crate::runbook::progress::Word;
use crate::runbook::value;
use crate::shell::{self, Answers, Config, Failure, JournalHome, Session};
use crate::{runbook, sandbox::Sandbox};
use std::process::ExitCode;

/// What the words come to.
enum Read {
    Order(Box<Order>),
    /// Something was wrong, and was told.
    Told(ExitCode),
}

pub(super) async fn run(connect: &ConnectArgs, config: &Config, asked: &RunArgs) -> Result<ExitCode, Failure> {
    let mut config = config.clone();
    let sandbox = asked.sandbox.as_deref().map(sandbox::start).transpose()?;
    if let Some(sandbox) = sandbox.as_ref().filter(|_| connect.helm.is_none()) {
        sandbox::stand_in(sandbox, &mut config);
    }
    // what is wrong with the words alone is told before a cluster is asked
    let which = Which::of(connect, &config)?;
    let order = match order(asked, &which).await? {
        Read::Order(order) => *order,
        Read::Told(code) => return Ok(code),
    };
    let answers = answers(asked)?;
    which.acting(&mut config)?;
    let session = Session::new(options(connect, sandbox.as_ref()), &config)
        .operating(JournalHome(state_dir()?))
        .running(order);
    let ended = if asked.headless {
        let (report, exit) = Box::pin(shell::attend(session, answers)).await?;
        print(&report, &report.text(width()), exit, asked.output)
    } else {
        shell::run(session).await
    };
    drop(sandbox);
    ended
}

fn options(connect: &ConnectArgs, sandbox: Option<&Sandbox>) -> ConnectOptions {
    match sandbox {
        Some(sandbox) => ConnectOptions {
            kubeconfig: Some(sandbox.kubeconfig().to_owned()),
            ..ConnectOptions::default()
        },
        None => connect.options(),
    }
}

async fn order(asked: &RunArgs, which: &Which) -> Result<Read, Failure> {
    let mut order = Order {
        wanted: Wanted::Left { name: None, file: None },
        executor: None,
        rendered: std::collections::BTreeMap::new(),
        ledger: Ledger::default(),
        unattended: asked.headless,
        with_token: asked.with_token,
        approver: word(asked),
    };
    if asked.resume {
        order.wanted = left(asked.runbook.as_deref());
        // whether the run needs a helm is told by its steps
        order.executor = which.version().await.ok().flatten();
        return Ok(Read::Order(Box::new(order)));
    }
    let Some(name) = &asked.runbook else {
        return Err(Failure::new(
            "which runbook?",
            "`pilothouse runbook list` tells which there are; --resume takes up an unfinished run",
        ));
    };
    let values = RunbookValues {
        runbook: name.clone(),
        set: asked.set.clone(),
        values: asked.values.clone(),
    };
    let resolved = match plan::resolved(&values) {
        Ok(resolved) => resolved,
        Err(Wrong::Faults(faults)) => return Ok(Read::Told(refused(&faults))),
        Err(Wrong::Failure(failure)) => return Err(failure),
        Err(Wrong::Values(wrong)) => return Ok(Read::Told(plan::told(&wrong))),
    };
    if plan::deeds(&resolved).any(Deed::is_helms) {
        order.executor = which.version().await?;
    }
    order.rendered = plan::manifests(&resolved, &mut order.ledger).await?;
    order.wanted = Wanted::New(Box::new(resolved));
    Ok(Read::Order(Box::new(order)))
}

/// The unfinished run that is meant: of a runbook that can be found, or of this name.
fn left(name: Option<&str>) -> Wanted {
    let read = name.and_then(|name| runbook::parse(&source(name).ok()?).ok());
    match read {
        Some(runbook) => Wanted::Left {
            name: Some(runbook.name),
            file: Some(runbook.digest),
        },
        None => Wanted::Left {
            name: name.map(str::to_owned),
            file: None,
        },
    }
}

fn word(asked: &RunArgs) -> Option<Word> {
    Some(Word {
        by: asked.by.clone()?,
        reason: asked.reason.clone()?,
    })
}

fn answers(asked: &RunArgs) -> Result<Answers, Failure> {
    let deadline = value::duration(&asked.deadline)
        .map_err(|why| Failure::new(format!("--deadline {}: {why}", asked.deadline), "write 90s, 10m or 24h"))?;
    let word = word(asked);
    if word
        .as_ref()
        .is_some_and(|word| word.by.trim().is_empty() || word.reason.trim().is_empty())
    {
        return Err(Failure::new("--by and --reason say nothing", "say who, and why"));
    }
    let decide = asked.decide.zip(word).map(|(decision, word)| (said(decision), word));
    Ok(Answers {
        approve: asked.approve.clone(),
        attest: asked.attest.clone(),
        typed: asked.typed.clone(),
        fact: asked.fact.clone(),
        decide,
        deadline,
    })
}

const fn said(decision: Decision) -> Said {
    match decision {
        Decision::Halt => Said::Halt,
        Decision::Again => Said::Resume,
        Decision::Skip => Said::Skip,
        Decision::Waive => Said::Waive,
        Decision::TurnBack => Said::TurnBack,
        Decision::Abort => Said::Abort,
    }
}
