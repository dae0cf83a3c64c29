//! The store as its controllers see it: keys of facts in, JSON out, no optimistic lock.

use super::{DeleteOptions, Objects, Origin, Place, Store, StoreError, resource_of};
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::{Key, Kind, Propagation, Uid};
use crate::sandbox::clock::seconds;
use crate::sandbox::fields::{at, number, put, text};
use crate::sandbox::resources::{self, Resource};
use serde_json::{Value, json};

/// A real server forgets an Event an hour after it was last seen (`--event-ttl`).
const EVENT_LIFE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Whether an object is what its kind stands for: of Secrets and `ConfigMap`s, records of Helm's only.
fn stands_for(kind: Kind, object: &Value) -> bool {
    match kind {
        Kind::Release => text(object, &["type"]) == RELEASE_SECRET_TYPE,
        Kind::ReleaseMap => text(object, &["metadata", "labels", "owner"]) == "helm",
        _ => true,
    }
}

impl Objects for Store {
    fn get(&self, key: &Key) -> Option<Value> {
        let resource = resources::of_kind(key.kind)?;
        let found = self.fetch(resource, &key.namespace, &key.name)?;
        stands_for(key.kind, found).then(|| (**found).clone())
    }

    fn all(&self) -> Vec<(Key, Value)> {
        let of_kind = |kind: Kind| {
            let objects = resources::of_kind(kind).and_then(|resource| self.list(resource, None, self.revision));
            objects
                .unwrap_or_default()
                .into_iter()
                .filter_map(move |(place, object)| {
                    stands_for(kind, &object)
                        .then(|| (Key::new(kind, &place.namespace, &place.name), (*object).clone()))
                })
        };
        Kind::ALL.into_iter().flat_map(of_kind).collect()
    }

    fn create(&mut self, object: Value) -> Result<Value, StoreError> {
        let resource = resource_of(&object)?;
        let created = self.insert(resource, object, Origin::Controller, false)?;
        Ok((*created).clone())
    }

    fn replace(&mut self, object: Value) -> Result<(), StoreError> {
        let resource = resource_of(&object)?;
        self.overwrite(resource, object).map(drop)
    }

    fn delete(&mut self, key: &Key, uid: &Uid, propagation: Propagation) -> Result<(), StoreError> {
        let Some(resource) = resources::of_kind(key.kind) else {
            return Err(StoreError::no_such_path());
        };
        let options = DeleteOptions {
            uid: Some(uid.to_string()),
            propagation: Some(propagation),
            ..DeleteOptions::default()
        };
        self.erase(resource, &key.namespace, &key.name, &options).map(drop)
    }

    fn remove(&mut self, key: &Key, uid: &Uid) {
        let Some(resource) = resources::of_kind(key.kind) else {
            return;
        };
        let place = Place::new(resource, &key.namespace, &key.name);
        let held = self
            .objects
            .get(&place)
            .map(|object| text(object, &["metadata", "uid"]));
        if held.is_some_and(|held| Uid::new(held) == *uid) {
            self.confirm_gone(&place);
        }
    }

    fn emit_event(&mut self, about: &Key, severity: &str, reason: &str, message: &str, component: &str) {
        let Some(events) = resources::by_path("", "v1", "events") else {
            return;
        };
        self.forget_old_events(events);
        let now = seconds(self.clock.now());
        let subject = self.get(about);
        let uid = subject
            .as_ref()
            .map_or("", |object| text(object, &["metadata", "uid"]))
            .to_owned();
        let namespace = if about.namespace.is_empty() {
            "default"
        } else {
            &about.namespace
        };
        let same = |event: &Value| {
            text(event, &["involvedObject", "uid"]) == uid
                && text(event, &["involvedObject", "name"]) == about.name
                && text(event, &["reason"]) == reason
                && text(event, &["message"]) == message
                && text(event, &["source", "component"]) == component
        };
        let known = self.list(events, Some(namespace), self.revision).unwrap_or_default();
        if let Some((place, event)) = known.into_iter().find(|(_, event)| same(event)) {
            let mut event = (*event).clone();
            let count = number(&event, &["count"]).unwrap_or(1) + 1;
            put(&mut event, &["count"], count);
            put(&mut event, &["lastTimestamp"], now);
            self.commit(place, event);
            return;
        }
        let mut involved = json!({ "kind": about.kind.name(), "name": about.name.as_str() });
        if !about.namespace.is_empty() {
            put(&mut involved, &["namespace"], about.namespace.as_str());
        }
        put(&mut involved, &["uid"], uid);
        put(&mut involved, &["apiVersion"], about.kind.api_version());
        if let Some(version) = subject
            .as_ref()
            .and_then(|object| at(object, &["metadata", "resourceVersion"]))
        {
            put(&mut involved, &["resourceVersion"], version.clone());
        }
        let nanoseconds = self.clock.now().as_nanosecond();
        let event = json!({
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": { "name": format!("{}.{:x}{:04x}", about.name, nanoseconds, self.revision & 0xffff), "namespace": namespace },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": { "component": component },
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": severity,
            "eventTime": null,
            "reportingComponent": component,
            "reportingInstance": "",
        });
        // An event about an object of a namespace that is going is lost, as it is in a real cluster.
        drop(self.insert(events, event, Origin::Controller, false));
    }

    fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn revision(&self) -> u64 {
        self.revision
    }
}

impl Store {
    fn forget_old_events(&mut self, events: &Resource) {
        let now = self.clock.now();
        let old = |event: &Value| {
            let seen: Result<jiff::Timestamp, _> = text(event, &["lastTimestamp"]).parse();
            seen.is_ok_and(|seen| now.duration_since(seen) > EVENT_LIFE)
        };
        let all = self.list(events, None, self.revision).unwrap_or_default();
        for (place, _) in all.into_iter().filter(|(_, event)| old(event)) {
            self.commit_removal(&place);
        }
    }
}
