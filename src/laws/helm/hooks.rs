//! Hooks at one event: what is deleted before, made, waited for, and deleted after (`reference/semantics.md` §2.6;
//! `pkg/action/hooks.go` `execHook`).

use super::hands::Hands;
use super::{Deed, order, version};
use crate::laws::Reason;
use crate::model::helm::{DeletePolicy, Event, Executor, Hook, Live};
use crate::model::workload::batch::JobEnd;
use crate::model::workload::{JOB_TRACKING, PodPhase};
use crate::model::{Body, Key, Object, Propagation, World};

/// Runs the hooks of an event one by one. An error is Helm's own: the first hook that fails ends the event.
pub(super) fn run(
    hands: &mut Hands<'_>,
    hooks: &[Hook],
    event: Event,
    executor: Option<Executor>,
) -> Result<(), String> {
    let sorted = order::hooks(hooks, event);
    for (at, hook) in sorted.iter().enumerate() {
        made(hands, hook, event, executor)?;
        // only a hook that was made and then failed has its policies carried out
        if let Err(error) = finish(hands, hook, event) {
            if hook.deletes(DeletePolicy::HookFailed) {
                delete(hands, hook, event, DeletePolicy::HookFailed);
            }
            for done in sorted
                .iter()
                .take(at)
                .filter(|done| done.deletes(DeletePolicy::HookSucceeded))
            {
                delete(hands, done, event, DeletePolicy::HookSucceeded);
            }
            return Err(error);
        }
    }
    for hook in sorted
        .iter()
        .rev()
        .filter(|hook| hook.deletes(DeletePolicy::HookSucceeded))
    {
        delete(hands, hook, event, DeletePolicy::HookSucceeded);
    }
    Ok(())
}

/// Deletes what is there before, if the policy says so, and makes the hook's object.
fn made(hands: &mut Hands<'_>, hook: &Hook, event: Event, executor: Option<Executor>) -> Result<(), String> {
    let document = &hook.document;
    let word = event.word();
    if hook.deletes(DeletePolicy::BeforeHookCreation) {
        before(hands, hook, event, executor)?;
    }
    let there = hands.look(&document.address);
    match (&there, executor) {
        (Live::Unserved, _) => {
            return Err(format!(
                "unable to build kubernetes object for {word} hook {}: no matches for kind",
                document.address
            ));
        }
        (Live::There(_), Some(executor)) if hands.applies_hooks && version::applies_hooks(executor) => {
            if let Some(error) = hands.frozen(document) {
                let text = "it is there, applied otherwise in a field that cannot change".to_owned();
                hands.step(document, Deed::Refuse { error: error.clone() }, seen(hands, hook, text));
                return Err(format!("Hook {word} {} failed: {error}", document.address));
            }
            let text = format!("{executor} applies the {word} hook onto what is there, whoever's it is");
            let reason = seen(hands, hook, text);
            hands.apply_hook(document, reason);
        }
        (Live::There(_), Some(executor)) => {
            let error = format!("Hook {word} {} failed: it already exists", document.address);
            let text = format!("it is there still, and {executor} creates this hook and does not apply it");
            hands.step(document, Deed::Refuse { error: error.clone() }, seen(hands, hook, text));
            return Err(error);
        }
        (Live::There(_), None) => {
            let missing = "the version of helm: 3 fails on a hook that is there already, 4 applies onto it".to_owned();
            hands.step(
                document,
                Deed::Unknown { missing },
                seen(hands, hook, "it is there already".to_owned()),
            );
            return Err("whether the hook fails is not known".to_owned());
        }
        (Live::Absent | Live::Unknown { .. }, _) => {
            let reason = seen(hands, hook, format!("it is a hook of {word}"));
            hands.create(document, None, reason)?;
        }
    }
    Ok(())
}

/// `before-hook-creation`: the live object of that name goes, whoever's it is.
fn before(hands: &mut Hands<'_>, hook: &Hook, event: Event, executor: Option<Executor>) -> Result<(), String> {
    if hands.look(&hook.document.address) == Live::Absent {
        return Ok(());
    }
    delete(hands, hook, event, DeletePolicy::BeforeHookCreation);
    if executor.is_some_and(version::waits_for_hook_deletion) {
        hands.wait();
        if matches!(hands.look(&hook.document.address), Live::There(_)) {
            return Err(format!(
                "timed out waiting for {} to be deleted before the {} hook",
                hook.document.address,
                event.word()
            ));
        }
    } else if executor.is_some() && matches!(hands.look(&hook.document.address), Live::There(_)) {
        overtaken(hands, hook, event);
    }
    Ok(())
}

/// Its deletion is under way and not waited for. Where a controller alone holds it, the controller was always first (seeds
/// 525 and 1477: a claim whose protection goes within milliseconds); what stays is there when the hook is made.
fn overtaken(hands: &mut Hands<'_>, hook: &Hook, event: Event) {
    let address = &hook.document.address;
    hands.wait();
    if hands.look(address) == Live::Absent {
        let word = event.word();
        hands.grant(format!(
            "that {address} is gone before helm makes it anew as {word} hook: helm 4 does not wait for that"
        ));
    }
}

fn delete(hands: &mut Hands<'_>, hook: &Hook, event: Event, policy: DeletePolicy) {
    let text = format!(
        "a {} hook with {} deletes what bears its name, whoever's it is",
        event.word(),
        policy.word()
    );
    let reason = seen(hands, hook, text);
    hands.delete(&hook.document, Propagation::Background, reason);
}

fn seen(hands: &Hands<'_>, hook: &Hook, text: String) -> Reason {
    let field = format!("hooks {} delete_policies", hook.document.address);
    Reason::new(text).seen(&hands.release.key, &field, hook.policy_words())
}

/// Jobs and pods are waited for to their end; everything else counts as ready at once.
fn finish(hands: &mut Hands<'_>, hook: &Hook, event: Event) -> Result<(), String> {
    let address = &hook.document.address;
    let runs = matches!(address.kind.as_str(), "Job" | "Pod");
    if !runs {
        return Ok(());
    }
    hands.wait();
    let fails = hands.conditions.helm.fails(address);
    if !fails {
        hands.grant(format!(
            "what the {} hook {address} does; it is taken to succeed",
            event.word()
        ));
    }
    if let Some(key) = address.key() {
        end(hands.world, &key, !fails);
        hands.wait();
    }
    if fails {
        return Err(format!("{} hooks failed: {address} failed", event.word()));
    }
    Ok(())
}

/// The hook's Job or pod has come to its end.
fn end(world: &mut World, key: &Key, well: bool) {
    let Some(held) = world.get(key).cloned() else { return };
    let mut object = Object::clone(&held);
    if let Body::Job(job) = &mut object.body {
        job.status.end.get_or_insert(JobEnd {
            failed: !well,
            at: None,
        });
        let pods: Vec<Object> = world
            .dependents_of(&held.meta.uid)
            .map(|pod| Object::clone(pod))
            .collect();
        for pod in pods {
            world.put(ended(pod, well));
        }
        world.put(object);
    } else {
        object = ended(object, well);
        world.put(object);
    }
}

fn ended(mut pod: Object, well: bool) -> Object {
    if let Body::Pod(facts) = &mut pod.body {
        facts.status.phase = if well { PodPhase::Succeeded } else { PodPhase::Failed };
        facts.status.conditions.ready = false;
        facts
            .status
            .conditions
            .unmet
            .retain(|condition| condition.kind != "Ready");
    }
    pod.meta.finalizers.retain(|held| held != JOB_TRACKING);
    pod
}
