//! What the screens say, as words and tones: made from the state, the same for the terminal and for text output.
//!
//! Must not know colours, boxes or a terminal.

pub mod chain;
pub mod doubts;
pub mod explain;
pub mod fleet;
pub mod forecast;
pub mod freshness;
pub mod gate;
pub mod header;
pub mod help;
pub mod jobs;
pub mod kind;
mod likeness;
pub mod raft;
pub mod raw;
pub mod release;
pub mod releases;
pub mod run;
pub mod scene;
pub mod steps;
pub mod tenant;
pub mod traps;
pub mod unstick;
mod valued;
pub mod volumes;

pub use crate::diagnose::Look;
use crate::model::{Object, Tenant};
pub use scene::{Body, Overlay, Panel, Scene, scene};

/// Whether an object is part of a tenant: in one of its namespaces, and, where the tenant is one release among several,
/// installed or selected by that release (by Helm's annotation, or the label charts put on their pods and claims).
pub fn belongs(tenant: &Tenant, object: &Object) -> bool {
    let meta = &object.meta;
    let at_home = if object.kind().namespaced() {
        tenant.namespaces.contains(&meta.namespace)
    } else {
        tenant.namespaces.contains(&meta.name)
    };
    at_home
        && tenant.release.as_ref().is_none_or(|release| {
            object.body.release().is_some_and(|record| record.name == *release)
                || meta.annotations.get(RELEASE_ANNOTATION) == Some(release.as_str())
                || meta.labels.get("app.kubernetes.io/instance") == Some(release.as_str())
                || meta.labels.get("release") == Some(release.as_str())
        })
}

/// Helm's ownership annotation. Source: helm `pkg/action/validate.go`.
pub const RELEASE_ANNOTATION: &str = "meta.helm.sh/release-name";
