//! What is wrong? Findings with evidence, verdicts per tenant, and why an object is stuck. Pure.

pub mod finding;

pub use finding::{Explanation, Finding, Link, Severity, Step};
