//! One connection to one peer: questions in HTTP/1.1, whole answers with limits. Ends when it is dropped.

use super::super::connect::Connection;
use super::super::said;
use super::super::wire::{self, JSON, Question, cause};
use crate::model::raft::Silence;
use crate::model::raft::decode::LARGEST;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use kube::api::Portforwarder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

/// A question to a peer.
#[derive(Debug)]
pub(in crate::cluster) struct Ask<'a> {
    method: Method,
    path: &'a str,
    header: Option<(&'static str, &'a str)>,
    /// JSON; empty: none.
    body: Bytes,
}

impl<'a> Ask<'a> {
    pub(in crate::cluster) const fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            header: None,
            body: Bytes::new(),
        }
    }

    /// With an empty JSON object as its body.
    pub(super) const fn post(path: &'a str) -> Self {
        Self {
            method: Method::POST,
            path,
            header: None,
            body: Bytes::from_static(b"{}"),
        }
    }

    /// What changes something: only `cluster::write` asks it.
    pub(in crate::cluster) const fn change(method: Method, path: &'a str, body: Bytes) -> Self {
        Self {
            method,
            path,
            header: None,
            body,
        }
    }

    pub(in crate::cluster) const fn with(mut self, name: &'static str, value: &'a str) -> Self {
        self.header = Some((name, value));
        self
    }
}

/// A whole answer.
#[derive(Debug)]
pub(in crate::cluster) struct Answered {
    pub(in crate::cluster) status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answered {
    pub(in crate::cluster) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, unless the peer sends us elsewhere: then nobody follows.
    pub(in crate::cluster) fn plain(&self) -> Result<&[u8], String> {
        elsewhere(self.status, &self.headers).map_or(Ok(&self.body), Err)
    }
}

/// Where a peer sends us, if it does: there nobody goes.
fn elsewhere(status: u16, headers: &HeaderMap) -> Option<String> {
    (300..400).contains(&status).then(|| {
        let to = headers.get(LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let to = said::plain(&String::from_utf8_lossy(to));
        format!("it sends us to {to} ({status}), where nobody goes")
    })
}

/// Why a question has no answer.
#[derive(Debug)]
pub(in crate::cluster) enum Unanswered {
    /// The peer is not to be had.
    Silent(Silence),
    /// It answered what cannot be used; it may answer the next question.
    Odd(String),
}

/// The way to a peer.
#[derive(Debug)]
pub(in crate::cluster) struct Line<'a>(Way<'a>);

#[derive(Debug)]
enum Way<'a> {
    Through {
        sender: SendRequest<Full<Bytes>>,
        _driver: Ended,
        _tunnel: Closed,
    },
    /// The API server's pod proxy, for what anybody may ask. It never sees a token.
    Proxy { connection: &'a Connection, base: String },
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Ended(JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A port-forward that ends with its owner.
pub(super) struct Closed(pub(super) Portforwarder);

impl std::fmt::Debug for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Portforwarder")
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<'a> Line<'a> {
    /// Speaks HTTP over a stream; the port-forward that carries it is closed with it.
    pub(super) async fn over<S>(stream: S, tunnel: Closed) -> Result<Self, Silence>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Silence::Refused {
                why: said::plain(&cause(&error)).into(),
            })?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a raft peer's connection ended");
            }
        });
        Ok(Self(Way::Through {
            sender,
            _driver: Ended(driver),
            _tunnel: tunnel,
        }))
    }

    pub(super) const fn proxied(connection: &'a Connection, base: String) -> Self {
        Self(Way::Proxy { connection, base })
    }

    /// Nobody but the peer reads what is asked: a token may be sent.
    pub(in crate::cluster) const fn private(&self) -> bool {
        matches!(self.0, Way::Through { .. })
    }

    pub(in crate::cluster) async fn ask(&mut self, ask: &Ask<'_>) -> Result<Answered, Unanswered> {
        match &mut self.0 {
            Way::Through { sender, .. } => through(sender, ask).await,
            Way::Proxy { connection, base } => proxied(connection, base, ask).await,
        }
    }

    /// Asks for what may be large: its head, and its body as it comes.
    pub(in crate::cluster) async fn stream(&mut self, ask: &Ask<'_>) -> Result<Response<Incoming>, Unanswered> {
        let Way::Through { sender, .. } = &mut self.0 else {
            return Err(Unanswered::Odd(
                "it is not asked through the API server's proxy".to_owned(),
            ));
        };
        let response = sent(sender, ask).await?;
        match elsewhere(response.status().as_u16(), response.headers()) {
            Some(why) => Err(Unanswered::Odd(why)),
            None => Ok(response),
        }
    }
}

async fn sent(sender: &mut SendRequest<Full<Bytes>>, ask: &Ask<'_>) -> Result<Response<Incoming>, Unanswered> {
    let request = request(ask).map_err(Unanswered::Odd)?;
    let gone = |error: &hyper::Error| {
        Unanswered::Silent(Silence::Refused {
            why: said::plain(&cause(error)).into(),
        })
    };
    sender.ready().await.map_err(|error| gone(&error))?;
    sender.send_request(request).await.map_err(|error| {
        if error.is_parse() {
            Unanswered::Odd(format!("no HTTP: {}", said::plain(&cause(&error))))
        } else {
            gone(&error)
        }
    })
}

async fn through(sender: &mut SendRequest<Full<Bytes>>, ask: &Ask<'_>) -> Result<Answered, Unanswered> {
    let (head, body) = sent(sender, ask).await?.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(|error| {
        Unanswered::Odd(if error.is::<LengthLimitError>() {
            format!("its answer is larger than {} KiB", LARGEST >> 10)
        } else {
            said::plain(&format!("its answer breaks off: {error}"))
        })
    })?;
    Ok(Answered {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.to_bytes(),
    })
}

fn request(ask: &Ask<'_>) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::builder()
        .method(ask.method.clone())
        .uri(ask.path)
        .header(HOST, "localhost")
        .header(ACCEPT, JSON);
    if let Some((name, value)) = ask.header {
        let mut value =
            HeaderValue::from_str(value).map_err(|_unfit| "the token holds characters that no token has".to_owned())?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    if !ask.body.is_empty() {
        request = request.header(CONTENT_TYPE, JSON);
    }
    request
        .body(Full::new(ask.body.clone()))
        .map_err(|error| format!("the question cannot be put: {error}"))
}

async fn proxied(connection: &Connection, base: &str, ask: &Ask<'_>) -> Result<Answered, Unanswered> {
    if ask.method != Method::GET || ask.header.is_some() {
        return Err(Unanswered::Odd(
            "it cannot be asked through the API server's proxy".to_owned(),
        ));
    }
    let path = format!("{base}{}", ask.path);
    let question = Question::Get {
        path: &path,
        accept: JSON,
    };
    let answer = wire::ask(&connection.clients().reading, question, super::DEADLINE).await;
    let answer = answer.map_err(|trouble| {
        Unanswered::Silent(Silence::Refused {
            why: trouble.words().into(),
        })
    })?;
    if answer.status == http::StatusCode::FORBIDDEN && said::Status::read(&answer.body).is_some() {
        return Err(Unanswered::Silent(Silence::Forbidden {
            why: said::words(&answer.body).into(),
        }));
    }
    if answer.body.len() > LARGEST {
        return Err(Unanswered::Odd(format!(
            "its answer is larger than {} KiB",
            LARGEST >> 10
        )));
    }
    Ok(Answered {
        status: answer.status.as_u16(),
        headers: answer.headers,
        body: answer.body,
    })
}
