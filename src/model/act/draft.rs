//! A claim that is not there yet: what it asks for.

use crate::model::quantity::Quantity;
use crate::model::storage::{ClaimSpec, Resources, Storage};
use crate::model::{Labels, Text};
use serde::{Deserialize, Serialize};

/// A new claim's spec, labels and annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Draft {
    /// `spec.volumeName`; empty: any volume that fits, or a new one.
    pub volume_name: Text,
    /// `None`: the default class. Empty: no class, no provisioning.
    pub storage_class_name: Option<Text>,
    /// `ReadWriteOnce` and so on; at least one.
    pub access_modes: Vec<Text>,
    /// `Filesystem` when it says nothing.
    pub volume_mode: Option<Text>,
    /// `spec.resources.requests.storage`.
    pub storage: Quantity,
    pub labels: Labels,
    pub annotations: Labels,
}

impl Draft {
    /// Why the API server would not take it, as far as the draft alone tells.
    pub fn lacks(&self) -> Option<&'static str> {
        if self.access_modes.is_empty() {
            Some("a claim names at least one access mode")
        } else if self.storage.bytes().is_none_or(|bytes| bytes == 0) {
            Some("a claim asks for a size, as in 10Gi")
        } else {
            None
        }
    }

    /// The facts of such a claim's spec.
    pub fn spec(&self) -> ClaimSpec {
        ClaimSpec {
            volume_name: self.volume_name.clone(),
            storage_class_name: self.storage_class_name.clone(),
            access_modes: self.access_modes.clone().into(),
            volume_mode: self.volume_mode.clone(),
            selector: None,
            resources: Resources {
                requests: Storage {
                    storage: Some(self.storage.clone()),
                },
            },
        }
    }
}
