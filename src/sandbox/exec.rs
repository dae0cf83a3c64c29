//! Commands in pods: a websocket as the API server speaks it, behind it answers that are scripted. No program is ever run.
//!
//! What a pod keeps of a command (`far`) belongs to the container it ran in: one that is started anew has none of it.

mod far;

use super::authorization::Wish;
use super::http::{Answer, Content, Query};
use super::routes::Target;
use super::serve::Shared;
use super::status::StoreError;
use super::upgrade::{self, Socket};
use far::{Far, Ran};
use futures::{SinkExt as _, StreamExt as _};
use hyper::body::Incoming;
use hyper::header;
use hyper::{Request, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// Bytes of one message.
const PIECE: usize = 16 << 10;
/// The streams of the protocol (`k8s.io/apimachinery/pkg/util/remotecommand/constants.go`).
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

/// What a command of a pod's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The pod's name; empty: any.
    pub pod: String,
    /// Program and arguments, all of them.
    pub command: Vec<String>,
    pub out: String,
    /// So many bytes of output instead, always the same.
    pub bytes: u64,
    pub said: String,
    pub exit: i32,
    /// How long it is at work, where somebody may watch it.
    pub takes: Duration,
    /// Once it has ended well, what another command answers from then on.
    pub then: Option<(Vec<String>, String)>,
}

impl Script {
    /// A command that prints a text and ends well.
    pub fn says(command: &[&str], out: &str) -> Self {
        Self {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            out: out.to_owned(),
            ..Self::default()
        }
    }

    /// A command that prints so many bytes.
    pub fn pours(command: &[&str], bytes: u64) -> Self {
        Self {
            bytes,
            ..Self::says(command, "")
        }
    }

    /// The output: a text, or bytes in which no block is like another.
    pub fn output(&self) -> Vec<u8> {
        if self.bytes == 0 {
            return self.out.clone().into_bytes();
        }
        let words = self.bytes.div_ceil(8);
        let mut poured: Vec<u8> = (0..words)
            .flat_map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17).to_le_bytes())
            .collect();
        poured.truncate(usize::try_from(self.bytes).unwrap_or(usize::MAX));
        poured
    }
}

/// The scripts and what goes wrong; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Execs(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    scripts: Vec<Script>,
    far: Far,
    asked: Vec<Vec<String>>,
    /// The next stream is cut after so many bytes.
    cut_after: Option<u64>,
    /// So many streams still have a byte turned around.
    spoilt: u32,
    /// An exit code is told in words only.
    wordy: bool,
}

impl Execs {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a command answers so.
    pub fn script(&self, script: Script) {
        let mut inner = self.inner();
        inner
            .scripts
            .retain(|held| held.pod != script.pod || held.command != script.command);
        inner.scripts.push(script);
    }

    /// Cuts the connection of the next command that prints more than so many bytes, once these were sent.
    pub fn cut_after(&self, bytes: u64) {
        self.inner().cut_after = Some(bytes);
    }

    /// Turns a byte around in the next `count` outputs that are fetched.
    pub fn spoil(&self, count: u32) {
        self.inner().spoilt = count;
    }

    /// Tells exit codes in words only, as kwok does.
    pub fn tell_in_words(&self, wordy: bool) {
        self.inner().wordy = wordy;
    }

    /// The commands that were asked for so far, the fixed texts under their first line.
    pub fn asked(&self) -> Vec<Vec<String>> {
        self.inner().asked.clone()
    }

    /// How many private directories stand in pods.
    pub fn left(&self) -> usize {
        self.inner().far.left()
    }
}

/// Whether a request wants to become a websocket to a pod.
pub(super) fn wanted(request: &Request<Incoming>) -> bool {
    request.uri().path().ends_with("/exec") && upgrade::wanted(request)
}

/// Answers such a request, and serves what it becomes.
pub(super) fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Content> {
    let answered = agreed(shared, &request).and_then(|(protocol, asked)| {
        upgrade::upgrade(shared, request, protocol, |shared, socket| async move {
            converse(&shared, socket, asked).await;
        })
    });
    answered.unwrap_or_else(|error| Answer::refusal(&error).response())
}

/// Which command, and in which container.
struct Asked {
    pod: String,
    /// Pod uid and restarts: whose files these are.
    container: String,
    argv: Vec<String>,
}

/// The protocol that is spoken, and what is asked.
fn agreed(shared: &Shared, request: &Request<Incoming>) -> Result<(&'static str, Asked), StoreError> {
    let user = shared.access.identify(upgrade::told(request, header::AUTHORIZATION))?;
    let target = Target::read(request.uri().path()).ok_or_else(StoreError::no_such_path)?;
    let wish = Wish {
        verb: "create",
        group: "",
        resource: "pods/exec",
        namespace: &target.namespace,
        name: &target.name,
    };
    shared.access.check(&user, target.resource, &wish)?;
    let found = shared.read(|store| store.fetch(target.resource, &target.namespace, &target.name).cloned());
    let pod = found.ok_or_else(|| StoreError::not_found(target.resource, &target.name))?;
    let query = request.uri().query().unwrap_or_default();
    let container = container(&pod, Query::read(query).get("container"))?;
    let argv = Query::read(query).all("command");
    let offered = upgrade::told(request, header::SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
    let known = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
    let protocol = known
        .into_iter()
        .find(|known| offered.split(',').any(|word| word.trim() == *known))
        .ok_or_else(|| StoreError::bad_request("unable to upgrade: no protocol that is known here"))?;
    let asked = Asked {
        pod: target.name,
        container,
        argv,
    };
    Ok((protocol, asked))
}

/// The very container that is meant: its pod's uid, its name, its restarts.
fn container(pod: &Value, asked: &str) -> Result<String, StoreError> {
    let text = |pointer: &str| {
        pod.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let named = |list: &str| {
        let all = pod.pointer(list).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|one| Some((one.get("name")?.as_str()?.to_owned(), one.clone())))
            .collect::<Vec<_>>()
    };
    let containers = named("/spec/containers");
    let name = match (asked, containers.first()) {
        ("", Some((first, _))) => first.clone(),
        ("", None) => String::new(),
        (asked, _) => asked.to_owned(),
    };
    if !containers.is_empty() && !containers.iter().any(|(known, _)| *known == name) {
        let message = format!("container {name} is not valid for pod {}", text("/metadata/name"));
        return Err(StoreError::bad_request(message));
    }
    if text("/status/phase") != "Running" {
        let message = format!(
            "cannot exec into a container in a completed pod; current phase is {}",
            text("/status/phase")
        );
        return Err(StoreError::bad_request(message));
    }
    let statuses = named("/status/containerStatuses");
    let restarts = statuses.iter().find(|(known, _)| *known == name);
    let restarts = restarts
        .and_then(|(_, status)| status.get("restartCount")?.as_u64())
        .unwrap_or(0);
    Ok(format!("{}/{name}/{restarts}", text("/metadata/uid")))
}

async fn converse(shared: &Shared, mut socket: Socket, asked: Asked) {
    let mut stdin = Vec::new();
    while (stdin.len() as u64) < far::wants(&asked.argv) {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) if bytes.first() == Some(&STDIN) => {
                stdin.extend(bytes.iter().skip(1));
            }
            Some(Ok(_)) => {}
            // what was sent so far is there
            Some(Err(_)) | None => break,
        }
    }
    let now = shared.now();
    let (ran, cut, wordy) = {
        let mut inner = shared.execs.inner();
        let Inner {
            scripts,
            far,
            asked: log,
            cut_after,
            spoilt,
            wordy,
        } = &mut *inner;
        log.push(far::plainly(&asked.argv));
        let mut ran = far.run(scripts, &asked.pod, &asked.container, &asked.argv, &stdin, now);
        if far::fetches(&asked.argv) && *spoilt > 0 {
            *spoilt -= 1;
            if let Some(byte) = ran.out.first_mut() {
                *byte ^= 1;
            }
        }
        let cut = cut_after.take_if(|cut| ran.out.len() as u64 > *cut);
        (ran, cut, *wordy)
    };
    let Ran { out, said, exit } = ran;
    let mut sent = 0_u64;
    for (channel, bytes) in [(STDOUT, out), (STDERR, said)] {
        for piece in bytes.chunks(PIECE) {
            if channel == STDOUT && cut.is_some_and(|cut| sent >= cut) {
                // nobody says goodbye
                return;
            }
            let message: Vec<u8> = [channel].into_iter().chain(piece.iter().copied()).collect();
            if socket.send(Message::binary(message)).await.is_err() {
                return;
            }
            sent += piece.len() as u64;
        }
    }
    if cut.is_some() {
        return;
    }
    let last: Vec<u8> = [STATUS]
        .into_iter()
        .chain(status(exit, wordy).to_string().into_bytes())
        .collect();
    if socket.send(Message::binary(last)).await.is_ok() {
        drop(socket.close(None).await);
    }
}

fn status(exit: i32, wordy: bool) -> Value {
    if exit == 0 {
        return json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" });
    }
    if wordy {
        let message = format!("Internal error occurred: error executing command in container: exit status {exit}");
        return json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "InternalError",
            "message": message, "code": 500 });
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: exit status {exit}"),
        "details": { "causes": [{ "reason": "ExitCode", "message": exit.to_string() }] },
    })
}
