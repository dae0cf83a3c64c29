//! What Helm has written down: release records, their manifests and hooks, and whose stamp an object bears.
//!
//! Knows Helm's formats (`reference/semantics.md` §2.1, §2.5, §2.6) and no rule of what Helm does with them: that is
//! `laws::helm`. What a forecast goes by ([`Record`]) keeps no value of a Secret and no user value, of both only fingerprints;
//! what a person looks at ([`Opened`]) keeps what does not look like a secret, while he looks.

mod address;
mod blank;
mod claims;
mod compare;
mod executor;
pub mod firm;
mod hints;
mod home;
mod hook;
mod leaves;
mod ledger;
mod manifest;
mod opened;
mod payload;
mod places;
mod print;
mod record;
mod release;
mod rendering;
mod stamp;
mod valued;

pub use address::Address;
pub use blank::Blank;
pub use claims::Claims;
pub use compare::{Change, Changes, Difference, How, Side, differences, drift};
pub use executor::Executor;
pub use firm::Firm;
pub use hints::Hints;
pub use home::{Driver, Home, Twofold};
pub use hook::{DeletePolicy, Event, Hook, Run};
pub use leaves::{Leaf, Leaves};
pub use ledger::{Ledger, Live, Whole};
pub use manifest::{Document, Manifest};
pub use opened::{Contents, Opened, Opening};
pub use payload::{Undecodable, unveiled};
pub use places::{Place, places};
pub use print::Print;
pub use record::{Chart, Reading, Record, Story};
pub use release::{record_name, record_parts};
pub use rendering::Rendering;
pub use stamp::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE, RESOURCE_POLICY, Stamp};
pub use valued::{Origin as ValueOrigin, Said, Valued};
