//! The port: connections in, bytes out, counted, dated, and slowed or cut when told to. Knows nothing of resources.

use super::Server;
use super::routes;
use super::stats::{Stamp, now_ns};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io::{Error, IoSlice};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

/// The most that a shaped connection sends at once.
const PORTION: usize = 16 << 10;
/// A pause after a connection that could not be taken.
const BREATH: Duration = Duration::from_millis(10);

pub(super) struct Port {
    address: SocketAddr,
    /// Taken by the listening task.
    listener: Mutex<Option<TcpListener>>,
    /// How often everything was cut, and for how long the last time.
    cuts: watch::Sender<(u64, Duration)>,
    open: AtomicUsize,
    link: Mutex<Link>,
}

/// How slow the network is played to be.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    round_trip: Duration,
    /// 0: as fast as it goes.
    bytes_a_second: u64,
    /// When the link is free again.
    free: Option<Instant>,
}

impl Port {
    pub(super) fn bind(port: u16) -> Result<Self, String> {
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        Ok(Self {
            address,
            listener: Mutex::new(Some(listener)),
            cuts: watch::Sender::new((0, Duration::ZERO)),
            open: AtomicUsize::new(0),
            link: Mutex::default(),
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection, and refuses new ones for so long.
    pub(super) fn cut(&self, span: Duration) {
        self.cuts.send_modify(|(count, held)| {
            *count += 1;
            *held = span;
        });
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays a slow network: each answer begins a round trip later, and all connections share the bandwidth.
    pub(super) fn shape(&self, round_trip: Duration, megabits: u64) {
        *self.link() = Link {
            round_trip,
            bytes_a_second: megabits * 1_000_000 / 8,
            free: None,
        };
    }

    pub(super) fn round_trip(&self) -> Duration {
        self.link().round_trip
    }

    /// How much of so many bytes may be sent now; `Err`: nothing until then.
    fn allowed(&self, wanted: usize) -> Result<usize, Instant> {
        let mut link = self.link();
        if link.bytes_a_second == 0 {
            return Ok(wanted);
        }
        let now = Instant::now();
        let free = link.free.unwrap_or(now).max(now);
        if free > now {
            return Err(free);
        }
        let portion = wanted.min(PORTION);
        let nanoseconds = u64::try_from(portion).unwrap_or(0) * 1_000_000_000 / link.bytes_a_second;
        link.free = Some(now + Duration::from_nanos(nanoseconds));
        Ok(portion)
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    let socket = TcpSocket::new_v4()?;
    // the port must be had again after a cut
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Takes connections until the server is dropped.
pub(super) fn listen(server: &Arc<Server>) {
    let server = Arc::clone(server);
    tokio::spawn(async move {
        let port = &server.port;
        let mut cuts = port.cuts.subscribe();
        let mut listener = port.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        loop {
            let Some(open) = listener.take().or_else(|| bind(port.address).ok()) else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            tokio::select! {
                () = take_connections(&open, &server) => {}
                changed = cuts.changed() => if changed.is_err() { return },
            }
            drop(open);
            let span = cuts.borrow_and_update().1;
            tokio::time::sleep(span).await;
        }
    });
}

async fn take_connections(listener: &TcpListener, server: &Arc<Server>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(server)));
            }
            Err(_too_many) => tokio::time::sleep(BREATH).await,
        }
    }
}

async fn connection(stream: TcpStream, server: Arc<Server>) {
    // without it small events wait for their acknowledgement
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut cuts = server.port.cuts.subscribe();
    cuts.mark_unchanged();
    server.port.open.fetch_add(1, Ordering::Relaxed);
    let meter = Arc::new(Meter::default());
    let wire = Wire {
        stream,
        meter: Arc::clone(&meter),
        server: Arc::clone(&server),
        pause: None,
    };
    let service = service_fn(|request| routes::answer(Arc::clone(&server), Arc::clone(&meter), request));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(wire), service);
    tokio::select! {
        // how a client ends its connection is its affair
        ended = serving => drop(ended),
        _cut = cuts.changed() => {}
    }
    server.port.open.fetch_sub(1, Ordering::Relaxed);
}

/// Which instants wait for the next bytes of a connection.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Vec<Arc<Stamp>>>);

impl Meter {
    /// The bytes handed over next carry this one's.
    pub(super) fn carries(&self, stamp: Arc<Stamp>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(stamp);
    }

    fn take(&self) -> Vec<Arc<Stamp>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Wire {
    stream: TcpStream,
    meter: Arc<Meter>,
    server: Arc<Server>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    /// How much may be sent now.
    fn poll_allowed(&mut self, context: &mut Context<'_>, wanted: usize) -> Poll<usize> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.server.port.allowed(wanted) {
                Ok(allowed) => return Poll::Ready(allowed),
                Err(free) => self.pause = Some(Box::pin(tokio::time::sleep_until(free))),
            }
        }
    }

    /// Counts what was written, and dates it with the instant just before: the reader may be awake before we are back.
    fn written(&self, before: u64, written: &Poll<Result<usize, Error>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            let bytes = u64::try_from(*bytes).unwrap_or(0);
            self.server.stats.socket.fetch_add(bytes, Ordering::Relaxed);
            for stamp in self.meter.take() {
                stamp.set(before);
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        let wire = self.get_mut();
        let allowed = ready!(wire.poll_allowed(context, bytes.len()));
        let bytes = bytes.get(..allowed).unwrap_or(bytes);
        let before = now_ns();
        let written = Pin::new(&mut wire.stream).poll_write(context, bytes);
        wire.written(before, &written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        let wire = self.get_mut();
        let wanted = parts.iter().map(|part| part.len()).sum();
        let allowed = ready!(wire.poll_allowed(context, wanted));
        let before = now_ns();
        let first = parts.iter().find(|part| !part.is_empty());
        let written = match first {
            Some(first) if allowed < wanted => {
                let bytes = first.get(..allowed.min(first.len())).unwrap_or_default();
                Pin::new(&mut wire.stream).poll_write(context, bytes)
            }
            _ => Pin::new(&mut wire.stream).poll_write_vectored(context, parts),
        };
        wire.written(before, &written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
