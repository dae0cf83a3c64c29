//! `pilothouse forecast helm-…`: the release's newest record, what it names, and the act on it.

use super::args::{ChartArgs, DriverArg, ForecastAct, HelmArgs};
use super::report::{Sight, look, print, width};
use crate::cluster;
use crate::cluster::helm::Unhelmed;
use crate::headless;
use crate::model::act::{HelmAct, Install, Rollback, Source, Uninstall, Upgrade};
use crate::model::helm::{Executor, Home, Ledger, Manifest};
use crate::model::{Act, Key, Kind, Pin, Text, World};
use crate::shell::{Config, Failure, QUIET};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{ConnectArgs, Output};

/// Which helm is meant: one that is started, or only one that is spoken of.
pub(super) enum Which {
    /// A version: for forecasts alone, nothing is started.
    Spoken(Executor),
    /// A path or a name; nothing said: `helm` on `PATH`.
    Started(Option<PathBuf>),
}

impl Which {
    /// By `--helm`, else by the configuration.
    pub(super) fn of(connect: &ConnectArgs, config: &Config) -> Result<Self, Failure> {
        match connect.helm.as_deref() {
            None => Ok(Self::Started(config.helm.clone())),
            Some("") => Err(Failure::new("--helm names nothing", WHICH)),
            Some(word) => Ok(match word.parse::<Executor>() {
                Ok(version) => Self::Spoken(version),
                Err(_) => Self::Started(Some(PathBuf::from(word))),
            }),
        }
    }

    /// For a cockpit, which starts it: a version alone names none.
    pub(super) fn acting(self, config: &mut Config) -> Result<(), Failure> {
        match self {
            Self::Spoken(version) => {
                let told = format!("--helm {version} names a version, and a cockpit needs a program");
                return Err(Failure::new(told, WHICH));
            }
            Self::Started(named) => config.helm = named,
        }
        Ok(())
    }

    /// Its version. Where nothing was said and there is none on `PATH`, it is not known, and whatever depends on it is unknown.
    pub(super) async fn version(&self) -> Result<Option<Executor>, Failure> {
        match self {
            Self::Spoken(version) => Ok(Some(*version)),
            Self::Started(named) => match cluster::helm::find(named.as_deref()).await {
                Ok(helm) => Ok(Some(helm.version)),
                Err(Unhelmed::Missing { .. }) if named.is_none() => Ok(None),
                Err(why) => Err(Failure::new(why.to_string(), why.way_out())),
            },
        }
    }
}

const WHICH: &str = "write --helm /usr/local/bin/helm, or ask `helm version --short` and write --helm 3.22.0";

pub(super) async fn forecast(
    connect: &ConnectArgs,
    config: &Config,
    helm: &HelmArgs,
    act: &ForecastAct,
    output: Output,
) -> Result<ExitCode, Failure> {
    let which = Which::of(connect, config)?;
    let mut ledger = Ledger::default();
    let Some(asked) = asked(act, helm, config, &mut ledger).await? else {
        return Err(Failure::new("this is no act of helm's", ""));
    };
    // what is rendered needs a helm that is started; everything else only its version
    let asked = if asked.source().is_some() {
        asked
    } else {
        match which.version().await? {
            Some(version) => asked.by(version),
            None => asked,
        }
    };
    let mut sight = look(connect, config).await?;
    let namespace = namespace(config);
    let act = match (&asked, asked.source()) {
        (HelmAct::Install(install), _) => {
            let driver = helm.driver.map(DriverArg::driver).unwrap_or_default();
            Act::install(&Home::new(namespace, &helm.release, driver), install.clone())
        }
        (HelmAct::Uninstall(_) | HelmAct::Upgrade(_) | HelmAct::Rollback(_), _) => Act::Helm {
            release: newest(&sight, namespace, helm)?,
            helm: asked.clone(),
            means: None,
        },
    };
    if let Some(why) = act.misfit() {
        return Err(Failure::new(why, "see `pilothouse help forecast`"));
    }
    let act = if asked.source().is_some() {
        rendered(&sight, &which, act, &mut ledger).await?
    } else {
        act
    };
    if let Act::Helm {
        release, helm: asked, ..
    } = &act
    {
        study(&mut sight, &mut ledger, release, asked, &helm.failing_hooks).await?;
    }
    let report = headless::forecast(&sight.world, &act, &sight.conditions, sight.now, QUIET);
    print(&report, &report.text(width()), report.exit(), output)
}

/// Has helm render what the act brings.
pub(super) async fn rendered(sight: &Sight, which: &Which, act: Act, ledger: &mut Ledger) -> Result<Act, Failure> {
    let Which::Started(named) = which else {
        let told = "a chart is rendered by a helm that is started, and --helm names a version alone";
        return Err(Failure::new(
            told,
            "give the path of helm, or --rendered FILE in place of the chart",
        ));
    };
    let prepared = cluster::helm::prepare(&sight.connection, named.as_deref(), &sight.world, act)
        .await
        .map_err(|why| Failure::new(why.to_string(), ""))?;
    ledger.take_in(&prepared.ledger);
    Ok(prepared.act)
}

/// The newest record of the release that is meant.
fn newest(sight: &Sight, namespace: &str, helm: &HelmArgs) -> Result<Pin, Failure> {
    let release = &helm.release;
    let home = match helm.driver {
        Some(driver) => Some(Home::new(namespace, release, driver.driver())),
        None => Home::called(&sight.world, namespace, release)
            .map_err(|twofold| Failure::new(twofold.to_string(), "say which one is meant with --driver"))?,
    };
    if let Some(newest) = home.as_ref().and_then(|home| home.newest(&sight.world)) {
        return Ok(newest.pin());
    }
    // says why where records cannot be seen
    let kind = home.map_or(Kind::Release, |home| home.driver.kind());
    headless::locate(&sight.world, &Key::new(kind, namespace, release), sight.now, QUIET)
        .map_err(|error| Failure::new(error.to_string(), "say which namespace with -n"))?;
    Err(Failure::new(
        format!("there is no release {release:?} in {namespace}"),
        "say which namespace with -n; `pilothouse status` lists releases",
    ))
}

/// Reads what an act on a release rests on, with the hooks that are taken to fail.
pub(super) async fn study(
    sight: &mut Sight,
    ledger: &mut Ledger,
    release: &Pin,
    act: &HelmAct,
    failing: &[String],
) -> Result<(), Failure> {
    cluster::helm::study(&sight.connection, &sight.world, release, act, ledger)
        .await
        .map_err(|error| Failure::of_cluster(&error))?;
    for hook in failing {
        fail(ledger, &sight.world, release, act, hook)?;
    }
    sight.conditions.helm = Arc::new(ledger.clone());
    Ok(())
}

/// Reads the newest record of a release, for checks that ask about it.
pub(super) async fn read_newest(sight: &mut Sight, ledger: &mut Ledger, release: &Pin) -> Result<(), Failure> {
    let (pin, reading) = cluster::read::record(&sight.connection, &release.key)
        .await
        .map_err(|error| Failure::of_cluster(&error))?;
    ledger.enter(pin, reading);
    sight.conditions.helm = Arc::new(ledger.clone());
    Ok(())
}

fn namespace(config: &Config) -> &str {
    config
        .namespaces
        .first()
        .map_or("default", |namespace| namespace.as_str())
}

async fn asked(
    act: &ForecastAct,
    helm: &HelmArgs,
    config: &Config,
    ledger: &mut Ledger,
) -> Result<Option<HelmAct>, Failure> {
    let no_hooks = helm.no_hooks;
    Ok(Some(match act {
        ForecastAct::HelmUninstall {
            cascade,
            keep_history,
            wait,
            ..
        } => HelmAct::Uninstall(Uninstall {
            cascade: cascade.propagation(),
            keep_history: *keep_history,
            wait: *wait,
            no_hooks,
            ..Uninstall::plain(None)
        }),
        ForecastAct::HelmInstall { chart, .. } => {
            let (source, rendered) = brought(chart, config, ledger).await?;
            HelmAct::Install(Install {
                source,
                rendered,
                take_ownership: chart.take_ownership,
                wait: chart.wait,
                no_hooks,
                ..Install::default()
            })
        }
        ForecastAct::HelmUpgrade { chart, .. } => {
            let (source, rendered) = brought(chart, config, ledger).await?;
            HelmAct::Upgrade(Upgrade {
                source,
                rendered,
                take_ownership: chart.take_ownership,
                wait: chart.wait,
                no_hooks,
                ..Upgrade::default()
            })
        }
        ForecastAct::HelmRollback { to, .. } => HelmAct::Rollback(Rollback {
            to: *to,
            no_hooks,
            ..Rollback::default()
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
        | ForecastAct::CreateClaim { .. }
        | ForecastAct::StepDown { .. }
        | ForecastAct::RemovePeer { .. }
        | ForecastAct::RaftSnapshot { .. } => return Ok(None),
    }))
}

/// The chart to be rendered, or the digest of a manifest that was rendered before.
async fn brought(chart: &ChartArgs, config: &Config, ledger: &mut Ledger) -> Result<(Option<Source>, Text), Failure> {
    if let Some(path) = &chart.rendered {
        let (digest, read) = manifest(&path.display().to_string(), namespace(config)).await?;
        ledger.enter_rendered(digest.clone(), read);
        return Ok((None, digest));
    }
    let source = Source {
        chart: chart.chart.as_deref().unwrap_or_default().into(),
        version: chart.version.as_deref().unwrap_or_default().into(),
        values: chart.values.iter().map(Text::from).collect(),
    };
    Ok((Some(source), Text::default()))
}

/// A manifest that was rendered before, and its digest.
pub(super) async fn manifest(path: &str, namespace: &str) -> Result<(Text, Manifest), Failure> {
    let hint = "give it the output of `helm template` or `helm upgrade --dry-run`";
    let read = cluster::helm::manifest(path, namespace).await;
    read.map_err(|why| Failure::new(why.to_string(), hint))
}

/// Enters a hook, by its name, among those that are taken to fail.
fn fail(ledger: &mut Ledger, world: &World, release: &Pin, act: &HelmAct, name: &str) -> Result<(), Failure> {
    let records = Home::at(&release.key);
    let records = records.iter().flat_map(|home| home.records(world));
    let pins: Vec<Pin> = records.map(|(_, object)| object.pin()).collect();
    let stored = pins
        .iter()
        .filter_map(|pin| ledger.record(pin))
        .filter_map(|reading| reading.record())
        .flat_map(|record| &record.hooks);
    let rendered = act.rendered().and_then(|digest| ledger.rendered(digest));
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
