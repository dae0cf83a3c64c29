//! Which records have to be read for the traps of a namespace: of each release the newest, and the deployed one.

use crate::model::helm::Home;
use crate::model::{Key, Text, World};
use std::collections::{BTreeMap, BTreeSet};

type Held = Option<(u32, Key)>;

/// The records, by name.
pub fn records(world: &World, namespaces: &[Text]) -> Vec<Key> {
    let mut wanted: BTreeMap<Home, [Held; 2]> = BTreeMap::new();
    for object in namespaces.iter().flat_map(|home| world.records_in(home)) {
        let (Some(facts), Some(home)) = (object.body.release(), Home::of(object)) else {
            continue;
        };
        let [newest, deployed] = wanted.entry(home).or_default();
        let later = |held: &Held| held.as_ref().is_none_or(|(revision, _)| *revision < facts.revision);
        if later(newest) {
            *newest = Some((facts.revision, object.key()));
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
    use super::records;
    use crate::diagnose::fixture::world;

    #[test]
    fn the_newest_and_the_deployed_one() {
        let record = |revision: u32, status: &str| {
            format!(
                "\n- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v{revision}, namespace: shop, labels: {{owner: helm, name: eks, version: \"{revision}\", status: {status}}}}}}}"
            )
        };
        let world = world(&(record(1, "superseded") + &record(2, "deployed") + &record(10, "failed")));
        let names: Vec<String> = records(&world, &["shop".into()])
            .iter()
            .map(|key| key.name.to_string())
            .collect();
        assert_eq!(names, ["sh.helm.release.v1.eks.v10", "sh.helm.release.v1.eks.v2"]);
        assert!(records(&world, &["acme".into()]).is_empty());
    }
}
