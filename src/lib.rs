//! Pilothouse: a terminal cockpit for live Kubernetes migrations.
//!
//! A directory is a room that answers one question; `docs/architecture.md` is the map and
//! `tests/tidy.rs` keeps its doors shut.

pub mod app;
pub mod cli;
pub mod cluster;
pub mod diagnose;
pub mod forecast;
pub mod gate;
pub mod headless;
pub mod journal;
pub mod laws;
pub mod model;
pub mod protobuf;
pub mod runbook;
pub mod sandbox;
pub mod shell;
pub mod ui;
