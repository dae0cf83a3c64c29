//! A `PostgreSQL` server on loopback: Debian's, with its data in the plane's own directory. What a database pod stands for.
//! Knows no trial.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::kit::Kit;
use super::process::{Room, Supervised};
use super::run::{Ran, to_end};
use super::wait;

/// A server that is not there after so long does not come.
const START: Duration = Duration::from_mins(1);
/// Nobody's number on Debian. `PostgreSQL` refuses to be root.
const NOBODY: u32 = 65_534;
/// The only person its databases know; loopback is trusted.
pub(crate) const OWNER: &str = "postgres";

/// A running server. Its processes are gone, and what they shared too, as soon as this value is.
#[derive(Debug)]
pub(crate) struct Postgres {
    kit: Kit,
    data: PathBuf,
    port: u16,
    process: Supervised,
}

impl Postgres {
    pub(super) fn start(room: &Room, kit: &Kit, port: u16) -> Result<Self, String> {
        let data = room.path("postgres");
        fs::create_dir(&data).map_err(|error| format!("no directory for PostgreSQL: {error}"))?;
        if is_root() {
            chown(&data, Some(NOBODY), Some(NOBODY)).map_err(|error| format!("chown: {error}"))?;
            // the room is its owner's alone: others may pass through it, and list nothing
            fs::set_permissions(room.path(""), fs::Permissions::from_mode(0o711))
                .map_err(|error| format!("chmod: {error}"))?;
        }
        let home = data.join("data");
        let made = to_end(
            command(
                kit,
                "initdb",
                &[
                    "--auth=trust",
                    &format!("--username={OWNER}"),
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                    &format!("--pgdata={}", home.display()),
                ],
            ),
            "",
        );
        if !made.success {
            return Err(made.to_string());
        }
        // What is asked of it is right or wrong, never lasting.
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", data.display()),
            "dynamic_shared_memory_type=mmap".to_owned(),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
        ];
        let mut arguments = vec!["-D".to_owned(), home.display().to_string(), format!("--port={port}")];
        arguments.extend(settings.iter().flat_map(|setting| ["-c".to_owned(), setting.clone()]));
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let called = command(kit, "postgres", &words);
        let arguments: Vec<String> = called
            .get_args()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let process = Supervised::start(room, "postgres", Path::new(called.get_program()), &arguments)?;
        let server = Self {
            kit: kit.clone(),
            data: home,
            port,
            process,
        };
        wait::until("a database that answers", START, || {
            if !server.process.is_alive() {
                return Ok(Err(format!("postgres has ended\n{}", server.process.tail(20))));
            }
            let asked = server.psql(OWNER, "select 1");
            if asked.success { Ok(Ok(())) } else { Err(asked.stderr) }
        })??;
        Ok(server)
    }

    /// Runs SQL in a database.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> Ran {
        let port = self.port.to_string();
        let words = [
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--host=127.0.0.1",
            "--port",
            &port,
            "--username",
            OWNER,
            "--dbname",
            database,
        ];
        to_end(command(&self.kit, "psql", &words), sql)
    }

    /// What SQL gives, as its lines.
    pub(crate) fn rows(&self, database: &str, sql: &str) -> Vec<String> {
        let ran = self.psql(database, sql);
        ran.ok().stdout.lines().map(str::to_owned).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // in its own way, so that no shared memory is left behind
        let data = format!("--pgdata={}", self.data.display());
        let ended = to_end(
            command(&self.kit, "pg_ctl", &["stop", "--mode=immediate", "--wait", &data]),
            "",
        );
        if !ended.success {
            eprintln!("{ended}");
        }
    }
}

/// What the far side of an exec into a database pod finds set: this server, and its programs.
pub(super) fn environment(kit: &Kit, port: u16) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut environment = vec![
        ("PATH", format!("{}:{path}", kit.program("postgresql/bin").display())),
        ("PGHOST", "127.0.0.1".to_owned()),
        ("PGPORT", port.to_string()),
        ("PGUSER", OWNER.to_owned()),
    ];
    let libraries = kit.program("postgresql.libraries");
    if libraries.is_dir() {
        environment.push(("LD_LIBRARY_PATH", libraries.display().to_string()));
    }
    environment
}

/// A program of `PostgreSQL`'s, as a person that is not root and in an environment that holds nothing of the machine's own.
fn command(kit: &Kit, program: &str, arguments: &[&str]) -> Command {
    let mut words: Vec<String> = Vec::new();
    if is_root() {
        words.extend(
            [
                "setpriv",
                &format!("--reuid={NOBODY}"),
                &format!("--regid={NOBODY}"),
                "--clear-groups",
            ]
            .map(str::to_owned),
        );
    }
    words.push("env".to_owned());
    words.push("-i".to_owned());
    words.extend(
        environment(kit, 0)
            .into_iter()
            .filter(|(name, _)| !name.starts_with("PG"))
            .map(|(name, value)| format!("{name}={value}")),
    );
    words.push(kit.program("postgresql/bin").join(program).display().to_string());
    words.extend(arguments.iter().map(|word| (*word).to_owned()));
    let mut command = Command::new(words.first().map_or("env", String::as_str));
    command.args(words.iter().skip(1)).current_dir("/");
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
