//! What callgrind's report says: the cost of a call stands where its caller calls it.
//!
//! Must not know where the report comes from nor what is measured.

use std::collections::BTreeMap;

/// What the calls of each function of a module cost, from a report in callgrind's format
/// (<https://valgrind.org/docs/manual/cl-format.html>): a name stands with its number when it comes first and later only
/// the number; `calls=` is followed by a line whose second word is the cost.
pub(crate) fn read(report: &str, module: &str) -> BTreeMap<String, u64> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    let mut called = "";
    let mut lines = report.lines();
    while let Some(line) = lines.next() {
        let heading = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="));
        if let Some((number, name)) = heading.and_then(|heading| heading.split_once(')')) {
            if !name.is_empty() {
                names.insert(number, name.trim());
            }
            called = names.get(number).copied().unwrap_or_default();
        } else if line.starts_with("calls=") {
            let cost = lines.next().and_then(|line| line.split_whitespace().nth(1));
            let cost: Option<u64> = cost.and_then(|cost| cost.parse().ok());
            let function = called.strip_prefix(module).and_then(|rest| rest.strip_prefix("::"));
            if let (Some(function), Some(cost)) = (function, cost) {
                *counts.entry(function.to_owned()).or_default() += cost;
            }
        }
    }
    counts
}
