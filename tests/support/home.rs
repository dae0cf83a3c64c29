//! A home of its own for one run of the binary: no configuration, journal or kubeconfig of the person who runs the tests.

use std::path::PathBuf;
use std::process::{Command, Output};

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

    /// Runs the binary to its end, with no terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(arguments).stdin(std::process::Stdio::null());
        for (name, value) in self.environment() {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        command.output().unwrap()
    }
}

/// A sandbox served by the built binary; ended by SIGTERM when dropped.
pub(crate) struct Served {
    child: std::process::Child,
    pub(crate) kubeconfig: String,
}

impl Served {
    pub(crate) fn start(home: &Home, scenario: &str) -> Self {
        use std::io::BufRead as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(["sandbox", scenario]).stdout(std::process::Stdio::piped());
        for (name, value) in home.environment().into_iter().filter(|(_, value)| !value.is_empty()) {
            command.env(name, value);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let kubeconfig = line.trim().to_owned();
        assert!(
            std::path::Path::new(&kubeconfig).is_file(),
            "the first line is a kubeconfig's path, not {kubeconfig:?}"
        );
        Self { child, kubeconfig }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        self.child.wait().unwrap();
    }
}
