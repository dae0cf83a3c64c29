//! A program of the operator's: started once with exactly the arguments that were shown, heard to its end, what it made
//! found in its output by its identifier, and that asked after by a second program.

use super::{Hear, not_applied};
use crate::cluster::process::{End, Errand, Listener, Mask, Ran, Surroundings, run};
use crate::cluster::said;
use crate::journal::Outcome;
use crate::model::Text;
use crate::model::act::task::{LocalRun, Told};
use crate::model::redact::{looks_secret_value, redact};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The longest identifier, in bytes.
const LONGEST: usize = 300;
/// So much of what a program said last stands in an outcome, in characters.
const WORDS: usize = 200;

pub(super) async fn carry(asked: &LocalRun, hear: Hear<'_>) -> Outcome {
    let ran = match started(&asked.command, asked.within, hear).await {
        Ok(ran) => ran,
        Err(why) => return not_applied(format!("the program could not be started: {why}")),
    };
    if ran.end != End::Exited(0) {
        return Outcome::Failed {
            why: format!("the program {}, what it did stays done{}", ran.end, last(&ran)),
        };
    }
    let Some(told) = &asked.identifier else {
        return Outcome::Done {
            evidence: "the program ended with exit code 0; it was not asked what it made".to_owned(),
        };
    };
    let identifier = match identified(told, &ran.stdout) {
        Ok(identifier) => identifier,
        Err(why) => {
            return Outcome::Failed {
                why: format!("the program ended with exit code 0, and {why}"),
            };
        }
    };
    if asked.check.is_empty() {
        return Outcome::Done {
            evidence: format!("identifier {identifier}; nothing checked it"),
        };
    }
    let check: Vec<Text> = asked
        .check
        .iter()
        .map(|word| word.replace("{}", &identifier).into())
        .collect();
    match started(&check, asked.within, hear).await {
        Ok(ran) if ran.end == End::Exited(0) => Outcome::Done {
            evidence: format!("identifier {identifier}; its check ended with exit code 0"),
        },
        Ok(ran) => Outcome::Failed {
            why: format!("identifier {identifier}; its check {}{}", ran.end, last(&ran)),
        },
        Err(why) => Outcome::Failed {
            why: format!("identifier {identifier}; its check could not be started: {why}"),
        },
    }
}

async fn started(command: &[Text], within: u32, hear: Hear<'_>) -> Result<Ran, String> {
    let (Some(program), arguments) = (command.first(), command.get(1..).unwrap_or_default()) else {
        return Err("there is none".to_owned());
    };
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let errand = Errand {
        program: Path::new(program.as_str()),
        arguments: &arguments,
        surroundings: Surroundings::Operators,
        deadline: Duration::from_secs(u64::from(within)),
    };
    let mask = Mask::default();
    run(errand, Some(Listener { mask: &mask, hear })).await
}

/// `: ` and what it said last; nothing where it said nothing.
fn last(ran: &Ran) -> String {
    let said = ran.tail.join(" | ");
    if said.is_empty() {
        return said;
    }
    let cut = said.chars().count().saturating_sub(WORDS);
    format!(": {}", said.chars().skip(cut).collect::<String>())
}

/// Finds the identifier in what was printed. It comes from a stranger: one line of printable text, and nothing that looks like a
/// secret, since it is shown and kept.
fn identified(told: &Told, stdout: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(stdout);
    let found = match told {
        Told::Pattern(pattern) => {
            let pattern = regex::RegexBuilder::new(pattern)
                .multi_line(true)
                .size_limit(1 << 20)
                .build()
                .map_err(|_error| "the pattern of its identifier is none".to_owned())?;
            pattern.captures(&text).and_then(|groups| {
                let found = groups.get(1).or_else(|| groups.get(0))?;
                Some(found.as_str().to_owned())
            })
        }
        Told::Pointer(pointer) => {
            let value: Value = serde_json::from_str(&text).map_err(|_error| "it printed no JSON".to_owned())?;
            match value.pointer(pointer) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            }
        }
    };
    let found = found
        .map(|found| found.trim().to_owned())
        .filter(|found| !found.is_empty());
    let found = found.ok_or_else(|| "it printed no identifier where one was to be".to_owned())?;
    let plain = said::plain(&found) == found && found.len() <= LONGEST && !found.starts_with('-');
    let secret = looks_secret_value(&found) || redact(Value::from(found.as_str())) != found.as_str();
    if plain && !secret {
        Ok(found)
    } else {
        Err("what stands where its identifier was to be is none".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_found_and_nothing_else_is_taken_for_one() {
        let pattern = |pattern: &str| Told::Pattern(pattern.into());
        let pointer = |pointer: &str| Told::Pointer(pointer.into());
        for (told, printed, found) in [
            (
                pattern("^id: (.+)$"),
                "started\nid: arn:aws:backup:x\n",
                Some("arn:aws:backup:x"),
            ),
            (pattern("snap-[0-9a-f]+"), "made snap-0af3 today", Some("snap-0af3")),
            (
                pointer("/RecoveryPointArn"),
                r#"{"RecoveryPointArn": "arn:1"}"#,
                Some("arn:1"),
            ),
            (pointer("/a/0"), r#"{"a": [7]}"#, Some("7")),
            (pointer("/b"), r#"{"a": 7}"#, None),
            (pointer("/a"), "a: 7", None),
            (pattern("^id: (.+)$"), "nothing", None),
            (pattern("id: (.*)"), "id:  ", None),
            (pattern("(?s)id: (.+)"), "id: a\u{1b}[2Jb", None),
            (pattern("id: (.+)"), "id: --force", None),
            (pattern("id: (.+)"), "id: ghp_0123456789abcdef", None),
        ] {
            assert_eq!(
                identified(&told, printed.as_bytes()).ok().as_deref(),
                found,
                "{told:?} {printed:?}"
            );
        }
        let long = format!("id: {}", "x".repeat(400));
        assert!(identified(&pattern("id: (.+)"), long.as_bytes()).is_err());
    }

    #[tokio::test]
    async fn a_program_is_asked_what_it_made_and_that_is_checked() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).into()).collect::<Vec<Text>>();
        let asked = |command: &[&str], check: &[&str]| LocalRun {
            command: words(command),
            identifier: Some(Told::Pattern("id=(.*)".into())),
            check: words(check),
            within: 20,
        };
        let mut heard = Vec::new();
        for (command, check, word, told) in [
            (
                &["echo", "id=point-1"][..],
                &["test", "{}", "=", "point-1"][..],
                "done",
                "identifier point-1; its check ended",
            ),
            (
                &["echo", "id=point-1"],
                &["test", "{}", "=", "point-2"],
                "failed",
                "its check ended with exit code 1",
            ),
            (
                &["echo", "id=$(id); rm"],
                &["test", "{}", "=", "$(id); rm"],
                "done",
                "identifier $(id); rm",
            ),
            (&["echo", "nothing"], &[], "failed", "no identifier"),
            (&["false"], &[], "failed", "exit code 1"),
            (&["/no/such/program"], &[], "not applied", "could not be started"),
        ] {
            let outcome = carry(&asked(command, check), &mut |line| heard.push(line)).await;
            assert_eq!(outcome.word(), word, "{command:?}: {}", outcome.evidence());
            assert!(outcome.evidence().contains(told), "{command:?}: {}", outcome.evidence());
        }
        assert!(heard.contains(&"id=point-1".to_owned()), "{heard:?}");
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_ended() {
        let asked = LocalRun {
            command: ["sleep", "600"].into_iter().map(Text::from).collect(),
            within: 1,
            ..LocalRun::default()
        };
        let outcome = carry(&asked, &mut |_line| {}).await;
        assert!(
            matches!(&outcome, Outcome::Failed { why } if why.contains("stopped after 1 s")),
            "{outcome:?}"
        );
    }
}
