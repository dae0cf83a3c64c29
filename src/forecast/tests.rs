//! Worlds, acts, and what is said to happen.

mod acts;
mod claims;
mod helm;
mod large;
mod others;
mod quorum;
mod random;
mod seeds;
mod unknowns;
mod volumes;
mod workloads;

use super::{Forecast, Outcome, Tier, forecast};
use crate::laws::Conditions;
use crate::laws::fixture::key;
use crate::model::{Act, Moment, Now, Pin, Propagation, World};
use jiff::Timestamp;
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(15);

fn now() -> Now {
    Now {
        mono: Moment::default(),
        wall: "2026-04-25T17:00:00Z".parse::<Timestamp>().expect("a timestamp"),
    }
}

fn pin(world: &World, target: &str) -> Pin {
    world.get(&key(target)).expect("the target").pin()
}

fn deletion(world: &World, target: &str, propagation: Propagation) -> Act {
    Act::Delete {
        target: pin(world, target),
        propagation,
    }
}

fn delete(world: &World, target: &str) -> Forecast {
    delete_with(world, target, Propagation::Background)
}

fn delete_with(world: &World, target: &str, propagation: Propagation) -> Forecast {
    let act = deletion(world, target, propagation);
    forecast(world, &act, &Conditions::default(), now(), QUIET)
}

fn clear(world: &World, target: &str) -> Forecast {
    let volume = pin(world, target);
    forecast(
        world,
        &Act::ClearClaimRef { volume },
        &Conditions::default(),
        now(),
        QUIET,
    )
}

/// The entries in a line each: `HANGS pvc/data`, `RECREATED pod/mysql-0 on the same claim`.
fn told(forecast: &Forecast) -> Vec<String> {
    forecast
        .entries
        .iter()
        .map(|entry| match &entry.outcome {
            Outcome::Recreated { on } => format!("RECREATED {} {}", entry.object, on.phrase()),
            outcome => format!("{} {}", outcome.word(), entry.object),
        })
        .collect()
}

/// The sentence about one object.
fn about(forecast: &Forecast, object: &str) -> String {
    let object = key(object);
    let found: Vec<String> = forecast
        .entries
        .iter()
        .filter(|entry| entry.object == object)
        .map(super::Entry::sentence)
        .collect();
    found.join(" / ")
}

/// A bound pair of claim and volume in namespace `a`, with this policy and source.
fn pair(name: &str, policy: &str, source: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}, namespace: a, uid: u-{name}, annotations: {{pv.kubernetes.io/bind-completed: \"yes\"}}, finalizers: [kubernetes.io/pvc-protection]}}
spec: {{accessModes: [ReadWriteMany], storageClassName: slow, volumeName: pv-{name}, resources: {{requests: {{storage: 5Gi}}}}}}
status: {{phase: Bound}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: pv-{name}, finalizers: [kubernetes.io/pv-protection]}}
spec: {{capacity: {{storage: 5Gi}}, accessModes: [ReadWriteMany], storageClassName: slow, persistentVolumeReclaimPolicy: {policy}, {source}, claimRef: {{namespace: a, name: {name}, uid: u-{name}}}}}
status: {{phase: Bound}}
"
    )
}

const CSI: &str = "csi: {driver: efs.csi.aws.com, volumeHandle: fs-1}";

/// A pod of namespace `a` that mounts a claim.
fn pod(name: &str, claim: &str, meta: &str, phase: &str) -> String {
    let node = if phase == "Pending" { "\"\"" } else { "n1" };
    let ready = if phase == "Running" { "True" } else { "False" };
    format!(
        "
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, uid: u-{name}{meta}}}
spec: {{nodeName: {node}, volumes: [{{name: d, persistentVolumeClaim: {{claimName: {claim}}}}}]}}
status: {{phase: {phase}, conditions: [{{type: Ready, status: \"{ready}\"}}]}}
"
    )
}

/// A Job of namespace `a` with one pod that mounts a claim, and the Job's state as its conditions say it.
fn job(name: &str, claim: &str, conditions: &str, phase: &str) -> String {
    let owner = format!(
        ", finalizers: [batch.kubernetes.io/job-tracking], ownerReferences: [{{apiVersion: batch/v1, kind: Job, name: {name}, uid: u-{name}, controller: true, blockOwnerDeletion: true}}]"
    );
    let tracked = if phase == "Succeeded" {
        owner.replace("batch.kubernetes.io/job-tracking", "")
    } else {
        owner
    };
    format!(
        "
---
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: a, uid: u-{name}}}
spec: {{template: {{spec: {{volumes: [{{name: d, persistentVolumeClaim: {{claimName: {claim}}}}}]}}}}}}
status: {{active: 1, conditions: [{conditions}]}}
{}",
        pod(&format!("{name}-x1"), claim, &tracked, phase)
    )
}

const NODE: &str = "
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {conditions: [{type: Ready, status: \"True\"}]}
";

const COMPLETE: &str = "{type: Complete, status: \"True\"}";

fn dead(provisioner: &str) -> Conditions {
    Conditions {
        dead_provisioners: [provisioner.into()].into_iter().collect(),
        ..Conditions::default()
    }
}

fn tier(forecast: &Forecast) -> (Tier, &str) {
    (forecast.tier, &forecast.because)
}
