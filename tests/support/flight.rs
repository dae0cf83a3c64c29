//! A flight: the cockpit as it is, on a real socket, with keys in and pictures and journal out. On the sandbox the clock
//! is in the test's hand; on a real control plane it is the machine's.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

#[path = "tap.rs"]
mod tap;

use jiff::Timestamp;
use pilothouse::app::{Event, Key, State};
use pilothouse::cluster::{Clock, ConnectOptions};
use pilothouse::journal;
use pilothouse::model::{Feed, FeedState, Moment, Now};
use pilothouse::sandbox::{self, Options, Sandbox, TestClock, scenario};
use pilothouse::shell::Config;
use pilothouse::shell::{Cockpit, JournalHome, Outward, QUIET, Session};
use pilothouse::ui::{Theme, picture, theme::Depth};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
pub(crate) use tap::Tap;
use tokio::time::Instant;

/// How long a flight waits for what must come. Generous: the tests share two cores.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// When flights on the sandbox begin.
const BEGIN: &str = "2026-04-27T14:02:00Z";

/// What a flight on the sandbox starts from.
pub(crate) struct Plan {
    options: Options,
    time: TestClock,
    begin: Timestamp,
    prepare: Box<dyn FnOnce(&Sandbox)>,
    operates: bool,
    listed: bool,
    helm: Option<PathBuf>,
    quiet: Duration,
}

impl Plan {
    /// A shipped scenario, operating, on a terminal of 120×40.
    pub(crate) fn of(name: &str) -> Self {
        let begin: Timestamp = BEGIN.parse().unwrap();
        let time = TestClock::at(begin);
        let scenario = scenario::load(name).unwrap();
        Self {
            options: Options::of(&scenario, sandbox::Clock::Test(time.clone()), 1).unwrap(),
            time,
            begin,
            prepare: Box::new(|_| {}),
            operates: true,
            listed: true,
            helm: Some(PathBuf::from("/no/helm/in/flights")),
            quiet: QUIET,
        }
    }

    /// With this program as helm.
    pub(crate) fn with_helm(mut self, program: PathBuf) -> Self {
        self.helm = Some(program);
        self
    }

    /// Asks for a sign of life three times in each such span of the machine's, and is as patient on the test's clock.
    pub(crate) fn beating(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    /// Changes the objects it begins with.
    pub(crate) fn adapted(mut self, adapt: impl FnOnce(&mut Vec<Value>)) -> Self {
        adapt(&mut self.options.objects);
        self
    }

    /// Does something to the sandbox before the cockpit connects.
    pub(crate) fn prepared(mut self, prepare: impl FnOnce(&Sandbox) + 'static) -> Self {
        self.prepare = Box::new(prepare);
        self
    }

    /// Without a journal: the cockpit may not act.
    pub(crate) fn observing(mut self) -> Self {
        self.operates = false;
        self
    }

    /// Takes off before anything is listed.
    pub(crate) fn unlisted(mut self) -> Self {
        self.listed = false;
        self
    }

    pub(crate) async fn fly(self) -> Flight {
        let Self {
            options,
            time,
            begin,
            prepare,
            operates,
            listed,
            helm,
            quiet,
        } = self;
        let sandbox = Arc::new(Sandbox::start(options).unwrap());
        sandbox.settle(Duration::ZERO);
        prepare(&sandbox);
        let clock = Clock::new(move || {
            let wall = time.now();
            let mono = Moment(Duration::try_from(wall.duration_since(begin)).unwrap_or_default());
            Now { mono, wall }
        });
        let (wire, address) = Tap::to(sandbox.address()).await;
        let home = tempfile::tempdir().unwrap();
        let told = std::fs::read_to_string(sandbox.kubeconfig()).unwrap();
        let kubeconfig = home.path().join("kubeconfig");
        std::fs::write(
            &kubeconfig,
            told.replace(&sandbox.address().to_string(), &address.to_string()),
        )
        .unwrap();
        let config = Config {
            helm,
            ..Config::default()
        };
        let mut flight = Flight::open(kubeconfig, clock, home, (operates, quiet, &config)).await;
        flight.sandbox = Some(sandbox);
        flight.wire = wire;
        if listed {
            flight.listed().await;
        }
        flight
    }
}

pub(crate) struct Flight {
    pub(crate) cockpit: Cockpit,
    pub(crate) sandbox: Option<Arc<Sandbox>>,
    pub(crate) wire: Tap,
    pub(crate) left: Vec<Outward>,
    /// Every screen since it was switched on.
    pub(crate) film: Option<Vec<String>>,
    home: tempfile::TempDir,
    clock: Clock,
    quiet: Duration,
}

impl Flight {
    /// On a shipped scenario, operating, 120×40, with every feed listed.
    pub(crate) async fn on_sandbox(name: &str) -> Self {
        Plan::of(name).fly().await
    }

    /// On any cluster a kubeconfig leads to, on the machine's clock.
    pub(crate) async fn on_cluster(kubeconfig: PathBuf) -> Self {
        Self::of_config(kubeconfig, &Config::default()).await
    }

    /// The same, told by the operator that this driver's provisioner is gone for good.
    pub(crate) async fn on_cluster_without(kubeconfig: PathBuf, driver: &str) -> Self {
        let mut config = Config::default();
        config.dead_provisioners.insert(driver.into());
        Self::of_config(kubeconfig, &config).await
    }

    async fn of_config(kubeconfig: PathBuf, config: &Config) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut flight = Self::open(kubeconfig, Clock::system(), home, (true, QUIET, config)).await;
        flight.listed().await;
        flight
    }

    /// The same, with this program as helm.
    pub(crate) async fn with_helm(kubeconfig: PathBuf, helm: PathBuf) -> Self {
        let config = Config {
            helm: Some(helm),
            ..Config::default()
        };
        Self::of_config(kubeconfig, &config).await
    }

    async fn open(
        kubeconfig: PathBuf,
        clock: Clock,
        home: tempfile::TempDir,
        (operates, quiet, config): (bool, Duration, &Config),
    ) -> Self {
        let connect = ConnectOptions {
            kubeconfig: Some(kubeconfig),
            ..ConnectOptions::default()
        };
        let mut session = Session::new(connect, config);
        if operates {
            session = session.operating(JournalHome(home.path().to_owned()));
        }
        session.clock = clock.clone();
        session.quiet = quiet;
        let cockpit = Cockpit::open(&session, (120, 40)).await.unwrap();
        Self {
            cockpit,
            sandbox: None,
            wire: Tap::default(),
            left: Vec::new(),
            film: None,
            home,
            clock,
            quiet,
        }
    }

    /// Waits until every feed was listed once, or refused.
    pub(crate) async fn listed(&mut self) {
        self.until("every feed to be listed, or refused", |state| {
            let told = |feed: &Feed| feed.listed || matches!(feed.state, FeedState::Denied { .. });
            state.world().feeds().all(|(_, feed)| told(feed))
        })
        .await;
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
        let left = self.cockpit.take(event);
        self.left.extend(left);
        if self.film.is_some() {
            let screen = self.text();
            self.film.get_or_insert_default().push(screen);
        }
    }

    /// Lets time pass: on the sandbox whatever falls due in it happens; the cockpit gets a tick every half second.
    pub(crate) fn pass(&mut self, span: Duration) {
        self.pass_by(span, Duration::from_millis(500));
    }

    /// The same in steps of another length.
    pub(crate) fn pass_by(&mut self, span: Duration, most: Duration) {
        let mut left = span;
        while !left.is_zero() {
            let step = left.min(most);
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
        self.until_always(what, known, |_| {}).await;
    }

    /// [`Self::until`], and looks at every state on the way.
    pub(crate) async fn until_always(&mut self, what: &str, known: impl Fn(&State) -> bool, always: impl Fn(&State)) {
        let came = self.watched(DEADLINE, known, always).await;
        assert!(came, "waited for {what}; the screen was:\n{}", self.text());
    }

    /// Lets the cockpit live for so long, as while an operator looks or his fingers move.
    pub(crate) async fn live(&mut self, span: Duration) {
        self.within(span, |_| false).await;
    }

    /// Lets the cockpit live until it knows something, or for so long; says whether it came to know it.
    pub(crate) async fn within(&mut self, span: Duration, known: impl Fn(&State) -> bool) -> bool {
        self.watched(span, known, |_| {}).await
    }

    /// Looks whenever something has come in, but so that looking takes no more than a ninth of the time: one look may draw a
    /// whole screen, and the cockpit that is watched shares its processor with others.
    async fn watched(&mut self, span: Duration, known: impl Fn(&State) -> bool, always: impl Fn(&State)) -> bool {
        tokio::time::timeout(span, async {
            let mut next_look = Instant::now();
            let mut unseen = true;
            loop {
                if unseen && Instant::now() >= next_look {
                    let began = Instant::now();
                    if known(&self.cockpit.state) {
                        break;
                    }
                    next_look = Instant::now() + began.elapsed() * 8;
                    unseen = false;
                }
                let idle = Duration::from_millis(100);
                let wait = if unseen {
                    next_look.saturating_duration_since(Instant::now())
                } else {
                    idle
                };
                let event = tokio::select! {
                    event = self.cockpit.next() => event,
                    () = tokio::time::sleep(wait) => Event::Tick(self.clock.now()),
                };
                self.take(event);
                always(&self.cockpit.state);
                unseen = true;
            }
        })
        .await
        .is_ok()
    }

    /// Waits until every feed that can be live was heard just now: no age on the screen is more than 0 s.
    pub(crate) async fn fresh(&mut self) {
        let fresh = |state: &State| {
            state.world().feeds().all(|(_, feed)| match feed.state {
                FeedState::Live => feed.heard.age(state.now().mono) < Duration::from_secs(1),
                FeedState::Denied { .. } | FeedState::Unserved { .. } => true,
                FeedState::Waiting { .. } | FeedState::Listing { .. } | FeedState::Stale { .. } => false,
            })
        };
        // In its slow rhythm the heartbeat asks only when everything is older than this; an event that comes between keeps it
        // silent, and then it is asked for again.
        for _ in 0..4 {
            if !self.state().at_gate() && self.state().now().mono > Moment::default() {
                self.pass(self.quiet / 5);
            }
            if self.within(DEADLINE / 6, fresh).await {
                return;
            }
        }
        self.until("every feed to be heard just now", fresh).await;
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

    /// The screen as one line, so that a sentence can be found however it is wrapped.
    pub(crate) fn line(&self) -> String {
        line(&self.cockpit.state)
    }

    /// Waits until the screen shows a sentence, however it is wrapped.
    pub(crate) async fn until_told(&mut self, sentence: &str) {
        let wanted = sentence.to_owned();
        self.until(&format!("{sentence:?} on the screen"), move |state| {
            line(state).contains(&wanted)
        })
        .await;
    }

    /// The screen as glyphs and role letters, for a snapshot. The server's port is another one each time.
    pub(crate) fn picture(&self) -> String {
        self.steady(&picture::letters(&self.cockpit.state))
    }

    fn steady(&self, text: &str) -> String {
        let identity = self.cockpit.identity();
        let server = identity.server.split_once("://").map_or("", |(_, host)| host);
        let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
        text.replace(server, &format!("{host}:{}", "6".repeat(port.len())))
    }

    /// The screen as a picture for the documents.
    pub(crate) fn svg(&self, theme: &Theme) -> String {
        self.steady(&picture::svg(&picture::buffer(&self.cockpit.state, theme), theme))
    }

    /// Where everything is kept that the cockpit writes.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The journal's file.
    pub(crate) fn journal(&self) -> PathBuf {
        let identity = self.cockpit.identity();
        self.home().join(identity.kube_system.to_string()).join(journal::FILE)
    }
}

/// [`screen`] as one line, without borders.
pub(crate) fn line(state: &State) -> String {
    let text = screen(state).replace('│', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
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
