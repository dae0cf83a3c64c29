//! Trap 7: what was a plain object in the revision before is a hook now, or the reverse: helm takes the two for different things
//! of one name.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::{earlier, finding, place};
use crate::laws::Reason;
use crate::model::Object;
use crate::model::helm::{Document, Record};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (newest, record) in ward.installed(look) {
        let Some((former, before)) = earlier(look, newest).next() else {
            continue;
        };
        let pair = Pair {
            newest,
            record,
            former,
            before,
        };
        let hooks = record.hooks.iter().map(|hook| &hook.document);
        let became = hooks.filter(|hook| before.manifest.find(&hook.address).is_some());
        found.extend(became.map(|hook| pair.became_hook(hook)));
        let documents = record.manifest.documents.iter();
        let was = documents.filter(|plain| {
            before
                .hooks
                .iter()
                .any(|hook| hook.document.address.same(&plain.address))
        });
        found.extend(was.map(|plain| pair.was_hook(plain)));
    }
    found
}

/// The newest revision of a release, and the one before it.
struct Pair<'a> {
    newest: &'a Object,
    record: &'a Record,
    former: &'a Object,
    before: &'a Record,
}

impl Pair<'_> {
    fn became_hook(&self, hook: &Document) -> Finding {
        let address = &hook.address;
        let sentence = format!(
            "{address} was a plain object of {} in r{} and is a hook in r{}: no uninstall deletes it, and an upgrade back is refused while it is there",
            self.record.name, self.before.revision, self.record.revision
        );
        let text = "a hook bears no stamp and stands in no manifest: helm neither deletes it nor takes it for its own";
        self.told(hook, sentence, ["payload manifest", "payload hooks"], text)
    }

    fn was_hook(&self, plain: &Document) -> Finding {
        let address = &plain.address;
        let sentence = format!(
            "{address} was a hook of {} in r{} and is a plain object in r{}: a rollback to r{} deletes it as dropped, whatever the hook makes before",
            self.record.name, self.before.revision, self.record.revision, self.before.revision
        );
        let text = "what the manifest before lists and the next does not is deleted, and hooks stand in no manifest";
        self.told(plain, sentence, ["payload hooks", "payload manifest"], text)
    }

    /// `was` and `is` are where it stands in the one before and in the newest.
    fn told(&self, document: &Document, sentence: String, [was, is]: [&str; 2], text: &str) -> Finding {
        let address = document.address.to_string();
        let reason =
            Reason::new(text)
                .seen(&self.former.key(), was, address.clone())
                .seen(&self.newest.key(), is, address);
        finding(
            "hook_identity",
            Severity::Warned,
            place(self.newest, document),
            sentence,
            reason,
            Gist::new("object", "hook in one revision and plain in another"),
        )
    }
}
