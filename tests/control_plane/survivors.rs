//! Proof that nothing outlives the test binary, not even when it is killed with SIGKILL.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::Failed;

use crate::support::process::{Room, Supervised};
use crate::support::wait::until;

/// Set for the copy of the test binary that is there to be killed.
const VICTIM: &str = "PILOTHOUSE_TEST_VICTIM";

/// Less than the time after which the sweeper of a room gives up waiting for its processes.
const LIMIT: Duration = Duration::from_secs(5);

/// The name of the trial.
pub(crate) const NAME: &str = "killed-harness-leaves-nothing";

/// Whether this process is the one to be killed.
pub(crate) fn is_victim() -> bool {
    std::env::var_os(VICTIM).is_some()
}

/// Starts two processes in a room, one of them frozen, says where, and waits to be killed.
pub(crate) fn be_killed() {
    let room = Room::new("pilothouse-victim-").expect("a room");
    let sleeper = |name| {
        let arguments = ["1000".to_owned()];
        Supervised::start(&room, name, Path::new("/bin/sleep"), &arguments).expect("a process")
    };
    let (one, other) = (sleeper("one"), sleeper("other"));
    other.freeze();
    println!("{} {} {}", room.path("").display(), one.pid(), other.pid());
    // Its standard input is a pipe that stays open and says nothing.
    let _ended = std::io::stdin().read_line(&mut String::new());
}

/// Kills a copy of this binary that holds processes, and sees them and their room go.
pub(crate) fn trial() -> Result<(), Failed> {
    let mut victim = Command::new(std::env::current_exe()?)
        .env(VICTIM, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    BufReader::new(victim.stdout.take().ok_or("no output")?).read_line(&mut said)?;
    let [room, one, other] = said.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(format!("the victim said {said:?}").into());
    };
    for pid in [one, other] {
        assert!(
            exists(pid),
            "process {pid} does not run, so its end would prove nothing"
        );
    }

    victim.kill()?; // SIGKILL: no destructor runs
    victim.wait()?;
    until("everything gone", LIMIT, || {
        let left: Vec<_> = [one, other].into_iter().filter(|pid| exists(pid)).collect();
        match (left.as_slice(), Path::new(room).exists()) {
            ([], false) => Ok(()),
            (left, room) => Err(format!("processes {left:?}, room: {room}")),
        }
    })?;
    Ok(())
}

fn exists(pid: &str) -> bool {
    Command::new("kill")
        .args(["-0", pid])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
