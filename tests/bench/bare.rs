//! A bare HTTP client: asks, throws the body away as it comes and counts its bytes. Nothing is decompressed or parsed, so
//! what it takes is what the transfer itself takes.

#![allow(
    dead_code,
    reason = "each target uses a part of it; `expect` would fail in one that uses all"
)]

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, HOST};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One connection.
#[derive(Debug)]
pub(crate) struct Bare {
    authority: String,
    sender: SendRequest<Empty<Bytes>>,
}

impl Bare {
    /// `authority`: `host:port`. Must be called within a runtime, which drives the connection.
    pub(crate) async fn connect(authority: &str) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("{authority}: {error}");
        let stream = TcpStream::connect(authority).await.map_err(|error| told(&error))?;
        stream.set_nodelay(true).map_err(|error| told(&error))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
        // its end is seen by the sender
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            authority: authority.to_owned(),
            sender,
        })
    }

    /// The head of an answer, whatever its status, and its body to come.
    pub(crate) async fn open(
        &mut self,
        path: &str,
        accept: &str,
        encoding: &str,
    ) -> Result<Response<Incoming>, String> {
        let told = |error: &dyn std::fmt::Display| format!("GET {path}: {error}");
        let request = Request::get(path)
            .header(HOST, &self.authority)
            .header(ACCEPT, accept)
            .header(ACCEPT_ENCODING, encoding)
            .body(Empty::new())
            .map_err(|error| told(&error))?;
        self.sender.ready().await.map_err(|error| told(&error))?;
        self.sender.send_request(request).await.map_err(|error| told(&error))
    }

    /// How many bytes a body has as it travels.
    pub(crate) async fn drain(&mut self, path: &str, accept: &str, encoding: &str) -> Result<u64, String> {
        let response = self.open(path, accept, encoding).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("GET {path}: {}", response.status()));
        }
        let mut body = response.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| format!("GET {path}: {error}"))?;
            let data = frame.data_ref().map_or(0, Bytes::len);
            bytes += u64::try_from(data).unwrap_or(u64::MAX);
        }
        Ok(bytes)
    }

    /// A whole body as it travels.
    pub(crate) async fn get(&mut self, path: &str, accept: &str, encoding: &str) -> Result<(u16, Bytes), String> {
        let response = self.open(path, accept, encoding).await?;
        let status = response.status().as_u16();
        let whole = response.into_body().collect().await;
        Ok((
            status,
            whole.map_err(|error| format!("GET {path}: {error}"))?.to_bytes(),
        ))
    }
}
