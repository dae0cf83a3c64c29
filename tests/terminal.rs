//! The built binary in a pseudo-terminal: started, resized, hung up, killed. The terminal is always given back.

#[path = "support/home.rs"]
mod home;
#[path = "support/pty.rs"]
mod pty;

use home::Home;
use pty::Pty;

fn demo(home: &Home, columns: u16, rows: u16) -> Pty {
    let environment = home.environment();
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let pty = Pty::spawn(&["demo"], &environment, columns, rows);
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

#[test]
fn control_c_leaves_and_gives_the_terminal_back() {
    let home = Home::new();
    let mut pty = demo(&home, 120, 40);
    pty.keys("\x03");
    let (code, raw) = pty.end();
    assert_eq!(code, 0, "{raw}");
    assert!(given_back(&raw), "{raw:?}");
}

#[test]
fn a_hang_up_and_a_termination_end_it_in_order() {
    for signal in ["HUP", "TERM"] {
        let home = Home::new();
        let pty = demo(&home, 120, 40);
        pty.signal(signal);
        let (code, raw) = pty.end();
        assert_eq!(code, 0, "{signal}: {raw}");
        assert!(given_back(&raw), "{signal}: {raw:?}");
    }
}

#[test]
fn every_size_is_drawn_from_tiny_to_huge_and_back() {
    let home = Home::new();
    let mut pty = demo(&home, 120, 40);
    for (columns, rows) in [(20, 5), (300, 100), (1, 1), (80, 24)] {
        pty.resize(columns, rows);
        if columns >= 80 {
            pty.wait("the fleet at its new size", |screen| {
                screen.contains("hasan-prod")
                    && screen
                        .lines()
                        .any(|line| line.chars().count() > usize::from(columns) - 20)
            });
        } else if columns == 20 {
            pty.wait("a word that fits", |screen| screen.contains("small"));
        }
    }
    pty.keys("\x03");
    let (code, raw) = pty.end();
    assert_eq!(code, 0, "{raw}");
}

#[test]
fn after_kill_9_the_next_start_is_whole() {
    let home = Home::new();
    let pty = demo(&home, 120, 40);
    pty.signal("KILL");
    let (_, raw) = pty.end();
    assert!(raw.contains("hasan-prod"));
    let mut pty = demo(&home, 120, 40);
    pty.keys("\x03");
    let (code, raw) = pty.end();
    assert_eq!(code, 0);
    assert!(given_back(&raw), "{raw:?}");
}
