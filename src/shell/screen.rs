//! The terminal: entered once, left always, also when a thread panics. Knows nothing of what is drawn.

use super::failure::Failure;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::terminal::{Clear, ClearType};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use std::io::{self, BufWriter, IsTerminal as _, Stdout};
use std::mem::ManuallyDrop;

/// The cockpit needs a keyboard and a screen.
pub fn require_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::new(
        "the cockpit needs a terminal, and standard input or output is none",
        "run it in a terminal, or use `pilothouse status`, `explain` or `forecast`, which need no screen",
    ))
}

/// How wide the terminal is; `None` where there is none.
pub fn columns() -> Option<u16> {
    crossterm::terminal::size().ok().map(|(columns, _)| columns)
}

/// The terminal while the cockpit holds it. Dropping it gives it back.
///
/// ratatui's own `Drop` is never run: it shows the cursor, which [`restore`] does, and complains on standard error when
/// the terminal is closed, which panics because standard error is that same terminal.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: ManuallyDrop<ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    /// What the terminal shows; empty when nobody knows.
    shown: Buffer,
    /// The frame being drawn.
    next: Buffer,
    /// What the frame shown is like; `None` when it is to be painted whatever is asked.
    likeness: Option<u64>,
}

/// Bytes of a frame kept back until it is whole: more than a screenful of changes needs.
const FRAME: usize = 64 << 10;

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        let entered = take().and_then(|()| {
            let out = BufWriter::with_capacity(FRAME, io::stdout());
            // a fixed viewport: a full one would ask for the terminal's size once more with every frame
            let viewport = Viewport::Fixed(area()?);
            let terminal = ratatui::Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })?;
            let mut screen = Self {
                terminal: ManuallyDrop::new(terminal),
                shown: Buffer::default(),
                next: Buffer::default(),
                likeness: None,
            };
            screen.forget()?;
            Ok(screen)
        });
        if entered.is_err() {
            restore();
        }
        entered
    }

    /// Draws one frame as one synchronized update, so that it never tears over a slow link. A frame that shows what is
    /// shown already writes nothing: an idle cockpit is silent, also over a link that is paid by the byte. One that is
    /// known beforehand to be like it, by the same `likeness` as last time, is not even painted. Returns whether something was
    /// written.
    pub(super) fn draw(&mut self, likeness: Option<u64>, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<bool> {
        let area = area()?;
        if likeness.is_some() && likeness == self.likeness && area == self.shown.area {
            return Ok(false);
        }
        self.likeness = likeness;
        self.next.resize(area);
        self.next.reset();
        paint(area, &mut self.next);
        if self.next == self.shown {
            return Ok(false);
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if self.shown.area != area {
            self.clear(area)?;
        }
        let next = &self.next;
        self.terminal.draw(|frame| frame.buffer_mut().clone_from(next))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(true)
    }

    /// The next frame is painted, however like the last one it is: what it is painted with has changed.
    pub(super) const fn repaint(&mut self) {
        self.likeness = None;
    }

    /// Takes the terminal back after it was given away.
    pub(super) fn reenter(&mut self) -> io::Result<()> {
        take()?;
        self.forget()
    }

    /// The next frame is drawn whole: something else may have written to the terminal.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.shown = Buffer::default();
        self.clear(area()?)
    }

    /// An empty screen of this size.
    ///
    /// `Terminal::clear` would ask the terminal where its cursor is and wait 2 s for the answer, which a slow link may
    /// not bring and which the key reader may take away; setting the size forgets without asking.
    fn clear(&mut self, area: Rect) -> io::Result<()> {
        self.terminal.resize(area)?;
        queue!(self.terminal.backend_mut(), Clear(ClearType::All))
    }
}

/// The whole terminal. Asked with every frame, and so asked of standard output itself: crossterm opens `/dev/tty` each time.
fn area() -> io::Result<Rect> {
    let size = rustix::termios::tcgetwinsize(io::stdout())?;
    Ok(Rect::new(0, 0, size.ws_col, size.ws_row))
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back. A closed terminal cannot be restored, and that is no reason to fail.
pub(super) fn restore() {
    let mut out = io::stdout();
    if execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    )
    .is_err()
    {
        tracing::debug!("the terminal is closed");
    }
    if disable_raw_mode().is_err() {
        tracing::debug!("raw mode could not be left");
    }
}

/// Reports of panics come after the terminal is given back, on the normal screen; and then the program ends, whichever
/// thread it was: the loop would draw on a terminal it no longer holds, over facts nobody keeps. The journal is made for
/// an end at any point.
pub fn install_panic_hook() -> Result<(), color_eyre::Report> {
    let (panic_hook, report_hook) = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .into_hooks();
    report_hook.install()?;
    let tell = panic_hook.into_panic_hook();
    std::panic::set_hook(Box::new(move |info| {
        restore();
        tell(info);
        std::process::abort();
    }));
    Ok(())
}
