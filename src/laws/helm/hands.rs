//! Helm's hands: looking, deleting, creating and changing one object, and saying so.

use super::{Deed, Heard, Step};
use crate::laws::absence::lists;
use crate::laws::{Change, Conditions, Reason, apply_at, made, settle};
use crate::model::helm::{Address, Document, Firm, Live, Record, Stamp};
use crate::model::{Key, Kind, List, Object, Pin, Propagation, Text, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who acts, on what.
pub(super) struct Hands<'a> {
    pub(super) world: &'a mut World,
    pub(super) conditions: &'a Conditions,
    pub(super) release: &'a Pin,
    /// The release was applied by the server before (`apply_method: ssa`).
    pub(super) server_side: bool,
    /// Hooks are applied by the server, where the executor can: always at an uninstall, else as the release is.
    pub(super) applies_hooks: bool,
    /// What the revision before has applied, its hooks among it.
    pub(super) applied: Vec<Document>,
    law: &'static str,
    hear: &'a mut dyn FnMut(&World, Heard<'_>),
    /// Objects of kinds the world does not hold, as this act has left them.
    touched: BTreeMap<Address, Live>,
}

/// What a patch is made from.
#[derive(Clone, Copy)]
pub(super) enum Before<'a> {
    /// What was applied before.
    Stated(&'a Document),
    /// The new document itself: it is laid over what is there.
    Nothing,
    /// The live object: what it has and the document does not state goes.
    Live,
}

/// All revisions of the release that a record belongs to, oldest first.
pub(super) fn revisions<'w>(world: &'w World, release: &Pin) -> impl DoubleEndedIterator<Item = &'w Arc<Object>> {
    let own = world
        .get(&release.key)
        .and_then(|object| Some((object, object.body.release()?)));
    let mut found: Vec<(u32, &Arc<Object>)> = own
        .into_iter()
        .flat_map(|(object, facts)| {
            world
                .in_namespace(object.kind(), &object.meta.namespace)
                .filter_map(|other| Some((other.body.release()?, other)))
                .filter(move |(other, _)| other.name == facts.name)
        })
        .map(|(facts, object)| (facts.revision, object))
        .collect();
    found.sort_by_key(|(revision, _)| *revision);
    found.into_iter().map(|(_, object)| object)
}

impl<'a> Hands<'a> {
    pub(super) fn new(
        world: &'a mut World,
        conditions: &'a Conditions,
        release: &'a Pin,
        law: &'static str,
        hear: &'a mut dyn FnMut(&World, Heard<'_>),
    ) -> Self {
        Self {
            world,
            conditions,
            release,
            server_side: false,
            applies_hooks: true,
            applied: Vec::new(),
            law,
            hear,
            touched: BTreeMap::new(),
        }
    }

    /// The record of the act's own revision; says why not where it cannot be had.
    pub(super) fn record(&mut self) -> Option<Record> {
        let pin = self.release.clone();
        self.record_of(&pin)
    }

    pub(super) fn record_of(&mut self, pin: &Pin) -> Option<Record> {
        use crate::model::helm::Reading;
        match self.conditions.helm.record(pin).map(AsRef::as_ref) {
            Some(Reading::Read(record)) => Some(Record::clone(record)),
            Some(Reading::Undecodable(why)) => {
                let missing = format!("what {} holds: {why}", pin.key);
                self.about_release(
                    Deed::Unknown { missing },
                    Reason::new("its payload decides what helm does"),
                );
                None
            }
            None => {
                let missing = format!("the payload of {} as it is now: it was not read", pin.key);
                self.about_release(
                    Deed::Unknown { missing },
                    Reason::new("its payload decides what helm does"),
                );
                None
            }
        }
    }

    /// Says a step on the release itself.
    pub(super) fn about_release(&mut self, deed: Deed, reason: Reason) {
        let key = self.release.key.clone();
        let address = record_address(&key);
        self.say(address, Some(key), deed, reason);
    }

    /// Takes something for granted that facts cannot tell.
    pub(super) fn grant(&mut self, what: impl Into<String>) {
        (self.hear)(self.world, Heard::Granted(what.into()));
    }

    pub(super) fn step(&mut self, document: &Document, deed: Deed, reason: Reason) {
        self.say(document.address.clone(), document.address.key(), deed, reason);
    }

    fn say(&mut self, address: Address, key: Option<Key>, deed: Deed, reason: Reason) {
        let step = Step {
            address,
            key,
            deed,
            law: self.law,
            reason,
        };
        (self.hear)(self.world, Heard::Helm(&step));
    }

    /// The live object as Helm would find it now.
    pub(super) fn look(&self, address: &Address) -> Live {
        let Some(key) = address.key() else {
            let known = self.touched.get(address).or_else(|| self.conditions.helm.live(address));
            return known.cloned().unwrap_or_else(|| Live::Unknown {
                why: format!("{address} was not read"),
            });
        };
        if let Some(object) = self.world.get(&key) {
            return Live::There(Stamp::of(&object.meta));
        }
        let unreadable = self.world.malformed().any(|broken| broken.key == key);
        if !unreadable && lists(self.world, key.kind, &key.namespace) {
            return Live::Absent;
        }
        Live::Unknown {
            why: format!("{} cannot be seen", key.kind.plural()),
        }
    }

    /// What of the live object cannot change, where it was read; or why it could not be. Of what this act has touched it counts
    /// no more.
    pub(super) fn firm(&self, address: &Address) -> Option<Result<&Firm, &Text>> {
        if self.touched.contains_key(address) {
            return None;
        }
        let live = match address.key() {
            Some(key) => Some(self.world.get(&key)?),
            None => None,
        };
        self.conditions.helm.firm(address, live.map(|live| &live.meta.uid))
    }

    /// A kind is served from now on, and nothing of it is there yet.
    pub(super) fn serve(&mut self, address: &Address) {
        self.touched.insert(address.clone(), Live::Absent);
    }

    /// Sends a DELETE, whatever is there; a 404 counts as done.
    pub(super) fn delete(&mut self, document: &Document, propagation: Propagation, reason: Reason) {
        let address = &document.address;
        let live = self.look(address);
        let reason = self.with_all_it_defines(address, &live, reason);
        if address.key().is_none()
            && let Live::There(stamp) = &live
            && !stamp.finalizers.is_empty()
        {
            return self.hold(document, stamp, reason);
        }
        let deed = match live {
            Live::Absent => Deed::Absent,
            Live::There(_) | Live::Unserved | Live::Unknown { .. } => Deed::Delete,
        };
        self.step(document, deed, reason);
        match address.key().and_then(|key| self.world.get(&key).cloned()) {
            Some(held) => {
                let change = Change::Delete {
                    object: held.key(),
                    uid: held.meta.uid.clone(),
                    propagation,
                };
                apply_at(self.world, &change, self.conditions.now);
            }
            None => {
                self.touched.insert(address.clone(), Live::Absent);
            }
        }
    }

    /// A definition takes every object of its kind along, in all namespaces and whoever made it; none of them is in the world
    /// (`reference/semantics.md` §4, trap 14).
    fn with_all_it_defines(&mut self, address: &Address, live: &Live, mut reason: Reason) -> Reason {
        let gone = matches!(live, Live::Absent);
        if let Some(defined) = address.defines().filter(|_| !gone) {
            let told = format!(
                "; with it go all {defined}, in every namespace and whoever made them, and it stays until the last of them has gone"
            );
            reason.text.push_str(&told);
            self.grant(format!(
                "how many {defined} there are, and whose: all of them go with {address}, in every namespace"
            ));
        }
        reason
    }

    /// A DELETE of an object of a kind the world does not hold, whose finalizers hold it.
    fn hold(&mut self, document: &Document, stamp: &Stamp, mut reason: Reason) {
        let finalizers = stamp.finalizers.to_vec();
        let names: Vec<&str> = finalizers.iter().map(Text::as_str).collect();
        let told = format!(
            "; it stays, being deleted, until the controller of {} lets go",
            names.join(", ")
        );
        reason.text.push_str(&told);
        let left = Stamp {
            deleting: true,
            ..stamp.clone()
        };
        self.touched.insert(document.address.clone(), Live::There(left));
        self.step(document, Deed::Hang { finalizers }, reason);
    }

    /// Makes the document's object, stamped as the release's own unless it is a hook.
    pub(super) fn create(&mut self, document: &Document, stamp: Option<&Record>, reason: Reason) -> Result<(), String> {
        let address = &document.address;
        let space = Key::cluster(Kind::Namespace, &address.namespace);
        if self.world.get(&space).is_some_and(|space| space.meta.deleting()) {
            return Err(format!(
                "unable to create new content in namespace {} because it is being terminated",
                address.namespace
            ));
        }
        self.step(document, Deed::Create, reason);
        let made = Stamp {
            managed_by: stamp.map(|_| "Helm".into()),
            release_name: stamp.map(|record| record.name.clone()),
            release_namespace: stamp.map(|record| record.namespace.clone()),
            policy: document.policy.clone(),
            deleting: false,
            finalizers: List::default(),
        };
        match &document.object {
            Some(facts) => {
                let mut object = Object::clone(facts);
                object.meta.uid = made::fresh_uid(self.world);
                if let Some(record) = stamp {
                    super::merge::stamp(&mut object.meta, record);
                }
                self.world.put(object);
            }
            None => {
                self.touched.insert(address.clone(), Live::There(made));
            }
        }
        Ok(())
    }

    /// Changes a live object to what the document says; `before` is what the patch is made from.
    pub(super) fn patch(
        &mut self,
        document: &Document,
        before: Before<'_>,
        record: &Record,
        fields: &[Text],
        reason: Reason,
    ) {
        if matches!(before, Before::Live) && self.bared(document, &reason) {
            return;
        }
        self.step(
            document,
            Deed::Patch {
                fields: fields.to_vec(),
            },
            reason,
        );
        let held = document.address.key().and_then(|key| self.world.get(&key).cloned());
        if let (Some(held), Some(facts)) = (held, &document.object) {
            let mut object = Object::clone(&held);
            let changed = fields.iter().any(|field| field == "spec.template");
            let template = match before {
                Before::Stated(original) => {
                    if let Some(old) = original.object.as_deref() {
                        super::merge::off(&mut object, old, facts);
                    }
                    changed
                }
                Before::Live => {
                    super::merge::bare(&mut object, facts);
                    super::merge::other_template(&held, facts)
                }
                Before::Nothing => super::merge::other_template(&held, facts),
            };
            super::merge::onto(&mut object, facts, template);
            if let Some(doubt) = super::merge::midway(self.world, &held, &object) {
                self.grant(doubt);
            }
            super::merge::stamp(&mut object.meta, record);
            if object.meta.deleting() && object.meta.finalizers.is_empty() {
                self.world.take(&object.key());
            } else {
                self.world.put(object);
            }
        }
    }

    /// A patch that is made from the live object takes the finalizers off what the world does not hold, too: whether it goes
    /// at once, because it is being deleted.
    fn bared(&mut self, document: &Document, reason: &Reason) -> bool {
        let address = &document.address;
        let Live::There(stamp) = self.look(address) else {
            return false;
        };
        if address.key().is_some() || stamp.finalizers.is_empty() {
            return false;
        }
        let goes = stamp.deleting;
        let left = Stamp {
            finalizers: List::default(),
            ..stamp
        };
        let left = if goes { Live::Absent } else { Live::There(left) };
        self.touched.insert(address.clone(), left);
        if goes {
            self.step(document, Deed::Delete, reason.clone());
        }
        goes
    }

    /// The server's refusal where what is there was applied otherwise in a field that cannot change.
    pub(super) fn frozen(&self, document: &Document) -> Option<String> {
        let mut applied = self.applied.iter();
        let original = applied.find(|held| held.address.same(&document.address))?;
        let changed: Vec<Text> = original.differences(document).into_iter().cloned().collect();
        let live = document.address.key().and_then(|key| self.world.get(&key));
        super::immutable::Change {
            live: live.map(AsRef::as_ref),
            firm: self.firm(&document.address).and_then(Result::ok),
            before: Some(original),
            document,
            fields: &changed,
        }
        .refusal(self.world)
    }

    /// Remembers what a revision has applied.
    pub(super) fn remember(&mut self, record: &Record) {
        let hooks = record.hooks.iter().map(|hook| &hook.document);
        self.applied = record.manifest.documents.iter().chain(hooks).cloned().collect();
    }

    /// Applies a hook onto what is there. Where the release was applied by the server before, its stamp goes.
    pub(super) fn apply_hook(&mut self, document: &Document, reason: Reason) {
        let fields = document.prints.keys().cloned().collect();
        self.step(document, Deed::Patch { fields }, reason);
        let held = document.address.key().and_then(|key| self.world.get(&key).cloned());
        if let (Some(held), Some(facts)) = (held, &document.object) {
            let mut object = Object::clone(&held);
            if self.server_side {
                super::merge::as_hook(&mut object, facts);
            } else {
                super::merge::onto(&mut object, facts, false);
            }
            self.world.put(object);
        }
    }

    /// Helm waits, and everybody else goes on.
    pub(super) fn wait(&mut self) {
        let hear = &mut *self.hear;
        let settled = settle(self.world, self.conditions, &mut |world, reaction| {
            hear(world, Heard::Law(reaction));
        });
        if settled != crate::laws::Settled::AtRest {
            self.grant("the world does not come to rest while helm waits");
        }
    }

    /// Makes the first record of a release, in this status.
    pub(super) fn enrol(&mut self, release: &str, status: &str, deed: Deed, reason: Reason) {
        self.about_release(deed, reason);
        let key = &self.release.key;
        let object = Object {
            meta: crate::model::Meta {
                name: key.name.clone(),
                namespace: key.namespace.clone(),
                uid: made::fresh_uid(self.world),
                ..crate::model::Meta::default()
            },
            body: crate::model::Body::Release(Box::new(crate::model::fact::Release {
                name: release.into(),
                revision: 1,
                status: status.into(),
                driver: crate::model::helm::Driver::of(key.kind),
            })),
        };
        self.world.put(object);
    }

    /// Forgets a record.
    pub(super) fn purge(&mut self, key: &Key, reason: Reason) {
        self.say(record_address(key), Some(key.clone()), Deed::Delete, reason);
        self.world.take(key);
    }

    /// Writes a status into a record; its label follows.
    pub(super) fn mark(&mut self, key: &Key, status: &str, reason: Reason) {
        let Some(held) = self.world.get(key).cloned() else {
            return;
        };
        let fields = vec![Text::from(format!("status: {status}"))];
        self.say(record_address(key), Some(key.clone()), Deed::Patch { fields }, reason);
        let mut object = Object::clone(&held);
        if let crate::model::Body::Release(facts) = &mut object.body {
            facts.status = status.into();
        }
        self.world.put(object);
    }
}

fn record_address(key: &Key) -> Address {
    Address {
        api_version: "v1".into(),
        kind: key.kind.name().into(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    }
}
