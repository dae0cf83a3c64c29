//! The traps of a tenant: what is wrong, why, and what to do; and what was not looked at.

use super::flight::{Flight, Plan};
use super::picture;
use pilothouse::app::{Event, Key};
use pilothouse::sandbox::Denial;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_traps_of_a_tenant_are_told_with_evidence_remedy_and_source() {
    let mut flight = Plan::of("hasan-prod").fly().await;
    flight.order("tenant hasan-prod");
    flight.until_shown("shared-data").await;
    flight.fresh().await;
    assert!(
        flight.text().contains("not all judged"),
        "nothing was opened yet:\n{}",
        flight.text()
    );
    flight.keys("t");
    read(&mut flight).await;
    both(&mut flight, "traps");
    let all = everything(&mut flight);
    for told in [
        "keep stands on the live object only",
        "stands on the live pvc/mysql-pvc only",
        "remedy: ",
        "source: reference §2.3; seed 000",
        "active Jobs of others",
    ] {
        assert!(all.contains(told), "{told}:\n{all}");
    }

    // one that contains a text, and what it is about
    flight.keys("/foreign");
    flight.key(Key::Enter);
    flight.keys("/");
    flight.key(Key::Ctrl('u'));
    flight.keys("train-7f");
    flight.key(Key::Enter);
    assert!(flight.text().contains("job/train-7f"), "{}", flight.text());
    assert!(!flight.text().contains("pvc/mysql-pvc"), "{}", flight.text());
    flight.keys("gx");
    flight.until_shown("why job/train-7f").await;
    flight.key(Key::Esc);
    flight.keys("g");
    flight.key(Key::Enter);
    flight.until_shown("job/train-7f").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_on_a_finding_opens_it_among_the_traps() {
    let mut flight = Plan::of("hasan-prod").fly().await;
    flight.choose("hasan-prod", "findings", "logs-pvc").await;
    flight.keys("g");
    let line = flight.line();
    assert!(line.contains("logs-pvc"), "{line}");
    flight.key(Key::Enter);
    flight.until_shown("traps of hasan-prod").await;
    assert!(flight.line().contains("logs-pvc"), "{}", flight.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calm_tenant_stands_in_none_and_says_so_only_when_all_was_judged() {
    let mut flight = Plan::of("calm").fly().await;
    for tenant in ["acme", "beta", "delta", "gamma"] {
        flight.order(&format!("tenant {tenant}"));
        flight.until_shown("data-db-0").await;
        flight.keys("t");
        flight.until_shown(&format!("traps of {tenant}")).await;
        flight.until_shown("✓ no trap of those that are sensed").await;
        flight.key(Key::Esc);
        flight.until_shown("nothing wrong was found").await;
        assert!(!flight.text().contains("not all judged"), "{}", flight.text());
        flight.key(Key::Esc);
    }
    let mut denied = Plan::of("calm")
        .prepared(|sandbox| sandbox.access().deny(Denial::of("list", "apiservices")))
        .fly()
        .await;
    denied.order("tenant acme");
    denied.until_shown("data-db-0").await;
    denied.keys("t");
    denied.until_shown("API services: denied").await;
    assert!(
        denied.text().contains("? no trap was found, and not all was judged"),
        "{}",
        denied.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cluster_says_is_a_trap_as_well() {
    let mut flight = Plan::of("calm")
        .adapted(|objects| {
            objects.push(json!({
                "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
                "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100},
                "status": {"conditions": [{"type": "Available", "status": "False", "reason": "MissingEndpoints"}]},
            }));
            objects.push(json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "policy"},
                "webhooks": [{"name": "check.acme.io", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                              "clientConfig": {"service": {"namespace": "acme", "name": "gone"}}}],
            }));
        })
        .prepared(|sandbox| sandbox.access().deny(Denial::of("delete", "jobs")))
        .fly()
        .await;
    flight.order("tenant acme");
    flight.until_shown("data-db-0").await;
    flight.keys("t");
    flight.until_shown("3 traps").await;
    flight.fresh().await;
    both(&mut flight, "traps-of-the-cluster");
    let all = everything(&mut flight);
    for told in [
        "APIService v1beta1.metrics.k8s.io does not answer (MissingEndpoints)",
        "acme/gone, which is not there",
        "may not delete jobs.batch",
    ] {
        assert!(all.contains(told), "{told}:\n{all}");
    }
}

async fn read(flight: &mut Flight) {
    flight.until_shown("records and cluster read").await;
    flight.fresh().await;
}

/// Pictures of the screen at 120x40 and at 80x24.
fn both(flight: &mut Flight, name: &str) {
    flight.keys("g");
    picture(flight, &format!("{name}-120x40"));
    flight.take(Event::Resize { width: 80, height: 24 });
    picture(flight, &format!("{name}-80x24"));
    flight.take(Event::Resize { width: 120, height: 40 });
}

/// The whole page, trap by trap.
fn everything(flight: &mut Flight) -> String {
    flight.keys("g");
    let mut all = flight.text();
    for _ in 0..30 {
        flight.keys("j");
        all.push_str(&flight.text());
    }
    all
}
