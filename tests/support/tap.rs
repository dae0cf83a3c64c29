//! A tap on the wire between the cockpit and the sandbox: it counts what was asked, and can let
//! something happen just before a request reaches the server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Bytes taken at a time; a request's first line always fits.
const CHUNK: usize = 64 * 1024;

type Deed = Box<dyn FnOnce() + Send>;

/// What was asked over the wire, and what is to happen before which request.
#[derive(Clone, Default)]
pub(crate) struct Tap {
    asked: Arc<Mutex<Vec<String>>>,
    deeds: Arc<Mutex<Vec<(String, Deed)>>>,
}

impl Tap {
    /// Listens on a port of its own, and passes everything on to a server. Ends with the runtime.
    pub(crate) async fn to(server: SocketAddr) -> (Self, SocketAddr) {
        let wire = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ours = wire.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(ours.clone().carry(client, server));
            }
        });
        (wire, address)
    }

    /// Once, just before the first request from now on whose line begins like this reaches the server.
    pub(crate) fn before(&self, line: &str, deed: impl FnOnce() + Send + 'static) {
        self.deeds.lock().unwrap().push((line.to_owned(), Box::new(deed)));
    }

    /// The lines of all requests so far that begin like this.
    pub(crate) fn asked(&self, line: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.starts_with(line)).cloned().collect()
    }

    async fn carry(self, client: TcpStream, server: SocketAddr) {
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let up = async {
            let mut chunk = vec![0; CHUNK];
            while let Ok(read @ 1..) = from_client.read(&mut chunk).await {
                self.hear(&chunk[..read]);
                if to_server.write_all(&chunk[..read]).await.is_err() {
                    return;
                }
            }
        };
        // However one direction ends, the other has nobody to talk to.
        tokio::select! {
            () = up => {}
            ended = tokio::io::copy(&mut from_server, &mut to_client) => drop(ended),
        }
    }

    /// A client sends a request's head in one piece, so a request begins where a chunk does.
    fn hear(&self, chunk: &[u8]) {
        let head = String::from_utf8_lossy(chunk);
        let line = head.lines().next().unwrap_or_default().to_owned();
        if !line.ends_with(" HTTP/1.1") {
            return;
        }
        let due: Vec<Deed> = {
            let mut deeds = self.deeds.lock().unwrap();
            let mut due = Vec::new();
            while let Some(at) = deeds.iter().position(|(wanted, _)| line.starts_with(wanted.as_str())) {
                due.push(deeds.remove(at).1);
            }
            due
        };
        self.asked.lock().unwrap().push(line);
        for deed in due {
            deed();
        }
    }
}
