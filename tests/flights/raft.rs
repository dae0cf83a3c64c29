//! The raft panel of a tenant, tokens that nobody sees, and what a gate says of a quorum.

use super::flight::Flight;
use super::picture;
use pilothouse::app::{Event, Key};
use pilothouse::sandbox::raft::{Illness, TOKEN};
use std::sync::Arc;
use std::time::Duration;

impl Flight {
    pub(super) async fn go_to_raft(&mut self) {
        self.until_shown("vault").await;
        self.order("tenant vault");
        self.order("raft");
        self.until_told("asked 0s ago").await;
    }

    pub(super) async fn give_token(&mut self) {
        self.keys("T");
        self.keys(TOKEN);
        self.key(Key::Enter);
        self.until("the peers to be asked with it", |state| {
            state
                .conditions()
                .raft
                .pictures(state.world(), "vault")
                .iter()
                .any(|(_, picture)| {
                    picture
                        .as_ref()
                        .is_some_and(pilothouse::model::raft::Picture::confirmed)
                })
        })
        .await;
    }

    pub(super) fn befall(&self, pod: &str, illness: Option<Illness>) {
        let sandbox = Arc::clone(self.sandbox.as_ref().unwrap());
        sandbox.raft().befall("vault", pod, illness);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_panel_says_what_anybody_may_know() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.go_to_raft().await;
    picture(&flight, "raft-open");
    assert!(
        flight.text().contains("3/3?"),
        "assumed, and said so:\n{}",
        flight.text()
    );
    flight.key(Key::Enter);
    flight.until_told("no token was given for it").await;
    picture(&flight, "raft-open-page");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_typed_without_echo_and_stands_nowhere() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.go_to_raft().await;
    flight.film = Some(Vec::new());
    flight.give_token().await;
    let film = flight.film.take().unwrap();
    assert!(film.len() > TOKEN.len());
    for screen in &film {
        assert!(!screen.contains("hvs."), "{screen}");
    }
    assert!(!format!("{:?}", flight.state()).contains(TOKEN));
    let written = std::fs::read_to_string(flight.journal()).unwrap();
    assert!(!written.contains("hvs."));
    assert!(
        flight.wire.asked(TOKEN).is_empty(),
        "no request to the API server carries it"
    );

    flight.pass(Duration::from_secs(45));
    flight.fresh().await;
    flight.until_told("asked 0s ago").await;
    picture(&flight, "raft-120x40");
    flight.take(Event::Resize { width: 80, height: 24 });
    picture(&flight, "raft-80x24");
    flight.keys("G");
    flight.key(Key::Enter);
    flight.take(Event::Resize { width: 120, height: 40 });
    flight.until_told("losing it leaves 0 to spare").await;
    assert!(flight.line().contains("moved +1/"), "{}", flight.text());
    picture(&flight, "raft-page");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_lapses_is_asked_for_again() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.go_to_raft().await;
    flight.give_token().await;
    flight.sandbox.as_ref().unwrap().raft().revoke(true);
    flight.pass(Duration::from_secs(6));
    flight
        .until_told("the token for vault/vault is not valid, or no longer")
        .await;
    flight.sandbox.as_ref().unwrap().raft().revoke(false);
    flight.give_token().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_takes_connections_and_is_dead_is_told_and_delays_no_key() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.go_to_raft().await;
    flight.give_token().await;
    flight.befall("vault-2", Some(Illness::Stuck));
    flight.pass(Duration::from_secs(6));
    flight.keys("k");
    flight.until_shown("STUCK").await;
    flight.until_told("the leader vault-2 takes the").await;
    flight.key(Key::Enter);
    flight
        .until_told(
            "the leader vault-2 takes the connection and says nothing for 3s: it may be stuck, and nobody else leads",
        )
        .await;
    flight.key(Key::Esc);
    flight.befall("vault-2", None);
    flight.pass(Duration::from_secs(6));
    flight
        .until("the leader to be back", |state| {
            !super::flight::screen(state).contains("STUCK")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_whose_loss_breaks_the_quorum_is_t3_in_the_first_line() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.go_to_raft().await;
    flight.give_token().await;
    flight.befall("vault-1", Some(Illness::Sealed));
    flight.pass(Duration::from_secs(6));
    flight.until_told("peer vault-1 is sealed").await;
    flight.choose("vault", "pods", "vault-0").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.until_told("BROKEN").await;
    let text = flight.text();
    assert!(text.contains("T3 irreversible"), "{text}");
    assert!(flight.line().contains("breaks the quorum of vault/vault"), "{text}");
    assert!(!flight.is_open());
    flight.key(Key::Esc);
    flight.befall("vault-1", None);
    flight.pass(Duration::from_secs(6));
    flight.order("tenant vault");
    flight.order("raft");
    flight
        .until("vault-1 to be well", |state| {
            !super::flight::screen(state).contains("sealed")
        })
        .await;
    flight.choose("vault", "pods", "vault-0").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.until_told("kept, 0 more may fail").await;
    assert!(flight.text().contains("T1 disruptive"), "{}", flight.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_raft_state_shuts_the_gate() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    for pod in ["vault-0", "vault-1", "vault-2"] {
        flight.befall(pod, Some(Illness::Stuck));
    }
    flight.choose("vault", "pods", "vault-0").await;
    flight.key(Key::Ctrl('d'));
    assert!(flight.state().at_gate(), "{}", flight.text());
    assert!(
        flight.line().contains("the peers of vault/vault have not been asked"),
        "{}",
        flight.text()
    );
    assert!(!flight.is_open());
}
