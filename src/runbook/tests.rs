//! Runbooks as texts: what is read, what is refused and how it is told.

mod any;
mod asked;
mod refused;
mod sound;
