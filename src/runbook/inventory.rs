//! A tenant's claims and volumes as a step took them down: kept in the run's records before anything is destroyed, and what
//! later steps go by when the claims are gone and the cockpit may have been killed in between.
//!
//! Says what was and what each claim is to be called from then on; looks at a world only to take it down.

use super::check::listed;
use super::condition::Place;
use super::deed::Unaimed;
use super::reading::Reader;
use super::template::{Template, Values};
use super::tenancy::Tenancy;
use super::value::is_name;
use crate::model::quantity::Quantity;
use crate::model::yaml::Node;
use crate::model::{Draft, Key, Kind, Labels, Object, Text, Uid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const INVENTORY: &[&str] = &["of", "rename"];

/// The claims and their volumes, as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    pub namespace: Text,
    pub claims: Vec<Entry>,
}

/// One claim with its volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub claim: Text,
    pub claim_uid: Uid,
    /// What the claim is called when it is made again.
    pub becomes: Text,
    pub volume: Text,
    pub volume_uid: Uid,
    /// The disk, as an administrator of the storage system names it.
    pub handle: String,
    /// `None`: the claim left it to the cluster. Empty: no class.
    pub class: Option<Text>,
    pub access_modes: Vec<Text>,
    pub volume_mode: Option<Text>,
    /// `spec.resources.requests.storage`.
    pub size: Quantity,
}

/// Which claims are taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Every claim of the tenant.
    All,
    /// Those of the tenant's release: that bear its mark, or that its stored manifest lists.
    Release,
}

impl Of {
    pub(super) const WORDS: &'static [(&'static str, Self)] =
        &[("claims.all", Self::All), ("claims.of-release", Self::Release)];
}

impl Wanted {
    /// Takes the claims down as they are, parameters filled in.
    ///
    /// # Errors
    /// As [`Inventory::take`].
    pub(super) fn take(&self, tenancy: Tenancy<'_>, values: &Values) -> Result<Inventory, Unaimed> {
        let rename = self.rename.as_ref().map(|rename| rename.fill(values));
        Inventory::take(tenancy, self.of, &rename.unwrap_or_default())
    }
}

/// What a step says about the inventory it takes.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub(super) of: Of,
    /// `old=new, …`: claims that are called otherwise when they are made again.
    pub(super) rename: Option<Template>,
}

impl Inventory {
    /// Takes the tenant's claims down, those that are being deleted among them: their disks are no less worth.
    ///
    /// # Errors
    /// When a claim or its volume cannot be seen, when there is no claim, when a claim has no volume, and when `rename`
    /// cannot be.
    fn take(tenancy: Tenancy<'_>, of: Of, rename: &str) -> Result<Self, Unaimed> {
        let look = tenancy.look;
        let blind = [
            (Kind::PersistentVolumeClaim, tenancy.namespace),
            (Kind::PersistentVolume, ""),
        ];
        if let Some(why) = blind
            .into_iter()
            .find_map(|(kind, namespace)| look.gap(kind, namespace))
        {
            return Err(Unaimed::Unseen { why });
        }
        let mut names = renamed(rename)?;
        let mut claims = Vec::new();
        let listed = match of {
            Of::All => BTreeSet::new(),
            Of::Release => listed(tenancy).map_err(|why| Unaimed::Unseen { why })?,
        };
        for claim in tenancy.objects(Kind::PersistentVolumeClaim) {
            if of == Of::Release && tenancy.foreign(claim) && !listed.contains(&claim.key()) {
                continue;
            }
            let becomes = names.remove(claim.meta.name.as_str());
            claims.push(entry(tenancy, claim, becomes)?);
        }
        if claims.is_empty() {
            return Err(misfit(format!(
                "there is no claim in {} to take down",
                tenancy.namespace
            )));
        }
        if let Some(name) = names.keys().next() {
            return Err(misfit(format!("there is no claim {name:?} to be called otherwise")));
        }
        let mut taken = BTreeSet::new();
        if let Some(twice) = claims.iter().find(|entry| !taken.insert(entry.becomes.clone())) {
            return Err(misfit(format!("two claims would be called {:?}", twice.becomes)));
        }
        Ok(Self {
            namespace: tenancy.namespace.into(),
            claims,
        })
    }

    /// The entry of this volume.
    pub fn of_volume(&self, volume: &str) -> Option<&Entry> {
        self.claims.iter().find(|entry| entry.volume == volume)
    }

    /// `3 claims: mysql-pvc on pv/pvc-9f1c, …`.
    pub fn sentence(&self) -> String {
        let all: Vec<String> = self.claims.iter().map(Entry::sentence).collect();
        match all.len() {
            1 => format!("1 claim: {}", all.join(", ")),
            more => format!("{more} claims: {}", all.join(", ")),
        }
    }
}

impl Entry {
    fn sentence(&self) -> String {
        let becomes = if self.becomes == self.claim {
            String::new()
        } else {
            format!(", to be {}", self.becomes)
        };
        format!("{} on pv/{} ({}){becomes}", self.claim, self.volume, self.handle)
    }

    /// The claim as it was, as a key.
    pub fn claim_key(&self, inventory: &Inventory) -> Key {
        Key::new(Kind::PersistentVolumeClaim, &inventory.namespace, &self.claim)
    }

    /// The volume, as a key.
    pub fn volume_key(&self) -> Key {
        Key::cluster(Kind::PersistentVolume, &self.volume)
    }

    /// The claim as it is made again, on the very volume.
    pub(super) fn draft(&self, labels: Labels, annotations: Labels) -> Draft {
        Draft {
            volume_name: self.volume.clone(),
            storage_class_name: self.class.clone(),
            access_modes: self.access_modes.clone(),
            volume_mode: self.volume_mode.clone(),
            storage: self.size.clone(),
            labels,
            annotations,
        }
    }
}

fn misfit(why: String) -> Unaimed {
    Unaimed::Misfit { why }
}

fn entry(tenancy: Tenancy<'_>, claim: &Object, becomes: Option<String>) -> Result<Entry, Unaimed> {
    let key = claim.key();
    let facts = claim.body.claim().ok_or_else(|| misfit(format!("{key} is no claim")))?;
    let spec = &facts.spec;
    if spec.volume_name.is_empty() {
        return Err(misfit(format!(
            "{key} has no volume: it could not be made again on its disk; bind it or delete it first"
        )));
    }
    let volume = Key::cluster(Kind::PersistentVolume, &spec.volume_name);
    let live = tenancy
        .look
        .world
        .get(&volume)
        .ok_or_else(|| misfit(format!("{key} names {volume}, which is not there")))?;
    let disk = live
        .body
        .volume()
        .ok_or_else(|| misfit(format!("{volume} is no volume")))?;
    let own = disk
        .spec
        .claim_ref
        .as_ref()
        .is_some_and(|held| held.uid == claim.meta.uid);
    if !own {
        return Err(misfit(format!(
            "{volume} does not name {key} as its claim by uid: pilothouse explain {key}"
        )));
    }
    // a claim always asks for a size; what it has is the next best
    let size = spec
        .resources
        .requests
        .storage
        .clone()
        .or_else(|| disk.spec.capacity.storage.clone());
    Ok(Entry {
        becomes: becomes.map_or_else(|| claim.meta.name.clone(), Text::from),
        claim: claim.meta.name.clone(),
        claim_uid: claim.meta.uid.clone(),
        volume: spec.volume_name.clone(),
        volume_uid: live.meta.uid.clone(),
        handle: disk.spec.handle(),
        class: spec.storage_class_name.clone(),
        access_modes: spec.access_modes.to_vec(),
        volume_mode: spec.volume_mode.clone(),
        size: size.ok_or_else(|| misfit(format!("{key} asks for no size")))?,
    })
}

/// Reads `old=new, other=another`.
fn renamed(text: &str) -> Result<BTreeMap<String, String>, Unaimed> {
    let mut names = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let both = pair.split_once('=').map(|(old, new)| (old.trim(), new.trim()));
        let Some((old, new)) = both.filter(|(old, new)| is_name(old) && is_name(new)) else {
            return Err(misfit(format!("{pair:?} is no OLD=NEW of two claims' names")));
        };
        if names.insert(old.to_owned(), new.to_owned()).is_some() {
            return Err(misfit(format!("the claim {old:?} would be called two names")));
        }
    }
    Ok(names)
}

/// `inventory: { of: claims.all }`, or with claims that are called otherwise from then on.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, place: Place<'_>, acts: bool) -> Option<Wanted> {
    let fields = reader.fields(node, "`inventory`", INVENTORY)?;
    if place.inventoried {
        reader.fault(
            &node.at,
            "a step before takes an inventory already",
            "one run goes by one inventory: drop this one",
        );
    }
    if acts {
        reader.fault(
            &node.at,
            "what is taken down must stand in the journal before anything is done",
            "give the inventory a step of its own, before the act",
        );
    }
    let of = fields.need(reader, "of", "claims.all, or claims.of-release")?;
    let of = reader.word(of, "`of`", Of::WORDS)?;
    if of == Of::Release && !place.released {
        reader.fault(
            &node.at,
            "the runbook names no release whose claims could be taken down",
            "add `release` under `tenant`",
        );
    }
    let rename = match fields.get("rename") {
        Some(node) => {
            let said = reader.text(node, "`rename`")?;
            Some(Template::read(reader, &said, place.parameters)?)
        }
        None => None,
    };
    Some(Wanted { of, rename })
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn names_are_read_in_pairs() {
        assert!(renamed("").unwrap().is_empty());
        let read = renamed("mysql-pvc=mysql, logs = client-logs").unwrap();
        let read: Vec<(&str, &str)> = read.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
        assert_eq!(read, [("logs", "client-logs"), ("mysql-pvc", "mysql")]);
        for wrong in ["a", "a=", "=b", "a=B", "a=b,a=c", "a=b=c"] {
            assert!(renamed(wrong).is_err(), "{wrong}");
        }
    }
}
