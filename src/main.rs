//! The binary: reports of panics, then the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(report) = pilothouse::shell::install_panic_hook() {
        tracing::warn!(%report, "panics are reported plainly");
    }
    pilothouse::cli::run()
}
