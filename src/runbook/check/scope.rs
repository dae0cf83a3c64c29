//! Checks of the tenant as a whole, and of any one object.

use super::super::template::Values;
use super::super::tenancy::Tenancy;
use super::{About, Check, none_of};
use crate::diagnose::{Found, Severity, findings, unfilled};
use crate::model::feed::Freshness;
use crate::model::placeholder;
use crate::model::{Key, Kind, Tenant};

pub(super) static CHECKS: &[Check] = &[
    Check::of(
        About::Tenant,
        "feeds.fresh",
        "every kind Pilothouse reads of the tenant is listed and current; nodes may be denied",
        &[],
        fresh,
    ),
    Check::of(
        About::Tenant,
        "tenant.unblocked",
        "no rule finds anything that blocks (`pilothouse status` says the same)",
        &[],
        unblocked,
    ),
    Check::of(
        About::Tenant,
        "namespace.active",
        "the tenant's namespace exists and is not being deleted",
        &[Kind::Namespace],
        active,
    ),
    Check::of(
        About::Tenant,
        "namespace.gone",
        "the tenant's namespace does not exist",
        &[Kind::Namespace],
        namespace_gone,
    ),
    Check::of(
        About::Any,
        "object.exists",
        "the object exists and is not being deleted",
        &[],
        exists,
    ),
    Check::of(About::Any, "object.gone", "the object does not exist", &[], gone),
    Check::of(
        About::Parameters,
        PARAMETERS,
        "no parameter of the run holds what nobody has filled in (`<…>`, `REPLACE_ME`, `changeme`, `__TOKEN__`, `TODO`)",
        &[],
        // the values are the condition's, which judges them itself
        |_, _| Found::untold("the parameters are not known here"),
    ),
    Check::of(
        About::Tenant,
        "values.no-placeholders",
        "no file of values that the runbook's steps give to helm holds what nobody has filled in",
        &[],
        |tenancy, _| unfilled::of_files(&tenancy.look.conditions.helm),
    ),
    Check::of(
        About::One(Kind::StorageClass),
        "class.exists",
        "the StorageClass exists",
        &[Kind::StorageClass],
        exists,
    ),
];

/// The check of the parameters.
const PARAMETERS: &str = "parameters.no-placeholders";

/// Whether every parameter is filled in.
pub(in crate::runbook) fn filled_in(values: &Values) -> Found {
    let left = values.iter().filter_map(|(name, value)| {
        let text = value.to_string();
        placeholder::find(&text).map(|found| format!("{name}: {}", placeholder::shown(found)))
    });
    let left: Vec<String> = left.collect();
    none_of(&left, format!("{} parameters", values.len()), "not filled in")
}

fn fresh(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let look = tenancy.look;
    // nodes may be denied to a tenant's operator, as at every gate; but not be on their way or lost
    let nodes = look.world.freshness(Kind::Node, "", look.now.mono, look.quiet);
    let spared = matches!(nodes, Freshness::Denied { .. } | Freshness::Unserved);
    let mut kinds = Kind::ALL.into_iter().filter(|kind| !(spared && *kind == Kind::Node));
    let gap = kinds.find_map(|kind| {
        let namespace = if kind.namespaced() { tenancy.namespace } else { "" };
        look.gap(kind, namespace)
    });
    gap.map_or_else(|| Found::yes("every feed is live"), Found::untold)
}

fn unblocked(tenancy: Tenancy<'_>, _: &Key) -> Found {
    let tenant = Tenant {
        name: tenancy.namespace.into(),
        namespaces: vec![tenancy.namespace.into()],
        release: None,
    };
    let look = tenancy.look;
    let found = findings(look.world, &tenant, look.conditions, look.now, look.quiet);
    match found.iter().find(|finding| finding.severity == Severity::Blocked) {
        Some(worst) => Found::no(worst.sentence.clone()),
        None => match fresh(tenancy, &Key::cluster(Kind::Namespace, tenancy.namespace)) {
            Found { holds: None, value } => Found::untold(value),
            Found { .. } => Found::yes("nothing blocks"),
        },
    }
}

fn active(tenancy: Tenancy<'_>, _: &Key) -> Found {
    exists(tenancy, &Key::cluster(Kind::Namespace, tenancy.namespace))
}

fn namespace_gone(tenancy: Tenancy<'_>, _: &Key) -> Found {
    gone(tenancy, &Key::cluster(Kind::Namespace, tenancy.namespace))
}

pub(super) fn exists(tenancy: Tenancy<'_>, object: &Key) -> Found {
    match tenancy.look.world.get(object) {
        None => absent(tenancy, object, Found::no(format!("{object} does not exist"))),
        Some(live) if live.meta.deleting() => Found::no(format!("{object} is being deleted")),
        Some(_) => Found::yes(format!("{object} exists")),
    }
}

pub(super) fn gone(tenancy: Tenancy<'_>, object: &Key) -> Found {
    match tenancy.look.world.get(object) {
        None => absent(tenancy, object, Found::yes(format!("{object} does not exist"))),
        Some(live) if live.meta.deleting() => Found::no(format!(
            "{object} is Terminating{}",
            match live.meta.finalizers.as_ref() {
                [] => String::new(),
                held => format!(", held by {}", held.join(", ")),
            }
        )),
        Some(_) => Found::no(format!("{object} exists")),
    }
}

/// What is not in the world is absent only where it is not one that could not be read.
fn absent(tenancy: Tenancy<'_>, object: &Key, found: Found) -> Found {
    if tenancy.look.gone(object) {
        found
    } else {
        Found::untold(format!("{object} cannot be read"))
    }
}
