//! Servers that refuse, ask to wait, or answer with something else: said in their words, and never shown as empty.

use crate::bed::{Bed, claim, fast};
use crate::scripted::{Reply, Step, event, list, status_body};
use crate::{hold, served};
use pilothouse::cluster::Scopes;
use pilothouse::model::feed::Freshness;
use pilothouse::model::{FeedId, FeedState, Kind, Scope};
use std::time::Duration;

#[tokio::test]
async fn denied_is_not_empty_and_is_asked_again() {
    let mut bed = Bed::claims(served(
        |_, number| match number {
            0 => Reply::status(
                403,
                "Forbidden",
                "persistentvolumeclaims is forbidden: User \"anna\" cannot list",
            ),
            _ => list(9, "", &[claim("a", 1)]),
        },
        |_, _| hold(),
    ))
    .await;
    bed.until(|bed| matches!(bed.state(), FeedState::Denied { .. })).await;
    let FeedState::Denied { why, .. } = bed.state() else {
        panic!("not denied")
    };
    assert_eq!(why, "persistentvolumeclaims is forbidden: User \"anna\" cannot list");
    bed.until(Bed::live).await;
    assert_eq!(bed.names(), ["a"]);
}

#[tokio::test]
async fn where_the_cluster_is_denied_the_namespaces_given_are_watched() {
    let scopes = Scopes {
        namespaces: Some(vec!["n".into(), "closed".into()]),
    };
    let handler = served(
        |asked, _| match asked.path.as_str() {
            "/api/v1/namespaces/n/persistentvolumeclaims" => list(9, "", &[claim("a", 1)]),
            _ => Reply::status(403, "Forbidden", "no"),
        },
        |_, _| hold(),
    );
    let mut bed = Bed::start(
        handler,
        &[Kind::PersistentVolumeClaim],
        scopes,
        fast(),
        Duration::from_secs(15),
    )
    .await;
    let fresh = |bed: &Bed, namespace: &str| bed.freshness(namespace);
    bed.until(|bed| fresh(bed, "n").is_live() && matches!(fresh(bed, "closed"), Freshness::Denied { .. }))
        .await;
    assert!(matches!(fresh(&bed, "elsewhere"), Freshness::Denied { .. }));
    assert_eq!(bed.names(), ["a"]);
    let own = FeedId {
        kind: Kind::PersistentVolumeClaim,
        scope: Scope::Namespace("n".into()),
    };
    assert!(bed.world.feeds().any(|(feed, _)| *feed == own));
}

#[tokio::test]
async fn expired_credentials_are_renewed_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let token = directory.path().join("token");
    std::fs::write(&token, "old").expect("written");
    let renewed = token.clone();
    let handler = served(
        move |asked, _| {
            if asked.header("authorization") == Some("Bearer new") {
                return list(9, "", &[claim("a", 1)]);
            }
            std::fs::write(&renewed, "new").expect("written");
            Reply::status(401, "Unauthorized", "Unauthorized")
        },
        |_, _| hold(),
    );
    let user = format!("{{ tokenFile: '{}' }}", token.display());
    let mut bed = Bed::with_user(handler, &user).await;
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
    bed.until(Bed::live).await;
    let lists = bed.asked().iter().filter(|asked| !asked.watches()).count();
    assert_eq!(lists, 2);
}

#[tokio::test]
async fn a_busy_server_is_left_alone_as_long_as_it_asks() {
    let mut bed = Bed::claims(served(
        |_, number| match number {
            0 => Reply::with(
                429,
                "retry-after: 1\r\n",
                status_body(429, "TooManyRequests", "storage is (re)initializing").as_bytes(),
            ),
            1 => Reply::status(503, "ServiceUnavailable", "starting"),
            _ => list(9, "", &[claim("a", 1)]),
        },
        |_, _| hold(),
    ))
    .await;
    let begun = bed.clock.moment();
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
    let FeedState::Stale { why, .. } = bed.state() else {
        panic!("not stale")
    };
    assert_eq!(
        why,
        "the server answers 429, asked to wait 1s: storage is (re)initializing"
    );
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { why, .. } if why.contains("503")))
        .await;
    assert!(
        begun.age(bed.clock.moment()) >= Duration::from_secs(1),
        "asked too soon"
    );
    bed.until(Bed::live).await;
}

#[tokio::test]
async fn a_kind_that_is_not_served_says_so() {
    let mut bed = Bed::claims(served(
        |_, _| Reply::with(404, "", b"404 page not found"),
        |_, _| hold(),
    ))
    .await;
    bed.until(|bed| matches!(bed.state(), FeedState::Unserved { .. })).await;
}

#[tokio::test]
async fn what_is_no_list_is_not_an_empty_cluster() {
    for body in ["<html>login</html>", "{}", r#"{"items":[]}"#] {
        let mut bed = Bed::claims(served(move |_, _| Reply::json(200, body), |_, _| hold())).await;
        bed.until(|bed| matches!(bed.state(), FeedState::Stale { .. })).await;
        assert!(!bed.listed(), "{body} was taken for a list");
    }
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_given_up() {
    let mut bed = Bed::claims(served(|_, _| list(9, "same", &[claim("a", 1)]), |_, _| hold())).await;
    bed.until(|bed| matches!(bed.state(), FeedState::Stale { why, .. } if why.contains("continue token")))
        .await;
    assert!(!bed.listed());
}

#[tokio::test]
async fn of_config_maps_only_the_metadata_of_records_is_asked_for_and_nobody_elses_counts() {
    let labelled = |name: &str, version: &str| {
        serde_json::json!({ "metadata": { "name": name, "namespace": "n", "uid": name, "resourceVersion": "3",
            "labels": { "name": "eks", "version": version, "status": "deployed", "owner": "helm" } } })
    };
    let record = labelled("sh.helm.release.v1.eks.v7", "7");
    let items = [labelled("settings", ""), record.clone()];
    let foreign = labelled("more-settings", "1");
    let later = labelled("sh.helm.release.v1.eks.v8", "8");
    let handler = served(
        move |_, _| list(9, "", &items),
        move |_, _| {
            Reply::stream([
                event("ADDED", &foreign),
                event("ADDED", &later),
                event("DELETED", &record),
                Step::Hold,
            ])
        },
    );
    let kinds = [Kind::ReleaseMap];
    let mut bed = Bed::start(handler, &kinds, Scopes::default(), fast(), Duration::from_secs(15)).await;
    let names = |bed: &Bed| {
        let records = bed.world.of_kind(Kind::ReleaseMap);
        records.map(|object| object.meta.name.to_string()).collect::<Vec<_>>()
    };
    bed.until(|bed| names(bed) == ["sh.helm.release.v1.eks.v8"]).await;
    assert_eq!(bed.world.records_in("n").count(), 1);
    for asked in bed.asked() {
        assert_eq!(asked.path, "/api/v1/configmaps");
        assert!(asked.query.contains("labelSelector=owner%3Dhelm"), "{}", asked.query);
        let accept = asked.header("accept").expect("an accept header");
        let lean = accept
            .split(", ")
            .all(|range| range.contains(";as=PartialObjectMetadata"));
        assert!(lean, "a record's payload could be sent instead: {accept}");
    }
}

#[tokio::test]
async fn of_secrets_only_the_metadata_of_release_records_is_asked_for() {
    let record = serde_json::json!({ "metadata": { "name": "sh.helm.release.v1.eks.v7", "namespace": "n", "uid": "u", "resourceVersion": "3",
        "labels": { "name": "eks", "version": "7", "status": "deployed", "owner": "helm" } } });
    let handler = served(move |_, _| list(9, "", std::slice::from_ref(&record)), |_, _| hold());
    let mut bed = Bed::start(
        handler,
        &[Kind::Release],
        Scopes::default(),
        fast(),
        Duration::from_secs(15),
    )
    .await;
    bed.until(|bed| bed.world.of_kind(Kind::Release).count() == 1).await;
    bed.until(|bed| bed.asked().len() == 2).await;
    for asked in bed.asked() {
        assert!(
            asked.query.contains("fieldSelector=type%3Dhelm.sh%2Frelease.v1"),
            "{}",
            asked.query
        );
        let accept = asked.header("accept").expect("an accept header");
        let mut ranges = accept.split(", ");
        let lean = ranges.all(|range| range.contains(";as=PartialObjectMetadata"));
        assert!(lean, "a Secret's data could be sent instead: {accept}");
    }
}
