//! Watches: from where, what, until when; and that they replay to what a list shows.

use crate::{client, config_map, maps, raw, refusal, soon, still};
use futures::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt as _;
use kube::api::{ListParams, WatchEvent, WatchParams};
use pilothouse::sandbox::{Objects as _, Sandbox, Store};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::pin;

fn write(sandbox: &Sandbox, name: &str, labels: &Value) {
    sandbox.change(|store| {
        let object = config_map(name, labels);
        if store.replace(object.clone()).is_err() {
            store.create(object).unwrap();
        }
    });
}

/// The next event that is told: its word, and the name or the code.
async fn next(
    events: &mut (impl Stream<Item = Result<WatchEvent<ConfigMap>, kube::Error>> + Unpin),
) -> (&'static str, String) {
    match soon(events.next()).await.expect("the watch goes on").unwrap() {
        WatchEvent::Added(object) => ("ADDED", object.name_any()),
        WatchEvent::Modified(object) => ("MODIFIED", object.name_any()),
        WatchEvent::Deleted(object) => ("DELETED", object.name_any()),
        WatchEvent::Bookmark(mark) => ("BOOKMARK", mark.metadata.resource_version),
        WatchEvent::Error(status) => ("ERROR", status.code.to_string()),
    }
}

#[tokio::test]
async fn a_watch_goes_on_where_another_ended() {
    let sandbox = still(Vec::new());
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let from = maps
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    let params = WatchParams::default();
    let mut first = maps.watch(&params, &from).await.unwrap().boxed();
    write(&sandbox, "a", &json!({}));
    assert_eq!(next(&mut first).await, ("ADDED", "a".to_owned()));
    sandbox.send_bookmarks();
    let (word, mark) = next(&mut first).await;
    assert_eq!(word, "BOOKMARK");
    sandbox.faults().end_watches();
    assert!(
        soon(first.next()).await.is_none(),
        "a watch that the server ends is over"
    );
    write(&sandbox, "b", &json!({}));
    write(&sandbox, "a", &json!({ "x": "y" }));
    let mut second = maps.watch(&params, &mark).await.unwrap().boxed();
    assert_eq!(next(&mut second).await, ("ADDED", "b".to_owned()));
    assert_eq!(next(&mut second).await, ("MODIFIED", "a".to_owned()));
}

#[tokio::test]
async fn a_selection_sees_objects_come_and_go() {
    let sandbox = still(vec![
        config_map("a", &json!({ "in": "yes" })),
        config_map("b", &json!({})),
    ]);
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let mut events = maps
        .watch(&WatchParams::default().labels("in=yes"), "0")
        .await
        .unwrap()
        .boxed();
    assert_eq!(next(&mut events).await, ("ADDED", "a".to_owned()));
    write(&sandbox, "b", &json!({ "in": "yes" }));
    assert_eq!(next(&mut events).await, ("ADDED", "b".to_owned()));
    write(&sandbox, "a", &json!({ "in": "no" }));
    assert_eq!(next(&mut events).await, ("DELETED", "a".to_owned()));
}

#[tokio::test]
async fn forgotten_history_is_410_in_the_stream_and_can_be_410_at_the_door() {
    let sandbox = still(vec![config_map("a", &json!({}))]);
    let client = client(&sandbox).await;
    let maps = maps(&client);
    write(&sandbox, "b", &json!({}));
    sandbox.change(Store::compact_all);
    let mut events = maps.watch(&WatchParams::default(), "1").await.unwrap().boxed();
    assert_eq!(next(&mut events).await, ("ERROR", "410".to_owned()));
    assert!(soon(events.next()).await.is_none());
    let latest = maps
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    let mut running = maps.watch(&WatchParams::default(), &latest).await.unwrap().boxed();
    write(&sandbox, "c", &json!({}));
    assert_eq!(next(&mut running).await, ("ADDED", "c".to_owned()));
    sandbox.faults().expire_watches();
    assert_eq!(next(&mut running).await, ("ERROR", "410".to_owned()));
    sandbox.faults().refuse_watches(1);
    let refused = maps.watch(&WatchParams::default(), &latest).await.map(drop);
    assert_eq!(refusal(refused).code, 410);
    assert!(maps.watch(&WatchParams::default(), &latest).await.is_ok());
}

#[tokio::test]
async fn a_streaming_list_ends_with_its_mark_and_can_be_switched_off() {
    let sandbox = still(vec![config_map("a", &json!({})), config_map("b", &json!({}))]);
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let params = WatchParams::default().initial_events();
    let mut events = maps.watch(&params, "").await.unwrap().boxed();
    assert_eq!(next(&mut events).await.0, "ADDED");
    assert_eq!(next(&mut events).await.0, "ADDED");
    match soon(events.next()).await.unwrap().unwrap() {
        WatchEvent::Bookmark(mark) => assert_eq!(mark.metadata.annotations["k8s.io/initial-events-end"], "true"),
        other => panic!("no mark but {other:?}"),
    }
    sandbox.faults().without_streaming_lists(true);
    assert_eq!(refusal(maps.watch(&params, "").await.map(drop)).code, 422);
}

#[tokio::test]
async fn a_watch_ends_at_its_time_and_can_be_of_tables() {
    let sandbox = still(vec![config_map("a", &json!({}))]);
    let client = client(&sandbox).await;
    let path = "/api/v1/configmaps?watch=1&timeoutSeconds=0";
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let (code, _, line) = soon(raw(&client, "GET", path, &[("accept", accept)], &Value::Null)).await;
    assert_eq!(code, 200);
    assert_eq!(line["type"], "ADDED", "one line, and then the stream is over");
    assert_eq!(line["object"]["kind"], "Table");
    assert_eq!(line["object"]["rows"][0]["cells"][0], "a");
}

#[derive(Clone, Debug)]
enum Change {
    Write(u8, u8),
    Delete(u8),
    Forget,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        6 => (0..6_u8, 0..3_u8).prop_map(|(name, value)| Change::Write(name, value)),
        3 => (0..6_u8).prop_map(Change::Delete),
        1 => Just(Change::Forget),
    ];
    proptest::collection::vec(change, 0..40)
}

/// The last object that is written.
const LAST: &str = "the-last";

/// Follows a watch to the last write, listing anew when history is forgotten; what it then knows, by name.
async fn followed(maps: &kube::Api<ConfigMap>) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut from = "1".to_owned();
    loop {
        let mut events = pin!(maps.watch(&WatchParams::default(), &from).await.unwrap());
        while !known.contains_key(LAST) {
            match soon(events.next()).await.expect("the watch goes on").unwrap() {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    known.insert(object.name_any(), object.resource_version().unwrap());
                }
                WatchEvent::Deleted(object) => drop(known.remove(&object.name_any())),
                WatchEvent::Bookmark(_) => {}
                WatchEvent::Error(status) => {
                    assert_eq!(status.code, 410);
                    let list = maps.list(&ListParams::default()).await.unwrap();
                    from = list.metadata.resource_version.unwrap();
                    let fresh = list
                        .items
                        .iter()
                        .map(|object| (object.name_any(), object.resource_version().unwrap()));
                    known = fresh.collect();
                    break;
                }
            }
        }
        if known.contains_key(LAST) {
            return known;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written, deleted and forgotten, a watch from the beginning ends at what a list shows.
    #[test]
    fn a_watch_replays_to_what_a_list_shows(changes in changes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let sandbox = still(Vec::new());
            let client = client(&sandbox).await;
            let maps = maps(&client);
            for change in changes {
                match change {
                    Change::Write(name, value) => write(&sandbox, &format!("m{name}"), &json!({ "v": value.to_string() })),
                    Change::Delete(name) => {
                        let gone = maps.delete(&format!("m{name}"), &kube::api::DeleteParams::default()).await;
                        assert!(gone.is_ok() || refusal(gone).code == 404);
                    }
                    Change::Forget => sandbox.change(Store::compact_all),
                }
            }
            write(&sandbox, LAST, &json!({}));
            let known = followed(&maps).await;
            let list = maps.list(&ListParams::default()).await.unwrap();
            let shown: BTreeMap<String, String> =
                list.items.iter().map(|object| (object.name_any(), object.resource_version().unwrap())).collect();
            assert_eq!(known, shown);
        });
    }
}
