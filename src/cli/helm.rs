//! `pilothouse forecast helm-…`: the release's newest record, what it names, and the act on it.

use super::args::{ForecastAct, HelmArgs};
use super::report::{Sight, look, print, width};
use crate::cluster;
use crate::headless;
use crate::laws::helm::reach;
use crate::model::act::{HelmAct, Rollback, Uninstall, Upgrade};
use crate::model::helm::{Executor, Ledger, Manifest};
use crate::model::{Act, Key, Kind, Object, Pin};
use crate::shell::{Config, Failure, QUIET};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{ConnectArgs, Output};

/// A rendered manifest is a text of at most this many bytes.
const RENDERED_CAP: u64 = 32 << 20;

pub(super) async fn forecast(
    connect: &ConnectArgs,
    config: &Config,
    helm: &HelmArgs,
    act: &ForecastAct,
    output: Output,
) -> Result<ExitCode, Failure> {
    let executor = helm.helm.as_deref().map(str::parse::<Executor>).transpose();
    let executor = executor.map_err(|why| Failure::new(why, "ask `helm version --short`"))?;
    let mut ledger = Ledger::default();
    let Some(act) = asked(act, executor, helm, config, &mut ledger).await? else {
        return Err(Failure::new("this is no act of helm's", ""));
    };
    let mut sight = look(connect, config).await?;
    let namespace = namespace(config);
    let failing = &helm.failing_hooks;
    let newest = learn(&mut sight, &mut ledger, namespace, &helm.release, Some((&act, failing))).await?;
    let act = Act::Helm {
        release: newest,
        helm: act,
    };
    let report = headless::forecast(&sight.world, &act, &sight.conditions, sight.now, QUIET);
    print(&report, &report.text(width()), report.exit(), output)
}

/// Reads what an act on a release rests on, with the hooks that are taken to fail, or, without an act, its newest record.
/// Returns the record the act is aimed at.
pub(super) async fn learn(
    sight: &mut Sight,
    ledger: &mut Ledger,
    namespace: &str,
    release: &str,
    asked: Option<(&HelmAct, &[String])>,
) -> Result<Pin, Failure> {
    let revisions = revisions(sight, namespace, release)?;
    let Some(newest) = revisions.last().map(|object| object.pin()) else {
        return Err(Failure::new(
            format!("there is no release {release:?} in {namespace}"),
            "say which namespace with -n; `pilothouse status` lists releases",
        ));
    };
    let keys = asked.map_or_else(|| vec![newest.key.clone()], |(act, _)| records(act, &revisions));
    for key in keys {
        let (pin, reading) = cluster::read::record(&sight.connection, &key)
            .await
            .map_err(|error| Failure::of_cluster(&error))?;
        ledger.enter(pin, reading);
    }
    for (act, hook) in asked
        .iter()
        .flat_map(|(act, hooks)| hooks.iter().map(move |hook| (act, hook)))
    {
        fail(ledger, &revisions, act, hook)?;
    }
    sight.conditions.helm = Arc::new(ledger.clone());
    if let Some((act, _)) = asked {
        let addresses = reach(&newest, act, &sight.conditions, &sight.world);
        for (address, live) in cluster::read::live(&sight.connection, &addresses).await {
            ledger.enter_live(address, live);
        }
        sight.conditions.helm = Arc::new(ledger.clone());
    }
    Ok(newest)
}

fn namespace(config: &Config) -> &str {
    config
        .namespaces
        .first()
        .map_or("default", |namespace| namespace.as_str())
}

async fn asked(
    act: &ForecastAct,
    executor: Option<Executor>,
    helm: &HelmArgs,
    config: &Config,
    ledger: &mut Ledger,
) -> Result<Option<HelmAct>, Failure> {
    Ok(Some(match act {
        ForecastAct::HelmUninstall {
            cascade,
            keep_history,
            wait,
            ..
        } => HelmAct::Uninstall(Uninstall {
            executor,
            cascade: cascade.propagation(),
            keep_history: *keep_history,
            wait: *wait,
            no_hooks: helm.no_hooks,
        }),
        ForecastAct::HelmUpgrade {
            rendered,
            take_ownership,
            ..
        } => {
            let text = read(rendered).await?;
            let digest = Manifest::digest(&text);
            ledger.enter_rendered(digest.clone(), Manifest::parse(&text, namespace(config)));
            HelmAct::Upgrade(Upgrade {
                executor,
                rendered: digest,
                take_ownership: *take_ownership,
                no_hooks: helm.no_hooks,
            })
        }
        ForecastAct::HelmRollback { to, .. } => HelmAct::Rollback(Rollback {
            executor,
            to: *to,
            no_hooks: helm.no_hooks,
        }),
        ForecastAct::Delete { .. }
        | ForecastAct::ClearClaimRef { .. }
        | ForecastAct::Evict { .. }
        | ForecastAct::Scale { .. }
        | ForecastAct::RemoveFinalizer { .. }
        | ForecastAct::ReclaimPolicy { .. }
        | ForecastAct::Retarget { .. }
        | ForecastAct::Annotate { .. }
        | ForecastAct::Stamp { .. }
        | ForecastAct::CreateClaim { .. } => return Ok(None),
    }))
}

pub(super) async fn read(path: &Path) -> Result<String, Failure> {
    use tokio::io::AsyncReadExt as _;
    let shown = path.display();
    let hint = "give it the output of `helm template` or `helm upgrade --dry-run`";
    let broken = |error: std::io::Error| Failure::new(format!("{shown} cannot be read: {error}"), hint);
    let file = tokio::fs::File::open(path).await.map_err(broken)?;
    let mut text = String::new();
    file.take(RENDERED_CAP + 1)
        .read_to_string(&mut text)
        .await
        .map_err(broken)?;
    if text.len() as u64 > RENDERED_CAP {
        return Err(Failure::new(format!("{shown} is larger than 32 MiB"), hint));
    }
    Ok(text)
}

/// The release has a revision in sight.
pub(super) fn there(sight: &Sight, namespace: &str, release: &str) -> bool {
    let mut records = sight.world.in_namespace(Kind::Release, namespace);
    records.any(|object| object.body.release().is_some_and(|facts| facts.name == release))
}

/// All revisions of the release, oldest first.
fn revisions<'s>(sight: &'s Sight, namespace: &str, release: &str) -> Result<Vec<&'s Arc<Object>>, Failure> {
    let key = Key::new(Kind::Release, namespace, release);
    // says why where records cannot be seen
    headless::locate(&sight.world, &key, sight.now, QUIET)
        .map_err(|error| Failure::new(error.to_string(), "say which namespace with -n"))?;
    let mut found: Vec<_> = sight
        .world
        .of_kind(Kind::Release)
        .filter(|object| object.meta.namespace == namespace)
        .filter_map(|object| Some((object.body.release()?, object)))
        .filter(|(facts, _)| facts.name == release)
        .map(|(facts, object)| (facts.revision, object))
        .collect();
    found.sort_by_key(|(revision, _)| *revision);
    Ok(found.into_iter().map(|(_, object)| object).collect())
}

/// The records the act rests on, and no others.
fn records(act: &HelmAct, revisions: &[&Arc<Object>]) -> Vec<Key> {
    let newest = revisions.last().map(|object| object.key());
    let second = match act {
        HelmAct::Uninstall(_) => None,
        HelmAct::Upgrade(_) => revisions
            .iter()
            .rev()
            .find(|object| object.body.release().is_some_and(|facts| facts.status == "deployed")),
        HelmAct::Rollback(options) if options.to == 0 => revisions.iter().rev().nth(1),
        HelmAct::Rollback(options) => revisions.iter().find(|object| {
            let facts = object.body.release();
            facts.is_some_and(|facts| facts.revision == options.to)
        }),
    };
    let mut keys: Vec<Key> = newest.into_iter().chain(second.map(|object| object.key())).collect();
    keys.dedup();
    keys
}

/// Enters a hook, by its name, among those that are taken to fail.
fn fail(ledger: &mut Ledger, revisions: &[&Arc<Object>], act: &HelmAct, name: &str) -> Result<(), Failure> {
    let pins: Vec<Pin> = revisions.iter().map(|object| object.pin()).collect();
    let stored = pins
        .iter()
        .filter_map(|pin| ledger.record(pin))
        .filter_map(|reading| reading.record())
        .flat_map(|record| &record.hooks);
    let rendered = match act {
        HelmAct::Upgrade(options) => ledger.rendered(&options.rendered),
        HelmAct::Uninstall(_) | HelmAct::Rollback(_) => None,
    };
    let hooks = stored.chain(rendered.into_iter().flat_map(|manifest| &manifest.hooks));
    let found: Vec<_> = hooks
        .map(|hook| hook.document.address.clone())
        .filter(|address| address.name == name)
        .collect();
    if found.is_empty() {
        return Err(Failure::new(
            format!("there is no hook {name:?}"),
            "name a hook of this release",
        ));
    }
    for address in found {
        ledger.let_fail(address);
    }
    Ok(())
}
