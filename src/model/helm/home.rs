//! Which release: its name, its namespace, and where Helm keeps its records.

use super::record_parts;
use crate::model::{Key, Kind, Object, Text, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where Helm keeps the records of a release: `HELM_DRIVER`. Those in memory or in a database are not in the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    #[default]
    Secret,
    ConfigMap,
}

impl Driver {
    /// As `HELM_DRIVER` says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        }
    }

    /// As [`word`](Self::word) says it; nothing for a word that is none.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Secret, Self::ConfigMap]
            .into_iter()
            .find(|driver| driver.word() == word)
    }

    /// The other one that keeps records in the cluster.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Secret => Self::ConfigMap,
            Self::ConfigMap => Self::Secret,
        }
    }

    /// The kind of its records.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Secret => Kind::Release,
            Self::ConfigMap => Kind::ReleaseMap,
        }
    }

    /// What a record of this kind is kept in; of no record, helm's own default.
    pub fn of(kind: Kind) -> Self {
        if kind == Kind::ReleaseMap {
            Self::ConfigMap
        } else {
            Self::Secret
        }
    }

    /// The objects it keeps records in, as an operator names them.
    pub const fn objects(self) -> &'static str {
        match self {
            Self::Secret => "Secrets",
            Self::ConfigMap => "ConfigMaps",
        }
    }
}

/// A name that two releases of a namespace bear: their records are kept by different drivers, and helm sees one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twofold {
    namespace: Text,
    name: Text,
}

/// What is so; the way out is another in each face of the program.
impl fmt::Display for Twofold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "release {} is there twice in {}, kept in Secrets and in ConfigMaps, of which helm sees one at a time",
            self.name, self.namespace
        )
    }
}

/// A release. Two may bear one name in one namespace, kept by different drivers: helm sees one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Home {
    pub namespace: Text,
    pub name: Text,
    pub driver: Driver,
}

impl Home {
    pub fn new(namespace: &str, name: &str, driver: Driver) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            driver,
        }
    }

    /// The releases of these records but for this one, each with the revision it has deployed, or its newest where none is.
    pub fn others<'o>(&self, records: impl IntoIterator<Item = &'o Object>) -> Vec<(Self, u32)> {
        let mut found: BTreeMap<Self, (bool, u32)> = BTreeMap::new();
        for object in records {
            let Some(facts) = object.body.release() else { continue };
            let home = Self::new(&object.meta.namespace, &facts.name, facts.driver);
            let rank = (facts.status == "deployed", facts.revision);
            let held = found.entry(home).or_insert(rank);
            *held = rank.max(*held);
        }
        found.remove(self);
        found
            .into_iter()
            .map(|(home, (_, revision))| (home, revision))
            .collect()
    }

    /// The release whose record an object is.
    pub fn of(record: &Object) -> Option<Self> {
        let facts = record.body.release()?;
        Some(Self::new(&record.meta.namespace, &facts.name, facts.driver))
    }

    /// The release that a record of this name is one of, whether it is there or not.
    pub fn at(record: &Key) -> Option<Self> {
        let (name, _) = record_parts(&record.name)?;
        Some(Self::new(&record.namespace, name, Driver::of(record.kind)))
    }

    /// The release that a name means in a namespace: whichever driver keeps its records. Nothing where none is in sight.
    pub fn called(world: &World, namespace: &str, name: &str) -> Result<Option<Self>, Twofold> {
        let homes = [Driver::Secret, Driver::ConfigMap].map(|driver| Self::new(namespace, name, driver));
        let [secret, map] = homes.map(|home| home.newest(world).is_some().then_some(home));
        match (secret, map) {
            (Some(_), Some(_)) => Err(Twofold {
                namespace: namespace.into(),
                name: name.into(),
            }),
            (held, None) | (None, held) => Ok(held),
        }
    }

    /// Its records that a world holds, in no order.
    pub fn records<'w>(&self, world: &'w World) -> impl Iterator<Item = (u32, &'w Arc<Object>)> {
        let records = world.in_namespace(self.driver.kind(), &self.namespace);
        records.filter_map(|object| {
            let facts = object.body.release().filter(|facts| facts.name == self.name)?;
            Some((facts.revision, object))
        })
    }

    /// The record of its newest revision: helm acts on no other.
    pub fn newest<'w>(&self, world: &'w World) -> Option<&'w Arc<Object>> {
        let newest = self.records(world).max_by_key(|(revision, _)| *revision);
        newest.map(|(_, object)| object)
    }

    /// The record of a revision (`pkg/storage/storage.go` `makeKey`).
    pub fn record(&self, revision: u32) -> Key {
        let name = format!("sh.helm.release.v1.{}.v{revision}", self.name);
        Key::new(self.driver.kind(), &self.namespace, &name)
    }
}

/// `shop/eks`, `shop/eks (configmap)`.
impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)?;
        match self.driver {
            Driver::Secret => Ok(()),
            Driver::ConfigMap => f.write_str(" (configmap)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(driver: Driver, name: &str, revision: u32) -> Object {
        let object = json!({ "metadata": {
            "name": format!("sh.helm.release.v1.{name}.v{revision}"), "namespace": "shop",
            "uid": format!("{name}-{}-{revision}", driver.word()),
            "labels": { "owner": "helm", "name": name, "version": revision.to_string(), "status": "deployed" },
        }});
        Object::from_value(driver.kind(), &object).expect("a record")
    }

    #[test]
    fn a_name_means_the_release_whose_records_there_are() {
        let world = World::of([
            record(Driver::Secret, "both", 1),
            record(Driver::ConfigMap, "both", 1),
            record(Driver::ConfigMap, "map", 9),
            record(Driver::ConfigMap, "map", 10),
            record(Driver::Secret, "secret", 2),
        ]);
        let called = |name: &str| Home::called(&world, "shop", name);
        assert_eq!(called("none"), Ok(None));
        assert_eq!(called("secret"), Ok(Some(Home::new("shop", "secret", Driver::Secret))));
        let map = Home::new("shop", "map", Driver::ConfigMap);
        assert_eq!(called("map"), Ok(Some(map.clone())));
        assert_eq!(Home::called(&world, "elsewhere", "map"), Ok(None));
        let newest = map.newest(&world).expect("its newest record").key();
        assert_eq!(newest, map.record(10));
        assert_eq!(Home::at(&newest), Some(map));
        let twofold = called("both").expect_err("two of them").to_string();
        assert!(twofold.contains("twice in shop"), "{twofold}");
    }
}
