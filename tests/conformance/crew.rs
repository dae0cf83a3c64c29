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
use crate::shrink::Search;
use crate::slot::{Played, Slot};
use crate::support::csi::DEAD_DRIVER;
use crate::support::persons::Person;
use crate::support::plane::ControlPlane;
use crate::tally::{self, Book, Counted, Entry};

/// The watches are open within this.
const START: Duration = Duration::from_mins(1);
/// A run on which more slots are given up than this is no run.
const MOST_GIVEN_UP: usize = 50;
/// How often a case that went wrong is played again.
const AGAIN: usize = 4;

/// Where cases are kept that went wrong once, from the root of the repository.
pub(crate) const KEPT: &str = "tests/conformance/cases";

/// One case to play.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) name: Name,
    pub(crate) case: Case,
}

#[derive(Clone, Debug)]
pub(crate) enum Name {
    Seed(u64),
    Written(PathBuf),
}

impl Name {
    /// The command that plays it again by itself, and makes it small.
    pub(crate) fn command(&self) -> String {
        let case = match self {
            Self::Seed(seed) => format!("--seed {seed}"),
            Self::Written(path) => format!("--file {}", path.display()),
        };
        format!("cargo test --locked --test conformance -- {case} --shrink")
    }

    /// The file in which it is kept when it has been made small: a word that somebody will replace by a better one.
    fn kept(&self) -> String {
        match self {
            Self::Seed(seed) => format!("seed-{seed}.case"),
            Self::Written(path) => format!("{}-small.case", stem(path)),
        }
    }
}

fn stem(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_stem().unwrap_or_default().to_string_lossy()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => write!(f, "seed {seed}"),
            Self::Written(path) => f.write_str(&stem(path)),
        }
    }
}

/// How cases are played.
pub(crate) struct Crew {
    /// Cases under way at once.
    pub(crate) parallel: usize,
    /// Where seeds are counted, if they are.
    pub(crate) book: Option<PathBuf>,
    /// Tell everything, and play nothing again, unless it is to be made small.
    pub(crate) loud: bool,
    /// Make small what goes wrong, and write it among the kept cases.
    pub(crate) shrinks: bool,
}

/// How a run ended.
pub(crate) struct Ending {
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
    pub(crate) async fn run(&self, plane: &ControlPlane, jobs: Vec<Job>) -> Result<Ending, String> {
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
                    let case = job.as_ref().map(|job| format!("{}: ", job.name)).unwrap_or_default();
                    println!("{case}a slot is given up: {why}");
                    if let Some(job) = job {
                        println!("to play it again: {}", job.name.command());
                    }
                    given_up += 1;
                    if given_up > MOST_GIVEN_UP {
                        return Err("too many slots were given up".to_owned());
                    }
                    continue;
                }
            };
            let entry = entry(&job, &rules, &played, small.as_ref().unwrap_or(&job.case));
            wrong += usize::from(played.wrong().is_some());
            tell(&job, &played, small.as_ref(), self.loud);
            if let Some(small) = &small {
                println!(
                    "kept as {}: give it a name that tells",
                    keep(&job.name, &played, small)?
                );
            }
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
        let counts = tally::count(&entries);
        Ok(Ending {
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

/// What is counted of a case that was played; a written one is told and counted nowhere.
fn entry(job: &Job, rules: &str, played: &Played, case: &Case) -> Entry {
    let counted = played.steps.iter().map(|step| Counted {
        act: step.told.clone(),
        species: step.species.clone(),
        outcome: step.outcome.clone(),
        verdict: step.verdict.word().to_owned(),
        note: step.verdict.note().to_owned(),
    });
    let agreed = played.steps.iter().all(|step| step.verdict == Verdict::Agreed);
    Entry {
        seed: match job.name {
            Name::Seed(seed) => seed,
            Name::Written(_) => u64::MAX,
        },
        rules: rules.to_owned(),
        steps: counted.collect(),
        void: played.void.clone(),
        seconds: played.took.as_secs_f32(),
        case: (!agreed).then(|| case.to_string()),
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
    if work.loud && !work.shrinks {
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
    if !work.shrinks {
        return Ok((played, None));
    }
    let mut search = Search::from(job.case.clone());
    while let Some(candidate) = search.candidate() {
        if spent {
            slot = work.slot();
            slot.furnish().await?;
            played.spent = true;
        }
        let tried = slot.play(&candidate, &|_| {}).await?;
        spent = tried.spent;
        if tried.wrong().is_some() {
            tell(format!("goes wrong with less, too:\n{candidate}"));
            search.fails(candidate);
        }
    }
    // the last play's slot is not handed back where it was another one
    played.spent |= spent;
    Ok((played, Some(search.smallest())))
}

/// Writes what was made small among the kept cases; which file it is.
fn keep(name: &Name, played: &Played, small: &Case) -> Result<String, String> {
    let path = format!("{KEPT}/{}", name.kept());
    let why = played.wrong().map_or("", |step| step.verdict.note());
    let text = format!("# {name}, made small\n# {}\n{small}", why.replace('\n', "\n# "));
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path), text)
        .map_err(|error| format!("{path}: {error}"))?;
    Ok(path)
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
        if small.is_none() {
            println!("to play it again and make it small: {}", job.name.command());
        }
    }
}
