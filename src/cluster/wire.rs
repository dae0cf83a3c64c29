//! One question, one answer: requests that change nothing, deadlines, size limits, and why no answer came.

use super::client;
use super::connect::Connection;
use super::error::{ClusterError, Unreached};
use super::said;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Config;
use kube::client::{Body, Client};
use std::error::Error as StdError;
use std::io::{ErrorKind, Read as _};
use std::time::Duration;

/// The longest body, page or event line that is taken in, in bytes, after decompression.
pub(super) const CAP: usize = 64 << 20;
/// How long an answer may go without a byte.
const STALL: Duration = Duration::from_secs(20);

pub(super) const JSON: &str = "application/json";
/// Metadata of one object only: all that is ever asked of a Secret.
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Metadata of a list only.
pub(super) const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Bytes that travelled, before decompression.
    pub(super) travelled: u64,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No connection was made: the server has not seen the request.
    NotSent(Unreached),
    /// No credentials could be had: the server has not seen the request.
    Credentials(String),
    /// The connection broke; the server may have seen the request.
    Cut(String),
    /// Nothing complete came in time; the server may have seen the request.
    Deadline(Duration),
    /// The answer is larger than we take in.
    TooLarge,
}

impl Trouble {
    /// As an error about the server of this configuration.
    pub(super) fn at(self, config: &Config, context: &str) -> ClusterError {
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let how = match self {
            Self::Credentials(said) => {
                return ClusterError::PluginFailed {
                    context: context.to_owned(),
                    command: client::plugin(config),
                    said,
                };
            }
            Self::TooLarge => {
                return ClusterError::Unreadable {
                    what: server,
                    why: format!("it is larger than {} MiB", CAP >> 20),
                };
            }
            Self::NotSent(how) => how,
            Self::Cut(why) => Unreached::Cut { why },
            Self::Deadline(after) => Unreached::Deadline { after },
        };
        ClusterError::Unreachable {
            server,
            context: context.to_owned(),
            how,
        }
    }

    /// In a few words, for a feed's state.
    pub(super) fn words(&self) -> String {
        match self {
            Self::NotSent(how) => how.to_string(),
            Self::Credentials(said) => format!("no credentials ({said})"),
            Self::Cut(why) => format!("connection lost ({why})"),
            Self::Deadline(after) => format!("no answer within {}s", after.as_secs()),
            Self::TooLarge => format!("an answer larger than {} MiB", CAP >> 20),
        }
    }
}

/// A request that changes nothing: the only shapes this module can send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question<'a> {
    Get {
        path: &'a str,
        accept: &'static str,
    },
    /// A `Self…Review`: POST by protocol, but the server stores nothing.
    Review(Review<'a>),
}

/// The reviews a user may ask about himself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Review<'a> {
    /// Who am I? (`authentication.k8s.io`, of this version)
    Subject { version: &'static str },
    /// May I? (`authorization.k8s.io/v1`)
    Access { attributes: &'a serde_json::Value },
}

impl Question<'_> {
    fn request(self) -> Result<Request<Body>, http::Error> {
        match self {
            Self::Get { path, accept } => Request::builder()
                .method(Method::GET)
                .uri(path)
                .header(ACCEPT, accept)
                .header(ACCEPT_ENCODING, "gzip")
                .body(Body::empty()),
            Self::Review(review) => {
                let (group, kind, plural, spec) = match review {
                    Review::Subject { version } => (
                        format!("authentication.k8s.io/{version}"),
                        "SelfSubjectReview",
                        "selfsubjectreviews",
                        serde_json::Value::Null,
                    ),
                    Review::Access { attributes } => (
                        "authorization.k8s.io/v1".to_owned(),
                        "SelfSubjectAccessReview",
                        "selfsubjectaccessreviews",
                        serde_json::json!({ "resourceAttributes": attributes }),
                    ),
                };
                let mut body = serde_json::json!({ "apiVersion": group, "kind": kind });
                if let (serde_json::Value::Object(fields), false) = (&mut body, spec.is_null()) {
                    fields.insert("spec".to_owned(), spec);
                }
                Request::builder()
                    .method(Method::POST)
                    .uri(format!("/apis/{group}/{plural}"))
                    .header(ACCEPT, JSON)
                    .header(CONTENT_TYPE, JSON)
                    .body(Body::from(body.to_string().into_bytes()))
            }
        }
    }
}

/// Asks and reads the whole answer, whatever its status, before the deadline.
pub(super) async fn ask(client: &Client, question: Question<'_>, deadline: Duration) -> Result<Answer, Trouble> {
    let asked = async {
        let response = open(client, question).await?;
        take_in(response).await
    };
    tokio::time::timeout(deadline, asked)
        .await
        .unwrap_or(Err(Trouble::Deadline(deadline)))
}

/// Asks and returns as soon as the head of the answer is there: for streams.
pub(super) async fn open(client: &Client, question: Question<'_>) -> Result<Response<Body>, Trouble> {
    let request = question
        .request()
        .map_err(|error| Trouble::Cut(format!("the request cannot be built: {error}")))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a Question is a GET or a review of oneself: it changes nothing"
    )]
    let sent = client.send(request);
    sent.await.map_err(|error| trouble(&error))
}

/// A watch: like [`open`], but never compressed, because newer servers compress it event by event
/// (`reference/libraries.md` §2, 5.0).
pub(super) async fn open_stream(client: &Client, path: &str, accept: &'static str) -> Result<Response<Body>, Trouble> {
    let request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(ACCEPT, accept)
        .header(ACCEPT_ENCODING, "identity")
        .body(Body::empty())
        .map_err(|error| Trouble::Cut(format!("the request cannot be built: {error}")))?;
    #[expect(clippy::disallowed_methods, reason = "a GET: it changes nothing")]
    let sent = client.send(request);
    sent.await.map_err(|error| trouble(&error))
}

/// Reads a body to its end: at most [`CAP`] bytes, never silent for long.
pub(super) async fn take_in(response: Response<Body>) -> Result<Answer, Trouble> {
    let (head, mut body) = response.into_parts();
    let mut taken = Vec::new();
    loop {
        let frame = tokio::time::timeout(STALL, body.frame())
            .await
            .map_err(|_elapsed| Trouble::Deadline(STALL))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Trouble::Cut(cause(&error)))?;
        if let Ok(data) = frame.into_data() {
            if taken.len() + data.len() > CAP {
                return Err(Trouble::TooLarge);
            }
            taken.extend_from_slice(&data);
        }
    }
    let travelled = u64::try_from(taken.len()).unwrap_or(u64::MAX);
    if head
        .headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| coding == "gzip")
    {
        taken = inflate(&taken)?;
    }
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: taken.into(),
        travelled,
    })
}

/// Gunzips, with the same limit: a small bomb must not become a large one.
fn inflate(packed: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut plain = Vec::new();
    let limit = u64::try_from(CAP).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|error| Trouble::Cut(format!("broken gzip: {error}")))?;
    if plain.len() > CAP {
        return Err(Trouble::TooLarge);
    }
    Ok(plain)
}

/// How long the server asks to be left alone (`Retry-After` in seconds; at most five minutes).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(300)))
}

/// What a client's error means for the request: never sent, or perhaps sent.
pub(super) fn trouble(error: &kube::Error) -> Trouble {
    if let Some(said) = client::credential_trouble(error) {
        return Trouble::Credentials(said);
    }
    let why = cause(error);
    let mut current: Option<&(dyn StdError + 'static)> = Some(error);
    let mut connecting = false;
    let mut reached: Option<Unreached> = None;
    while let Some(error) = current {
        if let Some(hyper) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting |= hyper.is_connect();
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            reached = reached.or(match io.kind() {
                ErrorKind::ConnectionRefused => Some(Unreached::Refused),
                ErrorKind::TimedOut => Some(Unreached::Deadline { after: client::CONNECT }),
                _ => None,
            });
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            reached = Some(Unreached::Tls {
                why: said::plain(&tls.to_string()),
            });
        }
        if error.to_string().starts_with("dns error") {
            reached = Some(Unreached::Name { why: why.clone() });
        }
        current = inner(error);
    }
    if connecting {
        Trouble::NotSent(reached.unwrap_or(Unreached::Cut { why }))
    } else {
        Trouble::Cut(why)
    }
}

/// The error inside this one. An `io::Error` hides its own contents from `source`, which names their source.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(hidden) => Some(hidden),
        None => error.source(),
    }
}

/// The innermost cause, which is the one that says something; the usual ends of a connection in fewer words.
pub(super) fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    loop {
        let kind = innermost.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        match kind {
            Some(ErrorKind::UnexpectedEof) => return "closed by the server".to_owned(),
            Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
                return "reset by the server".to_owned();
            }
            _ => {}
        }
        match inner(innermost) {
            Some(source) => innermost = source,
            None => return said::plain(&innermost.to_string()),
        }
    }
}

impl Connection {
    /// Asks with the reading client; credentials that the server no longer accepts are renewed once.
    pub(super) async fn ask(&self, question: Question<'_>, deadline: Duration) -> Result<Answer, ClusterError> {
        let clients = self.clients();
        let answer = ask(&clients.reading, question, deadline)
            .await
            .map_err(|trouble| self.error(trouble))?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let renewed = self.renew(clients.generation).await?;
        ask(&renewed.reading, question, deadline)
            .await
            .map_err(|trouble| self.error(trouble))
    }

    /// A trouble, told with this connection's server and context.
    pub(super) fn error(&self, trouble: Trouble) -> ClusterError {
        trouble.at(self.config(), &self.identity().context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn packed(zeros: usize) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&vec![0; zeros]).expect("written");
        gzip.finish().expect("finished")
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_limit() {
        assert_eq!(inflate(&packed(1_000)).expect("a small one").len(), 1_000);
        let bomb = packed(CAP + 1);
        assert!(bomb.len() < CAP / 100);
        assert!(matches!(inflate(&bomb), Err(Trouble::TooLarge)));
        assert!(matches!(inflate(b"\x1f\x8bnonsense"), Err(Trouble::Cut(_))));
    }

    #[test]
    fn a_wish_to_be_left_alone_is_bounded() {
        let asked = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().expect("a header"));
            retry_after(&headers)
        };
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("86400"), Some(Duration::from_mins(5)));
        assert_eq!(asked("Fri, 31 Dec 1999 23:59:59 GMT"), None);
    }
}
