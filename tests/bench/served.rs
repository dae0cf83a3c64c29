//! The load server as the bench holds it: this same executable, in a process of its own on the bench's core, spoken to in
//! lines of JSON. Every question has a deadline.

use super::clock::Instant;
use super::core;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long the server may take to make its workload.
const MAKING: Duration = Duration::from_mins(2);
/// How long it may take to answer a command.
const ANSWER: Duration = Duration::from_secs(20);

pub(crate) struct Served {
    child: Child,
    commands: ChildStdin,
    lines: Receiver<String>,
    pub(crate) url: String,
    /// The churn that goes on: its rate, how many events had been made when it began, and when that was.
    churning: Option<(u32, u64, Instant)>,
    /// What its ready line said.
    pub(crate) ready: Value,
}

impl Served {
    /// Starts it with these arguments after `load`.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("where am I? {error}"))?;
        let mut command = Command::new(program);
        command
            .arg("load")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = core::on(core::BENCH, move || command.spawn())
            .map_err(|error| format!("the load server cannot be started: {error}"))?;
        let (commands, output) = (child.stdin.take(), child.stdout.take());
        let (Some(commands), Some(output)) = (commands, output) else {
            return Err("the load server has no pipes".to_owned());
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut served = Self {
            child,
            commands,
            lines,
            url: String::new(),
            churning: None,
            ready: Value::Null,
        };
        let line = served.line("its ready line", MAKING)?;
        served.ready = line.get("ready").cloned().unwrap_or_default();
        served.url = served.ready["url"].as_str().unwrap_or_default().to_owned();
        if served.url.is_empty() {
            return Err(format!("the load server is not ready: {line}"));
        }
        Ok(served)
    }

    fn line(&self, what: &str, limit: Duration) -> Result<Value, String> {
        let line = self
            .lines
            .recv_timeout(limit)
            .map_err(|_late| format!("the load server did not give {what} within {} s", limit.as_secs()))?;
        serde_json::from_str(&line).map_err(|error| format!("the load server wrote {line:?}: {error}"))
    }

    /// One command, one answer.
    pub(crate) fn ask(&mut self, command: &Value) -> Result<Value, String> {
        // what comes too late for the one who asked is no answer to another question
        while self.lines.try_recv().is_ok() {}
        writeln!(self.commands, "{command}").map_err(|error| format!("the load server is gone: {error}"))?;
        let answer = self.line(&format!("an answer to {command}"), ANSWER)?;
        match answer.get("error") {
            Some(why) => Err(format!("the load server refused {command}: {why}")),
            None => Ok(answer),
        }
    }

    /// `host:port`.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// How many objects it serves.
    pub(crate) fn objects(&self) -> u64 {
        self.ready["objects"].as_u64().unwrap_or(0)
    }

    /// How many tenants they belong to.
    pub(crate) fn tenants(&self) -> usize {
        let told = self.ready["tenants"].as_u64().unwrap_or(0);
        usize::try_from(told).unwrap_or(0)
    }

    /// A command, and when it was carried out as the server dates it, or was sent.
    pub(crate) fn command_at(&mut self, command: &Value) -> Result<Instant, String> {
        let sent = Instant::now();
        let answer = self.ask(command)?;
        Ok(answer["at_ns"].as_u64().map_or(sent, Instant))
    }

    pub(crate) fn stats(&mut self) -> Result<Stats, String> {
        let answer = self.ask(&json!({ "do": "stats" }))?;
        let number = |name: &str| answer[name].as_u64().unwrap_or(0);
        Ok(Stats {
            first_page: answer["first_page_ns"].as_u64().map(Instant),
            requests: number("requests"),
            lists: number("lists"),
            watches: number("watches"),
            watched: number("watched"),
            wire: number("wire"),
            churned: number("churned"),
            whole: answer,
        })
    }

    pub(crate) fn reset(&mut self) -> Result<(), String> {
        self.ask(&json!({ "do": "reset" })).map(drop)
    }

    /// Events a second from now on; 0 ends it.
    pub(crate) fn churn(&mut self, rate: u32) -> Result<(), String> {
        self.ask(&json!({ "do": "churn", "rate": rate }))?;
        let made = self.stats()?.churned;
        self.churning = (rate > 0).then(|| (rate, made, Instant::now()));
        Ok(())
    }

    /// How many events a second the churn has made since it began, as words; an error where these are fewer than it was
    /// asked for, because then it was another workload.
    #[expect(clippy::cast_precision_loss, reason = "counts of one measurement")]
    pub(crate) fn pace(&mut self) -> Result<String, String> {
        let Some((rate, before, began)) = self.churning else {
            return Err("nothing churns".to_owned());
        };
        let (made, now) = (self.stats()?.churned, Instant::now());
        let pace = (made - before) as f64 * 1000.0 / now.ms_since(began);
        if pace < f64::from(rate) * 0.95 {
            return Err(format!("only {pace:.0} events/s were made where {rate} were asked for"));
        }
        Ok(format!("{pace:.0} events/s were made"))
    }

    /// Flips a Job of a tenant, so that the fleet shows another number; the instant when its bytes were handed over.
    pub(crate) fn flip(&mut self, tenant: &str) -> Result<Instant, String> {
        self.dated(&json!({ "do": "flip", "kind": "jobs", "namespace": tenant }))
    }

    /// Flips this very Job.
    pub(crate) fn flip_job(&mut self, tenant: &str, job: &str) -> Result<Instant, String> {
        self.dated(&json!({ "do": "flip", "kind": "jobs", "namespace": tenant, "name": job }))
    }

    fn dated(&mut self, what: &Value) -> Result<Instant, String> {
        let answer = self.ask(what)?;
        let at = answer["at_ns"].as_u64();
        at.map(Instant)
            .ok_or_else(|| format!("the flip was not dated: {answer}"))
    }
}

/// What was asked of the server since the last reset, and what it sent.
pub(crate) struct Stats {
    /// When the first page of the first list left.
    pub(crate) first_page: Option<Instant>,
    /// Requests, lists and watches included.
    pub(crate) requests: u64,
    pub(crate) lists: u64,
    /// Watches open now.
    pub(crate) watches: u64,
    /// Watches opened since the last reset.
    pub(crate) watched: u64,
    /// Bytes of bodies as they travelled.
    pub(crate) wire: u64,
    /// Events that a churn has made, ever.
    pub(crate) churned: u64,
    whole: Value,
}

impl Stats {
    /// Requests that are neither a list nor a watch.
    pub(crate) fn plain(&self) -> u64 {
        self.requests.saturating_sub(self.lists + self.watched)
    }

    /// Bytes of one kind as they travelled.
    pub(crate) fn of(&self, kind: &str) -> u64 {
        self.whole["kinds"][kind]["wire"].as_u64().unwrap_or(0)
    }
}

impl Drop for Served {
    /// Its standard input ends, and so does it; this very child is ended if it does not.
    fn drop(&mut self) {
        drop(self.ask(&json!({ "do": "quit" })));
        let until = Instant::now().plus(Duration::from_secs(3));
        while let Ok(None) = self.child.try_wait() {
            if until.left().is_zero() {
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
