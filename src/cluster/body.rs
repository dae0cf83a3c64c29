//! An answer's body: taken in with limits, unpacked with limits, and how it is written.

use super::wire::{Trouble, cause};
use crate::protobuf;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use kube::client::Body;
use std::io::Read as _;
use std::time::Duration;

/// The longest body, page or event that is taken in, in bytes, after decompression.
pub(super) const CAP: usize = 64 << 20;
/// How long an answer may go without a byte.
const STALL: Duration = Duration::from_secs(20);

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Protobuf,
}

impl Format {
    /// As its head says, whatever was asked for: proxies rewrite that.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let said = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if said.is_some_and(|said| said.starts_with(protobuf::CONTENT_TYPE.as_bytes())) {
            Self::Protobuf
        } else {
            Self::Json
        }
    }
}

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Bytes that travelled, before decompression.
    pub(super) travelled: u64,
}

/// An answer as it travelled: whole, and still packed if it came so.
#[derive(Debug)]
pub(super) struct Arrived {
    head: http::response::Parts,
    body: Vec<u8>,
}

impl Arrived {
    /// Bytes that travelled.
    pub(super) fn travelled(&self) -> u64 {
        u64::try_from(self.body.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn is_packed(&self) -> bool {
        let coding = self.head.headers.get(CONTENT_ENCODING);
        coding.is_some_and(|coding| coding == "gzip")
    }

    pub(super) fn unpack(self) -> Result<Answer, Trouble> {
        let travelled = self.travelled();
        let body = if self.is_packed() {
            inflate(&self.body)?
        } else {
            self.body
        };
        Ok(Answer {
            status: self.head.status,
            headers: self.head.headers,
            body: body.into(),
            travelled,
        })
    }
}

/// Reads a body to its end and unpacks it.
pub(super) async fn take_in(response: Response<Body>) -> Result<Answer, Trouble> {
    arrive(response).await?.unpack()
}

/// Reads a body to its end: at most [`CAP`] bytes, never silent for long.
pub(super) async fn arrive(response: Response<Body>) -> Result<Arrived, Trouble> {
    let (head, mut body) = response.into_parts();
    let mut taken = Vec::with_capacity(promised(body.size_hint().lower()));
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
    Ok(Arrived { head, body: taken })
}

/// Room for a body that says beforehand how long it is: no more than a page has, whatever it says.
fn promised(length: u64) -> usize {
    const PAGE: usize = 8 << 20;
    usize::try_from(length).unwrap_or(PAGE).min(PAGE)
}

/// Gunzips, with the same limit: a small bomb must not become a large one.
fn inflate(packed: &[u8]) -> Result<Vec<u8>, Trouble> {
    // the last four bytes of a gzip tell how long it was (RFC 1952 §2.3.1); a lie costs only room
    let told = packed.last_chunk().map_or(0, |told| u32::from_le_bytes(*told));
    let mut plain = Vec::with_capacity(promised(told.into()));
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
}
