//! `GitOps` objects: Flux' `HelmReleases` and Kustomizations, Argo CD's Applications.

use super::{document, items, text};
use crate::cluster::connect::Connection;
use crate::model::Text;
use crate::model::survey::{Asked, Engine, Taken};
use serde_json::Value;
use std::collections::BTreeSet;

/// Group, plural, and how one of its objects is read.
type Source = (&'static str, &'static str, fn(&Value) -> Engine);

const SOURCES: [Source; 3] = [
    ("helm.toolkit.fluxcd.io", "helmreleases", helm_release),
    ("kustomize.toolkit.fluxcd.io", "kustomizations", kustomization),
    ("argoproj.io", "applications", application),
];

pub(super) async fn asked(connection: &Connection) -> Asked<Engine> {
    let mut found = Vec::new();
    for (group, plural, read) in SOURCES {
        match listed(connection, group, plural).await {
            Ok(items) => found.extend(items.iter().map(read)),
            Err(why) => {
                return Asked::Unknown {
                    why: format!("{plural}.{group}: {why}").into(),
                };
            }
        }
    }
    Asked::Seen(found)
}

/// All of a kind, in the version that the server prefers; none where it does not serve the group.
async fn listed(connection: &Connection, group: &str, plural: &str) -> Result<Vec<Value>, Text> {
    let Some(served) = document(connection, &format!("/apis/{group}")).await? else {
        return Ok(Vec::new());
    };
    let version = text(&served, "/preferredVersion/groupVersion");
    items(connection, &format!("/apis/{version}/{plural}")).await
}

fn named(kind: &str, item: &Value) -> Engine {
    Engine {
        kind: kind.into(),
        namespace: text(item, "/metadata/namespace").into(),
        name: text(item, "/metadata/name").into(),
        suspended: item.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true),
        ..Engine::default()
    }
}

/// `helm.toolkit.fluxcd.io`: the release's name is `releaseName`, else made of the target namespace and its own name.
fn helm_release(item: &Value) -> Engine {
    let mut engine = named("HelmRelease", item);
    let or = |path: &str, other: &Text| match text(item, path) {
        "" => other.clone(),
        said => Text::from(said),
    };
    let target = or("/spec/targetNamespace", &engine.namespace);
    let made = match text(item, "/spec/targetNamespace") {
        "" => engine.name.clone(),
        target => format!("{target}-{}", engine.name).into(),
    };
    let disabled = |path| item.pointer(path).and_then(Value::as_bool) == Some(true);
    engine.release = Some(Taken {
        name: or("/spec/releaseName", &made),
        namespace: or("/spec/storageNamespace", &engine.namespace),
        takes_ownership: !disabled("/spec/install/disableTakeOwnership")
            || !disabled("/spec/upgrade/disableTakeOwnership"),
    });
    engine.keeps.insert(target);
    engine
}

/// `status.inventory.entries[].id` is `NAMESPACE_NAME_GROUP_KIND`.
fn kustomization(item: &Value) -> Engine {
    let mut engine = named("Kustomization", item);
    let entries = item.pointer("/status/inventory/entries").and_then(Value::as_array);
    engine.keeps = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| text(entry, "/id").split_once('_'))
        .map(|(namespace, _)| Text::from(namespace))
        .filter(|namespace| !namespace.is_empty())
        .collect();
    engine
}

fn application(item: &Value) -> Engine {
    let mut engine = named("Application", item);
    engine.suspended = item.pointer("/spec/syncPolicy/automated").is_none_or(Value::is_null);
    let resources = item.pointer("/status/resources").and_then(Value::as_array);
    let mut keeps: BTreeSet<Text> = resources
        .into_iter()
        .flatten()
        .map(|resource| Text::from(text(resource, "/namespace")))
        .collect();
    keeps.insert(text(item, "/spec/destination/namespace").into());
    keeps.retain(|namespace| !namespace.is_empty());
    engine.keeps = keeps;
    engine
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_engine_says_what_it_keeps() {
        let flux = helm_release(&json!({"metadata": {"namespace": "flux", "name": "eks"},
            "spec": {"targetNamespace": "shop", "install": {"disableTakeOwnership": true}}}));
        assert!(flux.keeps.contains("shop") && !flux.suspended);
        let taken = flux.release.unwrap();
        assert_eq!((taken.name.as_str(), taken.namespace.as_str()), ("shop-eks", "flux"));
        assert!(taken.takes_ownership, "upgrades still do");

        let kept = kustomization(
            &json!({"metadata": {"namespace": "flux", "name": "apps"}, "spec": {"suspend": true},
            "status": {"inventory": {"entries": [{"id": "shop_web_apps_Deployment"}, {"id": "_admin_rbac_ClusterRole"}]}}}),
        );
        assert_eq!(kept.keeps, ["shop".into()].into());
        assert!(kept.suspended);

        let manual = json!({"metadata": {"namespace": "argocd", "name": "shop"}, "spec": {"destination": {"namespace": "shop"}}});
        assert!(application(&manual).suspended, "somebody must press the button");
        let automatic =
            json!({"metadata": {}, "spec": {"destination": {"namespace": "shop"}, "syncPolicy": {"automated": {}}}});
        assert!(!application(&automatic).suspended);
    }
}
