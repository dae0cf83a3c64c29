//! Ports of pods: a port-forward over a websocket as the API server speaks it (`v4.channel.k8s.io`: a data and an error
//! channel for each port), and the pod proxy. Behind both stand the processes of `raft`.

use super::authorization::Wish;
use super::http::{Answer, Content, Query};
use super::raft::{Answered, Asked, View};
use super::resources;
use super::serve::Shared;
use super::status::StoreError;
use super::upgrade::{self, Socket};
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// What is on its way in one direction, in bytes, before the other side must read.
const BUFFER: usize = 64 << 10;
const PROTOCOL: &str = "v4.channel.k8s.io";

/// A path below a pod that leads into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inside {
    namespace: String,
    pod: String,
    way: Way,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Forward,
    /// Port, and the path and query asked of it.
    Proxy(u16, String),
}

impl Inside {
    /// `…/pods/POD/portforward`, `…/pods/[http:]POD[:PORT]/proxy/…`.
    pub(super) fn read(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/api/v1/namespaces/")?;
        let (namespace, rest) = rest.split_once("/pods/")?;
        let (pod, rest) = rest.split_once('/')?;
        if namespace.contains('/') {
            return None;
        }
        if rest == "portforward" {
            return Some(Self {
                namespace: namespace.to_owned(),
                pod: pod.to_owned(),
                way: Way::Forward,
            });
        }
        let asked = rest.strip_prefix("proxy")?;
        // `SCHEME:POD:PORT` or `POD:PORT`
        let (pod, port) = match pod.rsplit_once(':') {
            Some((named, port)) => (named.rsplit(':').next().unwrap_or(named), port.parse().ok()?),
            None => (pod, 80),
        };
        Some(Self {
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            way: Way::Proxy(port, asked.to_owned()),
        })
    }

    pub(super) async fn answer(self, shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Content> {
        match self.try_answer(shared, request).await {
            Ok(response) => response,
            Err(error) => Answer::refusal(&error).response(),
        }
    }

    async fn try_answer(
        self,
        shared: &Arc<Shared>,
        request: Request<Incoming>,
    ) -> Result<Response<Content>, StoreError> {
        let user = shared.access.identify(upgrade::told(&request, header::AUTHORIZATION))?;
        let pods = resources::by_path("", "v1", "pods").ok_or_else(StoreError::no_such_path)?;
        let wish = Wish {
            verb: "get",
            group: "",
            resource: match self.way {
                Way::Forward => "pods/portforward",
                Way::Proxy(..) => "pods/proxy",
            },
            namespace: &self.namespace,
            name: &self.pod,
        };
        shared.access.check(&user, pods, &wish)?;
        if shared.read(|store| store.fetch(pods, &self.namespace, &self.pod).is_none()) {
            return Err(StoreError::not_found(pods, &self.pod));
        }
        match &self.way {
            Way::Proxy(port, path) => {
                let asked = Asked {
                    method: "GET".to_owned(),
                    path: path.clone(),
                    body: Bytes::new(),
                    token: String::new(),
                };
                self.proxied(shared, *port, &asked).await
            }
            Way::Forward => {
                if !upgrade::wanted(&request) {
                    let told = "you must specify at least 1 port; upgrade request required";
                    return Err(StoreError::bad_request(told));
                }
                let ports: Vec<u16> = Query::read(request.uri().query().unwrap_or_default())
                    .get("ports")
                    .split(',')
                    .filter_map(|port| port.parse().ok())
                    .collect();
                upgrade::upgrade(shared, request, PROTOCOL, move |shared, socket| {
                    self.forward(shared, socket, ports)
                })
            }
        }
    }

    async fn proxied(&self, shared: &Arc<Shared>, port: u16, asked: &Asked) -> Result<Response<Content>, StoreError> {
        let view = self.view(shared).filter(|_| port == View::PORT);
        let Some(view) = view else {
            let message = format!("error trying to reach service: dial tcp: connect: connection refused (port {port})");
            return Err(StoreError::new(503, "ServiceUnavailable", message));
        };
        match view.answer(asked) {
            Some(answered) => {
                let mut answer = Answer::bytes(answered.code, "application/json", answered.body.to_vec());
                answer
                    .headers
                    .extend(answered.location.map(|to| (header::LOCATION, to)));
                Ok(answer.response())
            }
            None => std::future::pending().await,
        }
    }

    fn view(&self, shared: &Shared) -> Option<View> {
        shared.read(|store| shared.raft.view(store, shared.clock(), &self.namespace, &self.pod))
    }

    /// Carries one port; a second one is said to be refused.
    async fn forward(self, shared: Arc<Shared>, mut socket: Socket, ports: Vec<u16>) {
        for (at, port) in (0_u8..).zip(&ports) {
            let [low, high] = port.to_le_bytes();
            for channel in [2 * at, 2 * at + 1] {
                if send(&mut socket, vec![channel, low, high]).await.is_none() {
                    return;
                }
            }
        }
        let port = ports.first().copied().unwrap_or_default();
        if let Some(process) = shared.raft.behind(&self.namespace, &self.pod, port) {
            match TcpStream::connect(process).await {
                Ok(stream) => pump(socket, stream).await,
                Err(error) => refuse(&mut socket, &format!("failed to connect to localhost:{port}: {error}")).await,
            }
            return;
        }
        let listens = ports.first() == Some(&View::PORT) && self.view(&shared).is_some();
        if !listens {
            let words = format!("failed to connect to localhost:{port} inside namespace, IPv4: connection refused");
            refuse(&mut socket, &words).await;
            return;
        }
        let (near, far) = tokio::io::duplex(BUFFER);
        let service = service_fn(move |request| {
            let view = self.view(&shared);
            respond(Arc::clone(&shared), view, request)
        });
        let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
        tokio::select! {
            ended = served => drop(ended),
            () = pump(socket, near) => {}
        }
    }
}

/// Says on the error channel why there is nothing behind the port.
async fn refuse(socket: &mut Socket, why: &str) {
    let mut words = vec![1];
    words.extend(why.bytes());
    send(socket, words).await;
    drop(socket.close(None).await);
}

async fn send(socket: &mut Socket, frame: Vec<u8>) -> Option<()> {
    socket.send(Message::Binary(frame.into())).await.ok()
}

/// Carries bytes both ways until one side ends.
async fn pump(mut socket: Socket, stream: impl AsyncRead + AsyncWrite) {
    let (mut from, mut to) = tokio::io::split(stream);
    let mut chunk = vec![0; 16 << 10];
    loop {
        tokio::select! {
            read = from.read(&mut chunk) => {
                let Ok(count @ 1..) = read else { break };
                let mut frame = vec![0];
                frame.extend(chunk.iter().take(count));
                if send(&mut socket, frame).await.is_none() {
                    return;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if let Some((0, rest)) = bytes.split_first()
                        && to.write_all(rest).await.is_err()
                    {
                        break;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
    drop(socket.close(None).await);
}

/// The process answers, as it stands at this moment.
async fn respond(
    shared: Arc<Shared>,
    view: Option<View>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let token = request
        .headers()
        .get("x-vault-token")
        .and_then(|token| token.to_str().ok());
    let token = token.unwrap_or_default().to_owned();
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BUFFER).collect().await;
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        body: body.map(Collected::to_bytes).unwrap_or_default(),
        token,
    };
    if let Some(change) = view.as_ref().and_then(|view| view.change(&asked)) {
        shared.raft.change(change, shared.clock());
    }
    let answered = match view.and_then(|view| view.answer(&asked)) {
        Some(answered) => answered,
        None => std::future::pending().await,
    };
    let Answered { code, location, body } = answered;
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(to) = location.and_then(|to| to.parse().ok()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_pods() {
        let read = |path: &str| Inside::read(path).map(|inside| (inside.namespace, inside.pod, inside.way));
        assert_eq!(
            read("/api/v1/namespaces/vault/pods/vault-0/portforward"),
            Some(("vault".to_owned(), "vault-0".to_owned(), Way::Forward))
        );
        assert_eq!(
            read("/api/v1/namespaces/vault/pods/http:vault-0:8200/proxy/v1/sys/health"),
            Some((
                "vault".to_owned(),
                "vault-0".to_owned(),
                Way::Proxy(8200, "/v1/sys/health".to_owned())
            ))
        );
        for other in [
            "/api/v1/namespaces/vault/pods/vault-0",
            "/api/v1/namespaces/vault/pods/vault-0/log",
            "/version",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
