//! Plans: each step on the world the steps before it are forecast to leave, and what blocks it there.

use crate::diagnose::fixture::{QUIET, conditions, denied, hasan_prod, now, with};
use crate::forecast::Tier;
use crate::model::World;
use crate::runbook::plan::{Footing, Ground};
use crate::runbook::{Given, Origin, Plan, Source, parse, plan, resolve, shipped};
use std::collections::BTreeMap;

fn planned(source: &Source, world: &World, set: &[(&str, &str)]) -> Plan {
    let runbook = parse(source).unwrap_or_else(|faults| panic!("{}", faults.text()));
    let given: Vec<Given> = set
        .iter()
        .map(|(name, text)| Given {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            origin: Origin::Flag,
        })
        .collect();
    let resolved = resolve(&runbook, &given).unwrap();
    let ground = Ground {
        world,
        conditions: &conditions(),
        now: now(),
        quiet: QUIET,
        executor: None,
        rendered: &BTreeMap::new(),
    };
    plan(&resolved, ground)
}

fn own(steps: &str, world: &World) -> Plan {
    let text = format!(
        "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: {{ name: own, title: Own, version: '1' }}
tenant: {{ namespace: shop, release: eks }}
steps:
{steps}"
    );
    planned(&Source::new("own.yaml", text), world, &[])
}

const POD: &str = "  - { id: pod, title: t, act: { delete: { target: pod/mysql-0, propagation: Background } }, verify: { all: [act.done], within: 1m, onTimeout: stop } }\n";
const CLAIM: &str = "  - { id: claim, title: t, act: { delete: { target: pvc/mysql-pvc, propagation: Background } }, verify: { all: [claim.gone: mysql-pvc], within: 1m, onTimeout: stop } }\n";
const REBIND: &str = "  - { id: clear, title: t, act: { clearClaimRef: { target: pv/mysql } }, verify: { all: [volume.available: mysql], within: 1m, onTimeout: stop } }
  - id: make
    title: t
    act: { createClaim: { name: mysql-pvc, size: 10Gi, volume: mysql, class: efs, accessModes: [ReadWriteOnce] } }
    verify: { all: [claim.bound: mysql-pvc], within: 1m, onTimeout: stop }
";

#[test]
fn a_step_stands_on_the_end_of_the_one_before() {
    let world = with(
        hasan_prod(),
        "
- {kind: PersistentVolume, metadata: {name: mysql, finalizers: [kubernetes.io/pv-protection]}, spec: {storageClassName: efs, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, capacity: {storage: 10Gi}, csi: {driver: efs.csi.aws.com, volumeHandle: fs-07}, claimRef: {namespace: shop, name: mysql-pvc, uid: uid-mysql-pvc}}, status: {phase: Bound}}",
    );
    // alone, the deletion hangs: its end is not seen
    let alone = own(CLAIM, &world);
    let step = &alone.steps[0];
    assert_eq!(step.rests_on, Footing::Live);
    assert_eq!(step.verify.as_ref().unwrap().reached(), Some(false));
    // after its pod it goes, the volume is cleared, and a new claim takes it
    let whole = own(&format!("{POD}{CLAIM}{REBIND}"), &world);
    for step in &whole.steps {
        let verify = step.verify.as_ref().unwrap();
        assert_eq!(
            verify.reached(),
            Some(true),
            "{}: {verify:?} {:?}",
            step.id,
            step.blocked
        );
        assert_eq!(step.blocked, Vec::<String>::new(), "{}", step.id);
    }
    let steps = vec!["pod".to_owned(), "claim".to_owned(), "clear".to_owned()];
    assert_eq!(whole.steps[3].rests_on, Footing::After { steps });
    assert_eq!(whole.steps[2].tier, Tier::T2);
    // the live world was not touched
    assert!(world.get(&crate::diagnose::fixture::key("pod/mysql-0")).is_some());
}

#[test]
fn what_blocks_and_what_is_not_known_is_told_apart() {
    let world = hasan_prod();
    let steps = "  - { id: away, title: t, act: { delete: { target: job/none, propagation: Background } }, verify: { all: [act.done], within: 1m, onTimeout: stop } }
  - { id: gate, title: t, gate: { tier: T3, sensed: [claims.settled, feeds.fresh], attested: [x] } }
  - { id: raised, title: t, act: { setReclaimPolicy: { target: pv/mysql, policy: Retain } }, gate: { tier: T2 } }
  - { id: unneeded, title: t, when: claims.gone, gate: { attested: [x] } }
";
    let plan = own(steps, &world);
    let [away, gate, raised, unneeded] = plan.steps.as_slice() else {
        panic!()
    };
    assert_eq!(away.blocked, ["job/none in shop is not there"]);
    assert!(away.forecasts.is_empty() && away.unknown.is_empty());
    assert_eq!(gate.blocked, ["claims.settled: Terminating: pvc/shared-data"]);
    assert_eq!(gate.tier, Tier::T3);
    assert_eq!(raised.tier, Tier::T2);
    assert!(
        raised.because.starts_with("raised by the runbook from T0"),
        "{}",
        raised.because
    );
    assert!(unneeded.skipped && unneeded.attested == ["x"]);

    let blind = denied(&world, crate::model::Kind::Job);
    let plan = own(steps, &blind);
    assert!(plan.steps[0].blocked.is_empty());
    assert!(
        plan.steps[0].unknown[0].contains("forbidden"),
        "{:?}",
        plan.steps[0].unknown
    );
    assert!(
        plan.steps[1].unknown[0].starts_with("feeds.fresh"),
        "{:?}",
        plan.steps[1].unknown
    );
}

#[test]
fn seed_000_is_drained_job_by_job() {
    let source = shipped("unstick").unwrap();
    let plan = planned(&source, &hasan_prod(), &[("namespace", "shop"), ("release", "eks")]);
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "keep-disks",
            "end-foreign-jobs",
            "end-ended-pods",
            "end-foreign-pods",
            "settled"
        ]
    );
    let jobs = &plan.steps[1];
    assert_eq!(jobs.forecasts.len(), 9);
    assert_eq!(jobs.tier, Tier::T2);
    assert_eq!(jobs.typed.as_deref(), Some("shop"));
    assert!(plan.steps[0].skipped, "all volumes are Retain");
    assert!(plan.steps[2].skipped && plan.steps[3].skipped, "nothing hangs any more");
    assert_eq!(plan.steps[4].verify.as_ref().unwrap().reached(), Some(true));
}

/// Without a word on helm's version, and without the stored manifest, nobody can say what an uninstall does.
#[test]
fn an_act_of_helms_without_its_record_is_not_known() {
    let source = shipped("tenant-delete").unwrap();
    let plan = planned(&source, &hasan_prod(), &[("namespace", "shop"), ("release", "eks")]);
    let uninstall = plan.steps.iter().find(|step| step.id == "uninstall").unwrap();
    assert!(!uninstall.unknown.is_empty(), "{uninstall:#?}");
    let gone = planned(&source, &hasan_prod(), &[("namespace", "shop"), ("release", "other")]);
    let uninstall = gone.steps.iter().find(|step| step.id == "uninstall").unwrap();
    assert!(uninstall.skipped, "there is no such release");
}
