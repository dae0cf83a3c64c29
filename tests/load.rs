//! The benchmark's load: its objects decode, its sizes and references are those of a real cluster, and its server serves
//! every client the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "load/shapes.rs"]
mod of_shapes;
#[path = "bench/shapes.rs"]
mod shapes;
