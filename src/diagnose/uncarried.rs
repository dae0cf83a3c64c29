//! Would an upgrade leave out a value that the release was given before? Whatever was given with `--set` stands in no file, and
//! an upgrade that is given a file takes nothing over from the revision before (`pkg/action/upgrade.go` `reuseValues`).
//!
//! Knows paths and fingerprints of values, and no value.

use super::found::Found;
use super::phrase;
use crate::model::Pin;
use crate::model::act::HelmAct;
use crate::model::helm::{Ledger, Print};
use std::collections::BTreeMap;

/// Whether everything that the newest revision was given is given again; `None` for an act that brings no values over others.
pub fn of_act(release: &Pin, helm: &HelmAct, ledger: &Ledger) -> Option<Found> {
    let HelmAct::Upgrade(options) = helm else {
        return None;
    };
    let record = ledger.record(release)?.record()?;
    let given = ledger.given(&options.rendered)?;
    let left: Vec<&str> = record
        .values
        .keys()
        .map(String::as_str)
        .filter(|path| !stands(path, given))
        .collect();
    let revision = record.revision;
    Some(if left.is_empty() {
        Found::yes(format!(
            "all {} that revision {revision} was given",
            phrase::count(record.values.len(), "value")
        ))
    } else {
        Found::no(format!(
            "revision {revision} was given {}, by a file or with --set, and this upgrade is not: the chart's default takes its place",
            phrase::names(left, 6)
        ))
    })
}

/// Something is given at this path, above it or below it.
fn stands(path: &str, given: &BTreeMap<String, Print>) -> bool {
    let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
    given
        .keys()
        .any(|held| held == path || below(held, path) || below(path, held))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::act::{Install, Source, Upgrade};
    use crate::model::helm::{Driver, Home, Reading, Rendering};
    use crate::model::{ResourceVersion, Uid};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    fn release(values: &Value) -> Value {
        json!({"name": "app", "namespace": "shop", "version": 3, "info": {"status": "deployed"}, "config": values,
            "manifest": "", "hooks": []})
    }

    fn asked(stored: &Value, given: &Value) -> Option<Found> {
        let pin = Pin {
            key: Home::new("shop", "app", Driver::ConfigMap).record(3),
            uid: Uid::new("u"),
            resource_version: ResourceVersion::new("7"),
        };
        let payload = STANDARD.encode(release(stored).to_string());
        let map = json!({"metadata": {"name": pin.key.name.as_str()}, "data": {"release": payload}});
        let mut ledger = Ledger::default();
        ledger.enter(pin.clone(), Reading::of_config_map(map.to_string().as_bytes()));
        let rendering = Rendering::read(release(given).to_string().as_bytes()).unwrap();
        ledger.enter_given(rendering.digest.clone(), rendering.given);
        let upgrade = HelmAct::Upgrade(Upgrade {
            rendered: rendering.digest.clone(),
            source: Some(Source::default()),
            ..Upgrade::default()
        });
        assert_eq!(of_act(&pin, &HelmAct::Install(Install::default()), &ledger), None);
        of_act(&pin, &upgrade, &ledger)
    }

    #[test]
    fn what_was_given_and_is_not_given_again_is_told_by_its_path() {
        let stored = json!({"image": {"tag": "7"}, "db": {"password": "hunter2"}, "hosts": ["a"], "extra": {}});
        for (given, holds, told) in [
            (stored.clone(), true, "all 4 values that revision 3 was given"),
            // another value is a value
            (
                json!({"image": {"tag": "8"}, "db": {"password": "x"}, "hosts": [], "extra": {"a": 1}}),
                true,
                "all 4",
            ),
            // what stands above it takes its place
            (
                json!({"image": null, "db": {"password": "x"}, "hosts": ["b"], "extra": {}}),
                true,
                "all 4",
            ),
            (
                json!({"db": {"user": "x"}, "hosts": ["a"], "extra": {}}),
                false,
                "was given db.password, image.tag, by a file or with --set",
            ),
            (json!({}), false, "db.password, extra, hosts, image.tag"),
        ] {
            let found = asked(&stored, &given).unwrap();
            assert_eq!(found.holds, Some(holds), "{given}: {found:?}");
            assert!(
                found.value.contains(told) && !found.value.contains("hunter2"),
                "{given}: {found:?}"
            );
        }
        assert_eq!(asked(&json!({}), &json!({})).unwrap().holds, Some(true));
    }
}
