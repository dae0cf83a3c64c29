//! `helm upgrade` to a rendered manifest (`reference/semantics.md` §2.4, §2.5, §2.6; `pkg/action/upgrade.go`).

use super::adoption::conflict;
use super::hands::{Hands, revisions};
use super::history::make_room;
use super::update::{Course, unserved, update, waited};
use super::{Deed, hooks};
use crate::laws::Reason;
use crate::model::act::Upgrade;
use crate::model::helm::{Event, Manifest, Record};
use crate::model::{Key, Pin};

pub(super) fn upgrade(hands: &mut Hands<'_>, options: &Upgrade) {
    let release = hands.release;
    let all: Vec<(Pin, bool)> = revisions(hands.world, release)
        .map(|object| {
            let deployed = object.body.release().is_some_and(|facts| facts.status == "deployed");
            (object.pin(), deployed)
        })
        .collect();
    if all.last().is_some_and(|(newest, _)| newest.key != release.key) {
        let error = "helm acts on the newest revision, and this is not it".to_owned();
        return hands.about_release(Deed::Refuse { error }, Reason::new("name the newest revision"));
    }
    let Some(last) = hands.record() else { return };
    hands.server_side = last.apply_method == "ssa";
    hands.applies_hooks = hands.server_side;
    let Some((base_key, base)) = base(hands, &last, &all) else {
        return;
    };
    hands.remember(&base);
    let Some(rendered) = hands.conditions.helm.rendered(&options.rendered).cloned() else {
        let missing = "the rendered manifest of the new revision".to_owned();
        return hands.about_release(
            Deed::Unknown { missing },
            Reason::new("what the upgrade applies was not read"),
        );
    };
    if let Some(broken) = rendered.broken.first() {
        let error = format!("YAML parse error: {broken}");
        return hands.about_release(
            Deed::Refuse { error },
            Reason::new("the rendered manifest cannot be read"),
        );
    }
    let removed = "unable to build kubernetes objects from current release manifest";
    if unserved(hands, &base.manifest, removed)
        || unserved(
            hands,
            &rendered,
            "unable to build kubernetes objects from new release manifest",
        )
        || (!options.take_ownership && conflict(hands, "update", &base, &rendered))
    {
        return;
    }
    for address in &rendered.dropped {
        hands.grant(format!(
            "{address} has a hook event helm does not know: it is not applied at all"
        ));
    }
    make_room(hands);
    let next = last.revision.saturating_add(1);
    match carried_out(hands, options, &base, &last, &rendered) {
        Ok(()) => {
            let text = format!("revision {next} is deployed");
            hands.mark(&base_key, "superseded", Reason::new(text));
        }
        Err(error) => {
            let fields = vec![format!("revision {next}: failed").into()];
            let text = format!("the upgrade fails: {error}; what was changed until then stays changed");
            hands.about_release(Deed::Patch { fields }, Reason::new(text));
        }
    }
}

fn carried_out(
    hands: &mut Hands<'_>,
    options: &Upgrade,
    base: &Record,
    last: &Record,
    rendered: &Manifest,
) -> Result<(), String> {
    if !options.no_hooks {
        hooks::run(hands, &rendered.hooks, Event::PreUpgrade, options.executor)?;
    }
    let course = Course {
        old: &base.manifest,
        new: rendered,
        owner: base,
        server_side: options.executor.is_some_and(|executor| executor.major >= 4) && last.apply_method == "ssa",
        from_live: false,
    };
    update(hands, &course)?;
    if options.wait {
        waited(hands);
    }
    if options.no_hooks {
        return Ok(());
    }
    hooks::run(hands, &rendered.hooks, Event::PostUpgrade, options.executor)
}

/// What the new manifest is compared with: the last revision if it is deployed, else the newest that is *labelled*
/// deployed, else the last if it failed.
fn base(hands: &mut Hands<'_>, last: &Record, all: &[(Pin, bool)]) -> Option<(Key, Record)> {
    let release = hands.release;
    let refused = |hands: &mut Hands<'_>, error: String, text: &str| {
        let reason = Reason::new(text).seen(&release.key, "info.status", last.status.as_str());
        hands.about_release(Deed::Refuse { error }, reason);
    };
    if last.pending() {
        let error = "another operation (install/upgrade/rollback) is in progress".to_owned();
        refused(hands, error, "the payload's status decides, whatever the label says");
        return None;
    }
    if last.status == "deployed" {
        return Some((release.key.clone(), last.clone()));
    }
    if let Some((pin, _)) = all.iter().rev().find(|(_, deployed)| *deployed) {
        return Some((pin.key.clone(), hands.record_of(pin)?));
    }
    if matches!(last.status.as_str(), "failed" | "superseded") {
        return Some((release.key.clone(), last.clone()));
    }
    let error = format!("{:?} has no deployed releases", last.name);
    refused(
        hands,
        error,
        "no revision is deployed, and the last one neither failed nor was superseded",
    );
    None
}
