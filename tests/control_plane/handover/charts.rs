//! The charts of the trials are those of the seed's story: what both families name, what only the old one takes along, and
//! where `keep` stands. Both helms render them alike.

use std::collections::BTreeSet;

use pilothouse::model::helm::Manifest;
use serde_json::json;

use super::tenant::{FAMILY, Family, NEW, OLD};
use crate::helm_acts::{FOUR, Helm, THREE};
use crate::support::persons::Person;
use crate::trial::Trial;

/// What a family renders with these values.
fn rendered(trial: &Trial<'_>, helm: Helm, family: Family, release: &str, set: &[&str]) -> Manifest {
    let chart = family.chart();
    let mut words = vec!["--namespace", &trial.namespace, "template", release, &chart];
    words.extend(set.iter().flat_map(|set| ["--set", set]));
    let ran = trial.plane.run(Person::Anna, helm.program, &words, "");
    let manifest = Manifest::parse(&ran.ok().stdout, &trial.namespace);
    assert_eq!(manifest.broken, Vec::<String>::new());
    manifest
}

fn names(manifest: &Manifest) -> BTreeSet<String> {
    manifest
        .documents
        .iter()
        .map(|document| document.address.to_string())
        .collect()
}

fn kept(manifest: &Manifest) -> BTreeSet<String> {
    let kept = manifest.documents.iter().filter(|document| document.kept());
    kept.map(|document| document.address.to_string()).collect()
}

pub(crate) fn rendered_alike(trial: &Trial<'_>) {
    for (family, set) in [(OLD, "keep=true"), (OLD, "keep=false"), (NEW, "monitor.enabled=true")] {
        let three = rendered(trial, THREE, family, "stg", &[set]);
        let four = rendered(trial, FOUR, family, "stg", &[set]);
        assert_eq!(names(&three), names(&four));
        let (prints, same): (Vec<_>, Vec<_>) = (
            three.documents.iter().map(|document| &document.whole).collect(),
            four.documents.iter().map(|document| &document.whole).collect(),
        );
        assert_eq!(prints, same, "{} {set}", family.name);
        assert!(!three.hooks.is_empty());
    }
    let old = rendered(trial, THREE, OLD, "stg", &[]);
    let claims: BTreeSet<String> = names(&old)
        .into_iter()
        .filter(|name| name.contains("PersistentVolumeClaim") || name.contains("pvc/"))
        .collect();
    assert_eq!(claims.len(), FAMILY.len(), "{:?}", names(&old));
    // A: the same, and keep on the claims alone; the new family has it always
    let asked = rendered(trial, THREE, OLD, "stg", &["keep=true"]);
    let new = rendered(trial, THREE, NEW, "stg", &["monitor.enabled=true"]);
    assert_eq!(
        (kept(&old), kept(&asked), kept(&new)),
        (BTreeSet::new(), claims.clone(), claims.clone())
    );
    assert_eq!(names(&old), names(&asked));
    // a second old release means the same objects of the cluster; a second new one has a monitor of its own
    let twin = rendered(trial, THREE, OLD, "hasan-prod", &[]);
    let shared: BTreeSet<String> = names(&old).intersection(&names(&twin)).cloned().collect();
    for what in ["resource-monitor", "client-storage-class", "client-priority"] {
        assert!(shared.iter().any(|name| name.contains(what)), "{what}: {shared:?}");
    }
    let own = json!(names(&new)).to_string();
    assert!(
        own.contains("stg-resource-monitor") && !own.contains("/resource-monitor"),
        "{own}"
    );
    assert!(!own.contains("client-storage-class"), "{own}");
}
