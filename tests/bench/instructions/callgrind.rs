//! callgrind: how a program is run under it, and what its report says.
//!
//! Nothing is linked in: callgrind is told the names of the measured functions and counts while one of them runs; what a
//! call of one cost stands in the report where its caller calls it. Must not know what is measured.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Runs a program under callgrind and returns the instructions spent in each of these functions, by name, with all they
/// call. They are functions of `module`, and none of them calls another. `report` is where callgrind may write.
pub(crate) fn count(
    program: &Path,
    arguments: &[&str],
    module: &str,
    functions: &[&str],
    report: &Path,
) -> Result<BTreeMap<String, u64>, String> {
    let toggles = functions
        .iter()
        .map(|function| format!("--toggle-collect={module}::{function}"));
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--callgrind-out-file={}", report.display()))
        .args(toggles)
        .arg(program)
        .args(arguments)
        // the same environment everywhere, for it lies on the program's stack
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .status()
        .map_err(|error| {
            format!("valgrind cannot be run ({error}): install it, for example with apt-get install valgrind")
        })?;
    if !status.success() {
        return Err(format!("under valgrind the program ended with {status}"));
    }
    let text = std::fs::read_to_string(report).map_err(|error| format!("{}: {error}", report.display()))?;
    let counts = read(&text, module);
    match functions.iter().find(|function| !counts.contains_key(**function)) {
        Some(missing) => Err(format!("callgrind saw no call of {module}::{missing}")),
        None => Ok(counts),
    }
}

/// What the calls of each function of a module cost, from a report in callgrind's format
/// (<https://valgrind.org/docs/manual/cl-format.html>): a name stands with its number when it comes first and later only
/// the number; `calls=` is followed by a line whose second word is the cost.
pub(crate) fn read(report: &str, module: &str) -> BTreeMap<String, u64> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    let mut called = "";
    let mut lines = report.lines();
    while let Some(line) = lines.next() {
        let named = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="));
        if let Some((number, name)) = named.and_then(|named| named.split_once(')')) {
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
