//! What the facts say to a question: yes, no, or nothing. The one answer of a gate's checklist and of a runbook's checks.

use serde::Serialize;

/// Whether it holds, and the value that is shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// `None`: the facts do not tell.
    pub holds: Option<bool>,
    pub value: String,
}

impl Found {
    pub(crate) fn yes(value: impl Into<String>) -> Self {
        Self {
            holds: Some(true),
            value: value.into(),
        }
    }

    pub(crate) fn no(value: impl Into<String>) -> Self {
        Self {
            holds: Some(false),
            value: value.into(),
        }
    }

    pub(crate) fn untold(value: impl Into<String>) -> Self {
        Self {
            holds: None,
            value: value.into(),
        }
    }
}
