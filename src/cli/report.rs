//! `status`, `explain` and `forecast`: the same facts as the cockpit's, observed once, as text or JSON.

use super::args::{ConnectArgs, ForecastAct, Output, Target};
use super::sandbox::say;
use crate::cluster::{self, Clock, Connection, Scopes, read};
use crate::diagnose::Look;
use crate::headless::{self, Exit, TargetError};
use crate::laws::Conditions;
use crate::model::act::task::RaftDeed;
use crate::model::feed::FeedState;
use crate::model::{Key, Kind, Now, Pin, ResourceVersion, Uid, World};
use crate::shell::raft::Asker;
use crate::shell::{self, Config, Failure, QUIET};
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the first lists may take before what is missing is told as missing.
const PATIENCE: Duration = Duration::from_mins(1);
/// Reports are wrapped to the terminal, or to this where there is none.
const WIDTH: usize = 100;

/// Everything that was seen of a cluster, once.
pub(super) struct Sight {
    pub(super) connection: Connection,
    pub(super) world: World,
    pub(super) conditions: Conditions,
    pub(super) now: Now,
}

pub(super) async fn status(connect: &ConnectArgs, config: &Config, output: Output) -> Result<ExitCode, Failure> {
    let sight = look(connect, config).await?;
    let mut tenants = config.tenants.tenants(&sight.world);
    if !config.namespaces.is_empty() {
        tenants.retain(|tenant| {
            tenant
                .namespaces
                .iter()
                .any(|namespace| config.namespaces.contains(namespace))
        });
    }
    let identity = sight.connection.identity();
    let report = headless::status(
        &sight.world,
        &tenants,
        &sight.conditions,
        Some(identity),
        sight.now,
        QUIET,
    );
    print(&report, &report.text(width()), report.exit(), output)
}

pub(super) async fn explain(
    connect: &ConnectArgs,
    config: &Config,
    target: &Target,
    output: Output,
) -> Result<ExitCode, Failure> {
    let key = meant(target, config)?;
    let sight = look(connect, config).await?;
    let report = headless::explain(&sight.world, &key, &sight.conditions, sight.now, QUIET).or_else(unfound)?;
    print(&report, &report.text(width()), report.exit(), output)
}

pub(super) async fn unstick(
    connect: &ConnectArgs,
    config: &Config,
    target: &Target,
    output: Output,
) -> Result<ExitCode, Failure> {
    let key = meant(target, config)?;
    let sight = look(connect, config).await?;
    let look = Look {
        world: &sight.world,
        conditions: &sight.conditions,
        now: sight.now,
        quiet: QUIET,
    };
    let report = headless::unstick(look, &key).or_else(unfound)?;
    print(&report, &report.text(width()), report.exit(), output)
}

pub(super) async fn forecast(
    connect: &ConnectArgs,
    config: &Config,
    act: &ForecastAct,
    output: Output,
) -> Result<ExitCode, Failure> {
    let target = match act {
        ForecastAct::HelmInstall { helm, .. }
        | ForecastAct::HelmUninstall { helm, .. }
        | ForecastAct::HelmUpgrade { helm, .. }
        | ForecastAct::HelmRollback { helm, .. } => {
            return super::helm::forecast(connect, config, helm, act, output).await;
        }
        ForecastAct::StepDown { target } => {
            return super::raft::forecast(connect, config, target, RaftDeed::StepDown, output).await;
        }
        ForecastAct::RemovePeer { target, id } => {
            let deed = RaftDeed::RemovePeer { id: id.into() };
            return super::raft::forecast(connect, config, target, deed, output).await;
        }
        ForecastAct::RaftSnapshot { target, to } => {
            let deed = RaftDeed::Snapshot { to: to.into() };
            return super::raft::forecast(connect, config, target, deed, output).await;
        }
        ForecastAct::Delete { target, .. }
        | ForecastAct::ClearClaimRef { target }
        | ForecastAct::Evict { target }
        | ForecastAct::Scale { target, .. }
        | ForecastAct::RemoveFinalizer { target, .. }
        | ForecastAct::ReclaimPolicy { target, .. }
        | ForecastAct::Retarget { target, .. }
        | ForecastAct::Annotate { target, .. }
        | ForecastAct::Stamp { target, .. }
        | ForecastAct::CreateClaim { target, .. } => target,
    };
    let key = meant(target, config)?;
    // what is wrong with the words alone is told before a cluster is asked
    let nobody = Pin {
        key: key.clone(),
        uid: Uid::default(),
        resource_version: ResourceVersion::default(),
    };
    let ask = super::asked::read(act, nobody)?;
    let sight = look(connect, config).await?;
    let act = if ask.creates() {
        ask
    } else {
        headless::pinned(&sight.world, ask, sight.now, QUIET).or_else(unfound)?
    };
    let Sight {
        connection,
        world,
        mut conditions,
        ..
    } = sight;
    Arc::make_mut(&mut conditions.raft)
        .described
        .clone_from(&config.raft.described);
    let asker = Asker::new(config.raft.clone());
    asker
        .inform(&connection, connection.clock(), &world, &act, &mut conditions)
        .await;
    if act.target().key.kind == Kind::Namespace {
        conditions.survey = Arc::new(read::served(&connection).await);
    }
    let report = headless::forecast(&world, &act, &conditions, connection.clock().now(), QUIET);
    print(&report, &report.text(width()), report.exit(), output)
}

/// The object the words name. Its namespace is the first `--namespace`, else `default`, as with kubectl.
pub(super) fn meant(target: &Target, config: &Config) -> Result<Key, Failure> {
    let namespace = config
        .namespaces
        .first()
        .map_or("default", |namespace| namespace.as_str());
    headless::parse_target(&target.words.join("/"), namespace).or_else(unfound)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where `or_else` hands the error over"
)]
fn unfound<T>(error: TargetError) -> Result<T, Failure> {
    Err(Failure::new(error.to_string(), ""))
}

/// Connects and observes until every feed has answered one way or the other, or the patience is at its end.
pub(super) async fn look(connect: &ConnectArgs, config: &Config) -> Result<Sight, Failure> {
    let clock = Clock::system();
    let connection = cluster::connect(&connect.options(), clock.clone())
        .await
        .map_err(|error| Failure::of_cluster(&error))?;
    let mut world = World::default();
    for feed in Scopes::feeds() {
        world.expect(feed, clock.now().mono);
    }
    let scopes = Scopes {
        namespaces: (!config.namespaces.is_empty()).then(|| config.namespaces.clone()),
    };
    let (sink, mut observations) = mpsc::channel(64);
    let watches = cluster::observe(&connection, &scopes, QUIET, sink);
    let complete = async {
        while !answered(&world) {
            let Some(batch) = observations.recv().await else { break };
            for observation in batch {
                world.apply(observation);
            }
        }
    };
    if tokio::time::timeout(PATIENCE, complete).await.is_err() {
        tracing::warn!("some lists did not come in time; what they would say is told as missing");
    }
    drop(watches);
    let conditions = connection.conditions(&config.dead_provisioners);
    Ok(Sight {
        connection,
        world,
        conditions,
        now: clock.now(),
    })
}

/// Every feed has been listed, refused, or is not served. A kind that is refused as a whole is listed by namespace instead.
fn answered(world: &World) -> bool {
    world.feeds().all(|(_, feed)| match &feed.state {
        FeedState::Waiting { .. } | FeedState::Listing { .. } => false,
        FeedState::Stale { .. } => feed.listed,
        FeedState::Live | FeedState::Denied { .. } | FeedState::Unserved { .. } => true,
    })
}

pub(super) fn print(report: &impl Serialize, text: &str, exit: Exit, output: Output) -> Result<ExitCode, Failure> {
    match output {
        Output::Text => say(&format!("{}\n", text.trim_end()))?,
        Output::Json => {
            let json = serde_json::to_string_pretty(report).map_err(|error| {
                Failure::new(format!("the report cannot be written as JSON: {error}"), "use -o text")
            })?;
            say(&format!("{json}\n"))?;
        }
    }
    Ok(ExitCode::from(exit.code()))
}

pub(super) fn width() -> usize {
    shell::columns().map_or(WIDTH, |columns| usize::from(columns).clamp(60, 160))
}
