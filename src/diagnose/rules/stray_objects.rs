//! Trap 24: an object bears a release's stamp and stands in none of its current manifests: a failed upgrade made it, and no
//! operation of helm's deletes it any more.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{STAMPED, finding};
use crate::laws::Reason;
use crate::model::Object;
use crate::model::helm::{Manifest, Record, Stamp};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let Some(manifests) = current(look, object, record) else {
            continue;
        };
        for stray in STAMPED.into_iter().flat_map(|kind| ward.objects(look, kind)) {
            let stamp = Stamp::of(&stray.meta);
            let own = stamp.disowned(&record.name, &record.namespace).is_none();
            let key = stray.key();
            let listed = manifests
                .iter()
                .flat_map(|manifest| &manifest.documents)
                .any(|document| document.address.key().as_ref() == Some(&key));
            if !own || listed {
                continue;
            }
            found.push(finding(
                "stray_objects",
                Severity::Warned,
                key.clone(),
                format!(
                    "{key} bears the stamp of {} and stands in none of its current manifests: no uninstall deletes it",
                    record.name
                ),
                Reason::new("what a failed revision made and no other names is nobody's")
                    .seen(
                        &key,
                        "metadata.annotations[meta.helm.sh/release-name]",
                        record.name.as_str(),
                    )
                    .seen(&object.key(), "payload manifest", "does not name it"),
                Gist::new("object", "left by a failed revision"),
            ));
        }
    }
    found
}

/// The manifests by which helm goes: that of the newest revision, and that of the deployed one. `None` where the deployed one
/// was not read.
fn current<'a>(look: Look<'a>, newest: &Object, record: &'a Record) -> Option<Vec<&'a Manifest>> {
    if record.status == "deployed" {
        return Some(vec![&record.manifest]);
    }
    let deployed = look
        .conditions
        .helm
        .records()
        .filter(|(pin, _)| pin.key.namespace == newest.meta.namespace && look.world.pinned(pin).is_some())
        .filter_map(|(_, reading)| reading.record())
        .find(|other| other.name == record.name && other.status == "deployed")?;
    Some(vec![&record.manifest, &deployed.manifest])
}
