//! One question, one answer: requests that change nothing, deadlines, size limits, and why no answer came.

use super::body::{self, Answer, CAP};
use super::client;
use super::connect::Connection;
use super::error::{ClusterError, Unreached};
use super::said;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use kube::Config;
use kube::client::{Body, Client};
use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::Duration;

pub(super) const JSON: &str = "application/json";
/// Metadata of one object only: all that is ever asked of a Secret.
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Metadata of a list only.
pub(super) const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What is listed and watched: protobuf, of which we skip what no rule reads, where the server has it.
pub(super) const EITHER: &str = "application/vnd.kubernetes.protobuf, application/json";
/// [`METADATA`], in either.
pub(super) const EITHER_METADATA: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Metadata of a list only, in either.
pub(super) const EITHER_METADATA_LIST: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

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
    /// In this content coding; a stream is never compressed (`identity`), because newer servers compress it event by event
    /// (`reference/libraries.md` §2, 5.0).
    Coded {
        path: &'a str,
        accept: &'static str,
        coding: &'static str,
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
            Self::Get { path, accept } => get(path, accept, "gzip"),
            Self::Coded { path, accept, coding } => get(path, accept, coding),
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

fn get(path: &str, accept: &'static str, coding: &'static str) -> Result<Request<Body>, http::Error> {
    Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(ACCEPT, accept)
        .header(ACCEPT_ENCODING, coding)
        .body(Body::empty())
}

/// Asks and reads the whole answer, whatever its status, before the deadline.
pub(super) async fn ask(client: &Client, question: Question<'_>, deadline: Duration) -> Result<Answer, Trouble> {
    let asked = async {
        let response = open(client, question).await?;
        body::take_in(response).await
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
