//! `pilothouse traps`: every trap that a tenant stands in, with evidence, remedy and source, and what could not be judged; and
//! the catalogue of all sixty. `docs/schema/traps.v1.json` describes both as JSON.

mod text;

use super::{API_VERSION, Exit};
use crate::diagnose::traps::{self, Told, Trap, Unjudged, unjudged};
use crate::diagnose::{self, Finding, Look, Severity};
use crate::laws::Reason;
use crate::model::{ClusterIdentity, Key, Tenant, Text};
use serde::Serialize;

/// The traps of some tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrapsReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was made.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterIdentity>,
    pub tenants: Vec<TenantTraps>,
    /// Traps of volumes that no tenant claims.
    pub unclaimed: Vec<TrapLine>,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantTraps {
    pub name: Text,
    pub namespaces: Vec<Text>,
    /// The worst first.
    pub traps: Vec<TrapLine>,
    /// Empty: all was judged that is sensed.
    pub unjudged: Vec<Unjudged>,
}

/// One trap, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrapLine {
    /// In the catalogue.
    pub number: u8,
    /// Other traps of the catalogue that the same facts are.
    pub also: Vec<u8>,
    pub name: &'static str,
    pub severity: Severity,
    pub object: Key,
    pub sentence: String,
    pub reason: Reason,
    pub remedy: &'static str,
    pub source: &'static str,
    /// The rule that found it.
    pub rule: &'static str,
}

/// The traps of the given tenants, in their order. Plain facts that are no trap stand in `status`.
pub fn traps(look: Look<'_>, tenants: &[Tenant], cluster: Option<&ClusterIdentity>) -> TrapsReport {
    let Look {
        world,
        conditions,
        now,
        quiet,
    } = look;
    let mut report = TrapsReport {
        api_version: API_VERSION,
        kind: "Traps",
        at: now.second(),
        exit_code: 0,
        cluster: cluster.cloned(),
        tenants: tenants
            .iter()
            .map(|tenant| TenantTraps {
                name: tenant.name.clone(),
                namespaces: tenant.namespaces.clone(),
                traps: lines(&diagnose::findings(world, tenant, conditions, now, quiet)),
                unjudged: unjudged(look, tenant),
            })
            .collect(),
        unclaimed: lines(&diagnose::unclaimed(world, conditions, now, quiet)),
    };
    report.exit_code = report.exit().code();
    report
}

fn lines(findings: &[Finding]) -> Vec<TrapLine> {
    findings
        .iter()
        .filter(|finding| finding.severity > Severity::Clean)
        .filter_map(|finding| {
            let trap = traps::of(finding)?;
            Some(TrapLine {
                number: trap.number,
                also: finding.traps.iter().skip(1).copied().collect(),
                name: trap.name,
                severity: finding.severity,
                object: finding.object.clone(),
                sentence: finding.sentence.clone(),
                reason: finding.reason.clone(),
                remedy: trap.remedy,
                source: trap.source,
                rule: finding.rule,
            })
        })
        .collect()
}

impl TrapsReport {
    pub fn exit(&self) -> Exit {
        let found = !self.unclaimed.is_empty() || self.tenants.iter().any(|tenant| !tenant.traps.is_empty());
        if found {
            Exit::Findings
        } else if self.tenants.iter().any(|tenant| !tenant.unjudged.is_empty()) {
            Exit::Unknown
        } else {
            Exit::Clean
        }
    }
}

/// All sixty, and who tells of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub traps: Vec<CatalogueLine>,
}

/// One trap of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueLine {
    pub number: u8,
    pub name: &'static str,
    pub looks_at: &'static str,
    pub remedy: &'static str,
    pub source: &'static str,
    /// `rule` or `act`.
    pub told: &'static str,
    /// The rules that find it.
    pub rules: &'static [&'static str],
    /// Who says it at the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
}

/// The catalogue.
pub fn trap_catalogue() -> CatalogueReport {
    CatalogueReport {
        api_version: API_VERSION,
        kind: "TrapCatalogue",
        traps: traps::catalogue().map(CatalogueLine::of).collect(),
    }
}

impl CatalogueLine {
    fn of(trap: &Trap) -> Self {
        let rules: &'static [&'static str] = match trap.told {
            Told::Rules { rules, .. } => rules,
            Told::Act(_) => &[],
        };
        Self {
            number: trap.number,
            name: trap.name,
            looks_at: trap.looks_at,
            remedy: trap.remedy,
            source: trap.source,
            told: trap.told.word(),
            rules,
            by: trap.told.teller().map(|teller| teller.whom),
        }
    }
}
