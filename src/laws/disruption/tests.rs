//! What a budget counts, and what it answers to an eviction.

use super::{LAW, Verdict, verdict};
use crate::laws::Conditions;
use crate::laws::fixture::{DYING, key, owned, pod, says, workload, world};
use crate::model::{FeedId, FeedState, Kind, Observation};

const READY: &str = "Running, conditions: [{type: Ready, status: \"True\"}]";

fn budget(name: &str, spec: &str, status: &str) -> String {
    format!(
        "\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: a, generation: 1}}\nspec: {{{spec}}}\nstatus: {{observedGeneration: 1{status}}}\n"
    )
}

fn ours(spec: &str) -> String {
    budget("b", &format!("selector: {{matchLabels: {{app: w}}}}, {spec}"), "")
}

fn three(kind: &str) -> String {
    let mine = owned(kind, "su");
    pod("p", &mine, "n1", READY) + &pod("q", &mine, "n1", READY) + &pod("r", &mine, "n1", "Running")
}

#[test]
fn a_budget_counts_what_is_healthy_against_what_is_wanted() {
    let set = |replicas: u32| workload("StatefulSet", "w", ", uid: su", &format!(", replicas: {replicas}"));
    let replica_set = workload(
        "ReplicaSet",
        "w",
        &format!(", uid: su{}", owned("Deployment", "du")),
        ", replicas: 9",
    );
    let deployment = workload("Deployment", "w", ", uid: du", ", replicas: 3");
    let cases: [(&str, String, &[&str]); 15] = [
        (
            "at least one",
            ours("minAvailable: 1") + &three("StatefulSet"),
            &["CountBudget pdb/b allowed 1 healthy 2/1 of 3"],
        ),
        (
            "at least two",
            ours("minAvailable: 2") + &three("StatefulSet"),
            &["CountBudget pdb/b allowed 0 healthy 2/2 of 3"],
        ),
        (
            "more than there are",
            ours("minAvailable: 5") + &three("StatefulSet"),
            &["CountBudget pdb/b allowed 0 healthy 2/5 of 3"],
        ),
        (
            "half of what the set wants, rounded up",
            ours("minAvailable: 50%") + &three("StatefulSet") + &set(3),
            &["CountBudget pdb/b allowed 0 healthy 2/2 of 3"],
        ),
        (
            "one may be missing",
            ours("maxUnavailable: 1") + &three("StatefulSet") + &set(3),
            &["CountBudget pdb/b allowed 0 healthy 2/2 of 3"],
        ),
        (
            "two may be missing",
            ours("maxUnavailable: 2") + &three("StatefulSet") + &set(3),
            &["CountBudget pdb/b allowed 1 healthy 2/1 of 3"],
        ),
        (
            "a Deployment's scale, not its ReplicaSet's",
            ours("maxUnavailable: 2") + &three("ReplicaSet") + &replica_set + &deployment,
            &["CountBudget pdb/b allowed 1 healthy 2/1 of 3"],
        ),
        (
            "pods without a controller have no scale",
            ours("maxUnavailable: 1") + &pod("p", "", "n1", READY),
            &["CountBudget pdb/b allowed 0 healthy 1/0 of 0"],
        ),
        (
            "a DaemonSet has none either",
            budget(
                "b",
                "selector: {matchLabels: {app: w}}, maxUnavailable: 1",
                ", disruptionsAllowed: 7",
            ) + &three("DaemonSet")
                + &workload("DaemonSet", "w", ", uid: su", ""),
            &["CountBudget pdb/b allowed 0 healthy 0/0 of 0"],
        ),
        (
            "an owner of another kind may have one",
            ours("maxUnavailable: 1") + &three("MySQLCluster"),
            &[],
        ),
        (
            "a going pod is not healthy",
            ours("minAvailable: 1") + &pod("p", DYING, "n1", READY),
            &["CountBudget pdb/b allowed 0 healthy 0/1 of 1"],
        ),
        (
            "nor one that was just evicted",
            ours("minAvailable: 1").replace(
                "observedGeneration: 1",
                "observedGeneration: 1, disruptedPods: {p: 2026-04-25T10:00:00Z}",
            ) + &pod("p", "", "n1", READY),
            &["CountBudget pdb/b allowed 0 healthy 0/1 of 1"],
        ),
        (
            "an empty selector takes every pod",
            budget("b", "selector: {}, minAvailable: 0", "") + &pod("p", "", "n1", READY),
            &["CountBudget pdb/b allowed 1 healthy 1/0 of 1"],
        ),
        (
            "none takes no pod",
            budget("b", "minAvailable: 0", "") + &pod("p", "", "n1", READY),
            &[],
        ),
        (
            "counted already",
            budget(
                "b",
                "selector: {}, minAvailable: 1",
                ", disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1",
            ) + &pod("p", "", "n1", READY),
            &[],
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(&yaml), &Conditions::default()), expected, "{name}");
    }
}

/// `passes`, `refused`, `ambiguous` or `unknown`, and why.
fn answer(yaml: &str) -> (&'static str, String) {
    let world = world(yaml);
    let pod = world.get(&key("pod a/p")).unwrap();
    match verdict(&world, pod) {
        Verdict::Passes(reason) => ("passes", reason.text),
        Verdict::Refused { reason, .. } => ("refused", reason.text),
        Verdict::Ambiguous { reason, .. } => ("ambiguous", reason.text),
        Verdict::Unknown { missing } => ("unknown", missing),
    }
}

#[test]
fn an_eviction_is_answered_by_the_status_as_it_stands() {
    let selected = "selector: {matchLabels: {app: w}}, minAvailable: 1";
    let met = ", currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0";
    let spare = ", currentHealthy: 2, desiredHealthy: 1, disruptionsAllowed: 1";
    let short = ", currentHealthy: 0, desiredHealthy: 1, disruptionsAllowed: 0";
    let nothing = ", currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0";
    let always = format!("{selected}, unhealthyPodEvictionPolicy: AlwaysAllow");
    let ready = pod("p", "", "n1", READY);
    let unready = pod("p", "", "n1", "Running");
    let cases: [(&str, String, &str); 16] = [
        ("no budget", ready.clone(), "passes"),
        (
            "one of another selector",
            budget("b", "selector: {matchLabels: {app: x}}", met) + &ready,
            "passes",
        ),
        ("disruptions left", budget("b", selected, spare) + &ready, "passes"),
        ("none left", budget("b", selected, met) + &ready, "refused"),
        (
            "the controller is behind",
            budget("b", selected, spare)
                .replace("generation: 1,", "generation: 2,")
                .replace("generation: 1}", "generation: 2}")
                + &ready,
            "refused",
        ),
        (
            "two budgets",
            budget("b", selected, spare) + &budget("c", selected, spare) + &ready,
            "ambiguous",
        ),
        (
            "pending",
            budget("b", selected, met) + &pod("p", "", "\"\"", "Pending"),
            "passes",
        ),
        (
            "succeeded",
            budget("b", selected, met) + &pod("p", "", "n1", "Succeeded"),
            "passes",
        ),
        (
            "failed",
            budget("b", selected, met) + &pod("p", "", "n1", "Failed"),
            "passes",
        ),
        (
            "failed, with two budgets",
            budget("b", selected, met) + &budget("c", selected, met) + &pod("p", "", "n1", "Failed"),
            "passes",
        ),
        (
            "going",
            budget("b", selected, met) + &pod("p", DYING, "n1", READY),
            "passes",
        ),
        (
            "not ready, the budget is met",
            budget("b", selected, met) + &unready,
            "passes",
        ),
        (
            "not ready, the budget is not met",
            budget("b", selected, short) + &unready,
            "refused",
        ),
        (
            "not ready, the budget wants nothing",
            budget("b", selected, nothing) + &unready,
            "refused",
        ),
        (
            "not ready, and always let go",
            budget("b", &always, short) + &unready,
            "passes",
        ),
        (
            "ready, under the same policy",
            budget("b", &always, met) + &ready,
            "refused",
        ),
    ];
    for (name, yaml, expected) in cases {
        let (said, why) = answer(&yaml);
        assert_eq!(said, expected, "{name}: {why}");
    }
}

#[test]
fn budgets_nobody_listed_leave_the_answer_open() {
    let mut blind = world(&pod("p", "", "n1", READY));
    blind.apply(Observation::Lost {
        feed: FeedId::cluster(Kind::PodDisruptionBudget),
        state: FeedState::Denied {
            since: crate::model::Moment::default(),
            why: "no".into(),
        },
    });
    let pod = blind.get(&key("pod a/p")).unwrap();
    let missing = "the PodDisruptionBudgets in a".to_owned();
    assert_eq!(verdict(&blind, pod), Verdict::Unknown { missing });
}

#[test]
fn a_refusal_says_what_the_server_says() {
    let met = ", currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0";
    let (_, why) = answer(&(budget("b", "selector: {}", met) + &pod("p", "", "n1", READY)));
    assert_eq!(why, "pdb/b needs 1 healthy pods and has 1 currently");
}
