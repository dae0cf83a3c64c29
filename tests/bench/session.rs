//! A cockpit under measurement: the release binary at a terminal, its first picture, its fleet. Knows the cockpit's keys
//! and screens; knows no row of the table.

use super::clock::Instant;
use super::figures::Samples;
use super::fleet;
use super::home::Home;
use super::served::Served;
use super::terminal::{Program, Terminal};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a first picture may take before its row has failed.
pub(crate) const PICTURE: Duration = Duration::from_mins(1);
/// How long a key, an event or a screen may take before its row has failed.
pub(crate) const REACTION: Duration = Duration::from_secs(15);
/// How long samples of one figure are taken; what was taken by then is the figure.
pub(crate) const SAMPLING: Duration = Duration::from_secs(40);
/// The row above which a tenant is chosen.
const ROW: usize = 25;
/// A picture that has not changed for so long was right.
const SETTLED: Duration = Duration::from_millis(1500);

pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    /// Its directory lives as long as the session.
    _home: Home,
}

/// The first picture: milliseconds since the program was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// A tenant has a row.
    pub(crate) useful: f64,
    pub(crate) useful_at: Instant,
    /// Every row is complete, and none changed after.
    pub(crate) complete: f64,
    pub(crate) tenants: usize,
}

/// Counts frames that show fewer rows than were there, or nothing at all.
pub(crate) struct Blanks(Arc<AtomicUsize>);

impl Blanks {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Session {
    /// Starts the cockpit in a home of its own.
    pub(crate) fn start(home: Home, operating: bool) -> Result<Self, String> {
        let mut arguments = vec!["--kubeconfig".to_owned(), home.kubeconfig().display().to_string()];
        if operating {
            arguments.push("--operate".to_owned());
        }
        let program = Program {
            path: Path::new(env!("CARGO_BIN_EXE_pilothouse")),
            arguments,
            environment: home.environment(),
        };
        let terminal = Terminal::start(&program)?;
        Ok(Self { terminal, _home: home })
    }

    /// Starts the cockpit on a server and waits for its first complete picture, and until it proved to be right.
    pub(crate) fn open(served: &Served, operating: bool) -> Result<(Self, Opening), String> {
        let session = Self::start(Home::new(&served.url)?, operating)?;
        let opening = session.opened(served.tenants())?;
        Ok((session, opening))
    }

    fn opened(&self, tenants: usize) -> Result<Opening, String> {
        let useful = self.terminal.expect(|shown| fleet::useful(&shown.text()));
        let complete = self.terminal.expect(move |shown| whole(&shown.text(), tenants));
        let last: Arc<Mutex<(Vec<String>, Option<Instant>)>> = Arc::default();
        let sink = Arc::clone(&last);
        let changes = self.terminal.expect(move |shown| {
            let rows = fleet::timeless(&shown.text());
            let mut held = sink.lock().unwrap_or_else(PoisonError::into_inner);
            if held.0 != rows {
                *held = (rows, Some(shown.at));
            }
            false
        });
        let useful_at = self.terminal.came(&useful, "the first row", PICTURE)?;
        let complete_at = self.terminal.came(&complete, "every list to be complete", PICTURE)?;
        let until = Instant::now().plus(PICTURE);
        let right_at = loop {
            let settling = last
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .1
                .unwrap_or(complete_at);
            let left = settling.plus(SETTLED).left();
            if left.is_zero() {
                break settling.max(complete_at);
            }
            if until.left().is_zero() {
                return Err("the first picture did not come to rest".to_owned());
            }
            std::thread::sleep(left);
        };
        self.terminal.forget(&changes);
        let screen = self.terminal.text();
        if !whole(&screen, tenants) {
            return Err(format!("the picture was complete and is not any more:\n{screen}"));
        }
        let started = self.terminal.started;
        Ok(Opening {
            useful: useful_at.ms_since(started),
            useful_at,
            complete: right_at.ms_since(started),
            tenants: fleet::tenants(&screen).unwrap_or(0),
        })
    }

    /// From now on, counts the frames in which a row is missing.
    pub(crate) fn blanks(&self) -> Blanks {
        let rows = self.terminal.look(|shown| fleet::rows(&shown.text()).len());
        let count = Arc::new(AtomicUsize::new(0));
        let sink = Arc::clone(&count);
        self.terminal.expect(move |shown| {
            if fleet::rows(&shown.text()).len() < rows {
                sink.fetch_add(1, Ordering::Relaxed);
            }
            false
        });
        Blanks(count)
    }

    /// Orders the fleet by name, so that what is on the screen stays there while the world changes.
    pub(crate) fn by_name(&self) -> Result<(), String> {
        for _ in 0..3 {
            if self.terminal.look(|shown| shown.text().contains("sort: name")) {
                return Ok(());
            }
            let before = self.terminal.text();
            self.terminal.keys("s")?;
            self.terminal.wait("another order", REACTION, move |shown| {
                summary(&shown.text()) != summary(&before)
            })?;
        }
        Err("the fleet cannot be ordered by name".to_owned())
    }

    /// A tenant on the screen that has active Jobs, well below the first.
    pub(crate) fn tenant(&self) -> Result<String, String> {
        let rows = fleet::rows(&self.terminal.text());
        let busy = rows.iter().take(ROW).rev().find(|row| fleet::jobs(row) > 0);
        let tenant = busy.and_then(|row| fleet::tenant(row)).map(str::to_owned);
        tenant.ok_or_else(|| "no tenant with an active Job is on the screen".to_owned())
    }

    /// Leaves as an operator does.
    pub(crate) fn leave(self) -> Result<(), String> {
        self.terminal.leave()
    }
}

/// The picture is complete, and has at least so many tenants.
fn whole(screen: &str, tenants: usize) -> bool {
    fleet::complete(screen) && fleet::tenants(screen).is_some_and(|shown| shown >= tenants)
}

fn summary(screen: &str) -> Option<String> {
    let line = screen.lines().find(|line| line.contains("sort: "))?;
    Some(line.split_once("sort: ")?.1.trim().to_owned())
}

/// The samples of figures that may each have failed: all of them, or the first failure.
pub(crate) fn all(figures: Vec<Result<f64, String>>) -> Result<Samples, String> {
    figures.into_iter().collect()
}

/// The row of a tenant on this screen.
pub(crate) fn row_of(screen: &str, tenant: &str) -> Option<String> {
    fleet::rows(screen)
        .into_iter()
        .find(|row| fleet::tenant(row) == Some(tenant))
}
