//! In what do two revisions differ, and in what a stored manifest from what is there? On leaves; knows no cluster.

use super::{Address, Contents, Leaf, Leaves};
use crate::model::Text;
use crate::model::quantity::Quantity;
use serde::Serialize;

/// One leaf in which two differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub path: Text,
    pub before: Side,
    pub after: Side,
}

/// One side of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", content = "value", rename_all = "camelCase")]
pub enum Side {
    Absent,
    /// It looks like a secret: that it differs is all that is said.
    Hidden,
    Shown(Text),
}

impl Side {
    fn of(leaf: Option<&Leaf>) -> Self {
        match leaf.map(Leaf::shown) {
            None => Self::Absent,
            Some(None) => Self::Hidden,
            Some(Some(text)) => Self::Shown(text.clone()),
        }
    }
}

/// What became of one object from one revision to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub object: Address,
    /// It is a hook in the later revision, or was one in the earlier.
    pub hook: bool,
    pub how: How,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "how", content = "fields", rename_all = "camelCase")]
pub enum How {
    Added,
    Removed,
    Changed(Vec<Difference>),
    /// It was among the release's own and is a hook now (`reference/semantics.md` §2.6, identity flips).
    BecameHook,
    /// It was a hook and is among the release's own now.
    BecamePlain,
}

/// All that differs between two revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    pub objects: Vec<Change>,
    /// In the operator's values.
    pub values: Vec<Difference>,
}

impl Changes {
    /// From one revision to another.
    pub fn between(before: &Contents, after: &Contents) -> Self {
        let mut objects = Vec::new();
        let was_hook = |address: &Address| find(&before.hooks, address);
        for (address, leaves) in &after.documents {
            let how = match (find(&before.documents, address), was_hook(address)) {
                (Some(held), _) => changed(held, leaves),
                (None, Some(_)) => Some(How::BecamePlain),
                (None, None) => Some(How::Added),
            };
            objects.extend(how.map(|how| (address, false, how)));
        }
        for (address, leaves) in &after.hooks {
            let how = match (was_hook(address), find(&before.documents, address)) {
                (Some(held), _) => changed(held, leaves),
                (None, Some(_)) => Some(How::BecameHook),
                (None, None) => Some(How::Added),
            };
            objects.extend(how.map(|how| (address, true, how)));
        }
        let gone = |address: &Address| {
            find(&after.documents, address)
                .or(find(&after.hooks, address))
                .is_none()
        };
        for (held, hook) in [(&before.documents, false), (&before.hooks, true)] {
            let lost = held.iter().filter(|(address, _)| gone(address));
            objects.extend(lost.map(|(address, _)| (address, hook, How::Removed)));
        }
        let mut objects: Vec<Change> = objects
            .into_iter()
            .map(|(object, hook, how)| Change {
                object: object.clone(),
                hook,
                how,
            })
            .collect();
        objects.sort_by(|left, right| (left.hook, &left.object).cmp(&(right.hook, &right.object)));
        Self {
            objects,
            values: differences(&before.values, &after.values),
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.values.is_empty()
    }
}

fn find<'a>(all: &'a [(Address, Leaves)], address: &Address) -> Option<&'a Leaves> {
    all.iter()
        .find(|(held, _)| held.same(address))
        .map(|(_, leaves)| leaves)
}

fn changed(before: &Leaves, after: &Leaves) -> Option<How> {
    let fields = differences(before, after);
    (!fields.is_empty()).then_some(How::Changed(fields))
}

/// Every leaf in which two differ.
pub fn differences(before: &Leaves, after: &Leaves) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    for (path, leaf) in after.iter() {
        match before.get(path) {
            Some(held) if held.same(leaf) => {}
            held => found.push(difference(path, held, Some(leaf))),
        }
    }
    for (path, leaf) in before.iter() {
        if after.get(path).is_none() {
            found.push(difference(path, Some(leaf), None));
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

fn difference(path: &Text, before: Option<&Leaf>, after: Option<&Leaf>) -> Difference {
    Difference {
        path: path.clone(),
        before: Side::of(before),
        after: Side::of(after),
    }
}

/// In what the live object is not as the manifest says. Only what the manifest says counts: what a server or a controller
/// added is no difference, and neither is an empty value that the server left out, nor a quantity written otherwise.
pub fn drift(manifest: &Leaves, live: &Leaves) -> Vec<Difference> {
    manifest
        .iter()
        .filter(|(path, leaf)| match live.get(path) {
            Some(held) => !held.same(leaf) && !same_quantity(path, leaf, held),
            None if leaf.empty() => false,
            None => true,
        })
        // where a document names no namespace, or another version of the API than is stored, that is no drift
        .filter(|(path, _)| !matches!(path.as_str(), "apiVersion" | "metadata.namespace"))
        .map(|(path, leaf)| difference(path, Some(leaf), live.get(path)))
        .collect()
}

/// `1Gi` and `1024Mi`: the server writes quantities in its own way.
fn same_quantity(path: &str, one: &Leaf, other: &Leaf) -> bool {
    let quantities = [
        ".requests.",
        ".limits.",
        ".capacity.",
        ".hard.",
        ".sizeLimit",
        ".divisor",
    ];
    if !quantities.iter().any(|part| path.contains(part)) {
        return false;
    }
    let milli = |leaf: &Leaf| Quantity(format!("{}", leaf.shown()?).into()).thousandths();
    milli(one).is_some() && milli(one) == milli(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn paths(found: &[Difference]) -> Vec<&str> {
        found.iter().map(|difference| difference.path.as_str()).collect()
    }

    fn drifted(manifest: &Value, live: &Value) -> Vec<String> {
        let found = drift(&Leaves::of_object(manifest), &Leaves::of_object(live));
        paths(&found).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_the_server_added_is_no_drift() {
        let manifest = json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "a", "labels": null},
            "spec": {"replicas": 2, "hostNetwork": false, "template": {"spec": {"containers": [
                {"name": "app", "image": "x:1", "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}}}]}}}});
        let live = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "namespace": "shop", "uid": "u"},
            "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate"}, "template": {"spec": {"containers": [
                {"name": "sidecar", "image": "y"},
                {"name": "app", "image": "x:1", "pullPolicy": "Always",
                 "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}]}}}});
        assert_eq!(drifted(&manifest, &live), Vec::<String>::new());
        let mut other = live.clone();
        other["spec"]["replicas"] = json!(0);
        other["spec"]["template"]["spec"]["containers"][1]["image"] = json!("x:2");
        other["spec"]["template"]["spec"]["containers"][1]["resources"]["requests"]["memory"] = json!("2Gi");
        assert_eq!(
            drifted(&manifest, &other),
            [
                "spec.replicas",
                "spec.template.spec.containers[app].image",
                "spec.template.spec.containers[app].resources.requests.memory"
            ]
        );
        let none = json!({"kind": "Deployment", "metadata": {"name": "a"}});
        assert_eq!(drifted(&manifest, &none).len(), 5, "{:?}", drifted(&manifest, &none));
    }

    #[test]
    fn a_secret_drifts_by_its_fingerprint() {
        let of = |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "data": {"k": value}});
        let found = drift(&Leaves::of_object(&of("YQ==")), &Leaves::of_object(&of("Yg==")));
        assert_eq!(
            found,
            [Difference {
                path: "data.k".into(),
                before: Side::Hidden,
                after: Side::Hidden
            }]
        );
    }

    #[test]
    fn two_revisions_differ_by_object() {
        let address = |name: &str| Address::new("batch/v1", "Job", "", name, "shop");
        let leaves = |value: Value| Leaves::of_object(&value);
        let before = Contents {
            documents: vec![
                (address("same"), leaves(json!({"a": 1}))),
                (address("changed"), leaves(json!({"a": 1, "password": "x", "gone": 1}))),
                (address("removed"), leaves(json!({"a": 1}))),
                (address("flips"), leaves(json!({"a": 1}))),
            ],
            hooks: vec![(address("back"), leaves(json!({"a": 1})))],
            values: Leaves::of_values(&json!({"replicas": 1})),
        };
        let after = Contents {
            documents: vec![
                (address("same"), leaves(json!({"a": 1}))),
                (address("changed"), leaves(json!({"a": 2, "password": "y"}))),
                (address("added"), leaves(json!({"a": 1}))),
                (address("back"), leaves(json!({"a": 1}))),
            ],
            hooks: vec![(address("flips"), leaves(json!({"a": 1})))],
            values: Leaves::of_values(&json!({"replicas": 2})),
        };
        let changes = Changes::between(&before, &after);
        let said: Vec<String> = changes
            .objects
            .iter()
            .map(|change| match &change.how {
                How::Added => format!("+{}", change.object.name),
                How::Removed => format!("-{}", change.object.name),
                How::Changed(fields) => format!("~{} {:?}", change.object.name, paths(fields)),
                How::BecameHook => format!("hook {}", change.object.name),
                How::BecamePlain => format!("plain {}", change.object.name),
            })
            .collect();
        assert_eq!(
            said,
            [
                "+added",
                "plain back",
                "~changed [\"a\", \"gone\", \"password\"]",
                "-removed",
                "hook flips"
            ]
        );
        assert_eq!(paths(&changes.values), ["replicas"]);
        assert!(Changes::between(&before, &before).is_empty());
    }
}
