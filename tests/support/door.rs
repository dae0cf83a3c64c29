//! Reading the API server without starting a program for every look: one `kubectl proxy` on a socket in the room. And how
//! a socket is asked in HTTP.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::process::{Room, Supervised};

/// An API server that takes longer than this over one object hangs.
const LIMIT: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) process: Supervised,
    pub(crate) socket: PathBuf,
}

impl Door {
    pub(crate) fn open(room: &Room, kubectl: &Path, kubeconfig: &Path) -> Result<Self, String> {
        let socket = room.path("door");
        let arguments = [
            "proxy".to_owned(),
            format!("--unix-socket={}", socket.display()),
            format!("--kubeconfig={}", kubeconfig.display()),
        ];
        let process = Supervised::start(room, "kubectl-proxy", kubectl, &arguments)?;
        Ok(Self { process, socket })
    }

    /// The object or list at an API path, or nothing if there is none.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Value>, String> {
        let (status, body) = ask(&self.socket, "GET", path, "")?;
        match status {
            200 => serde_json::from_str(&body)
                .map(Some)
                .map_err(|error| format!("GET {path}: {error}: {body}")),
            404 => Ok(None),
            _ => Err(format!("GET {path}: {status} {body}")),
        }
    }
}

/// Asks whoever listens on a socket, and gives back the status and the body.
///
/// HTTP 1.0: the answer comes whole and ends with the connection.
pub(super) fn ask(socket: &Path, method: &str, path: &str, body: &str) -> Result<(u16, String), String> {
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let mut stream = UnixStream::connect(socket).map_err(told)?;
    stream.set_read_timeout(Some(LIMIT)).map_err(told)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| format!("{method} {path}: no answer: {answer}"))?;
    let status = head.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| format!("{method} {path}: no status: {head}"))?;
    Ok((status, body.to_owned()))
}
