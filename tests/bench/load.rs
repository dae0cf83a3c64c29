//! The load server: an API server that serves a made-up cluster from memory, the same bytes to every client, and is never
//! what is waited for.
//!
//! `load [--shape L|S|thousand] [--seed N] [--port N]` prints one line `{"ready": {"url", "objects", "bytes", "tenants"}}`,
//! then reads commands from standard input, one JSON object a line, and answers each with one line (`command.rs` tells
//! them). It ends with its input. Everything runs on one thread: pin the process to a core with `taskset` or by the
//! parent's own affinity.
//!
//! Knows HTTP, lists, watches and time; what objects look like is `shapes`' affair.

#![allow(
    dead_code,
    reason = "each target uses a part of it; `expect` would fail in one that uses all"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own inside the benchmark: it has a clock, and speaks on its standard output"
)]

#[path = "load/answer.rs"]
mod answer;
#[path = "load/churn.rs"]
mod churn;
#[path = "load/command.rs"]
mod command;
#[path = "load/discovery.rs"]
mod discovery;
#[path = "load/line.rs"]
mod line;
#[path = "load/live.rs"]
mod live;
#[path = "load/port.rs"]
mod port;
#[path = "load/rate.rs"]
mod rate;
#[path = "load/routes.rs"]
mod routes;
#[path = "load/selection.rs"]
mod selection;
#[path = "load/stats.rs"]
mod stats;
#[path = "load/stock.rs"]
mod stock;

use super::shapes::{Cluster, Shape};
use live::Live;
use port::Port;
use serde_json::{Value, json};
use stats::Stats;
use std::io::BufRead as _;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// How long a server may take to say that it is ready.
const READY: std::time::Duration = std::time::Duration::from_mins(2);

/// What all connections share.
struct Server {
    cluster: Arc<Cluster>,
    live: Mutex<Live>,
    stats: Stats,
    port: Port,
    /// How many churns were begun: a later one ends the one before.
    churns: AtomicU64,
}

impl Server {
    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command and where its answer goes.
type Order = (Value, oneshot::Sender<Value>);

/// The program: `load …`.
pub(crate) fn serve(arguments: &[String]) -> ExitCode {
    match Options::read(arguments).and_then(|options| Running::start(&options)) {
        Ok(running) => {
            println!("{}", json!({ "ready": running.ready }));
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let answer = match serde_json::from_str(&line) {
                    Ok(command) => running.command(command),
                    Err(error) => json!({ "error": format!("not a line of JSON: {error}") }),
                };
                println!("{answer}");
                if answer.get("quit").is_some() {
                    break;
                }
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("load: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What is served, and where.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) shape: Shape,
    pub(crate) seed: u64,
    /// 0: any that is free.
    pub(crate) port: u16,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            shape: Shape::L,
            seed: 1,
            port: 0,
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|error| format!("{name} {value}: {error}"));
            match name.as_str() {
                "--shape" => {
                    options.shape = match value.to_ascii_lowercase().as_str() {
                        "l" => Shape::L,
                        "s" => Shape::S,
                        "thousand" => Shape::THOUSAND,
                        _ => return Err(format!("there is no shape {value}; L, S and thousand are")),
                    }
                }
                "--seed" => options.seed = number()?,
                "--port" => options.port = u16::try_from(number()?).map_err(|error| format!("{name}: {error}"))?,
                _ => return Err(format!("what is {name}?")),
            }
        }
        Ok(options)
    }
}

/// A server under way, on a thread of its own. Dropping it ends the thread.
pub(crate) struct Running {
    /// The ready line's contents.
    pub(crate) ready: Value,
    orders: mpsc::UnboundedSender<Order>,
}

impl Running {
    /// Makes the cluster and its bodies, binds, and returns when the first request can come.
    pub(crate) fn start(options: &Options) -> Result<Self, String> {
        let options = options.clone();
        let (orders, inbox) = mpsc::unbounded_channel();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(live_on(&options, inbox, &tell)),
                // the other side says so when it hears nothing
                Err(error) => tell.send(Err(error.to_string())).unwrap_or_default(),
            }
        });
        let ready = told
            .recv_timeout(READY)
            .map_err(|error| format!("not ready: {error}"))??;
        Ok(Self { ready, orders })
    }

    pub(crate) fn url(&self) -> &str {
        self.ready.get("url").and_then(Value::as_str).unwrap_or_default()
    }

    /// Carries a command out and returns its answer; an `error` in it says what went wrong.
    pub(crate) fn command(&self, command: Value) -> Value {
        let (answer, answered) = oneshot::channel();
        let gone = || json!({ "error": "the server has ended" });
        if self.orders.send((command, answer)).is_err() {
            return gone();
        }
        answered.blocking_recv().unwrap_or_else(|_closed| gone())
    }
}

async fn live_on(
    options: &Options,
    mut inbox: mpsc::UnboundedReceiver<Order>,
    tell: &std::sync::mpsc::Sender<Result<Value, String>>,
) {
    let cluster = Arc::new(Cluster::new(options.shape, options.seed));
    let live = Live::new(Arc::clone(&cluster));
    let bytes = live.stock().bytes();
    let port = match Port::bind(options.port) {
        Ok(port) => port,
        Err(why) => return tell.send(Err(why)).unwrap_or_default(),
    };
    let url = format!("http://{}", port.address());
    let server = Arc::new(Server {
        cluster,
        live: Mutex::new(live),
        stats: Stats::default(),
        port,
        churns: AtomicU64::new(0),
    });
    port::listen(&server);
    live::bookmark(&server);
    let ready = json!({
        "url": url, "objects": server.cluster.total(), "bytes": bytes, "tenants": server.cluster.tenants().len(),
    });
    // whoever asked is there: it waits for this
    tell.send(Ok(ready)).unwrap_or_default();
    while let Some((command, answer)) = inbox.recv().await {
        // who no longer waits for its answer does without
        drop(answer.send(command::carry_out(&server, &command).await));
    }
}
