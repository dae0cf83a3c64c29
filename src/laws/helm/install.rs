//! `helm install` of a rendered manifest (`reference/semantics.md` §2.5, §2.6; `pkg/action/install.go`).
//!
//! In helm's order: the name is free, `crds/` are made, nothing of another's is in the way, the record is made, hooks run,
//! objects are made, hooks run. The namespace is there before: `--create-namespace` is not used.

use super::adoption::conflict;
use super::hands::Hands;
use super::update::{Course, unserved, update, waited};
use super::{Deed, hooks};
use crate::laws::Reason;
use crate::laws::absence::lists;
use crate::model::act::Install;
use crate::model::helm::{Driver, Event, Executor, Home, Live, Manifest, Record, record_parts};
use crate::model::{Key, Kind};

pub(super) fn install(hands: &mut Hands<'_>, options: &Install) {
    let key = &hands.release.key;
    let Some((release, _)) = record_parts(&key.name) else {
        let error = format!("{} is no name of a record", key.name);
        return hands.about_release(Deed::Refuse { error }, Reason::new("helm names its records itself"));
    };
    if !free(hands, release) || !placed(hands) {
        return;
    }
    let Some(rendered) = hands.conditions.helm.rendered(&options.rendered).cloned() else {
        let missing = "the rendered manifest of the release".to_owned();
        let reason = Reason::new("what the install applies was not read");
        return hands.about_release(Deed::Unknown { missing }, reason);
    };
    if let Some(broken) = rendered.broken.first() {
        let error = format!("YAML parse error: {broken}");
        let reason = Reason::new("the rendered manifest cannot be read");
        return hands.about_release(Deed::Refuse { error }, reason);
    }
    let owner = Record {
        name: release.into(),
        namespace: key.namespace.clone(),
        revision: 1,
        ..Record::default()
    };
    define(hands, &rendered, options.executor);
    if unserved(
        hands,
        &served(&rendered),
        "unable to build kubernetes objects from release manifest",
    ) || (!options.take_ownership && conflict(hands, "install", &owner, &rendered))
    {
        return;
    }
    for address in &rendered.dropped {
        hands.grant(format!(
            "{address} has a hook event helm does not know: it is not applied at all"
        ));
    }
    // a hook is applied by the server where the release is (`install.go` `execHook`)
    let server_side = options.executor.is_some_and(|executor| executor.major >= 4);
    hands.server_side = server_side;
    hands.applies_hooks = server_side;
    match carried_out(hands, options, &owner, &rendered) {
        Ok(()) => hands.enrol(release, "deployed", Deed::Create, Reason::new("revision 1 is deployed")),
        Err(error) => {
            let text = format!(
                "the install fails: {error}; what was made until then stays, and its record is failed: uninstall it before the next install"
            );
            let fields = vec!["revision 1: failed".into()];
            hands.enrol(release, "failed", Deed::Patch { fields }, Reason::new(text));
        }
    }
}

/// Whether no record bears the name.
fn free(hands: &mut Hands<'_>, release: &str) -> bool {
    let namespace = hands.release.key.namespace.clone();
    let own = Driver::of(hands.release.key.kind);
    let of = |driver: Driver| Home::new(&namespace, release, driver);
    let held = of(own)
        .newest(hands.world)
        .map(|object| (object.key(), object.meta.uid.to_string()));
    if let Some((record, uid)) = held {
        let error = "cannot re-use a name that is still in use".to_owned();
        let reason = Reason::new(format!("{release} has a record already")).seen(&record, "metadata.uid", uid);
        hands.about_release(Deed::Refuse { error }, reason);
        return false;
    }
    if !lists(hands.world, own.kind(), &namespace) {
        let missing = format!("whether there is a release {release} in {namespace}");
        let reason = Reason::new("an install is refused when a record bears the name");
        hands.about_release(Deed::Unknown { missing }, reason);
        return false;
    }
    let other = own.other();
    if of(other).newest(hands.world).is_some() {
        hands.grant(format!(
            "a release {release} is kept in {} already: helm does not look there, and takes what bears its marks for its own",
            other.objects()
        ));
    }
    true
}

/// Whether the namespace is there and takes something new.
fn placed(hands: &mut Hands<'_>) -> bool {
    let namespace = hands.release.key.namespace.clone();
    let key = Key::cluster(Kind::Namespace, &namespace);
    let (error, text) = match hands.world.get(&key) {
        Some(held) if held.meta.deleting() => (
            format!("unable to create new content in namespace {namespace} because it is being terminated"),
            "helm makes its record there first",
        ),
        None if lists(hands.world, Kind::Namespace, "") => (
            format!("create: failed to create: namespaces {namespace:?} not found"),
            "helm makes its record there first, and is not asked to make the namespace",
        ),
        Some(_) | None => return true,
    };
    hands.about_release(Deed::Refuse { error }, Reason::new(text));
    false
}

/// `crds/`: before everything else, without the release's stamp, and never taken away by helm.
fn define(hands: &mut Hands<'_>, rendered: &Manifest, executor: Option<Executor>) {
    for definition in &rendered.definitions {
        let there = hands.look(&definition.address);
        match (there, executor.map(|executor| executor.major)) {
            (Live::Absent | Live::Unserved, _) => {
                let reason =
                    Reason::new("the chart's crds/ has it: helm makes it first, and no uninstall takes it away");
                // a namespace that takes nothing new holds no definition
                if let Err(error) = hands.create(definition, None, reason) {
                    hands.grant(format!("{}: {error}", definition.address));
                }
            }
            (Live::There(_), Some(..=3)) => {
                let reason = Reason::new("it is there already, and helm 3 passes over what crds/ brings then");
                hands.step(definition, Deed::Keep, reason);
            }
            (Live::There(_), _) => {
                let missing = "whose its fields are: helm 4 applies what crds/ brings onto what is there, and installs nothing where that is a conflict".to_owned();
                let reason = Reason::new("it is there already");
                hands.step(definition, Deed::Unknown { missing }, reason);
            }
            (Live::Unknown { why }, _) => {
                let reason = Reason::new("whether it is made or changed depends on whether it is there");
                hands.step(definition, Deed::Unknown { missing: why }, reason);
            }
        }
    }
    for document in &rendered.documents {
        if brought(rendered, document.address.group()) && hands.look(&document.address) == Live::Unserved {
            hands.serve(&document.address);
        }
    }
}

/// Whether the chart's own `crds/` bring the kinds of this API group: they are called `<plural>.<group>`.
fn brought(rendered: &Manifest, group: &str) -> bool {
    rendered.definitions.iter().any(|definition| {
        definition
            .address
            .name
            .split_once('.')
            .is_some_and(|(_, held)| held == group)
    })
}

/// The documents whose kinds the chart's own `crds/` do not bring.
fn served(rendered: &Manifest) -> Manifest {
    let documents = rendered.documents.iter();
    Manifest::of(
        documents
            .filter(|document| !brought(rendered, document.address.group()))
            .cloned()
            .collect(),
    )
}

fn carried_out(hands: &mut Hands<'_>, options: &Install, owner: &Record, rendered: &Manifest) -> Result<(), String> {
    if !options.no_hooks {
        hooks::run(hands, &rendered.hooks, Event::PreInstall, options.executor)?;
    }
    let nothing = Manifest::default();
    let course = Course {
        old: &nothing,
        new: rendered,
        owner,
        server_side: hands.server_side,
        from_live: false,
    };
    update(hands, &course)?;
    if options.wait {
        waited(hands);
    }
    if options.no_hooks {
        return Ok(());
    }
    hooks::run(hands, &rendered.hooks, Event::PostInstall, options.executor)
}
