//! The database's dump by exec, on a real `PostgreSQL` behind the pod: whole and given back, and cut in the middle by a pod
//! that is started anew or a program that is killed.

use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};

use super::operator::Operator;
use super::tenant::{DATABASE, Tenant};
use crate::helm_acts::{FOUR, THREE};
use crate::support::postgres::Postgres;
use crate::support::wait::until;
use crate::trial::{Trial, uid, wait};

/// What is not so by then is not so.
const LIMIT: Duration = Duration::from_mins(1);

/// Two tables, of which one is large, and one whose rows nobody counts.
const FILL: &str = "create table orders as select n as id, md5(n::text) || md5((n + 1)::text) as note from generate_series(1, 150000) as n;
create table accounts as select n as id from generate_series(1, 4711) as n;
create table held (id int);";
/// Names and counts, as a person would write it.
const ROWS: &str = "select 'orders ' || count(*) from orders union all select 'accounts ' || count(*) from accounts";

struct Bed<'trial> {
    trial: &'trial Trial<'trial>,
    operator: Operator<'trial>,
    database: String,
    file: PathBuf,
}

impl<'trial> Bed<'trial> {
    fn of(tenant: Tenant<'trial>) -> Self {
        let trial = tenant.trial;
        let database = trial.namespace.replace('-', "_");
        let server = trial.plane.postgres();
        server
            .psql("postgres", &format!("create database {database} template template0"))
            .ok();
        server.psql(&database, FILL).ok();
        let operator = Operator::of(tenant);
        let file = operator.path("tenant.sql");
        Self {
            trial,
            operator,
            database,
            file,
        }
    }

    fn server(&self) -> &Postgres {
        self.trial.plane.postgres()
    }

    /// A runbook of one step with this act.
    fn runbook(&self, name: &str, act: &Value) -> String {
        let text = json!({
            "apiVersion": "pilothouse.dev/v1", "kind": "Runbook",
            "metadata": {"name": name, "title": name, "version": "1"},
            "tenant": {"namespace": self.trial.namespace},
            "steps": [{
                "id": name, "title": name, "act": act,
                "verify": {"all": ["act.done"], "within": "2m", "onTimeout": "stop"},
            }],
        });
        self.operator.file(&format!("{name}.yaml"), &text.to_string())
    }

    fn rows(database: &str) -> Value {
        json!({"command": ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", database, "--command", ROWS]})
    }

    fn dump(&self) -> String {
        let act = json!({"dump": {
            "pod": DATABASE, "container": "database",
            "command": ["pg_dump", "--no-owner", "--dbname", self.database],
            "to": self.file, "rows": Self::rows(&self.database), "quiet": "30s", "within": "2m",
        }});
        self.runbook("dump", &act)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let name = self.file.file_name().expect("a name").to_string_lossy();
        self.file.with_file_name(format!("{name}{ending}"))
    }

    fn manifest(&self) -> Value {
        let text = std::fs::read(self.beside(".manifest.json")).expect("a manifest");
        serde_json::from_slice(&text).expect("a manifest")
    }

    /// The dump stands: whole, by its own checksum and by the database's own word.
    fn assert_whole(&self) {
        let manifest = self.manifest();
        assert_eq!(manifest["state"], "whole", "{manifest}");
        assert_eq!(
            manifest["rows"],
            json!({"orders": 150_000, "accounts": 4_711}),
            "{manifest}"
        );
        let file = std::fs::read(&self.file).expect("the dump");
        assert_eq!(manifest["size"], file.len(), "{manifest}");
        assert!(file.len() > 5_000_000, "{}", file.len());
        // read by `PostgreSQL` itself, apart from the program
        let copy = format!("{}_read", self.database);
        let server = self.server();
        server
            .psql("postgres", &format!("create database {copy} template template0"))
            .ok();
        server.psql(&copy, &String::from_utf8(file).expect("a text")).ok();
        let content = "select md5(string_agg(o::text, ',' order by id)) from orders o";
        assert_eq!(server.rows(&self.database, content), server.rows(&copy, content));
    }

    /// Holds the dump up: `pg_dump` waits for this lock at its beginning. The answer ends it.
    fn locked(&self, meanwhile: impl FnOnce()) {
        let lock = "begin; lock table held in access exclusive mode; select pg_sleep(300)";
        std::thread::scope(|scope| {
            let holder = scope.spawn(|| self.server().psql(&self.database, lock));
            self.until_backend("the lock", "query like '%pg_sleep(300)' and state = 'active'");
            meanwhile();
            self.end_backends("query like '%pg_sleep(300)'");
            assert!(!holder.join().expect("a psql").success, "the lock was let go by itself");
        });
    }

    fn until_backend(&self, what: &str, which: &str) {
        let own = format!("datname = '{}' and pid <> pg_backend_pid()", self.database);
        let sql = format!("select count(*) from pg_stat_activity where {own} and {which}");
        until(what, LIMIT, || match self.server().rows("postgres", &sql).concat() {
            none if none == "0" => Err("nobody".to_owned()),
            _ => Ok(()),
        })
        .unwrap_or_else(|why| panic!("{why}"));
    }

    fn end_backends(&self, which: &str) {
        let own = format!("datname = '{}' and pid <> pg_backend_pid()", self.database);
        let sql = format!("select pg_terminate_backend(pid) from pg_stat_activity where {own} and {which}");
        self.server().psql("postgres", &sql).ok();
    }

    /// Approves a dump, does this while `pg_dump` is at work, and goes on to the end, as often as a person is asked. The
    /// manifest as it was in the middle.
    fn in_the_middle(&self, then: impl FnOnce(&mut Child)) -> Value {
        let told = self.operator.begin(&self.dump(), &[]);
        let answers = self.operator.answers(&told);
        let (mut child, mut manifest) = (None, Value::Null);
        self.locked(|| {
            let started = child.insert(self.operator.start(&answers));
            self.until_backend(
                "pg_dump to be at work",
                "application_name = 'pg_dump' and wait_event_type = 'Lock'",
            );
            manifest = self.manifest();
            then(started);
        });
        let mut child = child.expect("a program");
        let ended = until("the program to end", LIMIT * 2, || match child.try_wait() {
            Ok(Some(status)) => Ok(status),
            other => Err(format!("{other:?}")),
        })
        .unwrap_or_else(|why| panic!("{why}"));
        eprintln!("it ended with {ended}");
        if !ended.success() {
            let mut told = self.operator.resume();
            for _ in 0..super::operator::CALLS {
                if told.code == Some(0) {
                    break;
                }
                eprintln!("{:?} {}", told.code, told.sentence());
                told = self.operator.run(&self.operator.next(&told));
            }
            told.assert_complete();
        }
        manifest
    }
}

/// Dumped, and given back into an empty database.
pub(crate) fn dump_and_restore(trial: &Trial<'_>) {
    let bed = Bed::of(Tenant::installed(trial, THREE));
    let told = bed.operator.begin(&bed.dump(), &[]);
    bed.operator.walk(told);
    bed.assert_whole();
    assert!(!bed.beside(".part").exists());

    let copy = format!("{}_back", bed.database);
    bed.server()
        .psql("postgres", &format!("create database {copy} template template0"))
        .ok();
    let act = json!({"restore": {
        "pod": DATABASE, "container": "database",
        "command": ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--dbname", copy],
        "from": bed.file, "rows": Bed::rows(&copy), "quiet": "30s", "within": "2m",
    }});
    let told = bed.operator.begin(&bed.runbook("restore", &act), &[]);
    bed.operator.walk(told);
    let content = "select md5(string_agg(o::text, ',' order by id)) from orders o";
    assert_eq!(
        bed.server().rows(&bed.database, content),
        bed.server().rows(&copy, content)
    );
    let journal = bed.operator.journal();
    assert!(journal.contains("rows 154711 in 2 tables"), "{journal}");
}

/// The database's pod is started anew in the middle. The dump of before is not taken for one; another is made.
pub(crate) fn dump_over_a_restart(trial: &Trial<'_>) {
    let bed = Bed::of(Tenant::installed(trial, FOUR));
    let before = trial.pod(DATABASE).expect("the pod");
    bed.in_the_middle(|_| {
        trial.delete_now(&format!("pod/{DATABASE}"));
        wait(
            "the pod to be another",
            || trial.pod(DATABASE),
            |pod| uid(pod) != uid(&before) && pod["status"]["phase"] == "Running",
        );
        bed.end_backends("application_name = 'pg_dump'");
    });
    bed.assert_whole();
    let manifest = bed.manifest();
    let after = trial.pod(DATABASE).expect("the pod");
    assert!(
        manifest.to_string().contains(uid(&after)),
        "whose dump is it? {manifest}"
    );
}

/// The program is killed in the middle. Taken up, it goes on with the command that was begun.
pub(crate) fn dump_over_a_kill(trial: &Trial<'_>) {
    let bed = Bed::of(Tenant::installed(trial, THREE));
    let begun = bed.in_the_middle(|child| child.kill().expect("killed"));
    bed.assert_whole();
    assert_eq!(
        bed.manifest()["directory"],
        begun["directory"],
        "it was begun a second time"
    );
}
