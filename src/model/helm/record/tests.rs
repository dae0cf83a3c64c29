//! Records as Helm writes them.
