//! Pods whose containers end again and again.

use super::super::explain::pod::trouble;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::Object;

pub(super) fn find(_: Look<'_>, object: &Object) -> Option<Finding> {
    let pod = object.body.pod()?;
    let looping = pod.status.container_statuses.iter().any(|status| {
        status
            .state
            .waiting
            .as_ref()
            .is_some_and(|waiting| waiting.reason == "CrashLoopBackOff")
    });
    (looping && !object.meta.deleting()).then(|| {
        finding(
            "crash_looping",
            Severity::Warned,
            object.key(),
            format!("pod {}: {}", object.meta.name, trouble(pod).unwrap_or_default()),
            Reason::new("a container ends again and again").seen(
                &object.key(),
                "status.containerStatuses[].state.waiting.reason",
                "CrashLoopBackOff",
            ),
            Gist::new("pod", "in CrashLoopBackOff"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const POD: &str = r"
- {kind: Pod, metadata: {name: p, namespace: shop}, spec: {nodeName: n1}, status: {phase: Running, containerStatuses: [{restartCount: 14, state: {waiting: {reason: CrashLoopBackOff}}}]}}";

    #[test]
    fn a_pod_in_crash_loop() {
        assert_eq!(
            said(&world(POD), "crash_looping"),
            ["Warned pod/p: pod p: CrashLoopBackOff, 14 restarts"]
        );
        assert!(
            said(
                &world(&POD.replace("CrashLoopBackOff", "ContainerCreating")),
                "crash_looping"
            )
            .is_empty()
        );
    }
}
