//! Running a program to its end and holding what it said.

use std::fmt;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::kit::Kit;
use super::wait;

/// A program that hangs longer than this is killed, and the test fails.
const LIMIT: Duration = Duration::from_mins(2);

/// The programs of a kit, run in an environment that holds nothing of the machine's own.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) kit: Kit,
    /// Where they keep what they remember.
    pub(crate) home: PathBuf,
}

impl Programs {
    /// Begins one and does not wait for its end.
    #[allow(dead_code, reason = "one test target kills what it has begun")]
    pub(crate) fn begin(&self, kubeconfig: &Path, program: &str, arguments: &[&str]) -> std::process::Child {
        let mut command = self.command(kubeconfig, program, arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
            .spawn()
            .unwrap_or_else(|error| panic!("`{}` does not start: {error}", spelled(&command)))
    }

    /// Runs one on the cluster that a kubeconfig leads to, with some variables of its environment set otherwise.
    pub(crate) fn run(
        &self,
        kubeconfig: &Path,
        program: &str,
        arguments: &[&str],
        input: &str,
        variables: &[(&str, &str)],
    ) -> Ran {
        let mut command = self.command(kubeconfig, program, arguments);
        command.envs(variables.iter().copied());
        to_end(command, input)
    }

    fn command(&self, kubeconfig: &Path, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.kit.program(program));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("KUBECONFIG", kubeconfig);
        command
    }
}

/// What became of a program: not yet judged.
#[derive(Clone, Debug)]
#[must_use = "a program may fail: ask for `ok`, `json` or `success`"]
pub(crate) struct Ran {
    what: String,
    pub(crate) success: bool,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails the test unless the program ended well.
    pub(crate) fn ok(&self) -> &Self {
        assert!(self.success, "{self}");
        self
    }

    /// What it printed, as JSON; fails the test if it did not end well.
    pub(crate) fn json(&self) -> Value {
        self.ok();
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}) from {self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            code,
            stdout,
            stderr,
            ..
        } = self;
        write!(formatter, "`{what}` ended with {code:?}\nout: {stdout}\nerr: {stderr}")
    }
}

/// Runs `command` with `input` on its standard input. The output goes through files, so that no pipe can fill up.
pub(crate) fn to_end(mut command: Command, input: &str) -> Ran {
    let what = spelled(&command);
    let file = || tempfile::tempfile().expect("a temporary file");
    let (mut stdin, mut stdout, mut stderr) = (file(), file(), file());
    stdin
        .write_all(input.as_bytes())
        .and_then(|()| stdin.rewind())
        .expect("to write a temporary file");
    let twin = |file: &std::fs::File| Stdio::from(file.try_clone().expect("a second handle of a temporary file"));
    let mut child = command
        .stdin(twin(&stdin))
        .stdout(twin(&stdout))
        .stderr(twin(&stderr))
        .spawn()
        .unwrap_or_else(|error| panic!("`{what}` does not start: {error}"));

    let ended = wait::until(&what, LIMIT, || match child.try_wait() {
        Ok(Some(status)) => Ok(status),
        Ok(None) => Err("it still runs".to_owned()),
        Err(error) => Err(error.to_string()),
    });
    let read = |file: &mut std::fs::File| {
        file.rewind()
            .and_then(|()| std::io::read_to_string(file))
            .expect("to read a temporary file")
    };
    let (stdout, stderr) = (read(&mut stdout), read(&mut stderr));
    match ended {
        Ok(status) => Ran {
            what,
            success: status.success(),
            code: status.code(),
            stdout,
            stderr,
        },
        Err(why) => {
            child
                .kill()
                .and_then(|()| child.wait())
                .expect("to end a program that hangs");
            panic!("{why}\nout: {stdout}\nerr: {stderr}");
        }
    }
}

/// The command as a person would type it.
fn spelled(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
