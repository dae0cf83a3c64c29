//! Helm releases on demand: the records of a release and what they hold, and the objects that a manifest names as they are.
//!
//! The only place where the data of a Secret is asked for: of Helm's own records, and of Secrets that a manifest names, to
//! be compared by fingerprint. It is decoded at once, beside the loop; only `model::helm` facts leave this room.

mod objects;
mod records;

pub use objects::{found, live, whole};
pub(in crate::cluster) use records::unveiled;
pub use records::{claims, open, record, records};

use crate::model::Meta;
use serde::Deserialize;

/// The beginning of an object.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    metadata: Meta,
    #[serde(default, rename = "type")]
    kind: String,
}
