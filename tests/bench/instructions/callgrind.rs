//! callgrind: how a program is run under it.
//!
//! Nothing is linked in: callgrind is told the names of the measured functions and counts while one of them runs; what
//! it counted stands in its [`report`]. Must not know what is measured.

use crate::report;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Runs a program under callgrind and returns the instructions spent in each of these functions, by name, with all they
/// call. They are functions of `module`, and none of them calls another. `file` is where callgrind may write.
pub(crate) fn count(
    program: &Path,
    arguments: &[&str],
    module: &str,
    functions: &[&str],
    file: &Path,
) -> Result<BTreeMap<String, u64>, String> {
    let toggles = functions
        .iter()
        .map(|function| format!("--toggle-collect={module}::{function}"));
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--callgrind-out-file={}", file.display()))
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
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let counts = report::read(&text, module);
    match functions.iter().find(|function| !counts.contains_key(**function)) {
        Some(missing) => Err(format!("callgrind saw no call of {module}::{missing}")),
        None => Ok(counts),
    }
}
