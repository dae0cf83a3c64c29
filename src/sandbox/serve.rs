//! The port: connections in, requests read, faults played, answers out. Knows nothing of resources.

use super::authorization::Access;
use super::clock::Clock;
use super::exec::{self, Execs};
use super::faults::{Active, Faults};
use super::forward::Inside;
use super::http::{Answer, Ask, Content, Query};
use super::raft::Processes;
use super::requests;
use super::status::StoreError;
use super::store::{Objects as _, Store};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    store: Mutex<Store>,
    clock: Clock,
    revision: watch::Sender<u64>,
    bookmarks: watch::Sender<u64>,
    pub(super) faults: Faults,
    pub(super) access: Access,
    pub(super) execs: Execs,
    pub(super) raft: Processes,
    /// The minor version of the server that is played.
    pub(super) minor: u32,
}

/// Watches are told where they are this often on the real clock; a real server does it every minute.
const BOOKMARK_RHYTHM: Duration = Duration::from_secs(10);
/// The largest request a real server takes (`apiserver/pkg/server/config.go`, `MaxRequestBodyBytes`).
const LARGEST_REQUEST: usize = 3 * 1024 * 1024;

impl Shared {
    pub(super) fn new(store: Store, minor: u32) -> Self {
        let faults = Faults::default();
        // The feature gate WatchList: on by default in 1.32 and from 1.34 on.
        faults.without_streaming_lists(minor < 32 || minor == 33);
        Self {
            minor,
            clock: store.clock().clone(),
            revision: watch::Sender::new(store.latest()),
            bookmarks: watch::Sender::new(0),
            store: Mutex::new(store),
            faults,
            access: Access::default(),
            execs: Execs::default(),
            raft: Processes::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works on the store; watches and controllers hear of it when something changed.
    pub(super) fn change<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        let (done, revision) = {
            let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            let done = work(&mut store);
            (done, store.revision())
        };
        self.revision.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
        done
    }

    pub(super) fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(super) fn bookmarks(&self) -> watch::Receiver<u64> {
        self.bookmarks.subscribe()
    }

    /// Tells every watch where it is.
    pub(super) fn send_bookmarks(&self) {
        self.bookmarks.send_modify(|count| *count += 1);
    }

    /// How often watches get a bookmark by themselves: never under a test clock.
    pub(super) const fn bookmark_rhythm(&self) -> Option<Duration> {
        match self.clock {
            Clock::Real => Some(BOOKMARK_RHYTHM),
            Clock::Test(_) => None,
        }
    }
}

/// Serves until it is dropped. The port is closed and opened again as the faults say.
pub(super) async fn serve(shared: Arc<Shared>, first: TcpListener, address: SocketAddr) {
    let mut faults = shared.faults.watch();
    let mut listener = Some(first);
    loop {
        if faults.borrow_and_update().refused {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accepted => if let Ok((stream, _)) = accepted {
                tokio::spawn(connection(Arc::clone(&shared), stream));
            },
            changed = faults.changed() => if changed.is_err() { return },
        }
    }
}

/// Serves one connection until it ends or is cut.
async fn connection(shared: Arc<Shared>, stream: TcpStream) {
    let mut faults = shared.faults.watch();
    let cuts = faults.borrow().cuts;
    // Answers are small and a client waits for each: waiting to fill a packet only costs time.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| respond(Arc::clone(&shared), request));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(hyper_util::rt::TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // However a connection ends, there is nobody left to tell.
        ended = served => drop(ended),
        waited = faults.wait_for(|active: &Active| active.cuts != cuts) => drop(waited),
    }
}

async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Content>, Infallible> {
    let mut faults = shared.faults.watch();
    // The switchboard lives as long as `shared`, so waiting on it cannot fail.
    drop(faults.wait_for(|active| !active.frozen).await.map(|active| active.cuts));
    let slow = shared.faults.active().slow;
    if !slow.is_zero() {
        tokio::time::sleep(slow).await;
    }
    if exec::wanted(&request) {
        return Ok(exec::answer(&shared, request));
    }
    if let Some(inside) = Inside::read(request.uri().path()) {
        return Ok(inside.answer(&shared, request).await);
    }
    let answer = match read(&shared, request).await {
        Ok(ask) => answer(&shared, &ask),
        Err(error) => Answer::refusal(&error),
    };
    Ok(answer.response())
}

fn answer(shared: &Arc<Shared>, ask: &Ask) -> Answer {
    if let Some(seconds) = shared.faults.take_throttled() {
        let mut error = StoreError::new(429, "TooManyRequests", "too many requests, please try again later");
        error.retry_after = Some(seconds);
        return Answer::refusal(&error);
    }
    let before = shared.read(Store::latest);
    let answer = requests::answer(shared, ask);
    let wrote = ask.method != Method::GET && shared.read(Store::latest) != before;
    if wrote && answer.code < 300 && shared.faults.take_lost_answer() {
        let message = "Internal error occurred: etcdserver: request timed out";
        return Answer::refusal(&StoreError::new(500, "InternalError", message));
    }
    if ask.gzip { answer.compressed() } else { answer }
}

async fn read(shared: &Shared, request: Request<Incoming>) -> Result<Ask, StoreError> {
    let (head, body) = request.into_parts();
    let text = |name: header::HeaderName| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let shown = head
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let user = shared.access.identify(shown)?;
    let body = Limited::new(body, LARGEST_REQUEST).collect().await.map_err(|error| {
        let message = format!("Request entity too large or cut off: {error}");
        StoreError::new(413, "RequestEntityTooLarge", message)
    })?;
    let agent = text(header::USER_AGENT);
    Ok(Ask {
        path: head.uri.path().to_owned(),
        query: Query::read(head.uri.query().unwrap_or_default()),
        accept: text(header::ACCEPT),
        content_type: text(header::CONTENT_TYPE),
        gzip: text(header::ACCEPT_ENCODING).contains("gzip"),
        agent: agent.split('/').next().unwrap_or_default().to_owned(),
        user,
        body: body.to_bytes(),
        method: head.method,
    })
}
