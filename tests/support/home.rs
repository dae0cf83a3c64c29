//! A home of its own for the binary: no configuration, journal or kubeconfig of the person who runs the tests; and the
//! sandbox served by the binary itself.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub(crate) struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"]
            .into_iter()
            .map(|name| (name, self.directory.path().display().to_string()))
            .chain([("KUBECONFIG", String::new())])
            .collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(arguments).stdin(Stdio::null()).envs(self.environment());
        command
    }

    /// [`Self::run`] with more in its environment.
    pub(crate) fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        self.command(arguments)
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// Starts the binary and leaves it running, with no terminal.
    pub(crate) fn start(&self, arguments: &[&str]) -> std::process::Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Runs the binary to its end, with no terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

/// What a run said on standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a run printed on standard output.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A sandbox served by the built binary; ended by SIGTERM when dropped.
pub(crate) struct Served {
    child: std::process::Child,
    pub(crate) kubeconfig: String,
}

impl Served {
    pub(crate) fn start(home: &Home, scenario: &str) -> Self {
        use std::io::BufRead as _;
        let mut child = home
            .command(&["sandbox", scenario])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let kubeconfig = line.trim().to_owned();
        let served = Self { child, kubeconfig };
        assert!(
            std::path::Path::new(&served.kubeconfig).is_file(),
            "the first line is a kubeconfig's path, not {:?}",
            served.kubeconfig
        );
        served
    }

    /// Sends a signal and waits for the end. Gives the exit code back, unless a signal ended it.
    pub(crate) fn end(mut self, name: &str) -> Option<i32> {
        signal(self.child.id(), name);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal(self.child.id(), "TERM");
            self.child.wait().unwrap();
        }
    }
}

/// `kill -NAME PID`.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()
        .unwrap();
    assert!(sent.success(), "kill -{name} {pid}");
}
