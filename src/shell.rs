//! The only loop: wait, update, carry out effects, draw. Knows every room below it; decides nothing about a cluster.
//!
//! Nothing but channel receives is awaited in the loop: what takes time (reads, the journal's sync, a write) runs in
//! tasks of its own and reports back as an event, so that a dead server never freezes the keys.

