//! `helm rollback` to a stored revision (`reference/semantics.md` §2.7; `pkg/action/rollback.go`).

use super::hands::{Hands, revisions};
use super::history::make_room;
use super::update::{Course, unserved, update, waited};
use super::{Deed, hooks};
use crate::laws::Reason;
use crate::model::Pin;
use crate::model::act::Rollback;
use crate::model::helm::{Event, Record};

pub(super) fn rollback(hands: &mut Hands<'_>, options: &Rollback) {
    let release = hands.release;
    let all: Vec<(u32, Pin)> = revisions(hands.world, release)
        .filter_map(|object| Some((object.body.release()?.revision, object.pin())))
        .collect();
    let Some((last, _)) = all.last().filter(|(_, newest)| newest.key == release.key) else {
        let error = "helm acts on the newest revision, and this is not it".to_owned();
        return hands.about_release(Deed::Refuse { error }, Reason::new("name the newest revision"));
    };
    let wanted = if options.to == 0 {
        last.saturating_sub(1)
    } else {
        options.to
    };
    let Some((_, pin)) = all.iter().find(|(revision, _)| *revision == wanted) else {
        let error = format!("release has no {wanted} version");
        return hands.about_release(Deed::Refuse { error }, Reason::new("its record is gone"));
    };
    let Some(current) = hands.record() else { return };
    let Some(target) = hands.record_of(pin) else { return };
    hands.server_side = current.apply_method == "ssa";
    hands.applies_hooks = target.apply_method == "ssa";
    hands.remember(&current);
    // its record is written before anything is looked at
    make_room(hands);
    let prefix = "unable to build kubernetes objects from current release manifest";
    if unserved(hands, &current.manifest, prefix)
        || unserved(
            hands,
            &target.manifest,
            "unable to build kubernetes objects from new release manifest",
        )
    {
        return;
    }
    let next = last.saturating_add(1);
    match carried_out(hands, options, &current, &target) {
        Ok(()) => {
            let text =
                format!("revision {next}, made of revision {wanted}, is deployed; crds/ and data stay as they are");
            supersede(hands, &all, &text);
        }
        Err(Failure { error, updating }) => {
            let (fate, text) = if updating {
                (
                    "failed",
                    format!("the rollback fails: {error}; what was changed until then stays changed"),
                )
            } else {
                (
                    "pending-rollback",
                    format!(
                        "the rollback ends in a hook: {error}; its revision stays pending, and blocks the next upgrade"
                    ),
                )
            };
            if updating {
                hands.mark(&release.key, "superseded", Reason::new(text.clone()));
            }
            let fields = vec![format!("revision {next}: {fate}").into()];
            hands.about_release(Deed::Patch { fields }, Reason::new(text));
        }
    }
}

/// Every revision that is labelled deployed is so no longer; one that was uninstalled or failed stays so.
fn supersede(hands: &mut Hands<'_>, all: &[(u32, Pin)], text: &str) {
    let newest = hands.release.key.clone();
    let mut spoken = false;
    for (_, pin) in all {
        let facts = hands.world.get(&pin.key).and_then(|object| object.body.release());
        if facts.is_some_and(|facts| facts.status == "deployed") {
            hands.mark(&pin.key, "superseded", Reason::new(text));
            spoken |= pin.key == newest;
        }
    }
    if !spoken {
        hands.about_release(Deed::Keep, Reason::new(text));
    }
}

/// Why a rollback ends early, and whether it was changing the release's objects.
struct Failure {
    error: String,
    updating: bool,
}

impl Failure {
    const fn of_hook(error: String) -> Self {
        Self { error, updating: false }
    }

    const fn of_update(error: String) -> Self {
        Self { error, updating: true }
    }
}

/// No status of the current revision stops it, and nobody asks whose the objects are.
fn carried_out(hands: &mut Hands<'_>, options: &Rollback, current: &Record, target: &Record) -> Result<(), Failure> {
    if !options.no_hooks {
        hooks::run(hands, &target.hooks, Event::PreRollback, options.executor).map_err(Failure::of_hook)?;
    }
    let course = Course {
        old: &current.manifest,
        new: &target.manifest,
        owner: target,
        server_side: options.executor.is_some_and(|executor| executor.major >= 4) && target.apply_method == "ssa",
        from_live: true,
    };
    update(hands, &course).map_err(Failure::of_update)?;
    if options.wait {
        waited(hands);
    }
    if options.no_hooks {
        return Ok(());
    }
    hooks::run(hands, &target.hooks, Event::PostRollback, options.executor).map_err(Failure::of_hook)
}
