//! `status`, `explain` and `forecast`: the same facts as the cockpit's, once, as text or JSON.

use super::Failure;
use super::config::Config;
use std::process::ExitCode;
