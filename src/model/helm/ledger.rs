//! What was read on demand for an act of Helm's: records, rendered manifests, and live objects of kinds that the world
//! does not hold.

use super::{Address, Blank, Firm, Leaves, Manifest, Print, Reading, Stamp, Valued};
use crate::model::{Act, Key, Pin, Text, Uid};
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
    /// What cannot change of live objects, by the uid it was read from; or why it could not be read.
    firm: BTreeMap<Address, Result<(Uid, Firm), Text>>,
    /// What is left to fill in in the files of values, by their names; or why one could not be read.
    values: BTreeMap<Text, Result<Vec<Blank>, Text>>,
    /// Why a chart was not rendered, by the name that a runbook's act is known by.
    unrendered: BTreeMap<Text, Text>,
    /// What a chart was rendered with, by the digest of what it came to.
    valued: BTreeMap<Text, Arc<[Valued]>>,
    /// And what of it helm was given, by the same digest: paths and fingerprints.
    given: BTreeMap<Text, Arc<BTreeMap<String, Print>>>,
    /// Hook objects that are taken to fail; every other is taken to succeed.
    failing: BTreeSet<Address>,
}

impl Ledger {
    /// Enters the record of a revision, read from the very object that the pin names.
    pub fn enter(&mut self, pin: Pin, reading: Reading) {
        self.records.insert(pin.key.clone(), (pin, Arc::new(reading)));
    }

    /// No record was read.
    pub fn is_unread(&self) -> bool {
        self.records.is_empty()
    }

    /// Every record that was read, with the object it was read from.
    pub fn records(&self) -> impl Iterator<Item = (&Pin, &Arc<Reading>)> {
        self.records.values().map(|(pin, reading)| (pin, reading))
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
        self.firm.extend(other.firm.clone());
        self.unrendered.extend(other.unrendered.clone());
        self.valued.extend(other.valued.clone());
        self.given.extend(other.given.clone());
        self.values.extend(other.values.clone());
        self.failing.extend(other.failing.iter().cloned());
    }

    /// Enters what is left to fill in in a file of values.
    pub fn enter_values(&mut self, file: Text, read: Result<Vec<Blank>, Text>) {
        self.values.insert(file, read);
    }

    /// The files of values that were read.
    pub fn values(&self) -> impl Iterator<Item = (&Text, &Result<Vec<Blank>, Text>)> {
        self.values.iter()
    }

    /// Enters why a chart was not rendered.
    pub fn enter_unrendered(&mut self, name: Text, why: Text) {
        self.unrendered.insert(name, why);
    }

    /// Why the chart of this name was not rendered, where it was tried.
    pub fn unrendered(&self, name: &str) -> Option<&Text> {
        self.unrendered.get(name)
    }

    /// Enters what a chart was rendered with.
    pub fn enter_valued(&mut self, digest: Text, valued: Vec<Valued>) {
        self.valued.insert(digest, valued.into());
    }

    /// Enters what helm was given to render a chart with.
    pub fn enter_given(&mut self, digest: Text, given: BTreeMap<String, Print>) {
        self.given.insert(digest, Arc::new(given));
    }

    /// What helm was given to render a chart with; `None` where it did not render it for us.
    pub fn given(&self, digest: &str) -> Option<&BTreeMap<String, Print>> {
        self.given.get(digest).map(AsRef::as_ref)
    }

    /// What a chart was rendered with, value by value; nothing where helm did not render it for us.
    pub fn valued(&self, digest: &str) -> &[Valued] {
        self.valued.get(digest).map_or(&[], AsRef::as_ref)
    }

    /// What the chart of an act was rendered with; nothing for another act.
    pub fn valued_of(&self, act: &Act) -> &[Valued] {
        match act {
            Act::Helm { helm, .. } => helm.rendered().map_or(&[], |digest| self.valued(digest)),
            _ => &[],
        }
    }

    pub fn enter_live(&mut self, address: Address, live: Live) {
        self.live.insert(address, live);
    }

    /// Enters what cannot change of a live object.
    pub fn enter_firm(&mut self, address: Address, read: Result<(Uid, Firm), Text>) {
        self.firm.insert(address, read);
    }

    /// What cannot change of a live object; of one that the world holds, it counts for this uid only.
    pub fn firm(&self, address: &Address, uid: Option<&Uid>) -> Option<Result<&Firm, &Text>> {
        match self.firm.get(address)? {
            Ok((read, firm)) => uid.is_none_or(|uid| uid == read).then_some(Ok(firm)),
            Err(why) => Some(Err(why)),
        }
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

    /// What was read of this record last, whether it is still that or not.
    pub fn last_reading(&self, record: &Key) -> Option<&Arc<Reading>> {
        self.records.get(record).map(|(_, reading)| reading)
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
