//! The built binary in a pseudo-terminal: started, resized, suspended, hung up, killed. The terminal is always given back.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test reads the clock for its deadlines, and fails when it cannot go on"
)]

#[path = "support/home.rs"]
mod home;
#[path = "support/pty.rs"]
mod pty;

use home::{Home, printed, said};
use pilothouse::cluster::{Clock, ConnectOptions};
use pilothouse::sandbox::{self, Options, Sandbox, scenario};
use pilothouse::shell::Config;
use pilothouse::shell::{self, JournalHome, Session};
use pty::Pty;
use std::path::Path;

const USUAL: (u16, u16) = (120, 40);

fn demo(home: &Home, environment: &[(&str, &str)]) -> Pty {
    let pty = Pty::start(home, &["demo"], environment, USUAL);
    pty.wait_for("hasan-prod");
    pty
}

/// Alternate screen left, cursor shown, bracketed paste off, each after it was last switched on.
fn given_back(raw: &str) -> bool {
    [
        ("\x1b[?1049h", "\x1b[?1049l"),
        ("\x1b[?25l", "\x1b[?25h"),
        ("\x1b[?2004h", "\x1b[?2004l"),
    ]
    .iter()
    .all(|(taken, given)| raw.contains(taken) && raw.rfind(given) > raw.rfind(taken))
}

fn leave(mut pty: Pty) {
    pty.keys("\x03");
    let (code, raw) = pty.end();
    assert_eq!(code, 0, "{raw}");
    assert!(given_back(&raw), "{raw:?}");
}

#[test]
fn control_c_leaves_and_gives_the_terminal_back() {
    let home = Home::new();
    leave(demo(&home, &[]));
}

#[test]
fn a_hang_up_and_a_termination_end_it_in_order() {
    for signal in ["HUP", "TERM", "INT"] {
        let home = Home::new();
        let pty = demo(&home, &[]);
        pty.signal(signal);
        let (code, raw) = pty.end();
        assert_eq!(code, 0, "{signal}: {raw}");
        assert!(given_back(&raw), "{signal}: {raw:?}");
        assert_eq!(home.run(&["journal", "verify"]).status.code(), Some(0), "{signal}");
    }
}

/// The window is closed: reading, writing and complaining all fail, and it ends in order all the same.
#[test]
fn a_closed_terminal_ends_it_in_order() {
    let home = Home::new();
    let pty = demo(&home, &[]);
    pty.wait_for("16/16");
    let code = pty.close();
    // 2 when the loss of the terminal was noticed before the hang-up that comes with it; a panic would be another
    assert!([0, 2].contains(&code), "{code}");
    let shown = home.run(&["journal", "show"]);
    let text = printed(&shown);
    assert!(text.lines().any(|line| line.contains(" closed ")), "{text}");
}

#[test]
fn every_size_is_drawn_from_tiny_to_huge_and_back() {
    let home = Home::new();
    let mut pty = demo(&home, &[]);
    for (columns, rows) in [(20, 5), (300, 100), (1, 1), (80, 24)] {
        let cleared = |raw: &str| raw.matches("\x1b[2J").count();
        let before = cleared(&pty.raw());
        pty.resize(columns, rows);
        pty.wait_raw("the screen to begin anew", |raw| cleared(raw) > before);
        if columns >= 80 {
            pty.wait("the fleet, as wide as the terminal", |screen| {
                screen.contains("hasan-prod")
                    && screen.lines().count() >= usize::from(rows) - 1
                    && screen.lines().any(|line| line.chars().count() == usize::from(columns))
            });
        } else if columns == 20 {
            pty.wait("a word that fits", |screen| screen.contains("small"));
        }
    }
    leave(pty);
}

#[test]
fn after_kill_9_the_next_start_is_whole() {
    let home = Home::new();
    let pty = demo(&home, &[]);
    pty.signal("KILL");
    let (_, raw) = pty.end();
    assert!(raw.contains("hasan-prod"));
    let verified = home.run(&["journal", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", printed(&verified));
    let pty = demo(&home, &[]);
    pty.wait_for("OPERATING");
    leave(pty);
}

/// What one pastes, leans on or types ahead never passes a gate, nor does it stay in a queue behind it.
#[test]
fn a_pasted_bomb_and_a_held_enter_at_a_gate_do_nothing() {
    let home = Home::new();
    let mut pty = demo(&home, &[]);
    pty.wait("every feed to be live", |screen| screen.contains("16/16"));
    pty.keys("/hasan-prod\r");
    pty.wait_for("filter: hasan-prod");
    pty.keys("\r");
    pty.wait_for("jobs ──");
    // The delete key with everything an impatient hand would type after it, before the panel stands.
    pty.keys("\t\x04 \r\x19yes\r\x19");
    let gate = pty.wait_for("delete job/train-");
    let job = gate
        .split("delete job/")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();

    pty.keys(&"\r".repeat(300));
    pty.wait_for("Enter never approves");
    let bomb = "yes\r\x19 ".repeat(2000);
    pty.keys(&format!("\x1b[200~{bomb}\x1b[201~"));
    let screen = pty.wait_for("pasting is refused: read it and type it");
    assert!(screen.contains("APPROVE is closed"), "{screen}");
    assert!(screen.contains("☐") && !screen.contains("☑"), "{screen}");
    pty.keys("\x19");
    pty.wait_for("▲ APPROVE is closed");

    pty.keys("\x1b");
    pty.wait_for("left the panel; nothing was sent");
    pty.wait("the Job, where it was", |screen| screen.contains(&job));
    leave(pty);
    let shown = home.run(&["journal", "show"]);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    assert!(!printed(&shown).contains("intent"), "{}", printed(&shown));
}

/// `ctrl-z` under a shell with job control: the shell gets its terminal, `fg` gives it back to the cockpit, drawn anew.
#[test]
fn control_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let home = Home::new();
    let script = "set -m; \"$0\" demo; echo \"in the shell\"; read line; echo \"said $line\"; fg; echo \"ended $?\"";
    let program = env!("CARGO_BIN_EXE_pilothouse");
    let mut pty = Pty::run(&home, "bash", &["-c", script, program], &[], USUAL);
    pty.wait_for("hasan-prod");
    pty.keys("\x1a");
    pty.wait("the shell", |screen| {
        screen.contains("in the shell") && !screen.contains("OPERATING")
    });
    assert!(given_back(&pty.raw()), "{:?}", pty.raw());
    // A line is a line again: the terminal is no longer raw.
    pty.keys("hello\r");
    pty.wait_raw("the shell's echo", |raw| raw.contains("said hello"));
    pty.wait("the cockpit, drawn anew", |screen| {
        screen.contains("hasan-prod") && screen.contains("OPERATING") && !screen.contains("in the shell")
    });
    pty.keys("\x03");
    pty.wait_for("ended 0");
    let (code, raw) = pty.end();
    assert_eq!(code, 0, "{raw}");
    assert!(given_back(&raw), "{raw:?}");
}

/// Where no shell could ever continue it, `ctrl-z` does not freeze it.
#[test]
fn control_z_without_a_shell_is_harmless() {
    let home = Home::new();
    let mut pty = demo(&home, &[]);
    pty.keys("\x1a");
    pty.wait_raw("the terminal given and taken back", |raw| {
        raw.rfind("\x1b[?1049h") > raw.find("\x1b[?1049l") && raw.contains("\x1b[?1049l")
    });
    pty.keys("?");
    pty.wait_for("all keys");
    leave(pty);
}

/// The child's part of the test below: the real loop on a clock that breaks when a file appears.
fn run_until_the_clock_breaks(place: &str, home: &Path) {
    shell::install_panic_hook().unwrap();
    let scenario = scenario::load("hasan-prod").unwrap();
    let sandbox = Sandbox::start(Options::of(&scenario, sandbox::Clock::Real, 1).unwrap()).unwrap();
    let connect = ConnectOptions {
        kubeconfig: Some(sandbox.kubeconfig().to_owned()),
        ..ConnectOptions::default()
    };
    let mut session = Session::new(connect, &Config::default()).operating(JournalHome(home.join("pilothouse")));
    let (clock, signal, on_main) = (Clock::system(), home.join(BREAK), place == "main");
    session.clock = Clock::new(move || {
        let here = std::thread::current().name() == Some("main");
        assert!(
            here != on_main || !signal.exists(),
            "the clock broke on the {here} thread"
        );
        clock.now()
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(shell::run(session)).unwrap();
}

/// The file that breaks the clock, and the variable that tells the child where.
const BREAK: &str = "break";
const PLACE: &str = "PILOTHOUSE_TEST_BREAKS";

/// The test runs itself in a terminal, because nothing in the program can be made to panic.
#[test]
fn a_panic_on_any_thread_gives_the_terminal_back_and_is_told_after_that() {
    if let Ok(place) = std::env::var(PLACE) {
        return run_until_the_clock_breaks(&place, Path::new(&std::env::var("HOME").unwrap()));
    }
    let program = std::env::current_exe().unwrap();
    for place in ["loop", "worker"] {
        let home = Home::new();
        let name = "a_panic_on_any_thread_gives_the_terminal_back_and_is_told_after_that";
        let arguments = ["--exact", name, "--nocapture", "--test-threads=1"];
        let pty = Pty::run(&home, program.to_str().unwrap(), &arguments, &[(PLACE, place)], USUAL);
        pty.wait("the cockpit", |screen| {
            screen.contains("hasan-prod") && screen.contains("16/16")
        });
        std::fs::write(home.path(BREAK), "").unwrap();
        let (code, raw) = pty.end();
        assert_ne!(code, 0, "{place}");
        assert!(given_back(&raw), "{place}: {raw:?}");
        let told = raw
            .find("the clock broke")
            .unwrap_or_else(|| panic!("{place}: {raw:?}"));
        assert!(
            raw.find("\x1b[?1049l").unwrap() < told,
            "{place}: told under the screen"
        );
        assert!(
            !raw[told..].contains("\x1b[?1049h"),
            "{place}: the terminal was taken again"
        );
        let verified = home.run(&["journal", "verify"]);
        assert_eq!(verified.status.code(), Some(0), "{place}: {}", printed(&verified));
    }
}

/// Colours asked for, as numbers of the palette; more than 255 for any of 16 million.
fn colours(raw: &str) -> Vec<u32> {
    raw.split("\x1b[")
        .filter_map(|sequence| sequence.split_once('m'))
        .map(|(parameters, _)| parameters.split(';').filter_map(|number| number.parse().ok()).collect())
        .flat_map(|numbers: Vec<u32>| match numbers.as_slice() {
            [38 | 48, 2, ..] => vec![256],
            [38 | 48, 5, index, ..] => vec![*index],
            plain => plain
                .iter()
                .filter(|code| matches!(code, 30..=37 | 40..=47 | 90..=97 | 100..=107))
                .map(|code| code % 10)
                .collect(),
        })
        .collect()
}

#[test]
fn as_many_colours_are_used_as_the_terminal_has() {
    for (environment, fits) in [
        (
            &[("NO_COLOR", "1")][..],
            &(|all: &[u32]| all.is_empty()) as &dyn Fn(&[u32]) -> bool,
        ),
        (&[("TERM", "xterm")], &|all| {
            !all.is_empty() && all.iter().all(|colour| *colour < 16)
        }),
        (&[("TERM", "xterm-256color")], &|all| {
            all.iter().any(|colour| *colour >= 16)
        }),
    ] {
        let home = Home::new();
        let mut pty = demo(&home, environment);
        pty.wait("every feed to be live", |screen| screen.contains("16/16"));
        pty.keys("\x03");
        let (code, raw) = pty.end();
        assert_eq!(code, 0, "{raw}");
        let used = colours(&raw);
        assert!(fits(&used), "{environment:?}: {used:?}");
    }
}

/// What keeps a cockpit from opening is said on the normal screen, before the terminal is taken.
#[test]
fn what_keeps_it_from_opening_is_one_sentence() {
    let home = Home::new();
    let theme = home.path("theme.toml");
    std::fs::write(&theme, "name = \"mine\"\ninvented = 3\n").unwrap();
    for (arguments, told) in [
        (&["demo", "--theme", theme.to_str().unwrap()][..], "theme.toml:2:1"),
        (&["demo", "--theme", "no-such-theme"], "no-such-theme"),
        (&["demo", "no-such-scenario"], "no-such-scenario"),
        (&[], "no kubeconfig found"),
        (&["--kubeconfig", "/nowhere/config"], "/nowhere/config"),
    ] {
        let (code, raw) = Pty::start(&home, arguments, &[], USUAL).end();
        assert_eq!(code, 2, "{arguments:?}: {raw}");
        assert!(raw.starts_with("pilothouse: ") && raw.contains(told), "{raw:?}");
        assert_eq!(raw.trim_end().lines().count(), 1, "{raw:?}");
        assert!(!raw.contains('\x1b'), "the screen was not taken: {raw:?}");
    }
}
