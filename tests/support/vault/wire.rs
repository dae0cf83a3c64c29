//! One question to a Vault on loopback and its whole answer, within a deadline.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The status and the body; `null` where there is none.
///
/// HTTP 1.0: the answer comes whole and ends with the connection.
pub(super) fn ask(
    to: (Ipv4Addr, u16),
    limit: Duration,
    (method, path): (&str, &str),
    token: &str,
    body: Option<&Value>,
) -> Result<(u16, Value), String> {
    let began = Instant::now();
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let left = || {
        let left = limit.saturating_sub(began.elapsed());
        // none at all would mean for ever
        left.max(Duration::from_millis(1))
    };
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(to), limit).map_err(told)?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = if token.is_empty() {
        String::new()
    } else {
        format!("X-Vault-Token: {token}\r\n")
    };
    let length = body.len();
    stream.set_write_timeout(Some(left())).map_err(told)?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\n{token}Content-Length: {length}\r\n\r\n{body}"
    )
    .map_err(told)?;
    let mut answer = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        stream.set_read_timeout(Some(left())).map_err(told)?;
        match stream.read(&mut part).map_err(told)? {
            0 => break,
            read => answer.extend_from_slice(&part[..read]),
        }
        if began.elapsed() >= limit {
            return Err(format!("{method} {path}: no whole answer within {limit:?}"));
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| format!("{method} {path}: no answer: {answer}"))?;
    let status = head.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| format!("{method} {path}: no status: {head}"))?;
    Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
