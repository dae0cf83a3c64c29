//! The labels and annotations that helm keeps on an object: those its manifest states, and the release's stamp. What of
//! them is not as helm states it, and what of that somebody else has written.
//!
//! Source: `pkg/kube/client.go` `update` (three-way patch, or server-side apply), `pkg/action/validate.go`
//! `setMetadataVisitor`; shown by `tests/conformance/cases/helm-stamped-by-another*.case`, and of claims that another release
//! kept by `tests/control_plane`, `handover-kept-four`.

use crate::model::helm::{Document, MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE, RESOURCE_POLICY, Record, Stamp};
use crate::model::{Labels, Object, Text};

/// How live labels and annotations differ from what helm states.
#[derive(Debug, Default)]
pub(super) struct Drift {
    /// Some that helm states are not there.
    pub(super) missing: bool,
    /// Those that somebody else has set to another value, as a conflict names them.
    pub(super) others: Vec<String>,
}

impl Drift {
    pub(super) const fn is_empty(&self) -> bool {
        !self.missing && self.others.is_empty()
    }
}

/// What is there live: all of it for an object the world holds, the stamp alone for another.
pub(super) struct Found<'a> {
    pub(super) live: Option<&'a Object>,
    pub(super) stamp: &'a Stamp,
}

impl Found<'_> {
    fn value(&self, kind: Mark, key: &str) -> Option<&str> {
        if let Some(live) = self.live {
            return kind.of(live).get(key);
        }
        let held = match key {
            MANAGED_BY => &self.stamp.managed_by,
            RELEASE_NAME => &self.stamp.release_name,
            RELEASE_NAMESPACE => &self.stamp.release_namespace,
            RESOURCE_POLICY => &self.stamp.policy,
            _ => &None,
        };
        held.as_deref()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Label,
    Annotation,
}

impl Mark {
    const fn of(self, object: &Object) -> &Labels {
        match self {
            Self::Label => &object.meta.labels,
            Self::Annotation => &object.meta.annotations,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Label => ".metadata.labels",
            Self::Annotation => ".metadata.annotations",
        }
    }
}

/// What an update to `document` finds otherwise; `original` is what was applied before.
pub(super) fn drift(found: &Found<'_>, original: Option<&Document>, document: &Document, owner: &Record) -> Drift {
    let mut drift = Drift::default();
    let own = stamp(owner);
    // What the helm of another release has written is helm's own field: the apply that adopts the object writes it anew.
    let by_helm = original.is_none()
        && found.value(Mark::Label, MANAGED_BY) == Some("Helm")
        && found.value(Mark::Annotation, RELEASE_NAME).is_some();
    for (mark, key, value) in own.iter().cloned().chain(stated(document)) {
        let before = original.and_then(|original| {
            let mut known = own.iter().cloned().chain(stated(original));
            known.find(|(held, name, _)| (*held, name) == (mark, &key))
        });
        match found.value(mark, &key) {
            None => drift.missing = true,
            Some(live) if live == value.as_str() => {}
            Some(live) if before.is_some_and(|(.., was)| was == live) => {}
            Some(_) if by_helm => drift.missing = true,
            Some(_) => drift.others.push(format!("{}.{key}", mark.path())),
        }
    }
    drift
}

type Stated = (Mark, Text, Text);

fn stamp(owner: &Record) -> [Stated; 3] {
    [
        (Mark::Label, MANAGED_BY.into(), "Helm".into()),
        (Mark::Annotation, RELEASE_NAME.into(), owner.name.clone()),
        (Mark::Annotation, RELEASE_NAMESPACE.into(), owner.namespace.clone()),
    ]
}

fn stated(document: &Document) -> Vec<Stated> {
    let Some(object) = &document.object else {
        let policy = document.policy.iter();
        return policy
            .map(|policy| (Mark::Annotation, RESOURCE_POLICY.into(), policy.clone()))
            .collect();
    };
    [Mark::Label, Mark::Annotation]
        .into_iter()
        .flat_map(|mark| {
            let stated = mark.of(object).iter();
            stated.map(move |(key, value)| (mark, Text::from(key), Text::from(value)))
        })
        .collect()
}
