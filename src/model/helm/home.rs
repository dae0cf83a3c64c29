//! Which release: its name, its namespace, and where Helm keeps its records.

use crate::model::{Key, Kind, Object, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

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

    /// The objects it keeps records in, as an operator names them.
    pub const fn objects(self) -> &'static str {
        match self {
            Self::Secret => "Secrets",
            Self::ConfigMap => "ConfigMaps",
        }
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
    pub fn others<'o>(&self, records: impl IntoIterator<Item = (&'o Object, Driver)>) -> Vec<(Self, u32)> {
        let mut found: BTreeMap<Self, (bool, u32)> = BTreeMap::new();
        for (object, driver) in records {
            let Some(facts) = object.body.release() else { continue };
            let home = Self::new(&object.meta.namespace, &facts.name, driver);
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

    /// The record of a revision (`pkg/storage/storage.go` `makeKey`). As a key it is a release's, whatever the driver.
    pub fn record(&self, revision: u32) -> Key {
        let name = format!("sh.helm.release.v1.{}.v{revision}", self.name);
        Key::new(Kind::Release, &self.namespace, &name)
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
