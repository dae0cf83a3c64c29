//! Keys and reports in, state and effects out.

mod acting;
mod looking;
mod releases;
mod running;
mod world;
