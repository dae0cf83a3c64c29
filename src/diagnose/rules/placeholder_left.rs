//! Trap 53: something in a rendered manifest waits to be filled in (`CHANGEME`, `__TOKEN__`, `<…>`).

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::{finding, place};
use crate::laws::Reason;
use crate::model::Text;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (object, record) in ward.installed(look) {
        let hooks = record.hooks.iter().map(|hook| &hook.document);
        for document in record.manifest.documents.iter().chain(hooks) {
            let paths: Vec<&Text> = document.blanks.iter().map(|blank| &blank.path).collect();
            if paths.is_empty() {
                continue;
            }
            let mut reason = Reason::new("a value that nobody has filled in was rendered as it stands");
            for blank in &document.blanks {
                reason = reason.seen(
                    &object.key(),
                    &format!("payload: {} {}", document.address, blank.path),
                    blank.what.as_str(),
                );
            }
            found.push(finding(
                "placeholder_left",
                Severity::Warned,
                place(object, document),
                format!(
                    "{} of {} holds a placeholder at {}",
                    document.address,
                    record.name,
                    phrase::names(&paths, 2)
                ),
                reason,
                Gist::new("document", "hold placeholders"),
            ));
        }
    }
    found
}
