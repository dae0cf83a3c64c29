//! Rules of the house that the compiler does not know: which room may use which, and who may name which crate.
//!
//! It reads the `use` lines and paths of every source file. `tidy_can_fail` shows that a broken door is seen.

#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that reads our own sources: failing loudly is its job"
)]

use std::collections::BTreeMap;
use std::path::Path;

/// Rooms from top to bottom: a room may use those after it, never those before it.
const ROOMS: [&str; 14] = [
    "cli", "shell", "ui", "headless", "app", "sandbox", "cluster", "gate", "journal", "runbook", "diagnose",
    "forecast", "laws", "protobuf",
];

/// Doors that stay shut although the order would allow them.
const SHUT: [(&str, &str); 23] = [
    ("ui", "sandbox"),
    ("ui", "cluster"),
    ("headless", "sandbox"),
    ("headless", "cluster"),
    ("headless", "app"),
    ("ui", "headless"),
    ("app", "sandbox"),
    ("app", "cluster"),
    ("sandbox", "cluster"),
    ("sandbox", "gate"),
    ("sandbox", "journal"),
    ("journal", "diagnose"),
    ("sandbox", "runbook"),
    // what is read from the wire is facts before anybody else sees it
    ("shell", "protobuf"),
    ("ui", "protobuf"),
    ("headless", "protobuf"),
    ("app", "protobuf"),
    ("gate", "protobuf"),
    ("journal", "protobuf"),
    ("runbook", "protobuf"),
    ("diagnose", "protobuf"),
    ("forecast", "protobuf"),
    ("laws", "protobuf"),
];

/// Crates that only these rooms may name.
const CRATES: [(&str, &[&str]); 16] = [
    ("clap", &["cli"]),
    ("color_eyre", &["main", "cli", "shell"]),
    ("ratatui", &["ui", "shell"]),
    ("crossterm", &["ui", "shell"]),
    ("tui_logger", &["ui", "shell"]),
    ("tokio", &["cli", "shell", "cluster", "sandbox"]),
    ("kube", &["cluster"]),
    ("k8s_openapi", &["cluster"]),
    ("hyper", &["cluster", "sandbox"]),
    ("hyper_util", &["cluster", "sandbox"]),
    ("rustls", &["cluster"]),
    ("tokio_rustls", &["cluster"]),
    ("tokio_tungstenite", &["sandbox"]),
    ("futures", &["cli", "shell", "cluster", "sandbox"]),
    ("cel", &["runbook"]),
    ("annotate_snippets", &["runbook"]),
];

/// What pure rooms must not touch: clock, disk, network, threads.
const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
];
const PURE: [&str; 9] = [
    "model", "protobuf", "laws", "forecast", "diagnose", "runbook", "gate", "app", "ui",
];

struct Source {
    room: String,
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut unread = vec![house.clone()];
    while let Some(directory) = unread.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                unread.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&house).unwrap().to_str().unwrap().to_owned();
                let room = relative.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
                found.push(Source {
                    room,
                    path: relative,
                    text: std::fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The lines of a file that are code of the product: no comments, nothing from a `#[cfg(test)]` module on. A `use` that
/// goes over several lines is one line here, numbered as its first.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    for (at, line) in text[..tests].lines().enumerate() {
        let line = line.split("//").next().unwrap_or("");
        match lines.last_mut().filter(|_| open) {
            Some((_, begun)) => begun.push_str(line.trim()),
            None => lines.push((at + 1, line.to_owned())),
        }
        let words = line.trim_start();
        let begins = words.starts_with("use ") || words.starts_with("pub use ");
        open = (open || begins) && !line.contains(';');
    }
    lines
}

/// The line names something of this crate: `name::…`, not as the tail of a longer word or path.
fn mentions(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

/// The rooms a line names: `crate::room…`, and `crate::{a, b::c}`.
fn named_rooms(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        let list = rest
            .strip_prefix('{')
            .map_or(vec![rest], |group| group.split(',').collect());
        for item in list {
            named.push(
                item.trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    named
}

fn broken_doors(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let rank: BTreeMap<&str, usize> = ROOMS.iter().enumerate().map(|(at, room)| (*room, at)).collect();
    for (number, line) in &code(&source.text) {
        let mut tell = |what: String| broken.push(format!("src/{}:{number}: {what}", source.path));
        for room in named_rooms(line) {
            if room == source.room {
                continue;
            }
            if source.room == "model" && rank.contains_key(room.as_str()) {
                tell(format!("`model` is the lowest room and must not use `{room}`"));
            }
            if source.room == "protobuf" {
                tell(format!("`protobuf` knows bytes and must not use `{room}`"));
            }
            if let (Some(own), Some(other)) = (rank.get(source.room.as_str()), rank.get(room.as_str())) {
                if other < own {
                    tell(format!(
                        "`{}` must not use `{room}`, which stands above it",
                        source.room
                    ));
                }
                if SHUT.contains(&(source.room.as_str(), room.as_str())) {
                    tell(format!("the door from `{}` to `{room}` is shut", source.room));
                }
            }
        }
        for (name, allowed) in CRATES {
            if mentions(line, name) && !allowed.contains(&source.room.as_str()) {
                tell(format!("only {allowed:?} may name the crate `{name}`"));
            }
        }
        if PURE.contains(&source.room.as_str()) {
            for impure in IMPURE {
                if line.contains(impure) {
                    tell(format!("`{}` is pure and must not use `{impure}`", source.room));
                }
            }
        }
    }
    broken
}

fn untold_files(source: &Source) -> Option<String> {
    (!source.text.starts_with("//!")).then(|| {
        format!(
            "src/{}: the first line must say with //! what this file knows",
            source.path
        )
    })
}

#[test]
fn no_door_is_broken() {
    let broken: Vec<String> = sources().iter().flat_map(broken_doors).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_knows() {
    let untold: Vec<String> = sources().iter().filter_map(untold_files).collect();
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

#[test]
fn every_room_is_on_the_map() {
    let map = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    for source in sources() {
        assert!(
            source.room == "lib" || map.contains(&format!("`{}`", source.room)),
            "docs/architecture.md does not tell of the room `{}`",
            source.room
        );
    }
}

#[test]
fn only_write_rs_changes_a_cluster() {
    for source in sources()
        .iter()
        .filter(|source| source.path != "cluster/write.rs" && source.room != "sandbox")
    {
        for (number, line) in &code(&source.text) {
            for word in ["Method::DELETE", "Method::PATCH", "Method::PUT"] {
                assert!(
                    !line.contains(word),
                    "src/{}:{number}: only cluster/write.rs sends {word}",
                    source.path
                );
            }
        }
    }
}

#[test]
fn tidy_can_fail() {
    let file = |room: &str, text: &str| Source {
        room: room.to_owned(),
        path: format!("{room}.rs"),
        text: text.to_owned(),
    };
    for (room, line) in [
        ("model", "use crate::laws::Change;"),
        ("laws", "use crate::forecast::Forecast;"),
        ("laws", "use crate::{model, gate};"),
        ("laws", "use crate::{\n    model,\n    gate::Panel,\n};"),
        ("app", "fn f() { crate::cluster::write::perform(); }"),
        ("ui", "use crate::cluster::Connection;"),
        ("app", "use ratatui::Frame;"),
        ("diagnose", "use kube::Client;"),
        ("gate", "let now = std::time::Instant::now();"),
        ("model", "use std::fs::File;"),
        ("protobuf", "use crate::model::Kind;"),
        ("laws", "use crate::protobuf::Message;"),
    ] {
        assert_eq!(broken_doors(&file(room, line)).len(), 1, "{room}: {line}");
    }
    for (room, line) in [
        ("laws", "use crate::model::World;"),
        ("ui", "use ratatui::Frame; // and crate::cluster"),
        ("shell", "use crate::cluster::Connection;"),
        ("laws", "#[cfg(test)]\nmod tests {\nuse crate::forecast::Forecast;\n}"),
        ("diagnose", "fn unkube() { my_kube::thing() }"),
    ] {
        assert_eq!(broken_doors(&file(room, line)), Vec::<String>::new(), "{room}: {line}");
    }
    assert!(untold_files(&file("model", "use x;")).is_some());
}
