//! A process that cannot outlive the test binary: not a panic, not even SIGKILL leaves it behind.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running process, held by a shell that ends it as soon as this value is gone.
#[derive(Debug)]
pub(crate) struct Supervised {
    pub(crate) name: String,
    log: PathBuf,
    pid: u32,
    supervisor: Child,
}

/// A directory that is removed, after all processes in it have ended, as soon as this value is gone.
#[derive(Debug)]
pub(crate) struct Room {
    directory: PathBuf,
    sweeper: Child,
}

impl Supervised {
    /// Starts `program`; what it prints goes to `NAME.log` in the room.
    pub(crate) fn start(room: &Room, name: &str, program: &Path, arguments: &[String]) -> Result<Self, String> {
        let log = room.path(&format!("{name}.log"));
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("supervise.sh"), "supervise"]);
        command
            .arg(room.path("running").join(name))
            .arg(&log)
            .arg(program)
            .args(arguments);
        let mut supervisor = hold(command).map_err(|error| format!("{name} does not start: {error}"))?;
        let pid = first_line(&mut supervisor)
            .and_then(|line| {
                line.trim()
                    .parse()
                    .map_err(|error| format!("{line:?} is no pid: {error}"))
            })
            .map_err(|error| format!("{name} does not start: {error}"))?;
        Ok(Self {
            name: name.to_owned(),
            log,
            pid,
            supervisor,
        })
    }

    /// Whether the process still runs. One that ended by itself stays a zombie until this value is gone.
    pub(crate) fn is_alive(&self) -> bool {
        Command::new("ps")
            .args(["-o", "stat=", "-p", &self.pid.to_string()])
            .output()
            .is_ok_and(|ps| ps.stdout.first().is_some_and(|state| *state != b'Z'))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Stops it in its tracks: connections stay open and nobody answers.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Asks it to end by itself.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// The last lines it printed.
    pub(crate) fn tail(&self, lines: usize) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let all: Vec<_> = log.lines().collect();
        all.get(all.len().saturating_sub(lines)..)
            .unwrap_or_default()
            .join("\n")
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.pid.to_string()]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill {signal} {} ({}) failed",
            self.pid,
            self.name
        );
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        release(&mut self.supervisor);
    }
}

impl Room {
    pub(crate) fn new(prefix: &str) -> Result<Self, String> {
        let directory = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir()
            .map_err(|error| format!("no temporary directory: {error}"))?
            .keep();
        fs::create_dir(directory.join("running")).map_err(|error| format!("no directory for marks: {error}"))?;
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("sweep.sh"), "sweep"]).arg(&directory);
        let sweeper = hold(command).map_err(|error| format!("no sweeper: {error}"))?;
        Ok(Self { directory, sweeper })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        release(&mut self.sweeper);
    }
}

/// Starts a shell whose standard input only this process holds, in a process group of its own so that a Ctrl-C or a
/// `timeout` that ends the whole group of the test binary leaves it alive to do its duty.
fn hold(mut command: Command) -> std::io::Result<Child> {
    command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// Closes the shell's standard input and waits until it has done what it does then.
fn release(shell: &mut Child) {
    drop(shell.stdin.take());
    if let Err(error) = shell.wait() {
        eprintln!("cannot wait for a supervising shell: {error}");
    }
}

fn first_line(shell: &mut Child) -> Result<String, String> {
    let output = shell.stdout.as_mut().ok_or("the shell has no output")?;
    let mut line = String::new();
    match BufReader::new(output).read_line(&mut line) {
        Ok(0) => Err("the shell ended".to_owned()),
        Ok(_) => Ok(line),
        Err(error) => Err(error.to_string()),
    }
}
