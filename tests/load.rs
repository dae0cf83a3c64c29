//! The benchmark's load: its objects decode, its sizes and references are those of a real cluster, and its server serves
//! every client the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "bench/bare.rs"]
mod bare;
#[path = "load/client.rs"]
mod client;
#[path = "support/encode.rs"]
mod encode;
#[path = "bench/load.rs"]
mod load;
#[path = "load/formats.rs"]
mod of_formats;
#[path = "load/server.rs"]
mod of_server;
#[path = "load/shapes.rs"]
mod of_shapes;
#[path = "bench/shapes.rs"]
mod shapes;
