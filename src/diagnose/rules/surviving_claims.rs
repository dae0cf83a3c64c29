//! Trap 25: claims of a set that is gone wait for a set of that name: a reinstall mounts the old data, with new passwords.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::{Kind, Object};

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let release = object.meta.labels.get(INSTANCE)?;
    let (home, name) = (&object.meta.namespace, &object.meta.name);
    let (stem, ordinal) = name.rsplit_once('-')?;
    if ordinal.parse::<u32>().is_err() || object.meta.deleting() {
        return None;
    }
    // what is true of nearly all comes first: the release is there
    let recorded = look
        .world
        .records_in(home)
        .any(|record| record.body.release().is_some_and(|held| held.name == release));
    let of = |set: &str| stem.strip_suffix(set).is_some_and(|rest| rest.ends_with('-'));
    let sets = || look.world.in_namespace(Kind::StatefulSet, home);
    if recorded || sets().any(|set| of(&set.meta.name)) {
        return None;
    }
    if ![Kind::StatefulSet, Kind::Release, Kind::ReleaseMap]
        .iter()
        .all(|kind| look.sees(*kind, home))
    {
        return None;
    }
    Some(finding(
        "surviving_claims",
        Severity::Warned,
        object.key(),
        format!("PVC {name} outlived release {release}: installed again under that name, it starts on the old data"),
        Reason::new(
            "a StatefulSet takes claims by name; secrets made by the chart are new, what the data was made with is not",
        )
        .seen(&object.key(), "metadata.labels[app.kubernetes.io/instance]", release)
        .seen(&object.key(), "metadata.name", name.as_str()),
        Gist::new("PVC", "outlived their release"),
    ))
}

/// The label by which charts select what is theirs; claims made from a template bear it.
const INSTANCE: &str = "app.kubernetes.io/instance";
