//! Pictures of every screen at every size, as glyphs and role letters; and what must hold for any size, name and keys.

mod hostile;
mod screens;
