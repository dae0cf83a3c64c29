//! How far an act of Helm's has come, by the records that are there: the world, never the exit code.
//!
//! A release's record is what helm writes first and last, and the next revision's name is taken by whoever creates it
//! first (`pkg/storage/driver/secrets.go` `Create`, 409): that is helm's own lock.

use super::HelmAct;
use crate::model::helm::{Home, record_parts};
use crate::model::{Object, Pin, ResourceVersion, Text, Uid, World};
use serde::{Deserialize, Serialize};

/// One revision's record, as its labels tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub revision: u32,
    pub status: Text,
    pub uid: Uid,
    pub resource_version: ResourceVersion,
}

/// How far it has come, each in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// The records are as was asked.
    Reached(String),
    /// The records are as they were when it was approved.
    Untouched(String),
    /// It was begun, and has not come to its end: under way, or broken off.
    Halfway(String),
    /// It came to another end: failed, or somebody else was there.
    Otherwise(String),
}

impl Standing {
    /// What a record's object says; `None` for anything else, and for another release's.
    pub fn of(object: &Object, release: &str) -> Option<Self> {
        let facts = object.body.release().filter(|facts| facts.name == release)?;
        Some(Self {
            revision: facts.revision,
            status: facts.status.clone(),
            uid: object.meta.uid.clone(),
            resource_version: object.meta.resource_version.clone(),
        })
    }
}

impl Standing {
    /// Every record that the world holds of the release that `pin` names.
    pub fn all(world: &World, pin: &Pin) -> Vec<Self> {
        let Some(home) = Home::at(&pin.key) else {
            return Vec::new();
        };
        let records = home.records(world);
        records.filter_map(|(_, object)| Self::of(object, &home.name)).collect()
    }
}

impl HelmAct {
    /// How far the act on the release that `pin` names has come, when these are all its records.
    pub fn after(&self, pin: &Pin, records: &[Standing]) -> After {
        let Some((release, approved)) = record_parts(&pin.key.name) else {
            return After::Otherwise(format!("{} is no name of a record", pin.key.name));
        };
        let newest = records.iter().max_by_key(|record| record.revision);
        match self {
            Self::Install(_) => installed(release, newest),
            Self::Uninstall(options) => uninstalled(release, pin, newest, options.keep_history),
            Self::Upgrade(_) | Self::Rollback(_) => {
                let next = approved.saturating_add(1);
                let made = records.iter().find(|record| record.revision == next);
                made.map_or_else(
                    || not_followed(release, pin, newest, next),
                    |made| followed(release, made, self.word()),
                )
            }
        }
    }
}

fn installed(release: &str, newest: Option<&Standing>) -> After {
    let Some(newest) = newest else {
        return After::Untouched(format!("{release} has no record"));
    };
    let told = told(release, newest);
    match newest.status.as_str() {
        "deployed" => After::Reached(told),
        "pending-install" => After::Halfway(told),
        _ => After::Otherwise(told),
    }
}

fn uninstalled(release: &str, pin: &Pin, newest: Option<&Standing>, keep_history: bool) -> After {
    let Some(newest) = newest else {
        return if keep_history {
            After::Otherwise(format!(
                "{release} has no record any more, and its history was to be kept"
            ))
        } else {
            After::Reached(format!("{release} has no record any more"))
        };
    };
    let told = told(release, newest);
    match newest.status.as_str() {
        _ if same(pin, newest) => After::Untouched(format!("{told}, as it was")),
        "uninstalled" if keep_history => After::Reached(told),
        "uninstalled" | "uninstalling" => After::Halfway(told),
        _ => After::Otherwise(told),
    }
}

fn followed(release: &str, made: &Standing, word: &str) -> After {
    let told = told(release, made);
    match made.status.as_str() {
        // what came after it superseded it
        "deployed" | "superseded" => After::Reached(told),
        status if status == format!("pending-{word}") => After::Halfway(told),
        _ => After::Otherwise(told),
    }
}

fn not_followed(release: &str, pin: &Pin, newest: Option<&Standing>, next: u32) -> After {
    let Some(newest) = newest else {
        return After::Otherwise(format!("{release} has no record any more"));
    };
    let told = format!("there is no revision {next}; {}", told(release, newest));
    if same(pin, newest) {
        After::Untouched(told)
    } else {
        After::Otherwise(told)
    }
}

fn same(pin: &Pin, newest: &Standing) -> bool {
    newest.uid == pin.uid && newest.resource_version == pin.resource_version
}

fn told(release: &str, record: &Standing) -> String {
    format!("revision {} of {release} is {}", record.revision, record.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::act::{Install, Rollback, Uninstall, Upgrade};
    use crate::model::{Key, Kind};

    fn pin(revision: u32) -> Pin {
        Pin {
            key: Key::new(Kind::Release, "shop", &format!("sh.helm.release.v1.app.v{revision}")),
            uid: Uid::new("u"),
            resource_version: ResourceVersion::new("7"),
        }
    }

    fn record(revision: u32, status: &str, version: &str) -> Standing {
        Standing {
            revision,
            status: status.into(),
            uid: Uid::new("u"),
            resource_version: ResourceVersion::new(version),
        }
    }

    fn word(after: &After) -> &'static str {
        match after {
            After::Reached(_) => "reached",
            After::Untouched(_) => "untouched",
            After::Halfway(_) => "halfway",
            After::Otherwise(_) => "otherwise",
        }
    }

    #[test]
    fn records_tell_how_far_helm_has_come() {
        let install = HelmAct::Install(Install::default());
        let uninstall = HelmAct::Uninstall(Uninstall::plain(None));
        let keeping = HelmAct::Uninstall(Uninstall {
            keep_history: true,
            ..Uninstall::plain(None)
        });
        let upgrade = HelmAct::Upgrade(Upgrade::default());
        let rollback = HelmAct::Rollback(Rollback::default());
        let old = || record(2, "deployed", "7");
        for (act, at, records, expected) in [
            (&install, 1, vec![], "untouched"),
            (&install, 1, vec![record(1, "deployed", "9")], "reached"),
            (&install, 1, vec![record(1, "pending-install", "9")], "halfway"),
            (&install, 1, vec![record(1, "failed", "9")], "otherwise"),
            (&uninstall, 2, vec![], "reached"),
            (&uninstall, 2, vec![old()], "untouched"),
            (&uninstall, 2, vec![record(2, "uninstalling", "8")], "halfway"),
            (&uninstall, 2, vec![record(2, "uninstalled", "8")], "halfway"),
            (&uninstall, 2, vec![old(), record(3, "deployed", "9")], "otherwise"),
            (&keeping, 2, vec![record(2, "uninstalled", "8")], "reached"),
            (&keeping, 2, vec![], "otherwise"),
            (&upgrade, 2, vec![old()], "untouched"),
            (
                &upgrade,
                2,
                vec![record(2, "superseded", "8"), record(3, "deployed", "9")],
                "reached",
            ),
            (
                &upgrade,
                2,
                vec![record(3, "superseded", "9"), record(4, "deployed", "9")],
                "reached",
            ),
            (&upgrade, 2, vec![old(), record(3, "pending-upgrade", "9")], "halfway"),
            (
                &upgrade,
                2,
                vec![old(), record(3, "pending-rollback", "9")],
                "otherwise",
            ),
            (&upgrade, 2, vec![old(), record(3, "failed", "9")], "otherwise"),
            (&upgrade, 2, vec![record(2, "uninstalling", "8")], "otherwise"),
            (&upgrade, 2, vec![], "otherwise"),
            (&rollback, 2, vec![old(), record(3, "pending-rollback", "9")], "halfway"),
            (
                &rollback,
                2,
                vec![record(2, "superseded", "8"), record(3, "deployed", "9")],
                "reached",
            ),
        ] {
            let after = act.after(&pin(at), &records);
            assert_eq!(word(&after), expected, "{act} {records:?}: {after:?}");
        }
    }
}
