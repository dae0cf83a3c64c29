//! Every way a write can end, on the wire: what is said of it must be certain, and it must be sent once.

#[path = "../../../tests/support/scripted.rs"]
pub(super) mod scripted;

use super::{Wire, deliver, judge};
use crate::cluster::{Clock, ConnectOptions, Connection, connect};
use crate::journal::Outcome;
use crate::model::{Act, Key, Kind, Pin, Propagation, ResourceVersion, Uid};
use http::StatusCode;
use scripted::{Asked, Reply, Scripted, basics, status_body};
use std::sync::atomic::Ordering;
use std::time::Duration;

const UID: &str = "5b1e0f0a-9c1f-4b6a-8c11-0123456789ab";
const PATH: &str = "/api/v1/namespaces/prod/persistentvolumeclaims/data";
const BODY: &str =
    r#"{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"5b1e0f0a-9c1f-4b6a-8c11-0123456789ab"}}"#;

fn pin(key: Key) -> Pin {
    Pin {
        key,
        uid: Uid::new(UID),
        resource_version: ResourceVersion::new("7"),
    }
}

fn delete() -> Act {
    Act::Delete {
        target: pin(Key::new(Kind::PersistentVolumeClaim, "prod", "data")),
        propagation: Propagation::Background,
    }
}

fn clear() -> Act {
    Act::ClearClaimRef {
        volume: pin(Key::cluster(Kind::PersistentVolume, "pv-1")),
    }
}

fn wire() -> Wire<'static> {
    Wire {
        method: "DELETE",
        path: PATH,
        content_type: "application/json",
        body: BODY.as_bytes(),
    }
}

async fn reach(server: &Scripted) -> Connection {
    let (_directory, path) = server.kubeconfig("{}");
    let options = ConnectOptions {
        kubeconfig: Some(path),
        ..ConnectOptions::default()
    };
    connect(&options, Clock::system()).await.expect("a connection")
}

/// Serves the basics, and this to every write.
async fn server(write: impl Fn() -> Reply + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked: &Asked| basics(asked).unwrap_or_else(&write)).await
}

fn writes(server: &Scripted) -> usize {
    server
        .asked()
        .iter()
        .filter(|asked| matches!(asked.method.as_str(), "DELETE" | "PATCH" | "PUT"))
        .count()
}

async fn perform(server: &Scripted) -> Outcome {
    let connection = reach(server).await;
    deliver(&connection, &delete(), &wire(), Duration::from_secs(2)).await
}

fn dying(finalizers: &str, grace: u32) -> String {
    format!(
        r#"{{"kind":"PersistentVolumeClaim","metadata":{{"name":"data","uid":"{UID}","deletionTimestamp":"2026-11-20T12:00:00Z","deletionGracePeriodSeconds":{grace},"finalizers":{finalizers}}}}}"#
    )
}

#[tokio::test]
async fn the_very_request_is_sent_and_its_acceptance_names_what_it_waits_for() {
    let server = server(|| Reply::json(200, &dying(r#"["kubernetes.io/pvc-protection"]"#, 0))).await;
    let Outcome::Accepted { waits_for, .. } = perform(&server).await else {
        panic!("not accepted");
    };
    assert_eq!(waits_for, ["kubernetes.io/pvc-protection"]);
    let asked = server.asked();
    let sent = asked.iter().find(|asked| asked.method == "DELETE").expect("sent");
    assert_eq!(
        (sent.path.as_str(), sent.query.as_str(), sent.body.as_str()),
        (PATH, "", BODY)
    );
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(writes(&server), 1);
}

#[tokio::test]
async fn no_answer_is_repeated_and_each_is_read_for_what_it_proves() {
    for (code, reason, word) in [
        (200, "", "done"),
        (409, "Conflict", "conflict"),
        (400, "BadRequest", "refused"),
        (401, "Unauthorized", "refused"),
        (403, "Forbidden", "refused"),
        (422, "Invalid", "refused"),
        (429, "TooManyRequests", "refused"),
        (500, "InternalError", "in doubt"),
        (503, "ServiceUnavailable", "in doubt"),
        (504, "Timeout", "in doubt"),
    ] {
        let server = server(move || Reply::status(code, reason, "the server's own words")).await;
        let outcome = perform(&server).await;
        assert_eq!(outcome.word(), word, "{code}: {outcome:?}");
        if code >= 400 {
            assert!(outcome.evidence().contains("the server's own words"), "{outcome:?}");
        }
        assert_eq!(writes(&server), 1, "{code} was sent again");
    }
}

#[tokio::test]
async fn a_cut_at_any_byte_of_the_request_is_never_called_certain() {
    let server = server(|| Reply::json(200, &status_body(200, "", ""))).await;
    let connection = reach(&server).await;
    for bytes in [1, 2, 7, 40, 60, 100, 150, 200, 250] {
        server.write_limit.store(bytes, Ordering::SeqCst);
        let outcome = deliver(&connection, &delete(), &wire(), Duration::from_secs(2)).await;
        assert_eq!(outcome.word(), "in doubt", "cut after {bytes}: {outcome:?}");
    }
    assert_eq!(writes(&server), 0, "a cut request was completed: sent twice");
}

#[tokio::test]
async fn a_cut_at_any_byte_of_the_answer_is_in_doubt_until_the_last() {
    let body = dying(r#"["a/b"]"#, 0);
    let whole = format!(
        "HTTP/1.1 200 Scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .len();
    for bytes in (0..=whole).step_by(17).chain([whole - 1, whole]) {
        let body = body.clone();
        let server = server(move || Reply::cut_after(200, &body, bytes)).await;
        let outcome = perform(&server).await;
        let word = if bytes == whole { "accepted" } else { "in doubt" };
        assert_eq!(outcome.word(), word, "cut after {bytes} of {whole}: {outcome:?}");
        assert_eq!(writes(&server), 1, "sent again after a cut at {bytes}");
    }
}

#[tokio::test]
async fn a_refusal_stands_even_when_its_words_are_cut_off() {
    let body = status_body(409, "Conflict", "the UID in the precondition does not match");
    let server = server(move || Reply::cut_after(409, &body, 100)).await;
    assert_eq!(perform(&server).await.word(), "conflict");
}

#[tokio::test]
async fn silence_is_in_doubt_after_the_deadline() {
    let server = server(Reply::silence).await;
    let connection = reach(&server).await;
    let outcome = deliver(&connection, &delete(), &wire(), Duration::from_millis(100)).await;
    assert_eq!(outcome.word(), "in doubt", "{outcome:?}");
    assert_eq!(writes(&server), 1);
}

#[tokio::test]
async fn a_server_that_is_gone_before_the_request_leaves_is_certain() {
    let server = server(Reply::silence).await;
    let connection = reach(&server).await;
    let port = server.port;
    drop(server);
    // the port is closed once the server's task has ended
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let outcome = deliver(&connection, &delete(), &wire(), Duration::from_secs(2)).await;
    assert_eq!(outcome.word(), "not applied", "{outcome:?}");
}

#[tokio::test]
async fn a_cluster_without_identity_and_a_request_that_does_not_fit_its_act_are_not_sent() {
    let blind = Scripted::start(|asked: &Asked| {
        if asked.path == "/api/v1/namespaces/kube-system" {
            return Reply::status(403, "Forbidden", "no");
        }
        basics(asked).unwrap_or_else(|| Reply::json(200, "{}"))
    })
    .await;
    assert_eq!(perform(&blind).await.word(), "not applied");
    assert_eq!(writes(&blind), 0);

    let server = server(|| Reply::json(200, "{}")).await;
    let connection = reach(&server).await;
    let elsewhere = Wire {
        path: "/api/v1/namespaces/prod/persistentvolumeclaims",
        ..wire()
    };
    let outcome = deliver(&connection, &delete(), &elsewhere, Duration::from_secs(2)).await;
    assert_eq!(outcome.word(), "not applied", "{outcome:?}");
    assert_eq!(writes(&server), 0);
}

fn said(act: &Act, code: u16, body: &str) -> &'static str {
    judge(act, StatusCode::from_u16(code).expect("a code"), body.as_bytes()).word()
}

#[test]
fn a_success_is_judged_by_its_body() {
    let removed = format!(r#"{{"kind":"PersistentVolumeClaim","metadata":{{"name":"data","uid":"{UID}"}}}}"#);
    let other = removed.replace("5b1e", "0000");
    for (body, word) in [
        (status_body(200, "", ""), "done"),
        (removed, "done"),
        (dying("[]", 0), "done"),
        (dying("[]", 30), "accepted"),
        (dying(r#"["foregroundDeletion"]"#, 0), "accepted"),
        (other, "in doubt"),
        (status_body(500, "", ""), "in doubt"),
        ("<html>".to_owned(), "in doubt"),
        (String::new(), "in doubt"),
    ] {
        for code in [200, 202] {
            assert_eq!(said(&delete(), code, &body), word, "{body}");
        }
    }
}

#[test]
fn a_404_counts_only_when_it_is_about_the_target() {
    let gone =
        |name: &str| format!(r#"{{"kind":"Status","status":"Failure","code":404,"details":{{"name":"{name}"}}}}"#);
    assert_eq!(said(&delete(), 404, &gone("data")), "done");
    assert_eq!(said(&clear(), 404, &gone("pv-1")), "not applied");
    assert_eq!(said(&delete(), 404, &gone("other")), "refused");
    assert_eq!(said(&delete(), 404, "404 page not found"), "refused");
}

#[test]
fn a_failed_test_of_a_patch_is_a_conflict_and_an_invalid_object_is_not() {
    // as v1.36.3 answers a JSON patch whose `test` does not hold
    let failed = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422}"#;
    let invalid = failed.replace("{}", r#"{"name":"pv-1","kind":"PersistentVolume"}"#);
    assert_eq!(said(&clear(), 422, failed), "conflict");
    assert_eq!(said(&clear(), 422, &invalid), "refused");
    assert_eq!(said(&delete(), 422, failed), "refused");
}

#[test]
fn a_patched_volume_must_show_the_patch() {
    let volume = |claim: &str| format!(r#"{{"metadata":{{"name":"pv-1","uid":"{UID}"}},"spec":{{{claim}}}}}"#);
    for (claim, word) in [
        (r#""claimRef":{"namespace":"prod","name":"data"}"#, "done"),
        (r#""claimRef":{"namespace":"prod","name":"data","uid":"x"}"#, "in doubt"),
        (
            r#""claimRef":{"namespace":"prod","name":"data","resourceVersion":"9"}"#,
            "in doubt",
        ),
        ("", "in doubt"),
    ] {
        assert_eq!(said(&clear(), 200, &volume(claim)), word, "{claim}");
    }
}
