//! Is the provisioner of a driver alive? Said from its pods' names and readiness, or from the operator's own word.

use super::OwnerLife;
use crate::diagnose::look::Look;
use crate::diagnose::phrase;
use crate::laws::Evidence;
use crate::model::Object;
use crate::model::workload::Pod;

/// The operator has said that the provisioner of this driver is gone for good: nothing else speaks for death.
pub(crate) fn known_dead(look: Look<'_>, driver: &str) -> bool {
    look.conditions.dead_provisioners.contains(driver)
}

/// Whether the external provisioner of a driver runs. Its pods can be recognised only by name, so a match that is ready
/// speaks for life, and nothing but the operator's own word speaks for death.
pub(crate) fn provisioner_life(look: Look<'_>, driver: Option<&str>) -> (OwnerLife, String, Vec<Evidence>) {
    let Some(driver) = driver else {
        return (OwnerLife::Unknown, "the volume names no driver".to_owned(), Vec::new());
    };
    if known_dead(look, driver) {
        return (OwnerLife::Dead, format!("{driver} is known to be dead"), Vec::new());
    }
    let words = driver_words(driver);
    let pods: Vec<_> = look
        .world
        .provisioner_pods()
        .filter(|pod| serves(&pod.meta.name, &words))
        .collect();
    let evidence = |pod: &Object, value: &str| {
        vec![Evidence {
            object: pod.key(),
            field: "status.conditions[Ready]".into(),
            value: value.to_owned(),
        }]
    };
    let ready = pods
        .iter()
        .find(|object| !object.meta.deleting() && object.body.pod().is_some_and(Pod::ready));
    match (ready, pods.first()) {
        (Some(pod), _) => (
            OwnerLife::Alive,
            format!(
                "pod {}/{} is ready (known by its name)",
                pod.meta.namespace, pod.meta.name
            ),
            evidence(pod, "True"),
        ),
        (None, Some(pod)) => (
            OwnerLife::Unknown,
            format!(
                "{} that may run it {} not ready, {} first",
                phrase::count(pods.len(), "pod"),
                if pods.len() == 1 { "is" } else { "are" },
                pod.meta.name
            ),
            evidence(pod, "False"),
        ),
        (None, None) => (
            OwnerLife::Unknown,
            format!("no pod in sight is known to run {driver}"),
            Vec::new(),
        ),
    }
}

/// The words of a driver's name that tell it from others: `efs.csi.aws.com` → `efs`, `rancher.io/local-path` → `local-path`.
fn driver_words(driver: &str) -> Vec<&str> {
    const COMMON: [&str; 12] = [
        "csi",
        "com",
        "io",
        "org",
        "net",
        "dev",
        "aws",
        "k8s",
        "storage",
        "driver",
        "kubernetes",
        "cluster",
    ];
    match driver.split_once('/') {
        Some((_, path)) if !path.is_empty() => vec![path],
        _ => driver.split('.').filter(|word| !COMMON.contains(word)).collect(),
    }
}

fn serves(pod: &str, words: &[&str]) -> bool {
    words.iter().any(|word| pod.contains(word))
}
