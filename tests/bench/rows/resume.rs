//! B10: a journal of a thousand steps is opened and the unfinished one is judged, before anything else can be done. The
//! journal is made by the product's own code, on a disk in memory, and copied to a real one for each start.

use crate::bed::Bed;
use crate::home::Home;
use crate::raw;
use crate::served::Served;
use crate::session::{PICTURE, Session, all};
use crate::table::{Line, Of, Target};
use bytes::Bytes;
use pilothouse::journal::{self, Intent, Journal, Opened, Outcome, Saved};
use pilothouse::model::{
    Act, ClusterIdentity, Key, Kind, Moment, Now, Operator, Pin, Propagation, ResourceVersion, Uid,
};
use serde_json::Value;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

const STEPS: usize = 1000;
/// The first screen after a start that found something unfinished.
const DOUBTS: &str = "steps an earlier session left unfinished";

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    vec![measure(bed).unwrap_or_else(|why| Line::failed("B10", "resume of a journal", &why))]
}

fn measure(bed: &Bed) -> Result<Line, String> {
    let served = Served::start(&["--shape", "thousand"])?;
    let cluster = cluster(&served)?;
    let steps = bed.times(STEPS);
    let (long, short) = (made(&cluster, steps)?, made(&cluster, 1)?);
    let (mut figures, mut longer, mut shorter) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bed.options.repeat {
        let one = resumed(&served, &cluster, short.path());
        let many = resumed(&served, &cluster, long.path());
        figures.push(one.clone().and_then(|one| Ok(many.clone()? - one)));
        longer.push(many);
        shorter.push(one);
    }
    let what = format!("resume of a journal of {steps} steps, over one of a single step");
    Ok(Line::new("B10", &what, "ms", Of::Median, all(figures)?)
        .target(Target::AtMost(1000.0))
        .against("from exec until the verdict stands, all steps", all(longer))
        .against("from exec until the verdict stands, one step", all(shorter)))
}

/// Starts an operating cockpit on a copy of this journal; from exec until the unfinished step is judged.
fn resumed(served: &Served, cluster: &ClusterIdentity, journal: &Path) -> Result<f64, String> {
    let home = Home::new(&served.url)?;
    copy(journal, &home.journals().join(cluster.kube_system.to_string()))?;
    let session = Session::start(home, true)?;
    let started = session.terminal.started;
    let judged = session
        .terminal
        .wait("the verdict on the unfinished step", PICTURE, |shown| {
            let text = shown.text();
            text.contains(DOUBTS) && text.contains("not applied")
        })?;
    session.leave()?;
    Ok(judged.ms_since(started))
}

fn cluster(served: &Served) -> Result<ClusterIdentity, String> {
    let body: Bytes = raw::on_one_thread(raw::once(served.authority(), "/api/v1/namespaces/kube-system"))?;
    let namespace: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let uid = namespace["metadata"]["uid"].as_str().ok_or("kube-system has no uid")?;
    Ok(ClusterIdentity {
        context: "load".into(),
        server: served.url.as_str().into(),
        ca: String::new().into(),
        kube_system: Uid::new(uid),
        user: "bench".into(),
    })
}

/// An approved act, as far as a journal looks at it.
struct Approved {
    act: Act,
    operator: Operator,
    cluster: ClusterIdentity,
}

impl Intent for Approved {
    fn step(&self) -> String {
        self.act.to_string()
    }
    fn act(&self) -> &Act {
        &self.act
    }
    fn request(&self) -> &'static str {
        "DELETE /apis/batch/v1/namespaces/tenant/jobs/made-for-the-bench\n{}"
    }
    fn digest(&self) -> String {
        "made for the bench".to_owned()
    }
    fn operator(&self) -> &Operator {
        &self.operator
    }
    fn cluster(&self) -> &ClusterIdentity {
        &self.cluster
    }
    fn answers(&self) -> Value {
        Value::Null
    }
}

/// A journal with so many steps: all done but the last, which was recorded and never sent.
fn made(cluster: &ClusterIdentity, steps: usize) -> Result<tempfile::TempDir, String> {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    let directory = directory.map_err(|error| format!("no temporary directory: {error}"))?;
    let operator = Operator {
        user: "bench".into(),
        host: "bench".into(),
    };
    let opened =
        journal::open(&directory.path().join("journal"), &operator, at(0)).map_err(|error| error.to_string())?;
    let Opened::Settled(mut journal) = opened else {
        return Err("a new journal is in doubt".to_owned());
    };
    for step in 1..=steps {
        one(&mut journal, cluster, &operator, step, step < steps).map_err(|error| format!("step {step}: {error}"))?;
    }
    Ok(directory)
}

fn one(
    journal: &mut Journal,
    cluster: &ClusterIdentity,
    operator: &Operator,
    step: usize,
    done: bool,
) -> Result<(), journal::JournalError> {
    let key = Key::new(Kind::Job, "tenant-0000", &format!("job-{step}"));
    let act = Act::Delete {
        target: Pin {
            key: key.clone(),
            uid: Uid::new(&format!("00000000-0000-4000-8000-{step:012}")),
            resource_version: ResourceVersion::new("41"),
        },
        propagation: Propagation::Background,
    };
    let approved = Approved {
        act,
        operator: operator.clone(),
        cluster: cluster.clone(),
    };
    let saved = Saved::new().with(key, "apiVersion: batch/v1\nkind: Job\n".to_owned());
    let now = at(step);
    let (_, ticket) = journal.record(approved, &saved, now)?.into_parts();
    if done {
        journal.cleared(&ticket, now)?;
        journal.sent(&ticket, now)?;
        let evidence = "the server removed it".to_owned();
        journal.close(&ticket, Outcome::Done { evidence }, now)?;
    }
    Ok(())
}

fn at(second: usize) -> Now {
    let seconds = u64::try_from(second).unwrap_or(0);
    let span = std::time::Duration::from_secs(seconds);
    Now {
        mono: Moment::from_millis(seconds * 1000),
        wall: jiff::Timestamp::UNIX_EPOCH + std::time::Duration::from_secs(1_780_000_000) + span,
    }
}

/// A copy of the journal, as private as it must be.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let trouble = |error: std::io::Error| format!("the journal cannot be copied: {error}");
    let from = if from.join("journal").is_dir() {
        from.join("journal")
    } else {
        from.to_owned()
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(to)
        .map_err(trouble)?;
    for entry in std::fs::read_dir(from).map_err(trouble)? {
        let path = entry.map_err(trouble)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).map_err(trouble)?;
        }
    }
    Ok(())
}
