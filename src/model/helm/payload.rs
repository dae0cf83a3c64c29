//! From a record's bytes to its JSON, within limits: base64, gzip, JSON (`reference/semantics.md` §2.1).

use super::Driver;
use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};
use flate2::read::GzDecoder;
use serde_json::error::Category;
use std::fmt;
use std::io::{ErrorKind, Read as _};

/// The most that is unpacked, in bytes.
pub(super) const CAP: usize = 32 << 20;
/// How many bytes one packed byte may become, once more than [`SMALL`] have.
const RATIO: usize = 200;
const SMALL: usize = 1 << 20;
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Why a payload cannot be read. No word of the payload stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    pub why: String,
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "undecodable: {}", self.why)
    }
}

impl Undecodable {
    /// JSON that cannot be read. Its parser's own words may quote a value: only the place is told.
    pub(super) fn at(error: &serde_json::Error) -> Self {
        let why = match error.classify() {
            Category::Eof => "its JSON is cut short".to_owned(),
            Category::Syntax if error.to_string().starts_with("recursion limit exceeded") => {
                "its JSON is deeper than 128 levels".to_owned()
            }
            Category::Syntax | Category::Data | Category::Io => format!(
                "its JSON cannot be read at line {}, column {}",
                error.line(),
                error.column()
            ),
        };
        Self { why }
    }
}

impl From<&str> for Undecodable {
    fn from(why: &str) -> Self {
        Self { why: why.to_owned() }
    }
}

/// The JSON of a payload as a `ConfigMap` holds it: base64 of gzip. What is not gzip is JSON already (`driver/util.go`).
pub(super) fn unpacked(payload: &str) -> Result<Vec<u8>, Undecodable> {
    let packed = STANDARD
        .decode(payload.trim())
        .map_err(|error| unbase64(&error, "the payload"))?;
    if !packed.starts_with(&GZIP) {
        return Ok(packed);
    }
    let limit = CAP.min((packed.len().saturating_mul(RATIO)).max(SMALL));
    let mut json = Vec::new();
    let read = GzDecoder::new(packed.as_slice())
        .take(limit as u64 + 1)
        .read_to_end(&mut json);
    if json.len() > limit {
        let why = if limit == CAP {
            format!("it unpacks to more than {} MiB", CAP >> 20)
        } else {
            format!("it unpacks to more than {RATIO} times its size")
        };
        return Err(Undecodable { why });
    }
    match read {
        Ok(_) => Ok(json),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(Undecodable::from("the gzip stream is cut short"))
        }
        Err(_) => Err(Undecodable::from("the gzip stream is broken")),
    }
}

/// The release in a record's `Secret` or `ConfigMap`, as JSON and with everything that is secret in it: for hiding it, and for
/// nothing else. `None` for what cannot be read.
pub fn unveiled(record: &[u8], driver: Driver) -> Option<serde_json::Value> {
    let record: serde_json::Value = serde_json::from_slice(record).ok()?;
    let data = record.pointer("/data/release")?.as_str()?;
    let payload = match driver {
        Driver::Secret => of_secret(data).ok()?,
        Driver::ConfigMap => data.to_owned(),
    };
    serde_json::from_slice(&unpacked(&payload).ok()?).ok()
}

fn unbase64(error: &DecodeError, what: &str) -> Undecodable {
    let why = match error {
        DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => format!("the base64 of {what} is cut short"),
        DecodeError::InvalidByte(..) | DecodeError::InvalidLastSymbol { .. } => format!("{what} is no base64"),
    };
    Undecodable { why }
}

/// The outer layer of a Secret's `data`.
pub(super) fn of_secret(data: &str) -> Result<String, Undecodable> {
    let inner = STANDARD
        .decode(data.trim())
        .map_err(|error| unbase64(&error, "the Secret's data"))?;
    String::from_utf8(inner).map_err(|_error| Undecodable::from("the payload is no base64"))
}
