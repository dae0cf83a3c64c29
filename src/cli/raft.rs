//! `pilothouse raft`: the peers of raft clusters, asked now and once more a little later.

use super::args::{ConnectArgs, Output, RaftArgs, Target};
use super::report::{Sight, look, meant, print, width};
use crate::app::raft::TokenGift;
use crate::cluster::Connection;
use crate::headless;
use crate::model::act::Task;
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::raft::{Picture, Roster, Soundings};
use crate::model::{Act, Kind, Tenant};
use crate::shell::raft::Asker;
use crate::shell::{Config, Failure, QUIET};
use futures::future::join_all;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Between the two times that peers are asked for a plan.
const BETWEEN: Duration = Duration::from_secs(2);

pub(super) async fn run(
    connect: &ConnectArgs,
    config: &Config,
    args: &RaftArgs,
    output: Output,
) -> Result<ExitCode, Failure> {
    let mut sight = look(connect, config).await?;
    let asker = Asker::new(config.raft.clone());
    let mut tenants = config.tenants.tenants(&sight.world);
    if let Some(name) = &args.tenant {
        tenants.retain(|tenant| tenant.name == *name);
        if tenants.is_empty() {
            return Err(Failure::new(
                format!("there is no tenant {name}"),
                "`pilothouse status` names them; --tenants says how they are told apart",
            ));
        }
    } else if !config.namespaces.is_empty() {
        tenants.retain(|tenant| tenant.namespaces.iter().any(|own| config.namespaces.contains(own)));
    }
    let soundings = Arc::make_mut(&mut sight.conditions.raft);
    soundings.described.clone_from(&config.raft.described);
    let rosters: Vec<Roster> = namespaces(&tenants)
        .flat_map(|own| soundings.rosters(&sight.world, own))
        .collect();
    if args.with_token {
        give(&asker, &rosters).await?;
    }
    sweep(
        &sight.connection,
        &asker,
        &rosters,
        soundings,
        Duration::from_secs(args.window),
    )
    .await;
    let now = sight.connection.clock().now();
    let report = headless::raft(&sight.world, &tenants, soundings, now);
    let pictures: Vec<_> = namespaces(&tenants)
        .flat_map(|own| soundings.pictures(&sight.world, own))
        .collect();
    print(&report, &report.text(width(), &pictures), report.exit(), output)
}

/// Gives each Vault and OpenBao its token, from where the configuration says.
async fn give(asker: &Asker, rosters: &[Roster]) -> Result<(), Failure> {
    for roster in rosters.iter().filter(|roster| roster.system.is_vault()) {
        let given = asker.give(&roster.id, TokenGift::Configured).await;
        given.map_err(|why| {
            Failure::new(
                format!("no token for {}: {why}", roster.id),
                "set VAULT_TOKEN, log in with `vault login`, or say where it is in the configuration",
            )
        })?;
    }
    Ok(())
}

/// Asks all of them, and once more a little later: movement is told between the two.
async fn sweep(
    connection: &Connection,
    asker: &Asker,
    rosters: &[Roster],
    soundings: &mut Soundings,
    window: Duration,
) {
    for round in 0..2 {
        if round > 0 && !rosters.is_empty() {
            tokio::time::sleep(window).await;
        }
        let sweeps = join_all(rosters.iter().map(|roster| asker.sweep(connection, roster))).await;
        for (roster, sweep) in rosters.iter().zip(sweeps) {
            soundings.enter(roster.clone(), sweep);
        }
    }
}

/// Asks the peers of a tenant for a plan that goes by them.
pub(super) async fn sound(
    sight: &mut Sight,
    config: &Config,
    namespace: &str,
    with_token: bool,
) -> Result<(), Failure> {
    let asker = Asker::new(config.raft.clone());
    let soundings = Arc::make_mut(&mut sight.conditions.raft);
    soundings.described.clone_from(&config.raft.described);
    let rosters = soundings.rosters(&sight.world, namespace);
    if with_token {
        give(&asker, &rosters).await?;
    }
    sweep(&sight.connection, &asker, &rosters, soundings, BETWEEN).await;
    sight.now = sight.connection.clock().now();
    Ok(())
}

/// Asks the peers of these tenants, once: who is healthy, not who moves.
pub(super) async fn peers(sight: &mut Sight, config: &Config, tenants: &[Tenant]) {
    let asker = Asker::new(config.raft.clone());
    let soundings = Arc::make_mut(&mut sight.conditions.raft);
    soundings.described.clone_from(&config.raft.described);
    let rosters: Vec<Roster> = namespaces(tenants)
        .flat_map(|own| soundings.rosters(&sight.world, own))
        .collect();
    let sweeps = join_all(rosters.iter().map(|roster| asker.sweep(&sight.connection, roster))).await;
    for (roster, sweep) in rosters.into_iter().zip(sweeps) {
        soundings.enter(roster, sweep);
    }
    sight.now = sight.connection.clock().now();
}

fn namespaces(tenants: &[Tenant]) -> impl Iterator<Item = &crate::model::Text> {
    tenants.iter().flat_map(|tenant| &tenant.namespaces)
}

/// What asking the leader of a cluster for something would do. The cluster is named by its StatefulSet.
pub(super) async fn forecast(
    connect: &ConnectArgs,
    config: &Config,
    target: &Target,
    deed: RaftDeed,
    output: Output,
) -> Result<ExitCode, Failure> {
    let key = meant(target, config)?;
    let mut sight = look(connect, config).await?;
    let soundings = Arc::make_mut(&mut sight.conditions.raft);
    let mut rosters = soundings.rosters(&sight.world, &key.namespace).into_iter();
    let roster = rosters.find(|roster| key.kind == Kind::StatefulSet && roster.id.name == key.name);
    let way_out = "name the StatefulSet of a Vault or OpenBao, as in sts/vault, and the namespace with -n";
    let roster = roster.ok_or_else(|| Failure::new(format!("{key} is no raft cluster"), way_out))?;
    let asker = Asker::new(config.raft.clone());
    soundings.enter(roster.clone(), asker.sweep(&sight.connection, &roster).await);
    let picture = soundings
        .get(&roster.id)
        .and_then(|sounding| Picture::of(&roster, sounding));
    let leader = picture
        .as_ref()
        .and_then(Picture::leader)
        .and_then(|peer| peer.pod.clone());
    let pod = leader.and_then(|leader| sight.world.find(Kind::Pod, &key.namespace, &leader));
    let pod = pod.ok_or_else(|| Failure::new(format!("no peer leads {}", roster.id), "see `pilothouse raft`"))?;
    let act = Act::Task {
        target: pod.pin(),
        task: Box::new(Task::Raft(
            RaftTask::of(&roster, deed).map_err(|why| Failure::new(why, way_out))?,
        )),
    };
    let now = sight.connection.clock().now();
    let report = headless::forecast(&sight.world, &act, &sight.conditions, now, QUIET);
    print(&report, &report.text(width()), report.exit(), output)
}
