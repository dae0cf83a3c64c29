//! A command in a pod: started over a websocket, its output read as it comes, its end told apart from a cut connection.
//!
//! Knows no dumps and no runbooks. It carries what it is given; whoever calls it says why that may be done. Nothing is
//! passed through a shell: the arguments are the command's own. The end of standard input is not passed on everywhere
//! (`reference/control-plane.md`: kubelets before the v5 protocol, kwok), so that whoever sends data carries its own end.

mod end;

pub use end::Exit;

use super::connect::Connection;
use super::said;
use super::wire;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use std::fmt;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, SimplexStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How much of the output may wait here unread, in bytes.
const WAITING: usize = 256 << 10;
/// So much of standard error is kept, in bytes: its end.
const SAID: usize = 16 << 10;
/// How long the handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long what has been received already may take to be read here.
const DRAIN: Duration = Duration::from_millis(200);

/// Which command, and where.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    /// Empty: the pod's default container.
    pub container: &'a str,
    /// Program and arguments.
    pub argv: &'a [&'a str],
    /// Its standard input is written by us.
    pub stdin: bool,
}

/// Why a command in a pod did not come to an end that we know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was never started: the request did not reach the server.
    NotSent(String),
    /// The server or the node refused: no such container, no such program, no right.
    Refused(String),
    /// The connection broke; the command may go on.
    Cut(String),
    /// Nothing came for so long; the command may go on.
    Quiet(Duration),
    /// It printed more than is taken in, in bytes.
    TooMuch(usize),
}

impl Trouble {
    /// Asking again may help.
    pub const fn passing(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Cut(_) | Self::Quiet(_) => true,
            Self::Refused(_) | Self::TooMuch(_) => false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => write!(f, "the server was not reached: {why}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Cut(why) => write!(f, "the connection was cut: {why}"),
            Self::Quiet(after) => write!(f, "nothing came for {} s", after.as_secs()),
            Self::TooMuch(most) => write!(f, "it printed more than {most} bytes"),
        }
    }
}

/// What the status channel has said.
enum Ended {
    NotYet,
    With(Box<Status>),
    /// It ended without a word.
    Silent,
}

impl Ended {
    fn of(status: Option<Status>) -> Self {
        status.map_or(Self::Silent, |status| Self::With(Box::new(status)))
    }
}

/// A command that runs.
pub struct Remote {
    process: AttachedProcess,
    out: ReadHalf<SimplexStream>,
    said: JoinHandle<Vec<u8>>,
    status: BoxFuture<'static, Option<Status>>,
    ended: Ended,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("ended", &!matches!(self.ended, Ended::NotYet))
            .finish_non_exhaustive()
    }
}

/// What a command printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    pub exit: Exit,
    pub out: Vec<u8>,
    /// The end of its standard error, safe to show.
    pub said: String,
}

impl Remote {
    /// Starts a command. Credentials that are not accepted any more are renewed once.
    pub async fn start(connection: &Connection, call: Call<'_>) -> Result<Self, Trouble> {
        let clients = connection.clients();
        match attach(&clients.writing, call).await {
            Err(kube::Error::Api(status)) if status.code == 401 => {
                let renewed = connection.renew(clients.generation).await;
                let renewed = renewed.map_err(|error| Trouble::NotSent(error.to_string()))?;
                attach(&renewed.writing, call).await
            }
            answered => answered,
        }
        .map_err(|error| trouble(&error))
        .and_then(Self::of)
    }

    fn of(mut process: AttachedProcess) -> Result<Self, Trouble> {
        let (Some(out), Some(err), Some(status)) = (process.stdout(), process.stderr(), process.take_status()) else {
            return Err(Trouble::Cut("the streams are not there".to_owned()));
        };
        Ok(Self {
            process,
            out,
            said: tokio::spawn(tail(err)),
            status: status.boxed(),
            ended: Ended::NotYet,
        })
    }

    /// Its standard input, once, where it was asked for.
    pub fn stdin(&mut self) -> Option<impl AsyncWrite + Send + Unpin + 'static> {
        self.process.stdin()
    }

    /// The next of its standard output; 0 at its end.
    ///
    /// # Errors
    /// When nothing came for `quiet`, or the connection ended before the command did.
    pub async fn read(&mut self, buffer: &mut [u8], quiet: Duration) -> Result<usize, Trouble> {
        loop {
            if !matches!(self.ended, Ended::NotYet) {
                // whatever was received is here by now; a stream that broke has no end
                return match timeout(DRAIN, self.out.read(buffer)).await {
                    Ok(Ok(count)) => Ok(count),
                    Ok(Err(error)) => Err(Trouble::Cut(said::plain(&error.to_string()))),
                    Err(_) => Err(Trouble::Cut("it ended in the middle".to_owned())),
                };
            }
            tokio::select! {
                biased;
                read = self.out.read(buffer) => {
                    return read.map_err(|error| Trouble::Cut(said::plain(&error.to_string())));
                }
                status = &mut self.status => self.ended = Ended::of(status),
                () = tokio::time::sleep(quiet) => return Err(Trouble::Quiet(quiet)),
            }
        }
    }

    /// How it ended, and the end of its standard error as it came. Its output has to be read before.
    ///
    /// # Errors
    /// When the connection ended before the command did, or the node refused it.
    pub async fn end(mut self, quiet: Duration) -> Result<(Exit, Vec<u8>), Trouble> {
        if matches!(self.ended, Ended::NotYet) {
            let status = timeout(quiet, &mut self.status).await;
            self.ended = Ended::of(status.map_err(|_late| Trouble::Quiet(quiet))?);
        }
        let said = timeout(DRAIN, &mut self.said).await;
        self.said.abort();
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        match &self.ended {
            Ended::With(status) => end::of(status).map(|exit| (exit, said)).map_err(Trouble::Refused),
            Ended::NotYet | Ended::Silent => Err(Trouble::Cut(
                "it closed without saying how the command ended".to_owned(),
            )),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.said.abort();
    }
}

/// Runs a command to its end and takes its output in, up to `most` bytes.
pub async fn output(connection: &Connection, call: Call<'_>, most: usize, quiet: Duration) -> Result<Output, Trouble> {
    let mut remote = Remote::start(connection, call).await?;
    let mut out = Vec::new();
    let mut buffer = vec![0_u8; 32 << 10];
    loop {
        let count = remote.read(&mut buffer, quiet).await?;
        if count == 0 {
            break;
        }
        out.extend(buffer.iter().take(count));
        if out.len() > most {
            return Err(Trouble::TooMuch(most));
        }
    }
    let (exit, said) = remote.end(quiet).await?;
    Ok(Output {
        exit,
        out,
        said: said::plain(&String::from_utf8_lossy(&said)),
    })
}

/// Writes all of it, or says that nothing was taken for `quiet`.
pub async fn feed(stdin: &mut (impl AsyncWrite + Unpin), bytes: &[u8], quiet: Duration) -> Result<(), Trouble> {
    match timeout(quiet, stdin.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Trouble::Cut(said::plain(&error.to_string()))),
        Err(_) => Err(Trouble::Quiet(quiet)),
    }
}

async fn attach(client: &kube::Client, call: Call<'_>) -> Result<AttachedProcess, kube::Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), call.namespace);
    let mut asked = AttachParams::default()
        .stdin(call.stdin)
        .stdout(true)
        .stderr(true)
        .max_stdout_buf_size(WAITING)
        .max_stdin_buf_size(WAITING);
    if !call.container.is_empty() {
        asked = asked.container(call.container);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the one door to a pod: those who call it say why that may be done"
    )]
    let started = pods.exec(call.pod, call.argv.iter().copied(), &asked);
    match timeout(HANDSHAKE, started).await {
        Ok(started) => started,
        Err(_) => Err(kube::Error::Service("no answer to the request".into())),
    }
}

fn trouble(error: &kube::Error) -> Trouble {
    if let kube::Error::Api(status) = error {
        let why = format!("{} {}", status.code, said::plain(&status.message));
        return if status.code == 429 || (500..600).contains(&status.code) && end::gateway(&status.message) {
            Trouble::NotSent(why)
        } else {
            Trouble::Refused(why)
        };
    }
    match wire::trouble(error) {
        wire::Trouble::NotSent(how) => Trouble::NotSent(how.to_string()),
        wire::Trouble::Credentials(why) => Trouble::Refused(format!("no credentials ({why})")),
        other => Trouble::Cut(other.words()),
    }
}

/// The end of a stream.
async fn tail(mut stream: ReadHalf<SimplexStream>) -> Vec<u8> {
    let mut held: Vec<u8> = Vec::new();
    let mut buffer = vec![0_u8; 4 << 10];
    while let Ok(count) = stream.read(&mut buffer).await {
        if count == 0 {
            break;
        }
        held.extend(buffer.iter().take(count));
        let surplus = held.len().saturating_sub(SAID);
        held.drain(..surplus);
    }
    held
}
