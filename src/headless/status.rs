//! `pilothouse status`: every tenant with its verdict, and how current what it rests on is.

mod text;

use super::{API_VERSION, Exit};
use crate::diagnose::{self, Finding, Look, Severity, Sight, Verdict};
use crate::laws::Conditions;
use crate::model::{ClusterIdentity, Kind, Now, Object, Tenant, Text, World};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What is, and how fresh that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was made.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterIdentity>,
    pub feeds: Vec<FeedLine>,
    pub tenants: Vec<TenantLine>,
    /// What is wrong with volumes that no tenant claims.
    pub unclaimed: Vec<Finding>,
}

/// One feed and how current it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedLine {
    pub feed: String,
    /// `live`, `stale` or `unknown` (denied, not yet listed, not served).
    pub state: &'static str,
    /// Seconds since the server was last heard on it.
    pub age_seconds: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantLine {
    pub name: Text,
    pub namespaces: Vec<Text>,
    #[serde(flatten)]
    pub verdict: Verdict,
    pub counts: Counts,
    pub releases: Vec<ReleaseLine>,
    pub findings: Vec<Finding>,
}

/// How many of what. `None` where the kind is not in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub pods: Option<usize>,
    pub claims: Option<usize>,
    pub claims_terminating: Option<usize>,
    pub jobs_active: Option<usize>,
}

/// The newest revision of a Helm release, by its label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseLine {
    pub name: Text,
    pub revision: u32,
    pub status: Text,
    /// Seconds since the revision was made.
    pub age_seconds: Option<u64>,
}

/// The status of the given tenants, in their order.
pub fn status(
    world: &World,
    tenants: &[Tenant],
    conditions: &Conditions,
    cluster: Option<&ClusterIdentity>,
    now: Now,
    quiet: Duration,
) -> StatusReport {
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    let mut report = StatusReport {
        api_version: API_VERSION,
        kind: "Status",
        at: now.second(),
        exit_code: 0,
        cluster: cluster.cloned(),
        feeds: feeds(look),
        tenants: tenants.iter().map(|tenant| line(look, tenant)).collect(),
        unclaimed: diagnose::unclaimed(world, conditions, now, quiet),
    };
    report.exit_code = report.exit().code();
    report
}

fn feeds(look: Look<'_>) -> Vec<FeedLine> {
    look.world
        .feeds()
        .map(|(id, feed)| {
            let (state, why) = match look.sight_of(feed) {
                Sight::Current => ("live", String::new()),
                Sight::AsOf { why, .. } => ("stale", why),
                Sight::Blind { why } => ("unknown", why),
            };
            FeedLine {
                feed: id.to_string(),
                state,
                age_seconds: feed.heard.age(look.now.mono).as_secs(),
                why,
            }
        })
        .collect()
}

fn line(look: Look<'_>, tenant: &Tenant) -> TenantLine {
    let findings = diagnose::findings(look.world, tenant, look.conditions, look.now, look.quiet);
    let count = |kind: Kind, wanted: fn(&Object) -> bool| {
        tenant.namespaces.iter().try_fold(0, |sum, namespace| {
            look.sees(kind, namespace).then(|| {
                sum + look
                    .world
                    .in_namespace(kind, namespace)
                    .filter(|object| wanted(object))
                    .count()
            })
        })
    };
    TenantLine {
        name: tenant.name.clone(),
        namespaces: tenant.namespaces.clone(),
        verdict: diagnose::verdict(&findings),
        counts: Counts {
            pods: count(Kind::Pod, |_| true),
            claims: count(Kind::PersistentVolumeClaim, |_| true),
            claims_terminating: count(Kind::PersistentVolumeClaim, |claim| claim.meta.deleting()),
            jobs_active: count(Kind::Job, |job| {
                job.body
                    .job()
                    .is_some_and(|job| !job.state().finished() && !job.spec.suspend)
            }),
        },
        releases: releases(look, tenant),
        findings,
    }
}

fn releases(look: Look<'_>, tenant: &Tenant) -> Vec<ReleaseLine> {
    let mut newest: BTreeMap<(&Text, &Text), (&Arc<Object>, &crate::model::fact::Release)> = BTreeMap::new();
    for namespace in &tenant.namespaces {
        for object in look.world.records_in(namespace) {
            let Some(release) = object.body.release() else {
                continue;
            };
            let own = tenant.release.as_ref().is_none_or(|own| *own == release.name);
            let held = newest.get(&(namespace, &release.name));
            if own && held.is_none_or(|(_, held)| held.revision < release.revision) {
                newest.insert((namespace, &release.name), (object, release));
            }
        }
    }
    newest
        .into_values()
        .map(|(object, release)| ReleaseLine {
            name: release.name.clone(),
            revision: release.revision,
            status: release.status.clone(),
            age_seconds: object.meta.creation_timestamp.map(|at| look.now.since(at).as_secs()),
        })
        .collect()
}

impl StatusReport {
    pub fn exit(&self) -> Exit {
        let found = self
            .tenants
            .iter()
            .flat_map(|tenant| &tenant.findings)
            .chain(&self.unclaimed)
            .any(|finding| finding.severity > Severity::Clean && finding.rule != "feeds");
        if found {
            Exit::Findings
        } else if self.feeds.iter().any(|feed| feed.state != "live") {
            Exit::Unknown
        } else {
            Exit::Clean
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixture::{QUIET, conditions, denied, hasan_prod, now, with, world};

    fn tenants(names: &[&str]) -> Vec<Tenant> {
        names
            .iter()
            .map(|name| Tenant {
                name: (*name).into(),
                namespaces: vec![(*name).into()],
                release: None,
            })
            .collect()
    }

    fn report(world: &World, names: &[&str]) -> StatusReport {
        status(world, &tenants(names), &conditions(), None, now(), QUIET)
    }

    #[test]
    fn the_fleet_in_text() {
        let world = with(
            hasan_prod(),
            "- {kind: Namespace, metadata: {name: calm}, status: {phase: Active}}",
        );
        let report = report(&world, &["shop", "calm"]);
        assert_eq!(report.exit(), Exit::Findings);
        assert_eq!(
            report.text(100),
            "feeds 16/16 live, oldest 0s\n\n\
             tenants 2: ● 1 blocked, ▲ 0 warned, ✓ 1 clean\n\
             ● blocked  shop  10 pods  2 PVCs, 1 ✗  9 jobs  eks r7 deployed\n  \
               PVC shared-data Terminating 3h12m, held by 9 pods of 9 Jobs\n\
             ✓ clean    calm  0 pods   0 PVCs       0 jobs\n  \
               nothing is stuck\n\n\
             shop\n  \
               ● PVC shared-data Terminating 3h12m, held by 9 pods of 9 Jobs\n  \
               ▲ 9 foreign Jobs hold PVCs of the release\n"
        );
    }

    #[test]
    fn a_quiet_cluster_is_clean_and_a_denied_one_is_unknown() {
        let calm = world("- {kind: Namespace, metadata: {name: shop}, status: {phase: Active}}");
        let report_of = report(&calm, &["shop"]);
        assert_eq!((report_of.exit(), report_of.exit_code), (Exit::Clean, 0));
        let blind = report(&denied(&calm, Kind::PersistentVolume), &["shop"]);
        assert_eq!((blind.exit(), blind.exit_code), (Exit::Unknown, 3));
        let text = blind.text(80);
        assert!(text.contains("feeds 15/16 live"), "{text}");
        assert!(
            text.contains("  ? persistentvolumes unknown: denied: forbidden"),
            "{text}"
        );
        assert!(!text.contains("✓ clean    shop"), "{text}");
        let uncounted = report(&denied(&calm, Kind::Pod), &["shop"]);
        assert_eq!(uncounted.tenants[0].counts.pods, None);
        assert!(uncounted.text(80).contains("? pods"));
    }

    #[test]
    fn json_names_its_version_and_kind() {
        let value = serde_json::to_value(report(&hasan_prod(), &["shop"])).unwrap();
        assert_eq!(
            (&value["apiVersion"], &value["kind"]),
            (&"pilothouse.dev/v1".into(), &"Status".into())
        );
        assert_eq!(value["exitCode"], 1);
        assert_eq!(value["tenants"][0]["severity"], "blocked");
        assert_eq!(value["tenants"][0]["counts"]["claimsTerminating"], 1);
        assert_eq!(value["tenants"][0]["releases"][0]["revision"], 7);
        assert_eq!(value["tenants"][0]["findings"][0]["rule"], "stuck_claim");
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let world = world(
            "- {kind: Pod, metadata: {name: \"evil\\u001b[2J\", namespace: shop}, status: {phase: Running, containerStatuses: [{restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}}]}}",
        );
        let text = report(&world, &["shop"]).text(80);
        assert!(text.contains("evil\\u{1b}[2J"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
