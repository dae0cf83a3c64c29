//! How a request becomes a websocket: what is answered, and what is served once the connection is handed over. Knows nothing
//! of what is spoken over it.

use super::faults::Active;
use super::http::Content;
use super::serve::Shared;
use super::status::StoreError;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// The websocket that a request has become.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A header's value, where it is text.
pub(super) fn told(request: &Request<Incoming>, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// Whether a request wants to become a websocket.
pub(super) fn wanted(request: &Request<Incoming>) -> bool {
    request.headers().contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Agrees to the upgrade under a protocol, and serves the socket once it is there, until it is cut as a fault wants it.
pub(super) fn upgrade<F>(
    shared: &Arc<Shared>,
    mut request: Request<Incoming>,
    protocol: &str,
    serve: impl FnOnce(Arc<Shared>, Socket) -> F + Send + 'static,
) -> Result<Response<Content>, StoreError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let key = told(&request, header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let key = key.ok_or_else(|| StoreError::bad_request("unable to upgrade: this is no request for a websocket"))?;
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, key)
        .header(header::SEC_WEBSOCKET_PROTOCOL, protocol)
        .body(Content::Whole(bytes::Bytes::new()))
        .map_err(|error| StoreError::new(500, "InternalError", error.to_string()))?;
    let coming = hyper::upgrade::on(&mut request);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let mut faults = shared.faults.watch();
        let cuts = faults.borrow().cuts;
        let Ok(upgraded) = coming.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        tokio::select! {
            () = serve(Arc::clone(&shared), socket) => {}
            waited = faults.wait_for(|active: &Active| active.cuts != cuts) => drop(waited),
        }
    });
    Ok(response)
}
