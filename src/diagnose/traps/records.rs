//! Which records have to be read for the traps of a namespace: of each release the newest, the one before it, which a rollback
//! goes back to, and the deployed one.

use crate::model::helm::Home;
use crate::model::{Key, Text, World};
use std::collections::{BTreeMap, BTreeSet};

type Held = Option<(u32, Key)>;

/// The records, by name.
pub fn records(world: &World, namespaces: &[Text]) -> Vec<Key> {
    let mut wanted: BTreeMap<Home, [Held; 3]> = BTreeMap::new();
    for object in namespaces.iter().flat_map(|home| world.records_in(home)) {
        let (Some(facts), Some(home)) = (object.body.release(), Home::of(object)) else {
            continue;
        };
        let [newest, before, deployed] = wanted.entry(home).or_default();
        let later = |held: &Held| held.as_ref().is_none_or(|(revision, _)| *revision < facts.revision);
        if later(newest) {
            *before = newest.replace((facts.revision, object.key()));
        } else if later(before) {
            *before = Some((facts.revision, object.key()));
        }
        if facts.status == "deployed" && later(deployed) {
            *deployed = Some((facts.revision, object.key()));
        }
    }
    let keys: BTreeSet<Key> = wanted.into_values().flatten().flatten().map(|(_, key)| key).collect();
    keys.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{Key, World, records};
    use crate::diagnose::fixture::world;

    #[test]
    fn the_newest_the_one_before_and_the_deployed_one() {
        let record = |revision: u32, status: &str| {
            format!(
                "\n- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v{revision}, namespace: shop, labels: {{owner: helm, name: eks, version: \"{revision}\", status: {status}}}}}}}"
            )
        };
        let wanted = |world: &World, namespace: &str| -> Vec<String> {
            let keys = records(world, &[namespace.into()]);
            let short = |key: &Key| key.name.rsplit('.').next().map(str::to_owned);
            keys.iter().filter_map(short).collect()
        };
        let former = record(1, "superseded") + &record(2, "deployed") + &record(3, "failed");
        let failed = world(&(former + &record(10, "failed")));
        assert_eq!(wanted(&failed, "shop"), ["v10", "v2", "v3"]);
        let plain = world(&(record(1, "superseded") + &record(3, "deployed") + &record(2, "superseded")));
        assert_eq!(wanted(&plain, "shop"), ["v2", "v3"]);
        assert!(wanted(&failed, "acme").is_empty());
    }
}
