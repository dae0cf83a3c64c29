//! Adoption: which objects that are there already stop an install or an upgrade (`reference/semantics.md` §2.5;
//! `pkg/action/validate.go` `existingResourceConflict`).

use super::Deed;
use super::hands::Hands;
use super::uninstall::evident;
use crate::laws::Reason;
use crate::model::helm::{Live, Manifest, Record};

/// Objects new to the manifest that are there already and are not this release's: checked before anything is done.
pub(super) fn conflict(hands: &mut Hands<'_>, what: &str, base: &Record, rendered: &Manifest) -> bool {
    let mut refused = false;
    for document in &rendered.documents {
        if base.manifest.find(&document.address).is_some() {
            continue;
        }
        let live = hands.look(&document.address);
        let Live::There(stamp) = &live else { continue };
        let Some(why) = stamp.disowned(&base.name, &base.namespace) else {
            continue;
        };
        let address = &document.address;
        let error = format!(
            "Unable to continue with {what}: {} {:?} in namespace {:?} exists and cannot be imported into the current release: {why}",
            address.kind, address.name, address.namespace
        );
        let was_hook = base.hooks.iter().any(|hook| hook.document.address.same(address));
        let text = if was_hook {
            "it was a hook, and hooks bear no stamp: delete it before; nothing is changed"
        } else {
            "it is there and is not this release's; nothing is changed"
        };
        hands.step(
            document,
            Deed::Refuse { error },
            evident(Reason::new(text), document, &live),
        );
        refused = true;
    }
    refused
}
