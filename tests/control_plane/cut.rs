//! A wire that breaks at the worst moment: in plain HTTP between a cockpit and the plane's door, and it knows a DELETE.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// What becomes of a DELETE. Everything else passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// It never reaches the server.
    Request,
    /// The server carries it out, and its answer is lost.
    Answer,
}

/// A wire; it is there as long as its runtime.
pub(crate) struct Wire {
    pub(crate) kubeconfig: PathBuf,
    deletes: Arc<AtomicUsize>,
}

impl Wire {
    /// Lays a wire to the door; its kubeconfig needs no credentials, because the door has them.
    pub(crate) async fn lay(door: &Path, kubeconfig: PathBuf, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = format!("http://{}", listener.local_addr().expect("an address"));
        let content = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: wire\nclusters: [{{name: wire, cluster: {{server: '{server}'}}}}]\nusers: \
             [{{name: wire, user: {{}}}}]\ncontexts: [{{name: wire, context: {{cluster: wire, user: wire}}}}]\n"
        );
        std::fs::write(&kubeconfig, content).expect("a kubeconfig");
        let deletes = Arc::new(AtomicUsize::new(0));
        let (door, seen) = (door.to_owned(), Arc::clone(&deletes));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (door, seen) = (door.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let far = UnixStream::connect(&door).await.expect("the door");
                    carry(near, far, cut, &seen).await;
                });
            }
        });
        Self { kubeconfig, deletes }
    }

    /// How many DELETE requests a cockpit has sent on it.
    pub(crate) fn deletes(&self) -> usize {
        self.deletes.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until either side ends, or a DELETE comes by.
async fn carry(near: TcpStream, far: UnixStream, cut: Cut, deletes: &AtomicUsize) {
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut cutting = false;
    loop {
        tokio::select! {
            read = near_read.read(&mut up) => {
                let Ok(read @ 1..) = read else { return };
                if up[..read].starts_with(b"DELETE ") {
                    deletes.fetch_add(1, Ordering::SeqCst);
                    cutting = true;
                }
                if cutting && matches!(cut, Cut::Request) {
                    return;
                }
                if far_write.write_all(&up[..read]).await.is_err() {
                    return;
                }
            }
            read = far_read.read(&mut down) => {
                let Ok(read @ 1..) = read else { return };
                if cutting || near_write.write_all(&down[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
