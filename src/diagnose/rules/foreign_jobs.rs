//! Trap 28: unfinished Jobs that no release owns hold claims of a release: its uninstall leaves them Terminating (seed 000).

use super::super::explain::job::holds;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::finding;
use crate::laws::Reason;
use crate::laws::ownership::{self, Root};
use crate::model::{Key, Kind, Object, Text};

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let job = object.body.job()?;
    if job.state().finished() || helm_owned(object) || !released(look, &object.meta.namespace) {
        return None;
    }
    let root = ownership::root(look.world, object);
    if matches!(&root, Root::Known(root) if helm_owned(root)) {
        return None;
    }
    let claims: Vec<Text> = holds(look, object)
        .into_iter()
        .filter(|name| {
            let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, name);
            look.world
                .get(&key)
                .is_none_or(|claim| helm_owned(claim) || claim.meta.deleting())
        })
        .collect();
    let first = claims.first()?;
    Some(finding(
        "foreign_jobs",
        Severity::Warned,
        object.key(),
        format!(
            "Job {} ({}) is in no release and holds {}",
            object.meta.name,
            job.state().word(),
            phrase::names(&claims, 3)
        ),
        Reason::new("an uninstall does not stop it, and the claims it holds stay Terminating")
            .seen(
                &object.key(),
                "metadata.labels[app.kubernetes.io/managed-by]",
                managed_by(object),
            )
            .seen(&object.key(), "holds", first.as_str()),
        Gist::new("foreign Job", "hold PVCs of the release"),
    ))
}

fn managed_by(object: &Object) -> String {
    object
        .meta
        .labels
        .get("app.kubernetes.io/managed-by")
        .map_or_else(|| "absent".to_owned(), str::to_owned)
}

/// Stamped by Helm, or a hook of it (hooks never get the stamp).
fn helm_owned(object: &Object) -> bool {
    object.meta.annotations.get("meta.helm.sh/release-name").is_some()
        || object.meta.annotations.get("helm.sh/hook").is_some()
        || managed_by(object) == "Helm"
}

/// There is a release to be foreign to.
fn released(look: Look<'_>, namespace: &str) -> bool {
    look.world.records_in(namespace).next().is_some()
        || look
            .world
            .in_namespace(Kind::PersistentVolumeClaim, namespace)
            .any(|claim| helm_owned(claim))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{hasan_prod, world};
    use super::super::said;

    const JOB: &str = r#"
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v7, namespace: shop, labels: {owner: helm, name: eks, version: "7", status: deployed}}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}}, status: {phase: Bound}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: train, namespace: shop}, status: {active: 1}}
- {kind: Pod, metadata: {name: train-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: train, uid: uid-train, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;

    #[test]
    fn nine_of_seed_000() {
        let said = said(&hasan_prod(), "foreign_jobs");
        assert_eq!(said.len(), 9);
        assert_eq!(
            said[0],
            "Warned job/train-0: Job train-0 (active) is in no release and holds shared-data"
        );
    }

    #[test]
    fn a_job_of_the_release_a_hook_and_a_finished_one_are_not_foreign() {
        assert_eq!(said(&world(JOB), "foreign_jobs").len(), 1);
        for (from, to) in [
            (
                "{name: train, namespace: shop}",
                "{name: train, namespace: shop, annotations: {meta.helm.sh/release-name: eks}}",
            ),
            (
                "{name: train, namespace: shop}",
                "{name: train, namespace: shop, annotations: {helm.sh/hook: pre-upgrade}}",
            ),
            (
                "status: {active: 1}",
                "status: {conditions: [{type: Complete, status: \"True\"}]}",
            ),
            ("{nodeName: n1, volumes", "{volumes"),
            (
                "{name: data, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}}",
                "{name: data, namespace: shop}",
            ),
        ] {
            let near = JOB.replace(from, to);
            assert_ne!(near, JOB, "{to}");
            let found = said(&world(&near), "foreign_jobs");
            assert!(found.is_empty(), "{to}: {found:?}");
        }
    }
}
