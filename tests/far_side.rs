//! The fixed texts that run in a pod, run by the shells that are here: what they promise holds in each of them, whatever the
//! arguments hold.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

use pilothouse::model::act::task::far;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::{Read as _, Write as Pipe};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(30);

/// The shells of this machine: a POSIX `sh` at least.
fn shells() -> Vec<Vec<&'static str>> {
    let known = [vec!["sh"], vec!["dash"], vec!["bash", "--posix"], vec!["busybox", "sh"]];
    known
        .into_iter()
        .filter(|shell| {
            let tried = Command::new(shell[0]).args(&shell[1..]).args(["-c", "exit 0"]).output();
            tried.is_ok_and(|output| output.status.success())
        })
        .collect()
}

fn command(shell: &[&str], text: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-c", text, far::NAME]).args(arguments);
    command
}

fn run(shell: &[&str], text: &str, arguments: &[&str]) -> Output {
    command(shell, text, arguments).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // writing to a String cannot fail
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

/// Looks until the command has ended.
fn ended(shell: &[&str], directory: &str) -> String {
    let begun = Instant::now();
    loop {
        let look = said(&run(shell, far::LOOK, &[directory]));
        if look.contains("status") {
            return look;
        }
        assert!(begun.elapsed() < DEADLINE, "{look}");
        std::thread::yield_now();
    }
}

/// For every shell that is here, in a directory of its own.
fn everywhere(test: impl Fn(&[&str], &str)) {
    let shells = shells();
    assert!(shells.contains(&vec!["sh"]), "no sh");
    for shell in shells {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("a b");
        test(&shell, directory.to_str().unwrap());
    }
}

#[test]
fn a_command_runs_by_itself_and_its_output_is_fetched_by_chunks() {
    everywhere(|shell, directory| {
        // 300 000 bytes, in chunks of two blocks
        let pour = "yes 'a line of nothing much' | head -c 300000";
        assert_eq!(said(&run(shell, far::BEGIN, &[directory, "sh", "-c", pour])), "begun\n");
        assert_eq!(ended(shell, directory), "size 300000\nstatus 0\n", "{shell:?}");
        let fetched = run(shell, far::FETCH, &[directory, "0", "3", "2"]).stdout;
        assert_eq!(fetched.len(), 300_000, "{shell:?}");
        let mut sums = String::new();
        for (at, chunk) in fetched.chunks(131_072).enumerate() {
            writeln!(sums, "{at} {}", digest(chunk)).unwrap();
        }
        let told = said(&run(shell, far::SUMS, &[directory, "0", "3", "2"]));
        assert_eq!(told, format!("{sums}whole {}\n", digest(&fetched)), "{shell:?}");
        let rest = run(shell, far::FETCH, &[directory, "2", "3", "2"]).stdout;
        assert_eq!(rest, fetched[262_144..], "{shell:?}");
        assert_eq!(said(&run(shell, far::REMOVE, &[directory])), "removed\n");
        assert!(!Path::new(directory).exists());
        assert_eq!(run(shell, far::LOOK, &[directory]).status.code(), Some(far::MISSING));
    });
}

#[test]
fn arguments_are_never_read_as_commands() {
    everywhere(|shell, directory| {
        let hostile = "$(touch owned); `id` \"'\\\n; rm -rf *";
        assert_eq!(
            said(&run(shell, far::BEGIN, &[directory, "printf", "%s", hostile])),
            "begun\n"
        );
        ended(shell, directory);
        let out = run(shell, far::FETCH, &[directory, "0", "1", "64"]).stdout;
        assert_eq!(String::from_utf8(out).unwrap(), hostile, "{shell:?}");
        // a directory of that name is not ours to touch
        assert_eq!(
            run(shell, far::BEGIN, &[directory, "true"]).status.code(),
            Some(far::NO_ROOM)
        );
        let foreign = format!("{directory}/foreign");
        std::fs::write(&foreign, "somebody else's").unwrap();
        assert!(!run(shell, far::REMOVE, &[directory]).status.success());
        assert!(Path::new(&foreign).exists(), "only what is ours goes");
    });
}

#[test]
fn a_command_that_fails_says_so_and_one_that_is_ended_too() {
    everywhere(|shell, directory| {
        run(
            shell,
            far::BEGIN,
            &[directory, "sh", "-c", "echo out; echo oh no >&2; exit 7"],
        );
        assert_eq!(ended(shell, directory), "size 4\nstatus 7\n", "{shell:?}");
        assert_eq!(said(&run(shell, far::SAID, &[directory])), "oh no\n");
        let second = format!("{directory}2");
        run(shell, far::BEGIN, &[&second, "sleep", "600"]);
        let begun = Instant::now();
        while !said(&run(shell, far::LOOK, &[&second])).contains("running") {
            assert!(begun.elapsed() < DEADLINE);
        }
        assert!(run(shell, far::STOP, &[&second]).status.success());
        assert_eq!(ended(shell, &second), "size 0\nstatus 143\n", "{shell:?}");
    });
}

#[test]
fn data_is_taken_by_its_length_checked_and_given_once() {
    everywhere(|shell, directory| {
        let data: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let take = |blocks: &str, bytes: &[u8], more: &[u8]| {
            let size = bytes.len().to_string();
            let mut child = command(shell, far::TAKE, &[directory, blocks, &size])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            Pipe::write_all(&mut stdin, bytes).unwrap();
            // what comes behind the length may find nobody there any more
            drop(Pipe::write_all(&mut stdin, more));
            let mut told = String::new();
            // the input is still open: nobody waits for its end
            child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
            drop(stdin);
            child.wait().unwrap();
            told
        };
        assert_eq!(take("0", &data[..131_072], b""), "size 131072\n", "{shell:?}");
        assert_eq!(take("2", &data[131_072..200_000], b""), "size 200000\n", "{shell:?}");
        // a chunk that was cut off is sent again in its place
        assert_eq!(take("2", &data[131_072..], b""), "size 800000\n", "{shell:?}");
        let sum = digest(&data);
        let out = format!("{directory}.out");
        let keep = ["sh", "-c", "cat >\"$1\"; echo done", "sh", &out];
        let give = |sum: &str| run(shell, far::GIVE, &[&[directory, sum][..], &keep[..]].concat());
        assert_eq!(give(&digest(b"other")).status.code(), Some(far::SPOILT));
        assert!(!Path::new(&out).exists(), "nothing was given what is spoilt");
        assert!(said(&run(shell, far::LOOK, &[directory])).ends_with("idle\n"));
        assert_eq!(said(&give(&sum)), "begun\n");
        assert_eq!(give(&sum).status.code(), Some(far::NO_ROOM), "it is begun once");
        assert_eq!(ended(shell, directory), "size 800000\nstatus 0\n");
        assert_eq!(std::fs::read(&out).unwrap(), data, "{shell:?}");
        assert_eq!(said(&run(shell, far::SAID, &[directory])), "done\n");
        assert_eq!(said(&run(shell, far::REMOVE, &[directory])), "removed\n");
    });
}

#[test]
fn a_straight_output_ends_with_its_exit_code_and_checksum() {
    everywhere(|shell, directory| {
        let output = run(
            shell,
            far::STRAIGHT,
            &[directory, "sh", "-c", "head -c 300000 /dev/zero; echo warn >&2; exit 3"],
        );
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, vec![0; 300_000]);
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.starts_with("warn\n"), "{words}");
        let last = words
            .trim_end()
            .lines()
            .next_back()
            .unwrap_or_else(|| panic!("{words}"));
        assert_eq!(last, format!("pilothouse 3 {}", digest(&output.stdout)), "{shell:?}");
        assert!(!Path::new(directory).exists());
    });
}
