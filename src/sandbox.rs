//! A cluster in a box: an API server on a loopback socket whose controllers are the laws.
//!
//! Good enough that kubectl, helm and the kube client cannot tell it from a 1.36 server by what this program does with
//! it. It may know `model` and `laws`; nothing of gates, journals or screens.

pub mod authorization;
pub mod clock;
pub mod controllers;
mod discovery;
mod events;
pub mod exec;
pub mod faults;
mod fields;
mod forward;
pub mod helm;
mod http;
pub mod kubeconfig;
mod managed_fields;
mod patch;
pub mod raft;
mod requests;
pub mod resources;
mod routes;
pub mod scenario;
mod selector;
mod serve;
mod snapshots;
pub mod status;
pub mod store;
mod strict;
mod table;
mod upgrade;
mod view;
mod watch;

pub use authorization::{Access, Denial};
pub use clock::{Clock, TestClock};
pub use exec::{Execs, Script};
pub use faults::Faults;
pub use store::{Objects, Store, StoreError};

use crate::laws::Conditions;
use authorization::OPERATOR;
use controllers::ControllerState;
use discovery::MINOR;
use jiff::Timestamp;
use kubeconfig::Kubeconfig;
use scenario::{Scenario, ScenarioError};
use serde_json::Value;
use serve::Shared;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What makes a sandbox.
#[derive(Debug, Default)]
pub struct Options {
    /// The objects to begin with, each as a manifest tells it, with uid, dates and status where it has them.
    pub objects: Vec<Value>,
    /// What the controllers take as given; without it there are none, and objects stay as they are written.
    pub conditions: Option<Conditions>,
    pub clock: Clock,
    /// The same seed gives the same uids, names and delays.
    pub seed: u64,
    /// 0 takes a free one.
    pub port: u16,
    /// What commands in pods answer.
    pub scripts: Vec<Script>,
}

impl Options {
    /// A scenario as it is now, with its controllers.
    pub fn of(scenario: &Scenario, clock: Clock, seed: u64) -> Result<Self, ScenarioError> {
        Ok(Self {
            objects: scenario.objects(clock.now())?,
            conditions: Some(scenario.conditions()),
            clock,
            seed,
            port: 0,
            scripts: scenario.scripts(),
        })
    }
}

/// A running sandbox; it stops when this value goes.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    kubeconfig: Kubeconfig,
    controllers: Arc<Mutex<Controllers>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The controllers, what they take as given, and when they want to look again.
#[derive(Debug)]
struct Controllers {
    state: ControllerState,
    conditions: Option<Conditions>,
    wake: Option<Timestamp>,
}

/// How [`Sandbox::settle`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is due any more.
    AtRest,
    /// Something is due later than the span that was given.
    Waiting { until: Timestamp },
    /// The controllers kept changing things without end.
    Restless,
}

/// How many rounds controllers may take without time passing.
const MOST_ROUNDS: usize = 10_000;

impl Sandbox {
    /// Starts a sandbox on a thread of its own. A refused object of `objects` is `InvalidData`.
    pub fn start(options: Options) -> io::Result<Self> {
        let mut store = Store::new(options.clock, options.seed);
        for object in options.objects {
            store
                .load(object)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        let minor = options
            .conditions
            .as_ref()
            .and_then(|conditions| conditions.server_minor);
        let shared = Arc::new(Shared::new(store, minor.unwrap_or(MINOR)));
        for script in options.scripts {
            shared.execs.script(script);
        }
        let controllers = Arc::new(Mutex::new(Controllers {
            state: ControllerState::new(options.seed),
            conditions: options.conditions,
            wake: None,
        }));
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = std::net::TcpListener::bind(wanted)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let token = format!("sandbox-{}", shared.read(Store::latest));
        shared
            .access
            .admit(&token, OPERATOR, &["system:masters", "system:authenticated"]);
        let kubeconfig = Kubeconfig::write(address, &token)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (of_thread, of_controllers) = (Arc::clone(&shared), Arc::clone(&controllers));
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                tokio::select! {
                    () = serve::serve(Arc::clone(&of_thread), listener, address) => {}
                    () = live(of_thread, of_controllers) => {}
                    // A sender that is dropped says the same as one that sends.
                    ended = stopped => drop(ended),
                }
            });
        })?;
        Ok(Self {
            shared,
            address,
            kubeconfig,
            controllers,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The file that leads kubectl, helm and Pilothouse here. It goes with the sandbox.
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// A program that stands in for helm here: `binary`, this very program, under the name that tells so. It goes with the
    /// sandbox.
    pub fn helm(&self, binary: &Path) -> io::Result<std::path::PathBuf> {
        self.kubeconfig.beside(helm::NAME, binary)
    }

    /// Faults on demand.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// What commands in pods answer, and what goes wrong with them.
    pub fn execs(&self) -> &Execs {
        &self.shared.execs
    }

    /// Users and what they may not do.
    pub fn access(&self) -> &Access {
        &self.shared.access
    }

    /// The raft processes in its pods, and what they are ill with.
    pub fn raft(&self) -> &raft::Processes {
        &self.shared.raft
    }

    /// The time in the sandbox.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// Looks at the objects.
    pub fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        self.shared.read(look)
    }

    /// Changes the objects from inside, as a controller would; watches see it.
    pub fn change<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        self.shared.change(work)
    }

    /// The handles of the disks that were destroyed, in that order: the evidence a storage system would give.
    pub fn destroyed(&self) -> Vec<String> {
        let controllers = self.controllers.lock().unwrap_or_else(PoisonError::into_inner);
        controllers.state.destroyed().to_vec()
    }

    /// Sends a bookmark on every watch that takes them.
    pub fn send_bookmarks(&self) {
        self.shared.send_bookmarks();
    }

    /// Lets the controllers look once. Says whether they changed anything.
    pub fn step(&self) -> bool {
        step(&self.shared, &self.controllers)
    }

    /// Moves a test clock forward and lets the controllers do all that falls due on the way; a real clock is left alone.
    pub fn settle(&self, within: Duration) -> Settled {
        let deadline = self.now().saturating_add(within).unwrap_or(Timestamp::MAX);
        for _ in 0..MOST_ROUNDS {
            if self.step() {
                continue;
            }
            let wake = self.controllers.lock().unwrap_or_else(PoisonError::into_inner).wake;
            match (wake, self.shared.clock().test()) {
                (None, _) => return Settled::AtRest,
                (Some(until), Some(clock)) if until <= deadline && until > clock.now() => clock.advance_to(until),
                (Some(until), _) => return Settled::Waiting { until },
            }
        }
        Settled::Restless
    }

    /// Moves a test clock forward by a span, controllers included, whatever falls due on the way.
    pub fn advance(&self, by: Duration) -> Settled {
        let end = self.now().saturating_add(by).unwrap_or(Timestamp::MAX);
        let settled = self.settle(by);
        if let Some(clock) = self.shared.clock().test() {
            clock.advance_to(end);
        }
        if settled == Settled::Restless {
            settled
        } else {
            self.settle(Duration::ZERO)
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread was printed when it happened.
            drop(thread.join());
        }
    }
}

/// Lets the controllers look once; the change they make is told to watches.
fn step(shared: &Shared, controllers: &Mutex<Controllers>) -> bool {
    let mut controllers = controllers.lock().unwrap_or_else(PoisonError::into_inner);
    let Controllers {
        state,
        conditions,
        wake,
    } = &mut *controllers;
    let Some(conditions) = conditions else { return false };
    shared.change(|store| {
        let before = store.latest();
        snapshots::keep(store);
        *wake = controllers::tick(store, state, conditions);
        store.latest() != before
    })
}

/// On the real clock the controllers look after every change and whenever they want to. A test clock is moved by hand.
async fn live(shared: Arc<Shared>, controllers: Arc<Mutex<Controllers>>) {
    if shared.clock().test().is_some() {
        return std::future::pending().await;
    }
    let mut revision = shared.revision();
    loop {
        revision.mark_unchanged();
        while step(&shared, &controllers) {
            // Requests and watches get their turn between two rounds.
            revision.mark_unchanged();
            tokio::task::yield_now().await;
        }
        let wake = controllers.lock().unwrap_or_else(PoisonError::into_inner).wake;
        let due = async {
            match wake {
                Some(wake) => {
                    let span = Duration::try_from(wake.duration_since(shared.now())).unwrap_or_default();
                    tokio::time::sleep(span.max(Duration::from_millis(5))).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            changed = revision.changed() => if changed.is_err() { return },
        }
    }
}
