//! Bad days: each fault is seen by the client, and is over when it is lifted.

use crate::{client, config_map, maps, raw, refusal, soon, still};
use futures::{FutureExt as _, StreamExt as _};
use kube::ResourceExt as _;
use kube::api::{ListParams, PostParams, WatchParams};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_throttled_request_says_when_to_come_again() {
    let sandbox = still(Vec::new());
    let client = client(&sandbox).await;
    sandbox.faults().throttle(1, Duration::from_secs(7));
    let (code, headers, status) = raw(&client, "GET", "/api/v1/pods", &[], &Value::Null).await;
    assert_eq!((code, status["reason"].as_str()), (429, Some("TooManyRequests")));
    assert_eq!(headers["retry-after"], "7");
    let (code, _, _) = raw(&client, "GET", "/api/v1/pods", &[], &Value::Null).await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn a_lost_answer_is_a_write_that_happened() {
    let sandbox = still(Vec::new());
    let client = client(&sandbox).await;
    let maps = maps(&client);
    sandbox.faults().fail_after_commit(1);
    let object = serde_json::from_value(config_map("a", &json!({}))).unwrap();
    assert!(
        maps.list(&ListParams::default()).await.is_ok(),
        "reading is not touched"
    );
    assert_eq!(refusal(maps.create(&PostParams::default(), &object).await).code, 500);
    assert_eq!(maps.get("a").await.unwrap().name_any(), "a");
}

#[tokio::test]
async fn a_closed_port_refuses_and_ends_watches_until_it_opens() {
    let sandbox = still(vec![config_map("a", &json!({}))]);
    let client = client(&sandbox).await;
    let maps = maps(&client);
    let mut events = maps.watch(&WatchParams::default(), "0").await.unwrap().boxed();
    assert!(soon(events.next()).await.unwrap().is_ok());
    sandbox.faults().refuse_connections();
    let ended = soon(events.next()).await;
    assert!(ended.is_none_or(|event| event.is_err()), "the connection was cut");
    soon(async { while tokio::net::TcpStream::connect(sandbox.address()).await.is_ok() {} }).await;
    assert!(maps.list(&ListParams::default()).await.is_err());
    sandbox.faults().accept();
    soon(async { while tokio::net::TcpStream::connect(sandbox.address()).await.is_err() {} }).await;
    assert_eq!(maps.list(&ListParams::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_frozen_server_answers_when_it_thaws() {
    let sandbox = still(vec![config_map("a", &json!({}))]);
    let client = client(&sandbox).await;
    let maps = maps(&client);
    sandbox.faults().freeze();
    let params = ListParams::default();
    let mut listing = Box::pin(maps.list(&params));
    // The connection stands, the request is out, and no answer comes while others are served their time.
    for _ in 0..200 {
        assert!((&mut listing).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    sandbox.faults().thaw();
    assert_eq!(soon(listing).await.unwrap().items.len(), 1);
    sandbox.faults().slow_down(Duration::from_millis(50));
    let begun = std::time::Instant::now();
    maps.list(&params).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(50));
}
