//! A control that goes on: started with the server's address, it prints one line when it has everything, and ends with its
//! standard input.

use super::clock::Instant;
use super::process::Memory;
use super::tool::{self, Running};
use super::{feeds, naive};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{ChildStdin, ExitCode, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long a control may take to list everything.
const LISTED: Duration = Duration::from_secs(90);

/// What a control prints when it has everything.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) ready_ns: u64,
    pub(crate) objects: usize,
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_unwritable| fmt::Error)?)
    }
}

/// A control that goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// kube's own reflector on full types.
    Naive,
    /// The cockpit's feeds, what they bring thrown away.
    Feeds,
}

impl Which {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Feeds => "feeds",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Naive, Self::Feeds]
            .into_iter()
            .find(|which| which.name() == name)
    }
}

/// One under way.
pub(crate) struct Control {
    pub(crate) running: Running,
    /// From its start until every list was in, in milliseconds.
    pub(crate) ready: f64,
    _stdin: Option<ChildStdin>,
}

impl Control {
    /// Starts it on a server and waits until it has everything.
    pub(crate) fn start(which: Which, url: &str) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("where am I? {error}"))?;
        let which = which.name();
        let arguments = [which.to_owned(), url.to_owned()];
        let (began, mut running) = tool::start(&program, &arguments, &[], Stdio::piped(), Stdio::piped())?;
        let (stdin, stdout) = (running.0.stdin.take(), running.0.stdout.take());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            if let Some(output) = stdout
                && BufReader::new(output).read_line(&mut line).is_ok()
            {
                drop(sender.send(line));
            }
        });
        let line = lines
            .recv_timeout(LISTED)
            .map_err(|_late| format!("{which} was not ready in {} s", LISTED.as_secs()))?;
        let told: Ready = serde_json::from_str(&line).map_err(|error| format!("{which} wrote {line:?}: {error}"))?;
        Ok(Self {
            running,
            ready: Instant(told.ready_ns).ms_since(began),
            _stdin: stdin,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.0.id()
    }

    pub(crate) fn memory(&self) -> Result<Memory, String> {
        Memory::of(self.pid())
    }
}

/// `naive URL` or `feeds URL`.
pub(crate) fn run(which: Which, arguments: &[String]) -> ExitCode {
    let name = which.name();
    let Some(url) = arguments.first().cloned() else {
        eprintln!("{name}: needs the server's address");
        return ExitCode::from(2);
    };
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        drop(std::io::stdin().read_to_end(&mut nothing));
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let ended = match (runtime, which) {
        (Ok(runtime), Which::Naive) => runtime.block_on(naive::reflect_all(&url)),
        // as a task: the cockpit runs as one, too
        (Ok(runtime), Which::Feeds) => runtime
            .block_on(runtime.spawn(feeds::follow(url)))
            .unwrap_or_else(|error| Err(error.to_string())),
        (Err(error), _) => Err(error.to_string()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{name}: {why}");
            ExitCode::FAILURE
        }
    }
}
