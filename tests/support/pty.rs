//! The built binary in a pseudo-terminal, read by a terminal emulator: what a person at the keys would see.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

use super::home::{Home, signal};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a screen may take to show what is waited for. Generous: the tests share two cores.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

struct Tube {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The screen as of the last frame that is whole: a terminal shows no other.
    shown: String,
    /// A synchronized update has begun and not ended.
    drawing: bool,
    closed: bool,
    /// The reader is to go at the next thing it reads.
    hang_up: bool,
}

impl Tube {
    fn contents(&self) -> String {
        self.shown.clone()
    }

    fn take(&mut self, bytes: &[u8]) {
        const LENGTH: usize = b"\x1b[?2026h".len();
        let from = self.raw.len().saturating_sub(LENGTH - 1);
        self.parser.process(bytes);
        self.raw.extend_from_slice(bytes);
        let marks = self.raw[from..].windows(LENGTH).rev();
        let last = marks.filter_map(|bytes| match bytes {
            b"\x1b[?2026h" => Some(true),
            b"\x1b[?2026l" => Some(false),
            _ => None,
        });
        self.drawing = last.into_iter().next().unwrap_or(self.drawing);
        if !self.drawing {
            self.shown = self.parser.screen().contents();
        }
    }
}

/// A running program and the screen it draws.
pub(crate) struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    writer: Option<Box<dyn std::io::Write + Send>>,
    tube: Arc<(Mutex<Tube>, Condvar)>,
}

impl Pty {
    /// The built binary, at home there, in a terminal of this size.
    pub(crate) fn start(home: &Home, arguments: &[&str], environment: &[(&str, &str)], size: (u16, u16)) -> Self {
        let program = env!("CARGO_BIN_EXE_pilothouse");
        Self::run(home, program, arguments, environment, size)
    }

    /// Any program.
    pub(crate) fn run(
        home: &Home,
        program: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("COLORTERM");
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let tube = Arc::new((
            Mutex::new(Tube {
                parser: vt100::Parser::new(some(rows), some(columns), 0),
                raw: Vec::new(),
                shown: String::new(),
                drawing: false,
                closed: false,
                hang_up: false,
            }),
            Condvar::new(),
        ));
        let sink = Arc::clone(&tube);
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 8192];
            loop {
                let read = reader.read(&mut buffer);
                let mut tube = sink.0.lock().unwrap();
                match read {
                    Ok(count) if count > 0 => {
                        tube.take(&buffer[..count]);
                    }
                    Ok(_) | Err(_) => tube.closed = true,
                }
                tube.closed |= tube.hang_up;
                sink.1.notify_all();
                if tube.closed {
                    return;
                }
            }
        });
        Self {
            master: Some(pair.master),
            child,
            writer: Some(writer),
            tube,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.tube
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(some(rows), some(columns));
        let master = self.master.as_ref().unwrap();
        master
            .resize(PtySize {
                rows,
                cols: columns,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
    }

    /// The screen as text, once it satisfies the condition. Fails with the last screen seen.
    pub(crate) fn wait(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        self.within(DEADLINE, |tube| {
            Some(tube.contents()).filter(|screen| condition(screen))
        })
        .unwrap_or_else(|| panic!("waited for {what}; the screen was:\n{}", self.screen()))
    }

    /// Waits until what was written, control sequences included, satisfies the condition.
    pub(crate) fn wait_raw(&self, what: &str, condition: impl Fn(&str) -> bool) {
        self.within(DEADLINE, |tube| {
            condition(&String::from_utf8_lossy(&tube.raw)).then_some(())
        })
        .unwrap_or_else(|| panic!("waited for {what}; the screen was:\n{}", self.screen()));
    }

    /// Whether the screen comes to satisfy the condition in this time.
    pub(crate) fn shows(&self, limit: Duration, condition: impl Fn(&str) -> bool) -> bool {
        self.within(limit, |tube| condition(&tube.contents()).then_some(()))
            .is_some()
    }

    fn within<T>(&self, limit: Duration, look: impl Fn(&Tube) -> Option<T>) -> Option<T> {
        let until = Instant::now() + limit;
        let mut tube = self.tube.0.lock().unwrap();
        loop {
            if let Some(seen) = look(&tube) {
                return Some(seen);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || tube.closed {
                return None;
            }
            tube = self.tube.1.wait_timeout(tube, left).unwrap().0;
        }
    }

    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Closes the terminal under the program, as a terminal emulator that is closed does, and waits for its end.
    pub(crate) fn close(mut self) -> u32 {
        self.tube.0.lock().unwrap().hang_up = true;
        // The reader holds the terminal open until it reads something, and an idle cockpit writes nothing.
        self.keys("?");
        let gone = self.within(DEADLINE, |tube| tube.closed.then_some(()));
        assert!(gone.is_some(), "it has drawn nothing: {}", self.screen());
        drop(self.writer.take());
        drop(self.master.take());
        self.end().0
    }

    /// Waits for the program to end and returns its exit code and all that it wrote.
    pub(crate) fn end(mut self) -> (u32, String) {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut tube = self.tube.0.lock().unwrap();
                while !tube.closed && Instant::now() < until {
                    tube = self.tube.1.wait_timeout(tube, Duration::from_millis(200)).unwrap().0;
                }
                return (status.exit_code(), String::from_utf8_lossy(&tube.raw).into_owned());
            }
            assert!(
                Instant::now() < until,
                "the program did not end; the screen was:\n{}",
                self.screen()
            );
            let tube = self.tube.0.lock().unwrap();
            drop(self.tube.1.wait_timeout(tube, Duration::from_millis(50)).unwrap());
        }
    }

    pub(crate) fn screen(&self) -> String {
        self.tube.0.lock().unwrap().contents()
    }

    /// The bytes written so far: control sequences included.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.tube.0.lock().unwrap().raw).into_owned()
    }

    /// Sends a signal to this very process, by pid.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }
}

fn some(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}
