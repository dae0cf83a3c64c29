//! The wire between the cockpit and a server, tapped: every request passes through here and is written down, so that
//! what was sent is counted where it was sent and not where it was meant. Also the plainest client there is, to ask the
//! server itself what is true.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A loopback port in front of another one.
pub(crate) struct Wire {
    server: SocketAddr,
    address: SocketAddr,
    /// What clients said, a connection each.
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Wire {
    /// Taps the server that a kubeconfig of the sandbox names.
    pub(crate) fn of_kubeconfig(text: &str) -> Self {
        let server = after(text, "server: http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Self {
            server,
            address: listener.local_addr().unwrap(),
            said: Arc::default(),
        };
        let said = Arc::clone(&wire.said);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(server) else {
                    continue;
                };
                let connection = {
                    let mut said = said.lock().unwrap();
                    said.push(Vec::new());
                    said.len() - 1
                };
                let (to_server, from_server) = (upstream.try_clone().unwrap(), upstream);
                let (to_client, from_client) = (client.try_clone().unwrap(), client);
                let said = Arc::clone(&said);
                std::thread::spawn(move || {
                    carry(from_client, to_server, |bytes| {
                        said.lock().unwrap()[connection].extend_from_slice(bytes);
                    });
                });
                std::thread::spawn(move || carry(from_server, to_client, |_| {}));
            }
        });
        wire
    }

    /// The same kubeconfig, by way of this wire.
    pub(crate) fn tapped(&self, text: &str) -> String {
        text.replace(&self.server.to_string(), &self.address.to_string())
    }

    /// Every request that went over the wire and could change something: `DELETE /apis/…`, in no order.
    pub(crate) fn writes(&self) -> Vec<String> {
        let said = self.said.lock().unwrap();
        let mut writes = Vec::new();
        for connection in said.iter().map(|bytes| String::from_utf8_lossy(bytes)) {
            for method in ["DELETE", "PATCH", "PUT", "POST"] {
                let lead = format!("{method} /");
                let requests = connection.split(&lead).skip(1);
                let paths = requests.filter_map(|rest| rest.split_once(" HTTP/1.1\r\n"));
                writes.extend(paths.map(|(path, _)| format!("{lead}{path}")));
            }
        }
        // a question in the form of a creation: who am I, what may I
        writes.retain(|line| !line.contains("/selfsubject"));
        writes
    }

    /// Changes an object as somebody else would, past the tap.
    pub(crate) fn merge(&self, path: &str, changes: &Value) {
        let mut stream = TcpStream::connect(self.server).unwrap();
        let body = changes.to_string();
        write!(
            stream,
            "PATCH {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/merge-patch+json\r\nContent-Length: {}\r\n\r\n{body}",
            self.server,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"),
            "{answer}"
        );
    }

    /// Asks the server itself, past the tap: the code and the document.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.server).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.server).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        (code, serde_json::from_str(body).unwrap())
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, tap: impl Fn(&[u8])) {
    let mut buffer = [0_u8; 8192];
    while let Ok(count) = from.read(&mut buffer) {
        // written down before it is handed on: what the server has, was counted
        tap(&buffer[..count]);
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Write).ok();
}

fn after<'a>(text: &'a str, lead: &str) -> &'a str {
    text.split(lead).nth(1).unwrap().lines().next().unwrap().trim()
}
