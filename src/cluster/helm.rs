//! Which helm has the operator, what would it apply, and what does an act of its rest on? Finds the program, asks its
//! version, has it render, reads the records. Nothing here changes a cluster: what does stands in [`super::write`].

mod manifest;
mod pinned;
mod prepare;
mod render;
mod tool;
mod values;

pub use manifest::manifest;
pub use prepare::{Prepared, Rehearsal, Unprepared, look, prepare, rehearse, standing, stored, study};
pub use render::Unrendered;
pub use tool::{Helm, LEAST, Unhelmed, find};
pub use values::blanks;

pub(super) use pinned::Pinned;
