//! The controllers on the real store, under a clock that only the test moves.

mod life;
mod storage;

use super::{ControllerState, document as doc, tick};
use crate::laws::Conditions;
use crate::model::{Key, Kind, Propagation, Uid};
use crate::sandbox::clock::{Clock, TestClock};
use crate::sandbox::scenario;
use crate::sandbox::store::{Objects as _, Store};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// A sandbox without HTTP.
struct Bench {
    store: Store,
    clock: TestClock,
    state: ControllerState,
    conditions: Conditions,
}

impl Bench {
    fn of(name: &str) -> Self {
        let start: Timestamp = "2026-04-27T14:02:11Z".parse().unwrap();
        let clock = TestClock::at(start);
        let scenario = scenario::load(name).unwrap_or_else(|error| panic!("{error}"));
        let mut store = Store::new(Clock::Test(clock.clone()), 7);
        for object in scenario.objects(start).unwrap() {
            let told = format!("{} {}", doc::text(&object, "/kind"), doc::name(&object));
            if let Err(error) = store.load(object) {
                panic!("{told}: {error}");
            }
        }
        Self {
            store,
            clock,
            state: ControllerState::new(7),
            conditions: scenario.conditions(),
        }
    }

    fn tick(&mut self) -> Option<Timestamp> {
        tick(&mut self.store, &mut self.state, &self.conditions)
    }

    /// Lets the time pass, stopping wherever something is due.
    fn run(&mut self, span: Duration) {
        let end = doc::later(self.clock.now(), span);
        for _ in 0..10_000 {
            match self.tick() {
                Some(next) if next <= end => self.clock.advance_to(next),
                _ => return self.clock.advance_to(end),
            }
        }
        panic!("the sandbox does not come to rest");
    }

    fn get(&self, key: &Key) -> Option<Value> {
        self.store.get(key)
    }

    fn field(&self, key: &Key, pointer: &str) -> String {
        self.get(key).map_or_else(
            || "gone".to_owned(),
            |object| {
                object.pointer(pointer).map_or_else(String::new, |value| {
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                })
            },
        )
    }

    fn uid(&self, key: &Key) -> Uid {
        doc::uid(&self.get(key).unwrap_or_else(|| panic!("{key} is not there")))
    }

    fn delete(&mut self, key: &Key, propagation: Propagation) {
        let uid = self.uid(key);
        self.store.delete(key, &uid, propagation).unwrap();
    }

    fn count(&self, kind: Kind, namespace: &str) -> usize {
        let all = self.store.all();
        all.iter()
            .filter(|(key, _)| key.kind == kind && key.namespace == namespace)
            .count()
    }

    /// Every object but for what counts versions.
    fn picture(&self) -> Vec<(Key, Value)> {
        let mut all = self.store.all();
        for (_, object) in &mut all {
            doc::drop_field(object, "/metadata", "resourceVersion");
        }
        all
    }
}

fn pvc(namespace: &str, name: &str) -> Key {
    Key::new(Kind::PersistentVolumeClaim, namespace, name)
}

fn pv(name: &str) -> Key {
    Key::cluster(Kind::PersistentVolume, name)
}

fn pod(namespace: &str, name: &str) -> Key {
    Key::new(Kind::Pod, namespace, name)
}

/// What differs between two pictures, for a message.
fn difference(before: &[(Key, Value)], after: &[(Key, Value)]) -> String {
    let find = |all: &[(Key, Value)], wanted: &Key| {
        let found = all.iter().find(|(key, _)| key == wanted);
        found.map(|(_, object)| format!("{object:#}"))
    };
    let mut told = Vec::new();
    for (key, _) in before.iter().chain(after) {
        let (was, is) = (find(before, key), find(after, key));
        if was != is && told.len() < 5 {
            let (was, is) = (was.unwrap_or_default(), is.unwrap_or_default());
            let diff = similar::TextDiff::from_lines(&was, &is);
            told.push(format!("{key}\n{}", diff.unified_diff().context_radius(1)));
        }
    }
    told.join("\n")
}

#[test]
fn every_shipped_scenario_is_at_rest() {
    for (name, _) in scenario::shipped() {
        let mut bench = Bench::of(&name);
        let before = bench.picture();
        bench.run(Duration::from_mins(1));
        let after = bench.picture();
        assert!(
            before == after,
            "{name} moves by itself: {}",
            difference(&before, &after)
        );
        assert!(bench.state.destroyed().is_empty(), "{name}");
        let events = crate::sandbox::resources::by_path("", "v1", "events").unwrap();
        let said = bench.store.list(events, None, u64::MAX).unwrap();
        assert!(said.is_empty(), "{name} speaks by itself: {said:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_cluster() {
    let lived = || {
        let mut bench = Bench::of("hasan-prod");
        bench.delete(&Key::new(Kind::Job, "hasan-prod", "train-80"), Propagation::Background);
        bench.delete(&pod("hasan-prod", "mysql-0"), Propagation::Background);
        bench.run(Duration::from_mins(5));
        bench.store.all()
    };
    let (first, second) = (lived(), lived());
    assert!(first == second, "{}", difference(&first, &second));
}
