//! Acts on a raft cluster through their panels, and the shipped `raft-roll` when something is wrong: the run stops with the
//! sentence that says what.

use super::flight::Flight;
use super::runs::timeless;
use pilothouse::app::run::{Order, Wanted};
use pilothouse::app::{Event, Key};
use pilothouse::forecast::Tier;
use pilothouse::model::helm::Ledger;
use pilothouse::runbook::parameter::Origin;
use pilothouse::runbook::{Given, parse, resolve, shipped};
use pilothouse::sandbox::raft::Illness;
use std::collections::BTreeMap;
use std::time::Duration;

impl Flight {
    /// Lets the peers be asked twice more.
    async fn sound(&mut self) {
        for _ in 0..2 {
            let before = self.sounded();
            self.pass(Duration::from_secs(6));
            self.until("the peers to be asked again", move |state| latest(state) > before)
                .await;
        }
    }

    fn sounded(&self) -> usize {
        latest(self.state())
    }

    /// The raft panel of the tenant, with a token and two sweeps behind it.
    async fn at_raft(&mut self) {
        self.go_to_raft().await;
        self.give_token().await;
        self.sound().await;
    }

    /// Answers the panel that is open, whatever its tier, and waits for the end of its step.
    async fn agree(&mut self, typed: Option<&str>) {
        let tier = self.state().panel().unwrap().tier();
        self.attest_all();
        if let Some(text) = typed {
            self.type_in(text);
        }
        if tier == Tier::T1 {
            let before = self.state().steps().count();
            for _ in 0..20 {
                self.key(Key::Up);
            }
            // the first of them may still sign
            for _ in 0..3 {
                if self.state().steps().count() == before {
                    self.hold();
                }
            }
            assert_eq!(
                self.state().steps().count(),
                before + 1,
                "no step began:\n{}",
                self.text()
            );
        } else {
            let fact = self.fact();
            self.type_in(&fact);
            self.fresh().await;
            self.yes();
        }
        self.until_over().await;
    }

    fn ending(&self) -> String {
        format!("{:?}", self.step().phase)
    }
}

/// How many sweeps have come, as far as they tell: their newest moment.
fn latest(state: &pilothouse::app::State) -> usize {
    let rosters = state.conditions().raft.rosters(state.world(), "vault");
    let sounding = rosters
        .first()
        .and_then(|roster| state.conditions().raft.get(&roster.id));
    let at = sounding
        .and_then(|sounding| sounding.latest())
        .map(|sweep| sweep.at.0.as_millis());
    usize::try_from(at.unwrap_or_default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_steps_down_and_another_one_is_seen_to_lead() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.at_raft().await;
    flight.open_panel(Key::Char('S')).await;
    flight.sound().await;
    flight.fresh().await;
    let shown = timeless(&flight.picture());
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("raft-step-down", shown);
    });
    assert!(flight.text().contains("PUT /v1/sys/step-down"), "{}", flight.text());
    flight.agree(None).await;
    assert!(
        flight.ending().contains("vault-0 leads now, and vault-2 follows"),
        "{}",
        flight.ending()
    );
    let written = std::fs::read_to_string(flight.journal()).unwrap();
    assert!(written.contains("vault-0 leads now") && !written.contains("hvs."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_cut_off_is_not_kept_and_a_whole_one_is_never_written_over() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.at_raft().await;
    let file = flight.home().join("v.snap").display().to_string();
    let take = format!("raft-snapshot {file}");
    flight.befall("vault-2", Some(Illness::CutSnapshot));
    flight.order(&take);
    flight.reach_panel().await;
    flight.agree(None).await;
    assert!(
        flight.ending().contains("no snapshot was kept: it is no whole archive"),
        "{}",
        flight.ending()
    );
    assert!(!std::path::Path::new(&file).exists());

    flight.befall("vault-2", None);
    flight.key(Key::Esc);
    flight.order(&take);
    flight.reach_panel().await;
    flight.agree(None).await;
    assert!(flight.ending().contains("its checksums match"), "{}", flight.ending());
    let first = std::fs::read(&file).unwrap();
    flight.key(Key::Esc);
    flight.order(&take);
    flight.reach_panel().await;
    flight.agree(None).await;
    assert!(flight.ending().contains("is there already"), "{}", flight.ending());
    assert_eq!(std::fs::read(&file).unwrap(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_peer_without_a_pod_is_removed() {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.at_raft().await;
    flight.order("remove-peer vault-1");
    flight.reach_panel().await;
    assert!(flight.text().contains("vault-1 is alive"), "{}", flight.text());
    assert!(!flight.is_open());
    flight.key(Key::Esc);
    flight.sandbox.as_ref().unwrap().raft().orphan("vault", "vault-9");
    flight.sound().await;
    flight.order("remove-peer vault-9");
    flight.reach_panel().await;
    flight.agree(None).await;
    assert!(
        flight.ending().contains("peer vault-9 is in no configuration any more"),
        "{}",
        flight.ending()
    );
}

/// A run of the shipped runbook, at its first step that asks a person.
async fn rolling() -> Flight {
    let mut flight = Flight::on_sandbox("vault-raft").await;
    flight.at_raft().await;
    let backups = flight.home().display().to_string();
    let given = [
        ("namespace", "vault"),
        ("class", "proxmox-lvm-encrypted"),
        ("backups", backups.as_str()),
        ("steady", "2s"),
        ("settle", "5s"),
        ("rejoin", "2m"),
    ];
    let given = given.map(|(name, text)| Given {
        name: name.to_owned(),
        text: text.to_owned(),
        origin: Origin::Flag,
    });
    let runbook = parse(&shipped("raft-roll").unwrap()).unwrap();
    flight.take(Event::RunAsked(Box::new(Order {
        wanted: Wanted::New(Box::new(resolve(&runbook, &given).unwrap())),
        executor: None,
        rendered: BTreeMap::new(),
        ledger: Ledger::default(),
        unattended: false,
        with_token: false,
        approver: None,
    })));
    flight
        .until("a run to be on", |state| state.runs().on().is_some())
        .await;
    flight.reach("people").await;
    flight.keys("t");
    flight.keys("vault");
    flight.key(Key::Enter);
    super::handover::sign(&mut flight);
    flight
}

impl Flight {
    fn at_step(&self) -> String {
        let on = self.state().runs().on().expect("a run is on");
        on.run
            .progress
            .current()
            .map(|course| course.id.clone())
            .unwrap_or_default()
    }

    /// Lets time pass until this step is on, and approves what comes before it.
    async fn reach(&mut self, step: &str) {
        for _ in 0..200 {
            if self.at_step() == step {
                return;
            }
            self.pass(Duration::from_secs(1));
            self.heard().await;
            self.live(Duration::from_millis(150)).await;
            if self.at_step() == step {
                return;
            }
            let on = self.state().runs().on().unwrap();
            if let pilothouse::runbook::run::Due::Begin(_) | pilothouse::runbook::run::Due::Act(_) = on.standing.due {
                let typed = if self.at_step() == "set-leaves" {
                    Some("vault")
                } else {
                    None
                };
                self.open_panel(Key::Char('a')).await;
                self.settled().await;
                self.agree(typed).await;
                self.key(Key::Esc);
                self.keys("R");
            }
        }
        panic!("{step} is not reached:\n{}", self.text());
    }

    /// Lets the peers be asked until the panel that is open shuts nothing for want of facts.
    async fn reach_panel(&mut self) {
        assert!(self.state().at_gate(), "no panel opened:\n{}", self.text());
        self.fresh().await;
        self.settled().await;
    }

    async fn settled(&mut self) {
        self.sound().await;
        // and the file of the snapshot that the run goes by is looked at
        self.live(Duration::from_millis(150)).await;
        self.fresh().await;
        self.pass(Duration::from_millis(800));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_leader_that_answers_tcp_shuts_the_gate_in_front_of_the_first_claim() {
    let mut flight = Box::pin(rolling()).await;
    flight.reach("claims-1").await;
    flight.befall("vault-2", Some(Illness::Stuck));
    flight.open_panel(Key::Char('a')).await;
    // the peers are asked again
    flight.pass(Duration::from_secs(2));
    flight
        .until_told("the leader vault-2 takes the connection and says nothing for 3s: it may be stuck")
        .await;
    assert!(!flight.is_open());
    let claim = pilothouse::model::Key::new(pilothouse::model::Kind::PersistentVolumeClaim, "vault", "data-vault-1");
    assert!(flight.server_has(&claim).unwrap()["metadata"]["deletionTimestamp"].is_null());
}

impl Flight {
    /// Lets time pass until the run has come, or gone back, to this step by itself.
    async fn until_at(&mut self, step: &str) {
        for _ in 0..60 {
            if self.at_step() == step {
                return;
            }
            self.pass(Duration::from_secs(1));
            self.heard().await;
            self.live(Duration::from_millis(150)).await;
        }
        panic!("the run is at {}, not at {step}:\n{}", self.at_step(), self.text());
    }

    fn snapshots(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.home()).unwrap();
        let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| !name.contains(".json") && name.contains(".snap"))
            .collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_has_worn_off_in_front_of_the_first_claim_is_taken_anew() {
    let mut flight = Box::pin(rolling()).await;
    flight.reach("claims-1").await;
    assert_eq!(flight.snapshots(), ["vault-before.snap"]);

    // its file is cut short while the panel stands there
    flight.open_panel(Key::Char('a')).await;
    flight.settled().await;
    let first = flight.home().join("vault-before.snap");
    let whole = std::fs::read(&first).unwrap();
    std::fs::write(&first, &whole[..whole.len() / 2]).unwrap();
    flight.until_at("snapshot-1").await;
    assert!(!flight.state().at_gate(), "{}", flight.text());
    let written = std::fs::read_to_string(flight.journal()).unwrap();
    assert!(written.contains("bytes, and had"), "{written}");
    flight.reach("claims-1").await;
    assert_eq!(flight.snapshots(), ["vault-1.snap", "vault-before.snap"]);

    // another peer leads
    flight.order("tenant vault");
    flight.order("raft");
    flight.order("step-down");
    flight.reach_panel().await;
    flight.agree(None).await;
    flight.key(Key::Esc);
    flight.until_at("snapshot-1").await;
    flight.keys("R");
    flight.reach("claims-1").await;
    assert_eq!(flight.snapshots().len(), 3, "{:?}", flight.snapshots());
    assert!(flight.home().join("vault-1-2.snap").exists());

    // nobody comes for a quarter of an hour
    flight.pass_by(Duration::from_mins(16), Duration::from_secs(30));
    flight.heard().await;
    flight.until_at("snapshot-1").await;
    flight.reach("claims-1").await;
    assert!(
        flight.home().join("vault-1-3.snap").exists(),
        "{:?}",
        flight.snapshots()
    );
    let claim = pilothouse::model::Key::new(pilothouse::model::Kind::PersistentVolumeClaim, "vault", "data-vault-1");
    assert!(flight.server_has(&claim).unwrap()["metadata"]["deletionTimestamp"].is_null());
}
