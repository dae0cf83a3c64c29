//! What is? Identities, lean facts per kind, the indexed world, feeds and their age, the closed list of acts.
//!
//! This room knows no clock, disk, network, terminal or law: time arrives as a value, facts arrive as observations.

pub mod act;
pub mod changes;
pub mod cluster;
pub mod event;
pub mod fact;
pub mod feed;
pub mod helm;
pub mod ident;
pub mod kinds;
pub mod lenient;
pub mod list;
pub mod meta;
pub mod placeholder;
pub mod plain;
pub mod quantity;
pub mod raft;
pub mod redact;
pub mod storage;
pub mod survey;
pub mod tenant;
pub mod time;
pub mod workload;
pub mod world;
pub(crate) mod yaml;

/// Short text that is cloned often: names, labels, field values. Up to 23 bytes live inline.
pub type Text = smol_str::SmolStr;

pub use act::{Act, Draft, Propagation};
pub use changes::{Changed, Changes};
pub use cluster::{ClusterIdentity, Operator};
pub use fact::{Body, Malformed, Object};
pub use feed::{Feed, FeedId, FeedState, Scope};
pub use ident::{Key, Kind, Pin, ResourceVersion, Uid};
pub use kinds::Kinds;
pub use list::List;
pub use meta::{Labels, Meta, OwnerReference, Selector};
pub use survey::Survey;
pub use tenant::{Globs, Tenant, TenantRule};
pub use time::{Moment, Now};
pub use world::{Observation, World};
