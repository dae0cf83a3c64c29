//! What tests against a real control plane share. A test target takes it in with
//! `#[path = "../support/support.rs"] mod support;`.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

pub(crate) mod csi;
pub(crate) mod door;
pub(crate) mod helm;
pub(crate) mod kit;
mod kubelet;
pub(crate) mod launch;
pub(crate) mod persons;
pub(crate) mod plane;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod vault;
pub(crate) mod wait;
