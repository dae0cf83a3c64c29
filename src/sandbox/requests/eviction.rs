//! Eviction: a DELETE of a pod that asks the disruption budgets first (`pkg/registry/core/pod/storage/eviction.go`).

use super::deletion::options;
use crate::sandbox::fields::{at, entries, list, text};
use crate::sandbox::http::{Answer, Ask};
use crate::sandbox::resources::by_path;
use crate::sandbox::routes::Target;
use crate::sandbox::serve::Shared;
use crate::sandbox::status::StoreError;
use crate::sandbox::store::Store;
use serde_json::{Value, json};

pub(super) fn evict(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let body = ask.document()?;
    let told = at(&body, &["deleteOptions"]).cloned().unwrap_or_default();
    let mut options = options(ask, &told)?;
    options.dry |= ask.query.get("dryRun") == "All";
    shared.change(|store| {
        let pod = store.fetch(target.resource, &target.namespace, &target.name).cloned();
        let pod = pod.ok_or_else(|| StoreError::not_found(target.resource, &target.name))?;
        if !skips_budgets(&pod) {
            ask_budgets(store, target, &pod)?;
        }
        store.erase(target.resource, &target.namespace, &target.name, &options)
    })?;
    let done = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    Ok(Answer::json(201, &done))
}

fn skips_budgets(pod: &Value) -> bool {
    let phase = text(pod, &["status", "phase"]);
    let deleting = at(pod, &["metadata", "deletionTimestamp"]).is_some();
    deleting || matches!(phase, "Succeeded" | "Failed" | "Pending")
}

fn ask_budgets(store: &Store, target: &Target, pod: &Value) -> Result<(), StoreError> {
    let Some(resource) = by_path("policy", "v1", "poddisruptionbudgets") else {
        return Ok(());
    };
    let latest = store.latest();
    let here = |resource| {
        store
            .list(resource, Some(&target.namespace), latest)
            .unwrap_or_default()
    };
    let budgets = here(resource);
    let mut mine = budgets.iter().filter(|(_, budget)| selects(budget, pod));
    let Some((_, budget)) = mine.next() else { return Ok(()) };
    if mine.next().is_some() {
        let message =
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(StoreError::new(500, "", message));
    }
    let pods = here(target.resource);
    let of_budget: Vec<&Value> = pods
        .iter()
        .map(|(_, pod)| &**pod)
        .filter(|pod| selects(budget, pod))
        .collect();
    let healthy = of_budget.iter().filter(|pod| is_ready(pod)).count();
    let desired = desired(budget, of_budget.len());
    // A pod that is not ready takes nothing away from a budget that is met.
    if healthy > desired || (!is_ready(pod) && healthy >= desired && desired > 0) {
        return Ok(());
    }
    let name = text(budget, &["metadata", "name"]);
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let mut error = StoreError::new(429, "TooManyRequests", message);
    let told = format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently");
    error.details = Some(Box::new(
        json!({ "causes": [{ "reason": "DisruptionBudget", "message": told }] }),
    ));
    Err(error)
}

fn selects(budget: &Value, pod: &Value) -> bool {
    let mut wanted = entries(budget, &["spec", "selector", "matchLabels"]).peekable();
    let labels = at(pod, &["metadata", "labels"]);
    wanted.peek().is_some() && wanted.all(|(label, value)| labels.and_then(|labels| labels.get(label)) == Some(value))
}

fn is_ready(pod: &Value) -> bool {
    list(pod, &["status", "conditions"])
        .iter()
        .any(|condition| text(condition, &["type"]) == "Ready" && text(condition, &["status"]) == "True")
}

/// How many healthy pods a budget wants of so many.
fn desired(budget: &Value, pods: usize) -> usize {
    let share = |value: &Value| match value {
        Value::String(text) => {
            let percent: usize = text.trim_end_matches('%').parse().unwrap_or(0);
            (pods * percent).div_ceil(100)
        }
        value => value
            .as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(0),
    };
    match (
        at(budget, &["spec", "minAvailable"]),
        at(budget, &["spec", "maxUnavailable"]),
    ) {
        (Some(least), _) => share(least),
        (None, Some(most)) => pods.saturating_sub(share(most)),
        (None, None) => pods.saturating_sub(1),
    }
}
