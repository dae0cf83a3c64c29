//! Changes that no act makes, and evictions: done by kubectl on both sides of the stage, and compared with what the laws say.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pilothouse::laws::disruption::{Verdict, verdict};
use pilothouse::model::{Key, Kind, World};
use serde_json::json;

use super::{CHANGED, PATIENCE, Side, Stage, assert_same, rest_within};
use crate::picture::{self, Picture};
use crate::trial::Trial;

/// A change that no act makes.
pub(crate) struct Change<'a> {
    pub(crate) what: &'static str,
    /// The change by kubectl; empty where time alone makes it.
    pub(crate) kubectl: &'a [&'a str],
    pub(crate) input: String,
    /// The same change on facts.
    pub(crate) alter: &'a dyn Fn(&mut World),
    /// How much later it is when everything has come to rest.
    pub(crate) later: Duration,
}

impl<'a> Change<'a> {
    pub(crate) fn new(what: &'static str, kubectl: &'a [&'a str], alter: &'a dyn Fn(&mut World)) -> Self {
        Self {
            what,
            kubectl,
            input: String::new(),
            alter,
            later: Duration::ZERO,
        }
    }
}

/// What the laws come to from a change on one side, and what comes there.
async fn changed(side: &mut Side, trial: &Trial<'_>, change: &Change<'_>) -> (Picture, Picture) {
    let namespace = &trial.namespace;
    let state = side.flight.state();
    let before = state.world().clone();
    let mut conditions = state.conditions().clone();
    conditions.now = state.now().wall.checked_add(change.later).ok();
    let left = picture::left(&before, change.alter, &conditions);
    let foretold = picture::picture(&left, &before, namespace);
    if !change.kubectl.is_empty() {
        side.kubectl(trial, change.kubectl, &change.input).ok();
    }
    let came = rest_within(
        &mut side.flight,
        &before,
        namespace,
        Some(&foretold),
        PATIENCE + change.later,
    )
    .await;
    (foretold, came)
}

impl Stage<'_> {
    /// Makes a change that no act makes, by kubectl on both sides, and compares: what the laws come to from it on the real
    /// side, what came there, what came on the sandbox.
    pub(crate) fn change(&mut self, change: &Change<'_>) {
        self.compare_now();
        let (real, twin) = (&mut self.real, &mut self.twin);
        let (real, twin) = self
            .runtime
            .block_on(async { tokio::join!(changed(real, self.trial, change), changed(twin, self.trial, change)) });
        assert_same("the laws", &real.0, "the real control plane", &real.1, &change.what);
        assert_same("the sandbox", &twin.1, "the real control plane", &real.1, &change.what);
        assert_same("the laws on the sandbox", &twin.0, "the sandbox", &twin.1, &change.what);
        CHANGED.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks both sides for the eviction of a pod, and compares the answers with what the law says.
    pub(crate) fn evict(&mut self, pod: &str) -> bool {
        self.compare_now();
        let key = Key::new(Kind::Pod, &self.trial.namespace, pod);
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/eviction", self.trial.namespace);
        let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}});
        let mut answers = Vec::new();
        for side in [&self.real, &self.twin] {
            let world = side.flight.state().world();
            let verdict = verdict(world, world.get(&key).unwrap_or_else(|| panic!("no {key}")));
            let ran = side.kubectl(
                self.trial,
                &["create", "--raw", &path, "-f", "-"],
                &eviction.to_string(),
            );
            let came = match () {
                () if ran.success => "passes",
                () if ran.stderr.contains("would violate the pod's disruption budget") => "refused",
                () if ran.stderr.contains("more than one PodDisruptionBudget") => "ambiguous",
                () => panic!("{ran}"),
            };
            let told = match &verdict {
                Verdict::Passes(_) => "passes",
                Verdict::Refused { .. } => "refused",
                Verdict::Ambiguous { .. } => "ambiguous",
                Verdict::Unknown { .. } => "unknown",
            };
            assert_eq!(
                told, came,
                "eviction of {pod} on the {} side: {verdict:?}, {ran}",
                side.name
            );
            answers.push(came);
        }
        assert_eq!(answers[0], answers[1]);
        CHANGED.fetch_add(1, Ordering::Relaxed);
        answers[0] == "passes"
    }
}
