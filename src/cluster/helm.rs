//! Which helm has the operator, what would it apply, and what does an act of its rest on? Finds the program, asks its
//! version, has it render, reads the records. Nothing here changes a cluster: what does stands in [`super::write`].

mod mask;
mod pinned;
mod prepare;
mod process;
mod render;
mod tool;

pub use prepare::{Prepared, Rehearsal, Unprepared, look, prepare, rehearse, standing, stored, study};
pub use render::Unrendered;
pub use tool::{Helm, LEAST, Unhelmed, find};

pub(super) use mask::Mask;
pub(super) use pinned::Pinned;
pub(super) use process::{End, Errand, Listener, Ran, run};
