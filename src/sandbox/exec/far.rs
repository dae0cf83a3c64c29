//! What the fixed texts (`model::act::task::far`) do in a pod, done on directories in memory. Anything else is looked for
//! among the scripts.

use super::Script;
use crate::model::act::task::far as texts;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What a command printed, and its exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) out: Vec<u8>,
    pub(super) said: Vec<u8>,
    pub(super) exit: i32,
}

/// Private directories, by container and path.
#[derive(Debug, Default)]
pub(super) struct Far(BTreeMap<(String, String), Directory>);

#[derive(Debug, Default)]
struct Directory {
    data: Vec<u8>,
    said: String,
    /// What runs there: since when, how long it takes, how it ends.
    runs: Option<(Timestamp, Duration, i32)>,
    stopped: bool,
    /// What is said from then on of another command.
    then: Option<(Vec<String>, String)>,
}

/// How many bytes of standard input a command takes.
pub(super) fn wants(argv: &[String]) -> u64 {
    match parts(argv) {
        Some((texts::TAKE, [_, _, bytes])) => bytes.parse().unwrap_or(0),
        _ => 0,
    }
}

/// Whether it is the text that fetches.
pub(super) fn fetches(argv: &[String]) -> bool {
    matches!(parts(argv), Some((texts::FETCH, _)))
}

/// A command for people: a fixed text by its name.
pub(super) fn plainly(argv: &[String]) -> Vec<String> {
    let Some((text, arguments)) = parts(argv) else {
        return argv.to_vec();
    };
    let known = [
        (texts::BEGIN, "begin"),
        (texts::LOOK, "look"),
        (texts::SAID, "said"),
        (texts::STOP, "stop"),
        (texts::SUMS, "sums"),
        (texts::FETCH, "fetch"),
        (texts::REMOVE, "remove"),
        (texts::STRAIGHT, "straight"),
        (texts::TAKE, "take"),
        (texts::GIVE, "give"),
    ];
    let name = known
        .iter()
        .find(|(known, _)| *known == text)
        .map_or("sh", |(_, name)| *name);
    [name.to_owned()].into_iter().chain(arguments.iter().cloned()).collect()
}

/// The text that `sh -c` is given, and its arguments.
fn parts(argv: &[String]) -> Option<(&str, &[String])> {
    let [shell, flag, text, name, arguments @ ..] = argv else {
        return None;
    };
    (shell == "sh" && flag == "-c" && name == texts::NAME).then_some((text.as_str(), arguments))
}

impl Far {
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    pub(super) fn run(
        &mut self,
        scripts: &mut Vec<Script>,
        pod: &str,
        container: &str,
        argv: &[String],
        stdin: &[u8],
        now: Timestamp,
    ) -> Ran {
        let Some((text, [directory, rest @ ..])) = parts(argv) else {
            let (ran, then) = scripted(scripts, pod, argv);
            if ran.exit == 0 {
                from_now_on(scripts, pod, then);
            }
            return ran;
        };
        let place = (container.to_owned(), directory.clone());
        match text {
            texts::BEGIN => self.begin(scripts, pod, place, rest, now),
            texts::STRAIGHT => straight(scripts, pod, rest),
            texts::TAKE => self.take(place, rest, stdin),
            texts::GIVE => self.give(scripts, pod, &place, rest, now),
            _ => self.at(scripts, pod, &place, text, rest, now),
        }
    }

    fn begin(
        &mut self,
        scripts: &[Script],
        pod: &str,
        place: (String, String),
        command: &[String],
        now: Timestamp,
    ) -> Ran {
        if self.0.contains_key(&place) {
            return refused(texts::NO_ROOM, "mkdir: File exists");
        }
        let (ran, then) = scripted(scripts, pod, command);
        let directory = Directory {
            data: ran.out,
            said: String::from_utf8_lossy(&ran.said).into_owned(),
            runs: Some((now, takes(scripts, pod, command), ran.exit)),
            stopped: false,
            then,
        };
        self.0.insert(place, directory);
        says("begun\n")
    }

    fn take(&mut self, place: (String, String), rest: &[String], stdin: &[u8]) -> Ran {
        let directory = self.0.entry(place).or_default();
        let blocks: usize = rest.first().and_then(|text| text.parse().ok()).unwrap_or(0);
        directory
            .data
            .resize(blocks * usize::try_from(texts::BLOCK).unwrap_or(1), 0);
        directory.data.extend_from_slice(stdin);
        says(&format!("size {}\n", directory.data.len()))
    }

    fn give(
        &mut self,
        scripts: &[Script],
        pod: &str,
        place: &(String, String),
        rest: &[String],
        now: Timestamp,
    ) -> Ran {
        let (Some(directory), [wanted, command @ ..]) = (self.0.get_mut(place), rest) else {
            return refused(texts::MISSING, "");
        };
        if directory.runs.is_some() {
            return refused(texts::NO_ROOM, "mkdir: File exists");
        }
        if digest(&directory.data) != *wanted {
            return refused(texts::SPOILT, "");
        }
        let (ran, then) = scripted(scripts, pod, command);
        directory.runs = Some((now, takes(scripts, pod, command), ran.exit));
        directory.said = String::from_utf8_lossy(&[ran.out, ran.said].concat()).into_owned();
        directory.then = then;
        says("begun\n")
    }

    /// The texts that need a directory that is there.
    fn at(
        &mut self,
        scripts: &mut Vec<Script>,
        pod: &str,
        place: &(String, String),
        text: &str,
        rest: &[String],
        now: Timestamp,
    ) -> Ran {
        let Some(directory) = self.0.get_mut(place) else {
            return refused(texts::MISSING, "");
        };
        match text {
            texts::LOOK => {
                let (ran, then) = directory.look(now);
                from_now_on(scripts, pod, then);
                ran
            }
            texts::SAID => says(&directory.said),
            texts::STOP => {
                directory.stopped = true;
                Ran::default()
            }
            texts::SUMS => directory.sums(rest),
            texts::FETCH => directory.fetch(rest),
            texts::REMOVE => {
                self.0.remove(place);
                says("removed\n")
            }
            _ => refused(127, "sh: no such text"),
        }
    }
}

impl Directory {
    fn look(&mut self, now: Timestamp) -> (Ran, Option<(Vec<String>, String)>) {
        let Some((since, takes, exit)) = self.runs else {
            return (says(&format!("size {}\nidle\n", self.data.len())), None);
        };
        let passed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        if self.stopped {
            return (says(&format!("size {}\nstatus 143\n", self.data.len())), None);
        }
        if passed < takes {
            let share = passed.as_millis() * self.data.len() as u128 / takes.as_millis().max(1);
            return (says(&format!("size {share}\nrunning\n")), None);
        }
        let then = self.then.take().filter(|_| exit == 0);
        (says(&format!("size {}\nstatus {exit}\n", self.data.len())), then)
    }

    fn chunks(&self, rest: &[String]) -> impl Iterator<Item = (usize, &[u8])> {
        let number = |at: usize| rest.get(at).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let block = usize::try_from(texts::BLOCK).unwrap_or(1);
        let size = (number(2) * block).max(1);
        let (first, end) = (number(0), number(1));
        self.data
            .chunks(size)
            .enumerate()
            .filter(move |(at, _)| *at >= first && *at < end)
    }

    fn sums(&self, rest: &[String]) -> Ran {
        let mut told = String::new();
        for (at, chunk) in self.chunks(rest) {
            // writing to a String cannot fail
            writeln!(told, "{at} {}", digest(chunk)).unwrap_or_default();
        }
        writeln!(told, "whole {}", digest(&self.data)).unwrap_or_default();
        says(&told)
    }

    fn fetch(&self, rest: &[String]) -> Ran {
        Ran {
            out: self.chunks(rest).flat_map(|(_, chunk)| chunk.iter().copied()).collect(),
            ..Ran::default()
        }
    }
}

fn straight(scripts: &[Script], pod: &str, command: &[String]) -> Ran {
    let (ran, _) = scripted(scripts, pod, command);
    let said = String::from_utf8_lossy(&ran.said).into_owned();
    let trailer = format!("{said}\npilothouse {} {}\n", ran.exit, digest(&ran.out));
    Ran {
        out: ran.out,
        said: trailer.into_bytes(),
        exit: 0,
    }
}

fn found<'s>(scripts: &'s [Script], pod: &str, command: &[String]) -> Option<&'s Script> {
    scripts
        .iter()
        .find(|script| (script.pod.is_empty() || script.pod == pod) && script.command == command)
}

fn takes(scripts: &[Script], pod: &str, command: &[String]) -> Duration {
    found(scripts, pod, command)
        .map(|script| script.takes)
        .unwrap_or_default()
}

/// What a command answers, and what another one answers after it.
fn scripted(scripts: &[Script], pod: &str, command: &[String]) -> (Ran, Option<(Vec<String>, String)>) {
    let Some(script) = found(scripts, pod, command) else {
        let name = command.first().map(String::as_str).unwrap_or_default();
        return (refused(127, &format!("sh: 1: {name}: not found")), None);
    };
    let ran = Ran {
        out: script.output(),
        said: script.said.clone().into_bytes(),
        exit: script.exit,
    };
    (ran, script.then.clone())
}

fn from_now_on(scripts: &mut Vec<Script>, pod: &str, then: Option<(Vec<String>, String)>) {
    let Some((command, out)) = then else { return };
    let known = scripts
        .iter_mut()
        .find(|script| (script.pod.is_empty() || script.pod == pod) && script.command == command);
    match known {
        Some(script) => script.out = out,
        None => scripts.push(Script {
            pod: pod.to_owned(),
            command,
            out,
            ..Script::default()
        }),
    }
}

fn says(text: &str) -> Ran {
    Ran {
        out: text.as_bytes().to_vec(),
        ..Ran::default()
    }
}

fn refused(exit: i32, said: &str) -> Ran {
    Ran {
        exit,
        said: said.as_bytes().to_vec(),
        ..Ran::default()
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}
