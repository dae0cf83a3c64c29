//! How are requests carried? Two kube clients over one set of credentials, each with its own connections.
//!
//! Our own tower stack in place of kube's default one, because a cockpit needs what that does not offer: TCP keepalive,
//! so that a half-open watch is noticed in seconds without a request (A5 fault 3); no retries of any request
//! (`reference/libraries.md` §2: kube re-sends even a DELETE); credential plugins run twice instead of six times.

use super::error::ClusterError;
use super::said;
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{AuthError, Body, ClientBuilder, ConfigExt as _};
use kube::{Client, Config};
use std::time::Duration;
use tower::Layer as _;

/// A connection is given up when it could not be made within this span.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// An idle connection is probed after this span, and again at this pace, three times: dead within 15 seconds.
const KEEPALIVE: Duration = Duration::from_secs(5);
const KEEPALIVE_PROBE: Duration = Duration::from_secs(3);
const KEEPALIVE_PROBES: u32 = 3;

/// The reading client carries lists, watches and heartbeats; the writing one the fresh reads before an act and the act.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) reading: Client,
    pub(super) writing: Client,
    /// Counts rebuilds, so that many feeds that see one 401 rebuild once.
    pub(super) generation: u64,
}

/// Builds both clients. Blocks while a credential plugin runs: call it on the blocking pool of a runtime.
pub(super) fn build(config: &Config, generation: u64) -> Result<Clients, kube::Error> {
    if config.proxy_url.is_some() {
        // kube knows how to tunnel; its stack is taken as it is, without retries
        let mut config = config.clone();
        config.default_retry = false;
        return Ok(Clients {
            reading: ClientBuilder::try_from(config.clone())?.build(),
            writing: ClientBuilder::try_from(config)?.build(),
            generation,
        });
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE_PROBE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_PROBES));
    let connector = config.rustls_https_connector_with_connector(tcp)?;
    let auth = config.auth_layer()?;
    let headers = config.extra_headers_layer()?;
    let client = || {
        let hyper: Hyper<_, Body> = Hyper::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector.clone());
        let hyper = tower::ServiceExt::<http::Request<Body>>::map_err(hyper, tower::BoxError::from);
        let service = tower::util::option_layer(
            auth.as_ref()
                .map(|auth| tower::layer::layer_fn(|inner| auth.layer(inner))),
        )
        .layer(headers.layer(hyper));
        let service = config.base_uri_layer().layer(service);
        ClientBuilder::new(service, config.default_namespace.clone()).build()
    };
    Ok(Clients {
        reading: client(),
        writing: client(),
        generation,
    })
}

/// The credentials' own trouble in an error, if that is what it is: the plugin's command and what it said.
pub(super) fn credential_trouble(context: &str, error: &(dyn std::error::Error + 'static)) -> Option<ClusterError> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(auth) = current.downcast_ref::<AuthError>() {
            let (command, said) = match auth {
                AuthError::AuthExecRun { cmd, out } => {
                    let stderr = String::from_utf8_lossy(&out.stderr);
                    (cmd.clone(), format!("{}, {}", out.status, stderr.trim()))
                }
                AuthError::AuthExecParse(why) => (
                    String::new(),
                    format!("its output cannot be read at {:?}", why.location()),
                ),
                other => (String::new(), other.to_string()),
            };
            let command = program(&command);
            return Some(ClusterError::PluginFailed {
                context: context.to_owned(),
                command,
                said: said::plain(said.trim_end_matches([',', ' '])),
            });
        }
        cause = current.source();
    }
    None
}

/// The program of a command line as `Command`'s `Debug` prints it; its arguments may hold secrets and are not passed on.
fn program(command: &str) -> String {
    let first = command.split('"').find(|part| !part.trim().is_empty());
    said::plain(first.unwrap_or_default())
}
