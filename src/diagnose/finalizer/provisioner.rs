//! Is the provisioner of a driver alive? Said from its pods' names and readiness, and from the operator's own word.

use super::OwnerLife;
use crate::diagnose::look::Look;
use crate::diagnose::phrase;
use crate::laws::{Evidence, provisioner};
use crate::model::{Kind, Object};

/// The operator has said that the provisioner of this driver is gone for good, and nothing in sight contradicts that.
pub(crate) fn known_dead(look: Look<'_>, driver: &str) -> bool {
    named_dead(look, driver) && provisioner_life(look, Some(driver)).0 == OwnerLife::Dead
}

fn named_dead(look: Look<'_>, driver: &str) -> bool {
    look.conditions.dead_provisioners.contains(driver)
}

/// Whether the external provisioner of a driver runs. A pod of its name that is ready speaks for life, whatever the operator
/// says; nothing but the operator's own word speaks for death, and only where pods are in sight to contradict it.
pub(crate) fn provisioner_life(look: Look<'_>, driver: Option<&str>) -> (OwnerLife, String, Vec<Evidence>) {
    let Some(driver) = driver else {
        return (OwnerLife::Unknown, "the volume names no driver".to_owned(), Vec::new());
    };
    let named = named_dead(look, driver);
    if let Some(pod) = provisioner::running(look.world, driver) {
        let ready = format!(
            "pod {}/{} is ready (known by its name)",
            pod.meta.namespace, pod.meta.name
        );
        let mut evidence = vec![readiness(pod, "True")];
        if !named {
            return (OwnerLife::Alive, ready, evidence);
        }
        evidence.push(Evidence {
            object: pod.key(),
            field: "--dead-provisioner".into(),
            value: driver.to_owned(),
        });
        let contradicted = format!("{ready}, which contradicts the word that {driver} is dead");
        return (OwnerLife::Alive, contradicted, evidence);
    }
    let unready = unready(look, driver);
    let evidence: Vec<_> = unready.iter().map(|(pod, _)| readiness(pod, "False")).collect();
    let seen = unready.map(|(_, said)| said);
    if !named {
        let said = seen.unwrap_or_else(|| format!("no pod in sight is known to run {driver}"));
        return (OwnerLife::Unknown, said, evidence);
    }
    let word = format!("{driver} is known to be dead");
    if !look.sees(Kind::Pod, "") {
        let gap = look.gap(Kind::Pod, "").unwrap_or_default();
        let blind = format!("{word} by word alone: its pods are not in sight ({gap})");
        return (OwnerLife::Unknown, blind, evidence);
    }
    let said = seen.map_or_else(|| word.clone(), |seen| format!("{word}; {seen}"));
    (OwnerLife::Dead, said, evidence)
}

/// Pods of the driver's name of which none is ready: the first, and a sentence about all.
fn unready<'w>(look: Look<'w>, driver: &str) -> Option<(&'w Object, String)> {
    let mut pods = provisioner::pods(look.world, driver);
    let first = pods.next()?;
    let number = 1 + pods.count();
    let said = format!(
        "{} that may run it {} not ready, {} first",
        phrase::count(number, "pod"),
        if number == 1 { "is" } else { "are" },
        first.meta.name
    );
    Some((first, said))
}

fn readiness(pod: &Object, value: &str) -> Evidence {
    Evidence {
        object: pod.key(),
        field: "status.conditions[Ready]".into(),
        value: value.to_owned(),
    }
}
