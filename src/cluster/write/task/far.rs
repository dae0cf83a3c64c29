//! The far side: the fixed texts of `model::act::task::far` run in one pod, asked again where a connection was cut, and
//! whether that pod and its container are still the ones they were.

use crate::cluster::connect::Connection;
use crate::cluster::exec::{self, Call, Exit, Output, Remote, Trouble};
use crate::cluster::read;
use crate::cluster::said;
use crate::model::Pin;
use crate::model::act::task::far;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What a question to the far side may answer, in bytes.
const ANSWER: usize = 1 << 20;

/// The very container a command runs in: another one has none of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Container {
    pub(super) pod_uid: String,
    #[serde(rename = "container")]
    pub(super) name: String,
    #[serde(rename = "containerId")]
    pub(super) id: String,
    pub(super) restart_count: u64,
}

/// Why the far side did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Trouble(Trouble),
    /// It said no: its exit code, and its last words.
    Said(Exit, String),
    /// An answer that makes no sense.
    Garbled(String),
    /// The pod is another one, or none.
    PodGone(String),
    /// The pod is the same; its container was started anew.
    Restarted(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(trouble) => trouble.fmt(f),
            Self::Said(Exit(far::NO_ROOM), said) => write!(f, "the pod has no room to write in: {said}"),
            Self::Said(Exit(far::NO_DIGEST), _) => {
                f.write_str("the pod has no sha256sum, shasum or openssl: nothing there can compute a checksum")
            }
            Self::Said(exit, said) if said.is_empty() => exit.fmt(f),
            Self::Said(exit, said) => write!(f, "{exit}: {said}"),
            Self::Garbled(what) => write!(f, "its answer makes no sense: {what}"),
            Self::PodGone(why) | Self::Restarted(why) => f.write_str(why),
        }
    }
}

/// One pod, and how long it may be silent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Far<'a> {
    pub(super) connection: &'a Connection,
    pub(super) target: &'a Pin,
    pub(super) namespace: &'a str,
    pub(super) pod: &'a str,
    pub(super) container: &'a str,
    pub(super) quiet: Duration,
}

impl Far<'_> {
    /// A command with its arguments, as it is called.
    fn call<'c>(&'c self, argv: &'c [&'c str], stdin: bool) -> Call<'c> {
        Call {
            namespace: self.namespace,
            pod: self.pod,
            container: self.container,
            argv,
            stdin,
        }
    }

    /// Runs one of the fixed texts once and takes its answer. Not tried again.
    pub(super) async fn once(&self, text: &str, arguments: &[&str]) -> Result<String, Wrong> {
        let argv = argv(text, arguments);
        let output = exec::output(self.connection, self.call(&argv, false), ANSWER, self.quiet).await;
        answer(output.map_err(Wrong::Trouble)?)
    }

    /// The same, again and again while connections are cut, until nothing was heard for as long as may be. Only for texts
    /// that may run twice.
    pub(super) async fn ask(&self, text: &str, arguments: &[&str]) -> Result<String, Wrong> {
        let since = Instant::now();
        let mut tries = 0;
        loop {
            match self.once(text, arguments).await {
                Err(Wrong::Trouble(trouble)) if trouble.passing() && since.elapsed() < self.quiet => {
                    tracing::debug!(%trouble, "asking the pod again");
                    sleep(super::pause(tries)).await;
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    /// Runs a command of the operator's as it is, and takes its output.
    pub(super) async fn plain(&self, command: &[&str]) -> Result<Output, Wrong> {
        let output = exec::output(self.connection, self.call(command, false), ANSWER, self.quiet).await;
        output.map_err(Wrong::Trouble)
    }

    /// Starts one of the fixed texts, whose output is read as it comes.
    pub(super) async fn stream(&self, text: &str, arguments: &[&str], stdin: bool) -> Result<Remote, Wrong> {
        let argv = argv(text, arguments);
        Remote::start(self.connection, self.call(&argv, stdin))
            .await
            .map_err(Wrong::Trouble)
    }

    /// The container as the server has it now, asked again while the server is away.
    pub(super) async fn container(&self) -> Result<Container, Wrong> {
        let since = Instant::now();
        let mut tries = 0;
        loop {
            match read::object_json(self.connection, &self.target.key).await {
                Ok(pod) => return self.found(&pod),
                Err(crate::cluster::ClusterError::NotFound { .. }) => {
                    return Err(Wrong::PodGone(format!("{} is gone", self.target.key)));
                }
                Err(error) if since.elapsed() < self.quiet => {
                    tracing::debug!(%error, "asking for the pod again");
                    sleep(super::pause(tries)).await;
                    tries += 1;
                }
                Err(error) => return Err(Wrong::Trouble(Trouble::Cut(error.to_string()))),
            }
        }
    }

    fn found(&self, pod: &Value) -> Result<Container, Wrong> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let uid = text(pod.pointer("/metadata/uid"));
        if uid != self.target.uid.to_string() {
            return Err(Wrong::PodGone(format!(
                "{} is another pod now: uid {}, {} was shown",
                self.target.key,
                said::plain(&uid),
                self.target.uid
            )));
        }
        let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
        let mut statuses = statuses.into_iter().flatten();
        let wanted = default_container(pod, self.container);
        let status = statuses.find(|status| status.get("name").and_then(Value::as_str) == Some(wanted.as_str()));
        Ok(Container {
            pod_uid: uid,
            name: wanted,
            id: text(status.and_then(|status| status.get("containerID"))),
            restart_count: status
                .and_then(|status| status.get("restartCount"))
                .and_then(Value::as_u64)
                .unwrap_or(0),
        })
    }

    /// That the container is still this one.
    pub(super) async fn still(&self, begun: &Container) -> Result<(), Wrong> {
        let now = self.container().await?;
        if now == *begun {
            return Ok(());
        }
        Err(Wrong::Restarted(format!(
            "container {} of {} was started anew (restarts {} → {})",
            said::plain(&now.name),
            self.target.key,
            begun.restart_count,
            now.restart_count
        )))
    }
}

/// The container that a command without one runs in (`kubectl.kubernetes.io/default-container`, else the first).
fn default_container(pod: &Value, asked: &str) -> String {
    if !asked.is_empty() {
        return asked.to_owned();
    }
    let named = pod
        .pointer("/metadata/annotations")
        .and_then(|all| all.get("kubectl.kubernetes.io/default-container"));
    let first = pod.pointer("/spec/containers/0/name");
    named.or(first).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn argv<'a>(text: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    ["sh", "-c", text, far::NAME]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect()
}

fn answer(output: Output) -> Result<String, Wrong> {
    if !output.exit.success() {
        return Err(Wrong::Said(output.exit, output.said));
    }
    String::from_utf8(output.out).map_err(|_error| Wrong::Garbled("it is no text".to_owned()))
}
