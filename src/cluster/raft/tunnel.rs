//! The way to a pod's port: a port-forward through the API server, with TLS inside where the system speaks it.

use super::super::connect::Connection;
use super::super::said;
use super::super::wire;
use super::line::{Ask, Closed, Line};
use super::tls::{self, Trust};
use crate::model::raft::{Member, Roster, Silence};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::DuplexStream;

/// How long a far end may take to say that nobody listens on the port.
const FIRST_WORD: Duration = Duration::from_millis(50);

/// What Go's `net/http` answers to HTTP where it expects TLS.
const SECURED: &[u8] = b"Client sent an HTTP request to an HTTPS server";

pub(super) struct Tunnel<'a> {
    connection: &'a Connection,
    namespace: &'a str,
    pod: &'a str,
    port: u16,
    tls: Option<bool>,
    trust: &'a Trust,
    /// The port-forward stands: who says nothing from then on is the peer.
    stands: AtomicBool,
}

impl<'a> Tunnel<'a> {
    pub(super) fn new(connection: &'a Connection, roster: &'a Roster, member: &'a Member, trust: &'a Trust) -> Self {
        Self {
            connection,
            namespace: &roster.id.namespace,
            pod: &member.pod,
            port: roster.port,
            tls: trust.tls.or(roster.tls),
            trust,
            stands: AtomicBool::new(false),
        }
    }

    /// Why nothing came within the deadline.
    pub(super) fn hung(&self, after: Duration) -> Silence {
        if self.stands.load(Ordering::Relaxed) {
            Silence::Stuck { after }
        } else {
            Silence::Refused {
                why: format!("no port-forward within {}s", after.as_secs()).into(),
            }
        }
    }

    pub(super) async fn open(&self) -> Result<Line<'a>, Silence> {
        let (stream, forward) = match self.forward().await {
            Ok(opened) => opened,
            Err(Silence::Forbidden { why }) => return self.proxied(why),
            Err(silence) => return Err(silence),
        };
        match self.tls {
            Some(true) => self.secured(stream, forward).await,
            Some(false) => self.plain(stream, forward).await,
            None => {
                let mut line = self.plain(stream, forward).await?;
                // Go's TLS servers say in plain text that they are such; nothing secret is asked
                match line.ask(&Ask::get("/")).await {
                    Ok(said) if said.status == 400 && said.body().starts_with(SECURED) => {
                        drop(line);
                        let (stream, forward) = self.forward().await?;
                        self.secured(stream, forward).await
                    }
                    Ok(_) => Ok(line),
                    Err(_) => {
                        drop(line);
                        let (stream, forward) = self.forward().await?;
                        self.plain(stream, forward).await
                    }
                }
            }
        }
    }

    async fn plain(&self, stream: DuplexStream, forward: Closed) -> Result<Line<'a>, Silence> {
        Line::over(stream, forward).await
    }

    async fn secured(&self, stream: DuplexStream, forward: Closed) -> Result<Line<'a>, Silence> {
        let stream = tls::wrap(stream, self.trust).await?;
        Line::over(stream, forward).await
    }

    async fn forward(&self) -> Result<(DuplexStream, Closed), Silence> {
        let clients = self.connection.clients();
        let pods: Api<Pod> = Api::namespaced(clients.reading, self.namespace);
        let forward = pods.portforward(self.pod, &[self.port]).await;
        let mut forward = Closed(forward.map_err(|error| refused(&error))?);
        let stream = forward.0.take_stream(self.port);
        let first_word = forward.0.take_error(self.port);
        self.stands.store(true, Ordering::Relaxed);
        // a port that nobody listens on is told on the other channel, as soon as the far end knows
        if let Some(first_word) = first_word
            && let Ok(Some(why)) = tokio::time::timeout(FIRST_WORD, first_word).await
        {
            return Err(Silence::Refused {
                why: said::plain(&why).into(),
            });
        }
        let stream = stream.ok_or_else(|| Silence::Refused {
            why: "the port-forward has no stream".into(),
        })?;
        Ok((stream, forward))
    }

    /// Where port-forwards are forbidden, what anybody may ask is asked through the API server's proxy.
    fn proxied(&self, why: crate::model::Text) -> Result<Line<'a>, Silence> {
        let scheme = match self.tls {
            Some(true) => "https",
            Some(false) => "http",
            None => return Err(Silence::Forbidden { why }),
        };
        let (namespace, pod, port) = (self.namespace, self.pod, self.port);
        let base = format!("/api/v1/namespaces/{namespace}/pods/{scheme}:{pod}:{port}/proxy");
        Ok(Line::proxied(self.connection, base))
    }
}

fn refused(error: &kube::Error) -> Silence {
    if let kube::Error::Api(status) = error {
        let why = said::plain(&status.message).into();
        return if status.code == 403 {
            Silence::Forbidden { why }
        } else {
            Silence::Refused { why }
        };
    }
    Silence::Refused {
        why: wire::trouble(error).words().into(),
    }
}
