//! Other programs under measurement: run on the tool's core with a deadline, their output thrown away or read.

use super::clock::Instant;
use super::core;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a run to the end came to.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) ms: f64,
    pub(crate) output: String,
}

/// A program on `PATH` or among the built kit; `Err` says that it is not here.
pub(crate) fn find(name: &str) -> Result<PathBuf, String> {
    let kit = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(kit)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| "not here".to_owned())
}

/// Ends the child when it goes out of sight.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// Starts a program on the tool's core; its output is what `stdout` says.
pub(crate) fn start(
    path: &Path,
    arguments: &[String],
    environment: &[(String, String)],
    stdin: Stdio,
    stdout: Stdio,
) -> Result<(Instant, Running), String> {
    let mut command = Command::new(path);
    command.args(arguments).envs(environment.iter().cloned());
    command.stdin(stdin).stdout(stdout).stderr(Stdio::null());
    let (at, child) = core::on(core::TOOL, move || (Instant::now(), command.spawn()));
    let child = child.map_err(|error| format!("{} cannot be started: {error}", path.display()))?;
    Ok((at, Running(child)))
}

/// Runs a program to its end; its output is kept when `keep` says so.
pub(crate) fn run(
    path: &Path,
    arguments: &[String],
    environment: &[(String, String)],
    keep: bool,
    limit: Duration,
) -> Result<Ran, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stdout = if keep { Stdio::piped() } else { Stdio::null() };
    let (began, mut running) = start(path, arguments, environment, Stdio::null(), stdout)?;
    let reader = running.0.stdout.take().map(|mut output| {
        std::thread::spawn(move || {
            let mut text = String::new();
            drop(output.read_to_string(&mut text));
            text
        })
    });
    let until = began.plus(limit);
    loop {
        if let Some(status) = running.0.try_wait().map_err(|error| format!("{name}: {error}"))? {
            let ms = Instant::now().ms_since(began);
            if !status.success() {
                return Err(format!("{name} failed: {status}"));
            }
            let output = reader
                .map(|reader| reader.join().unwrap_or_default())
                .unwrap_or_default();
            return Ok(Ran { ms, output });
        }
        if until.left().is_zero() {
            return Err(format!("{name} was not done in {} s", limit.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
