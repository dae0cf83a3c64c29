//! Reading the API server without starting a program for every look: one `kubectl proxy` on a socket in the room.

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
        let answer = self.ask(path).map_err(|error| format!("GET {path}: {error}"))?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or_else(|| format!("GET {path}: no answer: {answer}"))?;
        match head.split_whitespace().nth(1) {
            Some("200") => serde_json::from_str(body)
                .map(Some)
                .map_err(|error| format!("GET {path}: {error}: {body}")),
            Some("404") => Ok(None),
            _ => Err(format!("GET {path}: {answer}")),
        }
    }

    /// HTTP 1.0: the answer comes whole and ends with the connection.
    fn ask(&self, path: &str) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}
