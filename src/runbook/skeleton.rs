//! The runbook that `pilothouse runbook new` begins with: commented, complete, and sound as it stands.

/// The text of a new runbook of this name.
pub fn skeleton(name: &str) -> String {
    include_str!("skeleton.yaml").replace("NAME_OF_RUNBOOK", name)
}
