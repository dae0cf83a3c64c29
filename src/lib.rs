//! Pilothouse: a terminal cockpit for live Kubernetes migrations.
