//! Of which kinds objects were asked for: tests hold what a rule says it reads against what it does read. Not in the program.

use super::super::Kinds;
use std::cell::Cell;

thread_local! {
    static READ: Cell<Kinds> = const { Cell::new(Kinds::NONE) };
}

/// What of an object is read then nobody sees: it is noted that it was asked for.
pub(super) fn note(kinds: Kinds) {
    add(kinds.heads());
}

pub(super) fn note_provisioners() {
    add(Kinds::PROVISIONERS);
}

fn add(kinds: Kinds) {
    READ.with(|read| read.set(read.get().and(kinds)));
}

/// What was read since this was last asked, on this thread.
pub(crate) fn taken() -> Kinds {
    READ.with(|read| read.replace(Kinds::NONE))
}
