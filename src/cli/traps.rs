//! `pilothouse traps`: the traps of tenants, with everything read that they are seen by; and the catalogue.

use super::args::{ConnectArgs, TrapsArgs};
use super::report::{look, print, width};
use crate::cluster::read;
use crate::diagnose::{Look, traps};
use crate::headless::{self, Exit};
use crate::model::{Tenant, Text, World};
use crate::shell::{Config, Failure, QUIET};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

/// The catalogue: needs no cluster.
pub(super) fn catalogue(asked: &TrapsArgs) -> Result<ExitCode, Failure> {
    let report = headless::trap_catalogue();
    print(&report, &report.text(width()), Exit::Clean, asked.output)
}

pub(super) async fn run(connect: &ConnectArgs, config: &Config, asked: &TrapsArgs) -> Result<ExitCode, Failure> {
    let mut sight = look(connect, config).await?;
    let tenants = meant(config, &sight.world, &asked.names)?;
    let namespaces: BTreeSet<Text> = tenants.iter().flat_map(|tenant| tenant.namespaces.clone()).collect();
    let namespaces: Vec<Text> = namespaces.into_iter().collect();
    let records = traps::records(&sight.world, &namespaces);
    let surveyed = Box::pin(read::survey(&sight.connection, &namespaces, records)).await;
    sight.conditions.helm = Arc::new(surveyed.ledger);
    sight.conditions.survey = Arc::new(surveyed.survey);
    super::raft::peers(&mut sight, config, &tenants).await;
    let look = Look {
        world: &sight.world,
        conditions: &sight.conditions,
        now: sight.now,
        quiet: QUIET,
    };
    let report = headless::traps(look, &tenants, Some(sight.connection.identity()));
    print(&report, &report.text(width()), report.exit(), asked.output)
}

/// The tenants that are named, or all of them.
fn meant(config: &Config, world: &World, names: &[String]) -> Result<Vec<Tenant>, Failure> {
    let mut tenants = config.tenants.tenants(world);
    if !config.namespaces.is_empty() {
        tenants.retain(|tenant| {
            tenant
                .namespaces
                .iter()
                .any(|namespace| config.namespaces.contains(namespace))
        });
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !tenants.iter().any(|tenant| tenant.name == name.as_str()))
    {
        return Err(Failure::new(
            format!("there is no tenant {unknown}"),
            "`pilothouse status` names them all; --tenants says what a tenant is",
        ));
    }
    if !names.is_empty() {
        tenants.retain(|tenant| names.iter().any(|name| tenant.name == name.as_str()));
    }
    Ok(tenants)
}
