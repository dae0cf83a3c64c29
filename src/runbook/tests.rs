//! Runbooks as texts: what is read, what is refused and how it is told.

mod any;
mod asked;
mod planned;
mod progressed;
mod ran;
mod refused;
mod sound;
