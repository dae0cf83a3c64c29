//! Every way a cluster can fail to open is one clear sentence with the next thing to try.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "support/scripted.rs"]
mod scripted;

use pilothouse::cluster::{Clock, ClusterError, ConnectOptions, Connection, Unreached, connect, read};
use pilothouse::model::{Act, Key, Kind, Pin, Propagation, ResourceVersion, Uid};
use scripted::{Asked, KUBE_SYSTEM, Reply, Scripted, basics, kubeconfig, list};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

async fn open(path: &Path, context: Option<&str>) -> Result<Connection, ClusterError> {
    let options = ConnectOptions {
        kubeconfig: Some(path.to_owned()),
        context: context.map(ToOwned::to_owned),
        plugin_may_ask: false,
    };
    connect(&options, Clock::system()).await
}

async fn trouble(server: &Scripted, user: &str) -> ClusterError {
    let (_directory, path) = server.kubeconfig(user);
    open(&path, None).await.expect_err("a trouble")
}

fn one_sentence(error: &ClusterError) {
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
}

#[tokio::test]
async fn an_opened_cluster_knows_itself_and_us() {
    let server = Scripted::start(|asked: &Asked| basics(asked).expect("a basic question")).await;
    let (_directory, path) = server.kubeconfig("{ token: canary-token }");
    let connection = open(&path, None).await.expect("a connection");
    let identity = connection.identity();
    assert_eq!(identity.server, format!("http://127.0.0.1:{}", server.port));
    assert_eq!(
        (identity.context.as_str(), identity.user.as_str()),
        ("scripted", "anna")
    );
    assert_eq!(identity.kube_system, Uid::new(KUBE_SYSTEM));
    assert_eq!(connection.server_minor(), Some(36));
    let dead = BTreeSet::from(["gone.example.com".into()]);
    let conditions = connection.conditions(&dead);
    assert_eq!(conditions.server_minor, Some(36));
    assert_eq!(conditions.dead_provisioners, dead);
    assert_eq!(
        conditions.attachless_drivers,
        BTreeSet::from(["nfs.csi.k8s.io".into()]),
        "absent means that it attaches"
    );
    assert!(!connection.operator().host.is_empty());
    let again = read::identity(&connection).await.expect("asked again");
    assert!(again.same(identity));
    assert!(!format!("{connection:?}").contains("canary-token"));
}

#[tokio::test]
async fn older_servers_and_closed_ones_leave_gaps_and_not_errors() {
    let server = Scripted::start(|asked: &Asked| match asked.path.as_str() {
        "/version" => basics(asked).expect("a basic question"),
        "/api/v1/namespaces/kube-system" => Reply::status(403, "Forbidden", "no"),
        _ => Reply::with(404, "", b"404 page not found"),
    })
    .await;
    let (_directory, path) = server.kubeconfig("{}");
    let connection = open(&path, None).await.expect("a connection");
    assert_eq!(connection.identity().user, "unverified:u");
    assert!(connection.identity().kube_system.is_empty());
    let conditions = connection.conditions(&BTreeSet::new());
    assert!(conditions.attachless_drivers.is_empty());
}

#[tokio::test]
async fn a_kubeconfig_that_does_not_help_says_where_and_what() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = directory.path().join("nowhere");
    let error = open(&missing, None).await.expect_err("no file");
    assert_eq!(error, ClusterError::NoKubeconfig { looked: vec![missing] });
    one_sentence(&error);

    let broken = directory.path().join("broken");
    std::fs::write(
        &broken,
        "apiVersion: v1\nclusters:\n- name: c\n  cluster: [canary-secret\nusers: {\n",
    )
    .expect("written");
    let error = open(&broken, None).await.expect_err("broken");
    let ClusterError::KubeconfigBroken { line, column, .. } = &error else {
        unreachable_error(&error)
    };
    assert!(*line >= 4 && *column >= 1, "{error}");
    assert!(!error.to_string().contains("canary-secret"), "{error}");
    one_sentence(&error);

    let (_kept, path) = kubeconfig("http://127.0.0.1:1", "{}");
    let error = open(&path, Some("prod")).await.expect_err("no such context");
    assert!(error.to_string().contains("there are: scripted"), "{error}");
    one_sentence(&error);

    let text = std::fs::read_to_string(&path)
        .expect("read")
        .replace("current-context: scripted\n", "");
    std::fs::write(&path, text).expect("written");
    let error = open(&path, None).await.expect_err("no current context");
    assert!(matches!(error, ClusterError::NoCurrentContext { .. }), "{error}");
    one_sentence(&error);

    std::fs::write(
        &path,
        "kind: Config\ncurrent-context: x\ncontexts:\n- {name: x, context: {cluster: gone}}\n",
    )
    .expect("written");
    let error = open(&path, None).await.expect_err("no such cluster");
    assert!(matches!(error, ClusterError::BadContext { .. }), "{error}");
    one_sentence(&error);
}

fn unreachable_error(error: &ClusterError) -> ! {
    panic!("another error: {error:?}")
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_says_how() {
    let server = Scripted::start(|_: &Asked| Reply::cut()).await;
    let error = trouble(&server, "{}").await;
    assert!(
        matches!(
            error,
            ClusterError::Unreachable {
                how: Unreached::Cut { .. },
                ..
            }
        ),
        "{error:?}"
    );
    one_sentence(&error);

    let plain = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port on loopback");
    let address = plain.local_addr().expect("an address");
    let (_directory, path) = kubeconfig(&format!("https://{address}"), "{}");
    let (error, ()) = tokio::join!(open(&path, None), async {
        let (mut stream, _from) = plain.accept().await.expect("a connection");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .expect("written");
    });
    let error = error.expect_err("no TLS there");
    assert!(
        matches!(
            error,
            ClusterError::Unreachable {
                how: Unreached::Tls { .. },
                ..
            }
        ),
        "{error:?}"
    );
    one_sentence(&error);

    let port = server.port;
    drop(server);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let (_directory, path) = kubeconfig(&format!("http://127.0.0.1:{port}"), "{}");
    let error = open(&path, None).await.expect_err("nobody there");
    assert!(
        matches!(
            error,
            ClusterError::Unreachable {
                how: Unreached::Refused,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains(&port.to_string()), "{error}");

    let (_directory, path) = kubeconfig("http://no-such-host.invalid:6443", "{}");
    let error = open(&path, None).await.expect_err("no such host");
    assert!(
        matches!(
            error,
            ClusterError::Unreachable {
                how: Unreached::Name { .. },
                ..
            }
        ),
        "{error:?}"
    );
    one_sentence(&error);
}

#[tokio::test]
async fn a_server_that_refuses_or_is_something_else_says_so() {
    let server = Scripted::start(|_: &Asked| Reply::status(401, "Unauthorized", "token \u{1b}[2Jexpired")).await;
    let error = trouble(&server, "{ token: canary-token }").await;
    assert!(
        matches!(&error, ClusterError::Unauthenticated { said, .. } if said.contains("\\u{1b}")),
        "{error:?}"
    );
    assert!(!error.to_string().contains("canary-token"));
    one_sentence(&error);

    for reply in [
        || Reply::with(200, "", b"<html>welcome</html>"),
        || Reply::with(404, "", b"not found"),
    ] {
        let server = Scripted::start(move |_: &Asked| reply()).await;
        let error = trouble(&server, "{}").await;
        assert!(matches!(error, ClusterError::NotKubernetes { .. }), "{error:?}");
        one_sentence(&error);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_failing_credential_plugin_is_quoted_and_a_working_one_is_used() {
    let plugin = |script: &str| {
        format!("{{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['-c', '{script}'] }} }}")
    };
    let server = Scripted::start(|asked: &Asked| {
        assert_eq!(asked.header("authorization"), Some("Bearer t-1"));
        basics(asked).expect("a basic question")
    })
    .await;
    let error = trouble(&server, &plugin("echo please log in >&2; exit 3")).await;
    let ClusterError::PluginFailed { command, said, .. } = &error else {
        unreachable_error(&error)
    };
    assert!(command == "sh" && said.contains("please log in"), "{error:?}");
    one_sentence(&error);
    let works = r#"echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t-1\"}}""#;
    let (_directory, path) = server.kubeconfig(&plugin(works));
    open(&path, None).await.expect("a connection");
}

#[tokio::test]
async fn reads_are_whole_and_of_secrets_only_metadata() {
    let server = Scripted::start(|asked: &Asked| {
        basics(asked).unwrap_or_else(|| match asked.path.as_str() {
            "/api/v1/namespaces/n/secrets/sh.helm.release.v1.a.v1" => {
                assert_eq!(asked.header("accept"), Some("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"));
                Reply::json(200, r#"{"metadata":{"name":"a"}}"#)
            }
            "/api/v1/namespaces/n/events" => list(
                1,
                "",
                &[
                    serde_json::json!({ "type": "Normal", "reason": "Old", "message": "m", "count": 3, "lastTimestamp": "2026-11-20T10:00:00Z" }),
                    serde_json::json!({ "type": "Warning", "reason": "New", "message": "a\u{1b}b", "lastTimestamp": null,
                        "eventTime": "2026-11-20T11:00:00.000000Z", "series": { "count": 9, "lastObservedTime": "2026-11-20T12:00:00.5Z" } }),
                ],
            ),
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
                let body: serde_json::Value = serde_json::from_str(&asked.body).expect("json");
                assert_eq!(body["spec"]["resourceAttributes"]["verb"], "delete");
                assert_eq!(body["spec"]["resourceAttributes"]["name"], "data");
                Reply::json(201, r#"{"status":{"allowed":false,"reason":"no RBAC rule"}}"#)
            }
            _ => Reply::status(404, "NotFound", "not found"),
        })
    })
    .await;
    let (_directory, path) = server.kubeconfig("{}");
    let connection = open(&path, None).await.expect("a connection");
    let release = Key::new(Kind::Release, "n", "sh.helm.release.v1.a.v1");
    read::object_json(&connection, &release).await.expect("metadata");
    let gone = read::object_json(&connection, &Key::new(Kind::Pod, "n", "gone"))
        .await
        .expect_err("not there");
    assert!(matches!(gone, ClusterError::NotFound { .. }));
    let key = Key::new(Kind::PersistentVolumeClaim, "n", "data");
    let events = read::events(&connection, &key, &Uid::new("u-1")).await.expect("events");
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.reason.as_str(), event.count))
        .collect();
    assert_eq!(told, [("New", 9), ("Old", 3)]);
    assert_eq!(events[0].message, "a\\u{1b}b");
    let permission = read::allowed(&connection, &delete(key)).await.expect("an answer");
    assert!(!permission.allowed);
    assert_eq!(permission.reason, "no RBAC rule");
}

fn delete(key: Key) -> Act {
    Act::Delete {
        target: Pin {
            key,
            uid: Uid::new("u-1"),
            resource_version: ResourceVersion::new("1"),
        },
        propagation: Propagation::Background,
    }
}

#[tokio::test]
async fn a_fresh_reading_finds_holders_that_nobody_named() {
    let pod = |name: &str, claim: &str| {
        serde_json::json!({ "metadata": { "name": name, "namespace": "n", "uid": name },
            "spec": { "volumes": [{ "name": "d", "persistentVolumeClaim": { "claimName": claim } }] } })
    };
    let server = Scripted::start(move |asked: &Asked| {
        basics(asked).unwrap_or_else(|| match asked.path.as_str() {
            "/api/v1/namespaces/n/persistentvolumeclaims/data" => Reply::json(
                200,
                r#"{"metadata":{"name":"data","namespace":"n","uid":"u-1"},"spec":{"volumeName":"pv-1"}}"#,
            ),
            "/api/v1/namespaces/n/pods" => match asked.param("continue") {
                None => list(5, "t", &[pod("other", "else")]),
                Some(_) => list(5, "", &[pod("holder", "data")]),
            },
            _ => Reply::status(404, "NotFound", "not found"),
        })
    })
    .await;
    let (_directory, path) = server.kubeconfig("{}");
    let connection = open(&path, None).await.expect("a connection");
    let act = delete(Key::new(Kind::PersistentVolumeClaim, "n", "data"));
    let named = [Key::new(Kind::Job, "n", "ended")];
    let reading = read::fresh(&connection, &act, &named, Duration::from_secs(5))
        .await
        .expect("a reading");
    let found: Vec<(String, bool)> = reading
        .objects
        .iter()
        .map(|(key, object)| (key.to_string(), object.is_some()))
        .collect();
    let expected = [
        ("pv/pv-1", false),
        ("pvc/data", true),
        ("pod/holder", true),
        ("job/ended", false),
    ];
    assert_eq!(found, expected.map(|(key, there)| (key.to_owned(), there)));
    assert!(reading.cluster.same(connection.identity()));
}

#[tokio::test]
async fn a_fresh_reading_that_misses_anything_is_none() {
    for (code, reason) in [(403, "Forbidden"), (500, "InternalError")] {
        let server = Scripted::start(move |asked: &Asked| {
            basics(asked).unwrap_or_else(|| match asked.path.as_str() {
                "/api/v1/namespaces/n/pods" => Reply::status(code, reason, "no"),
                _ => Reply::json(200, r#"{"metadata":{"name":"data","namespace":"n","uid":"u-1"}}"#),
            })
        })
        .await;
        let (_directory, path) = server.kubeconfig("{}");
        let connection = open(&path, None).await.expect("a connection");
        let act = delete(Key::new(Kind::PersistentVolumeClaim, "n", "data"));
        read::fresh(&connection, &act, &[], Duration::from_secs(5))
            .await
            .expect_err("unknown is no");
    }
}
