//! How a command in a pod ended: the `Status` that a server sends last, as kubelets word it and as others do.

use crate::cluster::said;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use std::fmt;

/// The exit code of a command that was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub i32);

impl Exit {
    pub const fn success(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

/// Reads the last word. A kubelet names the code in `details.causes` (`k8s.io/kubelet/pkg/cri/streaming/remotecommand/exec.go`);
/// kwok answers an internal error whose text ends in `exit status 7` (`reference/control-plane.md`).
///
/// # Errors
/// What the node says when the command was not run at all.
pub(super) fn of(status: &Status) -> Result<Exit, String> {
    if status.status.as_deref() == Some("Success") {
        return Ok(Exit(0));
    }
    let causes = status.details.as_ref().and_then(|details| details.causes.as_ref());
    let named = causes.into_iter().flatten().find_map(|cause| {
        let code = cause
            .message
            .as_deref()
            .filter(|_| cause.reason.as_deref() == Some("ExitCode"))?;
        code.trim().parse().ok()
    });
    let text = status.message.as_deref().unwrap_or_default();
    named.or_else(|| worded(text)).map(Exit).ok_or_else(|| {
        let words = said::plain(text);
        if words.is_empty() {
            status
                .reason
                .as_deref()
                .map_or_else(|| "without a reason".to_owned(), said::plain)
        } else {
            words
        }
    })
}

/// The code in `… exit status 7` or `command terminated with exit code 7`: the last such number of the text.
fn worded(text: &str) -> Option<i32> {
    let found = ["exit status ", "exit code "].into_iter().filter_map(|lead| {
        let at = text.rfind(lead)?;
        let rest = text.get(at + lead.len()..)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some((at, digits.parse().ok()?))
    });
    found.max_by_key(|(at, _)| *at).map(|(_, code)| code)
}

/// Whether a 5xx says that the node was not reached, so that asking again may help.
pub(super) fn gateway(message: &str) -> bool {
    [
        "dial tcp",
        "connection refused",
        "EOF",
        "i/o timeout",
        "no route",
        "try again",
        "not yet",
    ]
    .into_iter()
    .any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ended(status: serde_json::Value) -> Result<Exit, String> {
        of(&serde_json::from_value(status).expect("a Status"))
    }

    #[test]
    fn an_exit_code_is_read_however_a_server_words_it() {
        for (status, code) in [
            (json!({"status": "Success"}), 0),
            (
                json!({"status": "Failure", "reason": "NonZeroExitCode", "message": "command terminated with non-zero exit code",
                    "details": {"causes": [{"reason": "ExitCode", "message": "7"}]}}),
                7,
            ),
            (
                json!({"status": "Failure", "reason": "InternalError",
                    "message": "Internal error occurred: error executing command in container: exit status 7"}),
                7,
            ),
            (
                json!({"status": "Failure", "message": "command terminated with exit code 137: Killed"}),
                137,
            ),
        ] {
            assert_eq!(ended(status.clone()), Ok(Exit(code)), "{status}");
        }
    }

    #[test]
    fn what_was_not_run_has_no_exit_code() {
        for (status, said) in [
            (
                json!({"status": "Failure", "message": "OCI runtime exec failed: \"sh\": executable file not found\u{1b}[2J"}),
                "OCI runtime exec failed: \"sh\": executable file not found\\u{1b}[2J",
            ),
            (json!({"status": "Failure", "reason": "BadRequest"}), "BadRequest"),
            (json!({}), "without a reason"),
            (json!({"status": "Failure", "message": "exit status "}), "exit status"),
        ] {
            assert_eq!(ended(status), Err(said.to_owned()));
        }
    }
}
