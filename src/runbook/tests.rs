//! Runbooks as texts: what is read, what is refused and how it is told.

mod any;
mod asked;
mod hands;
mod inventoried;
mod planned;
mod progressed;
mod rafted;
mod ran;
mod refused;
mod soaked;
mod sound;
