//! A scripted API server on loopback: requests in, bytes out, cut wherever a test says. It speaks just enough HTTP/1.1
//! to be in command of every byte, which a well-behaved server library does not allow.
#![expect(dead_code, reason = "each test binary uses its own part of the script's words")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The head as it came.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (held, value) = line.split_once(':')?;
            held.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(held, value)| (held == name).then_some(value))
    }

    pub(crate) fn watches(&self) -> bool {
        self.param("watch").is_some()
    }
}

/// One thing a reply does.
#[derive(Debug)]
pub(crate) enum Step {
    /// These bytes, as one HTTP chunk.
    Chunk(Vec<u8>),
    /// These bytes, as they are.
    Raw(Vec<u8>),
    /// The connection is cut.
    Cut,
    /// Nothing more is said, and the connection stays.
    Hold,
}

/// What is said to one request: its steps, then a clean end.
pub(crate) struct Reply {
    head: String,
    chunked: bool,
    steps: mpsc::UnboundedReceiver<Step>,
}

impl Reply {
    /// A whole answer with a body.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::with(status, "", body.as_bytes())
    }

    /// A whole answer with further header lines (each ending in CRLF).
    pub(crate) fn with(status: u16, headers: &str, body: &[u8]) -> Self {
        Self::typed(status, "application/json", headers, body)
    }

    /// The same of another content type.
    pub(crate) fn typed(status: u16, content_type: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: {content_type}\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        Self::steps(head, false, [Step::Raw(body.to_vec())])
    }

    /// A `Status` of Kubernetes.
    pub(crate) fn status(code: u16, reason: &str, message: &str) -> Self {
        Self::json(code, &status_body(code, reason, message))
    }

    /// The answer in full, cut after so many bytes of head and body together.
    pub(crate) fn cut_after(status: u16, body: &str, bytes: usize) -> Self {
        let whole = format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let part = whole.as_bytes()[..bytes.min(whole.len())].to_vec();
        Self::steps(String::new(), false, [Step::Raw(part), Step::Cut])
    }

    /// The connection is taken, the request read, and nothing said.
    pub(crate) fn silence() -> Self {
        Self::steps(String::new(), false, [Step::Hold])
    }

    /// The connection is cut once the request is read.
    pub(crate) fn cut() -> Self {
        Self::steps(String::new(), false, [Step::Cut])
    }

    /// A stream of these steps.
    pub(crate) fn stream(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::stream_of("application/json", steps)
    }

    /// The same of another content type.
    pub(crate) fn stream_of(content_type: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        Self::steps(stream_head(content_type), true, steps)
    }

    /// A stream that the test goes on feeding.
    pub(crate) fn live() -> (mpsc::UnboundedSender<Step>, Self) {
        let (sender, steps) = mpsc::unbounded_channel();
        let reply = Self {
            head: stream_head("application/json"),
            chunked: true,
            steps,
        };
        (sender, reply)
    }

    fn steps(head: String, chunked: bool, given: impl IntoIterator<Item = Step>) -> Self {
        let (sender, steps) = mpsc::unbounded_channel();
        for step in given {
            sender.send(step).expect("the receiver is here");
        }
        Self { head, chunked, steps }
    }
}

fn stream_head(content_type: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n")
}

pub(crate) fn status_body(code: u16, reason: &str, message: &str) -> String {
    let status = if code < 300 { "Success" } else { "Failure" };
    serde_json::json!({ "kind": "Status", "apiVersion": "v1", "status": status, "code": code, "reason": reason, "message": message })
        .to_string()
}

/// One line of a watch.
pub(crate) fn event(kind: &str, object: &serde_json::Value) -> Step {
    let mut line = serde_json::json!({ "type": kind, "object": object }).to_string();
    line.push('\n');
    Step::Chunk(line.into_bytes())
}

pub(crate) fn bookmark(version: u64) -> Step {
    event(
        "BOOKMARK",
        &serde_json::json!({ "metadata": { "resourceVersion": version.to_string() } }),
    )
}

/// A list of these items.
pub(crate) fn list(version: u64, more: &str, items: &[serde_json::Value]) -> Reply {
    Reply::json(200, &list_body(version, more, items))
}

pub(crate) fn list_body(version: u64, more: &str, items: &[serde_json::Value]) -> String {
    serde_json::json!({ "metadata": { "resourceVersion": version.to_string(), "continue": more }, "items": items })
        .to_string()
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The server; gone when dropped.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// A write is cut once so many of its bytes have been read.
    pub(crate) write_limit: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let write_limit = Arc::new(AtomicUsize::new(usize::MAX));
        let handler: Arc<Handler> = Arc::new(handler);
        let (log, limit) = (Arc::clone(&asked), Arc::clone(&write_limit));
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _from)) = listener.accept().await {
                connections.spawn(serve(
                    stream,
                    Arc::clone(&handler),
                    Arc::clone(&log),
                    Arc::clone(&limit),
                ));
            }
        });
        Self {
            port,
            asked,
            write_limit,
            task,
        }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }

    /// A kubeconfig for this server, with these lines under its user. It lives as long as the directory.
    pub(crate) fn kubeconfig(&self, user: &str) -> (tempfile::TempDir, PathBuf) {
        kubeconfig(&format!("http://127.0.0.1:{}", self.port), user)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn kubeconfig(server: &str, user: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config");
    let mut text = String::new();
    writeln!(text, "apiVersion: v1\nkind: Config\ncurrent-context: scripted").expect("text");
    writeln!(text, "clusters:\n- name: c\n  cluster: {{ server: '{server}' }}").expect("text");
    writeln!(
        text,
        "contexts:\n- name: scripted\n  context: {{ cluster: c, user: u }}"
    )
    .expect("text");
    writeln!(text, "users:\n- name: u\n  user: {user}").expect("text");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    (directory, path)
}

/// The uid of this server's `kube-system`.
pub(crate) const KUBE_SYSTEM: &str = "0f0a5b1e-9c1f-4b6a-8c11-0123456789ab";

/// What a client asks before anything else, answered as a healthy server does.
pub(crate) fn basics(asked: &Asked) -> Option<Reply> {
    match asked.path.as_str() {
        "/version" => Some(Reply::json(200, r#"{"major":"1","minor":"36","gitVersion":"v1.36.3"}"#)),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => Some(Reply::json(
            201,
            r#"{"kind":"SelfSubjectReview","status":{"userInfo":{"username":"anna"}}}"#,
        )),
        "/api/v1/namespaces/kube-system" => {
            let body = serde_json::json!({ "metadata": { "name": "kube-system", "uid": KUBE_SYSTEM } });
            Some(Reply::json(200, &body.to_string()))
        }
        "/apis/storage.k8s.io/v1/csidrivers" => Some(Reply::json(
            200,
            r#"{"kind":"CSIDriverList","items":[
                {"metadata":{"name":"nfs.csi.k8s.io"},"spec":{"attachRequired":false}},
                {"metadata":{"name":"ebs.csi.aws.com"},"spec":{"attachRequired":true}},
                {"metadata":{"name":"old.example.com"},"spec":{}}]}"#,
        )),
        "/readyz" => Some(Reply::with(200, "", b"ok")),
        _ => None,
    }
}

async fn serve(mut stream: TcpStream, handler: Arc<Handler>, log: Arc<Mutex<Vec<Asked>>>, limit: Arc<AtomicUsize>) {
    stream.set_nodelay(true).expect("a socket");
    let mut held = Vec::new();
    while let Some(asked) = read_request(&mut stream, &mut held, &limit).await {
        let mut reply = handler(&asked);
        log.lock().expect("not poisoned").push(asked);
        if stream.write_all(reply.head.as_bytes()).await.is_err() {
            return;
        }
        while let Some(step) = reply.steps.recv().await {
            let written = match step {
                Step::Raw(bytes) => stream.write_all(&bytes).await,
                Step::Chunk(bytes) => {
                    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                    chunk.extend_from_slice(&bytes);
                    chunk.extend_from_slice(b"\r\n");
                    stream.write_all(&chunk).await
                }
                Step::Cut => return,
                Step::Hold => std::future::pending().await,
            };
            if written.is_err() {
                return;
            }
        }
        if reply.chunked && stream.write_all(b"0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, held: &mut Vec<u8>, limit: &AtomicUsize) -> Option<Asked> {
    loop {
        if let Some(asked) = parse(held) {
            return Some(asked);
        }
        let writes = held.starts_with(b"DELETE") || held.starts_with(b"PATCH");
        let limit = limit.load(Ordering::SeqCst);
        if writes && held.len() >= limit {
            return None;
        }
        let mut buffer = [0_u8; 4096];
        // a byte at a time where a test counts them
        let room = if limit == usize::MAX { buffer.len() } else { 1 };
        let read = stream.read(&mut buffer[..room]).await.ok()?;
        if read == 0 {
            return None;
        }
        held.extend_from_slice(&buffer[..read]);
    }
}

/// Takes one whole request out of what is held, if it is there.
fn parse(received: &mut Vec<u8>) -> Option<Asked> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut asked = Asked {
        head,
        ..Asked::default()
    };
    let length: usize = asked
        .header("content-length")
        .map_or(0, |value| value.parse().expect("a length"));
    if received.len() < end + length {
        return None;
    }
    asked.body = String::from_utf8_lossy(&received[end..end + length]).into_owned();
    received.drain(..end + length);
    let line = asked.head.lines().next().unwrap_or_default();
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Some(Asked {
        method,
        path,
        query,
        ..asked
    })
}
