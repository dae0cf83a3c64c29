//! One run of a program of the operator's: arguments and never a shell, its own process group, a deadline, its words line by
//! line.
//!
//! Knows neither acts nor records. A program gets the operator's environment; helm without what would lead it elsewhere: its
//! plugins are not needed.

mod mask;

pub(super) use mask::Mask;

use super::lifeline::Lifeline;
use crate::cluster::said;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// After SIGTERM, before SIGKILL: helm 3 and 4 write into the record that they were interrupted.
const GRACE: Duration = Duration::from_secs(10);
/// How long output may still come once the program has ended: a child of its own may hold the pipe.
const AFTERWORDS: Duration = Duration::from_secs(2);
/// The most output that is kept, in bytes: a rendering.
const CAP: usize = 48 << 20;
/// And of a program that is listened to.
pub(in crate::cluster) const HEARD: usize = 1 << 20;
/// A line is cut after so many bytes.
const LINE: usize = 16 << 10;
/// The newest lines that are kept.
const TAIL: usize = 40;

/// Variables of helm's own that lead it nowhere else: where it keeps charts, repositories and registries.
const KEPT: [&str; 7] = [
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_REPOSITORY_CONFIG",
    "HELM_REPOSITORY_CACHE",
    "HELM_REGISTRY_CONFIG",
    "HELM_CONTENT_CACHE",
];

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(in crate::cluster) struct Errand<'a> {
    pub(in crate::cluster) program: &'a Path,
    pub(in crate::cluster) arguments: &'a [String],
    pub(in crate::cluster) surroundings: Surroundings<'a>,
    pub(in crate::cluster) deadline: Duration,
}

/// In which environment.
#[derive(Clone, Copy, Debug)]
pub(in crate::cluster) enum Surroundings<'a> {
    /// The operator's, as it is.
    Operators,
    /// Helm's: nothing that leads it to another cluster, and what is set for it.
    Helms {
        variables: &'a [(&'static str, &'static str)],
        kubeconfig: Option<&'a Path>,
        /// By which it is known to live.
        lifeline: Option<&'a Lifeline>,
    },
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum End {
    Exited(i32),
    /// By somebody else's signal.
    Signalled(i32),
    /// Its deadline passed: asked to stop, and killed where it did not.
    Stopped {
        after: Duration,
        killed: bool,
    },
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::Signalled(signal) => write!(f, "was killed by signal {signal}"),
            Self::Stopped { after, killed: false } => write!(f, "was stopped after {} s", after.as_secs()),
            Self::Stopped { after, killed: true } => write!(
                f,
                "was killed after {} s, not having stopped when it was asked",
                after.as_secs()
            ),
        }
    }
}

/// What became of it.
#[derive(Debug)]
pub(in crate::cluster) struct Ran {
    pub(in crate::cluster) end: End,
    /// Standard output as it is; of what was listened to, no more than [`HEARD`].
    pub(in crate::cluster) stdout: Vec<u8>,
    /// The newest lines, safe to show.
    pub(in crate::cluster) tail: Vec<String>,
}

/// A line of a program's, safe to show.
pub(in crate::cluster) type Line = String;

/// Who hears the lines, and what is hidden of them.
pub(in crate::cluster) struct Listener<'a> {
    pub(in crate::cluster) mask: &'a Mask,
    pub(in crate::cluster) hear: &'a mut (dyn FnMut(Line) + Send),
}

/// Runs it to its end. With a listener both outputs are passed on line by line; without, standard output is kept whole.
/// An error means that it was not started.
pub(in crate::cluster) async fn run(errand: Errand<'_>, listener: Option<Listener<'_>>) -> Result<Ran, String> {
    let mut child = started(errand)?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let (lines, mut inbox) = tokio::sync::mpsc::channel(64);
    let listens = listener.is_some();
    let out = child.stdout.take();
    let err = child.stderr.take();
    let first = lines.clone();
    let mut stdout = tokio::spawn(async move {
        match out {
            Some(pipe) if listens => told(pipe, first, HEARD).await,
            Some(pipe) => whole(pipe).await,
            None => Vec::new(),
        }
    });
    let stderr = tokio::spawn(async move {
        if let Some(pipe) = err {
            told(pipe, lines, 0).await;
        }
    });
    let plain = Mask::default();
    let (mask, mut hear) = match listener {
        Some(Listener { mask, hear }) => (mask, Some(hear)),
        None => (&plain, None),
    };
    let mut tail: Vec<String> = Vec::new();
    let mut take = |line: &[u8]| {
        let line = mask.line(&String::from_utf8_lossy(line));
        if line.is_empty() {
            return;
        }
        if let Some(hear) = &mut hear {
            hear(line.clone());
        }
        if tail.len() >= TAIL {
            tail.remove(0);
        }
        tail.push(line);
    };
    let waiting = ended(&mut child, group, errand.deadline);
    tokio::pin!(waiting);
    let end = loop {
        tokio::select! {
            end = &mut waiting => break end,
            Some(line) = inbox.recv() => take(&line),
        }
    };
    // what was said before the end is still on its way; a grandchild that holds the pipe is not waited for
    let rest = async {
        while let Some(line) = inbox.recv().await {
            take(&line);
        }
    };
    let _late = timeout(AFTERWORDS, rest).await;
    let kept = timeout(AFTERWORDS, &mut stdout).await;
    stdout.abort();
    stderr.abort();
    let stdout = kept.ok().and_then(Result::ok).unwrap_or_default();
    Ok(Ran { end, stdout, tail })
}

fn started(errand: Errand<'_>) -> Result<Child, String> {
    let mut command = Command::new(errand.program);
    command
        .args(errand.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    if let Surroundings::Helms {
        variables,
        kubeconfig,
        lifeline,
    } = errand.surroundings
    {
        if let Some(lifeline) = lifeline {
            command.stdin(lifeline.end().map_err(|error| said::plain(&error.to_string()))?);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(misleads) {
                command.env_remove(name);
            }
        }
        if let Some(path) = kubeconfig {
            command.env("KUBECONFIG", path);
        }
        command.envs(variables.iter().copied());
    }
    command.spawn().map_err(|error| said::plain(&error.to_string()))
}

/// A variable that leads helm, or the plugin that gives it credentials, to another cluster, namespace or store.
fn misleads(name: &str) -> bool {
    name == "KUBECONFIG" || (name.starts_with("HELM_") && !KEPT.contains(&name))
}

/// Waits for the end, and brings it about when the deadline passes. The exit of the program is what is waited for, not the
/// end of its output.
async fn ended(child: &mut Child, group: Option<Pid>, deadline: Duration) -> End {
    if let Ok(waited) = timeout(deadline, child.wait()).await {
        return exit(waited.ok());
    }
    signal(group, Signal::TERM);
    // what had little time is given no more to stop
    if timeout(GRACE.min(deadline), child.wait()).await.is_ok() {
        // whatever it started goes, too
        signal(group, Signal::KILL);
        return End::Stopped {
            after: deadline,
            killed: false,
        };
    }
    signal(group, Signal::KILL);
    let _reaped = timeout(GRACE, child.wait()).await;
    End::Stopped {
        after: deadline,
        killed: true,
    }
}

fn exit(status: Option<std::process::ExitStatus>) -> End {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.and_then(|status| status.code());
    let signal = status.and_then(|status| status.signal());
    code.map_or_else(|| End::Signalled(signal.unwrap_or(0)), End::Exited)
}

fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, signal)
    {
        tracing::debug!(%error, "the process group is gone already");
    }
}

/// Lines, cut at [`LINE`]; what comes after a cut up to the end of the line is dropped. Gives back what was read, up to `most`.
async fn told(mut pipe: impl AsyncRead + Unpin, lines: tokio::sync::mpsc::Sender<Vec<u8>>, most: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut held = Vec::new();
    let mut chunk = [0_u8; 4096];
    while let Ok(count) = pipe.read(&mut chunk).await {
        if count == 0 {
            break;
        }
        kept.extend(chunk.iter().take(count.min(most.saturating_sub(kept.len()))));
        for byte in chunk.iter().take(count) {
            if *byte != b'\n' {
                if held.len() < LINE {
                    held.push(*byte);
                }
            } else if lines.send(std::mem::take(&mut held)).await.is_err() {
                return kept;
            }
        }
    }
    if !held.is_empty() && lines.send(held).await.is_err() {
        tracing::debug!("the last line came too late");
    }
    kept
}

/// Everything, up to [`CAP`]; what comes after it is read and dropped, so that nobody waits for us.
async fn whole(mut pipe: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut held = Vec::new();
    let mut chunk = vec![0_u8; 64 << 10];
    while let Ok(count) = pipe.read(&mut chunk).await {
        if count == 0 {
            break;
        }
        if held.len() <= CAP {
            held.extend(chunk.iter().take(count));
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::misleads;

    #[test]
    fn helm_is_not_led_elsewhere_by_the_environment() {
        for name in [
            "HELM_NAMESPACE",
            "HELM_KUBECONTEXT",
            "HELM_KUBETOKEN",
            "HELM_KUBEAPISERVER",
            "HELM_DRIVER",
            "HELM_DRIVER_SQL_CONNECTION_STRING",
            "HELM_MAX_HISTORY",
            "HELM_PLUGINS",
            "KUBECONFIG",
        ] {
            assert!(misleads(name), "{name}");
        }
        for name in ["HELM_REPOSITORY_CONFIG", "HOME", "PATH", "AWS_PROFILE", "HTTPS_PROXY"] {
            assert!(!misleads(name), "{name}");
        }
    }
}
