//! Manifests as charts write them.
