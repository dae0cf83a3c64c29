//! What Helm has written down: release records, their manifests and hooks, and whose stamp an object bears.
//!
//! Knows Helm's formats (`reference/semantics.md` §2.1, §2.5, §2.6) and no rule of what Helm does with them: that is
//! `laws::helm`. Keeps no value of a Secret and no user value: of both only fingerprints.

mod address;
mod executor;
mod hook;
mod ledger;
mod manifest;
mod payload;
mod print;
mod record;
mod release;
mod rendering;
mod stamp;

pub use address::Address;
pub use executor::Executor;
pub use hook::{DeletePolicy, Event, Hook, Run};
pub use ledger::{Ledger, Live};
pub use manifest::{Document, Manifest};
pub use payload::{Undecodable, unveiled};
pub use print::Print;
pub use record::{Chart, Reading, Record};
pub use release::{record_name, record_parts};
pub use rendering::Rendering;
pub use stamp::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE, RESOURCE_POLICY, Stamp};
