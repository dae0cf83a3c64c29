//! Runbooks as texts: what is read, what is refused and how it is told.

mod refused;
mod sound;
