//! What a server, a plugin or a decoder said, made safe and short enough to pass on: no control characters, one line.

use crate::model::plain;
use crate::protobuf;
use serde::Deserialize;

/// The longest text of others that is passed on, in characters.
const LONGEST: usize = 600;

/// One line of printable text, cut at [`LONGEST`].
pub(super) fn plain(text: &str) -> String {
    plain::plain(text, LONGEST)
}

/// `metav1.Status`, as much of it as we pass on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "Kubernetes' own field names")]
pub(super) struct Status {
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) message: String,
    pub(super) reason: String,
    pub(super) code: u16,
    pub(super) details: Details,
}

/// What a `Status` is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    pub(super) name: String,
}

impl Status {
    /// The body read as a `Status`, in JSON or in protobuf; `None` when it is anything else.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        if body.starts_with(&protobuf::MAGIC) {
            let envelope = protobuf::Envelope::read(body).ok().filter(|it| it.kind == "Status")?;
            let read = Self::deserialize(envelope.message().ok()?).ok()?;
            return Some(Self {
                kind: envelope.kind.to_owned(),
                ..read
            });
        }
        serde_json::from_slice::<Self>(body)
            .ok()
            .filter(|status| status.kind == "Status")
    }
}

/// The server's own words in an answer: the message of its `Status`, else the start of the body.
pub(super) fn words(body: &[u8]) -> String {
    match Status::read(body) {
        Some(status) if !status.message.is_empty() => plain(&status.message),
        Some(status) if !status.reason.is_empty() => plain(&status.reason),
        Some(_) => String::new(),
        None => {
            let start = body.get(..body.len().min(200)).unwrap_or_default();
            plain(&String::from_utf8_lossy(start))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\r\n  c\u{202e}d"), "a\\u{1b}[2Jb c\\u{202e}d");
        assert_eq!(plain(&"x".repeat(700)).chars().count(), 601);
    }

    #[test]
    fn a_status_speaks_for_itself_and_anything_else_is_quoted() {
        assert_eq!(
            words(br#"{"kind":"Status","message":"pods is forbidden"}"#),
            "pods is forbidden"
        );
        assert_eq!(words(b"<html>no\x07</html>"), "<html>no\\u{7}</html>");
    }
}
