//! What comes in, what is answered, and how current it is.

use super::*;
use serde_json::json;

const AT: Moment = Moment::from_millis(1_000);

fn pods() -> FeedId {
    FeedId::cluster(Kind::Pod)
}

fn pod(name: &str, uid: &str, claim: &str) -> Object {
    let value = json!({
        "metadata": { "namespace": "t", "name": name, "uid": uid,
            "ownerReferences": [{ "apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "job", "controller": true }] },
        "spec": { "nodeName": "n", "volumes": [{ "name": "d", "persistentVolumeClaim": { "claimName": claim } }] },
    });
    Object::from_value(Kind::Pod, &value).unwrap()
}

fn applied(object: Object) -> Observation {
    Observation::Applied {
        feed: pods(),
        object: Box::new(object),
        at: AT,
    }
}

fn names(world: &World) -> Vec<String> {
    world
        .of_kind(Kind::Pod)
        .map(|object| format!("{}={}", object.meta.name, object.meta.uid))
        .collect()
}

#[test]
fn a_relist_drops_what_it_no_longer_names_and_keeps_the_rest_readable_meanwhile() {
    let mut world = World::default();
    world.apply(Observation::ListBegan { feed: pods(), at: AT });
    for name in ["a", "b"] {
        world.apply(applied(pod(name, name, "c")));
    }
    assert_eq!(
        world.freshness(Kind::Pod, "t", AT, feed_promise()),
        Freshness::Listing { seen: 2, since: AT }
    );
    world.apply(Observation::ListEnded { feed: pods(), at: AT });
    assert!(world.freshness(Kind::Pod, "t", AT, feed_promise()).is_live());

    world.apply(Observation::ListBegan { feed: pods(), at: AT });
    world.apply(applied(pod("b", "b", "c")));
    assert_eq!(
        names(&world),
        ["a=a", "b=b"],
        "nothing flickers while a list is under way"
    );
    assert!(world.freshness(Kind::Pod, "t", AT, feed_promise()).is_live());
    world.apply(Observation::ListEnded { feed: pods(), at: AT });
    assert_eq!(names(&world), ["b=b"]);
}

fn feed_promise() -> Duration {
    super::super::feed::PROMISE
}

#[test]
fn duplicates_change_nothing_and_a_late_delete_spares_the_successor() {
    let mut world = World::default();
    world.apply(Observation::ListBegan { feed: pods(), at: AT });
    world.apply(Observation::ListEnded { feed: pods(), at: AT });
    assert!(world.apply(applied(pod("a", "old", "c"))));
    assert!(!world.apply(applied(pod("a", "old", "c"))), "a duplicate is no change");
    world.apply(applied(pod("a", "new", "c")));
    world.apply(Observation::Deleted {
        feed: pods(),
        key: Key::new(Kind::Pod, "t", "a"),
        uid: Uid::new("old"),
        at: AT,
    });
    assert_eq!(names(&world), ["a=new"]);
}

#[test]
fn indices_follow_every_change() {
    let claim = |name: &str| Key::new(Kind::PersistentVolumeClaim, "t", name);
    let mut world = World::of([pod("a", "1", "c"), pod("b", "2", "c")]);
    assert_eq!(world.users_of(&claim("c")).count(), 2);
    assert_eq!(world.dependents_of(&Uid::new("job")).count(), 2);
    world.put(pod("a", "3", "d"));
    assert_eq!(world.users_of(&claim("c")).count(), 1);
    assert_eq!(world.users_of(&claim("d")).count(), 1);
    assert!(world.by_uid(&Uid::new("1")).is_none());
    for name in ["a", "b"] {
        world.take(&Key::new(Kind::Pod, "t", name));
    }
    assert_eq!(
        world.users_of(&claim("c")).count() + world.users_of(&claim("d")).count(),
        0
    );
    assert!(world.index.is_empty(), "churn leaves nothing behind");
}

#[test]
fn a_world_is_current_when_all_of_it_is_live() {
    let now = Moment::default();
    let mut world = World::of([pod("a", "1", "c")]);
    assert!(world.is_current(now, feed_promise()));
    assert!(!world.is_current(now + Duration::from_secs(6), feed_promise()), "stale");
    world.apply(Observation::Lost {
        feed: FeedId::cluster(Kind::Node),
        state: FeedState::Denied {
            since: now,
            why: Text::default(),
        },
    });
    assert!(!world.is_current(now, feed_promise()), "denied");
    let mut part = World::default();
    part.apply(Observation::ListBegan { feed: pods(), at: now });
    part.apply(Observation::ListEnded { feed: pods(), at: now });
    assert!(!part.is_current(now, feed_promise()), "the other kinds are not watched");
}

#[test]
fn each_object_is_paired_with_the_one_of_its_key_in_another_world() {
    let one = World::of(["b", "c", "d"].map(|name| pod(name, name, "c")));
    let mut other = World::of(["a", "c", "e"].map(|name| pod(name, "another", "c")));
    other.put(pod("d", "d", "c"));
    let pairs = one.beside(&other).map(|(object, beside)| {
        let uid = beside.map(|beside| (beside.meta.name.to_string(), beside.meta.uid.to_string()));
        (object.meta.name.to_string(), uid)
    });
    let word = |name: &str, uid: &str| Some((name.to_owned(), uid.to_owned()));
    assert_eq!(
        pairs.collect::<Vec<_>>(),
        [
            ("b".to_owned(), None),
            ("c".to_owned(), word("c", "another")),
            ("d".to_owned(), word("d", "d")),
        ]
    );
}

#[test]
fn a_malformed_object_is_named_until_it_can_be_read_again() {
    let mut world = World::default();
    world.apply(Observation::ListBegan { feed: pods(), at: AT });
    world.apply(applied(pod("a", "1", "c")));
    let malformed = Malformed {
        key: Key::new(Kind::Pod, "t", "a"),
        why: "spec.nodeName: expected a string".to_owned(),
    };
    world.apply(Observation::Malformed {
        feed: pods(),
        malformed: malformed.clone(),
        at: AT,
    });
    assert_eq!(world.malformed().collect::<Vec<_>>(), [&malformed]);
    assert!(names(&world).is_empty(), "what cannot be read is not shown as it was");
    world.apply(applied(pod("a", "1", "c")));
    assert_eq!(world.malformed().count(), 0);
}

#[test]
fn a_live_feed_that_breaks_its_promise_is_stale() {
    let mut world = World::default();
    world.apply(Observation::ListBegan { feed: pods(), at: AT });
    world.apply(Observation::ListEnded { feed: pods(), at: AT });
    let later = AT + Duration::from_secs(6);
    assert!(matches!(
        world.freshness(Kind::Pod, "t", later, feed_promise()),
        Freshness::Stale { age, .. } if age == Duration::from_secs(6)
    ));
    world.apply(Observation::Heard {
        feed: pods(),
        at: later,
    });
    assert!(world.freshness(Kind::Pod, "t", later, feed_promise()).is_live());
}
