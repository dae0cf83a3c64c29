//! Whose an object is by Helm's reckoning: the label and the two annotations it writes on what it applies
//! (`reference/semantics.md` §2.5; `pkg/action/validate.go`).

use crate::model::{List, Meta, Text};

pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const RELEASE_NAME: &str = "meta.helm.sh/release-name";
pub const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
/// The annotation whose value `keep` saves an object, where it counts.
pub const RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// What a live object says of its release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub managed_by: Option<Text>,
    pub release_name: Option<Text>,
    pub release_namespace: Option<Text>,
    /// The live `helm.sh/resource-policy`, as it stands there.
    pub policy: Option<Text>,
    pub deleting: bool,
    /// What holds it once it is deleted.
    pub finalizers: List<Text>,
}

impl Stamp {
    pub fn of(meta: &Meta) -> Self {
        let annotation = |key| meta.annotations.get(key).map(Text::from);
        Self {
            managed_by: meta.labels.get(MANAGED_BY).map(Text::from),
            release_name: annotation(RELEASE_NAME),
            release_namespace: annotation(RELEASE_NAMESPACE),
            policy: annotation(RESOURCE_POLICY),
            deleting: meta.deleting(),
            finalizers: meta.finalizers.clone(),
        }
    }

    /// What makes it another's, in Helm's own words; nothing when it is this release's.
    pub fn disowned(&self, release: &str, namespace: &str) -> Option<String> {
        let checks = [
            ("label", MANAGED_BY, &self.managed_by, "Helm"),
            ("annotation", RELEASE_NAME, &self.release_name, release),
            ("annotation", RELEASE_NAMESPACE, &self.release_namespace, namespace),
        ];
        let wrong: Vec<String> = checks
            .into_iter()
            .filter_map(|(what, key, held, wanted)| match held {
                Some(held) if held == wanted => None,
                Some(held) => Some(format!(
                    "{what} validation error: key {key:?} must equal {wanted:?}: current value is {held:?}"
                )),
                None => Some(format!(
                    "{what} validation error: missing key {key:?}: must be set to {wanted:?}"
                )),
            })
            .collect();
        (!wrong.is_empty()).then(|| format!("invalid ownership metadata; {}", wrong.join("; ")))
    }
}
