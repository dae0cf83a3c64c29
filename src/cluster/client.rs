//! How are requests carried? Two kube clients over one set of credentials, each with its own connections.
//!
//! Our own tower stack in place of kube's default one, because a cockpit needs what that does not offer: TCP keepalive,
//! so that a half-open watch is noticed in seconds without a request (A5 fault 3); no retries of any request
//! (`reference/libraries.md` §2: kube re-sends even a DELETE); credential plugins run twice instead of six times.

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

/// What the credentials themselves are in trouble with, if that is what an error is about. Says nothing of a plugin's
/// arguments and output, which may hold secrets; its standard error is what it means to tell people.
pub(super) fn credential_trouble(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(auth) = current.downcast_ref::<AuthError>() {
            return Some(match auth {
                AuthError::AuthExecRun { out, .. } => {
                    let stderr = String::from_utf8_lossy(&out.stderr);
                    said::plain(format!("{}, {}", out.status, stderr.trim()).trim_end_matches([',', ' ']))
                }
                AuthError::AuthExecParse(_) => "its output is no ExecCredential".to_owned(),
                other => said::plain(&other.to_string()),
            });
        }
        cause = current.source();
    }
    None
}

/// The program a user's credentials come from, for people; empty when they come from the kubeconfig itself.
pub(super) fn plugin(config: &Config) -> String {
    let exec = config.auth_info.exec.as_ref();
    let command = exec.and_then(|exec| exec.command.as_deref());
    let provider = config
        .auth_info
        .auth_provider
        .as_ref()
        .map(|provider| provider.name.as_str());
    said::plain(command.or(provider).unwrap_or_default())
}
