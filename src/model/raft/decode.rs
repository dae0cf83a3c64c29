//! Bodies from strangers, read into what a peer said: bounded, typed, every text made plain. A shape that is not what it must
//! be is an `Err` in words, which becomes a fault of that peer and of nothing else.

pub mod etcd;
pub mod vault;

use super::super::plain::plain;
use crate::model::Text;
use serde::Deserialize;
use serde_json::Value;

/// The longest body that is read, in bytes. The state of a hundred peers is a tenth of it.
pub const LARGEST: usize = 1 << 20;
/// The longest text that is kept, in characters.
const LONGEST: usize = 160;
/// So many peers are read of one list; more are a fault.
pub const MOST_PEERS: usize = 64;

/// A body as JSON of a type; its depth is bounded by the parser (128).
pub fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    if body.len() > LARGEST {
        return Err(format!("{} bytes are more than it can be", body.len()));
    }
    serde_json::from_slice(body)
        .map_err(|error| format!("not the JSON it must be: {}", plain(&error.to_string(), LONGEST)))
}

/// A text of a stranger, made plain.
pub fn text(said: &str) -> Text {
    plain(said, LONGEST).into()
}

/// A whole number, or one in a string as etcd and some gateways write it.
pub fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Go's way of writing a span: `678.6ms`, `1m2.5s`, `0s`.
pub fn go_duration(text: &str) -> Option<std::time::Duration> {
    let mut total = 0.0_f64;
    let mut rest = text.trim();
    if rest.is_empty() || rest.len() > 40 {
        return None;
    }
    if rest == "0" {
        return Some(std::time::Duration::ZERO);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let seconds = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = tail;
    }
    std::time::Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn spans_are_read_as_go_writes_them() {
        for (text, millis) in [
            ("0s", Some(0)),
            ("678.6ms", Some(678)),
            ("1m2.5s", Some(62_500)),
            ("2h0m0s", Some(7_200_000)),
        ] {
            assert_eq!(
                go_duration(text).map(|span| u64::try_from(span.as_millis()).unwrap()),
                millis,
                "{text}"
            );
        }
        for wrong in ["", "1", "x", "1.2.3s", "9999999999999999999999h", "-5s", "1 s"] {
            assert_eq!(go_duration(wrong), None, "{wrong}");
        }
        assert_eq!(go_duration("0"), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_not_read() {
        let large = vec![b' '; LARGEST + 1];
        assert!(json::<Value>(&large).unwrap_err().contains("more than it can be"));
        let deep = [vec![b'['; 4_000], vec![b']'; 4_000]].concat();
        assert!(json::<Value>(&deep).unwrap_err().contains("recursion limit"));
        assert_eq!(text("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
    }
}
