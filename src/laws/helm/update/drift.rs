//! The fields in which a live object is not as a manifest states, as far as facts tell.

use crate::laws::helm::merge;
use crate::model::helm::Document;
use crate::model::{Object, Text};

/// The fields in which the live object is not as the document states, of those that facts tell.
pub(super) fn drift(live: &Object, document: &Document) -> Vec<Text> {
    let Some(facts) = &document.object else {
        return Vec::new();
    };
    let mut laid = Object::clone(live);
    merge::onto(&mut laid, facts, false);
    [
        ("spec.replicas", differs(live, &laid, replicas)),
        ("spec.resources", differs(live, &laid, requested)),
        ("spec.persistentVolumeReclaimPolicy", differs(live, &laid, policy)),
        ("spec.suspend", differs(live, &laid, suspended)),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(field, _)| Text::from(field))
    .collect()
}

fn differs<T: PartialEq>(one: &Object, other: &Object, read: impl Fn(&Object) -> T) -> bool {
    read(one) != read(other)
}

fn replicas(object: &Object) -> Option<u32> {
    let set = object.body.stateful_set().map(|set| set.spec.replicas);
    set.unwrap_or_else(|| object.body.replicated().and_then(|set| set.spec.replicas))
}

fn requested(object: &Object) -> Option<crate::model::storage::Resources> {
    object.body.claim().map(|claim| claim.spec.resources.clone())
}

fn policy(object: &Object) -> Option<&'static str> {
    let volume = object.body.volume();
    volume.map(|volume| volume.spec.persistent_volume_reclaim_policy.word())
}

fn suspended(object: &Object) -> Option<bool> {
    let job = object.body.job().map(|job| job.spec.suspend);
    job.or_else(|| object.body.cron_job().map(|cron| cron.spec.suspend))
}

/// A live value as evidence.
pub(super) fn shown(live: &Object, field: &str) -> String {
    match field {
        "spec.replicas" => replicas(live).map_or_else(|| "(absent)".to_owned(), |count| count.to_string()),
        "spec.suspend" => suspended(live).unwrap_or(false).to_string(),
        "spec.persistentVolumeReclaimPolicy" => policy(live).unwrap_or("(absent)").to_owned(),
        _ => format!("{:?}", requested(live).and_then(|asked| asked.requests.storage)),
    }
}
