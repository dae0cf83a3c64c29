//! What was read on demand for an act of Helm's: records, rendered manifests, and live objects of kinds that the world
//! does not hold.

use super::{Address, Leaves, Manifest, Reading, Stamp};
use crate::model::{Key, Pin, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A live object as Helm would find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    Absent,
    There(Stamp),
    /// Its API is not served: Helm cannot map the kind and refuses the whole (`reference/semantics.md` §2.2, 7).
    Unserved,
    Unknown {
        why: String,
    },
}

/// A live object, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whole {
    Absent,
    There(Leaves),
    Unserved,
    Unknown { why: String },
}

/// Everything read, each piece by what it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    records: BTreeMap<Key, (Pin, Arc<Reading>)>,
    rendered: BTreeMap<Text, Arc<Manifest>>,
    live: BTreeMap<Address, Live>,
    /// Hook objects that are taken to fail; every other is taken to succeed.
    failing: BTreeSet<Address>,
}

impl Ledger {
    /// Enters the record of a revision, read from the very object that the pin names.
    pub fn enter(&mut self, pin: Pin, reading: Reading) {
        self.records.insert(pin.key.clone(), (pin, Arc::new(reading)));
    }

    /// What was read of this record counts no more.
    pub fn forget(&mut self, record: &Key) {
        self.records.remove(record);
    }

    /// Enters a rendered manifest under the digest of its text.
    pub fn enter_rendered(&mut self, digest: Text, manifest: Manifest) {
        self.rendered.insert(digest, Arc::new(manifest));
    }

    /// Takes in everything that another ledger holds; what both hold is the other's.
    pub fn take_in(&mut self, other: &Self) {
        self.records.extend(other.records.clone());
        self.rendered.extend(other.rendered.clone());
        self.live.extend(other.live.clone());
        self.failing.extend(other.failing.iter().cloned());
    }

    pub fn enter_live(&mut self, address: Address, live: Live) {
        self.live.insert(address, live);
    }

    /// Asks what happens when this hook fails.
    pub fn let_fail(&mut self, hook: Address) {
        self.failing.insert(hook);
    }

    /// The record of the object that the pin names; `None` when it was not read, or has changed since.
    pub fn record(&self, pin: &Pin) -> Option<&Arc<Reading>> {
        self.records
            .get(&pin.key)
            .filter(|(held, _)| held == pin)
            .map(|(_, reading)| reading)
    }

    pub fn rendered(&self, digest: &str) -> Option<&Arc<Manifest>> {
        self.rendered.get(digest)
    }

    pub fn live(&self, address: &Address) -> Option<&Live> {
        self.live.get(address)
    }

    pub fn fails(&self, hook: &Address) -> bool {
        self.failing.iter().any(|failing| failing.same(hook))
    }
}
