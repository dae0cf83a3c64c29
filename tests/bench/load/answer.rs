//! Answers: bodies in parts, watches as streams, refusals as a `Status`.

use super::Server;
use super::line::Line;
use super::port::Meter;
use super::shelf::Format;
use super::stats::Stamp;
use super::stock::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Sleep;

const JSON: &str = "application/json";
const PROTOBUF: &str = pilothouse::protobuf::CONTENT_TYPE;
const PROTOBUF_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch";

/// A body on its way.
pub(super) struct Sending {
    parts: VecDeque<Bytes>,
    /// Bytes left of the parts.
    left: usize,
    /// Set when the last part is handed over.
    stamp: Option<(Arc<Stamp>, Arc<Meter>)>,
    stream: Option<Stream>,
}

/// A watch under way.
struct Stream {
    lines: mpsc::Receiver<Line>,
    until: Pin<Box<Sleep>>,
    meter: Arc<Meter>,
    server: Arc<Server>,
    resource: &'static str,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.server.stats.closed();
    }
}

impl Sending {
    fn of(parts: Vec<Bytes>) -> Self {
        Self {
            left: parts.iter().map(Bytes::len).sum(),
            parts: parts.into(),
            stamp: None,
            stream: None,
        }
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let sending = self.get_mut();
        if let Some(part) = sending.parts.pop_front() {
            sending.left -= part.len();
            if sending.parts.is_empty()
                && let Some((stamp, meter)) = sending.stamp.take()
            {
                meter.carries(stamp);
            }
            if let Some(stream) = &sending.stream {
                stream.server.stats.sent(stream.resource, part.len(), part.len());
            }
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        let Some(stream) = &mut sending.stream else {
            return Poll::Ready(None);
        };
        match stream.lines.poll_recv(context) {
            Poll::Ready(Some(line)) => {
                stream
                    .server
                    .stats
                    .sent(stream.resource, line.bytes.len(), line.bytes.len());
                if let Some(stamp) = line.stamp {
                    stream.meter.carries(stamp);
                }
                Poll::Ready(Some(Ok(Frame::data(line.bytes))))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => stream.until.as_mut().poll(context).map(|()| None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty() && self.stream.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.stream {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(u64::try_from(self.left).unwrap_or(u64::MAX)),
        }
    }
}

fn response(code: u16, content_type: &'static str, body: Sending) -> Response<Sending> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Text as it is.
pub(super) fn text(text: &'static str) -> Response<Sending> {
    response(
        200,
        "text/plain; charset=utf-8",
        Sending::of(vec![Bytes::from_static(text.as_bytes())]),
    )
}

pub(super) fn json(code: u16, value: &Value) -> Response<Sending> {
    bytes(code, "application/json", value.to_string().into_bytes())
}

pub(super) fn bytes(code: u16, content_type: &'static str, bytes: Vec<u8>) -> Response<Sending> {
    response(code, content_type, Sending::of(vec![Bytes::from(bytes)]))
}

pub(super) fn refusal(code: u16, reason: &str, message: &str) -> Response<Sending> {
    json(
        code,
        &json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        }),
    )
}

pub(super) fn list(body: Body, stamp: Option<(Arc<Stamp>, Arc<Meter>)>) -> Response<Sending> {
    let packed = body.packed;
    let content_type = match body.format {
        Format::Json => JSON,
        Format::Protobuf => PROTOBUF,
    };
    let mut sending = Sending::of(body.parts);
    sending.stamp = stamp;
    let mut response = response(200, content_type, sending);
    if packed {
        let headers = response.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response
}

/// A watch: what comes first, then lines until its time is over.
pub(super) fn watch(
    server: Arc<Server>,
    meter: Arc<Meter>,
    (resource, format): (&'static str, Format),
    (first, lines): (Vec<Bytes>, mpsc::Receiver<Line>),
    life: Duration,
) -> Response<Sending> {
    server.stats.opened();
    let mut sending = Sending::of(first);
    sending.stream = Some(Stream {
        lines,
        until: Box::pin(tokio::time::sleep(life)),
        meter,
        server,
        resource,
    });
    let content_type = match format {
        Format::Json => JSON,
        Format::Protobuf => PROTOBUF_WATCH,
    };
    response(200, content_type, sending)
}
