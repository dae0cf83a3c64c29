//! Looking and creating without starting a program each time: one `kubectl proxy` on a socket in the room, or the port of a
//! sandbox. And how either is asked in HTTP.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::process::{Room, Supervised};

/// An API server that takes longer than this over one object hangs.
const LIMIT: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) process: Supervised,
    pub(crate) socket: PathBuf,
    pub(crate) api: Api,
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
        let api = Api::at(At::Socket(socket.clone()));
        Ok(Self { process, socket, api })
    }
}

/// Where an API server listens in plain HTTP.
#[derive(Debug)]
enum At {
    Socket(PathBuf),
    Port(SocketAddr),
}

/// An API server, and what it told of the kinds of each API version.
#[derive(Debug)]
pub(crate) struct Api {
    at: At,
    kinds: Mutex<BTreeMap<String, Value>>,
}

impl Api {
    fn at(at: At) -> Self {
        Self {
            at,
            kinds: Mutex::default(),
        }
    }

    pub(crate) fn of_sandbox(port: SocketAddr) -> Self {
        Self::at(At::Port(port))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<(u16, String), String> {
        let told = |error: std::io::Error| format!("{method} {path}: {error}");
        match &self.at {
            At::Socket(socket) => ask(socket, method, path, body),
            At::Port(port) => {
                let stream = TcpStream::connect(port).map_err(told)?;
                stream.set_read_timeout(Some(LIMIT)).map_err(told)?;
                converse(stream, (method, path), "application/json", body)
            }
        }
    }

    /// The object or list at an API path, or nothing if there is none.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Value>, String> {
        let (status, body) = self.ask("GET", path, "")?;
        match status {
            200 => serde_json::from_str(&body)
                .map(Some)
                .map_err(|error| format!("GET {path}: {error}: {body}")),
            404 => Ok(None),
            _ => Err(format!("GET {path}: {status} {body}")),
        }
    }

    /// Creates an object, in this namespace if it is of one and names none, as strict about its fields as `kubectl create`;
    /// gives back what the server made of it.
    pub(crate) fn create(&self, namespace: &str, object: &Value) -> Result<Value, String> {
        let path = format!(
            "{}?fieldManager=kubectl-create&fieldValidation=Strict",
            self.collection(namespace, object)?
        );
        match self.ask("POST", &path, &object.to_string())? {
            (201, body) => serde_json::from_str(&body).map_err(|error| format!("POST {path}: {error}: {body}")),
            (status, body) => Err(format!("POST {path}: {status} {body}")),
        }
    }

    /// The API path that an object is created at.
    fn collection(&self, namespace: &str, object: &Value) -> Result<String, String> {
        let (version, kind) = (word(object, "apiVersion")?, word(object, "kind")?);
        let group = if version.contains('/') { "apis" } else { "api" };
        let root = format!("/{group}/{version}");
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kinds.get(version).and_then(|told| resource(told, kind));
        let (plural, namespaced) = if let Some(known) = known {
            known
        } else {
            let told = self.get(&root)?.ok_or_else(|| format!("{version} is not served"))?;
            let found = resource(&told, kind).ok_or_else(|| format!("{version} has no kind {kind}"))?;
            kinds.insert(version.to_owned(), told);
            found
        };
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
        Ok(if namespaced {
            format!("{root}/namespaces/{namespace}/{plural}")
        } else {
            format!("{root}/{plural}")
        })
    }
}

fn word<'object>(object: &'object Value, field: &str) -> Result<&'object str, String> {
    object[field].as_str().ok_or_else(|| format!("no {field}: {object}"))
}

/// The name of a kind in paths, and whether its objects have a namespace. Subresources are of no account.
fn resource(told: &Value, kind: &str) -> Option<(String, bool)> {
    let resources = told["resources"].as_array()?;
    let found = resources.iter().find(|resource| {
        resource["kind"] == kind && resource["name"].as_str().is_some_and(|name| !name.contains('/'))
    })?;
    Some((found["name"].as_str()?.to_owned(), found["namespaced"].as_bool()?))
}

/// Asks whoever listens on a socket, and gives back the status and the body.
///
/// HTTP 1.0: the answer comes whole and ends with the connection.
pub(super) fn ask(socket: &Path, method: &str, path: &str, body: &str) -> Result<(u16, String), String> {
    ask_as(socket, (method, path), "application/json", body)
}

/// A merge patch of the object at an API path; one that is gone needs none.
pub(super) fn merge(socket: &Path, path: &str, change: &Value) -> Result<(), String> {
    let form = "application/merge-patch+json";
    match ask_as(socket, ("PATCH", path), form, &change.to_string())? {
        (200 | 404, _) => Ok(()),
        (status, body) => Err(format!("PATCH {path}: {status} {body}")),
    }
}

fn ask_as(socket: &Path, (method, path): (&str, &str), form: &str, body: &str) -> Result<(u16, String), String> {
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let stream = UnixStream::connect(socket).map_err(told)?;
    stream.set_read_timeout(Some(LIMIT)).map_err(told)?;
    converse(stream, (method, path), form, body)
}

fn converse(
    mut stream: impl Read + Write,
    (method, path): (&str, &str),
    form: &str,
    body: &str,
) -> Result<(u16, String), String> {
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: {form}\r\nContent-Length: \
         {length}\r\n\r\n{body}"
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
