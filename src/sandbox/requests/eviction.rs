//! Eviction: a DELETE of a pod that asks the disruption budgets first (`pkg/registry/core/pod/storage/eviction.go`). What
//! they answer is a law; here it is put into HTTP, and the budget pays for what passed.

use super::deletion::options;
use crate::laws::disruption::{Verdict, verdict};
use crate::model::{Key, Kind, Object, World};
use crate::sandbox::controllers::document as doc;
use crate::sandbox::fields::at;
use crate::sandbox::http::{Answer, Ask};
use crate::sandbox::resources::of_kind;
use crate::sandbox::routes::Target;
use crate::sandbox::serve::Shared;
use crate::sandbox::status::StoreError;
use crate::sandbox::store::{Objects as _, Store};
use serde_json::{Value, json};

pub(super) fn evict(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let body = ask.document()?;
    let told = at(&body, &["deleteOptions"]).cloned().unwrap_or_default();
    let mut options = options(ask, &told)?;
    options.dry |= ask.query.get("dryRun") == "All";
    shared.change(|store| {
        let pod = store.fetch(target.resource, &target.namespace, &target.name).cloned();
        let pod = pod.ok_or_else(|| StoreError::not_found(target.resource, &target.name))?;
        store.takes_creates(target.resource, &target.namespace, &target.name)?;
        ask_budgets(store, target, &pod)?;
        if !options.dry {
            pay(store, target);
        }
        store.erase(target.resource, &target.namespace, &target.name, &options)
    })?;
    let done = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    Ok(Answer::json(201, &done))
}

/// The budgets of the namespace, as they stand.
fn budgets(store: &Store, target: &Target) -> Vec<Value> {
    let listed = of_kind(Kind::PodDisruptionBudget).map(|resource| {
        store
            .list(resource, Some(&target.namespace), store.latest())
            .unwrap_or_default()
    });
    let listed = listed.unwrap_or_default();
    listed.iter().map(|(_, budget)| Value::clone(budget)).collect()
}

fn ask_budgets(store: &Store, target: &Target, pod: &Value) -> Result<(), StoreError> {
    let Ok(pod) = Object::from_value(Kind::Pod, pod) else {
        return Ok(());
    };
    let facts = budgets(store, target)
        .iter()
        .filter_map(|budget| Object::from_value(Kind::PodDisruptionBudget, budget).ok())
        .collect::<Vec<_>>();
    match verdict(&World::of(facts), &pod) {
        Verdict::Passes(_) | Verdict::Unknown { .. } => Ok(()),
        Verdict::Ambiguous { .. } => {
            let message =
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            Err(StoreError::new(500, "", message))
        }
        Verdict::Refused { budget, reason } => {
            let message = "Cannot evict pod as it would violate the pod's disruption budget.";
            let mut error = StoreError::new(429, "TooManyRequests", message);
            let told = reason.text.replacen(
                &budget.to_string(),
                &format!("The disruption budget {}", budget.name),
                1,
            );
            error.details = Some(Box::new(
                json!({ "causes": [{ "reason": "DisruptionBudget", "message": told }] }),
            ));
            Err(error)
        }
    }
}

/// A running pod's budget allows one disruption less until the controller has counted anew.
fn pay(store: &mut Store, target: &Target) {
    let Some(pod) = store.get(&Key::new(Kind::Pod, &target.namespace, &target.name)) else {
        return;
    };
    let Ok(pod) = Object::from_value(Kind::Pod, &pod) else {
        return;
    };
    let now = doc::stamp(store.now());
    for mut budget in budgets(store, target) {
        let Ok(facts) = Object::from_value(Kind::PodDisruptionBudget, &budget) else {
            continue;
        };
        let guards = facts.body.budget().is_some_and(|budget| {
            let selector = budget.spec.selector.as_ref();
            selector.is_some_and(|selector| selector.matches(&pod.meta.labels)) && budget.status.disruptions_allowed > 0
        });
        if guards && pod.body.pod().is_some_and(crate::model::workload::Pod::ready) && !pod.meta.deleting() {
            let allowed = doc::number(&budget, "/status/disruptionsAllowed")
                .unwrap_or(1)
                .saturating_sub(1);
            doc::put(&mut budget, &["status", "disruptionsAllowed"], allowed);
            doc::put(&mut budget, &["status", "disruptedPods", &target.name], now.as_str());
            if let Err(error) = store.replace(budget) {
                tracing::debug!(%error, "a budget that could not pay");
            }
        }
    }
}
