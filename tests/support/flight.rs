//! A flight: the cockpit as it is, on a real socket, with keys in and pictures and journal out. On the sandbox the clock
//! is in the test's hand; on a real control plane it is the machine's.

use jiff::Timestamp;
use pilothouse::app::{Event, Key, State};
use pilothouse::cluster::{Clock, ConnectOptions};
use pilothouse::model::{Feed, FeedState, Moment, Now};
use pilothouse::sandbox::{self, Options, Sandbox, TestClock, scenario};
use pilothouse::shell::Config;
use pilothouse::shell::{Cockpit, JournalHome, Outward, QUIET, Session};
use pilothouse::ui::{Theme, picture, theme::Depth};
use std::path::PathBuf;
use std::time::Duration;

/// How long a flight waits for what must come. Generous: the tests share two cores.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// When flights on the sandbox begin.
const BEGIN: &str = "2026-04-27T14:02:00Z";

pub(crate) struct Flight {
    pub(crate) cockpit: Cockpit,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) left: Vec<Outward>,
    home: tempfile::TempDir,
    clock: Clock,
}

impl Flight {
    /// On a shipped scenario, operating, 120×40, with every feed listed.
    pub(crate) async fn on_sandbox(name: &str) -> Self {
        let begin: Timestamp = BEGIN.parse().unwrap();
        let time = TestClock::at(begin);
        let scenario = scenario::load(name).unwrap();
        let options = Options::of(&scenario, sandbox::Clock::Test(time.clone()), 1).unwrap();
        let sandbox = Sandbox::start(options).unwrap();
        sandbox.settle(Duration::ZERO);
        let clock = Clock::new(move || {
            let wall = time.now();
            let mono = Moment(Duration::try_from(wall.duration_since(begin)).unwrap_or_default());
            Now { mono, wall }
        });
        let kubeconfig = sandbox.kubeconfig().to_owned();
        Self::open(kubeconfig, clock, Some(sandbox)).await
    }

    /// On any cluster a kubeconfig leads to, on the machine's clock.
    pub(crate) async fn on_cluster(kubeconfig: PathBuf) -> Self {
        Self::open(kubeconfig, Clock::system(), None).await
    }

    async fn open(kubeconfig: PathBuf, clock: Clock, sandbox: Option<Sandbox>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let connect = ConnectOptions {
            kubeconfig: Some(kubeconfig),
            ..ConnectOptions::default()
        };
        let mut session = Session::new(connect, &Config::default()).operating(JournalHome(home.path().to_owned()));
        session.clock = clock.clone();
        session.quiet = QUIET;
        let cockpit = Cockpit::open(&session, (120, 40)).await.unwrap();
        let mut flight = Self {
            cockpit,
            sandbox,
            left: Vec::new(),
            home,
            clock,
        };
        flight
            .until("every feed to be listed, or refused", |state| {
                let told = |feed: &Feed| feed.listed || matches!(feed.state, FeedState::Denied { .. });
                state.world().feeds().all(|(_, feed)| told(feed))
            })
            .await;
        flight
    }

    pub(crate) fn state(&self) -> &State {
        &self.cockpit.state
    }

    /// Types characters.
    pub(crate) fn keys(&mut self, keys: &str) {
        for character in keys.chars() {
            self.key(Key::Char(character));
        }
    }

    pub(crate) fn key(&mut self, key: Key) {
        let at = self.clock.now();
        self.take(Event::Key { key, at });
    }

    pub(crate) fn take(&mut self, event: Event) {
        self.left.extend(self.cockpit.take(event));
    }

    /// Lets time pass: on the sandbox whatever falls due in it happens; the cockpit gets a tick a second.
    pub(crate) fn pass(&mut self, span: Duration) {
        let mut left = span;
        while !left.is_zero() {
            let step = left.min(Duration::from_millis(500));
            if let Some(sandbox) = &self.sandbox {
                sandbox.advance(step);
            }
            left -= step;
            let now = self.clock.now();
            self.take(Event::Tick(now));
        }
    }

    /// Waits until the cockpit knows something; fails with the screen as it is.
    pub(crate) async fn until(&mut self, what: &str, known: impl Fn(&State) -> bool) {
        let known = self.within(DEADLINE, known).await;
        assert!(known, "waited for {what}; the screen was:\n{}", self.text());
    }

    /// Lets the cockpit live for so long, as while an operator looks or his fingers move.
    pub(crate) async fn live(&mut self, span: Duration) {
        self.within(span, |_| false).await;
    }

    /// Lets the cockpit live until it knows something, or for so long; says whether it came to know it.
    pub(crate) async fn within(&mut self, span: Duration, known: impl Fn(&State) -> bool) -> bool {
        tokio::time::timeout(span, async {
            while !known(&self.cockpit.state) {
                let tick = tokio::time::sleep(Duration::from_millis(200));
                tokio::select! {
                    event = self.cockpit.next() => {
                        let left = self.cockpit.take(event);
                        self.left.extend(left);
                    }
                    () = tick => {
                        let now = self.clock.now();
                        let left = self.cockpit.take(Event::Tick(now));
                        self.left.extend(left);
                    }
                }
            }
        })
        .await
        .is_ok()
    }

    /// Waits until the screen shows a text.
    pub(crate) async fn until_shown(&mut self, text: &str) {
        let wanted = text.to_owned();
        self.until(&format!("{text:?} on the screen"), move |state| {
            screen(state).contains(&wanted)
        })
        .await;
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        screen(&self.cockpit.state)
    }

    /// The screen as glyphs and role letters, for a snapshot.
    pub(crate) fn picture(&self) -> String {
        picture::letters(&self.cockpit.state)
    }

    /// The screen as a picture for the documents.
    pub(crate) fn svg(&self, theme: &Theme) -> String {
        picture::svg(&picture::buffer(&self.cockpit.state, theme), theme)
    }

    /// The journal's file.
    pub(crate) fn journal(&self) -> PathBuf {
        let identity = self.cockpit.identity();
        self.home
            .path()
            .join(identity.kube_system.to_string())
            .join(pilothouse::journal::FILE)
    }
}

/// The screen as plain text.
pub(crate) fn screen(state: &State) -> String {
    let buffer = picture::buffer(state, &Theme::usual(Depth::None));
    let width = usize::from(buffer.area.width).max(1);
    let cells: Vec<&str> = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
    cells
        .chunks(width)
        .map(|row| row.concat().trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}
