//! What went wrong outside, one variant per trouble: what it concerns, and the next thing to try.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Every way in which reaching or asking a cluster can fail. Each message is one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterError {
    /// None of these files exists.
    NoKubeconfig { looked: Vec<PathBuf> },
    /// The file exists and cannot be read.
    KubeconfigUnreadable { path: PathBuf, why: String },
    /// The file is no YAML or no kubeconfig; line and column count from 1, 0 when unknown.
    KubeconfigBroken {
        path: PathBuf,
        line: u64,
        column: u64,
        why: String,
    },
    /// The context asked for, or named as current, is not in the files.
    UnknownContext {
        context: String,
        known: Vec<String>,
        looked: Vec<PathBuf>,
    },
    /// No context was asked for and none is current.
    NoCurrentContext { known: Vec<String>, looked: Vec<PathBuf> },
    /// The context exists but cannot be used: no such cluster, no server URL, a certificate that cannot be read.
    BadContext { context: String, why: String },
    /// No connection to the server could be made, or it gave no answer.
    Unreachable {
        server: String,
        context: String,
        how: Unreached,
    },
    /// 401: the server does not accept the credentials.
    Unauthenticated {
        server: String,
        context: String,
        said: String,
    },
    /// 403: the server knows who asks and refuses.
    Forbidden { server: String, what: String, said: String },
    /// Something answers there, but no Kubernetes API server.
    NotKubernetes { server: String, why: String },
    /// The kubeconfig's credential plugin failed.
    PluginFailed {
        context: String,
        command: String,
        said: String,
    },
    /// 404: the object asked for is not there.
    NotFound { what: String },
    /// Any other answer that is not what was asked for.
    Answer { what: String, status: u16, said: String },
    /// The answer arrived and cannot be read.
    Unreadable { what: String, why: String },
}

/// Why a server gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// Nothing listens at the address.
    Refused,
    /// The host name does not resolve.
    Name { why: String },
    /// The TLS handshake failed: wrong CA, wrong name, expired certificate.
    Tls { why: String },
    /// No answer within the deadline.
    Deadline { after: Duration },
    /// The connection was cut, or could not be made for another reason.
    Cut { why: String },
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Name { why } => write!(f, "its host name does not resolve ({why})"),
            Self::Tls { why } => write!(f, "no secure connection ({why})"),
            Self::Deadline { after } => write!(f, "no answer within {}", seconds(*after)),
            Self::Cut { why } => write!(f, "connection lost ({why})"),
        }
    }
}

impl Unreached {
    /// The next thing to try.
    const fn hint(&self) -> &'static str {
        match self {
            Self::Refused => "is the API server running, and is this its port?",
            Self::Name { .. } => "check the host name in the kubeconfig, the VPN and DNS",
            Self::Tls { .. } => "check certificate-authority and the server name in the kubeconfig",
            Self::Deadline { .. } | Self::Cut { .. } => "check the network, VPN or proxy between here and it",
        }
    }
}

/// `10s`, `0.5s`.
fn seconds(span: Duration) -> String {
    if span.subsec_millis() == 0 {
        format!("{}s", span.as_secs())
    } else {
        format!("{:.1}s", span.as_secs_f64())
    }
}

fn paths(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    shown.join(", ")
}

fn contexts(known: &[String]) -> String {
    if known.is_empty() {
        "there are no contexts in it".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    }
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKubeconfig { looked } => write!(
                f,
                "no kubeconfig found (looked at {}); name one with --kubeconfig, set KUBECONFIG, or try `pilothouse demo`",
                paths(looked)
            ),
            Self::KubeconfigUnreadable { path, why } => write!(
                f,
                "kubeconfig {} cannot be read ({why}); check its path and permissions",
                path.display()
            ),
            Self::KubeconfigBroken { path, line: 0, why, .. } => {
                write!(
                    f,
                    "kubeconfig {} is not valid ({why}); correct it or name another",
                    path.display()
                )
            }
            Self::KubeconfigBroken {
                path,
                line,
                column,
                why,
            } => write!(
                f,
                "kubeconfig {} is not valid at line {line}, column {column} ({why}); correct it or name another with --kubeconfig",
                path.display()
            ),
            Self::UnknownContext { context, known, looked } => write!(
                f,
                "no context {context:?} in kubeconfig {}; {}; choose one with --context",
                paths(looked),
                contexts(known)
            ),
            Self::NoCurrentContext { known, looked } => write!(
                f,
                "kubeconfig {} has no current context; {}; choose one with --context",
                paths(looked),
                contexts(known)
            ),
            Self::BadContext { context, why } => {
                write!(
                    f,
                    "context {context:?} cannot be used: {why}; correct it in the kubeconfig"
                )
            }
            Self::Unreachable { server, context, how } => {
                write!(
                    f,
                    "server {server} of context {context:?} cannot be reached: {how}; {}",
                    how.hint()
                )
            }
            Self::Unauthenticated { server, context, said } => write!(
                f,
                "server {server} does not accept the credentials of context {context:?} (401{}); log in again",
                quoted(said)
            ),
            Self::Forbidden { server, what, said } => write!(
                f,
                "server {server} does not allow {what} (403{}); ask for that right or use another context",
                quoted(said)
            ),
            Self::NotKubernetes { server, why } => write!(
                f,
                "{server} answers but is no Kubernetes API server ({why}); check the server URL of the context"
            ),
            Self::PluginFailed { context, command, said } if command.is_empty() => write!(
                f,
                "the credentials of context {context:?} cannot be read{}; correct them or log in again",
                quoted(said)
            ),
            Self::PluginFailed { context, command, said } => write!(
                f,
                "credential plugin {command:?} of context {context:?} failed{}; run it by hand or log in again",
                quoted(said)
            ),
            Self::NotFound { what } => write!(f, "{what} is not there (404); refresh and look again"),
            Self::Answer { what, status, said } => {
                write!(f, "{what} was answered with {status}{}; try again", quoted(said))
            }
            Self::Unreadable { what, why } => write!(f, "the answer about {what} cannot be read ({why}); try again"),
        }
    }
}

impl std::error::Error for ClusterError {}

fn quoted(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    }
}
