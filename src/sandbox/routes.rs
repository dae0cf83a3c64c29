//! Which resource, object and subresource a path means.

use super::http::decoded;
use super::resources::{self, Resource};

/// What a path below `/api` or `/apis` leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) resource: &'static Resource,
    /// Empty for a list over all namespaces and for cluster-scoped resources.
    pub(super) namespace: String,
    /// Empty for a collection.
    pub(super) name: String,
    /// `status`, `scale`, …; empty for the object itself.
    pub(super) part: String,
}

impl Target {
    /// Reads a path; `None` when no resource lives there.
    pub(super) fn read(path: &str) -> Option<Self> {
        let steps: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let (group, version, rest) = match steps.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let (plural, name, part) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, part] => (*plural, *name, *part),
            _ => return None,
        };
        let resource = resources::by_path(group, version, plural)?;
        let fits = resource.namespaced || namespace.is_empty();
        let placed = !resource.namespaced || !namespace.is_empty() || name.is_empty();
        (fits && placed).then(|| Self {
            resource,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            part: part.to_owned(),
        })
    }

    /// `pods`, `pods/eviction`: the resource as access rules name it.
    pub(super) fn wished(&self) -> String {
        match self.part.as_str() {
            "" => self.resource.plural.to_owned(),
            part => format!("{}/{part}", self.resource.plural),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_resources() {
        for (path, expected) in [
            ("/api/v1/pods", Some(("pods", "", "", ""))),
            ("/api/v1/namespaces/a/pods", Some(("pods", "a", "", ""))),
            (
                "/api/v1/namespaces/a/pods/b/eviction",
                Some(("pods", "a", "b", "eviction")),
            ),
            ("/api/v1/namespaces", Some(("namespaces", "", "", ""))),
            ("/api/v1/namespaces/a", Some(("namespaces", "", "a", ""))),
            (
                "/api/v1/namespaces/a/finalize",
                Some(("namespaces", "", "a", "finalize")),
            ),
            (
                "/apis/batch/v1/namespaces/a/jobs/x%2Dy/status",
                Some(("jobs", "a", "x-y", "status")),
            ),
            (
                "/apis/storage.k8s.io/v1/storageclasses/nfs",
                Some(("storageclasses", "", "nfs", "")),
            ),
            ("/api/v1/namespaces/a/persistentvolumes", None),
            ("/api/v1/pods/b", None),
            ("/api/v1/foos", None),
            ("/apis/apps/v2/deployments", None),
            ("/version", None),
        ] {
            let target = Target::read(path);
            let seen = target.as_ref().map(|target| {
                (
                    target.resource.plural,
                    target.namespace.as_str(),
                    target.name.as_str(),
                    target.part.as_str(),
                )
            });
            assert_eq!(seen, expected, "{path}");
        }
    }
}
