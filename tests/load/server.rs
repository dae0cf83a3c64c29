//! The server: what is listed, watched and commanded, through its socket, and what the built binary sees of it.

use crate::client::{JSON, METADATA, Watch, ask, bare, items, packed, run, server};
use crate::shapes::{Cluster, Shape};
use pilothouse::model::Kind;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn paged_whole_compressed_and_streamed_lists_are_one_set() {
    let server = server(Shape::S);
    run(async {
        for (path, count) in [
            ("/api/v1/pods", 60),
            ("/apis/batch/v1/jobs", 20),
            ("/api/v1/persistentvolumes", 20),
        ] {
            let (_, whole) = ask(&server, path, JSON).await;
            let wanted = items(&whole);
            assert_eq!(wanted.len(), count, "{path}");
            let mut paged = BTreeSet::new();
            let mut more = String::new();
            for left in [count - 15, 0] {
                let limit = if left > 0 { 15 } else { 1_000 };
                let (_, page) = ask(&server, &format!("{path}?limit={limit}&continue={more}"), JSON).await;
                assert_eq!(
                    page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0),
                    left as u64
                );
                paged.append(&mut items(&page));
                more = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
            }
            assert_eq!(paged, wanted, "{path} in pages");
            if path == "/api/v1/pods" {
                let (travelled, plain) = packed(&server, path).await;
                assert!(travelled.len() * 3 < plain.len(), "{} bytes", travelled.len());
                assert_eq!(
                    serde_json::from_slice::<Value>(&plain).unwrap(),
                    whole,
                    "{path} compressed"
                );
            }
            let mut streamed = BTreeSet::new();
            let streaming = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
            let mut watch = Watch::open(&server, &format!("{path}?{streaming}")).await;
            let end = loop {
                let mut event = watch.next().await.unwrap();
                if event["type"] != "ADDED" {
                    break event;
                }
                let object = event["object"].as_object_mut().unwrap();
                assert!(object.shift_remove("kind").is_some() && object.shift_remove("apiVersion").is_some());
                streamed.insert(event["object"].to_string());
            };
            assert_eq!(
                end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
                "true"
            );
            assert_eq!(
                end["object"]["metadata"]["resourceVersion"],
                whole["metadata"]["resourceVersion"]
            );
            assert_eq!(streamed, wanted, "{path} streamed");
        }
    });
}

#[test]
fn every_client_gets_the_same_bytes() {
    let server = server(Shape::S);
    run(async {
        for encoding in ["identity", "gzip"] {
            let first = bare(&server)
                .await
                .get("/api/v1/pods?limit=500", JSON, encoding)
                .await
                .unwrap();
            let second = bare(&server)
                .await
                .get("/api/v1/pods?limit=500", JSON, encoding)
                .await
                .unwrap();
            assert_eq!(first, second);
        }
    });
}

#[test]
fn releases_come_as_metadata_and_whole() {
    let server = server(Shape::S);
    run(async {
        let path = "/api/v1/secrets?fieldSelector=type%3Dhelm.sh%2Frelease.v1";
        let (_, lean) = ask(&server, path, METADATA).await;
        assert_eq!(lean["kind"], "PartialObjectMetadataList");
        assert_eq!(items(&lean).len(), 10);
        assert!(lean.to_string().len() < 10_000);
        let helm = "/api/v1/secrets?labelSelector=owner%3Dhelm";
        let (_, whole) = ask(&server, helm, JSON).await;
        assert_eq!((whole["kind"].as_str(), items(&whole).len()), (Some("SecretList"), 10));
        assert!(whole["items"][0]["data"]["release"].as_str().unwrap().len() > 150_000);
        let (travelled, plain) = packed(&server, helm).await;
        assert_eq!(serde_json::from_slice::<Value>(&plain).unwrap(), whole);
        assert!(travelled.len() < plain.len());
        let (_, none) = ask(&server, "/api/v1/secrets?labelSelector=owner%3Dsomebody", JSON).await;
        assert!(items(&none).is_empty());
        let (_, one) = ask(
            &server,
            "/api/v1/secrets?labelSelector=owner%3Dhelm,version+in+(2),name%3Dmysql",
            JSON,
        )
        .await;
        assert_eq!(items(&one).len(), 1);
        let name = whole["items"][0]["metadata"]["name"].as_str().unwrap();
        let namespace = whole["items"][0]["metadata"]["namespace"].as_str().unwrap();
        let (code, got) = ask(&server, &format!("/api/v1/namespaces/{namespace}/secrets/{name}"), JSON).await;
        assert_eq!((code, &got["data"]), (200, &whole["items"][0]["data"]));
        assert_eq!(got["kind"], "Secret");
    });
}

#[test]
fn namespaces_names_and_what_is_not_there() {
    let server = server(Shape::THOUSAND);
    let cluster = Cluster::new(Shape::THOUSAND, 1);
    run(async {
        let mut sum = 0;
        for (nth, tenant) in cluster.tenants().iter().enumerate() {
            let (_, list) = ask(&server, &format!("/api/v1/namespaces/{tenant}/pods"), JSON).await;
            assert!(
                list["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|pod| pod["metadata"]["namespace"] == **tenant)
            );
            assert_eq!(items(&list).len(), cluster.of_tenant(Kind::Pod, nth).len());
            sum += items(&list).len();
        }
        assert_eq!(sum, 384);
        let key = cluster.key(Kind::Pod, 100);
        let path = format!("/api/v1/namespaces/{}/pods/{}", key.namespace, key.name);
        let (_, pod) = ask(&server, &path, JSON).await;
        assert_eq!(
            (&pod["kind"], &pod["metadata"]["name"]),
            (&json!("Pod"), &json!(key.name.as_str()))
        );
        let uid = pod["metadata"]["uid"].as_str().unwrap();
        let events = format!(
            "/api/v1/namespaces/{}/events?fieldSelector=involvedObject.uid%3D{uid}",
            key.namespace
        );
        assert_eq!(items(&ask(&server, &events, JSON).await.1).len(), 2);
        assert!(items(&ask(&server, "/api/v1/configmaps", JSON).await.1).is_empty());
        for (path, code) in [
            ("/api/v1/namespaces/kube-system", 200),
            ("/api/v1/namespaces/none", 404),
            ("/apis/example.com/v1/things", 404),
            ("/api/v1/pods?limit=5&continue=nonsense", 410),
        ] {
            assert_eq!(ask(&server, path, JSON).await.0, code, "{path}");
        }
    });
}

#[test]
fn a_flip_reaches_its_watcher_and_no_other_and_is_dated() {
    let server = server(Shape::THOUSAND);
    let cluster = Cluster::new(Shape::THOUSAND, 1);
    let tenants = cluster.tenants();
    let jobs = |tenant: &str, since: u64| {
        format!("/apis/batch/v1/namespaces/{tenant}/jobs?watch=true&resourceVersion={since}")
    };
    let told = run(async {
        let mut theirs = Watch::open(&server, &jobs(&tenants[1], cluster.latest())).await;
        let mut others = Watch::open(&server, &jobs(&tenants[2], cluster.latest())).await;
        let flip = |tenant: &str| {
            let answer = tokio::task::block_in_place(|| {
                server.command(json!({ "do": "flip", "kind": "jobs", "namespace": tenant }))
            });
            assert_eq!(answer["watchers"], 1, "{answer}");
            answer["at_ns"].as_u64().unwrap()
        };
        let first = flip(&tenants[1]);
        let one = theirs.next().await.unwrap();
        let second = flip(&tenants[1]);
        let two = theirs.next().await.unwrap();
        assert!(first > 0 && second > first);
        flip(&tenants[2]);
        let other = others.next().await.unwrap();
        // who comes late is told what it missed
        let mut late = Watch::open(&server, &jobs(&tenants[1], cluster.latest())).await;
        assert_eq!(late.next().await.unwrap(), one);
        [one, two, other]
    });
    let [one, two, other] = told;
    assert_eq!(
        (&one["object"]["status"]["active"], &one["object"]["kind"]),
        (&Value::Null, &json!("Job"))
    );
    assert_eq!(two["object"]["status"]["active"], 1);
    assert_eq!(one["object"]["metadata"]["uid"], two["object"]["metadata"]["uid"]);
    assert_eq!(other["object"]["metadata"]["namespace"], *tenants[2]);
    let stats = server.command(json!({ "do": "stats" }));
    assert_eq!(
        (&stats["kinds"]["jobs"]["watched"], &stats["lists"]),
        (&json!(3), &json!(0))
    );
    assert!(server.command(json!({ "do": "flip", "kind": "jobs", "namespace": "nobody" }))["error"].is_string());
}

#[test]
fn a_visitor_comes_and_goes_and_lists_settle_on_it() {
    let server = server(Shape::S);
    let tenant = Cluster::new(Shape::S, 1).tenants()[0].clone();
    let visit = json!({ "do": "flip", "kind": "visitor", "namespace": tenant, "slot": 3 });
    let count = || run(async { items(&ask(&server, "/api/v1/pods", JSON).await.1).len() });
    server.command(visit.clone());
    assert_eq!(count(), 60, "lists are as they were until they are settled");
    server.command(json!({ "do": "settle" }));
    assert_eq!(count(), 61);
    server.command(visit);
    server.command(json!({ "do": "settle" }));
    assert_eq!(count(), 60);
}

#[test]
fn a_storm_ends_every_watch_and_forgets_the_past() {
    let server = server(Shape::S);
    let since = Cluster::new(Shape::S, 1).latest();
    let path = format!("/api/v1/pods?watch=true&resourceVersion={since}");
    run(async {
        let mut watch = Watch::open(&server, &path).await;
        tokio::task::block_in_place(|| {
            server.command(json!({ "do": "flip", "kind": "pods" }));
            assert_eq!(server.command(json!({ "do": "expire" }))["ended"], 1);
        });
        assert_eq!(watch.next().await.unwrap()["type"], "MODIFIED");
        assert_eq!(watch.next().await.unwrap()["object"]["code"], 410);
        assert_eq!(watch.next().await, None);
        assert_eq!(ask(&server, &path, JSON).await.0, 410);
        let (_, list) = ask(&server, "/api/v1/pods?limit=500", JSON).await;
        let version = list["metadata"]["resourceVersion"].as_str().unwrap();
        assert!(version.parse::<u64>().unwrap() > since);
        Watch::open(&server, &format!("/api/v1/pods?watch=true&resourceVersion={version}")).await;
    });
}

#[test]
fn a_cut_ends_connections_and_refuses_new_ones_until_it_is_over() {
    let server = server(Shape::S);
    let since = Cluster::new(Shape::S, 1).latest();
    let authority = server.url().trim_start_matches("http://").to_owned();
    run(async {
        let mut watch = Watch::open(&server, &format!("/api/v1/pods?watch=true&resourceVersion={since}")).await;
        tokio::task::block_in_place(|| server.command(json!({ "do": "cut", "ms": 5_000 })));
        assert_eq!(watch.next().await, None);
        assert!(crate::bare::Bare::connect(&authority).await.is_err());
        while crate::bare::Bare::connect(&authority).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(ask(&server, "/version", JSON).await.0, 200);
    });
}

#[test]
fn churn_comes_at_its_rate_and_leaves_jobs_as_active_as_they_were() {
    let server = server(Shape::S);
    let since = Cluster::new(Shape::S, 1).latest();
    run(async {
        let mut pods = Watch::open(&server, &format!("/api/v1/pods?watch=true&resourceVersion={since}")).await;
        let mut jobs = Watch::open(
            &server,
            &format!("/apis/batch/v1/jobs?watch=true&resourceVersion={since}"),
        )
        .await;
        tokio::task::block_in_place(|| server.command(json!({ "do": "churn", "rate": 500 })));
        let mut kinds = BTreeSet::new();
        for _ in 0..150 {
            kinds.insert(pods.next().await.unwrap()["type"].to_string());
        }
        assert!(kinds.len() >= 2, "{kinds:?}");
        for _ in 0..5 {
            let job = jobs.next().await.unwrap();
            assert_eq!(job["object"]["status"]["active"], Value::Null);
        }
        tokio::task::block_in_place(|| server.command(json!({ "do": "churn", "rate": 0 })));
    });
    let mut orders: Vec<u64> = Vec::new();
    run(async {
        let mut pods = Watch::open(
            &server,
            &format!("/api/v1/pods?watch=true&resourceVersion={since}&timeoutSeconds=1"),
        )
        .await;
        while let Some(event) = pods.next().await {
            orders.push(
                event["object"]["metadata"]["resourceVersion"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap(),
            );
        }
    });
    assert!(
        orders.len() >= 150 && orders.is_sorted(),
        "{} events again, in their order",
        orders.len()
    );
}

#[test]
fn the_server_says_how_fast_it_is_by_itself() {
    let server = server(Shape::S);
    let rate = server.command(json!({ "do": "rate" }));
    let bytes = server.ready["bytes"].as_object().unwrap();
    let whole: u64 = bytes
        .iter()
        .filter(|(name, _)| *name != "secrets (whole)")
        .map(|(_, bytes)| bytes.as_u64().unwrap())
        .sum();
    let identity = rate["identity"]["bytes"].as_u64().unwrap();
    assert!(identity > whole && identity < whole + 4_000, "{rate}");
    assert!(rate["gzip"]["bytes"].as_u64().unwrap() < identity / 2);
}

#[test]
fn a_slow_link_takes_its_time() {
    let server = server(Shape::S);
    server.command(json!({ "do": "shape", "rtt_ms": 20, "mbit": 40 }));
    let slow = server.command(json!({ "do": "rate" }));
    // 0.7 MB at 5 MB a second
    assert!(slow["identity"]["ms"].as_u64().unwrap() >= 120, "{slow}");
    server.command(json!({ "do": "shape" }));
    let fast = server.command(json!({ "do": "rate" }));
    assert!(fast["identity"]["bytes"] == slow["identity"]["bytes"], "{fast}");
}

#[test]
fn the_built_binary_sees_what_there_is() {
    let server = server(Shape::THOUSAND);
    let home = tempfile::tempdir().unwrap();
    let kubeconfig = home.path().join("config");
    let text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"current-context\":\"load\",\"clusters\":[{{\"name\":\"load\",\"cluster\":{{\"server\":\"{}\"}}}}],\"users\":[{{\"name\":\"operator\",\"user\":{{}}}}],\"contexts\":[{{\"name\":\"load\",\"context\":{{\"cluster\":\"load\",\"user\":\"operator\"}}}}]}}",
        server.url()
    );
    std::fs::write(&kubeconfig, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    for name in ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
        command.env(name, home.path());
    }
    let output = command
        .args(["status", "-o", "json", "--kubeconfig"])
        .arg(&kubeconfig)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cluster = Cluster::new(Shape::THOUSAND, 1);
    assert_eq!(report["cluster"]["user"], "operator");
    let feeds = report["feeds"].as_array().unwrap();
    assert!(
        feeds.len() == Kind::ALL.len() && feeds.iter().all(|feed| feed["state"] == "live"),
        "{feeds:?}"
    );
    let lines = report["tenants"].as_array().unwrap();
    let mut seen = 0;
    for (nth, tenant) in cluster.tenants().iter().enumerate() {
        let line = lines.iter().find(|line| line["name"] == **tenant).unwrap();
        assert_eq!(
            line["counts"]["pods"],
            cluster.of_tenant(Kind::Pod, nth).len(),
            "{tenant}"
        );
        assert_eq!(
            line["counts"]["claims"],
            cluster.of_tenant(Kind::PersistentVolumeClaim, nth).len()
        );
        assert_eq!(line["counts"]["jobsActive"], cluster.active_jobs(nth).count());
        assert!(!line["releases"].as_array().unwrap().is_empty());
        let odd = line["findings"].to_string();
        assert!(!odd.contains("malformed"), "{odd}");
        seen += 1;
    }
    assert_eq!(seen, 8);
}
