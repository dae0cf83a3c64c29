//! The outside: how do we reach a cluster, what does it tell us, and how is one cleared act sent to it?
//!
//! This room turns an API server's bytes into observations and a clearance into one request. It knows the network
//! and the clocks; it must not know screens, tenants' rules or what an act would do. Only [`mod@write`] changes a cluster.

mod body;
mod client;
mod clock;
mod coding;
mod connect;
mod drivers;
mod error;
pub mod exec;
mod heartbeat;
pub mod helm;
mod identity;
mod kubeconfig;
pub mod lifeline;
mod page;
mod paths;
mod process;
mod pulse;
pub mod raft;
pub mod read;
mod said;
mod watch;
mod wire;
pub mod write;

pub use clock::Clock;
pub use connect::{ConnectOptions, Connection, ServerVersion, connect};
pub use error::{ClusterError, Unreached};
pub use page::protobuf::decode as decode_protobuf_page;
pub use page::{Page, decode as decode_page};
pub use watch::{Pace, Scopes, WatchEvent, Watches, decode_event, decode_protobuf_event, observe, observe_kinds};
