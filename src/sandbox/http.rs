//! A request as the sandbox reads it and an answer as it gives it; headers, query and body, nothing of their meaning.

use super::authorization::User;
use super::status::StoreError;
use super::view::Encoding;
use crate::protobuf::{self, Envelope};
use bytes::Bytes;
use http_body::Frame;
use hyper::header::{self, HeaderName};
use hyper::{Method, Response, StatusCode};
use serde::Deserialize as _;
use serde_json::{Map, Value};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// A request, read to its end.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Query,
    pub(super) accept: String,
    pub(super) content_type: String,
    /// The client reads gzip.
    pub(super) gzip: bool,
    /// The program that asks: the part of `User-Agent` before the slash.
    pub(super) agent: String,
    pub(super) user: User,
    pub(super) body: Bytes,
}

impl Ask {
    /// The body as JSON, or as YAML where its content type says so; `null` when empty.
    pub(super) fn document(&self) -> Result<Value, StoreError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        if self.content_type.contains("protobuf") {
            return from_protobuf(&self.body).map_err(|_unread| StoreError::unsupported_media_type());
        }
        if self.content_type.contains("cbor") {
            return Err(StoreError::unsupported_media_type());
        }
        let read = serde_json::from_slice(&self.body);
        let is_yaml = self.content_type.contains("yaml");
        match read {
            Err(_) if is_yaml => serde_saphyr::from_slice(&self.body).map_err(|error| unreadable(&error)),
            read => read.map_err(|error| unreadable(&error)),
        }
    }

    /// Who is recorded as the writer of fields.
    pub(super) fn manager(&self) -> String {
        let named = self.query.get("fieldManager");
        let agent = if self.agent.is_empty() { "unknown" } else { &self.agent };
        if named.is_empty() {
            agent.to_owned()
        } else {
            named.to_owned()
        }
    }
}

/// Go's typed clients write protobuf and cannot be talked out of it (`kubectl create`, `kubectl auth can-i`, Helm's release
/// records). Answers are always JSON, which they all read.
fn from_protobuf(body: &[u8]) -> Result<Value, protobuf::Error> {
    let envelope = Envelope::read(body)?;
    let mut whole = Map::new();
    // the kind first, as everybody writes it
    whole.insert("apiVersion".to_owned(), envelope.api_version.into());
    whole.insert("kind".to_owned(), envelope.kind.into());
    whole.append(&mut Map::deserialize(envelope.message()?)?);
    Ok(Value::Object(whole))
}

fn unreadable(error: &dyn std::error::Error) -> StoreError {
    let message = format!("the object provided is unrecognized: couldn't get version/kind; json parse error: {error}");
    StoreError::bad_request(message)
}

/// The parameters of a request, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let read = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(read.collect())
    }

    /// The value of a parameter; empty when it is not given.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map_or("", |(_, value)| value)
    }

    /// Every value that is given for a parameter, in order.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let given = self.0.iter().filter(|(given, _)| given == name);
        given.map(|(_, value)| value.clone()).collect()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), "true" | "1")
    }

    /// The whole number a parameter gives.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, StoreError> {
        match self.get(name) {
            "" => Ok(None),
            text => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(StoreError::bad_request(format!(
                    "strconv.ParseInt: parsing \"{text}\": invalid syntax"
                ))),
            },
        }
    }
}

/// Undoes percent-encoding; a `+` is a blank.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let value = std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(value.unwrap_or(b'%'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What an answer carries.
#[derive(Debug)]
pub(super) enum Content {
    Whole(Bytes),
    /// A stream that ends when its sender is gone.
    Lines(mpsc::Receiver<Bytes>),
}

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Lines(lines) => lines
                .poll_recv(context)
                .map(|line| line.map(|line| Ok(Frame::data(line)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match self {
            Self::Whole(bytes) => http_body::SizeHint::with_exact(bytes.len() as u64),
            Self::Lines(_) => http_body::SizeHint::default(),
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) content: Content,
}

/// From this size on lists are compressed for clients that read gzip (`apiserver/pkg/endpoints/handlers/responsewriters`).
const COMPRESSED_FROM: usize = 128 * 1024;

impl Answer {
    pub(super) fn bytes(code: u16, content_type: &str, bytes: Vec<u8>) -> Self {
        Self {
            code,
            headers: vec![(header::CONTENT_TYPE, content_type.to_owned())],
            content: Content::Whole(bytes.into()),
        }
    }

    pub(super) fn text(code: u16, text: &str) -> Self {
        Self::bytes(code, "text/plain; charset=utf-8", text.as_bytes().to_vec())
    }

    pub(super) fn json(code: u16, value: &Value) -> Self {
        Self::bytes(code, "application/json", value.to_string().into_bytes())
    }

    pub(super) fn encoded(code: u16, value: &Value, encoding: Encoding) -> Self {
        match encoding {
            Encoding::Json => Self::json(code, value),
            Encoding::Yaml => match serde_saphyr::to_string(value) {
                Ok(text) => Self::bytes(code, "application/yaml", text.into_bytes()),
                Err(error) => Self::refusal(&StoreError::new(500, "InternalError", error.to_string())),
            },
        }
    }

    pub(super) fn refusal(error: &StoreError) -> Self {
        let mut answer = Self::json(error.code, &error.status());
        if let Some(seconds) = error.retry_after {
            answer.headers.push((header::RETRY_AFTER, seconds.to_string()));
        }
        answer
    }

    pub(super) fn lines(lines: mpsc::Receiver<Bytes>) -> Self {
        Self {
            code: 200,
            headers: vec![(header::CONTENT_TYPE, "application/json".to_owned())],
            content: Content::Lines(lines),
        }
    }

    /// Adds a `Warning` header, which kubectl prints.
    pub(super) fn warned(mut self, warning: &str) -> Self {
        self.headers
            .push((header::WARNING, format!("299 - \"{}\"", warning.replace('"', "\\\""))));
        self
    }

    /// Compresses a large body.
    pub(super) fn compressed(mut self) -> Self {
        use std::io::Write as _;
        let Content::Whole(bytes) = &self.content else {
            return self;
        };
        if bytes.len() < COMPRESSED_FROM {
            return self;
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        if let Ok(compressed) = encoder.write_all(bytes).and_then(|()| encoder.finish()) {
            self.content = Content::Whole(compressed.into());
            self.headers.push((header::CONTENT_ENCODING, "gzip".to_owned()));
        }
        self
    }

    pub(super) fn response(self) -> Response<Content> {
        let mut response = Response::new(self.content);
        *response.status_mut() = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let own = (header::CACHE_CONTROL, "no-cache, private".to_owned());
        for (name, value) in self.headers.into_iter().chain([own]) {
            if let Ok(value) = value.parse() {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let query = Query::read("labelSelector=a%3Db%2Cc+in+%28d%29&watch=1&limit=x&bare");
        assert_eq!(query.get("labelSelector"), "a=b,c in (d)");
        assert!(query.is_true("watch"));
        assert_eq!(query.get("bare"), "");
        assert_eq!(query.number::<u64>("none").unwrap(), None);
        assert_eq!(query.number::<u64>("limit").unwrap_err().code, 400);
        assert_eq!(decoded("100%zz"), "100%");
    }
}
