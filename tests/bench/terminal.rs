//! A program in a pseudo-terminal, pinned to the tool's core; its screen, with the instant of every frame.

use super::clock::Instant;
use super::core;
use super::screen::{Probe, Screen, Shown};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Columns and rows, as `safety-and-performance.md` B4 sets them.
pub(crate) const SIZE: (u16, u16) = (120, 40);
/// How long a program that was asked to end may take.
const PARTING: Duration = Duration::from_secs(5);

struct Tube {
    screen: Screen,
    closed: bool,
    /// How many probes there have been.
    probes: u64,
}

/// What the reader and the waiting share.
type Shared = Arc<(Mutex<Tube>, Condvar)>;
type Writer = Arc<Mutex<Box<dyn Write + Send>>>;

/// What is started in a terminal.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Writer,
    tube: Shared,
    /// Held open as long as the program runs.
    _master: Box<dyn MasterPty + Send>,
    /// Just before the program was started.
    pub(crate) started: Instant,
}

/// A question to the frames to come, put before what causes the answer.
pub(crate) struct Waiting(u64);

impl Terminal {
    pub(crate) fn start(program: &Program<'_>) -> Result<Self, String> {
        let trouble = |error: &dyn std::fmt::Display| format!("no pseudo-terminal: {error}");
        let (columns, rows) = SIZE;
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).map_err(|error| trouble(&error))?;
        let mut command = CommandBuilder::new(program.path);
        command.args(&program.arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("COLORTERM");
        for (name, value) in &program.environment {
            command.env(name, value);
        }
        let mut reader = pair.master.try_clone_reader().map_err(|error| trouble(&error))?;
        let writer = pair.master.take_writer().map_err(|error| trouble(&error))?;
        let slave = pair.slave;
        let (started, child) = core::on(core::TOOL, move || (Instant::now(), slave.spawn_command(command)));
        let child = child.map_err(|error| format!("{} cannot be started: {error}", program.path.display()))?;
        let tube: Shared = Arc::new((
            Mutex::new(Tube {
                screen: Screen::new(columns, rows),
                closed: false,
                probes: 0,
            }),
            Condvar::new(),
        ));
        let writer: Writer = Arc::new(Mutex::new(writer));
        let (sink, answering) = (Arc::clone(&tube), Arc::clone(&writer));
        std::thread::spawn(move || {
            let mut buffer = vec![0_u8; 1 << 16];
            loop {
                let read = reader.read(&mut buffer);
                let at = Instant::now();
                let mut answers = Vec::new();
                let mut tube = lock(&sink);
                match read {
                    Ok(count) if count > 0 => {
                        answers = tube.screen.feed(buffer.get(..count).unwrap_or_default(), at);
                    }
                    Ok(_) | Err(_) => tube.closed = true,
                }
                let closed = tube.closed;
                drop(tube);
                sink.1.notify_all();
                if closed || (!answers.is_empty() && write(&answering, &answers).is_err()) {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            writer,
            tube,
            _master: pair.master,
            started,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap_or(0)
    }

    /// Presses keys; returns the instant just before they were handed over.
    pub(crate) fn keys(&self, keys: &str) -> Result<Instant, String> {
        let at = Instant::now();
        write(&self.writer, keys.as_bytes()).map_err(|error| format!("the terminal takes no keys: {error}"))?;
        Ok(at)
    }

    /// Watches for a frame; ask before causing it, so that none is missed.
    pub(crate) fn expect(&self, condition: impl FnMut(&Shown<'_>) -> bool + Send + 'static) -> Waiting {
        self.watch(Box::new(condition))
    }

    fn watch(&self, probe: Probe) -> Waiting {
        let mut tube = lock(&self.tube);
        tube.probes += 1;
        let number = tube.probes;
        tube.screen.watch(number, probe);
        Waiting(number)
    }

    /// When the frame that was watched for was shown; `Err` with the last screen when it did not come in time.
    pub(crate) fn came(&self, waiting: &Waiting, what: &str, limit: Duration) -> Result<Instant, String> {
        let until = Instant::now().plus(limit);
        let mut tube = lock(&self.tube);
        let seen = loop {
            if let Some(at) = tube.screen.seen(waiting.0) {
                break Ok(at);
            }
            let left = until.left();
            if left.is_zero() || tube.closed {
                let why = if tube.closed {
                    "the program ended"
                } else {
                    "it did not come"
                };
                let text = tube.screen.now().text();
                break Err(format!(
                    "waited {} s for {what}, {why}; the screen was:\n{text}",
                    limit.as_secs()
                ));
            }
            tube = self
                .tube
                .1
                .wait_timeout(tube, left)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        };
        tube.screen.forget(waiting.0);
        seen
    }

    /// Waits for a frame from now on; the screen as it stands counts.
    pub(crate) fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(&Shown<'_>) -> bool + Send + 'static,
    ) -> Result<Instant, String> {
        let mut tube = lock(&self.tube);
        let shown = tube.screen.now();
        if condition(&shown) {
            return Ok(shown.at);
        }
        tube.probes += 1;
        let waiting = Waiting(tube.probes);
        tube.screen.watch(waiting.0, Box::new(condition));
        drop(tube);
        self.came(&waiting, what, limit)
    }

    /// Looks at the screen as it stands.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Shown<'_>) -> T) -> T {
        look(&lock(&self.tube).screen.now())
    }

    pub(crate) fn text(&self) -> String {
        lock(&self.tube).screen.now().text()
    }

    /// The row under the cursor.
    pub(crate) fn marked(&self) -> Option<u16> {
        lock(&self.tube).screen.now().marked()
    }

    /// Bytes written to the terminal and frames shown so far.
    pub(crate) fn written(&self) -> (u64, u64) {
        let tube = lock(&self.tube);
        (tube.screen.bytes, tube.screen.frames)
    }

    pub(crate) fn forget(&self, waiting: &Waiting) {
        lock(&self.tube).screen.forget(waiting.0);
    }

    /// Asks the program to end as an operator does, and ends it if it does not.
    pub(crate) fn leave(mut self) -> Result<(), String> {
        self.keys("\x03")?;
        let until = Instant::now().plus(PARTING);
        loop {
            match self.child.try_wait() {
                Ok(Some(_)) => return Ok(()),
                Ok(None) if !until.left().is_zero() => pause(&self.tube),
                Ok(None) => return Err("the program does not end on ctrl-c".to_owned()),
                Err(error) => return Err(format!("the program cannot be waited for: {error}")),
            }
        }
    }
}

/// Until the next byte or the closing of the terminal, for a moment at most.
fn pause(tube: &Shared) {
    let held = lock(tube);
    let moment = Duration::from_millis(20);
    drop(
        tube.1
            .wait_timeout(held, moment)
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    );
}

fn lock(tube: &Shared) -> MutexGuard<'_, Tube> {
    tube.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write(writer: &Writer, bytes: &[u8]) -> std::io::Result<()> {
    let mut writer = writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    writer.write_all(bytes)?;
    writer.flush()
}

impl Drop for Terminal {
    /// Ends this very child; the reader ends with it.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
