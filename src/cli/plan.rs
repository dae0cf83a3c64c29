//! `pilothouse plan` and `pilothouse preflight`: a runbook's values resolved, the cluster looked at once, every step forecast in order.

use super::args::{ConnectArgs, Output, RunbookValues};
use super::helm::{self, Which};
use super::report::{Sight, look, print, width};
use super::runbook::{read, refused, source};
use crate::cluster::{self, Connection};
use crate::diagnose::Look;
use crate::headless::{self, escaped};
use crate::model::helm::{Executor, Home, Ledger};
use crate::model::{Act, Text};
use crate::runbook::deed::{Deed, Known};
use crate::runbook::plan::Ground;
use crate::runbook::{self, Faults, Given, Origin, Plan, Resolved, Tenancy, plan as planned};
use crate::shell::{Config, Failure, QUIET};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

/// What the command line asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) values: &'a RunbookValues,
    pub(super) output: Output,
    /// Raft clusters are asked with the token from where the configuration says.
    pub(super) with_token: bool,
    /// Only what would stop it in the window.
    pub(super) preflight: bool,
}

/// What is wrong with the runbook or its values.
#[derive(Debug)]
pub(super) enum Wrong {
    Faults(Faults),
    Values(runbook::Unresolved),
    Failure(Failure),
}

impl From<Faults> for Wrong {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

pub(super) async fn run(connect: &ConnectArgs, config: &Config, asked: Asked<'_>) -> Result<ExitCode, Failure> {
    // what is wrong with the words alone is told before a cluster is asked
    let which = Which::of(connect, config)?;
    let resolved = match resolved(asked.values) {
        Ok(resolved) => resolved,
        Err(Wrong::Faults(faults)) => return Ok(refused(&faults)),
        Err(Wrong::Failure(failure)) => return Err(failure),
        Err(Wrong::Values(wrong)) => return Ok(told(&wrong)),
    };
    let executor = if deeds(&resolved).any(Deed::is_helms) {
        which.version().await?
    } else {
        None
    };
    let mut ledger = Ledger::default();
    let mut rendered = manifests(&resolved, &mut ledger).await?;
    let mut sight = look(connect, config).await?;
    learn(&mut sight, ledger, &resolved, (&which, executor), &mut rendered).await?;
    if resolved.runbook.asks_raft() {
        super::raft::sound(&mut sight, config, &resolved.namespace, asked.with_token).await?;
    }
    let mut plan = planned(
        &resolved,
        Ground {
            world: &sight.world,
            conditions: &sight.conditions,
            now: sight.now,
            quiet: QUIET,
            executor,
            rendered: &rendered,
        },
    );
    ask_rights(&sight.connection, &mut plan).await;
    if asked.preflight {
        let report = headless::preflight(plan, sight.connection.identity(), sight.now);
        return print(&report, &report.text(width()), report.exit(), asked.output);
    }
    let report = headless::plan(plan, sight.connection.identity(), sight.now);
    print(&report, &report.text(width()), report.exit(), asked.output)
}

/// Asks of every act of every step whether this user may do it (trap 60): a step that could only be done in half is none.
async fn ask_rights(connection: &Connection, plan: &mut Plan) {
    for step in plan.steps.iter_mut().filter(|step| !step.skipped) {
        let acts = step.forecasts.iter().map(|forecast| forecast.act.clone()).collect();
        let may = cluster::read::each_allowed(connection, acts).await;
        step.judge_rights(&may);
    }
}

/// Reads the runbook and gives every parameter its value.
pub(super) fn resolved(asked: &RunbookValues) -> Result<Resolved, Wrong> {
    let runbook = runbook::parse(&source(&asked.runbook)?)?;
    let mut given = Vec::new();
    for file in &asked.values {
        given.extend(runbook::read_values(&read(file)?)?);
    }
    for set in &asked.set {
        let Some((name, text)) = set.split_once('=') else {
            let told = format!("--set {:?} gives no value", escaped(set));
            return Err(Failure::new(told, "write --set NAME=VALUE").into());
        };
        given.push(Given {
            name: name.to_owned(),
            text: text.to_owned(),
            origin: Origin::Flag,
        });
    }
    runbook::resolve(&runbook, &given).map_err(Wrong::Values)
}

/// Everything wrong with the values, each on a line; exit code 2.
pub(super) fn told(wrong: &runbook::Unresolved) -> ExitCode {
    use std::io::Write as _;
    let lines: Vec<String> = wrong
        .sentences()
        .iter()
        .map(|sentence| format!("pilothouse: {}\n", escaped(sentence)))
        .collect();
    match std::io::stderr().write_all(lines.concat().as_bytes()) {
        Ok(()) | Err(_) => ExitCode::from(2),
    }
}

/// Reads the rendered manifests that steps name, and enters them under their digests.
pub(super) async fn manifests(resolved: &Resolved, ledger: &mut Ledger) -> Result<BTreeMap<String, Text>, Failure> {
    let mut digests = BTreeMap::new();
    for deed in deeds(resolved) {
        let Some(path) = deed.rendered(&resolved.values) else {
            continue;
        };
        let (digest, manifest) = helm::manifest(&path, &resolved.namespace).await?;
        ledger.enter_rendered(digest.clone(), manifest);
        digests.insert(path, digest);
    }
    Ok(digests)
}

pub(super) fn deeds(resolved: &Resolved) -> impl Iterator<Item = &Deed> {
    resolved.runbook.steps.iter().filter_map(|step| step.deed.as_ref())
}

/// Reads the records that steps and checks rest on. A release that is not there is for the plan to tell.
async fn learn(
    sight: &mut Sight,
    mut ledger: Ledger,
    resolved: &Resolved,
    (which, executor): (&Which, Option<Executor>),
    rendered: &mut BTreeMap<String, Text>,
) -> Result<(), Failure> {
    if let Some(release) = &resolved.release
        // a name that two bear is for the checks to tell
        && let Ok(Some(home)) = Home::called(&sight.world, &resolved.namespace, release)
        && let Some(newest) = home.newest(&sight.world).map(|object| object.pin())
    {
        helm::read_newest(sight, &mut ledger, &newest).await?;
    }
    for file in resolved.files() {
        let (file, read) = cluster::helm::blanks(&file).await;
        ledger.enter_values(file, read);
    }
    sight.conditions.helm = Arc::new(ledger.clone());
    for deed in deeds(resolved) {
        let known = Known {
            tenancy: Tenancy {
                look: Look {
                    world: &sight.world,
                    conditions: &sight.conditions,
                    now: sight.now,
                    quiet: QUIET,
                },
                namespace: &resolved.namespace,
                release: resolved.release.as_deref(),
                inventory: None,
                saved: None,
                saving: false,
            },
            values: &resolved.values,
            executor,
            rendered,
            step: "plan",
            noted: &BTreeMap::new(),
            stands: &[],
        };
        let name = deed.rendering(known);
        // an object that is not there yet, or that a step before makes, is for the plan to tell
        let acts = match deed.acts(known) {
            Ok(acts) => acts,
            Err(unaimed) => {
                if let Some(name) = name {
                    ledger.enter_unrendered(name.into(), unaimed.to_string().into());
                }
                continue;
            }
        };
        for act in acts {
            let act = match (&name, which) {
                (Some(name), Which::Started(_)) => match helm::rendered(sight, which, act.clone(), &mut ledger).await {
                    Ok(act) => act,
                    Err(why) => {
                        ledger.enter_unrendered(name.as_str().into(), why.to_string().into());
                        act
                    }
                },
                (Some(name), Which::Spoken(_)) => {
                    let why = "--helm names a version alone: no helm was started to render it";
                    ledger.enter_unrendered(name.as_str().into(), why.into());
                    act
                }
                (None, _) => act,
            };
            if let Act::Helm {
                release, helm: asked, ..
            } = &act
            {
                if let (Some(name), Some(digest)) = (&name, asked.rendered().filter(|digest| !digest.is_empty())) {
                    rendered.insert(name.clone(), digest.clone());
                }
                helm::study(sight, &mut ledger, release, asked, &[]).await?;
            }
        }
    }
    Ok(())
}
