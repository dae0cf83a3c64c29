//! A trial's Vaults on a class of disks that are kept, and the ways to ask Pilothouse about them.

use pilothouse::app::{Key as Press, State};
use pilothouse::model::raft::{Concern, Picture};
use serde_json::{Value, json};
use std::time::Duration;

use crate::flight::Flight;
use crate::home::{Home, printed, said};
use crate::support::persons::Person;
use crate::support::vault::{Ids, Vaults};
use crate::trial::Trial;

/// What Vault, and the cockpit after it, come to by themselves, on a machine that also builds something.
const LIMIT: Duration = Duration::from_mins(2);

/// Longer than from one tick of a flight to the next.
const TICK: Duration = Duration::from_millis(250);

pub(crate) struct Bed<'trial> {
    pub(crate) trial: &'trial Trial<'trial>,
    pub(crate) vaults: Vaults,
    pub(crate) home: Home,
}

/// What `pilothouse raft` said of the one cluster there is.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) cluster: Value,
    pub(crate) text: String,
}

impl Told {
    pub(crate) fn unknowns(&self) -> String {
        self.cluster["told"]["unknowns"].to_string()
    }

    pub(crate) fn peers(&self) -> &[Value] {
        self.cluster["told"]["peers"]
            .as_array()
            .unwrap_or_else(|| panic!("no peers: {}", self.text))
    }
}

impl<'trial> Bed<'trial> {
    pub(crate) fn new(trial: &'trial Trial<'trial>, ids: Ids) -> Self {
        let class = class(trial, "old");
        Self {
            vaults: Vaults::start(trial.plane, &trial.namespace, &class, ids),
            home: Home::new(),
            trial,
        }
    }

    /// `pilothouse raft NAMESPACE -o json` and these words, in this environment.
    pub(crate) fn told(&self, environment: &[(&str, &str)], words: &[&str]) -> Told {
        let kubeconfig = self.trial.plane.kubeconfig(Person::Anna).display().to_string();
        let fixed = ["raft", &self.trial.namespace, "-o", "json", "--kubeconfig", &kubeconfig];
        let output = self.home.run_with(environment, &[&fixed, words].concat());
        let text = printed(&output) + &said(&output);
        let report: Value = serde_json::from_str(&printed(&output)).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(report["clusters"].as_array().map(Vec::len), Some(1), "{text}");
        Told {
            code: output.status.code(),
            cluster: report["clusters"][0].clone(),
            text,
        }
    }

    /// The cockpit on the raft page of the trial's tenant, with the root token typed into it.
    pub(crate) async fn cockpit(&self) -> Flight {
        let mut flight = Flight::on_cluster(self.trial.plane.kubeconfig(Person::Anna)).await;
        flight.command(&format!("tenant {}", self.trial.namespace));
        flight.command("raft");
        flight.until_told("asked 0s ago").await;
        flight.keys("T");
        flight.keys(self.vaults.root());
        flight.key(Press::Enter);
        self.until(&mut flight, "three voters", |picture, _| {
            picture.confirmed() && picture.healthy() == 3 && picture.leader().is_some()
        })
        .await;
        assert!(!flight.text().contains("hvs."), "{}", flight.text());
        flight
    }

    /// Waits until the cockpit's picture of the peers is so, by what they were asked from now on.
    pub(crate) async fn until(&self, flight: &mut Flight, what: &str, known: impl Fn(&Picture, &[Concern]) -> bool) {
        let namespace = &self.trial.namespace;
        // a cockpit that did not live meanwhile does not know what time it is
        flight.live(TICK).await;
        let since = flight.state().now().mono;
        let came = flight
            .within(LIMIT, |state| {
                look(state, namespace)
                    .is_some_and(|(picture, concerns)| picture.at >= since && known(&picture, &concerns))
            })
            .await;
        let seen = look(flight.state(), namespace);
        assert!(
            came,
            "waited for {what}; the picture is {seen:#?}\n{}\n{}",
            flight.text(),
            self.vaults.tails()
        );
    }

    /// What the cockpit knows now.
    pub(crate) fn seen(&self, flight: &Flight) -> (Picture, Vec<Concern>) {
        look(flight.state(), &self.trial.namespace).expect("peers that were asked")
    }
}

fn look(state: &State, namespace: &str) -> Option<(Picture, Vec<Concern>)> {
    let soundings = &state.conditions().raft;
    let (roster, picture) = soundings.pictures(state.world(), namespace).into_iter().next()?;
    let picture = picture?;
    let concerns = picture.concerns(soundings.get(&roster.id)?);
    Some((picture, concerns))
}

/// A class of the driver that attaches nothing; its volumes are kept.
pub(crate) fn class(trial: &Trial<'_>, name: &str) -> String {
    let name = format!("{}-{name}", trial.namespace);
    trial.plane.create(&json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": trial.plane.csi().plain.name(), "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate",
    }));
    name
}

/// The name of a peer's pod.
pub(crate) fn pod(peer: usize) -> String {
    format!("vault-{peer}")
}
