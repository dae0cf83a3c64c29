//! Trap 1: `helm.sh/resource-policy: keep` on the live object. Uninstall reads the stored manifest, not the live object.
//!
//! The stored manifest is not read in this version, so this can only warn.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::{Ward, release_of};
use super::finding;
use crate::laws::Reason;
use crate::model::Kind;

const POLICY: &str = "helm.sh/resource-policy";

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    Kind::ALL
        .into_iter()
        .flat_map(|kind| ward.objects(look, kind).collect::<Vec<_>>())
        .filter_map(|object| {
            let policy = object.meta.annotations.get(POLICY)?;
            (policy.trim().eq_ignore_ascii_case("keep") && release_of(object).is_some()).then(|| {
                let noun = phrase::noun(object.kind());
                finding(
                    "live_only_keep",
                    Severity::Warned,
                    object.key(),
                    format!(
                        "{noun} {} carries keep on the live object: live keep alone does not protect from uninstall; \
                         the stored manifest is not read in this version",
                        object.meta.name
                    ),
                    Reason::new("helm uninstall reads the annotation from the stored manifest of the newest revision")
                        .seen(
                            &object.key(),
                            "metadata.annotations[helm.sh/resource-policy]",
                            policy.as_str(),
                        ),
                    Gist::new(
                        "object",
                        "carry keep on the live object, which alone does not protect from uninstall",
                    ),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const CLAIM: &str = r"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, annotations: {meta.helm.sh/release-name: eks, helm.sh/resource-policy: keep}}, status: {phase: Bound}}";

    #[test]
    fn keep_on_the_live_object_only_warns() {
        assert_eq!(
            said(&world(CLAIM), "live_only_keep"),
            [
                "Warned pvc/data: PVC data carries keep on the live object: live keep alone does not protect from uninstall; the stored manifest is not read in this version"
            ]
        );
        assert!(
            said(
                &world(&CLAIM.replace("policy: keep", "policy: delete")),
                "live_only_keep"
            )
            .is_empty()
        );
        // an object that no release made has nothing to be kept from
        assert!(
            said(
                &world(&CLAIM.replace("meta.helm.sh/release-name: eks, ", "")),
                "live_only_keep"
            )
            .is_empty()
        );
    }
}
