//! The only loop: wait, update, carry out effects, draw. Knows every room below it; decides nothing about a cluster.
//!
//! Nothing but channel receives is awaited in the loop: what takes time (reads, the journal's sync, a write) runs in
//! tasks of its own and reports back as an event, so that a dead server never freezes the keys.

mod cockpit;
mod failure;
mod hand;
mod helm;
mod input;
mod log;
mod look;
pub mod raft;
mod release;
mod screen;
mod session;
mod unattended;

pub use cockpit::{Cockpit, Outward};
pub use failure::Failure;
pub use screen::{columns, install_panic_hook, require_terminal};
pub use session::{Config, JournalHome, QUIET, Session};
pub use unattended::{Answers, attend};

use crate::app::{Event, Key, view};
use crate::ui::{self, Theme};
use screen::Screen;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

/// The shortest time between two frames that the cluster asks for. What the watches report waits until a frame is due, so
/// that a thousand events a second cost a hundred and twenty frames; with the time it takes to work one out, and what else the
/// machine does, an event is on the screen within one frame of a 60 Hz display.
const FRAME: Duration = Duration::from_millis(8);
/// The same while a gate is open: what shuts it is shown sooner, and it is open for minutes and not for hours.
const GATE_FRAME: Duration = Duration::from_millis(4);
/// The shortest time between two frames that a key asks for.
const KEY_FRAME: Duration = Duration::from_millis(2);
/// How often time passes for the cockpit; ages are told in seconds.
const TICK: Duration = Duration::from_secs(1);
/// How often it passes while a gate is open and a key may be held.
const FAST_TICK: Duration = Duration::from_millis(100);
/// How often it passes while nobody could see it: each time it does, an idle machine is woken two or three times.
const CALM_TICK: Duration = Duration::from_secs(4);
/// So many seconds that changed nothing on the screen, and no key was pressed: it is calm.
const CALM: u32 = 10;

/// Opens the cockpit and runs it until the operator leaves or the terminal goes.
///
/// As a task, not on the thread that waits for the runtime: a timer then wakes one thread and not two.
pub async fn run(session: Session) -> Result<ExitCode, Failure> {
    tokio::spawn(voyage(session))
        .await
        .unwrap_or_else(|error| Err(Failure::new(format!("the cockpit ended: {error}"), "start it again")))
}

async fn voyage(session: Session) -> Result<ExitCode, Failure> {
    let theme = look::chosen(session.config.theme.as_deref())?;
    log::install();
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    let cockpit = Cockpit::open(&session, size).await?;
    let screen = Screen::enter().map_err(|error| {
        Failure::new(
            format!("the terminal cannot be used: {error}"),
            "run it in another terminal",
        )
    })?;
    let mut helm = Helm {
        cockpit,
        screen,
        theme,
        drawn: Instant::now(),
        dirty: true,
        pressed: false,
        unchanged: 0,
    };
    let ended = helm.steer().await;
    let Helm { cockpit, screen, .. } = helm;
    drop(screen);
    cockpit.close().await;
    ended.map_err(|error| {
        Failure::new(
            format!("the terminal went away: {error}"),
            "start the cockpit again; its journal is in order",
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Everything the loop holds.
struct Helm {
    cockpit: Cockpit,
    screen: Screen,
    theme: Theme,
    drawn: Instant,
    dirty: bool,
    /// A key was pressed since the last frame.
    pressed: bool,
    /// How often time has passed since the screen last changed.
    unchanged: u32,
}

impl Helm {
    async fn steer(&mut self) -> std::io::Result<()> {
        let mut keys = input::Keyboard::open()?;
        let mut leave = Leave::new()?;
        let mut ticks = Ticks::new();
        loop {
            let at_gate = self.cockpit.state.at_gate();
            let due = self.drawn + if at_gate { GATE_FRAME } else { FRAME };
            let frame = if self.pressed { self.drawn + KEY_FRAME } else { due };
            let rhythm = self.rhythm();
            tokio::select! {
                input = keys.next() => match input {
                    Some(Ok(input)) => {
                        let now = self.cockpit.clock().now();
                        if let Some(event) = input::translate(input, now) {
                            self.pressed = true;
                            self.unchanged = 0;
                            if !self.take(event)? {
                                return Ok(());
                            }
                        }
                    }
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                },
                event = self.cockpit.next_paced(due) => {
                    if !self.take(event)? {
                        return Ok(());
                    }
                }
                () = ticks.next(rhythm) => {
                    self.unchanged = self.unchanged.saturating_add(1);
                    let now = self.cockpit.clock().now();
                    if !self.take(Event::Tick(now))? {
                        return Ok(());
                    }
                }
                () = leave.asked() => return Ok(()),
                () = sleep_until(frame), if self.dirty => self.draw()?,
            }
        }
    }

    /// How long until time passes again: never so long that a feed which nobody hears any more is called live.
    fn rhythm(&self) -> Duration {
        let state = &self.cockpit.state;
        if state.at_gate() {
            FAST_TICK
        } else if self.unchanged < CALM || state.in_progress() {
            TICK
        } else {
            let left = state.until_stale(self.cockpit.clock().now().mono);
            CALM_TICK.min(left).max(TICK)
        }
    }

    /// Takes one event in. `false` when the operator leaves.
    fn take(&mut self, event: Event) -> std::io::Result<bool> {
        self.dirty = true;
        for outward in self.cockpit.take(event) {
            match outward {
                Outward::Quit => return Ok(false),
                Outward::Suspend => self.suspend()?,
                Outward::Redraw => self.screen.forget()?,
                Outward::SetTheme(name) => match look::chosen(Some(&name)) {
                    Ok(theme) => {
                        self.theme = theme;
                        self.screen.repaint();
                    }
                    Err(failure) => self.cockpit.tell(failure.to_string()),
                },
                Outward::Copy(text) => crossterm::execute!(
                    std::io::stdout(),
                    crossterm::clipboard::CopyToClipboard::to_clipboard_from(text)
                )?,
            }
        }
        Ok(true)
    }

    fn draw(&mut self) -> std::io::Result<()> {
        self.dirty = false;
        self.pressed = false;
        self.drawn = Instant::now();
        ui::gather();
        let (scene, theme) = (view::scene(&self.cockpit.state), &self.theme);
        let changed = self
            .screen
            .draw(scene.likeness(), |area, buffer| ui::draw(&scene, theme, area, buffer))?;
        if changed {
            self.unchanged = 0;
        }
        Ok(())
    }

    /// Gives the terminal to the shell that started us, until it continues us.
    ///
    /// The whole process group is asked to stop, as a terminal's own `ctrl-z` does: whatever wrapper started us stops
    /// too, and where nobody could ever continue us the system ignores it.
    fn suspend(&mut self) -> std::io::Result<()> {
        screen::restore();
        let stopped = std::process::Command::new("kill").args(["-TSTP", "0"]).status();
        self.screen.reenter()?;
        if let Err(error) = stopped {
            self.cockpit.tell(format!("cannot suspend: {error}"));
        }
        Ok(())
    }
}

/// The signals that end the cockpit in good order.
struct Leave {
    hang_up: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Leave {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.hang_up.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Time passing: once a second, ten times as often at a gate, less often where nobody can see it.
struct Ticks {
    last: Instant,
}

impl Ticks {
    fn new() -> Self {
        Self { last: Instant::now() }
    }

    /// When this long has gone by since the last one; late ones are not made up for.
    async fn next(&mut self, rhythm: Duration) {
        sleep_until(self.last + rhythm).await;
        self.last = Instant::now();
    }
}

/// A key for programs that drive the cockpit without a terminal (flights, the pictures of the documents).
pub const fn press(key: Key, at: crate::model::Now) -> Event {
    Event::Key { key, at }
}
