//! Many slots side by side on one control plane, each taking the next case as soon as it is free; and what is done about a
//! case that went wrong: it is played again, to tell a race from a rule, and made small.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pilothouse::cluster::{Clock, ConnectOptions, Connection, connect};
use pilothouse::laws::Conditions;
use serde_json::json;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::case::Case;
use crate::compare::Verdict;
use crate::manifest::PLAIN;
use crate::mirror::Mirror;
use crate::rules;
use crate::shrink;
use crate::slot::{Played, Slot};
use crate::support::csi::DEAD_DRIVER;
use crate::support::persons::Person;
use crate::support::plane::ControlPlane;
use crate::tally::{self, Book, Entry};

/// The watches are open within this.
const START: Duration = Duration::from_mins(1);
/// A run on which more slots are given up than this is no run.
const MOST_GIVEN_UP: usize = 50;
/// How often a case that went wrong is played again.
const AGAIN: usize = 4;

/// One case to play.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) name: Name,
    pub(crate) case: Case,
}

#[derive(Clone, Debug)]
pub(crate) enum Name {
    Seed(u64),
    Written(String),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => write!(f, "seed {seed}"),
            Self::Written(name) => f.write_str(name),
        }
    }
}

/// How cases are played.
pub(crate) struct Crew {
    /// Cases under way at once.
    pub(crate) parallel: usize,
    /// Where seeds are counted, if they are.
    pub(crate) book: Option<PathBuf>,
    /// Tell everything, and play nothing again.
    pub(crate) loud: bool,
    pub(crate) shrinks: bool,
}

/// How a run ended.
pub(crate) struct Counted {
    pub(crate) given_up: usize,
    pub(crate) right: usize,
    pub(crate) wrong: usize,
    pub(crate) told: String,
}

/// A case that was played, and what is left of it when it was made small; or the case on which a slot was given up, and why.
type Ended = Result<(Job, Played, Option<Case>), (Option<Job>, String)>;

/// What the slots share.
struct Work {
    jobs: Mutex<VecDeque<Job>>,
    done: tokio::sync::mpsc::UnboundedSender<Ended>,
    loud: bool,
    shrinks: bool,
    /// The number of the next slot, in place of one that is given up.
    next: AtomicUsize,
    /// What a slot is made of, but for its name and its places.
    pattern: Slot,
    /// Where the slots' directories are: where the controller manager destroys them, and where it does not.
    rooms: [PathBuf; 2],
}

impl Work {
    fn slot(&self) -> Slot {
        let name = format!("s{}", self.next.fetch_add(1, Ordering::Relaxed));
        Slot {
            disks: [self.rooms[0].join(&name), self.rooms[1].join(&name)],
            name,
            ..self.pattern.clone()
        }
    }
}

impl Crew {
    pub(crate) async fn run(&self, plane: &ControlPlane, jobs: Vec<Job>) -> Result<Counted, String> {
        let options = ConnectOptions {
            kubeconfig: Some(plane.kubeconfig(Person::Anna)),
            ..ConnectOptions::default()
        };
        let connection = connect(&options, Clock::system())
            .await
            .map_err(|error| error.to_string())?;
        let (mirror, _watches) = Mirror::start(&connection);
        wait_for_watches(&mirror).await?;
        let conditions = Conditions {
            server_minor: connection.server_minor(),
            dead_provisioners: [DEAD_DRIVER.into()].into_iter().collect(),
            attachless_drivers: [DEAD_DRIVER.into(), PLAIN.into()].into_iter().collect(),
            ..Conditions::default()
        };
        let (done, mut played) = tokio::sync::mpsc::unbounded_channel();
        let total = jobs.len();
        let pattern = pattern(plane, &mirror, &connection, conditions).await?;
        let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/conformance");
        std::fs::create_dir_all(&house).map_err(|error| error.to_string())?;
        let elsewhere = tempfile::tempdir_in(house).map_err(|error| error.to_string())?;
        let work = Arc::new(Work {
            jobs: Mutex::new(jobs.into()),
            done,
            loud: self.loud,
            shrinks: self.shrinks,
            next: AtomicUsize::new(0),
            pattern,
            rooms: [plane.path("disks/tmp"), elsewhere.path().to_owned()],
        });
        let mut slots = JoinSet::new();
        for _ in 0..self.parallel {
            slots.spawn(serve(Arc::clone(&work)));
        }
        drop(work);

        let rules = rules::digest();
        let mut book = self.book.as_deref().map(Book::open).transpose()?;
        let (mut entries, mut wrong, mut given_up, began) = (Vec::new(), 0, 0, Instant::now());
        while let Some(ended) = played.recv().await {
            let (job, played, small) = match ended {
                Ok(played) => played,
                Err((job, why)) => {
                    let case = job.map(|job| format!("{}: ", job.name)).unwrap_or_default();
                    println!("{case}a slot is given up: {why}");
                    given_up += 1;
                    if given_up > MOST_GIVEN_UP {
                        return Err("too many slots were given up".to_owned());
                    }
                    continue;
                }
            };
            let seed = if let Name::Seed(seed) = job.name {
                seed
            } else {
                u64::MAX
            };
            let entry = Entry::of(seed, &rules, &played, small.as_ref().unwrap_or(&job.case));
            wrong += usize::from(played.wrong().is_some());
            tell(&job, &played, small.as_ref(), self.loud);
            if let (Some(book), Name::Seed(_)) = (&mut book, &job.name) {
                book.add(&entry)?;
            }
            entries.push(entry);
            if entries.len() % 50 == 0 {
                let span = began.elapsed().as_secs_f32();
                let many = f32::from(u16::try_from(entries.len()).unwrap_or(u16::MAX));
                eprintln!(
                    "{} of {total} after {span:.0} s, {:.2} a second, {wrong} wrong",
                    entries.len(),
                    many / span
                );
            }
        }
        while let Some(slot) = slots.join_next().await {
            slot.map_err(|error| error.to_string())?;
        }
        let counts = tally::count(entries.iter(), &rules);
        Ok(Counted {
            right: entries.len() - wrong,
            wrong,
            told: format!(
                "{} cases, {} acts; {given_up} slots given up\n{}",
                counts.cases,
                counts.acts,
                tally::table(&counts.rows)
            ),
            given_up,
        })
    }
}

/// What all slots have in common; and the driver whose provisioner is gone, as its deployment left it.
async fn pattern(
    plane: &ControlPlane,
    mirror: &Mirror,
    connection: &Connection,
    conditions: Conditions,
) -> Result<Slot, String> {
    plane.create(&json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": DEAD_DRIVER},
        "spec": {"attachRequired": false},
    }));
    Ok(Slot {
        name: String::new(),
        mirror: mirror.clone(),
        api: Api::open(&plane.kubeconfig(Person::Anna)).await?,
        disks: [PathBuf::new(), PathBuf::new()],
        books: plane.csi().books(),
        cluster: Arc::default(),
        clock: connection.clock().clone(),
        conditions,
        connection: connection.clone(),
        kubeconfig: plane.kubeconfig(Person::Anna),
        programs: plane.programs(),
        charts: plane.path("charts"),
    })
}

async fn wait_for_watches(mirror: &Mirror) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match mirror.live() {
            Ok(()) => return Ok(()),
            Err(late) if began.elapsed() > START => return Err(late),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Plays cases on a slot until there are none left; where one cannot be swept away, on a new slot.
async fn serve(work: Arc<Work>) {
    loop {
        let slot = work.slot();
        let why = match slot.furnish().await {
            Ok(()) => match play_all(&slot, &work).await {
                Ok(Slots::Spent) => continue,
                Ok(Slots::Done) => return,
                Err((job, why)) => (Some(job), why),
            },
            Err(why) => (None, why),
        };
        if work.done.send(Err(why)).is_err() {
            return;
        }
    }
}

/// Why no more cases are played on a slot.
enum Slots {
    Done,
    Spent,
}

/// Plays cases until there are none left, or one that ruins the slot.
async fn play_all(slot: &Slot, work: &Work) -> Result<Slots, (Job, String)> {
    loop {
        let next = work.jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(job) = next else { return Ok(Slots::Done) };
        match one(slot, &job, work).await {
            Ok((played, small)) => {
                let spent = played.spent;
                if work.done.send(Ok((job, played, small))).is_err() {
                    return Ok(Slots::Done);
                }
                if spent {
                    return Ok(Slots::Spent);
                }
            }
            Err(why) => return Err((job, why)),
        }
    }
}

async fn one(slot: &Slot, job: &Job, work: &Work) -> Result<(Played, Option<Case>), String> {
    let tell = |line: String| {
        if work.loud {
            println!("{}: {line}", job.name);
        }
    };
    let mut played = slot.play(&job.case, &tell).await?;
    if work.loud {
        return Ok((played, None));
    }
    let Some(at) = played
        .steps
        .iter()
        .position(|step| matches!(step.verdict, Verdict::Disagreed(_)))
    else {
        return Ok((played, None));
    };
    let mut came = 0;
    let mut slot = slot.clone();
    let mut spent = played.spent;
    for _ in 0..AGAIN {
        if spent {
            slot = work.slot();
            slot.furnish().await?;
            played.spent = true;
        }
        let again = slot.play(&job.case, &tell).await?;
        spent = again.spent;
        let step = again.steps.get(at);
        came += usize::from(step.is_some_and(|step| matches!(step.verdict, Verdict::Agreed | Verdict::Unknown(_))));
    }
    let step = &mut played.steps[at];
    if came > 0 {
        let told = format!(
            "as forecast in {came} of {} plays; otherwise:\n{}",
            AGAIN + 1,
            step.verdict.note()
        );
        step.verdict = Verdict::Race(told);
        return Ok((played, None));
    }
    let small = if work.shrinks {
        Some(shrink::shrink(&slot, &job.case).await?)
    } else {
        None
    };
    Ok((played, small))
}

fn tell(job: &Job, played: &Played, small: Option<&Case>, loud: bool) {
    for step in &played.steps {
        let quiet = matches!(step.verdict, Verdict::Agreed | Verdict::Unknown(_));
        if loud || !quiet {
            println!(
                "{}: {} {} ({}, {:.1} s)\n{}",
                job.name,
                step.verdict.word(),
                step.told,
                step.outcome,
                played.took.as_secs_f32(),
                step.verdict.note()
            );
        }
    }
    if loud && let Some(void) = &played.void {
        println!("{}: ended early: {void}", job.name);
    }
    if played.wrong().is_some() {
        println!("{}\n{}", job.name, small.unwrap_or(&job.case));
    }
}
