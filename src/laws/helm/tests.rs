//! Worlds, releases, and what Helm does.
